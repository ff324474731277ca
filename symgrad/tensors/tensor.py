"""A quantity while its model is being read: a scalar expression and the indices of its axes."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sympy import Expr, Integer
from sympy.core.relational import Relational

from symgrad.errors import ModelError, ShapeError
from symgrad.expressions import Order, exact, product, total
from symgrad.indices import relabelled, summed
from symgrad.model import Index


@dataclass(frozen=True)
class Scope:
    """What the quantities of one model being read share: the written orders and a source of fresh indices."""

    written: dict[Expr, Order] = field(default_factory=dict)
    counter: Iterator[int] = field(default_factory=itertools.count)

    def fresh(self, size: Expr) -> Index:
        """An index that nothing else uses."""
        return Index(f"_{next(self.counter)}", size)


def shape_text(indices: tuple[Index, ...]) -> str:
    """The axes of a shape as an error message shows them: (n, d)."""
    return "(" + ", ".join(str(index.size) for index in indices) + ("," if len(indices) == 1 else "") + ")"


@dataclass(frozen=True, eq=False)
class Tensor:
    """A scalar expression with one index for each axis; a scalar has none.

    Arithmetic follows NumPy's broadcasting rules.  Raises ShapeError where axes don't fit, and ModelError where
    plain Python would need a number.
    """

    expr: Expr
    indices: tuple[Index, ...] = ()
    scope: Scope = field(default_factory=Scope)

    _op_priority = 20.0  # SymPy numbers hand arithmetic over to us, so that the written order is kept

    @property
    def shape(self) -> tuple[Expr, ...]:
        """The size of each axis."""
        return tuple(index.size for index in self.indices)

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.indices)

    def map(self, build: Callable[[Expr], Expr]) -> Tensor:
        """The elementwise image under a function of a scalar expression."""
        return Tensor(build(self.expr), self.indices, self.scope)

    def combine(self, build: Callable[[tuple[Expr, ...]], Expr], *others: Any) -> Tensor:
        """An elementwise combination with other quantities or numbers, broadcast as NumPy does."""
        operands = [self, *(as_tensor(other, self.scope) for other in others)]
        indices = self.indices
        if any(operand.indices != indices for operand in operands):
            operands = broadcast(operands)
            indices = operands[0].indices
        return Tensor(build(tuple(operand.expr for operand in operands)), indices, self.scope)

    def _add(self, terms: tuple[Expr, ...]) -> Expr:
        return total(terms, self.scope.written)

    def _multiply(self, factors: tuple[Expr, ...]) -> Expr:
        return product(factors, self.scope.written)

    def __add__(self, other: Any) -> Tensor:
        return self.combine(self._add, other) if _operand(other) else NotImplemented

    def __radd__(self, other: Any) -> Tensor:
        return self.combine(lambda pair: self._add(pair[::-1]), other) if _operand(other) else NotImplemented

    def __neg__(self) -> Tensor:
        return self.map(lambda expr: self._multiply((Integer(-1), expr)))

    def __pos__(self) -> Tensor:
        return self

    def __sub__(self, other: Any) -> Tensor:
        return self + (-as_tensor(other, self.scope)) if _operand(other) else NotImplemented

    def __rsub__(self, other: Any) -> Tensor:
        return as_tensor(other, self.scope) - self if _operand(other) else NotImplemented

    def __mul__(self, other: Any) -> Tensor:
        return self.combine(self._multiply, other) if _operand(other) else NotImplemented

    def __rmul__(self, other: Any) -> Tensor:
        return self.combine(lambda pair: self._multiply(pair[::-1]), other) if _operand(other) else NotImplemented

    def __truediv__(self, other: Any) -> Tensor:
        return self * as_tensor(other, self.scope) ** -1 if _operand(other) else NotImplemented

    def __rtruediv__(self, other: Any) -> Tensor:
        return as_tensor(other, self.scope) / self if _operand(other) else NotImplemented

    def __pow__(self, other: Any) -> Tensor:
        return self.combine(lambda pair: pair[0] ** pair[1], other) if _operand(other) else NotImplemented

    def __rpow__(self, other: Any) -> Tensor:
        return as_tensor(other, self.scope) ** self if _operand(other) else NotImplemented

    def __abs__(self) -> Tensor:
        from symgrad.tensors.elementwise import ELEMENTWISE

        return self.map(ELEMENTWISE["abs"].build)

    def __matmul__(self, other: Tensor) -> Tensor:
        left, right = self, as_tensor(other, self.scope)
        if not left.indices or not right.indices:
            raise ShapeError(
                f"@ needs axes on both sides, got {shape_text(left.indices)} @ {shape_text(right.indices)}"
            )
        right = right.refreshed()
        place = max(right.ndim - 2, 0)
        inner, other_inner = left.indices[-1], right.indices[place]
        if inner.size != other_inner.size:
            raise ShapeError(
                f"@: the last axis of {shape_text(left.indices)} is {inner.size}, "
                f"but {shape_text(right.indices)} has {other_inner.size} there"
            )
        left = left.refreshed()
        inner = left.indices[-1]
        summand = product((left.expr, right.relabelled({other_inner: inner})), self.scope.written)
        outer = right.indices[:place] + right.indices[place + 1 :]
        return Tensor(summed(summand, (inner,), self.scope.written), left.indices[:-1] + outer, self.scope)

    @property
    def T(self) -> Tensor:
        """The transpose: the axes in reverse order."""
        return Tensor(self.expr, self.indices[::-1], self.scope)

    def sum(self, axis: Any = None) -> Tensor:
        """The sum over one axis, several, or all, named by size or number."""
        axes = self.axes(axis)
        fresh = self.refreshed()
        over = tuple(index for place, index in enumerate(fresh.indices) if place in axes)
        rest = tuple(index for place, index in enumerate(fresh.indices) if place not in axes)
        return Tensor(summed(fresh.expr, over, self.scope.written), rest, self.scope)

    def mean(self, axis: Any = None) -> Tensor:
        """The mean over one axis, several, or all."""
        count = product([self.shape[place] for place in self.axes(axis)], self.scope.written)
        return Tensor(count**-1, (), self.scope) * self.sum(axis)

    def axes(self, axis: Any) -> tuple[int, ...]:
        """The positions of the axes that a name, a number, a tuple of them, or None (all) refers to."""
        if axis is None:
            return tuple(range(self.ndim))
        if isinstance(axis, tuple | list):
            return tuple(place for item in axis for place in self.axes(item))
        if isinstance(axis, int) and -self.ndim <= axis < self.ndim:
            return (axis % self.ndim,)
        places = tuple(place for place, index in enumerate(self.indices) if str(index.size) == axis)
        if len(places) != 1:
            raise ShapeError(f"axis {axis!r} is not one axis of the shape {shape_text(self.indices)}")
        return places

    def refreshed(self) -> Tensor:
        """The same quantity with indices that nothing else uses."""
        if not self.indices:
            return self
        table = {index: self.scope.fresh(index.size) for index in self.indices}
        return Tensor(self.relabelled(table), tuple(table[index] for index in self.indices), self.scope)

    def relabelled(self, table: dict[Index, Expr]) -> Expr:
        """The expression with indices replaced, the written order kept."""
        return relabelled(self.expr, table, self.scope.written)

    def _compare(self, other: Any, relation: type) -> Condition:
        pair = self.combine(lambda sides: relation(*sides), other)
        return Condition(pair.expr, pair.indices, self.scope)

    def __gt__(self, other: Any) -> Condition:
        from sympy import StrictGreaterThan

        return self._compare(other, StrictGreaterThan)

    def __ge__(self, other: Any) -> Condition:
        from sympy import GreaterThan

        return self._compare(other, GreaterThan)

    def __lt__(self, other: Any) -> Condition:
        from sympy import StrictLessThan

        return self._compare(other, StrictLessThan)

    def __le__(self, other: Any) -> Condition:
        from sympy import LessThan

        return self._compare(other, LessThan)

    def __bool__(self) -> bool:
        raise ModelError(f"a branch on the quantity {self.expr}, which has no value yet; use sg.where(condition, a, b)")

    def __float__(self) -> float:
        raise ModelError(
            f"{self.expr} has no value yet, so it can't be a float; use sg.exp, sg.tanh … instead of math's"
        )

    def __index__(self) -> int:
        raise ModelError(f"{self.expr} has no value yet, so it can't count a loop; a model's loops have fixed ranges")

    def __iter__(self) -> Iterator[Tensor]:
        raise ModelError(f"{self.expr} can't be iterated over; a model's loops have fixed ranges")

    def __call__(self, *args: Any) -> Tensor:
        raise ModelError(f"{self.expr} is a quantity, not a function; to multiply, write {self.expr}*(…)")

    def _sympy_(self) -> Expr:
        if self.indices:
            raise ShapeError(
                f"a SymPy function of a quantity with axes {shape_text(self.indices)}; use sg.elementwise(…)"
            )
        return self.expr

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Tensor:
        from symgrad.tensors.elementwise import apply_ufunc

        result: Tensor = apply_ufunc(ufunc, method, inputs, options, self.scope)
        return result


@dataclass(frozen=True, eq=False)
class Condition:
    """A comparison of quantities, for `sg.where`; it has no truth value while the model is being read."""

    relation: Relational
    indices: tuple[Index, ...]
    scope: Scope

    def __bool__(self) -> bool:
        raise ModelError(f"a branch on {self.relation}, which has no truth value yet; use sg.where(condition, a, b)")


def _operand(value: Any) -> bool:
    return not isinstance(value, Condition | str | bytes | list | tuple | dict) and value is not None


def as_tensor(value: Any, scope: Scope) -> Tensor:
    """A quantity as it is, or an exact number or SymPy scalar as a quantity without axes."""
    if isinstance(value, Tensor):
        return value
    if isinstance(value, Expr):
        return Tensor(value, (), scope)
    if getattr(value, "shape", ()) != ():
        raise ShapeError(f"an array of shape {value.shape} inside a model; make it an input with named axes")
    return Tensor(exact(value), (), scope)


def broadcast(operands: list[Tensor]) -> list[Tensor]:
    """The operands over one set of fresh indices, aligned from the last axis as NumPy does; raises ShapeError."""
    rank = max(operand.ndim for operand in operands)
    scope = operands[0].scope
    sizes: list[Expr] = []
    for place in range(-rank, 0):
        here = {operand.shape[place] for operand in operands if operand.ndim >= -place} - {Integer(1)}
        if len(here) > 1:
            shapes = " and ".join(shape_text(operand.indices) for operand in operands)
            raise ShapeError(f"shapes {shapes} don't fit: axis {place} is {' or '.join(sorted(map(str, here)))}")
        sizes.append(here.pop() if here else Integer(1))
    target = tuple(scope.fresh(size) for size in sizes)
    aligned = []
    for operand in operands:
        table: dict[Index, Expr] = {
            old: new if old.size == new.size else Integer(0)
            for old, new in zip(operand.indices, target[rank - operand.ndim :], strict=True)
        }
        aligned.append(Tensor(operand.relabelled(table), target, scope))
    return aligned
