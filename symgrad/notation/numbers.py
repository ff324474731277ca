"""Exact numbers as a reader wants them: decimals in full where they end soon, rounded, and said to be, where not."""

from __future__ import annotations

from sympy import Expr, Float, Integer, Rational

LONGEST = 12  # digits after the point that are shown in full
ROUNDED = 6  # significant digits where the decimal doesn't end, or not soon


def decimal(value: Expr) -> tuple[str, bool]:
    """A number as a decimal, and whether that is its exact value.

    >>> decimal(Rational(73809, 10)), decimal(Rational(1, 3))
    (('7380.9', True), ('0.333333', False))
    """
    if value.is_Rational:
        places = _places(int(value.q))
        if places is not None and places <= LONGEST:
            return _fixed(value, places), True
    number = value.evalf(30)
    if not 1e-300 < abs(number) < 1e300:  # beyond a float's range
        return str(Float(number, ROUNDED)), False
    return f"{float(number):.{ROUNDED}g}", False


def _places(denominator: int) -> int | None:
    """How many decimals a fraction with this denominator has; None if they never end."""
    twos = fives = 0
    while denominator % 2 == 0:
        denominator //= 2
        twos += 1
    while denominator % 5 == 0:
        denominator //= 5
        fives += 1
    return max(twos, fives) if denominator == 1 else None


def _fixed(value: Rational, places: int) -> str:
    scaled = Integer(value * 10**places)
    digits = str(abs(int(scaled))).rjust(places + 1, "0")
    sign = "-" if scaled < 0 else ""
    return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else sign + digits


def decimal_latex(value: Expr) -> str:
    r"""A number's decimal as LaTeX, a power of ten written out.

    >>> print(decimal_latex(Rational(1, 3 * 10**9)))
    3.33333 \cdot 10^{-10}
    """
    mantissa, _, exponent = decimal(value)[0].partition("e")
    return rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if exponent else mantissa
