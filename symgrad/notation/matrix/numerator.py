"""Numerator layout: a gradient with its variable's axes in the other order."""

from __future__ import annotations

from symgrad.names import split_partial
from symgrad.notation.matrix.build import lifted, transposed
from symgrad.notation.matrix.tree import Name, Node, Transpose, with_parts


def in_numerator_layout(node: Node) -> Node:
    """The transposed form, every gradient in it in numerator layout too."""
    return transposed(_with_gradients_transposed(node))


def _with_gradients_transposed(node: Node) -> Node:
    if isinstance(node, Name):
        return transposed(Name(node.name, node.columns, node.rows, node.at)) if split_partial(node.name) else node
    if isinstance(node, Transpose):
        return transposed(_with_gradients_transposed(node.body))
    return lifted(with_parts(node, {part: _with_gradients_transposed(part) for part in node.parts}))
