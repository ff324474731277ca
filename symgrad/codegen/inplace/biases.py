"""A product and its bias as one product: X @ W + b is [X, 1] @ [W; b], and so is what follows for their gradients."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

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
        for data, weights, row in _sums(node):
            inputs = (data, weights, row)
            same = all(part.kind == "input" and part.dtype == node.dtype for part in inputs)
            if same and row.shape == weights.shape[1:]:
                found[Bias(*(part.text for part in inputs))] = None
    used = [name for one in found for name in (one.weights, one.bias)]
    return tuple(one for one in found if used.count(one.weights) == used.count(one.bias) == 1)


def _sums(node: Node) -> Iterator[tuple[Node, Node, Node]]:
    """The two factors and the other term of a sum with a matrix product."""
    for product, other in (node.args, node.args[::-1]) if node.into.startswith("add(") else ():
        if product.into.startswith("dot("):
            left, right = product.args
            yield left, right, other


@dataclass(frozen=True)
class Joint:
    """The nodes of a product with its bias: the parts, the data with a last column of ones, and [weights; bias]."""

    data: Node
    weights: Node
    bias: Node
    extended: Node
    block: Node


def with_joints(graph: Graph, joints: Mapping[Bias, Joint]) -> dict[Node, Node]:
    """What becomes of each node where each product and its bias are one."""
    known = {(joint.data, joint.weights, joint.bias): joint for joint in joints.values()}
    found = {node: known[parts] for node in graph.nodes for parts in _sums(node) if parts in known}
    return graph.replaced({node: _dot(graph, joint.extended, joint.block) for node, joint in found.items()})


def joint_gradient(graph: Graph, joint: Joint, by_weights: Node, by_bias: Node) -> Node | None:
    """The gradient by [weights; bias] as one product, where those by the two are X.T @ D and 1 @ D."""
    if not (by_weights.into.startswith("dot(") and by_bias.text in ("{0} @ {1}", "dot({0}, {1})")):
        return None
    left, adjoint = by_weights.args
    transposed = left.kind == "view" and left.text == "{0}.T" and left.args[0] is joint.data
    ones = [other for other in by_bias.args if other is not adjoint]
    if not (transposed and len(ones) == 1 and ones[0].kind == "ones"):
        return None
    return _dot(graph, graph.view("{0}.T", joint.extended), adjoint)


def _dot(graph: Graph, a: Node, b: Node) -> Node:
    return graph.into("{0} @ {1}", "dot({0}, {1}, out={out})", (a, b), (*a.shape[:-1], *b.shape[1:]), a.dtype)
