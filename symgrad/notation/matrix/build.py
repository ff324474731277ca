"""Matrix forms put together in their normal form: few transposes, numbers in front, norms and traces by name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import reduce

from sympy import Abs, Expr, Integer, S

from symgrad.expressions import undistributed
from symgrad.notation.matrix.tree import (
    SCALAR,
    Apply,
    Diag,
    Diagonal,
    Each,
    Entrywise,
    Hadamard,
    Identity,
    Indicator,
    Node,
    Ones,
    Plus,
    Power,
    Product,
    Scalar,
    Scale,
    SquaredNorm,
    SumNorm,
    Trace,
    Transpose,
)


def scaled(scalars: Iterable[Node], body: Node | None = None) -> Node:
    """Scalars times a node, the numbers among them multiplied together."""
    coefficient: Expr = S.One
    rest: list[Node] = []
    for part in (*scalars, *([] if body is None else [body])):
        if isinstance(part, Scale):
            coefficient = undistributed((coefficient, part.coefficient))
            rest.extend((*part.scalars, part.body))
        elif isinstance(part, Scalar):
            coefficient = undistributed((coefficient, part.value))
        else:
            rest.append(part)
    if coefficient.is_zero or not rest:
        return Scalar(coefficient)
    *outside, inside = _powers(rest) if rest[-1].is_scalar else (*_powers(rest[:-1]), rest[-1])
    if not outside and coefficient is S.One:
        return inside
    return Scale(coefficient, tuple(outside), inside)


def _powers(factors: list[Node]) -> list[Node]:
    """The factors with equal bases multiplied into one power."""
    exponents: dict[Node, Expr] = {}
    for factor in factors:
        base, exponent = (factor.base, factor.exponent) if isinstance(factor, Power) else (factor, S.One)
        exponents[base] = exponents.get(base, S.Zero) + exponent
    return [power(base, exponent) for base, exponent in exponents.items() if not exponent.is_zero]


def unscaled(node: Node) -> tuple[tuple[Node, ...], Node]:
    """The scalars in front of a node, and the node."""
    if isinstance(node, Scale):
        return (Scalar(node.coefficient), *node.scalars), node.body
    return (), node


def transposes(node: Node) -> int:
    """How many transposes are written in a node; a row that is repeated with ones is as good as a column."""
    if isinstance(node, Product) and isinstance(node.factors[0], Ones) and isinstance(node.factors[-1], Transpose):
        return sum(map(transposes, (*node.factors[:-1], node.factors[-1].body)))
    own = isinstance(node, Transpose) and not isinstance(node.body, Ones)
    return own + sum(map(transposes, node.parts))


def transposed(node: Node) -> Node:
    """The transpose, pushed inwards where that leaves fewer of them."""
    if node.is_scalar or isinstance(node, Identity | Diag):
        return node
    if isinstance(node, Transpose):
        return node.body
    if isinstance(node, Scale):
        return replace(node, body=transposed(node.body))
    if isinstance(node, Product):
        return matmul(*(transposed(factor) for factor in reversed(node.factors)))
    if isinstance(node, Each):
        return replace(node, body=transposed(node.body))
    if isinstance(node, Entrywise):
        inside = _flipped(node)
        if transposes(inside) <= transposes(node):
            return inside
    return Transpose(node)


def _flipped(node: Entrywise) -> Node:
    if isinstance(node, Plus):
        return Plus(tuple(map(transposed, node.terms)))
    if isinstance(node, Hadamard):
        return Hadamard(tuple(map(transposed, node.factors)))
    if isinstance(node, Power):
        return Power(transposed(node.base), node.exponent)
    if isinstance(node, Apply):
        return Apply(node.function, tuple(map(transposed, node.arguments)))
    assert isinstance(node, Indicator)
    return Indicator(node.relation, transposed(node.left), transposed(node.right))


def lifted(node: Node) -> Node:
    """An entrywise node with one transpose outside instead of several inside."""
    if isinstance(node, Entrywise) and S.One not in node.shape:
        inside = _flipped(node)
        left = transposes(inside)
        if left < transposes(node) and not (left and isinstance(node, Plus)):
            return Transpose(inside)
    return node


def plus(terms: Sequence[Node]) -> Node:
    """A sum."""
    flat = [part for term in terms for part in (term.terms if isinstance(term, Plus) else (term,))]
    kept = [term for term in flat if not (isinstance(term, Scalar) and term.value.is_zero)]
    if all(isinstance(term, Scalar) for term in kept):
        return Scalar(sum((term.value for term in kept if isinstance(term, Scalar)), S.Zero))
    if len(kept) == 1:
        return kept[0]
    whole = Plus(tuple(kept))
    size = _coefficient(kept[0])
    size = -size if size.could_extract_minus_sign() else size
    if whole.is_scalar or size == 1 or any(_coefficient(term) not in (size, -size) for term in kept):
        return lifted(whole)
    signs = (S.One if _coefficient(term) == size else -S.One for term in kept)
    return scaled([Scalar(size)], plus([_with_sign(term, sign) for term, sign in zip(kept, signs, strict=True)]))


def _with_sign(node: Node, sign: Expr) -> Node:
    """The node with a sign in place of its coefficient."""
    return scaled([Scalar(sign), *node.scalars], node.body) if isinstance(node, Scale) else Scalar(sign)


def _coefficient(node: Node) -> Expr:
    return node.coefficient if isinstance(node, Scale) else node.value if isinstance(node, Scalar) else S.One


def hadamard(factors: Sequence[Node]) -> Node:
    """A product entry by entry of nodes of one shape; equal factors become a power."""
    scalars: list[Node] = []
    flat: list[Node] = []
    for factor in factors:
        outside, inside = unscaled(factor)
        scalars.extend(outside)
        if inside.is_scalar:
            scalars.append(inside)
        else:
            flat.extend(inside.factors if isinstance(inside, Hadamard) else (inside,))
    shape = next((factor.shape for factor in flat), SCALAR)
    flat = [factor for factor in flat if not _is_ones(factor)]
    if any(isinstance(factor, Identity | Diag) for factor in flat):
        rest = [diagonal(factor) for factor in flat]
        return scaled(scalars, diag(hadamard(rest)))
    merged = _powers(flat)
    if not merged:
        return scaled(scalars, ones(*shape))
    if len(merged) == 1:
        return scaled(scalars, merged[0])
    return scaled(scalars, lifted(Hadamard(tuple(merged))))


def ones(rows: Expr, columns: Expr = S.One) -> Node:
    """An array of ones."""
    column, row = (Scalar(S.One) if size is S.One else Ones(size) for size in (rows, columns))
    return matmul(column, transposed(row))


def _is_ones(node: Node) -> bool:
    return isinstance(node, Ones) or (isinstance(node, Transpose | Product) and all(map(_is_ones, node.parts)))


def power(base: Node, exponent: Expr) -> Node:
    """A power of every entry."""
    if exponent is S.One:
        return base
    if isinstance(base, Scalar):
        return Scalar(base.value**exponent)
    if isinstance(base, Scale) and exponent.is_Integer:
        outside, inside = unscaled(base)
        return scaled([power(scalar, exponent) for scalar in outside], power(inside, exponent))
    if isinstance(base, Power) and exponent.is_Integer and base.exponent.is_Integer:
        return power(base.base, base.exponent * exponent)
    return lifted(Power(base, exponent))


def diag(vector: Node) -> Node:
    """The diagonal matrix of a column."""
    scalars, core = unscaled(vector)
    if core.is_scalar:
        return vector
    return scaled(scalars, Identity(core.size) if isinstance(core, Ones) else Diag(core))


def diagonal(body: Node) -> Node:
    """The diagonal of a square matrix as a column."""
    scalars, core = unscaled(body)
    if isinstance(core, Transpose):
        core = core.body
    if isinstance(core, Diag):
        return scaled(scalars, core.vector)
    if isinstance(core, Identity):
        return scaled(scalars, Ones(core.size))
    return scaled(scalars, core if core.is_scalar else Diagonal(core))


def matmul(*factors: Node) -> Node:
    """A product of matrices, vectors and scalars, whose inner sizes agree."""
    scalars: list[Node] = []
    flat: list[Node] = []
    identity: Node | None = None
    for factor in factors:
        outside, inside = unscaled(factor)
        scalars.extend(outside)
        if inside.is_scalar:
            scalars.append(inside)
        elif isinstance(inside, Identity):
            identity = inside
        else:
            flat.extend(inside.factors if isinstance(inside, Product) else (inside,))
    flat = reduce(lambda done, factor: _joined(done, factor, scalars), flat, [])
    if not flat:
        return scaled(scalars, identity)
    if len(flat) == 1:
        return scaled(scalars, flat[0])
    if flat[0].shape[0] == flat[-1].shape[1] == S.One:
        return scaled((*scalars, _inner(flat)))
    return scaled(scalars, Product(tuple(flat)))


def _joined(done: list[Node], factor: Node, scalars: list[Node]) -> list[Node]:
    """The factors with one more on the right, which a diagonal matrix or a row of ones before it may take in."""
    if not done:
        return [factor]
    last = done[-1]
    if isinstance(last, Transpose) and isinstance(last.body, Ones) and isinstance(factor, Ones):
        scalars.append(Scalar(factor.size))
        return done[:-1]
    if isinstance(last, Diag) and (isinstance(factor, Diag) or factor.shape[1] == S.One):
        column = hadamard([last.vector, factor.vector if isinstance(factor, Diag) else factor])
        outside, inside = unscaled(diag(column) if isinstance(factor, Diag) else column)
        scalars.extend(outside)
        return [*done[:-1], inside]
    if isinstance(factor, Diag) and last.shape[0] == S.One:
        outside, inside = unscaled(transposed(hadamard([transposed(last), factor.vector])))
        scalars.extend(outside)
        return [*done[:-1], inside]
    return [*done, factor]


def _inner(factors: list[Node]) -> Node:
    """A row times … times a column: split where it is a product of scalars, then a norm, a trace or the product."""
    for place in range(1, len(factors)):
        if factors[place].shape[0] == S.One:
            return scaled((matmul(*factors[:place]), matmul(*factors[place:])))
    named = _named(factors)
    if named is not None:
        return named
    other = [transposed(factor) for factor in reversed(factors)]
    return Product(tuple(min(factors, other, key=lambda chain: sum(map(transposes, chain)))))


def _named(factors: list[Node]) -> Node | None:
    first, last = transposed(factors[0]), factors[-1]
    if len(factors) == 2 and (isinstance(first, Ones) or isinstance(last, Ones)):
        return _sum(last if isinstance(first, Ones) else first)
    if len(factors) == 3 and isinstance(first, Ones) and isinstance(last, Ones):
        return _total(factors[1])
    if len(factors) % 2 == 0 and _palindrome(factors):
        return squared(matmul(*factors[len(factors) // 2 :]))
    return None


def _palindrome(factors: list[Node]) -> bool:
    half = len(factors) // 2
    return all(transposed(ours) == theirs for ours, theirs in zip(factors[:half], reversed(factors), strict=False))


def squared(body: Node) -> Node:
    """The sum of the squares of all entries."""
    if body.is_scalar:
        return power(body, Integer(2))
    scalars, core = unscaled(body)
    if isinstance(core, Transpose):
        core = core.body
    return scaled([power(scalar, Integer(2)) for scalar in scalars], SquaredNorm(core))


def _sum(vector: Node) -> Node | None:
    """The sum of a column's entries where it has a name."""
    if isinstance(vector, Power) and vector.exponent == 2:
        return squared(vector.base)
    if isinstance(vector, Hadamard):
        return matmul(transposed(vector.factors[0]), hadamard(vector.factors[1:]))
    if isinstance(vector, Apply) and issubclass(vector.function, Abs):
        return SumNorm(vector.arguments[0])
    if isinstance(vector, Diagonal):
        return trace(vector.body)
    return None


