"""symgrad's own loops: `fit` with each of its backends, with its checks, and its history of losses and parameters.

The loss of an epoch is the mean of its steps' costs, the one that scikit-learn keeps; other peers keep none. Rows "with
history" have the cost of all samples after each epoch, for which fit passes over the data once more.
"""

from __future__ import annotations

import warnings
from importlib.util import find_spec
from typing import Any

import numpy as np

from symgrad.bench.training.cases import Case
from symgrad.bench.training.loops import Loop, Params
from symgrad.training.fit import fit


def numpy(case: Case) -> Loop | str:
    """`fit` on NumPy."""
    return _fit(case, "numpy")


def native(case: Case) -> Loop | str:
    """`fit` on C that is generated and compiled."""
    return _fit(case, "native")


def native_after(case: Case) -> Loop | str:
    """The same with the cost of all samples after each epoch."""
    return _fit(case, "native", "after") if case.steps > 1 else "a full batch has the cost after its step anyway"


def jax(case: Case) -> Loop | str:
    """`fit` on JAX."""
    return _fit(case, "jax") if find_spec("jax") else "JAX is not installed"


def _fit(case: Case, backend: str, epoch_loss: str = "running") -> Loop | str:
    chosen: dict[str, Any] = {"backend": backend, "epoch_loss": epoch_loss}
    batch = "sample" if case.batch == 1 else "full" if case.batch == case.samples else case.batch
    settings: dict[str, Any] = {"learning_rate": case.rate, "batch": batch, "shuffle": case.shuffle, "seed": 0}
    start = {name: array if array.ndim else float(array) for name, array in case.start.items()}

    def loop(epochs: int) -> Params:
        run = fit(case.model, case.data, start, epochs=epochs, progress=False, **settings, **chosen)
        return {name: np.asarray(value) for name, value in run.params.items()}

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # a backend that can't run a model says so, and leaves it to NumPy
            loop(1)
    except Warning as words:
        return str(words)
    return loop
