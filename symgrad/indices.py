"""Index expressions: relabel, sum over an index, put one quantity's expression in place of its name."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from sympy import Add, Expr, Indexed, Integer, Mul, Sum, Symbol, Tuple
from sympy.concrete.expr_with_limits import ExprWithLimits

from symgrad.equations import Index, Model, Size
from symgrad.expressions import Order, ordered, product, total
from symgrad.facts import SumFact
from symgrad.tensors.functions import MatrixInverse, OfMatrix

LETTERS = "ijklmpqrstuv"
Definitions: TypeAlias = Mapping[str, tuple[tuple[Index, ...], Expr]]


def sigma(expr: Expr, *over: Index) -> Expr:
    """The sum over whole axes; entries are counted from 0, as in Python."""
    return reduced(Sigma, expr, over)


class Reduction(ExprWithLimits):  # type: ignore[misc]  # SymPy has no type stubs
    """A reduction over whole axes, kept as it is written: SymPy's own Sum folds conditions outwards."""

    __slots__ = ()

    def __new__(cls, function: Expr, *limits: Any) -> Reduction:
        self: Reduction = Expr.__new__(cls, function, *(Tuple(*limit) for limit in limits))
        self.is_commutative = True
        return self


class Sigma(Reduction, Sum):  # type: ignore[misc]  # SymPy has no type stubs
    """A sum over indices."""

    __slots__ = ()


class Largest(Reduction):
    """The largest value of an expression over indices."""

    __slots__ = ()


def relabelled(expr: Expr, table: Mapping[Expr, Expr], written: dict[Expr, Order]) -> Expr:
    """The expression with free indices or whole subexpressions replaced, each part's written order carried over."""
    if not table:
        return expr
    if expr in table:
        return table[expr]
    if not expr.args:
        return expr
    if isinstance(expr, Indexed):
        return expr.func(expr.base, *(index.xreplace(table) for index in expr.indices))
    if isinstance(expr, ExprWithLimits):
        free = {old: new for old, new in table.items() if old not in expr.variables}
        body = relabelled(expr.function, free, written)
        return expr if body == expr.function else reduced(type(expr), body, expr.variables)
    args = tuple(relabelled(arg, table, written) for arg in expr.args)
    return expr if args == expr.args else carried(expr, args, written)


def carried(expr: Expr, args: tuple[Expr, ...], written: dict[Expr, Order]) -> Expr:
    """The expression with other arguments, in the order in which the old ones were written."""
    if not isinstance(expr, Add | Mul):
        return expr.func(*args)
    renamed = dict(zip(expr.args, args, strict=True))
    parts = [renamed[arg] for arg in ordered(expr, written)]
    return total(parts, written) if isinstance(expr, Add) else product(parts, written)


def summed(expr: Expr, over: tuple[Index, ...], written: dict[Expr, Order]) -> Expr:
    """The sum of an expression over indices, the factors that don't depend on them in front.

    An index that doesn't occur contributes its size as a factor.

    >>> from sympy import Symbol
    >>> from symgrad.equations import Size
    >>> summed(2 * Symbol("a"), (Index("i", Size("n")),), {})
    2*n*a
    """
    if expr.is_zero or not over:
        return expr
    single = [index for index in over if index.size == 1]
    if single:
        expr = relabelled(expr, dict.fromkeys(single, Integer(0)), written)
        over = tuple(index for index in over if index.size != 1)
    free = expr.free_symbols
    absent = [index.size for index in over if index not in free]
    bound = tuple(index for index in over if index in free)
    if not bound:
        return product((*absent, expr), written)
    outside: list[Expr] = []
    inside: list[Expr] = []
    for factor in ordered(expr, written) if expr.is_Mul else (expr,):
        (outside if factor.free_symbols.isdisjoint(bound) else inside).append(factor)
    body = product(inside, written)
    whole = sigma(body.function, *bound, *body.variables) if isinstance(body, Sum) else sigma(body, *bound)
    return product((*absent, *outside, whole), written)


def canonical(expr: Expr, free: tuple[Index, ...], written: dict[Expr, Order]) -> tuple[Expr, tuple[Index, ...]]:
    """The expression with its free indices named i, j, … and each bound one the next letter that is not in use.

    A letter that is the name of a size or of a quantity in the expression is not an index.
    """
    reductions = expr.atoms(ExprWithLimits)
    if not free and not reductions:
        return expr, ()
    bound = [index for node in reductions for index in node.variables]
    symbols = expr.free_symbols.union(*(index.size.free_symbols for index in (*free, *bound)))
    taken = {str(symbol) for symbol in symbols if not isinstance(symbol, Index)}
    most = len(free) + len(bound) + len(taken)
    letters = tuple(letter for letter in itertools.islice(_letters(), most) if letter not in taken)
    named = tuple(Index(letter, index.size) for letter, index in zip(letters, free, strict=False))
    return _lettered(expr, dict(zip(free, named, strict=True)), letters[len(free) :], written), named


def _letters() -> Iterator[str]:
    yield from LETTERS
    for number in itertools.count(1):
        yield from (f"{letter}{number}" for letter in LETTERS)


