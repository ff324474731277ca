"""The matrix forms of expressions as trees: frozen nodes, each with its numbers of rows and columns.

A column vector has one column, a scalar one row and one column.  Functions, powers, ⊙ and comparisons act entry by
entry, and a number among their parts, or among the terms of a sum, stands for an array of that number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, TypeAlias

from sympy import Expr, S

from symgrad.equations import Index

Shape: TypeAlias = tuple[Expr, Expr]
SCALAR: Shape = (S.One, S.One)


@dataclass(frozen=True)
class Node:
    """A matrix, a column vector (n × 1) or a scalar (1 × 1)."""

    @property
    def shape(self) -> Shape:
        """The numbers of rows and columns."""
        return SCALAR

    @property
    def is_scalar(self) -> bool:
        """Whether there is one row and one column."""
        return self.shape == SCALAR

    @property
    def parts(self) -> tuple[Node, ...]:
        """The nodes directly below this one."""
        found: list[Node] = []
        for item in fields(self):
            value = getattr(self, item.name)
            found.extend(part for part in (value if isinstance(value, tuple) else (value,)) if isinstance(part, Node))
        return tuple(found)


@dataclass(frozen=True)
class Scalar(Node):
    """A number, a size or a quantity without axes, or an expression in these."""

    value: Expr


@dataclass(frozen=True)
class Name(Node):
    """A named quantity, or its part at the places `at` on the batch axes in front of its rows and columns."""

    name: str
    rows: Expr
    columns: Expr
    at: tuple[Expr, ...] = ()

    @property
    def shape(self) -> Shape:
        return self.rows, self.columns


@dataclass(frozen=True)
class Ones(Node):
    """A column of ones."""

    size: Expr

    @property
    def shape(self) -> Shape:
        return self.size, S.One


@dataclass(frozen=True)
class Unit(Node):
    """A column with 1 at one place, counted from 0, and 0 elsewhere."""

    place: Expr
    size: Expr

    @property
    def shape(self) -> Shape:
        return self.size, S.One


@dataclass(frozen=True)
class Identity(Node):
    """The identity matrix."""

    size: Expr

    @property
    def shape(self) -> Shape:
        return self.size, self.size


@dataclass(frozen=True)
class Transpose(Node):
    """The transpose."""

    body: Node

    @property
    def shape(self) -> Shape:
        return self.body.shape[1], self.body.shape[0]


@dataclass(frozen=True)
class Product(Node):
    """A product of matrices."""

    factors: tuple[Node, ...]

    @property
    def shape(self) -> Shape:
        return self.factors[0].shape[0], self.factors[-1].shape[1]


@dataclass(frozen=True)
class Scale(Node):
    """A number, and scalars that are products or sums of arrays, times a node."""

    coefficient: Expr
    scalars: tuple[Node, ...]
    body: Node

    @property
    def shape(self) -> Shape:
        return self.body.shape


@dataclass(frozen=True)
class Entrywise(Node):
    """Parts of one shape, combined entry by entry; a number among them has no shape of its own."""

    @property
    def shape(self) -> Shape:
        return next((part.shape for part in self.parts if not part.is_scalar), SCALAR)


@dataclass(frozen=True)
class Plus(Entrywise):
    """A sum."""

    terms: tuple[Node, ...]


@dataclass(frozen=True)
class Hadamard(Entrywise):
    """A product entry by entry."""

    factors: tuple[Node, ...]


@dataclass(frozen=True)
class Power(Entrywise):
    """A power of every entry."""

    base: Node
    exponent: Expr


@dataclass(frozen=True)
class Apply(Entrywise):
    """A scalar function of every entry."""

    function: type[Expr]
    arguments: tuple[Node, ...]


@dataclass(frozen=True)
class Indicator(Entrywise):
    """1 where a comparison holds, 0 elsewhere."""

    relation: str
    left: Node
    right: Node


@dataclass(frozen=True)
class Diag(Node):
    """The square matrix with a vector on its diagonal."""

    vector: Node

    @property
    def shape(self) -> Shape:
        return self.vector.shape[0], self.vector.shape[0]


@dataclass(frozen=True)
class Diagonal(Node):
    """The diagonal of a square matrix, as a column."""

    body: Node

    @property
    def shape(self) -> Shape:
        return self.body.shape[0], S.One


@dataclass(frozen=True)
class Trace(Node):
    """The trace of a square matrix."""

    body: Node


@dataclass(frozen=True)
class SquaredNorm(Node):
    """The sum of the squares of all entries."""

    body: Node


@dataclass(frozen=True)
class SumNorm(Node):
    """The sum of the absolute values of a vector's entries."""

    body: Node


@dataclass(frozen=True)
class Inverse(Node):
    """The inverse of a square matrix."""

    body: Node

    @property
    def shape(self) -> Shape:
        return self.body.shape


@dataclass(frozen=True)
class Det(Node):
    """The determinant of a square matrix."""

    body: Node


@dataclass(frozen=True)
class Each(Node):
    """The sum of a node over a batch index."""

    index: Index
    body: Node

    @property
    def shape(self) -> Shape:
        return self.body.shape


def relabelled(node: Node, table: Mapping[Expr, Expr]) -> Node:
    """The node with batch indices replaced."""
    if not table:
        return node
    return replace(node, **{item.name: _relabelled(getattr(node, item.name), table) for item in fields(node)})


def _relabelled(value: Any, table: Mapping[Expr, Expr]) -> Any:
    if isinstance(value, tuple):
        return tuple(_relabelled(part, table) for part in value)
    if isinstance(value, Node):
        return relabelled(value, table)
    return value.xreplace(table) if isinstance(value, Expr) else value


def with_parts(node: Node, parts: Mapping[Node, Node]) -> Node:
    """The node with the nodes directly below it replaced."""

    def changed(value: Any) -> Any:
        return tuple(map(changed, value)) if isinstance(value, tuple) else parts.get(value, value)

    if all(old is new for old, new in parts.items()):
        return node
    return replace(node, **{item.name: changed(getattr(node, item.name)) for item in fields(node)})
