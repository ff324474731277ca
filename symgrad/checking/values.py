"""Values of a formula's parts while it is read: scalar expressions with axes, whose sizes are found by their use.

Text books don't say which letter is a vector: what stands side by side must fit, and that tells.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sympy import Expr, Integer, S, cancel
from sympy.concrete.expr_with_limits import ExprWithLimits

from symgrad.affine import inside
from symgrad.equations import Equation, Index, Size
from symgrad.errors import ShapeError
from symgrad.expressions import Order, product, total
from symgrad.indices import carried, reduced, relabelled, sigma


class Misfit(ShapeError):
    """Shapes that don't fit together, or a part whose shape has no meaning here."""


UNINDEXED = "more indices are written than there are axes"
DOT_PRODUCT = "· between two vectors was read as their dot product"
TRANSPOSED_NUMBER = "what is transposed was read as a number"


@dataclass
class Sizes:
    """Which lengths of axes are known to be the same; `declared` are those that a person has named."""

    parent: dict[Expr, Expr] = field(default_factory=dict)
    declared: frozenset[Expr] = frozenset()
    counter: Iterator[int] = field(default_factory=itertools.count)

    def copy(self) -> Sizes:
        """The same knowledge, to be added to apart."""
        return Sizes(dict(self.parent), self.declared, self.counter)

    def fresh(self) -> Size:
        """A length of which nothing is known."""
        return Size(f"size{next(self.counter)}")

    def find(self, size: Expr) -> Expr:
        """The name under which a length is known."""
        while size in self.parent:
            size = self.parent[size]
        if size.is_Symbol or size.is_Integer:
            return size
        return size.xreplace({each: self.find(each) for each in size.free_symbols}).expand()  # n + k - 1

    def of_indices(self, place: Expr) -> Expr:
        """An expression in indices with their lengths as they are known by now."""
        indices = (symbol for symbol in place.free_symbols if isinstance(symbol, Index))
        return place.xreplace({index: Index(index.name, self.find(index.size)) for index in indices})

    def same(self, one: Expr, other: Expr) -> bool:
        """Whether two lengths are known to be the same."""
        return bool(self.find(one) == self.find(other))

    def unify(self, one: Expr, other: Expr) -> None:
        """Two lengths become one; raises Misfit for two that are named, or counted, apart."""
        first, second = self.find(one), self.find(other)
        if first == second:
            return
        if self._rank(first) < self._rank(second):
            first, second = second, first
        if self._rank(second) > 0 or second in first.free_symbols:
            raise Misfit(f"the lengths {first} and {second} of two axes don't fit")
        self.parent[second] = first

    def solve(self, length: Expr, size: Expr, unknown: Iterable[Expr]) -> None:
        """Lets the first of the unknown lengths that can make two lengths the same do so."""
        gap = (self.find(length) - self.find(size)).expand()
        for each in map(self.find, unknown):
            slope = gap.coeff(each)
            if not gap.is_zero and self._rank(each) < 0 and not slope.is_zero:
                over, under = cancel((slope * each - gap) / slope).as_numer_denom()
                if under == 1 and each not in over.free_symbols:
                    self.parent[each] = over.expand()
                    return

    def _rank(self, size: Expr) -> int:
        if not size.is_Symbol or size in self.declared:
            return 1 if size in self.declared else 2
        return -1 if str(size).startswith("size") else 0  # a length that a person has named gives its name


def sized_equation(equation: Equation, sizes: Sizes) -> Equation:
    """The equation in the lengths of axes as they are known by now; bound indices get names of their own.

    Two indices of one name that run over axes of different lengths would be one, once these are known to be the same.
    """
    indices = tuple(Index(index.name, sizes.find(index.size)) for index in equation.indices)
    table: dict[Expr, Expr] = dict(zip(equation.indices, indices, strict=True))
    return Equation(equation.name, _sized(equation.rhs, sizes, table, itertools.count()), indices)


