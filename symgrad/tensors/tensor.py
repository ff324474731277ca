"""A quantity while its model is being read: a scalar expression and the indices of its axes."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sympy import And, Expr, Integer, Not, Or
from sympy.logic.boolalg import Boolean

from symgrad.equations import Index
from symgrad.errors import ModelError, ShapeError
from symgrad.expressions import Order, exact, product, total
from symgrad.indices import relabelled, summed
from symgrad.tensors.functions import Choice


@dataclass(frozen=True)
class Scope:
    """What the quantities of one model being read share: the written orders and a source of fresh indices."""

    written: dict[Expr, Order] = field(default_factory=dict)
    counter: Iterator[int] = field(default_factory=itertools.count)
    define: Callable[[str, Tensor], Tensor] | None = None  # how a model that is called inside another names its own
    integers: set[str] = field(default_factory=set)  # the names of quantities of whole numbers

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
    scope: Scope = field(default_factory=Scope, repr=False)

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

    def __matmul__(self, other: Any) -> Tensor:
        left, right = self.refreshed(), as_tensor(other, self.scope).refreshed()
        shapes = f"{shape_text(left.indices)} @ {shape_text(right.indices)}"
        if not left.indices or not right.indices:
            raise ShapeError(f"@ needs axes on both sides, got {shapes}")
        place = max(right.ndim - 2, 0)
        inner, other_inner = left.indices[-1], right.indices[place]
        if inner.size != other_inner.size:
            raise ShapeError(f"{shapes}: the inner axes are {inner.size} and {other_inner.size}")
        rows, columns = left.indices[-2:-1], right.indices[place + 1 :]
        first = Tensor(left.expr, left.indices[:-2] if left.ndim > 1 else (), self.scope)
        second = Tensor(right.relabelled({other_inner: inner}), right.indices[:place], self.scope)
        if first.indices and second.indices:
            first, second = broadcast([first, second])
        leading = first.indices or second.indices
        summand = product((first.expr, second.expr), self.scope.written)
        return Tensor(summed(summand, (inner,), self.scope.written), (*leading, *rows, *columns), self.scope)

    def __rmatmul__(self, other: Any) -> Tensor:
        return as_tensor(other, self.scope) @ self

    @property
    def T(self) -> Tensor:
        """The transpose: the axes in reverse order."""
        return Tensor(self.expr, self.indices[::-1], self.scope)

    def transpose(self, *axes: Any) -> Tensor:
        """The axes in another order, given one by one or as a tuple; reversed if none is given."""
        flat = axes[0] if len(axes) == 1 and isinstance(axes[0], tuple | list) else axes
        return self._word("transpose", axes=flat or None)

    def swapaxes(self, axis1: Any, axis2: Any) -> Tensor:
        """Two axes exchanged."""
        return self._word("swapaxes", axis1=axis1, axis2=axis2)

    def reshape(self, *shape: Any) -> Tensor:
        """An axis split into several, or axes of size 1 added or taken away."""
        return self._word("reshape", shape=shape[0] if len(shape) == 1 else shape)

    def squeeze(self, axis: Any = None) -> Tensor:
        """Axes of size 1 taken away."""
        return self._word("squeeze", axis=axis)

    def sum(self, axis: Any = None, keepdims: bool = False) -> Tensor:
        """The sum over one axis, several, or all, named by size or number."""
        return self._word("sum", axis=axis, keepdims=keepdims)

    def mean(self, axis: Any = None, keepdims: bool = False) -> Tensor:
        """The mean over one axis, several, or all."""
        return self._word("mean", axis=axis, keepdims=keepdims)

    def var(self, axis: Any = None, ddof: int = 0, keepdims: bool = False) -> Tensor:
        """The variance over one axis, several, or all."""
        return self._word("var", axis=axis, ddof=ddof, keepdims=keepdims)

    def std(self, axis: Any = None, ddof: int = 0, keepdims: bool = False) -> Tensor:
        """The standard deviation over one axis, several, or all."""
        return self._word("std", axis=axis, ddof=ddof, keepdims=keepdims)

    def max(self, axis: Any = None, keepdims: bool = False) -> Tensor:
        """The largest entry over one axis, several, or all."""
        return self._word("max", axis=axis, keepdims=keepdims)

    def min(self, axis: Any = None, keepdims: bool = False) -> Tensor:
        """The smallest entry over one axis, several, or all."""
        return self._word("min", axis=axis, keepdims=keepdims)

    def clip(self, a_min: Any = None, a_max: Any = None) -> Tensor:
        """The entries kept between two bounds."""
        return self._word("clip", a_min=a_min, a_max=a_max)

    def dot(self, other: Any) -> Tensor:
        """The matrix product."""
        return self._word("dot", b=as_tensor(other, self.scope))

    def trace(self) -> Tensor:
        """The sum of a square matrix' diagonal."""
        return self._word("trace")

    def _word(self, name: str, **options: Any) -> Tensor:
        from symgrad.tensors.vocabulary import VOCABULARY

        return VOCABULARY[name].build(self, **options)

    def __getitem__(self, key: Any) -> Tensor:
        from symgrad.tensors.indexing import item

        return item(self, key)

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

    def __eq__(self, other: object) -> Condition:  # type: ignore[override]  # entry by entry, as NumPy's
        from sympy import Eq

        return self._compare(other, Eq)

    def __ne__(self, other: object) -> Condition:  # type: ignore[override]  # entry by entry, as NumPy's
        from sympy import Ne

        return self._compare(other, Ne)

    __hash__ = object.__hash__

    def __bool__(self) -> bool:
        raise ModelError(f"a branch on the quantity {self.expr}, which has no value yet; use sg.where(condition, a, b)")

    def __float__(self) -> float:
        raise ModelError(
            f"{self.expr} has no value yet, so it can't be a float; use sg.exp, sg.tanh … instead of math's"
        )

    def __index__(self) -> int:
        raise ModelError(f"{self.expr} has no value yet, so it can't count a loop; a model's loops have fixed ranges")

    def __len__(self) -> int:
        if not self.indices or not self.shape[0].is_Integer:
            shown = f"an axis of symbolic size {self.shape[0]}" if self.indices else "no axes"
            raise ModelError(f"{self.expr} has {shown}, so a loop can't count it; a model's loops have fixed ranges")
        return int(self.shape[0])

    def __iter__(self) -> Iterator[Tensor]:
        return (self[place] for place in range(len(self)))

    def __call__(self, *args: Any) -> Tensor:
        raise ModelError(f"{self.expr} is a quantity, not a function; to multiply, write {self.expr}*(…)")

    def _sympy_(self) -> Expr:
        if self.indices:
            raise ShapeError(
                f"a SymPy function of a quantity with axes {shape_text(self.indices)}; use sg.elementwise(…)"
            )
        return self.expr

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        from symgrad.tensors.vocabulary import apply_array_function

        return apply_array_function(function, args, kwargs)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Tensor:
        from symgrad.tensors.elementwise import apply_ufunc

        result: Tensor = apply_ufunc(ufunc, method, inputs, options, self.scope)
        return result


