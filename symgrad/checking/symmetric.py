"""Entries of symmetric matrices, and of their inverses: which is which doesn't depend on the order of its indices."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set

from sympy import Expr, Indexed

from symgrad.tensors.functions import MatrixInverse


def entries_of(expr: Expr, names: Set[str]) -> Iterator[Expr]:
    """The entries in an expression of the matrices with these names, of families of them, and of their inverses."""
    for entry in expr.atoms(Indexed, MatrixInverse):
        is_matrix = isinstance(entry, MatrixInverse) or len(entry.indices) > 1
        if is_matrix and matrix_name(entry) in names:
            yield entry


def matrix_name(entry: Expr) -> str:
    """The name of the matrix that an entry, or one of an inverse, is of."""
    return str(entry.base.label if isinstance(entry, Indexed) else entry.args[0].label)


def places_of(entry: Expr) -> tuple[Expr, Expr]:
    """The row and the column of an entry."""
    row, column = entry.indices[-2:] if isinstance(entry, Indexed) else entry.args[1:3]
    return row, column


def transposed_entry(entry: Expr) -> Expr:
    """The entry on the other side of the diagonal."""
    row, column = places_of(entry)
    if isinstance(entry, Indexed):
        return entry.base[(*entry.indices[:-2], column, row)]
    return entry.func(entry.args[0], column, row, *entry.args[3:])


def symmetrized(exprs: Iterable[Expr], names: Set[str]) -> dict[Expr, Expr]:
    """(S + Sᵀ) / 2 for each such entry in expressions."""
    return {entry: (entry + transposed_entry(entry)) / 2 for expr in exprs for entry in entries_of(expr, names)}