def _lettered(expr: Expr, table: dict[Expr, Expr], letters: tuple[str, ...], written: dict[Expr, Order]) -> Expr:
    """The expression with free indices replaced, and bound ones named by the letters, the outermost first."""
    if not expr.args or not expr.has(Index, ExprWithLimits):
        return table.get(expr, expr)
    if isinstance(expr, Indexed):
        return relabelled(expr, table, written)
    if isinstance(expr, ExprWithLimits):
        fresh = [Index(letter, index.size) for letter, index in zip(letters, expr.variables, strict=False)]
        inner = {**table, **dict(zip(expr.variables, fresh, strict=True))}
        return reduced(type(expr), _lettered(expr.function, inner, letters[len(fresh) :], written), fresh)
    args = tuple(_lettered(arg, table, letters, written) for arg in expr.args)
    return expr if args == expr.args else carried(expr, args, written)


def bound_in_order(expr: Expr, written: dict[Expr, Order]) -> Expr:
    """The expression with its bound indices named by their depth alone, so that equal sums are equal expressions."""
    reductions = expr.atoms(ExprWithLimits)
    letters = tuple(f"_{place}_" for place in range(sum(len(node.variables) for node in reductions)))
    return _lettered(expr, {}, letters, written) if reductions else expr


def reduced(kind: type[ExprWithLimits], body: Expr, over: Iterable[Index]) -> Expr:
    """A reduction (a sum, a maximum) of the body over whole axes.

    >>> from sympy import IndexedBase
    >>> i = Index("i", Size("n"))
    >>> reduced(Largest, IndexedBase("x")[i], (i,))
    Largest(x[i], (i, 0, n - 1))
    """
    return kind(body, *((index, 0, index.size - 1) for index in over))


def refreshed(expr: Expr, counter: Iterator[int], written: dict[Expr, Order]) -> Expr:
    """The expression with its bound indices renamed, so that it can stand inside another sum."""
    reductions = expr.atoms(ExprWithLimits)
    letters = tuple(f"_{next(counter)}" for node in reductions for _ in node.variables)
    return _lettered(expr, {}, letters, written) if reductions else expr


def only_place(entry: Indexed, index: Index) -> int | None:
    """The place at which an entry has an index by itself, if it uses it nowhere else: not in X[i, i], nor X[i, n - i].

    >>> from sympy import IndexedBase
    >>> n = Size("n")
    >>> i, x = Index("i", n), IndexedBase("x")
    >>> only_place(x[0, i], i), only_place(x[i, n - i], i)
    (1, None)
    """
    places = [place for place, at in enumerate(entry.indices) if index in at.free_symbols]
    return places[0] if len(places) == 1 and entry.indices[places[0]] == index else None


def declared_sum(
    entry: Indexed, index: Index, facts: Iterable[SumFact], axes: Mapping[str, tuple[Expr, ...]]
) -> Expr | None:
    """The sum of a quantity's entries over an index, where a fact gives it; `axes` has each quantity's sizes."""
    name, place = str(entry.base.label), only_place(entry, index)
    if place is None:
        return None
    totals = (fact.total for fact in facts if fact.quantity == name and fact.axis == str(axes[name][place]))
    return next(totals, None)


def in_inputs(model: Model, expr: Expr, written: dict[Expr, Order]) -> Expr:
    """The expression with every equation of a model substituted, so that only inputs are left."""
    counter = itertools.count()
    definitions: dict[str, tuple[tuple[Index, ...], Expr]] = {}
    for equation in model.equations:
        definitions[equation.name] = equation.indices, inlined(equation.rhs, definitions, counter, written)
    return inlined(expr, definitions, counter, written)


def entry_like(node: Expr) -> tuple[str, tuple[Expr, ...]] | None:
    """What an entry is of, and its indices: an entry of a quantity, or of a named matrix' inverse; None otherwise."""
    if isinstance(node, Indexed):
        return str(node.base.label), node.indices
    if isinstance(node, MatrixInverse):
        return f"inverse of {node.args[0].label}", (*node.places, *node.args[1:3])
    return None


def inlined(expr: Expr, definitions: Definitions, counter: Iterator[int], written: dict[Expr, Order]) -> Expr:
    """The expression with quantities replaced by their definitions, each with bound indices of its own."""
    if isinstance(expr, Symbol):
        named = expr.name in definitions and not isinstance(expr, Index | Size)
        return refreshed(definitions[expr.name][1], counter, written) if named else expr
    if isinstance(expr, Indexed):
        name = str(expr.base.label)
        places = tuple(inlined(at, definitions, counter, written) for at in expr.indices)
        if name not in definitions:
            return expr if places == expr.indices else expr.base[places]
        indices, body = definitions[name]
        return relabelled(refreshed(body, counter, written), dict(zip(indices, places, strict=True)), written)
    if isinstance(expr, OfMatrix):  # of a matrix by its name, which can only become another name
        indices, body = definitions.get(str(expr.args[0].label), ((), expr))
        renamed = isinstance(body, Indexed) and body.indices == indices
        return expr.func(body.base, *expr.args[1:]) if renamed else expr
    if not expr.args:
        return expr
    if isinstance(expr, ExprWithLimits):
        body = inlined(expr.function, definitions, counter, written)
        if isinstance(expr, Sum):
            return summed(body, expr.variables, written)
        return reduced(type(expr), body, expr.variables)
    args = tuple(inlined(arg, definitions, counter, written) for arg in expr.args)
    return expr if args == expr.args else carried(expr, args, written)
