"""Linear algebra on quantities: products by index, traces, inverses, determinants."""

from __future__ import annotations

from collections.abc import Sequence

from sympy import Expr, Indexed, IndexedBase, Integer, KroneckerDelta

from symgrad.equations import Index
from symgrad.errors import ShapeError
from symgrad.expressions import product
from symgrad.indices import summed
from symgrad.tensors.elementwise import log
from symgrad.tensors.functions import Determinant, MatrixInverse
from symgrad.tensors.tensor import Tensor, shape_text


def _square(z: Tensor, what: str) -> None:
    if z.ndim != 2 or z.shape[0] != z.shape[1]:
        raise ShapeError(f"{what} needs a square matrix, got the shape {shape_text(z.indices)}")


def _named(z: Tensor, what: str) -> tuple[IndexedBase, tuple[Index, ...]]:
    """The name of a square matrix, and the quantity's indices in the order of the named one's: reversed for A.T."""
    _square(z, what)
    if not (isinstance(z.expr, Indexed) and z.expr.indices in (z.indices, z.indices[::-1])):
        raise ShapeError(f"{what} needs a named matrix: assign it first, as in S = …, then {what}(S)")
    return z.expr.base, z.expr.indices


def trace(z: Tensor) -> Tensor:
    """The sum of a square matrix' diagonal.

    >>> import symgrad as sg
    >>> float(sg.trace([[1.0, 2.0], [3.0, 4.0]]))
    5.0
    """
    _square(z, "trace")
    fresh = z.refreshed()
    expr = fresh.relabelled({fresh.indices[1]: fresh.indices[0]})
    return Tensor(summed(expr, fresh.indices[:1], z.scope.written), (), z.scope)


def diag(z: Tensor) -> Tensor:
    """A square matrix' diagonal as a vector, or a vector as a diagonal matrix.

    >>> import symgrad as sg
    >>> sg.diag([1.0, 2.0]).tolist()
    [[1.0, 0.0], [0.0, 2.0]]
    """
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
    """The inner product of two vectors, a matrix product, or NumPy's sum over a's last and b's last but one axis.

    >>> import symgrad as sg
    >>> float(sg.dot([1.0, 2.0], [3.0, 4.0]))
    11.0
    """
    if not a.indices or not b.indices:
        return a * b
    place = max(b.ndim - 2, 0)
    if a.shape[-1] != b.shape[place]:
        shapes = f"{shape_text(a.indices)} and {shape_text(b.indices)}"
        raise ShapeError(f"dot of {shapes}: the inner axes are {a.shape[-1]} and {b.shape[place]}")
    a, b = a.refreshed(), b.refreshed()
    inner = a.indices[-1]
    written = a.scope.written
    summand = product((a.expr, b.relabelled({b.indices[place]: inner})), written)
    rest = (*a.indices[:-1], *b.indices[:place], *b.indices[place + 1 :])
    return Tensor(summed(summand, (inner,), written), rest, a.scope)


def outer(a: Tensor, b: Tensor) -> Tensor:
    """The outer product of two vectors.

    >>> import symgrad as sg
    >>> sg.outer([1.0, 2.0], [3.0]).tolist()
    [[3.0], [6.0]]
    """
    if a.ndim != 1 or b.ndim != 1:
        raise ShapeError(f"outer needs two vectors, got {shape_text(a.indices)} and {shape_text(b.indices)}")
    a, b = a.refreshed(), b.refreshed()
    return Tensor(product((a.expr, b.expr), a.scope.written), (*a.indices, *b.indices), a.scope)


def inv(z: Tensor) -> Tensor:
    """The inverse of a named square matrix, or of its transpose.  Raises ShapeError for one without a name.

    >>> import symgrad as sg
    >>> sg.inv([[2.0, 0.0], [0.0, 4.0]]).tolist()
    [[0.5, 0.0], [0.0, 0.25]]
    """
    base, (row, column) = _named(z, "inv")
    return Tensor(MatrixInverse(base, row, column, row.size), z.indices, z.scope)


def solve(a: Tensor, b: Tensor) -> Tensor:
    """The solution x of a x = b for a named square matrix: a⁻¹ b.

    >>> import symgrad as sg
    >>> sg.solve([[2.0, 0.0], [0.0, 4.0]], [2.0, 8.0]).tolist()
    [1.0, 2.0]
    """
    return inv(a) @ b


def det(z: Tensor) -> Tensor:
    """The determinant of a named square matrix.  Raises ShapeError for one without a name.

    >>> import symgrad as sg
    >>> round(float(sg.det([[2.0, 0.0], [0.0, 4.0]])), 9)
    8.0
    """
    base, _ = _named(z, "det")
    return Tensor(Determinant(base, z.shape[0]), (), z.scope)


def logdet(z: Tensor) -> Tensor:
    """The logarithm of the determinant's absolute value, of a named square matrix.

    >>> import symgrad as sg
    >>> float(sg.logdet([[1.0, 0.0], [0.0, -1.0]]))
    0.0
    """
    found: Tensor = log(abs(det(z)))
    return found


def einsum(spec: str, *operands: Tensor) -> Tensor:
    """A sum of products by the letters of a specification, `"ij,jk->ik"`, as NumPy's; raises ShapeError.

    >>> import symgrad as sg
    >>> sg.einsum("ij,j->i", [[1.0, 2.0]], [3.0, 4.0]).tolist()
    [11.0]
    """
    inputs, arrow, output = spec.replace(" ", "").partition("->")
    words = inputs.split(",")
    if len(words) != len(operands):
        raise ShapeError(f"einsum {spec!r} names {len(words)} operands, got {len(operands)}")
    if not (inputs + output).replace(",", "").isalpha() or len(set(output)) != len(output):
        raise ShapeError(f"einsum {spec!r}: letters name the axes, each once in the result; write out every axis")
    letters = _letters(spec, words, operands)
    if not arrow:
        output = "".join(letter for letter in sorted(letters) if inputs.count(letter) == 1)
    unknown = [letter for letter in output if letter not in letters]
    if unknown:
        raise ShapeError(f"einsum {spec!r}: the result's {unknown[0]!r} is no operand's")
    factors = []
    for word, operand in zip(words, operands, strict=True):
        fresh = operand.refreshed()
        factors.append(
            fresh.relabelled(
                {
                    index: letters[letter] if index.size == letters[letter].size else Integer(0)
                    for letter, index in zip(word, fresh.indices, strict=True)
                }
            )
        )
    scope = operands[0].scope
    over = tuple(index for letter, index in letters.items() if letter not in output)
    expr = summed(product(factors, scope.written), over, scope.written)
    return Tensor(expr, tuple(letters[letter] for letter in output), scope)


def _letters(spec: str, words: list[str], operands: Sequence[Tensor]) -> dict[str, Index]:
    """The index of each letter; an axis of size 1 is stretched to the others' size.  Raises ShapeError."""
    sizes: dict[str, Expr] = {}
    for word, operand in zip(words, operands, strict=True):
        if len(word) != operand.ndim:
            raise ShapeError(f"einsum {spec!r}: {word!r} has {len(word)} letters for {shape_text(operand.indices)}")
        for letter, size in zip(word, operand.shape, strict=True):
            known = sizes.get(letter, size)
            if size != known and 1 not in (size, known):
                shapes = " and ".join(shape_text(one.indices) for one in operands)
                raise ShapeError(f"einsum {spec!r} of {shapes}: {letter!r} is {known} and {size}")
            sizes[letter] = size if known == 1 else known
    return {letter: operands[0].scope.fresh(size) for letter, size in sizes.items()}
