"""A counterexample: small exact inputs, in the smallest shapes, at which two formulas provably differ."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from flint import arb, ctx, fmpq
from sympy import Expr, Float, Function, Integer, Rational, Symbol

from symgrad.equations import Equation, needed
from symgrad.verification.context import Context
from symgrad.verification.numbers import BALLS, RATIONALS, Array, NoValue, precision
from symgrad.verification.points import Point, points
from symgrad.verification.values import BOUNDED, POLYNOMIALS, Body, stand_in
from symgrad.verification.verdict import Counterexample

FEW, MANY = 4, 24  # points before a proof is tried, and after none was found
BITS, MOST_BITS = 200, 3200
TRIES = 12  # for each point that is wanted: those without a value are passed over


@dataclass(frozen=True)
class Agreement:
    """No point tells the two sides apart: how many there were."""

    points: int


def compare(context: Context, claim: Equation, correct: Equation, most: int, bits: int) -> Counterexample | Agreement:
    """A counterexample, or at how many points the sides can't be told apart (0: none lay in the domain)."""
    names = _used(context, claim, correct)
    telling = silent = 0  # points at which a side isn't 0, and others: where all vanishes, much is equal
    for body in (*POLYNOMIALS, BOUNDED) if context.model.functions else POLYNOMIALS[:1]:
        if body is BOUNDED and (telling or silent):
            break
        near = 0
        for point in itertools.islice(points(context.model), TRIES * most):
            found = _at(context, claim, correct, point, body, bits, names)
            if isinstance(found, Counterexample):
                return found
            near += found is True
            silent += found is False
            if near >= most:
                break
        telling += near
    return Agreement(telling or silent)


def _at(
    context: Context, claim: Equation, correct: Equation, point: Point, body: Body, most_bits: int, names: set[str]
) -> Counterexample | bool | None:
    """A counterexample at the point; whether a side isn't 0 there, if they can't be told apart; None without values."""
    bits = 0  # first exactly, which only rational formulas can be
    while bits <= most_bits:
        try:
            values = context.at(point, BALLS if bits else RATIONALS, body, names)
            first, second = values.of(claim), values.of(correct)
        except NoValue:
            if bits:
                return None
            bits = BITS
            precision(bits)
            continue
        entry = next(_apart(first, second), None)
        if entry is not None:
            inputs = {name: shown(entries) for name, entries in point.inputs.items() if name in names}
            sizes = {str(size): length for size, length in point.sizes.items()}
            sides = number(first[entry]), number(second[entry])
            return Counterexample(inputs, *sides, _stand_ins(context, body), sizes, entry)
        if not bits:
            break
        bits *= 4
        precision(bits)
    return any(not arb(value).contains(0) if isinstance(value, arb) else value != 0 for value in second.flat)


def _apart(first: Array, second: Array) -> Iterator[tuple[int, ...]]:
    """The entries at which two arrays of rationals, or of balls, provably differ."""
    for entry in np.ndindex(first.shape):
        one: Any = first[entry]
        other: Any = second[entry]
        balls = isinstance(one, arb) or isinstance(other, arb)
        if not arb(one).overlaps(arb(other)) if balls else one != other:
            yield entry


def number(value: Any) -> Expr:
    """A rational as it is, a ball's midpoint as a decimal with the digits of its precision."""
    if isinstance(value, arb):
        return _decimal(value)
    return Rational(int(value.p), int(value.q)) if isinstance(value, fmpq) else Integer(int(value))


def _decimal(value: arb) -> Expr:
    digits = max(30, int(ctx.prec * 0.301))
    return Float(value.str(digits, radius=False), digits)


def shown(entries: Array) -> Any:
    """An input's fractions as SymPy's rational numbers, nested as an array is."""
    if entries.shape == ():
        value: Any = entries[()]
        return Rational(value.numerator, value.denominator)
    return tuple(shown(np.asarray(row, dtype=object)) for row in entries)


def _used(context: Context, *sides: Equation) -> set[str]:
    """The inputs that the two sides depend on."""
    known = [*context.partials.values(), *context.adjoints.values(), *context.model.equations]
    return needed(set().union(*(side.uses for side in sides)), known)


def _stand_ins(context: Context, body: Body) -> dict[str, str]:
    return {name: str(stand_in(body)(Function(name)(Symbol("z")))) for name in sorted(context.model.functions)}
