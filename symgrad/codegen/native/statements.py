"""Statements: each computes one array's entries by one operation, in loops; reductions stand by themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from math import prod

from symgrad.codegen.native.nodes import (
    Apply,
    Entry,
    Extent,
    Fold,
    Loop,
    Node,
    apply,
    children,
    entries,
    exposed,
    free_loops,
    rebuilt,
    replaced,
    whole,
)

_COSTLY = (
    "exp log sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh erf erfc tgamma lgamma sigmoid softplus pow "
    "sqrt"
)
COSTLY = frozenset(_COSTLY.split())
UNROLLED = 4  # a reduction over at most this many entries is written out


@dataclass(frozen=True)
class Definition:
    """An array's name, the loops over its axes (0 for an axis with one entry), and what each entry is."""

    name: str
    at: tuple[Node, ...]
    body: Node


@dataclass(frozen=True)
class Product:
    """A matrix product: out[m, n] += Σₖ a[m, k] b[k, n], each of m, n and k one loop or several in one stride."""

    a: Entry
    b: Entry
    m: tuple[Loop, ...]
    n: tuple[Loop, ...]
    k: tuple[Loop, ...]


@dataclass(frozen=True)
class Statement:
    """array[at] = body ("set"), or the reduction of the body over the loops `over` ("sum", "max", "top").

    With `product` the loops of a matrix product are not its own; `loops` gives those that are.  `alone`: its loops run
    over all entries and hold nothing else, see `symgrad.codegen.native.flat`.
    """

    array: str
    at: tuple[Node, ...]
    kind: str
    over: tuple[Loop, ...]
    body: Node
    product: Product | None = None
    alone: bool = False

    @property
    def target(self) -> Entry:
        """What is computed."""
        return Entry(self.array, self.at)

    @property
    def loops(self) -> tuple[Loop, ...]:
        """The loops around the operation, the target's first."""
        inside = (*self.product.m, *self.product.n, *self.product.k) if self.product else ()
        found = dict.fromkeys((*(loop for at in self.at for loop in free_loops(at)), *self.over))
        return tuple(loop for loop in found if loop not in inside)

    def renamed(self, table: Mapping[Node, Node]) -> Statement:
        """The statement with loops replaced."""
        at = tuple(replaced(position, table) for position in self.at)
        over = tuple(loop for old in self.over if isinstance(loop := table.get(old, old), Loop))
        product = self.product
        if product is not None:
            a, b = replaced(product.a, table), replaced(product.b, table)
            assert isinstance(a, Entry) and isinstance(b, Entry)
            product = replace(product, a=a, b=b)
        return replace(self, at=at, over=over, body=replaced(self.body, table), product=product)


def canonical(node: Node) -> tuple[Node, tuple[Loop, ...]]:
    """The node with its loops named by their order, and its free loops in that order."""
    table: dict[Node, Node] = {}

    def visit(part: Node, bound: dict[Node, Node]) -> Node:
        if isinstance(part, Loop):
            if part in bound:
                return bound[part]
            return table.setdefault(part, Loop(f"free {len(table)}", part.extent))
        if isinstance(part, Fold):
            inner: dict[Node, Node] = {
                loop: Loop(f"bound {len(bound) + place}", loop.extent) for place, loop in enumerate(part.over)
            }
            over = tuple(loop for loop in inner.values() if isinstance(loop, Loop))
            return Fold(part.kind, over, visit(part.body, {**bound, **inner}))
        return rebuilt(part, lambda child: visit(child, bound))

    return visit(node, {}), tuple(loop for loop in table if isinstance(loop, Loop))


@dataclass
class Lowering:
    """Collects statements, and the axes of the arrays that they introduce."""

    sample: Extent | None = None
    taken: frozenset[str] = frozenset()
    arrays: dict[str, tuple[Extent, ...]] = field(default_factory=dict)
    statements: list[Statement] = field(default_factory=list)
    known: dict[Node, str] = field(default_factory=dict)

    def add(self, definition: Definition) -> None:
        """The statements of a definition: one for each reduction in it, then its own."""
        body = self.flattened(self._unrolled(definition.body), top=True)
        body = self._hoisted(body, {at for at in definition.at if isinstance(at, Loop)})
        self.arrays.setdefault(definition.name, tuple(map(_extent, definition.at)))
        if isinstance(body, Fold):
            self.statements.append(
                scattered(Statement(definition.name, definition.at, body.kind, body.over, body.body))
            )
        else:
            self.statements.append(Statement(definition.name, definition.at, "set", (), body))

    def _unrolled(self, node: Node) -> Node:
        """The node with each short reduction written out."""
        node = rebuilt(node, self._unrolled)
        if not isinstance(node, Fold) or not self._is_short(node):
            return node
        terms: list[Node] = [node.body]
        for loop in node.over:
            assert loop.extent.value is not None  # it is short
            terms = [replaced(term, {loop: whole(place)}) for term in terms for place in range(loop.extent.value)]
        operation = {"sum": "+", "max": "maximum", "top": "larger"}[node.kind]
        total = terms[0]
        for term in terms[1:]:
            total = apply(operation, total, term)
        return total

    def _is_short(self, node: Fold) -> bool:
        lengths = [loop.extent.value for loop in node.over]
        if any(length is None for length in lengths) or any(loop.extent == self.sample for loop in node.over):
            return False
        return prod(length for length in lengths if length is not None) <= UNROLLED

    def flattened(self, node: Node, top: bool = False) -> Node:
        """The node with each reduction inside it replaced by an array that holds it; one at the top is kept."""
        node = rebuilt(node, self.flattened)
        if not isinstance(node, Fold) or top:
            return node
        return self.named(node)

    def _hoisted(self, node: Node, around: set[Loop]) -> Node:
        """The node with each costly operation that doesn't change in every turn of the loops done outside of them."""
        if isinstance(node, Fold):
            return Fold(node.kind, node.over, self._hoisted(node.body, around | set(node.over)))
        if _is_costly(node) and set(free_loops(node)) < around:
            return self.named(node)
        return rebuilt(node, lambda child: self._hoisted(child, around))

    def named(self, node: Node) -> Entry:
        """An array that holds a node's values, one for each value of its free loops."""
        node = exposed(node)
        key, loops = canonical(node)
        if key not in self.known:
            name = self.fresh("t")
            self.known[key] = name
            self.arrays[name] = tuple(loop.extent for loop in loops)
            if isinstance(node, Fold):
                body = self._hoisted(node.body, {*loops, *node.over})
                self.statements.append(scattered(Statement(name, loops, node.kind, node.over, body)))
            else:
                self.statements.append(Statement(name, loops, "set", (), node))
        return Entry(self.known[key], loops)

    def fresh(self, stem: str) -> str:
        """A name that no array and no length has."""
        number = 1
        while f"{stem}{number}" in self.arrays or f"{stem}{number}" in self.taken:
            number += 1
        return f"{stem}{number}"


