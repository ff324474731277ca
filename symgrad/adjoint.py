"""One equation's share of an adjoint: the user's adjoint times the local derivative, summed over the user's indices.

∂X[i, j]/∂X[a, b] = δ_ia δ_jb, and a sum takes its δ away; what is left of the rule ∂L/∂X = Σ ∂L/∂Y ∂Y/∂X is an
expression in the indices of X.
"""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Expr, Ge, Gt, Indexed, KroneckerDelta, Le, Lt, Mod, S, floor

from symgrad.affine import decided, inside
from symgrad.equations import Equation, Index, Quantity, Size
from symgrad.expressions import Order, product
from symgrad.indices import relabelled, summed
from symgrad.names import partial_name


@dataclass(frozen=True)
class Contribution:
    """One equation's share of an adjoint: the user's name, and its derivative by the quantity.

    For a quantity with axes, `local` is the coefficient of one entry, to be summed over the indices `over`.
    """

    user: str
    local: Expr
    entry: Expr
    over: tuple[Index, ...] = ()


def contracted(
    share: Contribution, user: Equation, result: str, target: tuple[Index, ...], written: dict[Expr, Order]
) -> Expr:
    """The share's part of the adjoint of the quantity's entry at the target indices."""
    body = share.local
    if share.user != result:
        body = product((adjoint_entry(result, user), body), written)
    over = [*user.indices, *share.over]
    if not target and not over:
        return body
    table: dict[Expr, Expr] = {}
    deltas: list[Expr] = []
    for place, goal in zip(getattr(share.entry, "indices", ()), target, strict=True):
        place = place.xreplace(table)
        solved = _solved(place, goal, over)
        if solved is None:
            if goal.size != 1:
                deltas.append(KroneckerDelta(place, goal))
            continue
        for index, value in solved.items():
            over.remove(index)
            table = {known: image.xreplace({index: value}) for known, image in table.items()} | {index: value}
            deltas.append(inside(value, index.size))
    deltas = [delta.xreplace(table) for delta in deltas]
    body = product((relabelled(body, table, written), *(delta for delta in deltas if delta is not S.One)), written)
    return summed(_with_decided(body), tuple(over), written)


def _with_decided(body: Expr) -> Expr:
    """The expression with every comparison of indices replaced that the axes' sizes decide."""
    table = {
        node: truth
        for node in body.atoms(Ge, Le, Gt, Lt)
        if node.free_symbols and all(isinstance(symbol, Index | Size) for symbol in node.free_symbols)
        if (truth := decided(node)) in (S.true, S.false)
    }
    return body.xreplace(table) if table else body


def adjoint_entry(result: str, equation: Equation) -> Expr:
    """The adjoint of an equation's quantity at the equation's own indices."""
    return Quantity(partial_name(result, equation.name), equation.quantity.axes).at(equation.indices)


def _solved(place: Expr, goal: Index, over: list[Index]) -> dict[Index, Expr] | None:
    """The summed indices that place = goal determines, and their values; None if it determines none."""
    if isinstance(place, Index):
        return {place: goal} if place in over else None
    if isinstance(place, Indexed):
        return None
    apart = _without_overlap(place, goal, over)
    if apart is not None:
        return apart
    for index in over:
        slope = place.coeff(index)
        if slope in (1, -1) and index not in (place - slope * index).free_symbols:
            return {index: (goal - (place - slope * index)) / slope}
    return None


def _without_overlap(place: Expr, goal: Index, over: list[Index]) -> dict[Index, Expr] | None:
    """The window and the place in it, where windows don't overlap: goal = stride·window + inner, inner < stride."""
    for window in over:
        stride = place.coeff(window)
        inner = place - stride * window
        whole = stride.is_Integer and stride > 1
        fits = whole and isinstance(inner, Index) and inner in over and inner.size.is_Integer
        if fits and inner.size <= stride:
            return {window: floor(goal / stride), inner: Mod(goal, stride)}
    return None
