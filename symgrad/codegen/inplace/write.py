"""A graph of operations as statements: each into a buffer, buffers used again when what they hold is dead."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from symgrad.codegen.inplace.graph import Graph, Node
from symgrad.codegen.inplace.names import Names


@dataclass(frozen=True)
class Memory:
    """What is known about the inputs of a text."""

    constant: frozenset[str] = frozenset()  # their numbers never change: what needs only them is computed once
    fixed: frozenset[str] = frozenset()  # their memory stays where it is: a view of it is taken once
    mine: frozenset[str] = frozenset()  # may be overwritten once they have been read


@dataclass
class Written:
    """Statements to run once, statements to run each time, and the text of each node."""

    head: list[str] = field(default_factory=list)
    body: list[str] = field(default_factory=list)
    text: dict[Node, str] = field(default_factory=dict)
    shared: int = 0  # operations that more than one other uses
    buffers: int = 0


def written(
    graph: Graph,
    wanted: Iterable[Node],
    targets: Mapping[Node, str],
    names: Names,
    named: Mapping[Node, str],
    memory: Memory,
) -> Written:
    """The statements that compute the wanted nodes, and each node of `targets` into the memory of that name."""
    return _Writer(graph, {*wanted, *targets}, dict(targets), names, named, memory).run()


class _Writer:
    def __init__(
        self,
        graph: Graph,
        wanted: set[Node],
        targets: dict[Node, str],
        names: Names,
        named: Mapping[Node, str],
        memory: Memory,
    ) -> None:
        self.targets, self.names, self.named, self.memory = targets, names, named, memory
        self.order = [node for node in graph.nodes if node in _live(wanted)]
        self.out = Written()
        self.constant = self._constants()
        self.last = self._last_uses(wanted)
        self.holder: dict[Node, str] = {}  # whose memory a buffer holds at present
        self.free: list[tuple[str, tuple[int, ...], str]] = []
        self.views: dict[tuple[str, str], str] = {}
        self.uses = Counter(arg for node in self.order for arg in node.args)
        self.uses.update(wanted)

    def run(self) -> Written:
        copies = []
        for place, node in enumerate(self.order):
            self._write(place, node)
            if node in self.targets and self.out.text[node] != self.targets[node]:
                copies.append(f"{self.targets[node]}[...] = {self.out.text[node]}")
            self._release(place)
        self.out.body += copies
        arrays = [node for node in self.order if node.kind in ("elementwise", "into")]
        self.out.shared = sum(1 for node in arrays if self.uses[node] > 1 and node not in self.constant)
        return self.out

    def _constants(self) -> set[Node]:
        found: set[Node] = set()
        for node in self.order:
            if node.kind == "input":
                if node.text in self.memory.constant:
                    found.add(node)
            elif node.kind in ("number", "ones") or all(arg in found for arg in node.args):
                found.add(node)
        return found

    def _last_uses(self, wanted: set[Node]) -> dict[Node, int]:
        """The last place at which each node's memory is read."""
        last: dict[Node, int] = {}
        for place, node in enumerate(self.order):
            for arg in node.args:
                for root in _roots(arg):
                    last[root] = place
        for node in wanted:
            for root in _roots(node):
                last[root] = len(self.order)
        return last

    def _write(self, place: int, node: Node) -> None:
        if node.kind == "number":
            self.out.text[node] = node.text if node.value is not None and node.value >= 0 else f"({node.text})"
        elif node.kind == "input":
            self.out.text[node] = node.text
            if node.text in self.memory.mine:
                self.holder[node] = node.text
        elif node.kind == "ones":
            self._assign(node, self.names.new(f"ones_{node.shape[0]}"), self.out.head)
        elif node in self.constant:
            self.out.text[node] = self._computed_once(node)
        elif node.kind == "view":
            self.out.text[node] = self._view(node)
        elif node.kind == "scalar":
            self._scalar(node)
        elif node.kind == "fresh":
            self._assign(node, self.names.new(self.named.get(node, "t0")), self.out.body)
        else:
            self._into(place, node)

    def _scalar(self, node: Node) -> None:
        """A number: where it is used once, and reads no array, in the midst of the expression that uses it."""
        if self.uses[node] == 1 and all(arg.is_scalar for arg in node.args):
            self.out.text[node] = self._formatted(node.text, node)
        else:
            self._assign(node, self.names.new(self.named.get(node, "s0")), self.out.body)

    def _computed_once(self, node: Node) -> str:
        if all(arg.kind == "number" for arg in _leaves(node)):
            return self._formatted(node.text, node)
        if node.kind == "view":
            return self._view(node)
        name = self.names.new(self.named.get(node, "c0"))
        self._assign(node, name, self.out.head)
        return name

    def _assign(self, node: Node, name: str, lines: list[str]) -> None:
        lines.append(f"{name} = {self.names.called(self._formatted(node.text, node))}")
        self.out.text[node] = name

    def _view(self, node: Node) -> str:
        base = self.out.text[node.args[0]]
        text = node.text.format(base)
        root = node.root
        fixed = root.kind != "input" or root.text in self.memory.fixed
        stays = root in self.constant or (root.kind != "fresh" and fixed)
        if not stays:
            return text
        if (base, node.text) not in self.views:
            suffix = "T" if node.text.endswith(".T") else "as"
            self.views[base, node.text] = self.names.new(f"{base}_{suffix}")
            self.out.head.append(f"{self.views[base, node.text]} = {text}")
        return self.views[base, node.text]

    def _into(self, place: int, node: Node) -> None:
        out = self._memory(place, node)
        self.out.text[node] = out
        args = [self.out.text[arg] for arg in node.args]
        name = self.named.get(node)
        comment = f"  # {name}" if name and name != out else ""
        self.out.body.append(self.names.called(node.into.format(*args, out=out)) + comment)

    def _memory(self, place: int, node: Node) -> str:
        """Where a node is written: its target, an operand that dies here, a free buffer, or a new one."""
        target = self.targets.get(node)
        dying = {self.holder[arg]: arg for arg in node.args if arg in self.holder and self.last.get(arg) == place}
        if target is not None and (target in dying or target not in self.holder.values()) and self._may(node, target):
            self.holder = {held: name for held, name in self.holder.items() if name != target}
            self.free = [item for item in self.free if item[0] != target]
            return target
        wanted = (node.shape, str(node.dtype))
        if node.kind == "elementwise" or node.into.startswith("copyto"):
            for name, arg in dying.items():
                if (arg.shape, str(arg.dtype)) == wanted and self._may(node, name):
                    del self.holder[arg]
                    self.holder[node] = name
                    return name
        for item in self.free:
            if item[1:] == wanted:
                self.free.remove(item)
                self.holder[node] = item[0]
                return item[0]
        name = self.names.new(self._first_name(node))
        self.out.head.append(f"{name} = np.empty({node.shape}, np.{node.dtype})")
        self.out.buffers += 1
        self.holder[node] = name
        return name

    def _may(self, node: Node, memory: str) -> bool:
        """Whether a node may be written over this memory while it reads its operands."""
        if node.kind == "elementwise":  # operands of the same layout only: not the transpose of what is overwritten
            return all(memory != self._base(arg) or self.out.text[arg] == memory for arg in node.args)
        if node.into.startswith("copyto"):
            return all(memory != self._base(arg) for arg in node.args[:2])
        return all(memory != self._base(arg) for arg in node.args)

    def _base(self, arg: Node) -> str:
        return self.out.text.get(arg.root, "")

    def _first_name(self, node: Node) -> str:
        """The name of the quantity that a chain of operations in place ends in."""
        while node not in self.named:
            users = [user for user in self.order if node in user.args]
            if len(users) != 1 or users[0].kind != "elementwise" or users[0].shape != node.shape:
                return "t0"
            node = users[0]
        return self.named[node] if node not in self.targets else "t0"

    def _release(self, place: int) -> None:
        for node, name in list(self.holder.items()):
            if self.last.get(node, -1) == place:
                del self.holder[node]
                self.free.append((name, node.shape, str(node.dtype)))

    def _formatted(self, text: str, node: Node) -> str:
        texts = [self.out.text[arg] for arg in node.args]
        if node.kind == "scalar":
            texts = [t if _ATOM.fullmatch(t) or "({" in text else f"({t})" for t in texts]
        return text.format(*texts)


_ATOM = re.compile(r"[\w.]+|\(.*\)")


def _live(wanted: Iterable[Node]) -> set[Node]:
    found: set[Node] = set()
    stack = list(wanted)
    while stack:
        node = stack.pop()
        if node not in found:
            found.add(node)
            stack.extend(node.args)
    return found


def _roots(node: Node) -> set[Node]:
    """The nodes whose memory a node may look at."""
    if node.kind == "view":
        return _roots(node.args[0])
    if node.kind == "fresh":  # NumPy may have answered with a view
        return {node}.union(*map(_roots, node.args))
    return {node}


def _leaves(node: Node) -> list[Node]:
    return [leaf for leaf in _live([node]) if not leaf.args]
