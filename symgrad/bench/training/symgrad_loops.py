"""symgrad's own loops: `fit` with each of its backends, history and all."""

from __future__ import annotations

import inspect
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


def jax(case: Case) -> Loop | str:
    """`fit` on JAX."""
    return _fit(case, "jax") if find_spec("jax") else "JAX is not installed"


def _fit(case: Case, backend: str) -> Loop | str:
    chosen: dict[str, Any] = {"backend": backend}
    if find_spec(f"symgrad.training.{backend}_engine") is None:
        if backend != "numpy":
            return f"symgrad has no backend {backend!r} here"
        if "backend" not in inspect.signature(fit).parameters:
            chosen = {}
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
