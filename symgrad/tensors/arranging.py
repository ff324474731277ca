"""The axes of quantities put in another order, split, added, taken away; quantities put side by side; windows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sympy import Expr, Integer, Mul, cancel, floor

from symgrad.equations import Index
from symgrad.errors import ShapeError
from symgrad.tensors.functions import Choice
from symgrad.tensors.reductions import places
from symgrad.tensors.tensor import Tensor, as_tensor, shape_text


def transpose(z: Tensor, axes: Any = None) -> Tensor:
    """The axes in another order; reversed if none is given.  Raises ShapeError.

    >>> import symgrad as sg
    >>> sg.transpose([[1.0, 2.0]]).tolist()
    [[1.0], [2.0]]
    """
    order = tuple(reversed(range(z.ndim))) if axes is None else tuple(at for axis in axes for at in places(z, axis))
    if sorted(order) != list(range(z.ndim)):
        raise ShapeError(f"{axes} doesn't order the {z.ndim} axes of {shape_text(z.indices)}")
    return Tensor(z.expr, tuple(z.indices[place] for place in order), z.scope)


def swapaxes(z: Tensor, axis1: Any, axis2: Any) -> Tensor:
    """Two axes exchanged.

    >>> import symgrad as sg
    >>> sg.swapaxes([[1.0, 2.0]], 0, 1).tolist()
    [[1.0], [2.0]]
    """
    (first,), (second,) = places(z, axis1), places(z, axis2)
    order = list(range(z.ndim))
    order[first], order[second] = second, first
    return transpose(z, order)


def moveaxis(z: Tensor, source: Any, destination: int) -> Tensor:
    """One axis moved to another place, the others staying in their order.

    >>> import symgrad as sg
    >>> sg.moveaxis([[1.0, 2.0]], 0, -1).tolist()
    [[1.0], [2.0]]
    """
    (moved,), (to,) = places(z, source), places(z, destination)
    order = [place for place in range(z.ndim) if place != moved]
    order.insert(to, moved)
    return transpose(z, order)


def expand_dims(z: Tensor, axis: int) -> Tensor:
    """A new axis of size 1, at a place of the result.

    >>> import symgrad as sg
    >>> sg.expand_dims([1.0, 2.0], 1).tolist()
    [[1.0], [2.0]]
    """
    if not isinstance(axis, int) or not -z.ndim - 1 <= axis <= z.ndim:
        raise ShapeError(f"a new axis of {shape_text(z.indices)} at {axis!r}; places go from {-z.ndim - 1} to {z.ndim}")
    at = axis % (z.ndim + 1)
    return Tensor(z.expr, (*z.indices[:at], z.scope.fresh(Integer(1)), *z.indices[at:]), z.scope)


def squeeze(z: Tensor, axis: Any = None) -> Tensor:
    """Axes of size 1 taken away: all of them, or those named.  Raises ShapeError for a named one of another size.

    >>> import symgrad as sg
    >>> sg.squeeze([[1.0, 2.0]], 0).tolist()
    [1.0, 2.0]
    """
    gone = tuple(at for at, size in enumerate(z.shape) if size == 1) if axis is None else places(z, axis)
    for at in gone:
        if z.shape[at] != 1:
            raise ShapeError(f"squeeze: axis {axis!r} of {shape_text(z.indices)} has the size {z.shape[at]}, not 1")
    expr = z.relabelled({z.indices[at]: Integer(0) for at in gone})
    return Tensor(expr, tuple(index for at, index in enumerate(z.indices) if at not in gone), z.scope)


def reshape(z: Tensor, shape: Any) -> Tensor:
    """An axis split into several, or axes of size 1 added or taken away; one size may be -1.

    Raises ShapeError where axes would be merged: contract them together instead, sg.einsum("nhw,hwk->nk", X, W).

    >>> import symgrad as sg
    >>> sg.reshape([1.0, 2.0, 3.0, 4.0], (2, 2)).tolist()
    [[1.0, 2.0], [3.0, 4.0]]
    """
    wanted = _wanted_sizes(z, shape if isinstance(shape, tuple | list) else (shape,))
    rest = list(wanted)
    result: list[Index] = []
    table: dict[Expr, Expr] = {}
    for index in z.indices:
        group: list[Index] = []
        while index.size != Mul(*(part.size for part in group)) and rest:
            group.append(z.scope.fresh(rest.pop(0)))
        if index.size != Mul(*(part.size for part in group)):
            raise ShapeError(
                f"{shape_text(z.indices)} to ({', '.join(map(str, wanted))}) would merge axes, which has no formula by "
                'index; contract them together: sg.einsum("nhw,hwk->nk", X, W)'
            )
        table[index] = sum(
            (part * Mul(*(p.size for p in group[at + 1 :])) for at, part in enumerate(group)), Integer(0)
        )
        result.extend(group)
    if any(size != 1 for size in rest):
        raise ShapeError(f"{shape_text(z.indices)} doesn't have the entries of ({', '.join(map(str, wanted))})")
    result.extend(z.scope.fresh(size) for size in rest)
    ones = {index: Integer(0) for index in result if index.size == 1}
    return Tensor(z.relabelled({old: new.xreplace(ones) for old, new in table.items()}), tuple(result), z.scope)


def _wanted_sizes(z: Tensor, shape: Sequence[Any]) -> list[Expr]:
    """The sizes with -1 worked out; raises ShapeError."""
    sizes = [size if isinstance(size, Expr) else Integer(size) for size in shape]
    open_ = [at for at, size in enumerate(sizes) if size == -1]
    if len(open_) > 1:
        raise ShapeError(f"reshape of {shape_text(z.indices)}: only one size can be -1")
    if open_:
        left = cancel(Mul(*z.shape) / Mul(*(size for size in sizes if size != -1)))
        if not left.is_integer:
            raise ShapeError(f"{shape_text(z.indices)} can't be divided into ({', '.join(map(str, shape))})")
        sizes[open_[0]] = left
    return sizes


def windows(z: Tensor, size: Any, axis: Any = -1, stride: int = 1) -> Tensor:
    """Every run of `size` entries along an axis, as a new last axis: the windows of a convolution or a pooling.

    The axis keeps (length - size)//stride + 1 places.  Several axes: a tuple of sizes, and of axes.

    >>> import symgrad as sg
    >>> sg.windows([1.0, 2.0, 3.0], 2).tolist()
    [[1.0, 2.0], [2.0, 3.0]]
    """
    sizes, at = size if isinstance(size, tuple) else (size,), places(z, axis)
    if len(sizes) != len(at):
        raise ShapeError(f"windows of {len(sizes)} sizes along {len(at)} axes of {shape_text(z.indices)}")
    fresh = z.refreshed()
    indices = list(fresh.indices)
    table: dict[Index, Expr] = {}
    inner: list[Index] = []
    for place, one in zip(at, sizes, strict=True):
        length = z.shape[place]
        width = as_tensor(one, z.scope).expr
        if (length - width).is_negative or not width.is_positive:
            raise ShapeError(f"windows of {width} don't fit on an axis of {length} of {shape_text(z.indices)}")
        steps = length - width + 1 if stride == 1 else floor((length - width) / Integer(stride)) + 1
        indices[place] = z.scope.fresh(steps)
        inner.append(z.scope.fresh(width))
        table[fresh.indices[place]] = stride * indices[place] + inner[-1]
    return Tensor(fresh.relabelled(table), (*indices, *inner), z.scope)


def concatenate(parts: Sequence[Tensor], axis: Any = 0) -> Tensor:
    """The quantities one after another along an axis; their other axes must be the same.  Raises ShapeError.

    >>> import symgrad as sg
    >>> sg.concatenate([[1.0], [2.0, 3.0]]).tolist()
    [1.0, 2.0, 3.0]
    """
    if not parts:
        raise ShapeError("concatenate needs at least one quantity")
    (place,) = places(parts[0], axis)
    others = [[size for at, size in enumerate(part.shape) if at != place] for part in parts]
    if any(part.ndim != parts[0].ndim for part in parts) or any(rest != others[0] for rest in others):
        shapes = " and ".join(dict.fromkeys(shape_text(part.indices) for part in parts))
        raise ShapeError(f"concatenate along axis {axis!r}: the shapes {shapes} differ elsewhere")
    scope = parts[0].scope
    sizes = [part.shape[place] for part in parts]
    indices = list(parts[0].refreshed().indices)
    whole = indices[place] = scope.fresh(sum(sizes, Integer(0)))
    branches = []
    for at, part in enumerate(parts):
        start = sum(sizes[:at], Integer(0))
        table: dict[Index, Expr] = dict(zip(part.indices, indices, strict=True))
        table[part.indices[place]] = Integer(0) if sizes[at] == 1 else whole - start
        branches.append((part.relabelled(table), whole < start + sizes[at] if at + 1 < len(parts) else True))
    return Tensor(Choice(*branches), tuple(indices), scope)


def stack(parts: Sequence[Tensor], axis: int = 0) -> Tensor:
    """The quantities, all of one shape, along a new axis.

    >>> import symgrad as sg
    >>> sg.stack([[1.0, 2.0], [3.0, 4.0]], axis=1).tolist()
    [[1.0, 3.0], [2.0, 4.0]]
    """
    if not parts:
        raise ShapeError("stack needs at least one quantity")
    return concatenate([expand_dims(part, axis) for part in parts], axis)


def shift(z: Tensor, by: int, axis: Any = -1) -> Tensor:
    """The entries moved along an axis by whole places, zeros coming in: entry i is what entry i - by was.

    >>> import symgrad as sg
    >>> sg.shift([1.0, 2.0, 3.0], 1).tolist()
    [0.0, 1.0, 2.0]
    """
    (place,) = places(z, axis)
    fresh = z.refreshed()
    index = fresh.indices[place]
    inside = index >= by if by > 0 else index < index.size + by
    moved = fresh.relabelled({index: index - by})
    return Tensor(Choice((moved, inside), (Integer(0), True)) if by else fresh.expr, fresh.indices, z.scope)


def tril(z: Tensor, k: int = 0) -> Tensor:
    """The lower triangle of the last two axes: zero above the k-th diagonal.

    >>> import symgrad as sg
    >>> sg.tril([[1.0, 2.0], [3.0, 4.0]]).tolist()
    [[1.0, 0.0], [3.0, 4.0]]
    """
    row, column = _last_two(z, "tril")
    return Tensor(Choice((z.expr, column <= row + k), (Integer(0), True)), z.indices, z.scope)


def triu(z: Tensor, k: int = 0) -> Tensor:
    """The upper triangle of the last two axes: zero below the k-th diagonal.

    >>> import symgrad as sg
    >>> sg.triu([[1.0, 2.0], [3.0, 4.0]]).tolist()
    [[1.0, 2.0], [0.0, 4.0]]
    """
    row, column = _last_two(z, "triu")
    return Tensor(Choice((z.expr, column >= row + k), (Integer(0), True)), z.indices, z.scope)


def _last_two(z: Tensor, what: str) -> tuple[Index, Index]:
    if z.ndim < 2:
        raise ShapeError(f"{what} needs a matrix, got the shape {shape_text(z.indices)}")
    return z.indices[-2], z.indices[-1]


def positions(z: Tensor, axis: Any = -1) -> Tensor:
    """The positions 0, 1, … along an axis of a quantity, for masks such as a causal one, and to read rows by.

    >>> import symgrad as sg
    >>> sg.positions([7.0, 8.0, 9.0]).tolist()
    [0, 1, 2]
    """
    (place,) = places(z, axis)
    index = z.scope.fresh(z.shape[place])
    return Tensor(index, (index,), z.scope)
