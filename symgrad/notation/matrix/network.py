"""A sum of products as a network: indices are vertices, vectors sit on them, matrices join two.

Summing over an index takes its vertex out: a vertex at the end of a matrix makes it a vector, a vertex between two
matrices makes them one product.  A vertex that joins three or more others has no matrix form.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sympy import S

from symgrad.equations import Index
from symgrad.errors import SymgradError
from symgrad.notation.matrix.build import diag, diagonal, hadamard, matmul, ones, scaled, transposed
from symgrad.notation.matrix.tree import Node, Scalar


class NoMatrixForm(SymgradError):
    """What an expression contains that no matrix form can say."""


@dataclass
class Network:
    """The factors of one product so far."""

    scalars: list[Node] = field(default_factory=list)
    vectors: dict[Index, list[Node]] = field(default_factory=dict)
    matrices: dict[tuple[Index, Index], list[Node]] = field(default_factory=dict)

    def add(self, node: Node, *at: Index) -> None:
        """Put in a scalar, a vector on one index, or a matrix between two."""
        if not at:
            self.scalars.append(node)
        elif len(at) == 1:
            self.vectors.setdefault(at[0], []).append(node)
        elif at[0] == at[1]:
            self.vectors.setdefault(at[0], []).append(diagonal(node))
        elif (at[1], at[0]) in self.matrices:
            self.matrices[at[1], at[0]].append(transposed(node))
        else:
            self.matrices.setdefault((at[0], at[1]), []).append(node)

    def sum_over(self, bound: list[Index]) -> None:
        """Take the bound indices out, the one with the fewest neighbours first, of equals the innermost."""
        left = list(bound)
        while left:
            index = min(reversed(left), key=lambda one: len(self._neighbours(one)))
            self._take_out(index)
            left.remove(index)

    def _neighbours(self, index: Index) -> list[Index]:
        return [other for pair in self.matrices if index in pair for other in pair if other != index]

    def _take_out(self, index: Index) -> None:
        neighbours = self._neighbours(index)
        if len(neighbours) > 2:
            raise NoMatrixForm(f"a sum over an index that joins {len(neighbours)} others")
        here = self.vectors.pop(index, [])
        vector = hadamard(here) if here else ones(index.size)
        if not neighbours:
            self.scalars.append(matmul(transposed(vector), ones(index.size)))
        elif len(neighbours) == 1:
            self.add(matmul(self._between(neighbours[0], index), vector), neighbours[0])
        else:
            first, second = neighbours
            middle = [diag(vector)] if here else []
            joined = matmul(self._between(first, index), *middle, self._between(index, second))
            self.add(joined, first, second)

    def _between(self, row: Index, column: Index) -> Node:
        """The matrices between two indices as one, taken out."""
        if (row, column) in self.matrices:
            return hadamard(self.matrices.pop((row, column)))
        return transposed(hadamard(self.matrices.pop((column, row))))

    def result(self, row: Index | None, column: Index | None) -> Node:
        """What is left: a scalar, a column over `row`, a row over `column`, or a matrix."""
        left = hadamard(self.vectors[row]) if row is not None and row in self.vectors else None
        right = hadamard(self.vectors[column]) if column is not None and column in self.vectors else None
        if self.matrices:
            assert row is not None and column is not None
            body = matmul(
                *([] if left is None else [diag(left)]),
                self._between(row, column),
                *([] if right is None else [diag(right)]),
            )
        else:
            parts = ([] if left is None else [left]) + ([] if right is None else [transposed(right)])
            body = matmul(*parts) if parts else Scalar(S.One)
        return scaled(self.scalars, body)