def scattered(statement: Statement) -> Statement:
    """A sum whose body is only there where an axis of the target is a whole number read from an array: added there."""
    body = statement.body
    if statement.kind != "sum" or not (isinstance(body, Apply) and body.operation == "select"):
        return statement
    test, value, otherwise = body.args
    if otherwise != whole(0):
        return statement
    for part in _conjuncts(test):
        for goal, place in _equality(part):
            if goal in statement.at and isinstance(place, Entry) and goal not in free_loops(place):
                rest = [other for other in _conjuncts(test) if other != part]
                for other in rest:
                    value = apply("select", other, value, whole(0))
                return scattered(replace(statement, body=value).renamed({goal: place}))
    return statement


def _conjuncts(test: Node) -> list[Node]:
    if isinstance(test, Apply) and test.operation == "and":
        return [part for arg in test.args for part in _conjuncts(arg)]
    return [test]


def _equality(test: Node) -> Iterable[tuple[Node, Node]]:
    if isinstance(test, Apply) and test.operation == "==":
        left, right = test.args
        yield left, right
        yield right, left


def _extent(at: Node) -> Extent:
    return at.extent if isinstance(at, Loop) else Extent("", 1)


def shared(lowering: Lowering) -> list[Statement]:
    """The statements with each costly operation that occurs in several computed once."""
    count: dict[Node, int] = {}
    for statement in lowering.statements:
        for key in {canonical(node)[0] for node in _costly(statement.body)}:
            count[key] = count.get(key, 0) + 1
    twice = {key for key, times in count.items() if times > 1}
    if not twice:
        return lowering.statements
    whole_body = {
        canonical(statement.body)[0]: statement
        for statement in reversed(lowering.statements)
        if statement.kind == "set" and canonical(statement.body)[0] in twice
        if set(free_loops(statement.body)) == {at for at in statement.at if isinstance(at, Loop)}
    }
    names: dict[Node, tuple[str, tuple[int | Node, ...]]] = {}
    done: list[Statement] = []

    def visit(node: Node) -> Node:
        key, loops = canonical(node) if _is_costly(node) else (None, ())
        if key is None or key not in twice:
            return rebuilt(node, visit)
        if key not in names:
            name = lowering.fresh("c")
            lowering.arrays[name] = tuple(loop.extent for loop in loops)
            names[key] = name, tuple(range(len(loops)))
            done.append(Statement(name, loops, "set", (), exposed(rebuilt(node, visit))))
        name, order = names[key]
        return Entry(name, tuple(loops[place] if isinstance(place, int) else place for place in order))

    for statement in lowering.statements:
        key = canonical(statement.body)[0]
        if whole_body.get(key) is statement and key not in names:
            _, loops = canonical(statement.body)
            names[key] = statement.array, tuple(loops.index(a) if isinstance(a, Loop) else a for a in statement.at)
            done.append(replace(statement, body=rebuilt(statement.body, visit)))
            continue
        done.append(replace(statement, body=visit(statement.body)))
    return done


def _is_costly(node: Node) -> bool:
    """Whether a node is worth computing once; one of numbers alone is computed by the compiler."""
    return isinstance(node, Apply) and node.operation in COSTLY and any(True for _ in entries(node))


def _costly(node: Node) -> Iterable[Node]:
    if _is_costly(node):
        yield node
    for child in children(node):
        yield from _costly(child)


def live(statements: list[Statement], wanted: Iterable[str]) -> list[Statement]:
    """The statements that the wanted arrays need."""
    needed = set(wanted)
    kept: list[Statement] = []
    for statement in reversed(statements):
        if statement.array in needed:
            kept.append(statement)
            needed |= reads(statement)
    return kept[::-1]


def reads(statement: Statement) -> set[str]:
    """The arrays that a statement reads."""
    return {entry.array for entry in _entries(statement)}


def reading(statement: Statement) -> list[Entry]:
    """The entries that a statement reads, those in its target's positions too."""
    return list(_entries(statement))


def _entries(statement: Statement) -> Iterable[Entry]:
    stack: list[Node] = [statement.body, *statement.at]
    if statement.product is not None:
        stack += [statement.product.a, statement.product.b]
    while stack:
        node = stack.pop()
        if isinstance(node, Entry):
            yield node
        stack.extend(children(node))
