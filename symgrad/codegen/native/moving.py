"""Gradients that one matrix product computes: it may add them to their parameter, without a pass of its own.

A plain step is theta - rate*gradient, and a library's product adds alpha a b to what there is.
"""

from __future__ import annotations

from collections.abc import Mapping

from symgrad.codegen.native.fusion import Tree, accumulates
from symgrad.codegen.native.statements import Statement
from symgrad.codegen.native.storage import uses


def last_products(tree: tuple[Tree, ...], gradients: Mapping[str, str]) -> tuple[tuple[Tree, ...], dict[str, str]]:
    """The tree with products that are gradients after the last use of their parameter, and these with theirs.

    `gradients` names the parameter of each gradient's array.
    """
    reads: dict[str, int] = {}
    for use in uses(tree):
        if not use.writes:
            reads[use.entry.array] = use.path[0] if use.path else tree.index(use.statement)
    moved: dict[str, str] = {}
    order: list[tuple[int, bool, int]] = []
    for place, node in enumerate(tree):
        parameter = _parameter(node, gradients)
        if parameter is None or not isinstance(node, Statement) or node.array in reads:
            order.append((place, False, place))
            continue
        moved[node.array] = parameter
        order.append((max(place, reads.get(parameter, place)), True, place))
    return tuple(tree[place] for _, _, place in sorted(order)), moved


def _parameter(node: Tree, gradients: Mapping[str, str]) -> str | None:
    """The parameter whose gradient a matrix product alone computes, of other arrays than the parameter."""
    if not isinstance(node, Statement) or node.product is None or accumulates(node):
        return None
    parameter = gradients.get(node.array)
    return None if parameter in (node.product.a.array, node.product.b.array) else parameter
