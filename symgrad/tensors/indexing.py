"""Parts of a quantity: slices, rows by whole numbers, windows, concatenation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sympy import Expr, Indexed, Integer, Piecewise, Symbol, floor

from symgrad.equations import Index
from symgrad.errors import ShapeError
from symgrad.tensors.reductions import places
from symgrad.tensors.tensor import Tensor, shape_text


def item(z: Tensor, key: Any) -> Tensor:
    """The part that a subscript reads: numbers, slices, None, ..., or one quantity of whole numbers for each axis."""
    if not z.indices:
        raise ShapeError(f'{z.expr} is a scalar and has no entries; declare its axes, as in {z.expr}: "n"')
    keys = list(key) if isinstance(key, tuple) else [key]
    used = sum(1 for one in keys if one is not None and one is not Ellipsis)
    if used > z.ndim:
        raise ShapeError(f"{used} subscripts for the {z.ndim} axes of {shape_text(z.indices)}")
    if Ellipsis not in [one for one in keys if not isinstance(one, Tensor)]:
        keys.append(Ellipsis)
    at = next(place for place, one in enumerate(keys) if one is Ellipsis)
    keys[at : at + 1] = [slice(None)] * (z.ndim - used)
    source = iter(z.indices)
    table: dict[Expr, Expr] = {}
    result: list[Index] = []
    for one in keys:
        if one is None:
            result.append(z.scope.fresh(Integer(1)))
            continue
        axis = next(source)
        table[axis] = _place(z, axis, one, result)
    return Tensor(z.relabelled(table), tuple(result), z.scope)


def _place(z: Tensor, axis: Index, key: Any, result: list[Index]) -> Expr:
    """The index expression that a subscript stands for; adds the axes that it leaves to `result`."""
    if isinstance(key, slice):
        start, length, step = _bounds(axis.size, key, z)
        index = z.scope.fresh(length)
        result.append(index)
        return start + step * index
    if isinstance(key, Tensor):
        fresh = key.refreshed()
        if not isinstance(fresh.expr, Indexed | Symbol):
            raise ShapeError(f"rows of {shape_text(z.indices)} are read by a named quantity of whole numbers")
        result.extend(fresh.indices)
        return fresh.expr
    number = Integer(key.expr if isinstance(key, Tensor) else key)
    place = number if number >= 0 else axis.size + number
    if axis.size.is_Integer and not 0 <= place < axis.size:
        raise ShapeError(f"index {key} is outside the axis of size {axis.size} of {shape_text(z.indices)}")
    return place


def _bounds(size: Expr, key: slice, z: Tensor) -> tuple[Expr, Expr, Expr]:
    """A slice's start, length and step on an axis; raises ShapeError where it is empty or not a whole number."""
    step = Integer(1 if key.step is None else key.step)
    if step == 0:
        raise ShapeError(f"a slice of {shape_text(z.indices)} with step 0")
    first, last = (Integer(0), size) if step > 0 else (size - 1, Integer(-1))
    start = first if key.start is None else _end(size, key.start)
    stop = last if key.stop is None else _end(size, key.stop)
    if size.is_Integer and step > 0:
        start, stop = min(start, size), min(stop, size)
    distance = stop - start if step > 0 else start - stop
    length = distance if abs(step) == 1 else floor((distance + abs(step) - 1) / abs(step))
    if length.is_nonpositive:
        raise ShapeError(f"the slice {key.start}:{key.stop} of an axis of size {size} is empty")
    return start, length, step


def _end(size: Expr, value: Any) -> Expr:
    end = value.expr if isinstance(value, Tensor) else Integer(value)
    return size + end if end.is_negative else end


def windows(z: Tensor, size: int, axis: Any = -1, stride: int = 1) -> Tensor:
    """Every run of `size` entries along an axis, as a new last axis: the windows of a convolution or a pooling.

    The axis keeps (length - size)//stride + 1 places.
    """
    (place,) = places(z, axis)
    length = z.shape[place]
    if length.is_Integer and length < size:
        raise ShapeError(f"windows of {size} don't fit on an axis of {length} of {shape_text(z.indices)}")
    fresh = z.refreshed()
    steps = length - size + 1 if stride == 1 else floor((length - size) / Integer(stride)) + 1
    outer, inner = z.scope.fresh(steps), z.scope.fresh(Integer(size))
    expr = fresh.relabelled({fresh.indices[place]: stride * outer + inner})
    indices = tuple(outer if at == place else index for at, index in enumerate(fresh.indices))
    return Tensor(expr, (*indices, inner), z.scope)


def concatenate(parts: Sequence[Tensor], axis: Any = 0) -> Tensor:
    """The quantities one after another along an axis; their other axes must be the same.  Raises ShapeError."""
    first, *rest = parts
    for part in rest:
        first = _joined(first, part, axis)
    return first


def _joined(left: Tensor, right: Tensor, axis: Any) -> Tensor:
    (place,) = places(left, axis)
    left, right = left.refreshed(), right.refreshed()
    others = [[size for at, size in enumerate(part.shape) if at != place] for part in (left, right)]
    if others[0] != others[1]:
        shapes = f"{shape_text(left.indices)} and {shape_text(right.indices)}"
        raise ShapeError(f"concatenate along axis {axis!r}: the shapes {shapes} differ elsewhere")
    size = left.shape[place]
    whole = left.scope.fresh(size + right.shape[place])
    indices = tuple(whole if at == place else index for at, index in enumerate(left.indices))
    table: dict[Index, Expr] = {old: new for old, new in zip(right.indices, indices, strict=True)}
    table[right.indices[place]] = whole - size
    second = right.relabelled(table)
    expr = Piecewise((left.relabelled({left.indices[place]: whole}), whole < size), (second, True))
    return Tensor(expr, indices, left.scope)


def stack(parts: Sequence[Tensor], axis: int = 0) -> Tensor:
    """The quantities, all of one shape, along a new axis."""
    rank = parts[0].ndim + 1
    key = [slice(None) if place != axis % rank else None for place in range(rank)]
    return concatenate([item(part, tuple(key)) for part in parts], axis % rank)


def positions(z: Tensor, axis: Any = -1) -> Tensor:
    """The positions 0, 1, … along an axis of a quantity, for masks such as a causal one."""
    (place,) = places(z, axis)
    index = z.scope.fresh(z.shape[place])
    return Tensor(index, (index,), z.scope)