@dataclass(frozen=True, eq=False)
class Condition:
    """A comparison of quantities, for `sg.where`; it has no truth value while the model is being read."""

    relation: Boolean
    indices: tuple[Index, ...]
    scope: Scope

    def __and__(self, other: Condition) -> Condition:
        return self._both(other, And)

    def __or__(self, other: Condition) -> Condition:
        return self._both(other, Or)

    def __invert__(self) -> Condition:
        return Condition(Not(self.relation), self.indices, self.scope)

    def _both(self, other: Condition, connective: type) -> Condition:
        mine, theirs = (Tensor(c.relation, c.indices, c.scope) for c in (self, other))
        pair = mine.combine(lambda sides: connective(*sides), theirs)
        return Condition(pair.expr, pair.indices, self.scope)

    @property
    def mask(self) -> Tensor:
        """1 where the comparison holds, 0 elsewhere: what it is in arithmetic."""
        return Tensor(Choice((Integer(1), self.relation), (Integer(0), True)), self.indices, self.scope)

    def __mul__(self, other: Any) -> Tensor:
        return self.mask.__mul__(other)

    __rmul__ = __mul__

    def __add__(self, other: Any) -> Tensor:
        return self.mask.__add__(other)

    __radd__ = __add__

    def __rsub__(self, other: Any) -> Tensor:
        return as_tensor(other, self.scope) - self.mask

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return self.mask.__array_function__(function, types, args, kwargs)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        return self.mask.__array_ufunc__(ufunc, method, *inputs, **options)

    def __bool__(self) -> bool:
        raise ModelError(f"a branch on {self.relation}, which has no truth value yet; use sg.where(condition, a, b)")


def _operand(value: Any) -> bool:
    return not isinstance(value, str | bytes | list | tuple | dict) and value is not None


def as_tensor(value: Any, scope: Scope) -> Tensor:
    """A quantity as it is, or an exact number or SymPy scalar as a quantity without axes."""
    if isinstance(value, Tensor):
        return value
    if isinstance(value, Condition):
        return value.mask
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
