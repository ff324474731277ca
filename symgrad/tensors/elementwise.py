"""The elementwise functions of a model: one row each, for quantities, SymPy expressions and numbers."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sympy
from sympy import Expr, Integer, Rational, im, re

from symgrad.errors import ModelError
from symgrad.tensors import functions
from symgrad.tensors.tensor import Scope, Tensor, as_tensor


@dataclass(frozen=True)
class Elementwise:
    """A function of one real number, applied to each entry.

    Takes a model's quantity, a SymPy expression, a number or an array, and returns the same kind.

    >>> sigmoid(0.0)
    0.5
    """

    name: str
    build: Callable[[Expr], Expr]

    def __call__(self, z: Any) -> Any:
        if isinstance(z, Tensor):
            return z.map(self.build)
        if isinstance(z, Expr):
            return self.build(z)
        from symgrad.codegen.numpy import elementwise_function  # NumPy is loaded only for numbers

        return elementwise_function(self)(z)

    def __repr__(self) -> str:
        return f"sg.{self.name}"


def elementwise(function: Any) -> Elementwise:
    """Any SymPy function of one argument as an elementwise function of a model.

    >>> elementwise(sympy.gamma)(sympy.Symbol("x"))
    gamma(x)
    """
    if isinstance(function, Elementwise):
        return function
    return Elementwise(getattr(function, "__name__", str(function)), function)


def _real_abs(z: Expr) -> Expr:
    """|z| of a real quantity: SymPy may answer for complex z, in real and imaginary parts."""
    return sympy.Abs(z).replace(re, lambda part: part).replace(im, lambda part: Integer(0))


def _gelu(z: Expr) -> Expr:
    """z Φ(z); Hendrycks and Gimpel 2016, section 2."""
    return z * (1 + sympy.erf(z / sympy.sqrt(2))) / 2


def _gelu_tanh(z: Expr) -> Expr:
    """The tanh approximation of gelu; Hendrycks and Gimpel 2016, section 2."""
    return z * (1 + sympy.tanh(sympy.sqrt(2 / sympy.pi) * (z + Rational("0.044715") * z**3))) / 2


ELEMENTWISE: dict[str, Elementwise] = {
    row.name: row
    for row in (
        Elementwise("identity", lambda z: z),
        Elementwise("exp", sympy.exp),
        Elementwise("expm1", lambda z: sympy.exp(z) - 1),
        Elementwise("log", sympy.log),
        Elementwise("log1p", lambda z: sympy.log(1 + z)),
        Elementwise("sqrt", sympy.sqrt),
        Elementwise("abs", _real_abs),
        Elementwise("sign", sympy.sign),
        Elementwise("sin", sympy.sin),
        Elementwise("cos", sympy.cos),
        Elementwise("tan", sympy.tan),
        Elementwise("arcsin", sympy.asin),
        Elementwise("arccos", sympy.acos),
        Elementwise("arctan", sympy.atan),
        Elementwise("sinh", sympy.sinh),
        Elementwise("cosh", sympy.cosh),
        Elementwise("tanh", sympy.tanh),
        Elementwise("arcsinh", sympy.asinh),
        Elementwise("arctanh", sympy.atanh),
        Elementwise("erf", sympy.erf),
        Elementwise("sigmoid", functions.sigmoid),
        Elementwise("softplus", functions.softplus),
        Elementwise("relu", functions.relu),
        Elementwise("silu", lambda z: z * functions.sigmoid(z)),
        Elementwise("gelu", _gelu),
        Elementwise("gelu_tanh", _gelu_tanh),
    )
}

identity = ELEMENTWISE["identity"]
exp = ELEMENTWISE["exp"]
expm1 = ELEMENTWISE["expm1"]
log = ELEMENTWISE["log"]
log1p = ELEMENTWISE["log1p"]
sqrt = ELEMENTWISE["sqrt"]
abs = ELEMENTWISE["abs"]
sign = ELEMENTWISE["sign"]
sin = ELEMENTWISE["sin"]
cos = ELEMENTWISE["cos"]
tan = ELEMENTWISE["tan"]
arcsin = ELEMENTWISE["arcsin"]
arccos = ELEMENTWISE["arccos"]
arctan = ELEMENTWISE["arctan"]
sinh = ELEMENTWISE["sinh"]
cosh = ELEMENTWISE["cosh"]
tanh = ELEMENTWISE["tanh"]
arcsinh = ELEMENTWISE["arcsinh"]
arctanh = ELEMENTWISE["arctanh"]
erf = ELEMENTWISE["erf"]
sigmoid = ELEMENTWISE["sigmoid"]
softplus = ELEMENTWISE["softplus"]
relu = ELEMENTWISE["relu"]
silu = ELEMENTWISE["silu"]
gelu = ELEMENTWISE["gelu"]
gelu_tanh = ELEMENTWISE["gelu_tanh"]


_UFUNCS: dict[str, Callable[..., Any]] = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "divide": operator.truediv,
    "power": operator.pow,
    "matmul": operator.matmul,
    "negative": operator.neg,
    "absolute": abs,
    "square": lambda z: z**2,
    "reciprocal": lambda z: 1 / z,
    "greater": operator.gt,
    "greater_equal": operator.ge,
    "less": operator.lt,
    "less_equal": operator.le,
    "equal": operator.eq,
    "not_equal": operator.ne,
}


def apply_ufunc(ufunc: Any, method: str, inputs: Any, options: Any, scope: Scope) -> Any:
    """A NumPy ufunc on quantities; raises ModelError for one that the vocabulary lacks."""
    from symgrad.tensors.vocabulary import VOCABULARY

    name = ufunc.__name__
    function = _UFUNCS.get(name) or ELEMENTWISE.get(name) or VOCABULARY.get(name)
    if method != "__call__" or options or function is None:
        raise ModelError(f"np.{name} has no meaning for a model's quantity; see symgrad's own functions")
    return function(*(as_tensor(value, scope) for value in inputs))
