"""The textbook's softmax recognised in an expression, so that a program can compute it without overflow."""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Expr, Mul, Pow, S, Sum, exp

from symgrad.equations import Index


@dataclass(frozen=True)
class Softmax:
    """exp(u)/Σ exp(u): the argument u, and the index along which it is normalised."""

    argument: Expr
    index: Index


def softmax_of(top: Expr, bottom: Expr) -> Softmax | None:
    """The softmax that top·bottom is, bottom being one over a sum of exponentials; None if it isn't one.

    >>> from sympy import IndexedBase
    >>> from symgrad.equations import Size
    >>> k, q = Index("k", Size("n")), Index("q", Size("n"))
    >>> u = IndexedBase("u")
    >>> softmax_of(exp(u[k]), 1 / Sum(exp(u[q]), (q, 0, Size("n") - 1)))
    Softmax(argument=u[k], index=k)
    """
    if not (isinstance(top, exp) and isinstance(bottom, Pow) and bottom.exp is S.NegativeOne):
        return None
    total = bottom.base
    if not (isinstance(total, Sum) and isinstance(total.function, exp) and len(total.variables) == 1):
        return None
    bound = total.variables[0]
    for index in top.free_symbols - total.free_symbols:
        if isinstance(index, Index) and total.function.xreplace({bound: index}) == top:
            return Softmax(top.args[0], index)
    return None


def softmax_in(expr: Expr) -> Softmax | None:
    """The softmax that an expression is, as a whole; None if it isn't one."""
    if not (isinstance(expr, Mul) and len(expr.args) == 2):
        return None
    first, second = expr.args
    return softmax_of(first, second) or softmax_of(second, first)
