"""The differential of a right-hand side: one coefficient for each entry that it uses.

Scalar rules only (sum, product, power, chain); an entry X[i, j] is a variable of its own, so the same rules serve
every rank.  A function's derivative is SymPy's; what has none raises.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sympy import (
    Abs,
    Add,
    Derivative,
    Expr,
    Function,
    Heaviside,
    Indexed,
    Integer,
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

from symgrad.errors import DerivativeError
from symgrad.expressions import Order, ordered, product, total
from symgrad.indices import summed
from symgrad.model import Index, Size
from symgrad.tensors.functions import Elementary

_FLAT = (sign, floor, ceiling, Heaviside)  # piecewise constant: 0 wherever the derivative exists


@dataclass(frozen=True)
class Partial:
    """The coefficient of one entry's differential, to be summed over the indices `over`."""

    entry: Expr
    coefficient: Expr
    over: tuple[Index, ...] = ()


def differential(expr: Expr, written: dict[Expr, Order]) -> list[Partial]:
    """The partial derivatives of an expression by the entries it uses, in the order in which they were written.

    An entry that occurs twice has two rows.  Raises DerivativeError for an operation without a derivative.

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
    return list(_rows(expr, written))


def _rows(expr: Expr, written: dict[Expr, Order]) -> Iterator[Partial]:
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
    elif isinstance(expr, Piecewise):
        yield from _piecewise(expr, written)
    elif isinstance(expr, Max | Min):
        yield from differential(expr.rewrite(Piecewise), written)
    elif isinstance(expr, Function):
        for place, argument in enumerate(expr.args):
            if any(True for _ in _variables(argument)):
                own = (
                    expr.derivative(argument)
                    if isinstance(expr, Elementary)
                    else (function_derivative(expr, place + 1),)
                )
                yield from _scaled(argument, own, (), written)
    else:
        raise DerivativeError(f"no derivative is known for the operation {type(expr).__name__} in {expr}")


def _variables(expr: Expr) -> Iterator[Expr]:
    return (atom for atom in expr.free_symbols if not isinstance(atom, Index | Size))


def _scaled(inner: Expr, before: Order, after: Order, written: dict[Expr, Order]) -> Iterator[Partial]:
    for row in differential(inner, written):
        yield Partial(row.entry, product((*before, row.coefficient, *after), written), row.over)


def _piecewise(expr: Piecewise, written: dict[Expr, Order]) -> Iterator[Partial]:
    """Branch by branch: a kink where the branches meet has the derivative of the branch that holds there."""
    branches = [(collected(differential(value, written), written), condition) for value, condition in expr.args]
    for entry in dict.fromkeys(entry for rows, _ in branches for entry in rows):
        yield Partial(entry, Piecewise(*((rows.get(entry, S.Zero), condition) for rows, condition in branches)))


def function_derivative(expr: Expr, place: int) -> Expr:
    """The derivative of an applied function by one argument, counted from 1: f′(z) for an abstract f.

    >>> function_derivative(Function("f")(Symbol("z")), 1)
    f'(z)
    """
    if isinstance(expr, AppliedUndef):
        name = expr.func.__name__
        mark = "'" if len(expr.args) == 1 else f"'{place}"
        return Function(name + mark)(*expr.args)
    if isinstance(expr, _FLAT):
        return Integer(0)
    if isinstance(expr, Abs):
        return sign(expr.args[0])
    try:
        result = expr.fdiff(place)
    except (ArgumentIndexError, NotImplementedError, AttributeError) as error:
        raise DerivativeError(f"no derivative is known for {expr.func.__name__} in {expr}") from error
    if result.has(Derivative, Subs):
        raise DerivativeError(f"no derivative is known for {expr.func.__name__} in {expr}")
    return result


def collected(rows: list[Partial], written: dict[Expr, Order]) -> dict[Expr, Expr]:
    """The whole coefficient of each entry: its rows summed, over their own indices first."""
    found: dict[Expr, list[Expr]] = {}
    for row in rows:
        found.setdefault(row.entry, []).append(summed(row.coefficient, row.over, written))
    return {entry: terms[0] if len(terms) == 1 else total(terms, written) for entry, terms in found.items()}
