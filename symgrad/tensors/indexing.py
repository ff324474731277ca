"""Parts of a quantity by subscripts: numbers, slices, None, ..., and rows by whole numbers, as NumPy reads them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sympy import Add, Expr, Indexed, Integer, Mul, Symbol, floor

from symgrad.equations import Index, Size
from symgrad.errors import ShapeError
from symgrad.tensors.tensor import Condition, Scope, Tensor, broadcast, shape_text


def item(z: Tensor, key: Any) -> Tensor:
    """The part that a subscript reads; an axis is taken to be long enough for it where its size is symbolic.

    Raises ShapeError for a subscript out of range, an empty slice, or rows read by something that isn't whole numbers.
    """
    keys = list(_whole_subscript(z, key))
    arrays = [one for one in keys if isinstance(one, Tensor)]
    joint = broadcast([one.refreshed() for one in arrays]) if arrays else []
    reading = _Reading(z, iter(joint))
    for one in keys:
        reading.read(one)
    return Tensor(z.relabelled(reading.table), reading.axes(), z.scope)


def _whole_subscript(z: Tensor, key: Any) -> Iterator[Any]:
    """The subscript with ... written out: one key for each axis, and None for each new one."""
    keys = [_plain(z, one) for one in (key if isinstance(key, tuple) else (key,))]
    used = sum(1 for one in keys if one is not None and one is not Ellipsis)
    if used > z.ndim:
        raise ShapeError(f"{used} subscripts for the {z.ndim} axes of {shape_text(z.indices)}")
    if sum(1 for one in keys if one is Ellipsis) > 1:
        raise ShapeError(f"a subscript of {shape_text(z.indices)} with ... twice")
    if not any(one is Ellipsis for one in keys):
        keys.append(Ellipsis)
    for one in keys:
        if one is Ellipsis:
            yield from [slice(None)] * (z.ndim - used)
        else:
            yield one


def _plain(z: Tensor, key: Any) -> Any:
    """A key as None, ..., a slice, a whole number as an expression, or a quantity of whole numbers."""
    if key is None or key is Ellipsis:
        return key
    if isinstance(key, Condition):
        raise ShapeError(
            f"a condition as a subscript of {shape_text(z.indices)}: how many entries it keeps depends on the values; "
            "use sg.where(condition, a, b), or multiply by the condition"
        )
    if isinstance(key, slice):
        return slice(*(None if end is None else _number(z, end) for end in (key.start, key.stop, key.step)))
    if isinstance(key, Tensor) and (key.indices or not _is_constant(key.expr)):
        if not is_whole(key.expr, key.scope):
            raise ShapeError(
                f'{key.expr} reads rows of {shape_text(z.indices)}, so declare its whole numbers: idx: "n int"'
            )
        return key
    return _number(z, key)


def _number(z: Tensor, value: Any) -> Expr:
    expr = value.expr if isinstance(value, Tensor) else value
    if isinstance(expr, Expr) and expr.is_integer and _is_constant(expr):
        return expr
    if hasattr(expr, "__index__") and not isinstance(expr, bool | Expr):
        return Integer(expr.__index__())
    raise ShapeError(f"{value!r} as a subscript of {shape_text(z.indices)}: expected whole numbers or slices")


def _is_constant(expr: Expr) -> bool:
    """Whether an expression has sizes and numbers only."""
    return all(isinstance(symbol, Size) for symbol in expr.free_symbols)


def is_whole(expr: Expr, scope: Scope) -> bool:
    """Whether an expression has whole values: sums and products of whole-number inputs, positions and sizes."""
    if isinstance(expr, Indexed):
        return str(expr.base.label) in scope.integers
    if isinstance(expr, Symbol):
        return isinstance(expr, Index | Size) or expr.name in scope.integers
    return expr.is_Integer or (isinstance(expr, Add | Mul) and all(is_whole(arg, scope) for arg in expr.args))


@dataclass
class _Reading:
    """A subscript being read, axis by axis: where each old index goes, and the axes of the result."""

    z: Tensor
    joint: Iterator[Tensor]
    table: dict[Expr, Expr] = field(default_factory=dict)
    result: list[Index] = field(default_factory=list)
    shared: tuple[Index, ...] = ()  # of the rows read by whole numbers, which NumPy reads together
    at: int | None = None  # where the shared axes go
    apart: bool = False  # whether a slice or None stands between rows read by whole numbers: their axes go first
    closed: bool = False

    def read(self, key: Any) -> None:
        if key is None:
            self._keep(self.z.scope.fresh(Integer(1)))
            return
        axis = self.z.indices[len(self.table)]
        if isinstance(key, slice):
            start, length, step = _bounds(axis.size, key, self.z)
            index = self.z.scope.fresh(length)
            self.table[axis] = start + step * index
            self._keep(index)
        elif isinstance(key, Tensor):
            rows = next(self.joint)
            self.table[axis] = rows.expr
            self.shared = rows.indices
            self._pick()
        else:
            self.table[axis] = _place(axis, key, self.z)
            self._pick()

    def _keep(self, index: Index) -> None:
        self.result.append(index)
        self.closed = self.at is not None

    def _pick(self) -> None:
        self.apart |= self.closed
        self.at = len(self.result) if self.at is None else self.at

    def axes(self) -> tuple[Index, ...]:
        at = 0 if self.apart or self.at is None else self.at
        return (*self.result[:at], *self.shared, *self.result[at:])


def _place(axis: Index, number: Expr, z: Tensor) -> Expr:
    place = axis.size + number if number.is_negative else number
    if axis.size.is_Integer and place.is_Integer and not 0 <= place < axis.size:
        raise ShapeError(f"index {number} is outside the axis of size {axis.size} of {shape_text(z.indices)}")
    return place


def _bounds(size: Expr, key: slice, z: Tensor) -> tuple[Expr, Expr, Expr]:
    """A slice's start, length and step on an axis; raises ShapeError where it is empty or its step isn't a number."""
    step = Integer(1) if key.step is None else key.step
    if step == 0 or not step.is_Integer:
        raise ShapeError(f"a slice of {shape_text(z.indices)} with step {step}")
    if size.is_Integer and all(end is None or end.is_Integer for end in (key.start, key.stop)):
        whole = range(
            *slice(*(None if end is None else int(end) for end in (key.start, key.stop, step))).indices(int(size))
        )
        start, length = Integer(whole.start), Integer(len(whole))
    else:
        first, last = (Integer(0), size) if step > 0 else (size - 1, Integer(-1))
        start = first if key.start is None else _end(size, key.start)
        stop = last if key.stop is None else _end(size, key.stop)
        distance = stop - start if step > 0 else start - stop
        length = distance if abs(step) == 1 else floor((distance + abs(step) - 1) / abs(step))
    if length.is_nonpositive:
        shown = ":".join("" if end is None else str(end) for end in (key.start, key.stop))
        raise ShapeError(f"the slice {shown} of an axis of size {size} of {shape_text(z.indices)} is empty")
    return start, length, step


def _end(size: Expr, end: Expr) -> Expr:
    return size + end if end.is_negative else end
