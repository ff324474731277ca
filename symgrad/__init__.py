"""symgrad: a model as named equations; its gradient derived, printed, verified and compiled."""

from typing import TYPE_CHECKING, Any

from symgrad.derivation import Derivation, derive
from symgrad.errors import SymgradError
from symgrad.facts import sums_to_one
from symgrad.higher import hvp, jvp, vjp
from symgrad.model import Model
from symgrad.reading.function import model
from symgrad.tensors.elementwise import (
    abs,
    clip,
    cos,
    cosh,
    elementwise,
    elu,
    erf,
    exp,
    gelu,
    gelu_tanh,
    identity,
    leaky_relu,
    log,
    maximum,
    minimum,
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
from symgrad.tensors.vocabulary import (
    concatenate,
    cross_entropy,
    det,
    diag,
    dot,
    einsum,
    hinge,
    huber,
    inv,
    l1,
    l2,
    log_softmax,
    logdet,
    logsumexp,
    max,
    mean,
    min,
    mse,
    norm,
    outer,
    positions,
    softmax,
    stack,
    std,
    sum,
    trace,
    var,
    windows,
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
    "clip",
    "concatenate",
    "cos",
    "cosh",
    "cross_entropy",
    "derive",
    "det",
    "diag",
    "dot",
    "einsum",
    "elementwise",
    "elu",
    "erf",
    "exp",
    "fit",
    "gelu",
    "gelu_tanh",
    "gradient",
    "hessian",
    "hinge",
    "huber",
    "hvp",
    "identity",
    "inv",
    "jacobian",
    "jvp",
    "l1",
    "l2",
    "leaky_relu",
    "log",
    "log_softmax",
    "logdet",
    "logsumexp",
    "max",
    "maximum",
    "mean",
    "min",
    "minimum",
    "model",
    "mse",
    "norm",
    "outer",
    "positions",
    "relu",
    "sigmoid",
    "sign",
    "silu",
    "sin",
    "sinh",
    "softmax",
    "softplus",
    "sqrt",
    "stack",
    "std",
    "sum",
    "sums_to_one",
    "tan",
    "tanh",
    "trace",
    "var",
    "verify_numbers",
    "vjp",
    "where",
    "windows",
]


def __getattr__(name: str) -> Any:
    """The training functions, loaded on first use: they need NumPy, and `import symgrad` should cost SymPy only."""
    if name in __all__:
        import symgrad.training

        return getattr(symgrad.training, name)
    raise AttributeError(f"symgrad has no {name!r}")
