"""Where a fit is computed: the engines by the name of their backend."""

from __future__ import annotations

from importlib import import_module

from symgrad.errors import InputError
from symgrad.training.engine import Engine, Task
from symgrad.training.words import did_you_mean, listing

_MODULES = {backend: f"symgrad.training.{backend}_engine" for backend in ("numpy", "native", "jax")}


def make_engine(backend: str, task: Task) -> Engine:
    """The engine of a backend, "numpy", "native" or "jax", for a task; raises InputError for another name.

    A backend's module, and the libraries it needs, are imported here and nowhere else.
    """
    if backend not in _MODULES:
        raise InputError(
            f"backend={backend!r} is unknown{did_you_mean(backend, _MODULES)}; there are {listing(_MODULES)}"
        )
    engine: Engine = import_module(_MODULES[backend]).engine(task)
    return engine
