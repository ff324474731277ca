"""Reductions over axes: sums, means, variances, maxima, norms."""

from __future__ import annotations

from typing import Any

from sympy import Expr, Integer, Mul

from symgrad.equations import Index
from symgrad.errors import ShapeError
from symgrad.indices import Largest, reduced, summed
from symgrad.tensors.tensor import Tensor, shape_text


def places(z: Tensor, axis: Any) -> tuple[int, ...]:
    """The positions of the axes that a name, a number, a tuple of them, or None (all) refers to; raises ShapeError."""
    if axis is None:
        return tuple(range(z.ndim))
    if isinstance(axis, tuple | list):
        found = tuple(place for item in axis for place in places(z, item))
        if len(set(found)) != len(found):
            raise ShapeError(f"axis {axis!r} names an axis of {shape_text(z.indices)} twice")
        return found
    if isinstance(axis, int) and not isinstance(axis, bool):
        if -z.ndim <= axis < z.ndim:
            return (axis % z.ndim,)
        raise ShapeError(f"axis {axis} is not one of the {z.ndim} axes of the shape {shape_text(z.indices)}")
    wanted = str(axis).replace(" ", "")
    named = tuple(place for place, index in enumerate(z.indices) if str(index.size).replace(" ", "") == wanted)
    if len(named) > 1:
        raise ShapeError(f"axis {axis!r} is the name of {len(named)} axes of {shape_text(z.indices)}; give its number")
    if not named:
        raise ShapeError(f"axis {axis!r} is not one of the axes of the shape {shape_text(z.indices)}")
    return named


def count(z: Tensor, axis: Any) -> Expr:
    """How many entries a reduction over the axes takes together."""
    return Mul(*(z.shape[place] for place in places(z, axis)))


def _parted(z: Tensor, axis: Any, keepdims: bool) -> tuple[Tensor, tuple[Index, ...], tuple[Index, ...]]:
    """The quantity on fresh indices, those reduced over, and those of the result."""
    over = places(z, axis)
    fresh = z.refreshed()
    rest = tuple(
        z.scope.fresh(Integer(1)) if place in over else index
        for place, index in enumerate(fresh.indices)
        if keepdims or place not in over
    )
    return fresh, tuple(fresh.indices[place] for place in over), rest


def sum_(z: Tensor, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The sum over one axis, several, or all.

    >>> import symgrad as sg
    >>> sg.sum([[1.0, 2.0], [3.0, 4.0]], axis=0).tolist()
    [4.0, 6.0]
    """
    fresh, over, rest = _parted(z, axis, keepdims)
    return Tensor(summed(fresh.expr, over, z.scope.written), rest, z.scope)


def mean(z: Tensor, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The mean over one axis, several, or all.

    >>> import symgrad as sg
    >>> sg.mean([[1.0, 2.0], [3.0, 4.0]], axis=0).tolist()
    [2.0, 3.0]
    """
    return Tensor(1 / count(z, axis), (), z.scope) * sum_(z, axis, keepdims)


def var(z: Tensor, axis: Any = None, ddof: int = 0, keepdims: bool = False) -> Tensor:
    """The mean squared distance from the mean; `ddof` is taken off the count (1: Bessel's correction).

    >>> import symgrad as sg
    >>> float(sg.var([1.0, 3.0])), float(sg.var([1.0, 3.0], ddof=1))
    (1.0, 2.0)
    """
    squares = (z - mean(z, axis, keepdims=True)) ** 2
    left = count(z, axis) - ddof
    if left.is_nonpositive:
        raise ShapeError(f"var of {shape_text(z.indices)} over axis {axis!r} with ddof {ddof} divides by {left}")
    return Tensor(1 / left, (), z.scope) * sum_(squares, axis, keepdims)


def std(z: Tensor, axis: Any = None, ddof: int = 0, keepdims: bool = False) -> Tensor:
    """The square root of the variance.

    >>> import symgrad as sg
    >>> round(float(sg.std([1.0, 3.0])), 9)
    1.0
    """
    return var(z, axis, ddof, keepdims) ** Tensor(Integer(1) / 2, (), z.scope)


def max_(z: Tensor, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The largest entry; its derivative is a subgradient that shares 1 equally among entries that tie.

    >>> import symgrad as sg
    >>> sg.max([[1.0, 2.0], [3.0, 4.0]], axis=1).tolist()
    [2.0, 4.0]
    """
    fresh, over, rest = _parted(z, axis, keepdims)
    return Tensor(reduced(Largest, fresh.expr, over), rest, z.scope)


def min_(z: Tensor, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The smallest entry, as minus the largest of minus the entries.

    >>> import symgrad as sg
    >>> sg.min([[1.0, 2.0], [3.0, 4.0]], axis=1).tolist()
    [1.0, 3.0]
    """
    return -max_(-z, axis, keepdims)


def norm(z: Tensor, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The Euclidean norm of a vector or along an axis, the Frobenius norm of a matrix; `ord` 1: the sum of |z|.

    Raises ShapeError for another order; the largest or the sum of a matrix' singular values isn't in the vocabulary.

    >>> import symgrad as sg
    >>> float(sg.norm([3.0, 4.0]))
    5.0
    """
    vector = len(places(z, axis)) == 1
    if ord == 1 and vector:
        return sum_(abs(z), axis, keepdims)
    if ord is None or (ord == "fro" and not vector) or (ord == 2 and vector):
        return sum_(z**2, axis, keepdims) ** Tensor(Integer(1) / 2, (), z.scope)
    raise ShapeError(f"the norm of order {ord!r} of {shape_text(z.indices)} isn't one of 1, 2 and 'fro'")
