"""Linear algebra on quantities: products by index, traces, inverses, determinants."""

from __future__ import annotations

from typing import Any

from sympy import Indexed, KroneckerDelta

from symgrad.equations import Index
from symgrad.errors import ShapeError
from symgrad.expressions import product
from symgrad.indices import summed
from symgrad.tensors.functions import Determinant, MatrixInverse
from symgrad.tensors.tensor import Tensor, shape_text


def _square(z: Tensor, what: str) -> None:
    if z.ndim != 2 or z.shape[0] != z.shape[1]:
        raise ShapeError(f"{what} needs a square matrix, got the shape {shape_text(z.indices)}")


def _named(z: Tensor, what: str) -> Indexed:
    _square(z, what)
    if not (isinstance(z.expr, Indexed) and z.expr.indices == z.indices):
        raise ShapeError(f"{what} needs a named matrix: assign it first, as in S = …, then {what}(S)")
    return z.expr


def trace(z: Tensor) -> Tensor:
    """The sum of a square matrix' diagonal."""
    _square(z, "trace")
    fresh = z.refreshed()
    expr = fresh.relabelled({fresh.indices[1]: fresh.indices[0]})
    return Tensor(summed(expr, fresh.indices[:1], z.scope.written), (), z.scope)


def diag(z: Tensor) -> Tensor:
    """A matrix' diagonal as a vector, or a vector as a diagonal matrix."""
    fresh = z.refreshed()
    if z.ndim == 2:
        _square(z, "diag")
        return Tensor(fresh.relabelled({fresh.indices[1]: fresh.indices[0]}), fresh.indices[:1], z.scope)
    if z.ndim != 1:
        raise ShapeError(f"diag needs a vector or a matrix, got the shape {shape_text(z.indices)}")
    (row,) = fresh.indices
    column = z.scope.fresh(row.size)
    return Tensor(product((fresh.expr, KroneckerDelta(row, column)), z.scope.written), (row, column), z.scope)


def dot(a: Tensor, b: Tensor) -> Tensor:
    """The inner product of two vectors, or a matrix product."""
    return a @ b


def outer(a: Tensor, b: Tensor) -> Tensor:
    """The outer product of two vectors."""
    if a.ndim != 1 or b.ndim != 1:
        raise ShapeError(f"outer needs two vectors, got {shape_text(a.indices)} and {shape_text(b.indices)}")
    a, b = a.refreshed(), b.refreshed()
    return Tensor(product((a.expr, b.expr), a.scope.written), (*a.indices, *b.indices), a.scope)


def inv(z: Tensor) -> Tensor:
    """The inverse of a named square matrix."""
    entry = _named(z, "inv")
    row, column = z.indices
    return Tensor(MatrixInverse(entry.base, row, column, row.size), z.indices, z.scope)


def det(z: Tensor) -> Tensor:
    """The determinant of a named square matrix."""
    entry = _named(z, "det")
    return Tensor(Determinant(entry.base, z.shape[0]), (), z.scope)


def logdet(z: Tensor) -> Tensor:
    """The logarithm of the determinant's absolute value, of a named square matrix."""
    from symgrad.tensors.elementwise import abs as absolute
    from symgrad.tensors.elementwise import log

    found: Tensor = log(absolute(det(z)))
    return found


def einsum(spec: str, *operands: Tensor) -> Tensor:
    """A sum of products by the letters of a specification, `"ij,jk->ik"`, as NumPy's; raises ShapeError."""
    inputs, arrow, output = spec.replace(" ", "").partition("->")
    words = inputs.split(",")
    if len(words) != len(operands):
        raise ShapeError(f"einsum {spec!r} names {len(words)} operands, got {len(operands)}")
    letters: dict[str, Index] = {}
    factors = []
    for word, operand in zip(words, operands, strict=True):
        if len(word) != operand.ndim:
            raise ShapeError(f"einsum {spec!r}: {word!r} has {len(word)} letters for {shape_text(operand.indices)}")
        fresh = operand.refreshed()
        table: dict[Index, Any] = {}
        for letter, index in zip(word, fresh.indices, strict=True):
            known = letters.setdefault(letter, index)
            if known.size != index.size:
                raise ShapeError(f"einsum {spec!r}: {letter!r} is {known.size} and {index.size}")
            table[index] = known
        factors.append(fresh.relabelled(table))
    if not arrow:
        once = [letter for letter in sorted(letters) if inputs.count(letter) == 1]
        output = "".join(once)
    unknown = [letter for letter in output if letter not in letters]
    if unknown:
        raise ShapeError(f"einsum {spec!r}: the result's {unknown[0]!r} is no operand's")
    scope = operands[0].scope
    over = tuple(index for letter, index in letters.items() if letter not in output)
    expr = summed(product(factors, scope.written), over, scope.written)
    return Tensor(expr, tuple(letters[letter] for letter in output), scope)
