"""How the axes of an expression's array are laid out, and which part of an axis an affine index reads."""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Expr, Integer, preorder_traversal

from symgrad.affine import bound, never_negative
from symgrad.equations import Index
from symgrad.indices import entry_like


def natural_order(expr: Expr, axes: tuple[Index, ...], over: tuple[Index, ...]) -> tuple[Index, ...]:
    """The expression's indices among axes and over, in the order of its largest entry that keeps the axes' order."""
    allowed = {*axes, *over}
    orders: list[tuple[Index, ...]] = []
    for node in preorder_traversal(expr):
        parts = entry_like(node)
        if parts is not None:
            found = dict.fromkeys(s for at in parts[1] for s in _indices(at) if s in allowed)
            orders.append(tuple(found))
    kept = [order for order in orders if _in_order(order, axes)] or orders
    first = max(kept, key=len, default=())
    rest = dict.fromkeys(index for order in orders for index in order if index not in first)
    bare = sorted((s for s in expr.free_symbols if s in allowed), key=[*axes, *over].index)  # in a condition, or a δ
    rest.update(dict.fromkeys(index for index in bare if index not in first))
    later = tuple(sorted((i for i in rest if i in axes), key=axes.index)) + tuple(i for i in rest if i not in axes)
    merged = (*first, *later)
    return merged if _in_order(merged, axes) else (*(a for a in axes if a in merged), *(i for i in merged if i in over))


def _indices(at: Expr) -> list[Index]:
    return [node for node in preorder_traversal(at) if isinstance(node, Index)]


def _in_order(order: tuple[Index, ...], axes: tuple[Index, ...]) -> bool:
    places = [axes.index(index) for index in order if index in axes]
    return places == sorted(places)


@dataclass(frozen=True)
class Reach:
    """How far an index expression reaches past an axis: entries of zero to add before and after it."""

    before: Expr
    after: Expr

    @property
    def padded(self) -> bool:
        """Whether it reaches past the axis at all."""
        return bool(self.before != 0 or self.after != 0)


def reach(at: Expr, size: Expr) -> Reach:
    """How far the index expression `at` reaches past an axis of the given size."""
    low, high = bound(at, lower=True), bound(at, lower=False)
    after = (high - (size - 1)).expand()
    return Reach(
        Integer(0) if never_negative(low) else -low,
        Integer(0) if never_negative(-after) else after,
    )


def affine(at: Expr) -> tuple[Index, Expr, Expr] | None:
    """The index, slope and offset of an expression slope·index + offset; None if it isn't one."""
    indices = _indices(at)
    if len(set(indices)) != 1:
        return None
    slope = at.coeff(indices[0])
    offset = (at - slope * indices[0]).expand()
    return (indices[0], slope, offset) if slope.is_Integer and indices[0] not in offset.free_symbols else None