def _total(matrix: Node) -> Node | None:
    """The sum of a matrix's entries where it has a name."""
    if isinstance(matrix, Transpose):
        return matmul(transposed(Ones(matrix.shape[1])), matrix.body, Ones(matrix.shape[0]))
    if isinstance(matrix, Power) and matrix.exponent == 2:
        return squared(matrix.base)
    if isinstance(matrix, Diag):
        return matmul(transposed(ones(matrix.shape[0])), matrix.vector)
    if isinstance(matrix, Hadamard) and len(matrix.factors) == 2 and all(map(_linear, matrix.factors)):
        left, right = matrix.factors
        return trace(matmul(transposed(left), right))
    return None


def _linear(node: Node) -> bool:
    return not isinstance(node, Apply | Power | Indicator | Hadamard) and all(map(_linear, node.parts))


def trace(body: Node) -> Node:
    """The trace of a square matrix: of the cyclic order with the fewest transposes; a norm where it is one."""
    scalars, core = unscaled(body)
    if core.is_scalar:
        return body
    if isinstance(core, Identity | Diag):
        return scaled(scalars, matmul(transposed(Ones(core.shape[0])), diagonal(core)))
    factors = list(core.factors) if isinstance(core, Product) else [core]
    backward = [transposed(factor) for factor in reversed(factors)]
    orders = [chain[place:] + chain[:place] for chain in (factors, backward) for place in range(len(factors))]
    for order in orders:
        if order[0].shape[0] == S.One:
            return scaled((*scalars, matmul(*order)))
        if len(order) % 2 == 0 and _palindrome(order):
            return scaled((*scalars, squared(matmul(*order[len(order) // 2 :]))))
    best = min(orders, key=lambda order: sum(map(transposes, order)))
    outside, inside = unscaled(matmul(*best))
    return scaled((*scalars, *outside), Trace(inside))
