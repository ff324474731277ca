"""Equations in index form, Z[i, j] = Sum(X[i, m]*W[m, j], m) + b[j]: the sizes come from the inputs' axes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import sympy
from sympy import Expr, Idx, Indexed, IndexedBase, Integer, Symbol
from sympy.concrete.expr_with_limits import ExprWithLimits

from symgrad.equations import Equation, Index, Size, base_name
from symgrad.errors import ModelError, ShapeError
from symgrad.indices import Largest, Sigma, reduced

Axes = Mapping[str, tuple[Expr, ...]]


def Sum(expr: Expr, *indices: Expr) -> Expr:
    """A sum over whole axes in an equation in index form: Sum(X[i, m]*W[m, j], m).

    >>> from sympy import symbols
    >>> i, m = symbols("i m")
    >>> Sum(IndexedBase("X")[i, m], m)
    Sum(X[i, m], m)
    """
    return Sigma(expr, *((index,) for index in indices))


def index_form(left: Expr, right: Expr, axes: Axes) -> Equation:
    """An equation of SymPy `Indexed` entries as one of a model; `axes` knows the quantities that it uses.

    A plain symbol or an `Idx` is an index; a symbol that names an axis is that axis' size.  Raises ModelError for an
    index that only the right-hand side has, and ShapeError where an index runs over two different sizes.
    """
    return _Conversion(f"{left} = {right}", axes).equation(left, right)


def declared_shape(entry: Indexed) -> tuple[Expr, ...] | None:
    """The axes that an `IndexedBase` was given itself, as sizes."""
    return None if entry.base.shape is None else tuple(as_size(size) for size in entry.base.shape)


def as_size(expr: Expr) -> Expr:
    """An expression of sizes, its symbols being sizes."""
    return expr.xreplace({symbol: Size(symbol.name) for symbol in expr.free_symbols})


class _Conversion:
    """One equation being converted; its text is quoted where it can't be."""

    def __init__(self, text: str, axes: Axes) -> None:
        self.text, self.axes = text, axes
        self.sizes = {str(size): size for shape in axes.values() for size in shape if isinstance(size, Size)}

    def equation(self, left: Expr, right: Expr) -> Equation:
        name = base_name(left)
        symbols = left.indices if isinstance(left, Indexed) else ()
        if not all(isinstance(symbol, Symbol | Idx) for symbol in symbols) or len(set(symbols)) != len(symbols):
            raise ModelError(
                f"{self.text}: the left-hand side of an equation has different indices, as in {name}[i, j]"
            )
        known = self.axes.get(name)
        if known is not None and len(known) != len(symbols):
            raise ShapeError(f"{self.text}: {name} has the axes ({' '.join(map(str, known))})")
        indices = tuple(
            self.index(symbol, right, None if known is None else known[place]) for place, symbol in enumerate(symbols)
        )
        return Equation(name, self.converted(right, dict(zip(symbols, indices, strict=True))), indices)

    def index(self, symbol: Expr, inside: Expr, size: Expr | None = None, taken: frozenset[str] = frozenset()) -> Index:
        """The index that a symbol stands for, with the size of the axes that it runs over."""
        found = dict.fromkeys(() if size is None else (size,))
        if isinstance(symbol, Idx) and symbol.upper is not None:
            found[as_size(symbol.upper - symbol.lower + 1)] = None
        found.update(dict.fromkeys(self._runs_over(symbol, inside)))
        if len(found) > 1:
            raise ShapeError(
                f"{self.text}: the index {symbol} runs over axes of the sizes {' and '.join(map(str, found))}"
            )
        if not found:
            raise ModelError(
                f"{self.text}: nothing says how far the index {symbol} runs; declare the axes of the left-hand side "
                f'too, as in shapes={{"Z": "n k"}}, or use Idx("{symbol}", size)'
            )
        name = str(symbol.label if isinstance(symbol, Idx) else symbol)
        while name in taken:
            name += "'"
        return Index(name, next(iter(found)))

    def _runs_over(self, symbol: Expr, expr: Expr) -> Iterator[Expr]:
        if isinstance(expr, ExprWithLimits) and symbol in expr.variables:
            return
        if isinstance(expr, Indexed):
            for place, at in enumerate(expr.indices):
                if at == symbol:
                    yield self._axes(expr)[place]
        for arg in expr.args:
            yield from self._runs_over(symbol, arg)

    def _axes(self, entry: Indexed) -> tuple[Expr, ...]:
        name = base_name(entry)
        axes = self.axes.get(name)
        if axes is None:
            raise ModelError(
                f'{self.text}: what are the axes of {name}? Declare them, as in shapes={{"{name}": "n d"}}'
            )
        if len(axes) != len(entry.indices):
            raise ShapeError(
                f"{self.text}: {entry} has {len(entry.indices)} indices, but {name} has the axes "
                f"({' '.join(map(str, axes))})"
            )
        return axes

    def converted(self, expr: Any, table: dict[Expr, Index], index: bool = False) -> Any:
        """The expression in a model's indices and sizes; `index`: it is an index, so its symbols aren't quantities."""
        if expr in table:
            return table[expr]
        if isinstance(expr, Idx | Symbol):
            return self._symbol(expr, index)
        if isinstance(expr, Indexed):
            self._axes(expr)
            return IndexedBase(base_name(expr))[tuple(self.converted(at, table, True) for at in expr.indices)]
        if isinstance(expr, sympy.Sum | Largest):
            return self._reduction(expr, table)
        if not expr.args:
            return expr
        return expr.func(*(self.converted(arg, table, index) for arg in expr.args))

    def _symbol(self, symbol: Expr, index: bool) -> Expr:
        name = str(symbol.label if isinstance(symbol, Idx) else symbol)
        if name in self.sizes and name not in self.axes:
            return self.sizes[name]
        if index or isinstance(symbol, Idx):
            raise ModelError(f"{self.text}: the index {name} is on the right only; sum over it: Sum(…, {name})")
        return symbol

    def _reduction(self, expr: ExprWithLimits, table: dict[Expr, Index]) -> Expr:
        over: list[Index] = []
        inner = dict(table)
        for symbol, *bounds in expr.limits:
            index = self.index(symbol, expr.function, taken=frozenset(i.name for i in inner.values()))
            self._whole(symbol, bounds, index)
            over.append(index)
            inner[symbol] = index
        body = self.converted(expr.function, inner)
        return reduced(Largest if isinstance(expr, Largest) else Sigma, body, over)

    def _whole(self, symbol: Expr, bounds: list[Expr], index: Index) -> None:
        """Refuses bounds that aren't the whole axis, counted from 0 or from 1."""
        if bounds and tuple(as_size(bound) for bound in bounds) not in (
            (Integer(0), index.size - 1),
            (Integer(1), index.size),
        ):
            low, high = bounds
            raise ModelError(
                f"{self.text}: {symbol} runs from {low} to {high}, but its axis has {index.size} places; "
                f"sum over the whole axis, Sum(…, {symbol}), and shift or mask inside"
            )
