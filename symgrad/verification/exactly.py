"""Comparisons of exact numbers, rational or not: their signs, decided by balls and by polynomial arithmetic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from flint import arb
from sympy import Expr, S

from symgrad.equations import Equation
from symgrad.errors import ClaimError
from symgrad.verification.numbers import BALLS, Array, NoValue, precision
from symgrad.verification.quotients import equal
from symgrad.verification.values import Values

BITS = (200, 800, 3200)


def sign(number: Expr) -> int:
    """-1, 0 or 1; raises ClaimError for a number too near 0 to tell.

    >>> from sympy import exp, sqrt
    >>> sign(exp(1) - 3), sign(sqrt(8) - 2 * sqrt(2))
    (-1, 0)
    """
    if number.is_Rational:
        return int(bool(number > 0)) - int(bool(number < 0))
    for bits in BITS:
        value = _ball(number, bits)
        if value > 0 or value < 0:
            return 1 if value > 0 else -1
    if equal(number, S.Zero):
        return 0
    raise ClaimError(f"can't tell whether {number} is 0: it is to {BITS[-1]} bits")


def has_value(number: Expr) -> bool:
    """Whether an expression without symbols is a real number."""
    if number.is_Rational:
        return True
    try:
        _ball(number, BITS[0])
    except NoValue:
        return False
    return True


def finite_over(formula: Expr, box: Mapping[str, tuple[Expr, Expr]]) -> bool:
    """Whether a formula is finite, and so continuous, over a box of midpoints and radii."""
    precision(BITS[0])
    one = BALLS.number
    arrays: dict[str, Array] = {}
    for name, (middle, radius) in box.items():
        wide = one(middle) + one(radius) * arb(0, 1)
        arrays[name] = np.asarray(wide, dtype=object)
    try:
        Values(BALLS, {}, arrays).of(Equation("value", formula))
    except NoValue:
        return False
    return True


def _ball(number: Expr, bits: int) -> arb:
    precision(bits)
    found: Any = Values(BALLS, {}, {}).of(Equation("value", number))[()]
    return found if isinstance(found, arb) else arb(found)
