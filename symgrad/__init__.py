"""symgrad: a model as named equations; its gradient derived, printed, verified and compiled."""

from symgrad.derivation import Derivation, derive
from symgrad.errors import SymgradError
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

__version__ = "0.1.0"