def _sized(expr: Expr, sizes: Sizes, table: Mapping[Expr, Expr], counter: Iterator[int]) -> Expr:
    if isinstance(expr, Index):
        return table.get(expr, Index(expr.name, sizes.find(expr.size)))
    if isinstance(expr, Size):
        return sizes.find(expr)
    if isinstance(expr, ExprWithLimits):
        over = [Index(f"_s{next(counter)}", sizes.find(index.size)) for index in expr.variables]
        inner = {**table, **dict(zip(expr.variables, over, strict=True))}
        return reduced(type(expr), _sized(expr.function, sizes, inner, counter), over)
    if not expr.args:
        return expr
    args = tuple(_sized(arg, sizes, table, counter) for arg in expr.args)
    return expr if args == expr.args else carried(expr, args, {})


@dataclass(frozen=True)
class Derived:
    """What a value is the derivative of, and by what; how many of its axes are those of the first."""

    of: str
    by: str
    axes: int
    entrywise: bool = False  # the diagonal of a Jacobian that has nothing else


@dataclass(frozen=True)
class Value:
    """A scalar expression and the indices of its axes; `row` where a vector lies on its side."""

    expr: Expr
    axes: tuple[Index, ...] = ()
    row: bool = False
    derived: Derived | None = None

    @property
    def rank(self) -> int:
        """The number of axes."""
        return len(self.axes)


