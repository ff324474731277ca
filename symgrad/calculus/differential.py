"""The differential of a right-hand side: one coefficient for each entry that it uses.

Scalar rules only (sum, product, power, chain); an entry X[i, j] is a variable of its own, so the same rules serve
every rank.  A function's derivative is SymPy's; what has none raises.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from sympy import (
    Abs,
    Add,
    Derivative,
    Dummy,
    Eq,
    Expr,
    Function,
    Heaviside,
    Indexed,
    KroneckerDelta,
    Max,
    Min,
    Mul,
    Piecewise,
    Pow,
    S,
    Subs,
    Sum,
    Symbol,
    ceiling,
    floor,
    log,
    sign,
)
from sympy.core.function import AppliedUndef, ArgumentIndexError

from symgrad.equations import Index, Size
from symgrad.errors import DerivativeError
from symgrad.expressions import Order, ordered, product, total
from symgrad.indices import Largest, sigma, summed
from symgrad.tensors.functions import Choice, Elementary, MatrixInverse, OfMatrix

_FLAT = (sign, floor, ceiling, Heaviside)  # piecewise constant: 0 wherever the derivative exists


@dataclass(frozen=True)
class Partial:
    """The coefficient of one entry's differential, to be summed over the indices `over`."""

    entry: Expr
    coefficient: Expr
    over: tuple[Index, ...] = ()


def differential(expr: Expr, written: dict[Expr, Order], name: Expr | None = None) -> list[Partial]:
    """The partial derivatives of an expression by the entries it uses, in the order in which they were written.

    An entry that occurs twice has two rows.  A derivative that repeats the whole expression uses its `name` if it has
    one: 1 - a² for a = tanh(z).  Raises DerivativeError for an operation without a derivative.

    >>> x, w = Symbol("x"), Symbol("w")
    >>> [(row.entry, row.coefficient) for row in differential(w * x, {})]
    [(w, x), (x, w)]
    """
    if isinstance(expr, Symbol):
        return [] if isinstance(expr, Index | Size) else [Partial(expr, S.One)]
    if isinstance(expr, Indexed):
        return [Partial(expr, S.One)]
    if expr.is_number or isinstance(expr, KroneckerDelta):
        return []
    if isinstance(expr, Add):
        return [row for term in ordered(expr, written) for row in differential(term, written)]
    return list(_rows(expr, written, name))


def _rows(expr: Expr, written: dict[Expr, Order], name: Expr | None) -> Iterator[Partial]:
    if isinstance(expr, Mul):
        factors = ordered(expr, written)
        for place, factor in enumerate(factors):
            yield from _scaled(factor, factors[:place], factors[place + 1 :], written)
    elif isinstance(expr, Pow):
        base, exponent = expr.args
        yield from _scaled(base, (exponent, base ** (exponent - 1)), (), written)
        if not exponent.is_number:
            yield from _scaled(exponent, (expr, log(base)), (), written)
    elif isinstance(expr, Sum):
        for row in differential(expr.function, written):
            yield Partial(row.entry, row.coefficient, (*row.over, *expr.variables))
    elif isinstance(expr, Largest):
        yield from _largest(expr, written, name)
    elif isinstance(expr, OfMatrix):
        yield from _of_matrix(expr)
    elif isinstance(expr, Piecewise):
        yield from _piecewise(expr, written)
    elif isinstance(expr, Max | Min):
        yield from differential(expr.rewrite(Piecewise), written)
    elif isinstance(expr, log) and isinstance(expr.args[0], Abs):  # d log|u| = du/u on both sides of 0
        yield from _scaled(expr.args[0].args[0], (1 / expr.args[0].args[0],), (), written)
    elif isinstance(expr, Function):
        for place, argument in enumerate(expr.args):
            if any(True for _ in _variables(argument)):
                yield from _scaled(argument, function_derivative(expr, place + 1, name), (), written)
    else:
        raise DerivativeError(f"no derivative is known for the operation {type(expr).__name__} in {expr}")


def _variables(expr: Expr) -> Iterator[Expr]:
    return (atom for atom in expr.free_symbols if not isinstance(atom, Index | Size))


def _scaled(inner: Expr, before: Order, after: Order, written: dict[Expr, Order]) -> Iterator[Partial]:
    for row in differential(inner, written):
        yield Partial(row.entry, product((*before, row.coefficient, *after), written), row.over)


