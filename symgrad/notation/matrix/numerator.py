"""Numerator layout: a gradient with its variable's axes in the other order."""

from __future__ import annotations

from collections.abc import Collection

from symgrad.notation.matrix.build import lifted, transposed
from symgrad.notation.matrix.tree import Name, Node, Transpose, with_parts


def in_numerator_layout(node: Node, gradients: Collection[str]) -> Node:
    """The transposed form, every gradient in it in numerator layout too."""
    return transposed(_turned(node, gradients))


def _turned(node: Node, gradients: Collection[str]) -> Node:
    if isinstance(node, Name):
        return transposed(Name(node.name, node.columns, node.rows, node.at)) if node.name in gradients else node
    if isinstance(node, Transpose):
        return transposed(_turned(node.body, gradients))
    return lifted(with_parts(node, {part: _turned(part, gradients) for part in node.parts}))
