"""Quantities that already have a name are put back in place of their right-hand sides."""

from __future__ import annotations

from collections.abc import Mapping

from sympy import Expr

from symgrad.expressions import Order
from symgrad.indices import relabelled
from symgrad.model import Model


def known_quantities(model: Model) -> dict[Expr, Expr]:
    """Each right-hand side that is more than a name or a number, and the name it goes by."""
    return {
        equation.rhs: equation.lhs for equation in model.equations if equation.rhs.args and not equation.rhs.is_number
    }


def put_back(expr: Expr, known: Mapping[Expr, Expr], written: dict[Expr, Order]) -> Expr:
    """The expression with every known right-hand side replaced by its name.

    >>> from sympy import Symbol, tanh
    >>> put_back(1 - tanh(Symbol("z")) ** 2, {tanh(Symbol("z")): Symbol("a")}, {})
    1 - a**2
    """
    return expr if expr.is_Atom else relabelled(expr, known, written)
