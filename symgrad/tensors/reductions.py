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
    named = tuple(place for place, index in enumerate(z.indices) if str(index.size) == str(axis))
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
    """The sum over one axis, several, or all."""
    fresh, over, rest = _parted(z, axis, keepdims)
    return Tensor(summed(fresh.expr, over, z.scope.written), rest, z.scope)


def mean(z: Tensor, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The mean over one axis, several, or all."""
    return Tensor(1 / count(z, axis), (), z.scope) * sum_(z, axis, keepdims)


def var(z: Tensor, axis: Any = None, ddof: int = 0, keepdims: bool = False) -> Tensor:
    """The mean squared distance from the mean; `ddof` is taken off the count (1: Bessel's correction)."""
    squares = (z - mean(z, axis, keepdims=True)) ** 2
    return Tensor(1 / (count(z, axis) - ddof), (), z.scope) * sum_(squares, axis, keepdims)


def std(z: Tensor, axis: Any = None, ddof: int = 0, keepdims: bool = False) -> Tensor:
    """The square root of the variance."""
    return var(z, axis, ddof, keepdims) ** Tensor(Integer(1) / 2, (), z.scope)


def max_(z: Tensor, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The largest entry; its derivative is a subgradient that shares 1 equally among entries that tie."""
    fresh, over, rest = _parted(z, axis, keepdims)
    return Tensor(reduced(Largest, fresh.expr, over), rest, z.scope)


def min_(z: Tensor, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The smallest entry, as minus the largest of minus the entries."""
    return -max_(-z, axis, keepdims)


def norm(z: Tensor, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The Euclidean norm of a vector, or the Frobenius norm of a matrix."""
    return sum_(z**2, axis, keepdims) ** Tensor(Integer(1) / 2, (), z.scope)
