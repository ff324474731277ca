"""A loop over samples parted before its sums over them, where these fit the registers of a loop of their own.

Fusion puts a small network's whole step into one loop. Its gradients are then added to in memory in every turn, since
what computes the activations needs the registers. Behind the loop, in one that does little else, they stay in these.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import prod

from symgrad.codegen.native.fusion import Nest, Tree, accumulates
from symgrad.codegen.native.nodes import Extent
from symgrad.codegen.native.storage import uses

REGISTERS = 72  # numbers that the vector registers of today's machines hold, or nearly
CACHED = 4096  # numbers that the loops may pass on: they stay in the nearest cache


def parted(tree: tuple[Tree, ...], arrays: Mapping[str, tuple[Extent, ...]], sample: Extent | None) -> tuple[Tree, ...]:
    """The tree with each loop over samples that gains by it in two."""
    found: list[Tree] = []
    for node in tree:
        if isinstance(node, Nest) and node.loop.extent == sample:
            found += _parted(node, arrays)
        else:
            found.append(node)
    return tuple(found)


def _parted(nest: Nest, arrays: Mapping[str, tuple[Extent, ...]]) -> list[Tree]:
    body = nest.body
    cut = next((place for place, node in enumerate(body) if isinstance(node, Nest) and _added([node], nest)), 0)
    before, after = body[:cut], body[cut:]
    has_product = any(use.statement.product is not None for use in uses(body))
    if has_product or not any(isinstance(node, Nest) for node in before):
        return [nest]
    written = {use.entry.array for use in uses(before) if use.writes}
    passed = written & {use.entry.array for use in uses(after) if not use.writes}
    if _numbers(_added(after, nest), arrays) <= REGISTERS and _numbers(passed, arrays) <= CACHED:
        return [Nest(nest.loop, before), Nest(nest.loop, after)]
    return [nest]


def _added(nodes: Iterable[Tree], nest: Nest) -> set[str]:
    """The arrays that statements add to in every turn of a loop."""
    found = (use.statement for use in uses(nodes) if use.writes)
    return {one.array for one in found if accumulates(one) and nest.loop in one.over}


def _numbers(names: set[str], arrays: Mapping[str, tuple[Extent, ...]]) -> float:
    """How many numbers arrays have together; infinitely many where that varies."""
    lengths = [[extent.value for extent in arrays[name]] for name in names]
    return sum(prod(float("inf") if length is None else length for length in one) for one in lengths)
