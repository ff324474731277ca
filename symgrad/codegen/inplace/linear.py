"""Which array all of some results are linear in: a factor of them all costs least there."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from symgrad.codegen.inplace.graph import Graph, Node


def scaled(graph: Graph, results: Sequence[Node], factor: Node) -> list[Node] | None:
    """The results times a number, which the least array takes that all are linear in; None where none is less."""
    size = sum(prod(node.shape) for node in results)
    arrays = [node for node in graph.nodes if node.kind in ("elementwise", "into") and prod(node.shape) < size]
    for array in sorted(arrays, key=lambda node: prod(node.shape)):
        kinds: dict[Node, bool | None] = {array: True}
        if all(_is_linear(node, kinds) for node in results):
            found = graph.replaced({array: graph.elementwise("multiply", (array, factor))})
            return [found[node] for node in results]
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
