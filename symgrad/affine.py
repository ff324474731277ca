"""Affine expressions of indices: whether they lie on an axis, the bounds of their values."""

from __future__ import annotations

from sympy import Add, And, Expr, Ge, Gt, Integer, Le, Lt, Mod, S, Symbol, floor

from symgrad.equations import Index
from symgrad.tensors.functions import Choice


def inside(value: Expr, size: Expr) -> Expr:
    """1 where a value lies on an axis of the given size, 0 elsewhere; plain 1 where that is always so.

    >>> from symgrad.equations import Size
    >>> n = Size("n")
    >>> inside(Index("i", n), n), inside(Index("i", n) - 1, n - 1)
    (1, Piecewise((1, i - 1 >= 0), (0, True)))
    """
    low, high = decided(Ge(value, 0, evaluate=False)), decided(Le(value, size - 1, evaluate=False))
    condition = And(low, high)
    return S.One if condition is S.true else Choice((Integer(1), condition), (Integer(0), True))


def decided(condition: Expr) -> Expr:
    """A comparison of affine index expressions as true or false where the axes' sizes settle it."""
    gap = condition.lhs - condition.rhs
    if isinstance(condition, Le | Lt):
        gap = -gap
    if isinstance(condition, Gt | Lt):
        gap = gap - 1  # indices are whole numbers
    if never_negative(bound(gap, lower=True)):
        return S.true
    return S.false if never_negative(-bound(gap, lower=False) - 1) else condition


def bound(value: Expr, lower: bool) -> Expr:
    """The least or largest value of an affine expression over its indices' axes; a free symbol if it isn't affine."""
    for index in sorted((s for s in value.free_symbols if isinstance(s, Index)), key=str):
        slope = value.coeff(index)
        if slope.is_real and index not in (value - slope * index).expand().free_symbols:
            end = Integer(0) if slope.is_positive == lower else index.size - 1
            value = value.xreplace({index: end}).expand()
    value = Add(*(_bound_of_term(term, lower) for term in Add.make_args(value))).expand()
    return Symbol("unknown") if any(isinstance(s, Index) for s in value.free_symbols) else value


def _bound_of_term(term: Expr, lower: bool) -> Expr:
    """The least or largest value of a term; u mod m lies between 0 and m - 1."""
    slope, body = term.as_coeff_Mul()
    least = bool(slope.is_positive) == lower
    if isinstance(body, Mod):
        return Integer(0) if least else slope * (body.args[1] - 1)
    if isinstance(body, floor):
        return slope * floor(bound(body.args[0], least))
    return slope * body


def never_negative(value: Expr) -> bool:
    """Whether an expression of sizes is provably at least 0, each floor(u) being between u - 1 + 1/q and u."""
    if value.is_nonnegative:
        return True
    terms = []
    for term in Add.make_args(value.expand()):
        slope, body = term.as_coeff_Mul()
        if isinstance(body, floor):
            exact_part = body.args[0]
            denominator = exact_part.as_numer_denom()[1]
            body = exact_part if slope.is_negative else exact_part - 1 + 1 / denominator
        terms.append(slope * body)
    return bool(Add(*terms).expand().is_nonnegative)
