"""Index expressions: relabel, sum over an index, put one quantity's expression in place of its name."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import TypeAlias

from sympy import Add, Expr, Indexed, Mul, Sum, Symbol
from sympy.concrete.expr_with_limits import ExprWithLimits

from symgrad.expressions import Order, ordered, product, total
from symgrad.model import Index

LETTERS = "ijklmpqrstuv"
Definitions: TypeAlias = Mapping[str, tuple[tuple[Index, ...], Expr]]


def sigma(expr: Expr, *over: Index) -> Expr:
    """The sum over whole axes; entries are counted from 0, as in Python."""
    return Sum(expr, *((index, 0, index.size - 1) for index in over))


class Largest(ExprWithLimits):  # type: ignore[misc]  # SymPy has no type stubs
    """The largest value of an expression over indices, a reduction as Sum is."""

    __slots__ = ()


def largest(expr: Expr, *over: Index) -> Expr:
    """The maximum over whole axes.

    >>> from sympy import IndexedBase
    >>> from symgrad.model import Size
    >>> i = Index("i", Size("n"))
    >>> largest(IndexedBase("x")[i], i)
    Largest(x[i], (i, 0, n - 1))
    """
    return Largest(expr, *((index, 0, index.size - 1) for index in over))


def relabelled(expr: Expr, table: Mapping[Expr, Expr], written: dict[Expr, Order]) -> Expr:
    """The expression with indices or whole subexpressions replaced, the written order of each part carried over."""
    if not table:
        return expr
    if expr in table:
        return table[expr]
    if not expr.args:
        return expr
    if isinstance(expr, Indexed):
        return expr.func(expr.base, *(index.xreplace(table) for index in expr.indices))
    args = tuple(relabelled(arg, table, written) if isinstance(arg, Expr) else arg.xreplace(table) for arg in expr.args)
    return expr if args == expr.args else _carried(expr, args, written)


def _carried(expr: Expr, args: tuple[Expr, ...], written: dict[Expr, Order]) -> Expr:
    """The expression with other arguments, in the order in which the old ones were written."""
    if not isinstance(expr, Add | Mul):
        return expr.func(*args)
    renamed = dict(zip(expr.args, args, strict=True))
    parts = [renamed[arg] for arg in ordered(expr, written)]
    return total(parts, written) if isinstance(expr, Add) else product(parts, written)


def summed(expr: Expr, over: tuple[Index, ...], written: dict[Expr, Order]) -> Expr:
    """The sum of an expression over indices, the factors that don't depend on them in front.

    An index that doesn't occur contributes its size as a factor.

    >>> from sympy import Integer, Symbol
    >>> from symgrad.model import Size
    >>> summed(2 * Symbol("a"), (Index("i", Size("n")),), {})
    2*a*n
    """
    if expr.is_zero or not over:
        return expr
    free = expr.free_symbols
    absent = [index.size for index in over if index not in free]
    bound = tuple(index for index in over if index in free)
    if not bound:
        return product((*absent, expr), written)
    outside: list[Expr] = []
    inside: list[Expr] = []
    for factor in ordered(expr, written) if expr.is_Mul else (expr,):
        (outside if factor.free_symbols.isdisjoint(bound) else inside).append(factor)
    return product((*absent, *outside, sigma(product(inside, written), *bound)), written)


def canonical(expr: Expr, free: tuple[Index, ...], written: dict[Expr, Order]) -> tuple[Expr, tuple[Index, ...]]:
    """The expression with its free indices named i, j, … and each bound one the next letter that is not in use."""
    named = tuple(Index(letter, index.size) for letter, index in zip(_letters(), free, strict=False))
    return _lettered(expr, dict(zip(free, named, strict=True)), len(free), written), named


def _letters() -> Iterator[str]:
    yield from LETTERS
    for number in itertools.count(1):
        yield from (f"{letter}{number}" for letter in LETTERS)


def _lettered(expr: Expr, table: dict[Expr, Expr], depth: int, written: dict[Expr, Order]) -> Expr:
    if not expr.args or not expr.has(Index, Sum):
        return table.get(expr, expr)
    if isinstance(expr, Indexed):
        return relabelled(expr, table, written)
    if isinstance(expr, Sum):
        bound = expr.variables
        names = itertools.islice(_letters(), depth, depth + len(bound))
        fresh = [Index(name, index.size) for name, index in zip(names, bound, strict=True)]
        inner = {**table, **dict(zip(bound, fresh, strict=True))}
        return sigma(_lettered(expr.function, inner, depth + len(bound), written), *fresh)
    args = tuple(
        _lettered(arg, table, depth, written) if isinstance(arg, Expr) else arg.xreplace(table) for arg in expr.args
    )
    return expr if args == expr.args else _carried(expr, args, written)


def refreshed(expr: Expr, counter: Iterator[int], written: dict[Expr, Order]) -> Expr:
    """The expression with its bound indices renamed, so that it can stand inside another sum."""
    table = {index: Index(f"_{next(counter)}", index.size) for node in expr.atoms(Sum) for index in node.variables}
    return relabelled(expr, table, written)


def inlined(expr: Expr, definitions: Definitions, counter: Iterator[int], written: dict[Expr, Order]) -> Expr:
    """The expression with quantities replaced by their definitions, each with bound indices of its own."""
    if isinstance(expr, Symbol):
        return refreshed(definitions[expr.name][1], counter, written) if expr.name in definitions else expr
    if isinstance(expr, Indexed):
        name = str(expr.base.label)
        if name not in definitions:
            return expr
        indices, body = definitions[name]
        at = dict(zip(indices, expr.indices, strict=True))
        return relabelled(refreshed(body, counter, written), at, written)
    if not expr.args:
        return expr
    args = tuple(inlined(arg, definitions, counter, written) if isinstance(arg, Expr) else arg for arg in expr.args)
    if args == expr.args:
        return expr
    if isinstance(expr, Sum):
        return summed(args[0], expr.variables, written)
    return _carried(expr, args, written)
