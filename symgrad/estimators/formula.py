"""A formula such as "a*exp(-b*x0) + c" as a model of numbers: what it predicts, and a loss."""

from __future__ import annotations

from dataclasses import replace

from sympy import Expr, Symbol

from symgrad.equations import Model
from symgrad.errors import InputError
from symgrad.reading.arithmetic import Reader, parsed, scalar
from symgrad.tensors.elementwise import sigmoid, softplus
from symgrad.tensors.tensor import Scope


def regression(formula: str) -> Model:
    """The model whose prediction yhat is the formula, with half the squared error as its loss.

    >>> print(regression("a*x0 + b"))
    yhat = a*x0 + b
    L = (yhat - y)**2/2
    """
    y, yhat = Symbol("y"), Symbol("yhat")
    return _model(formula, "yhat", [("L", (yhat - y) ** 2 / 2)])


def two_classes(formula: str) -> Model:
    """The model whose log-odds z of the second class are the formula, with the binary cross-entropy as its loss.

    >>> print(two_classes("a*x0 + b"))
    z = a*x0 + b
    p = sigmoid(z)
    L = softplus(z) - y*z
    """
    y, z = Symbol("y"), Symbol("z")
    return _model(formula, "z", [("p", sigmoid(z)), ("L", softplus(z) - y * z)])


def _model(formula: str, name: str, rest: list[tuple[str, Expr]]) -> Model:
    scope = Scope()
    value = Reader(scalar, scope).quantity(parsed(formula))
    model = Model.from_equations([(name, value.expr), *rest], result="L", name="formula")
    if model.functions:
        raise InputError(f"{formula!r}: symgrad has no function called {model.functions[0]}")
    return replace(model, written=scope.written)
