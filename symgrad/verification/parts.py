"""The parts of a formula, each with what puts another in its place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeAlias

from sympy import Expr, Indexed, Sum

from symgrad.indices import reduced

Put: TypeAlias = Callable[[Expr], Expr]


def places(expr: Expr) -> Iterator[tuple[Expr, Put]]:
    """Every part of a formula, with a function that puts another in its place.

    >>> from sympy import Symbol
    >>> x, y = Symbol("x"), Symbol("y")
    >>> [put(y) for part, put in places(2 * x) if part == x]
    [2*y]
    """
    yield expr, _itself
    if isinstance(expr, Indexed):
        return
    if isinstance(expr, Sum):
        yield from ((part, partial(_under_sum, expr, put)) for part, put in places(expr.function))
        return
    for place, arg in enumerate(expr.args):
        if isinstance(arg, Expr):
            yield from ((part, partial(_as_argument, expr, place, put)) for part, put in places(arg))


def _itself(other: Expr) -> Expr:
    return other


def _under_sum(expr: Sum, put: Put, other: Expr) -> Expr:
    return reduced(type(expr), put(other), expr.variables)


def _as_argument(expr: Expr, place: int, put: Put, other: Expr) -> Expr:
    return expr.func(*expr.args[:place], put(other), *expr.args[place + 1 :])