def _largest(expr: Largest, written: dict[Expr, Order], name: Expr | None) -> Iterator[Partial]:
    """A subgradient: 1 at the entry that is the largest; equal shares where several are."""
    over = expr.variables
    is_largest = Eq(expr.function, expr if name is None else name, evaluate=False)
    share = Choice((S.One, is_largest), (S.Zero, True))
    ties = share.xreplace({index: Index(f"{index.name}'", index.size) for index in over})
    count = sigma(ties, *(Index(f"{index.name}'", index.size) for index in over))
    for row in differential(expr.function, written):
        coefficient = product((row.coefficient, share, 1 / count), written)
        yield Partial(row.entry, coefficient, (*row.over, *over))


def _of_matrix(expr: OfMatrix) -> Iterator[Partial]:
    """dA⁻¹ = -A⁻¹ dA A⁻¹ and d det A = det A tr(A⁻¹ dA); Petersen and Pedersen, The Matrix Cookbook, (40) and (46)."""
    matrix, size, places = expr.args[0], expr.size, expr.places
    p, q = Index("p'", size), Index("q'", size)
    if isinstance(expr, MatrixInverse):
        before = MatrixInverse(matrix, expr.args[1], p, size, *places)
        coefficient = -before * MatrixInverse(matrix, q, expr.args[2], size, *places)
    else:
        coefficient = expr * MatrixInverse(matrix, q, p, size, *places)
    yield Partial(matrix[(*places, p, q)], coefficient, (p, q))


def _piecewise(expr: Piecewise, written: dict[Expr, Order]) -> Iterator[Partial]:
    """Branch by branch: a kink where the branches meet has the derivative of the branch that holds there."""
    branches = [differential(value, written) for value, _ in expr.args]
    plain = [collected([row for row in rows if not row.over], written) for rows in branches]
    conditions = [condition for _, condition in expr.args]
    for entry in dict.fromkeys(entry for rows in plain for entry in rows):
        values = [rows.get(entry, S.Zero) for rows in plain]
        yield Partial(entry, Choice(*zip(values, conditions, strict=True)))
    for place, rows in enumerate(branches):
        for row in rows:
            if row.over:  # its entry is named by the index that is summed over, so it stays a row of its own
                values = [row.coefficient if branch == place else S.Zero for branch in range(len(branches))]
                yield Partial(row.entry, Choice(*zip(values, conditions, strict=True)), row.over)


def function_derivative(expr: Expr, place: int, name: Expr | None = None) -> Order:
    """The factors of an applied function's derivative by one argument, counted from 1: f′(z) for an abstract f.

    `name` is what the applied function itself goes by.

    >>> from sympy import tanh
    >>> function_derivative(Function("f")(Symbol("z")), 1), function_derivative(tanh(Symbol("z")), 1, Symbol("a"))
    ((f'(z),), (1 - a**2,))
    """
    if isinstance(expr, AppliedUndef):
        mark = "'" if len(expr.args) == 1 else f"'{place}"
        return (Function(expr.func.__name__ + mark)(*expr.args),)
    arguments, value, factors = _derivative_rule(expr.func, len(expr.args), place)
    table = {**dict(zip(arguments, expr.args, strict=True)), value: expr if name is None else name}
    return tuple(factor.xreplace(table) for factor in factors)


@lru_cache(maxsize=256)
def _derivative_rule(function: type[Function], count: int, place: int) -> tuple[Order, Expr, Order]:
    """A function's derivative as a rule: symbols for its arguments and its value, and factors in these."""
    arguments, value = tuple(Dummy() for _ in range(count)), Dummy()
    applied = function(*arguments)
    if issubclass(function, _FLAT):
        factors: Order = (S.Zero,)
    elif issubclass(function, Elementary):
        factors = applied.derivative(*arguments)
    elif issubclass(function, Abs):
        factors = (sign(*arguments),)
    else:
        try:
            factors = (applied.fdiff(place),)
        except (ArgumentIndexError, NotImplementedError, AttributeError) as error:  # SymPy's ways to have none
            raise DerivativeError(f"no derivative is known for the function {function.__name__}") from error
    if any(factor.has(Derivative, Subs) for factor in factors):
        raise DerivativeError(f"no derivative is known for the function {function.__name__}")
    return arguments, value, tuple(factor.xreplace({applied: value}) for factor in factors)


def collected(rows: list[Partial], written: dict[Expr, Order]) -> dict[Expr, Expr]:
    """The whole coefficient of each scalar, or of each entry that no row sums over: its rows added."""
    found: dict[Expr, list[Expr]] = {}
    for row in rows:
        found.setdefault(row.entry, []).append(summed(row.coefficient, row.over, written))
    return {entry: terms[0] if len(terms) == 1 else total(terms, written) for entry, terms in found.items()}
