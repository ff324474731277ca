"""The matrix form of an index expression, or why there is none."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sympy import (
    Abs,
    Add,
    Eq,
    Expr,
    Function,
    Indexed,
    IndexedBase,
    KroneckerDelta,
    Mul,
    Ne,
    Piecewise,
    Pow,
    S,
    Sum,
    cos,
    erf,
    exp,
    sign,
    sin,
    tanh,
)
from sympy.concrete.expr_with_limits import ExprWithLimits
from sympy.core.relational import Relational

from symgrad.equations import Index
from symgrad.expressions import Order, Written, ordered
from symgrad.indices import LETTERS, relabelled
from symgrad.notation.matrix import tree
from symgrad.notation.matrix.build import hadamard, lifted, matmul, ones, plus, power, scaled, transposed
from symgrad.notation.matrix.network import Network, NoMatrixForm
from symgrad.notation.matrix.tree import (
    Apply,
    Det,
    Each,
    Identity,
    Indicator,
    Inverse,
    Name,
    Node,
    Scalar,
    Scale,
    Unit,
)
from symgrad.tensors.functions import Determinant, MatrixInverse, OfMatrix, relu, sigmoid, softplus

Shapes = Mapping[str, tuple[Expr, ...]]
MOST_TERMS = 8  # that a product is multiplied out into, where a factor has more than two indices
_ARRAYS = (Indexed, ExprWithLimits, OfMatrix, Index)
_TOTAL = (Abs, cos, erf, exp, sign, sin, tanh, relu, sigmoid, softplus)  # functions without a point to avoid


def recovered(
    expr: Expr, indices: tuple[Index, ...], shapes: Shapes | None = None, written: Written | None = None
) -> Node:
    """The matrix form of an expression: its rows and columns are the last two indices, those before are batch axes.

    `shapes` are the axes of the quantities, as far as they are known; an index has to run over a whole axis.  Raises
    NoMatrixForm, and says what has none.

    >>> from symgrad.indices import sigma
    >>> from symgrad.equations import Size
    >>> i, j, k = (Index(letter, Size(size)) for letter, size in ("id", "jh", "kn"))
    >>> form = recovered(sigma(IndexedBase("X")[k, i] * IndexedBase("D")[k, j], k), (i, j))
    >>> type(form).__name__, form.shape
    ('Product', (d, h))
    """
    rank = min(len(indices), 2)
    fixed, (row, column) = indices[: len(indices) - rank], (*indices[len(indices) - rank :], None, None)[:2]
    reader = _Reader(shapes or {}, written or {}, fixed)
    form = reader.spread(reader.node(expr, row, column), row, column, implicit=False)
    escaped = _open_indices(form) - set(fixed)
    if escaped:
        raise NoMatrixForm(f"the index {min(map(str, escaped))} would stand outside of its sum")
    return _lettered(form, {index.name for index in fixed})


def _open_indices(node: Node) -> set[Expr]:
    """The batch indices that a form uses outside of the sums that run over them."""
    if isinstance(node, Each):
        return _open_indices(node.body) - {node.index}
    own = node.at if isinstance(node, Name) else (node.value,) if isinstance(node, Scalar) else ()
    found = {symbol for expr in own for symbol in expr.free_symbols if isinstance(symbol, Index)}
    if isinstance(node, Scale):
        found |= {symbol for symbol in node.coefficient.free_symbols if isinstance(symbol, Index)}
    return found.union(*(_open_indices(part) for part in node.parts))


def _lettered(node: Node, taken: set[str]) -> Node:
    """The form with its batch indices named by the letters that they had, as far as these are free."""
    if isinstance(node, Each):
        letters = (node.index.name.partition("_")[0], *LETTERS)
        index = Index(next(letter for letter in letters if letter not in taken), node.index.size)
        body = tree.relabelled(node.body, {node.index: index})
        return Each(index, _lettered(body, {*taken, index.name}))
    parts = {part: _lettered(part, taken) for part in node.parts}
    return tree.with_parts(node, parts)


@dataclass(frozen=True)
class _Reader:
    """Reads expressions whose indices, apart from the fixed ones, are at most a row and a column."""

    shapes: Shapes
    written: Written
    fixed: tuple[Index, ...] = ()
    counter: Iterator[int] = field(default_factory=itertools.count)

    def free(self, expr: Expr) -> tuple[Index, ...]:
        """The indices of an expression that aren't fixed, in the order in which its entries have them."""
        symbols = {symbol for symbol in expr.free_symbols if isinstance(symbol, Index)} - set(self.fixed)
        if len(symbols) < 2:
            return tuple(symbols)
        entries = sorted(expr.atoms(Indexed), key=str)
        placed = {index: None for entry in entries for index in entry.indices if index in symbols}
        return (*placed, *sorted(symbols - set(placed), key=str))

    def node(self, expr: Expr, row: Index | None, column: Index | None) -> Node:
        """The form of an expression over the row and the column, as far as it has them."""
        free = self.free(expr)
        if not set(free) <= {row, column}:
            raise NoMatrixForm(f"{expr} has the indices {', '.join(map(str, free))}")
        if not expr.has(*_ARRAYS) or (isinstance(expr, KroneckerDelta) and not free):
            return Scalar(expr)
        if row in free and column in free:
            assert row is not None and column is not None
            return self._read(expr, (row, column))
        return self._read(expr, free) if row in free else transposed(self._read(expr, free))

    def _read(self, expr: Expr, at: tuple[Index, ...]) -> Node:
        """The form of an expression that has exactly these indices: the rows' and the columns'."""
        row, column = (*at, None, None)[:2]
        if isinstance(expr, Mul | Sum) or len(self._at(expr)) > len(at):
            return self._contracted([expr], [], row, column)
        if isinstance(expr, Indexed):
            return self._entry(expr, at)
        if isinstance(expr, Add):
            return self._sum([self.node(term, row, column) for term in ordered(expr, self.written)], row, column)
        if isinstance(expr, Pow) and not expr.exp.has(*_ARRAYS):
            return power(self.node(expr.base, row, column), expr.exp)
        if isinstance(expr, KroneckerDelta) and set(expr.args) == set(at) and _same(at[0].size, at[1].size):
            return Identity(at[0].size)
        if isinstance(expr, KroneckerDelta) and len(at) == 1 and any(arg.is_Integer for arg in expr.args):
            return Unit(next(arg for arg in expr.args if arg.is_Integer), at[0].size)
        if isinstance(expr, MatrixInverse):
            return self._inverse(expr, at)
        if isinstance(expr, Determinant):
            return Det(self._square(expr.args[0], expr.size, expr.places))
        if isinstance(expr, Piecewise):
            return self._piecewise(expr, row, column)
        if isinstance(expr, Function):
            arguments = [self.node(arg, row, column) for arg in expr.args]
            return lifted(Apply(expr.func, tuple(self.spread(one, row, column) for one in arguments)))
        raise NoMatrixForm(f"{expr} is no operation on whole matrices")

    def spread(self, node: Node, row: Index | None, column: Index | None, implicit: bool = True) -> Node:
        """The node with its one row or column repeated; a number stays one number where that is `implicit`."""
        if isinstance(node, Scalar) and (node.value.is_zero or (implicit and node.value.is_number)):
            return node
        rows, columns = (S.One if index is None else index.size for index in (row, column))
        if node.is_scalar:
            return scaled([node], ones(rows, columns))
        if node.shape[0] == S.One != rows:
            return matmul(ones(rows), node)
        return matmul(node, ones(S.One, columns)) if node.shape[1] == S.One != columns else node

    def _sum(self, terms: Sequence[Node], row: Index | None, column: Index | None) -> Node:
        return plus([self.spread(term, row, column) for term in terms])

    def _entry(self, entry: Indexed, at: tuple[Index, ...]) -> Node:
        """A whole quantity, its transpose, its diagonal, or the part of it that belongs to the fixed indices."""
        name, places = str(entry.base.label), entry.indices
        axes = self.shapes.get(name) or tuple(getattr(place, "size", None) for place in places)
        lead = 0
        while lead < len(places) and (places[lead] in self.fixed or (places[lead].is_Integer and axes[lead] != 1)):
            lead += 1
        rest = places[lead:]
        if len(places) != len(axes) or len(rest) > 2 or any(place in self.fixed for place in rest):
            raise NoMatrixForm(f"{entry} has {len(places)} axes")
        for place, size in zip(places, axes, strict=True):
            alone = place.is_Integer and size is not None
            if not alone and not (isinstance(place, Index) and _same(place.size, size)):
                raise NoMatrixForm(f"{entry} is a part of {name}")
        if any(place.is_Integer and f"{name}{place + 1}" in self.shapes for place in places[:lead]):
            raise NoMatrixForm(f"{entry} would read as another quantity's name")
        if any(place.is_Integer and size != 1 for place, size in zip(rest, axes[lead:], strict=True)):
            raise NoMatrixForm(f"{entry} is a part of {name}")
        size = (*(axes[lead:]), S.One, S.One)
        whole_name = Name(name, size[0], size[1], tuple(places[:lead]))
        if len(at) == 2:
            return whole_name if rest == at else transposed(whole_name)
        return whole_name if not at or rest[0] == at[0] else transposed(whole_name)

    def _square(self, base: IndexedBase, size: Expr, places: tuple[Expr, ...]) -> Node:
        name = str(base.label)
        if any(not _same(axis, size) for axis in self.shapes.get(name, ())[len(places) :]):
            raise NoMatrixForm(f"{name} is not {size} × {size}")
        if any(place not in self.fixed and not place.is_Integer for place in places):
            raise NoMatrixForm(f"{name} is a family over more than what is fixed")
        return Name(name, size, size, places)

    def _inverse(self, expr: MatrixInverse, at: tuple[Index, ...]) -> Node:
        base, row, column = expr.args[:3]
        size = expr.size
        if {row, column} != set(at) or any(not _same(index.size, size) for index in at):
            raise NoMatrixForm(f"{expr} is a part of an inverse")
        whole = Inverse(self._square(base, size, expr.places))
        return whole if row == at[0] else transposed(whole)

    def _piecewise(self, expr: Piecewise, row: Index | None, column: Index | None) -> Node:
        """A choice between two values as 1[…] ⊙ value; no 0 · ∞ may come of it."""
        if len(expr.args) != 2 or expr.args[1][1] is not S.true or not isinstance(expr.args[0][1], Relational):
            raise NoMatrixForm(f"{expr} is a choice between more than two cases")
        (value, condition), (other, _) = expr.args
        terms = []
        for branch, holds in ((value, condition), (other, condition.negated)):
            if branch.is_zero:
                continue
            if not _is_total(branch):
                raise NoMatrixForm(f"{branch} may not exist where it isn't chosen")
            flag = self._indicator(holds, row, column)
            terms.append(hadamard([self.spread(self.node(branch, row, column), row, column), flag]))
        return plus(terms)

    def _indicator(self, condition: Relational, row: Index | None, column: Index | None) -> Node:
        sides = [self.spread(self.node(side, row, column), row, column) for side in condition.args]
        if all(isinstance(side, Scalar) for side in sides):
            raise NoMatrixForm(f"{condition} compares numbers")
        return self.spread(lifted(Indicator(condition.rel_op, *sides)), row, column)

    def _contracted(self, factors: Sequence[Expr], bound: list[Index], row: Index | None, column: Index | None) -> Node:
        """The product of the factors, summed over the bound indices."""
        flat, bound = self._flattened(factors, bound)
        wide = next((factor for factor in flat if len(self.free(factor)) > 2), None)
        if isinstance(wide, Add):
            return self._multiplied_out(flat, wide, bound, row, column)
        try:
            return self._network(flat, bound, row, column)
        except NoMatrixForm:
            batch = next((index for index in bound if _is_batch(index, flat)), None)
            if batch is None:
                raise
        inner = replace(self, fixed=(*self.fixed, batch))
        body = inner._contracted(flat, [index for index in bound if index != batch], row, column)
        coefficient = body.coefficient if isinstance(body, Scale) and not body.coefficient.has(batch) else S.One
        inside = scaled([Scalar(1 / coefficient), body]) if body.is_scalar else scaled([Scalar(1 / coefficient)], body)
        return scaled([Scalar(coefficient)], Each(batch, inside))

    def _flattened(self, factors: Sequence[Expr], bound: list[Index]) -> tuple[list[Expr], list[Index]]:
        """The factors with products taken apart and sums opened, their indices named afresh."""
        flat: list[Expr] = []
        for factor in factors:
            if isinstance(factor, Sum):
                table: dict[Expr, Expr] = {}
                for index, first, last in factor.limits:
                    if not (isinstance(index, Index) and first.is_zero and _same(last + 1, index.size)):
                        raise NoMatrixForm(f"{factor} is a sum over a part of an axis")
                    table[index] = Index(f"{index.name}_{next(self.counter)}_", index.size)
                orders: dict[Expr, Order] = dict(self.written)
                body = relabelled(factor.function, table, orders)
                inner = replace(self, written=orders)
                more, bound = inner._flattened([body], [*bound, *table.values()])
                flat.extend(more)
            elif isinstance(factor, Mul):
                more, bound = self._flattened(ordered(factor, self.written), bound)
                flat.extend(more)
            else:
                flat.append(factor)
        return flat, bound

    def _multiplied_out(
        self, factors: list[Expr], wide: Add, bound: list[Index], row: Index | None, column: Index | None
    ) -> Node:
        if len(wide.args) > MOST_TERMS:
            raise NoMatrixForm(f"{wide} has more than two indices")
        place = factors.index(wide)
        terms = [
            self._contracted([*factors[:place], term, *factors[place + 1 :]], bound, row, column)
            for term in ordered(wide, self.written)
        ]
        return self._sum(terms, row, column)

    def _network(self, factors: list[Expr], bound: list[Index], row: Index | None, column: Index | None) -> Node:
        network = Network()
        for factor in factors:
            at = self._at(factor)
            network.add(self._factor(factor, at), *at)
        network.sum_over(bound)
        return network.result(row, column)

    def _at(self, factor: Expr) -> tuple[Index, ...]:
        """Where a factor stands in the network: on its indices, a diagonal entry twice on its one."""
        free = self.free(factor)
        if isinstance(factor, Indexed | MatrixInverse | KroneckerDelta) and len(free) == 1:
            return free * sum(1 for arg in factor.args if arg == free[0])
        return free

    def _factor(self, factor: Expr, at: tuple[Index, ...]) -> Node:
        if len(at) < 2 or at[0] != at[1]:
            return self.node(factor, *(*at, None, None)[:2])
        twin = Index(f"{at[0].name}_{next(self.counter)}_", at[0].size)
        places = [place for place, arg in enumerate(factor.args) if arg == at[0]]
        args = [twin if place == places[-1] else arg for place, arg in enumerate(factor.args)]
        return self.node(factor.func(*args), at[0], twin)


def _is_batch(index: Index, factors: list[Expr]) -> bool:
    """Whether an index stands in front of the row and the column of an entry with three axes or more."""
    entries = {entry for factor in factors for entry in factor.atoms(Indexed)}
    return any(index in entry.indices[:-2] for entry in entries)


def _same(size: Expr, other: Expr) -> bool:
    return bool(size == other or (size - other).expand().is_zero)


def _is_total(expr: Expr) -> bool:
    """Whether an expression has a finite value wherever its entries have."""
    if isinstance(expr, Pow):
        return bool(expr.exp.is_Integer and expr.exp.is_nonnegative) and _is_total(expr.base)
    if isinstance(expr, Function) and not isinstance(expr, _TOTAL):
        return False
    return not isinstance(expr, MatrixInverse | Eq | Ne) and all(
        _is_total(arg) for arg in expr.args if isinstance(arg, Expr)
    )
