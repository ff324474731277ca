"""Three kinds of numbers that formulas are evaluated in: floats, rationals, and balls that contain the value (Arb).

A ball is a midpoint and a radius; two balls that don't meet are two different values.  Arrays of either are NumPy's,
and one table per kind says what a function is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from flint import arb, arb_mat, ctx, fmpq, fmpq_mat
from numpy.typing import NDArray

Array = NDArray[Any]
LARGEST = 10_000_000  # bits before the point; a tower of exponentials has more than a number that can be shown


class NoValue(Exception):
    """The formula has no real value here, or a kink is too near to choose a branch."""


@dataclass(frozen=True)
class Numbers:
    """A kind of numbers: how a fraction, π and the functions look in it, and which of its values are certain."""

    kind: type
    number: Callable[[Fraction], Any]
    pi: Callable[[], Any]
    functions: Mapping[str, Callable[[Array], Array]]
    power: Callable[[Array, Array], Array]
    sign: Callable[[Array], Array]
    inverse: Callable[[Array], Array]
    determinant: Callable[[Array], Any]
    known: Callable[[Array], bool]

    def array(self, fractions: Any) -> Array:
        """An array, or one number, of this kind from fractions or whole numbers."""
        raw = np.asarray(fractions, dtype=object)
        return np.array([self.number(Fraction(value)) for value in raw.flat], dtype=self.kind).reshape(raw.shape)


def _sign(value: Any) -> int:
    """1 or -1; raises NoValue at a kink, near one, and for NaN."""
    if value > 0:
        return 1
    if value < 0:
        return -1
    raise NoValue


def _exact_inverse(matrices: Callable[[Any], Any]) -> Callable[[Array], Array]:
    """The inverse by one of Arb's kinds of matrices."""

    def inverse(matrix: Array) -> Array:
        try:
            entries = matrices(matrix.tolist()).inv().entries()
        except ZeroDivisionError:
            raise NoValue from None
        return np.array(entries, dtype=object).reshape(matrix.shape)

    return inverse


_NUMPY: dict[str, Callable[[Array], Array]] = {
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "asin": np.arcsin,
    "acos": np.arccos,
    "atan": np.arctan,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "tanh": np.tanh,
    "asinh": np.arcsinh,
    "acosh": np.arccosh,
    "atanh": np.arctanh,
    "erf": np.vectorize(math.erf, otypes=[float]),
    "gamma": np.vectorize(math.gamma, otypes=[float]),
    "loggamma": np.vectorize(math.lgamma, otypes=[float]),
}

FLOATS = Numbers(
    kind=float,
    number=float,
    pi=lambda: math.pi,
    functions=_NUMPY,
    power=np.power,
    sign=np.vectorize(_sign, otypes=[int]),
    inverse=np.linalg.inv,
    determinant=np.linalg.det,
    known=lambda array: bool(np.isfinite(array).all()),
)


def _each(function: Callable[..., Any], arguments: int = 1) -> Callable[..., Array]:
    found: Callable[..., Array] = np.frompyfunc(function, arguments, 1)
    return found


def _ball_power(base: arb, exponent: Any) -> arb:
    if isinstance(exponent, int):
        return base**exponent
    if not base >= 0:
        raise NoValue
    return base.sqrt() if exponent == arb("0.5") else base**exponent


def _is_value(value: Any) -> bool:
    return isinstance(value, int) or bool(value.is_finite() and abs(value) < arb(2) ** LARGEST)


_ARB = [
    "exp",
    "log",
    "sqrt",
    "sin",
    "cos",
    "tan",
    "asin",
    "acos",
    "atan",
    "sinh",
    "cosh",
    "tanh",
    "asinh",
    "acosh",
    "atanh",
    "erf",
    "gamma",
    "lgamma",
]


def _rational_power(base: fmpq, exponent: Any) -> fmpq:
    if not isinstance(exponent, int):
        raise NoValue
    try:
        return base**exponent
    except ZeroDivisionError:
        raise NoValue from None


def _no_pi() -> Any:
    raise NoValue


RATIONALS = Numbers(
    kind=object,
    number=lambda value: fmpq(value.numerator, value.denominator),
    pi=_no_pi,
    functions={},
    power=_each(_rational_power, 2),
    sign=_each(_sign),
    inverse=_exact_inverse(fmpq_mat),
    determinant=lambda matrix: fmpq_mat(matrix.tolist()).det(),
    known=lambda array: True,
)

BALLS = Numbers(
    kind=object,
    number=lambda value: arb(fmpq(value.numerator, value.denominator)),
    pi=arb.pi,
    functions={{"lgamma": "loggamma"}.get(name, name): _each(getattr(arb, name)) for name in _ARB},
    power=_each(_ball_power, 2),
    sign=_each(_sign),
    inverse=_exact_inverse(arb_mat),
    determinant=lambda matrix: arb_mat(matrix.tolist()).det(),
    known=lambda array: all(_is_value(value) for value in np.asarray(array).flat),
)


def precision(bits: int) -> None:
    """Sets the precision of every ball that is computed from now on."""
    ctx.prec = bits
