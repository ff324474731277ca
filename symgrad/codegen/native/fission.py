"""A loop over samples parted before its sums over them, where these fit the registers of a loop of their own.

Fusion puts a small network's whole step into one loop. Its gradients are then added to in memory in every turn, since
what computes the activations needs the registers. Behind the loop, in one that does little else, they stay in these.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import prod

from symgrad.codegen.native.fusion import Nest, Tree, accumulates
from symgrad.codegen.native.nodes import Extent, Loop
from symgrad.codegen.native.statements import Statement, reads

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
    cut = next(
        (place for place, node in enumerate(nest.body) if isinstance(node, Nest) and _sums([node], nest.loop)), 0
    )
    before, after = nest.body[:cut], nest.body[cut:]
    if not any(isinstance(node, Nest) for node in before) or any(map(_is_product, _statements(nest.body))):
        return [nest]
    added = {statement.array for statement in _sums(after, nest.loop)}
    written = {statement.array for statement in _statements(before)}
    passed = written & {name for statement in _statements(after) for name in reads(statement)}
    if _numbers(added, arrays) <= REGISTERS and _numbers(passed, arrays) <= CACHED:
        return [Nest(nest.loop, before), Nest(nest.loop, after)]
    return [nest]


def _statements(nodes: tuple[Tree, ...] | list[Tree]) -> Iterator[Statement]:
    for node in nodes:
        if isinstance(node, Nest):
            yield from _statements(node.body)
        else:
            yield node


def _sums(nodes: tuple[Tree, ...] | list[Tree], loop: Loop) -> list[Statement]:
    """The statements that add to something in every turn of a loop."""
    return [one for one in _statements(nodes) if accumulates(one) and loop in one.over]


def _is_product(statement: Statement) -> bool:
    return statement.product is not None


def _numbers(names: set[str], arrays: Mapping[str, tuple[Extent, ...]]) -> float:
    """How many numbers arrays have together; infinitely many where that varies."""
    lengths = [[extent.value for extent in arrays[name]] for name in names]
    return sum(prod(float("inf") if length is None else length for length in one) for one in lengths)
