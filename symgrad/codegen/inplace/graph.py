"""The operations of an array program as a graph in which equal operations are one node."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from symgrad.codegen.helpers import HELPERS
from symgrad.codegen.numpy import namespace

Shape = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Node:
    """One operation on nodes: `text` computes it as an expression, `into` writes it to {out}.

    Kinds: "input"; "number"; "ones", a row of them; "scalar", Python arithmetic on numbers; "view", another look at
    the same memory; "elementwise", which may overwrite an operand; "into", which may not; "fresh", which has no such
    form.
    """

    kind: str
    text: str
    args: tuple[Node, ...]
    shape: Shape
    dtype: np.dtype[Any]
    into: str = ""
    value: float | None = None  # of a number

    @property
    def root(self) -> Node:
        """The node whose memory this one looks at."""
        return self.args[0].root if self.kind == "view" else self

    @property
    def is_scalar(self) -> bool:
        """Whether it is a single number."""
        return self.shape == () and self.kind in ("input", "number", "scalar")


@dataclass
class Graph:
    """Builds nodes, each once; `dtype` is that of the floats."""

    dtype: np.dtype[Any]
    nodes: list[Node] = field(default_factory=list)
    _known: dict[tuple[Any, ...], Node] = field(default_factory=dict)
    _examples: dict[Node, Any] = field(default_factory=dict)
    _places: dict[Node, int] = field(default_factory=dict)  # in the order in which they were built

    def input(self, name: str, example: Any) -> Node:
        """An array or a number from outside."""
        array = np.asarray(example)
        node = self._node("input", name, (), array.shape, array.dtype)
        self._examples.setdefault(node, example)
        return node

    def number(self, value: float) -> Node:
        """A number that is known now."""
        return self._node("number", repr(value), (), (), self.dtype, value=value)

    def ones(self, count: int, dtype: np.dtype[Any]) -> Node:
        """So many ones in a row."""
        return self._node("ones", f"np.ones({count}, np.{dtype})", (), (count,), dtype)

    def elementwise(self, name: str, args: tuple[Node, ...]) -> Node:
        """A NumPy ufunc on nodes, of which at least one is an array."""
        kind = np.dtype(bool) if name in COMPARISONS else self._result_type(name, args)
        slots = ", ".join(f"{{{place}}}" for place in range(len(args)))
        shape = np.broadcast_shapes(*(arg.shape for arg in args))
        known = self.known(name, *args)
        if known is None:
            known = self._node("elementwise", f"np.{name}({slots})", args, shape, kind, f"{name}({slots}, out={{out}})")
            self._known[name, self._in_order(name, args)] = known
        return known

    def known(self, name: str, *args: Node) -> Node | None:
        """The node of a ufunc on nodes, if there is one."""
        return self._known.get((name, self._in_order(name, args)))

    def _in_order(self, name: str, args: tuple[Node, ...]) -> tuple[Node, ...]:
        return tuple(sorted(args, key=self._places.__getitem__)) if name in _COMMUTE else args

    def flag(self, name: str, args: tuple[Node, ...]) -> Node:
        """A comparison as 1.0 and 0.0."""
        shape = np.broadcast_shapes(*(arg.shape for arg in args))
        into = f'{name}({{0}}, {{1}}, out={{out}}, casting="unsafe")'
        return self._node(
            "elementwise", f"np.{name}({{0}}, {{1}}).astype(np.{self.dtype})", args, shape, self.dtype, into
        )

    def scalar(self, text: str, *args: Node, value: Callable[..., float] | None = None) -> Node:
        """Python arithmetic on numbers; done now where all of them are known."""
        if value is not None and all(arg.value is not None for arg in args):
            return self.number(value(*(arg.value for arg in args)))
        return self._node("scalar", text, args, (), self.dtype)

    def view(self, text: str, arg: Node) -> Node:
        """Another look at a node's memory: a transpose, new axes, a slice."""
        # The text is this module's own: a template with slots for names that it gives.
        probe = eval(text.format("probe"), {"probe": np.broadcast_to(np.zeros((), arg.dtype), arg.shape)})
        return self._node("view", text, (arg,), probe.shape, arg.dtype)

    def into(self, text: str, into: str, args: tuple[Node, ...], shape: Shape, dtype: Any = None) -> Node:
        """An operation that writes to memory of its own."""
        return self._node("into", text, args, shape, np.dtype(dtype or self.dtype), into)

    def reduction(self, text: str, args: tuple[Node, ...]) -> Node:
        """A number computed from arrays."""
        return self._node("scalar", text, args, (), self.dtype)

    def fresh(self, text: str, args: tuple[Node, ...]) -> Node:
        """Whatever NumPy's text says; its shape is seen on an example."""
        known = self._known.get(("fresh", text, args))
        if known is None:
            example = np.asarray(self._run(text, args))
            known = self._node("fresh", text, args, example.shape, example.dtype)
            self._examples[known] = example
        return known

    def replaced(self, table: Mapping[Node, Node]) -> dict[Node, Node]:
        """What becomes of each node where others, of the same shapes, stand for some."""
        found = dict(table)
        for node in tuple(self.nodes):  # in their order, so that what needs a result soon follows it
            if node not in found:
                args = tuple(found[arg] for arg in node.args)
                found[node] = self._node(node.kind, node.text, args, node.shape, node.dtype, node.into, node.value)
        return found

    def _node(
        self,
        kind: str,
        text: str,
        args: tuple[Node, ...],
        shape: Shape,
        dtype: Any,
        into: str = "",
        value: float | None = None,
    ) -> Node:
        key = (kind, text, args)
        if key not in self._known:
            node = Node(kind, text, args, tuple(shape), np.dtype(dtype), into, value)
            self._known[key] = node
            self._places[node] = len(self.nodes)
            self.nodes.append(node)
        return self._known[key]

    def _result_type(self, name: str, args: Iterable[Node]) -> np.dtype[Any]:
        ones = [arg.value if arg.value is not None else np.ones(1, arg.dtype) for arg in args]
        with np.errstate(all="ignore"):
            found: np.dtype[Any] = getattr(np, name)(*ones).dtype
        return found

    def _run(self, text: str, args: tuple[Node, ...]) -> Any:
        """The value of a node's text, a template of our own printer, on the example."""
        names = {f"_{place}": self._example(arg) for place, arg in enumerate(args)}
        with np.errstate(all="ignore"):
            return eval(text.format(*names), {**RUNTIME, **names})

    def _example(self, node: Node) -> Any:
        if node.value is not None:
            return node.value
        if node not in self._examples:
            self._examples[node] = self._run(node.text, node.args)
        return self._examples[node]


_COMMUTE = {"add", "multiply", "maximum", "minimum"}
COMPARISONS = {"greater", "less", "greater_equal", "less_equal", "equal", "not_equal"}


#: What a program's text may use.
RUNTIME: dict[str, Any] = {**namespace(set(), HELPERS), "dot": np.dot, "vdot": np.vdot}
