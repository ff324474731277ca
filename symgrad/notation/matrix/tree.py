"""The matrix forms of expressions as trees: frozen nodes, each with its numbers of rows and columns.

A column vector has one column, a scalar one row and one column.  Functions, powers, ⊙ and comparisons act entry by
entry, and a number among their parts, or among the terms of a sum, stands for an array of that number.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TypeAlias

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
    """A named quantity; `at` are the indices of batch axes in front of its rows and columns."""

    name: str
    rows: Expr
    columns: Expr
    at: tuple[Index, ...] = ()

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