@dataclass
class Algebra:
    """Arithmetic of values; `dry` finds out only whether shapes fit, and which lengths are the same."""

    sizes: Sizes
    written: dict[Expr, Order] = field(default_factory=dict)
    dry: bool = False
    bias: str = "last"  # the axis that a vector is added along
    pointwise: bool = False  # whether · between two vectors multiplies entry by entry
    counter: Iterator[int] = field(default_factory=itertools.count)
    choices: list[str] = field(default_factory=list)
    doubtful: bool = False  # whether a choice may well be another than a person meant
    unlikely: float = 0.0  # how much of what was read a person would hardly have meant

    def index(self, size: Expr) -> Index:
        """An index that nothing else uses."""
        return Index(f"_v{next(self.counter)}", self.sizes.find(size))  # no name that renaming bound indices gives

    def built(self, build: Callable[[], Expr]) -> Expr:
        """An expression, which only a real reading builds."""
        return S.One if self.dry else build()

    def renamed(self, value: Value, to: Sequence[Index]) -> Value:
        """The value with other names of its axes."""
        table: dict[Any, Any] = dict(zip(value.axes, to, strict=True))
        expr = self.built(lambda: relabelled(value.expr, table, self.written))
        return replace(value, expr=expr, axes=tuple(to))

    # --- entry by entry

    def together(self, values: Sequence[Value]) -> tuple[list[Value], tuple[Index, ...], bool]:
        """The values on common axes: those of the one that has most; raises Misfit."""
        widest = max(values, key=lambda value: value.rank)
        result = []
        for value in values:
            if value.rank == 0 or value is widest:
                result.append(value)
                continue
            result.append(self._along(value, widest))
        row = widest.rank == 1 and any(value.row for value in values)
        return result, widest.axes, row

    def _along(self, value: Value, widest: Value) -> Value:
        """A value on the axes of a wider one: all of them, the last or the first."""
        gap = widest.rank - value.rank
        if gap == 0:
            return self._onto(value, widest.axes)
        orders = [widest.axes[gap:], widest.axes[: value.rank]]
        if self.bias == "first" or (value.rank == 1 and value.row is False and self._known(value, orders[1])):
            orders.reverse()
        for axes in orders:  # where it is known to belong
            if self._known(value, axes):
                return self._onto(value, axes)
        for axes in orders:
            if all(self._could(a.size, b.size) for a, b in zip(value.axes, axes, strict=True)):
                return self._onto(value, axes)
        raise Misfit("the axes of two terms don't fit")

    def _known(self, value: Value, axes: Sequence[Index]) -> bool:
        return all(self.sizes.same(a.size, b.size) for a, b in zip(value.axes, axes, strict=True))

    def _could(self, one: Expr, other: Expr) -> bool:
        try:
            self.sizes.copy().unify(one, other)
        except Misfit:
            return False
        return True

    def _onto(self, value: Value, axes: Sequence[Index]) -> Value:
        for own, other in zip(value.axes, axes, strict=True):
            self.sizes.unify(own.size, other.size)
        return self.renamed(value, axes)

    def add(self, values: Sequence[Value], signs: Sequence[str]) -> Value:
        """A sum of terms."""
        placed, axes, row = self.together(values)
        derived = values[0].derived if len({value.derived for value in values}) == 1 else None

        def build() -> Expr:
            signed = zip(placed, signs, strict=True)
            terms = (product((Integer(-1), v.expr), self.written) if sign == "-" else v.expr for v, sign in signed)
            return total(terms, self.written)

        return Value(self.built(build), axes, row, derived)

    def combine(self, build: Callable[[tuple[Expr, ...]], Expr], *values: Value) -> Value:
        """A function of the entries of several values."""
        placed, axes, row = self.together(values)
        return Value(self.built(lambda: build(tuple(value.expr for value in placed))), axes, row)

    def hadamard(self, one: Value, other: Value) -> Value:
        """The product entry by entry."""
        return self.combine(lambda pair: product(pair, self.written), one, other)

    # --- products

    def times(self, one: Value, sign: str, other: Value) -> Value:
        """A product as it is written; raises Misfit where the two don't fit."""
        if one.rank == 0 or other.rank == 0:
            wide = one if one.rank else other
            found = self.hadamard(one, other)
            return replace(found, row=wide.row, derived=self._scaled(one, other))
        if sign in ("⊙", "∘"):
            return self.hadamard(one, other)
        chained = self._chained(one, other)
        if chained is not None:
            return chained
        if one.rank == 1 and other.rank == 1:
            return self._vectors(one, sign, other)
        if one.rank <= 2 and other.rank <= 2:
            return self._matrices(one, sign, other)
        raise Misfit("a product of arrays with more than two axes")

    @staticmethod
    def _scaled(one: Value, other: Value) -> Derived | None:
        """A derivative times a number is still one, as far as the chain rule goes."""
        wide, narrow = (one, other) if one.rank else (other, one)
        if one.rank == 0 and other.rank == 0:
            return other.derived if other.derived and not one.derived else None
        return wide.derived if narrow.derived is None else None

    def _chained(self, one: Value, other: Value) -> Value | None:
        """∂L/∂z · ∂z/∂x, in either order: contracted over all axes of z."""
        first, second = one, other
        if first.derived is None or second.derived is None:
            return None
        if first.derived.by != second.derived.of:
            first, second = second, first
        if first.derived is None or second.derived is None or first.derived.by != second.derived.of:
            return None
        if second.derived.entrywise or first.derived.entrywise:
            found = self.hadamard(first, second)
            return replace(found, derived=Derived(first.derived.of, second.derived.by, first.derived.axes))
        inner, shared = first.axes[first.derived.axes :], second.axes[: second.derived.axes]
        if len(inner) != len(shared):
            return None
        outer, behind = first.axes[: first.derived.axes], second.axes[second.derived.axes :]
        for a, b in zip(inner, shared, strict=True):
            self.sizes.unify(a.size, b.size)
        moved = self.renamed(second, (*inner, *behind))
        expr = self.built(lambda: self._summed(product((first.expr, moved.expr), self.written), inner))
        return Value(expr, (*outer, *behind), False, Derived(first.derived.of, second.derived.by, len(outer)))

    def _summed(self, expr: Expr, over: Sequence[Index]) -> Expr:
        return sigma(expr, *over) if over else expr

    def contract(self, one: Value, place: int, other: Value, other_place: int) -> Value:
        """The sum over an axis of each."""
        inner, shared = one.axes[place], other.axes[other_place]
        self.sizes.unify(inner.size, shared.size)
        moved = self.renamed(other, tuple(inner if at == other_place else axis for at, axis in enumerate(other.axes)))
        left = tuple(axis for axis in one.axes if axis is not inner)
        right = tuple(axis for axis in moved.axes if axis is not inner)
        expr = self.built(lambda: self._summed(product((one.expr, moved.expr), self.written), (inner,)))
        return Value(expr, (*left, *right))

    def _vectors(self, one: Value, sign: str, other: Value) -> Value:
        if one.row and not other.row:
            return self.contract(one, 0, other, 0)
        if not one.row and other.row:
            expr = self.built(lambda: product((one.expr, other.expr), self.written))
            return Value(expr, (*one.axes, *other.axes))
        if sign == "·" and self.pointwise:
            self.choose("· between two vectors was read entry by entry, since their dot product doesn't fit")
            return self.hadamard(one, other)
        if sign == "·":
            self.choose(DOT_PRODUCT)
            return self.contract(one, 0, other, 0)
        self.unlikely += 1.0
        self.choose("a product of two vectors was read entry by entry")
        return self.hadamard(one, other)

    def _matrices(self, one: Value, sign: str, other: Value) -> Value:
        same_shape = one.rank == other.rank and self._known(one, other.axes)
        if sign == "*" and same_shape:
            self.choose("* between two matrices of one shape was read entry by entry")
            return self.hadamard(one, other)
        inner, shared = one.axes[-1].size, other.axes[0].size
        if not self._could(inner, shared):
            if one.rank != other.rank:
                self.doubtful = True
                self.choose(
                    "a vector beside a matrix was read to multiply each of its rows, or columns, entry by entry"
                )
                return self.hadamard(one, other)
            if sign in ("*", "·", "×"):
                return self.hadamard(one, other)
        found = self.contract(one, one.rank - 1, other, 0)
        return replace(found, row=one.rank == 1)

    def choose(self, text: str) -> None:
        """Says that the reading had to choose."""
        if text not in self.choices:
            self.choices.append(text)

    # --- one value

    def transposed(self, value: Value) -> Value:
        """The transpose: a vector is laid on its side."""
        if value.rank == 0:
            self.unlikely += 0.5
            self.choose(TRANSPOSED_NUMBER)
        if value.rank == 1:
            return replace(value, row=not value.row, derived=None)
        if value.rank > 2:
            raise Misfit("a transpose of more than two axes")
        return Value(value.expr, value.axes[::-1])

    def mapped(self, value: Value, build: Callable[[Expr], Expr]) -> Value:
        """A function of each entry."""
        return Value(self.built(lambda: build(value.expr)), value.axes, value.row)

    def summed(self, value: Value, over: Sequence[Index]) -> Value:
        """The sum over indices, which may be axes or not."""
        from symgrad.indices import summed

        left = tuple(axis for axis in value.axes if axis not in over)
        return Value(self.built(lambda: summed(value.expr, tuple(over), self.written)), left, value.row and bool(left))

    def picked(self, value: Value, at: Sequence[Expr | None]) -> Value:
        """The entries at some places; None keeps an axis.  Raises Misfit for too many places."""
        if len(at) > value.rank:
            raise Misfit("more places are named than there are axes")
        table: dict[Any, Any] = {}
        within: list[Expr] = []
        for axis, place in zip(value.axes, at, strict=False):
            if place is not None:
                if isinstance(place, Index):
                    self.sizes.unify(axis.size, place.size)
                elif not place.is_Integer:
                    within += self._within(place, axis.size)
                table[axis] = place
        left = tuple(axis for axis in value.axes if axis not in table)
        expr = self.built(lambda: relabelled(value.expr, table, self.written))
        return Value(product((expr, *within), self.written) if within else expr, left)

    def _within(self, place: Expr, size: Expr) -> list[Expr]:
        """1 where a place lies on its axis; nothing where it always does."""
        if self.dry or inside(self.sizes.of_indices(place), self.sizes.find(size)) == 1:
            return []
        self.choose("entries beyond the ends of an axis were read as 0")
        return [inside(place, size)]
