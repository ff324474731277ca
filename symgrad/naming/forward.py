"""A model's own equations with earlier quantities put back: a variance uses the mean that was named before it."""

from __future__ import annotations

import itertools
from dataclasses import replace

from sympy import Expr
from sympy.concrete.expr_with_limits import ExprWithLimits

from symgrad.equations import Equation, Model
from symgrad.expressions import Order
from symgrad.indices import relabelled
from symgrad.naming.known import Known
from symgrad.naming.settle import Settling
from symgrad.naming.terms import cost


def named_again(model: Model) -> Model:
    """The model with each sum inside a right-hand side that an earlier quantity stands for replaced by its name."""
    written: dict[Expr, Order] = dict(model.written)
    counter = itertools.count()
    equations: list[Equation] = []
    known: Known | None = None
    for place, equation in enumerate(model.equations):
        inner = _inner_sums(equation.rhs)
        if inner:
            known = known or Known.of(model, counter, written)
            earlier = known.among({done.name for done in model.equations[:place]})
            settling = Settling(earlier, counter, written)
            table = {node: settled for node in inner if cost(settled := settling.settled(node)) < cost(node)}
            equation = replace(equation, rhs=relabelled(equation.rhs, table, written))
        equations.append(equation)
    return replace(model, equations=tuple(equations), written=written)


def _inner_sums(expr: Expr) -> list[Expr]:
    """The sums that stand inside another reduction."""
    found: dict[Expr, None] = {}
    for node in sorted(expr.atoms(ExprWithLimits), key=str):
        found.update(dict.fromkeys(sorted(node.function.atoms(ExprWithLimits), key=str)))
    return list(found)
