"""Statements put into loops, as many as may be into the same ones.

Every array is assigned once, so the only question is whether an entry is complete when it is read: a statement may
join a loop if what it reads of the loop's own arrays is the entry of this very turn.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from math import prod
from typing import TypeAlias

from symgrad.codegen.native.nodes import ZERO, Apply, Entry, Extent, Loop, Node, entries, free_loops
from symgrad.codegen.native.statements import Statement, reading


@dataclass(frozen=True)
class Nest:
    """A loop and what is done in each turn."""

    loop: Loop
    body: tuple[Tree, ...]


Tree: TypeAlias = Nest | Statement

IDENTITY: dict[str, Node] = {
    "sum": ZERO,
    "max": Apply("-infinity", ()),
    "top": Apply("-infinity", ()),
}


@dataclass
class _Group:
    """A loop with the statements in it, or one statement without a loop."""

    loop: Loop | None
    members: list[_Item] = field(default_factory=list)


@dataclass(frozen=True)
class _Item:
    """A statement, the loops that it is still to be put into, and whether its reduction has its first value."""

    statement: Statement
    left: tuple[Loop, ...]
    started: bool


def fused(
    statements: list[Statement], arrays: dict[str, tuple[Extent, ...]], sample: Extent | None
) -> tuple[Tree, ...]:
    """The statements, in an order in which they can be computed, as nested loops."""
    counter = itertools.count()
    return _Fusion(arrays, sample, counter).block([_item(_fresh(statement, counter)) for statement in statements])


def _item(statement: Statement) -> _Item:
    return _Item(statement, statement.loops, statement.kind == "set" or _in_one_go(statement))


def _in_one_go(statement: Statement) -> bool:
    """Whether a matrix product computes the whole sum."""
    product = statement.product
    return product is not None and set(statement.over) <= set(product.k)


def accumulates(statement: Statement) -> bool:
    """Whether a statement adds to what there is rather than replacing it."""
    return statement.kind != "set" and not _in_one_go(statement)


def _fresh(statement: Statement, counter: Iterator[int]) -> Statement:
    """The statement with loops of its own."""
    product = statement.product
    inside = (*product.m, *product.n, *product.k) if product else ()
    table: dict[Node, Node] = {
        loop: Loop(f"{next(counter)} {loop.name}", loop.extent) for loop in (*statement.loops, *inside)
    }

    def named(loops: tuple[Loop, ...]) -> tuple[Loop, ...]:
        return tuple(new for loop in loops if isinstance(new := table[loop], Loop))

    renamed = statement.renamed(table)
    if renamed.product is not None and product is not None:
        renamed = replace(
            renamed, product=replace(renamed.product, m=named(product.m), n=named(product.n), k=named(product.k))
        )
    return renamed


@dataclass(frozen=True)
class _Fusion:
    arrays: dict[str, tuple[Extent, ...]]
    sample: Extent | None
    counter: Iterator[int]

    def block(self, items: list[_Item]) -> tuple[Tree, ...]:
        groups: list[_Group] = []
        for item in items:
            self._place(item, groups)
        return tuple(
            group.members[0].statement if group.loop is None else Nest(group.loop, self.block(group.members))
            for group in groups
        )

    def _place(self, item: _Item, groups: list[_Group]) -> None:
        """Puts an item into the last loop that it may join, or behind all that there is."""
        place, loop = self._home(item, groups)
        if place is None:
            place = len(groups)
        if loop is None:
            loop = self._first(item) if item.left else None
        if not item.started and loop in item.statement.over:
            start = self._start(item)
            first = self._first(start) if start.left else None
            groups.insert(place, _Group(first, [_inside(start, first, first) if first else start]))
            place += 1
            item = replace(item, started=True)
        if loop is None:
            groups.append(_Group(None, [item]))
        elif place == len(groups):
            groups.append(_Group(loop, [_inside(item, loop, loop)]))
        else:
            home = groups[place].loop
            assert home is not None  # an item joins loops only
            groups[place].members.append(_inside(item, loop, home))

    def _start(self, item: _Item) -> _Item:
        """What gives the entries that a reduction is about to add to their first value."""
        statement, product = item.statement, item.statement.product
        own = {*item.left, *(product.m if product else ()), *(product.n if product else ())}
        at: list[Node] = []
        left: list[Loop] = []
        for position, extent in zip(statement.at, self.arrays[statement.array], strict=True):
            whole_axis = any(True for _ in entries(position))  # it adds at places read from an array
            if whole_axis or position in own:
                left.append(Loop(f"{next(self.counter)} s", extent))
                at.append(left[-1])
            else:
                at.append(position)
        start = Statement(statement.array, tuple(at), "set", (), IDENTITY[statement.kind])
        return _Item(start, tuple(left), True)

    def _home(self, item: _Item, groups: list[_Group]) -> tuple[int | None, Loop | None]:
        """The group that the item may join, and by which of its loops: one whose arrays it reads, or the last."""
        found: tuple[int | None, Loop | None] = None, None
        if item.statement.alone:
            return found
        for place in range(len(groups) - 1, -1, -1):
            group = groups[place]
            written = {member.statement.array for member in group.members}
            needs = [entry for entry in _touched(item) if entry.array in written]
            if needs or found[0] is None:
                for loop in item.left:
                    if group.loop is not None and self._joins(item, needs, loop, group):
                        found = place, loop
                        break
            if needs:
                break
        return found

    def _joins(self, item: _Item, needs: list[Entry], loop: Loop, group: _Group) -> bool:
        if group.loop is None or loop.extent != group.loop.extent or not self._suits(item, loop):
            return False
        if any(member.statement.alone for member in group.members):
            return False
        for member in group.members:
            places = [place for place, at in enumerate(member.statement.at) if at == group.loop]
            for entry in needs:
                if entry.array == member.statement.array and not any(entry.at[place] == loop for place in places):
                    return False
        return bool(needs) or loop.extent == self.sample or self._near(item, loop, group)

    def _suits(self, item: _Item, loop: Loop) -> bool:
        """Whether a loop may be the outer one of those that an item has left, without harm to its stride."""
        if loop == self._first(item) or loop in item.statement.over or loop.extent == self.sample:
            return True
        return prod(other.extent.guess for other in item.left if other != loop) <= 8

    def _near(self, item: _Item, loop: Loop, group: _Group) -> bool:
        """Whether the item reads along its loop what the group reads along its own."""
        theirs = {
            (entry.array, place)
            for member in group.members
            for entry in reading(member.statement)
            for place, at in enumerate(entry.at)
            if at == group.loop
        }
        mine = {
            (entry.array, place) for entry in reading(item.statement) for place, at in enumerate(entry.at) if at == loop
        }
        return not theirs.isdisjoint(mine)

    def _first(self, item: _Item) -> Loop:
        """The loop to open: the samples, or the one that is best outside; the last is the one to vectorise."""
        for loop in item.left:
            if loop.extent == self.sample:
                return loop
        if len(item.left) == 1:
            return item.left[0]
        score = {loop: _stride_score(item.statement, loop) for loop in item.left}
        inner = max(item.left, key=lambda loop: (score[loop], loop not in item.statement.over))
        rest = [loop for loop in item.left if loop != inner]
        rest.sort(key=lambda loop: loop in item.statement.over)
        return rest[0]


def _touched(item: _Item) -> list[Entry]:
    """The entries that an item needs: what it reads, and for a reduction what it adds to."""
    found = reading(item.statement)
    return [*found, item.statement.target] if accumulates(item.statement) else found


def _stride_score(statement: Statement, loop: Loop) -> float:
    """How well a loop walks through memory: up for each array with neighbours in a row, down for each with jumps."""
    score = 0.0
    for entry in [statement.target, *reading(statement)]:
        for place, at in enumerate(entry.at):
            if loop in free_loops(at):
                last = place == len(entry.at) - 1
                score += 1.0 if last and at == loop else -1.0
    return score


def _inside(item: _Item, loop: Loop, outer: Loop) -> _Item:
    """The item in a loop that takes the place of one of its own."""
    left = tuple(other for other in item.left if other != loop)
    statement = item.statement
    if loop != outer:
        statement = statement.renamed({loop: outer})
    return _Item(statement, left, item.started)
