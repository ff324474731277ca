"""What stands behind a quantity's name, for the stable forms of logarithms."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

from sympy import Expr, Indexed

from symgrad.equations import Equation
from symgrad.expressions import Written
from symgrad.indices import refreshed, relabelled


def meaning_of(expr: Expr, equations: Mapping[str, Equation], written: Written) -> Expr:
    """A quantity's right-hand side at the entry's indices; any other expression as it is."""
    name = str(expr.base.label) if isinstance(expr, Indexed) else getattr(expr, "name", "")
    equation = equations.get(name)
    if equation is None:
        return expr
    at = dict(zip(equation.indices, expr.indices if isinstance(expr, Indexed) else (), strict=True))
    orders = dict(written)
    return relabelled(refreshed(equation.rhs, itertools.count(), orders), at, orders)
