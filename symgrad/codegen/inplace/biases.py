"""A product and its bias as one product: X @ W + b is [X, 1] @ [W; b], and so is what follows for their gradients."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from symgrad.codegen.inplace.graph import Graph, Node


@dataclass(frozen=True)
class Bias:
    """The inputs of data @ weights + bias, by their names."""

    data: str
    weights: str
    bias: str


def biases(graph: Graph) -> tuple[Bias, ...]:
    """The products of two inputs that a third one is added to as a row; each weight and each bias in one of them."""
    found: dict[Bias, None] = {}
    for node in graph.nodes:
        for product, row in (node.args, node.args[::-1]) if node.into.startswith("add(") else ():
            inputs = (*product.args, row)
            same = all(part.kind == "input" and part.dtype == node.dtype for part in inputs)
            if product.into.startswith("dot(") and same and row.shape == product.shape[1:]:
                found[Bias(*(part.text for part in inputs))] = None
    used = [name for one in found for name in (one.weights, one.bias)]
    return tuple(one for one in found if used.count(one.weights) == used.count(one.bias) == 1)


@dataclass(frozen=True)
class Joint:
    """The nodes of a product with its bias: the parts, the data with a last column of ones, and [weights; bias]."""

    data: Node
    weights: Node
    bias: Node
    extended: Node
    block: Node


@dataclass
class Joining:
    """Rebuilds nodes of a graph with each product and its bias as one."""

    graph: Graph
    joints: Mapping[Bias, Joint]
    _rebuilt: dict[Node, Node] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for node in tuple(self.graph.nodes):  # in their order, so that what needs a result soon follows it
            self._rebuilt[node] = self._product(node) or self.graph.like(node, tuple(map(self.node, node.args)))

    def node(self, node: Node) -> Node:
        """What stands for a node."""
        return self._rebuilt.get(node, node)

    def _product(self, node: Node) -> Node | None:
        for joint in self.joints.values() if node.into.startswith("add(") else ():
            for product, row in (node.args, node.args[::-1]):
                if product.into.startswith("dot(") and (*product.args, row) == (joint.data, joint.weights, joint.bias):
                    return self._dot((joint.extended, joint.block), node)
        return None

    def gradient(self, bias: Bias, by_weights: Node, by_bias: Node) -> Node | None:
        """The gradient by [weights; bias] as one product, where those by the two are X.T @ D and 1 @ D."""
        joint = self.joints[bias]
        if not (by_weights.into.startswith("dot(") and by_bias.text in ("{0} @ {1}", "dot({0}, {1})")):
            return None
        left, adjoint = by_weights.args
        transposed = left.kind == "view" and left.text == "{0}.T" and left.args[0] is joint.data
        ones = [other for other in by_bias.args if other is not adjoint]
        if not (transposed and len(ones) == 1 and ones[0].kind == "ones"):
            return None
        return self._dot((self.graph.view("{0}.T", joint.extended), adjoint), by_weights)

    def _dot(self, pair: tuple[Node, Node], like: Node) -> Node:
        shape = (*pair[0].shape[:-1], *pair[1].shape[1:])
        return self.graph.into("{0} @ {1}", "dot({0}, {1}, out={out})", pair, shape, like.dtype)
