"""symgrad: a model as named equations; its gradient derived, printed, verified and compiled."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    # Every public name, for type checkers; at run time they load on first use.
    from symgrad.checking import *  # noqa: F403
    from symgrad.estimators import *  # noqa: F403
    from symgrad.exporting import *  # noqa: F403
    from symgrad.public import *  # noqa: F403
    from symgrad.training import *  # noqa: F403
    from symgrad.verification import *  # noqa: F403

__version__ = "0.1.0"

_WITH_NUMPY = {
    "symgrad.training": ("DivergenceError", "Epoch", "History", "Run", "columns", "fit", "optimizers", "schedules"),
    "symgrad.checking": ("Report", "check_document", "verify"),
    "symgrad.estimators": ("SymbolicClassifier", "SymbolicRegressor"),
    "symgrad.exporting": ("export", "to_jax", "to_onnx", "to_torch"),
    "symgrad.verification": ("BackwardReport", "assert_backward", "verify_backward", "verify_numbers"),
}


def __getattr__(name: str) -> Any:
    """A public name, imported when it is first used: `symgrad --help` doesn't wait for SymPy, nor a model for NumPy."""
    module = import_module(next((room for room, names in _WITH_NUMPY.items() if name in names), "symgrad.public"))
    if name not in module.__all__:
        raise AttributeError(f"symgrad has no {name!r}")
    value = getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(
        [*import_module("symgrad.public").__all__, *(name for names in _WITH_NUMPY.values() for name in names)]
    )
