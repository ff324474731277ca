"""Sums of products as matrix products, where a library's are faster than loops; long ones as two shorter ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import prod

from symgrad.codegen.native.nodes import ONE, Apply, Entry, Fold, Loop, Node, apply, free_loops, whole
from symgrad.codegen.native.statements import Lowering, Product, Statement

WORTH = 6_000  # multiplications from which a library's product is faster than loops of our own
SHORT = 4  # below this many rows, columns or terms it isn't


@dataclass(frozen=True)
class Group:
    """Factors that are multiplied entry by entry."""

    factors: tuple[Node, ...]

    @property
    def node(self) -> Node:
        """Their product."""
        total = self.factors[0]
        for factor in self.factors[1:]:
            total = apply("*", total, factor)
        return total

    @property
    def loops(self) -> frozenset[Loop]:
        """The loops that they depend on."""
        return frozenset(loop for factor in self.factors for loop in free_loops(factor))


def contracted(lowering: Lowering, statements: list[Statement]) -> list[Statement]:
    """The statements with each sum that is worth it as matrix products."""
    done: list[Statement] = []
    for statement in statements:
        done.extend(_contracted(lowering, statement))
    return done


def _contracted(lowering: Lowering, statement: Statement) -> Iterator[Statement]:
    if statement.kind != "sum" or any(not isinstance(at, Loop) and free_loops(at) for at in statement.at):
        yield statement
        return
    groups = _groups(statement)
    found = list(_product(lowering, statement, groups)) if len(groups) == 2 else []
    if found:
        yield from found
        return
    if len(groups) > 1:
        split = _split(statement, groups)
        if split is not None:
            inner, rest = split
            first = _named(lowering, inner)
            body = Group((*rest, first.target)).node
            over = tuple(loop for loop in statement.over if loop not in inner.over)
            yield from _contracted(lowering, first)
            yield from _contracted(lowering, replace(statement, body=body, over=over))
            return
    yield statement


def _named(lowering: Lowering, fold: Fold) -> Statement:
    """A reduction as an array of its own."""
    name, loops = lowering.fresh("t"), tuple(free_loops(fold))
    lowering.arrays[name] = tuple(loop.extent for loop in loops)
    return Statement(name, loops, fold.kind, fold.over, fold.body)


def _groups(statement: Statement) -> list[Group]:
    """The factors of a sum's body, those that need no loops of their own joined to others."""
    factors = list(_factors(statement.body))
    factors.sort(key=lambda factor: -len(free_loops(factor)))
    groups: list[Group] = []
    for factor in factors:
        loops = set(free_loops(factor))
        home = next((place for place, group in enumerate(groups) if loops <= group.loops), None)
        if home is None:
            groups.append(Group((factor,)))
        else:
            groups[home] = Group((*groups[home].factors, factor))
    return groups


def _factors(node: Node) -> Iterator[Node]:
    if isinstance(node, Apply) and node.operation == "*":
        for arg in node.args:
            yield from _factors(arg)
    elif isinstance(node, Apply) and node.operation == "/" and node.args[0] != ONE:
        yield from _factors(node.args[0])
        yield apply("/", ONE, node.args[1])
    elif isinstance(node, Apply) and node.operation == "neg":
        yield whole(-1)
        yield from _factors(node.args[0])
    else:
        yield node


def _split(statement: Statement, groups: list[Group]) -> tuple[Fold, list[Node]] | None:
    """The sum over one index that only one or two groups have, and the other factors, if that is much less work."""
    every = frozenset().union(*(group.loops for group in groups))
    best, least = None, _work(every) / 2
    for index in statement.over:
        pair = [group for group in groups if index in group.loops]
        rest = [group for group in groups if index not in group.loops]
        if len(pair) > 2 or not rest:
            continue
        inner = pair[0].loops | pair[-1].loops
        outer = (inner - {index}).union(*(group.loops for group in rest))
        work = _work(inner) + _work(outer)
        if work < least:
            fold = Fold("sum", (index,), Group(tuple(factor for group in pair for factor in group.factors)).node)
            best, least = (fold, [factor for group in rest for factor in group.factors]), work
    return best


def _work(loops: frozenset[Loop]) -> float:
    return float(prod(max(loop.extent.guess, 1) for loop in loops))


def _product(lowering: Lowering, statement: Statement, groups: list[Group]) -> Iterator[Statement]:
    """The sum as a matrix product, its operands computed first where they aren't arrays as they are."""
    one, two = (group.loops for group in groups)
    target = [at for at in statement.at if isinstance(at, Loop)]
    sums = [loop for loop in statement.over if loop in one and loop in two]
    if len(sums) != len(statement.over) or set(target) | set(sums) != one | two:
        return
    rows = [loop for loop in target if loop in one and loop not in two]
    columns = [loop for loop in target if loop in two and loop not in one]
    if not rows or not columns or not sums:
        return
    if target.index(rows[-1]) > target.index(columns[-1]):
        groups, rows, columns = groups[::-1], columns, rows
    batch = [loop for loop in target if loop in one and loop in two]
    a, before_a = _operand(lowering, groups[0], (*batch, *rows, *sums))
    b, before_b = _operand(lowering, groups[1], (*batch, *sums, *columns))
    places = [statement.at, a.at, b.at]
    m, n, k = (_in_one_stride(loops, places) for loops in (rows, columns, sums))
    if places[0][-1] != n[-1]:
        return
    for entry in (a, b):
        if not any(entry.at[-1] == loops[-1] for loops in (m, n, k)):
            return
    sizes = [prod(loop.extent.guess for loop in loops) for loops in (m, n, k)]
    if prod(sizes) < WORTH or min(sizes) < SHORT:
        return
    yield from before_a
    yield from before_b
    yield replace(statement, body=ONE, product=Product(a, b, m, n, k))


def _operand(lowering: Lowering, group: Group, order: tuple[Loop, ...]) -> tuple[Entry, list[Statement]]:
    """An entry of an array that is the group's product: one that there is, or one that a new statement computes."""
    if len(group.factors) == 1 and isinstance(group.factors[0], Entry):
        entry = group.factors[0]
        loops = [at for at in entry.at if isinstance(at, Loop)]
        plain = len(set(loops)) == len(loops) and all(isinstance(at, Loop) or not free_loops(at) for at in entry.at)
        if plain and set(loops) == group.loops and isinstance(entry.at[-1], Loop):
            return entry, []
    name = lowering.fresh("t")
    loops_ = tuple(loop for loop in order if loop in group.loops)
    lowering.arrays[name] = tuple(loop.extent for loop in loops_)
    return Entry(name, loops_), [Statement(name, loops_, "set", (), group.node)]


def _in_one_stride(loops: Sequence[Loop], places: list[tuple[Node, ...]]) -> tuple[Loop, ...]:
    """The longest run of loops, from the last, that every array walks through in one stride."""
    run = [loops[-1]]
    for loop in reversed(loops[:-1]):
        if all(_adjacent(at, loop, run[0]) for at in places if run[0] in at):
            run.insert(0, loop)
        else:
            break
    return tuple(run)


def _adjacent(at: tuple[Node, ...], first: Loop, second: Loop) -> bool:
    return first in at and at.index(first) + 1 == at.index(second)
