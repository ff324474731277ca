"""Which array all of some results are linear in: a factor of them all costs least there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from symgrad.codegen.inplace.graph import Graph, Node


def scaled(graph: Graph, results: Sequence[Node], factor: Node) -> list[Node] | None:
    """The results times a number, which the least array takes that all are linear in; None where none is less."""
    size = sum(map(_entries, results))
    arrays = [node for node in graph.nodes if node.kind in ("elementwise", "into") and 0 < _entries(node) < size]
    for array in sorted(arrays, key=_entries):
        kinds: dict[Node, bool | None] = {array: True}
        if all(_is_linear(node, kinds) for node in results):
            replaced = {array: graph.elementwise("multiply", (array, factor))}
            return [_rebuilt(graph, node, kinds, replaced) for node in results]
    return None


def _is_linear(node: Node, kinds: dict[Node, bool | None]) -> bool | None:
    """Whether a node is linear in the array that `kinds` begins with; None where it doesn't depend on it."""
    if node not in kinds:
        found = [_is_linear(arg, kinds) for arg in node.args]
        depends = [kind for kind in found if kind is not None]
        operation = node.into.partition("(")[0]
        if not depends:
            kinds[node] = None
        elif node.kind == "view" or operation == "negative":
            kinds[node] = all(depends)
        elif operation in ("add", "subtract"):
            kinds[node] = all(depends) and len(depends) == 2
        elif operation in ("multiply", "dot"):
            kinds[node] = depends == [True]
        else:
            kinds[node] = False
    return kinds[node]


def _rebuilt(graph: Graph, node: Node, kinds: Mapping[Node, bool | None], replaced: dict[Node, Node]) -> Node:
    if kinds.get(node) is None:
        return node
    if node not in replaced:
        replaced[node] = graph.like(node, tuple(_rebuilt(graph, arg, kinds, replaced) for arg in node.args))
    return replaced[node]


def _entries(node: Node) -> int:
    count = 1
    for length in node.shape:
        count *= length
    return count if node.shape else 0
