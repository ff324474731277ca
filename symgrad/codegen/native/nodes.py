"""Expressions with every size known: what a loop's body computes, one node an operation.

Unlike SymPy's, these never rearrange themselves, so that a guard stays around the entry that it guards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TypeAlias


@dataclass(frozen=True)
class Extent:
    """The length of an axis: its name in the model if it has one, and its value unless that varies between calls.

    `typical` is a value to decide by where it varies.
    """

    name: str = ""
    value: int | None = None
    typical: int = field(default=0, compare=False)

    @property
    def guess(self) -> int:
        """The length, or what it is likely to be."""
        return self.typical if self.value is None else self.value

    @property
    def text(self) -> str:
        """The length in C: the name of a constant or of a variable, or the number."""
        return self.name or str(self.value)


@dataclass(frozen=True)
class Loop:
    """An index that runs over an axis, from 0."""

    name: str
    extent: Extent


@dataclass(frozen=True)
class Number:
    """An exact number."""

    value: Fraction


@dataclass(frozen=True)
class Length:
    """The length of an axis that varies between calls, as a number."""

    extent: Extent


@dataclass(frozen=True)
class Entry:
    """The entry of an array, or a scalar where there are no positions.

    `inside`: 2 where the positions lie on the axes whatever the loops are at, 1 where a condition around it sees to
    that, 0 where nobody knows.
    """

    array: str
    at: tuple[Node, ...] = ()
    inside: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Apply:
    """An operation on numbers, by its name in the table of operations."""

    operation: str
    args: tuple[Node, ...]


@dataclass(frozen=True)
class Fold:
    """A reduction of the body over loops: "sum", "max", or "top", a maximum that need not notice NaN."""

    kind: str
    over: tuple[Loop, ...]
    body: Node


Node: TypeAlias = Loop | Number | Length | Entry | Apply | Fold

ZERO, ONE = Number(Fraction(0)), Number(Fraction(1))


def whole(value: int) -> Number:
    """A whole number."""
    return Number(Fraction(value))


def children(node: Node) -> tuple[Node, ...]:
    """The nodes directly inside one."""
    if isinstance(node, Entry):
        return node.at
    if isinstance(node, Apply):
        return node.args
    return (node.body,) if isinstance(node, Fold) else ()


def rebuilt(node: Node, change: Callable[[Node], Node]) -> Node:
    """The node with each of its children changed."""
    if isinstance(node, Entry):
        return Entry(node.array, tuple(map(change, node.at)), node.inside) if node.at else node
    if isinstance(node, Apply):
        return Apply(node.operation, tuple(map(change, node.args)))
    return Fold(node.kind, node.over, change(node.body)) if isinstance(node, Fold) else node


def walk(node: Node) -> Iterator[Node]:
    """The node and everything inside it."""
    yield node
    for child in children(node):
        yield from walk(child)


def entries(node: Node) -> Iterator[Entry]:
    """The entries that a node reads."""
    return (part for part in walk(node) if isinstance(part, Entry))


def free_loops(node: Node) -> dict[Loop, None]:
    """The loops that a node depends on and doesn't run itself, as they occur."""
    if isinstance(node, Loop):
        return {node: None}
    found: dict[Loop, None] = {}
    for child in children(node):
        found |= free_loops(child)
    if isinstance(node, Fold):
        return {loop: None for loop in found if loop not in node.over}
    return found


def exposed(node: Node) -> Node:
    """The node as it is to be computed outside of the conditions around it."""
    node = rebuilt(node, exposed)
    return Entry(node.array, node.at) if isinstance(node, Entry) and node.inside == 1 else node


def replaced(node: Node, table: Mapping[Node, Node]) -> Node:
    """The node with others put in place of some nodes; arithmetic of whole numbers is done."""
    if node in table:
        return table[node]
    if isinstance(node, Number | Loop | Length):
        return node
    changed = rebuilt(node, lambda child: replaced(child, table))
    return folded(changed) if isinstance(changed, Apply) else changed


def apply(operation: str, *args: Node) -> Node:
    """An operation on nodes, done where it is one on known numbers.

    >>> apply("+", whole(1), whole(2)), apply("*", whole(1), Entry("x"))
    (Number(value=Fraction(3, 1)), Entry(array='x', at=(), inside=0))
    """
    return folded(Apply(operation, args))


def folded(node: Apply) -> Node:
    """What an operation on known numbers is; x + 0, x·1 and the like without the number."""
    op, args = node.operation, node.args
    values = [arg.value if isinstance(arg, Number) else None for arg in args]
    if len(args) == 2:
        left, right = args
        a, b = values
        if op in _EXACT and a is not None and b is not None and not (op in ("/", "//", "%") and b == 0):
            return Number(Fraction(_EXACT[op](a, b)))
        if (op in ("+", "-") and b == 0) or (op in ("*", "/", "//") and b == 1):
            return left
        if (op == "+" and a == 0) or (op == "*" and a == 1):
            return right
    if op == "neg" and values[0] is not None:
        return Number(-values[0])
    if op in _TESTS and all(value is not None for value in values):
        return ONE if _TESTS[op](*values) else ZERO
    if op == "select" and values[0] is not None:
        return args[1] if values[0] else args[2]
    if op == "and":
        return ZERO if 0 in values else args[1] if values[0] else args[0] if values[1] else node
    if op == "or":
        return args[1] if values[0] == 0 else args[0] if values[1] == 0 else node
    return node


_EXACT: dict[str, Callable[[Fraction, Fraction], Fraction | int]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "//": lambda a, b: a // b,
    "%": lambda a, b: a % b,
}
_TESTS: dict[str, Callable[..., bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "not": lambda a: not a,
}
