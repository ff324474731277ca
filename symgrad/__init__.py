"""symgrad: a model as named equations; its gradient derived, printed, verified and compiled."""

from typing import TYPE_CHECKING, Any

from symgrad.derivation import Derivation, derive
from symgrad.errors import SymgradError
from symgrad.facts import sums_to_one
from symgrad.model import Model
from symgrad.reading.function import model
from symgrad.tensors.elementwise import (
    abs,
    cos,
    cosh,
    elementwise,
    erf,
    exp,
    gelu,
    gelu_tanh,
    identity,
    log,
    relu,
    sigmoid,
    sign,
    silu,
    sin,
    sinh,
    softplus,
    sqrt,
    tan,
    tanh,
    where,
)
from symgrad.vector import gradient, hessian, jacobian
from symgrad.verification.numeric import verify_numbers
from symgrad.verification.verdict import Verdict

if TYPE_CHECKING:
    from symgrad.training import DivergenceError, History, Run, fit

__version__ = "0.1.0"

__all__ = [
    "Derivation",
    "DivergenceError",
    "History",
    "Model",
    "Run",
    "SymgradError",
    "Verdict",
    "abs",
    "cos",
    "cosh",
    "derive",
    "elementwise",
    "erf",
    "exp",
    "fit",
    "gelu",
    "gelu_tanh",
    "gradient",
    "hessian",
    "identity",
    "jacobian",
    "log",
    "model",
    "relu",
    "sigmoid",
    "sign",
    "silu",
    "sin",
    "sinh",
    "softplus",
    "sqrt",
    "sums_to_one",
    "tan",
    "tanh",
    "verify_numbers",
    "where",
]


def __getattr__(name: str) -> Any:
    """The training functions, loaded on first use: they need NumPy, and `import symgrad` should cost SymPy only."""
    if name in __all__:
        import symgrad.training

        return getattr(symgrad.training, name)
    raise AttributeError(f"symgrad has no {name!r}")
