"""Scalar expressions that keep the order in which a person wrote their terms and factors.

SymPy sorts the arguments of sums and products and multiplies a number into a sum; a reader wants (ŷ - y) x and
2 (ŷ - y) as they were written.  A `Written` table remembers, beside each canonical expression, the order of its
arguments; the builders here never distribute.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeAlias

from sympy import Add, Expr, Float, Indexed, Integer, Mul, Pow, Rational, S, Symbol
from sympy.core.mul import _mulsort

from symgrad.errors import InputError

Order: TypeAlias = tuple[Expr, ...]
Written: TypeAlias = Mapping[Expr, Order]


def exact(value: Any) -> Expr:
    """The exact number that a person means by an int, a decimal, a fraction or a float.

    A float stands for its shortest decimal: 88.2 is 441/5.  Raises InputError for anything else, NaN and infinity.

    >>> exact(88.2)
    441/5
    """
    if isinstance(value, Expr) and not isinstance(value, Float):
        if value.is_number:
            return value
        raise InputError(f"expected a number, got the expression {value}")
    try:
        if isinstance(value, numbers.Integral):
            return Integer(int(value))
        if isinstance(value, Fraction | numbers.Rational):
            return Rational(int(value.numerator), int(value.denominator))
        if isinstance(value, str | Decimal | Float):
            return Rational(str(value))
        if hasattr(value, "item") and getattr(value, "shape", None) == ():
            return exact(value.item())
        if isinstance(value, numbers.Real) and math.isfinite(value):
            return Rational(repr(float(value)))
    except (TypeError, ValueError) as error:
        raise InputError(f"expected a number, got {value!r}") from error
    raise InputError(f"expected a finite number, got {value!r}")


def _term(expr: Expr) -> Expr:
    return expr.as_coeff_Mul()[1]


def _base(expr: Expr) -> Expr:
    return expr.base if isinstance(expr, Pow) else expr


def _arranged(whole: Expr, wanted: Iterable[Expr], kind: type) -> Order:
    key = _term if kind is Add else _base
    position: dict[Expr, int] = {}
    for place, item in enumerate(wanted):
        position.setdefault(key(item), place)
    return tuple(sorted(whole.args, key=lambda arg: position.get(key(arg), len(position))))


def _flat(parts: Iterable[Expr], kind: type, written: Written) -> Iterable[Expr]:
    for part in parts:
        if isinstance(part, kind):
            yield from ordered(part, written)
        else:
            yield part


def ordered(expr: Expr, written: Written) -> Order:
    """The arguments of a sum or product in the order in which they were written.

    >>> x, y = Symbol("x"), Symbol("y")
    >>> written = {}
    >>> ordered(total([y, -x], written), written)
    (y, -x)
    """
    known = written.get(expr)
    if known is not None:
        return known
    if isinstance(expr, Add):  # j - 1 rather than -1 + j
        return tuple(sorted(expr.args, key=lambda term: (bool(term.as_coeff_Mul()[0].is_negative), term.is_Number)))
    arguments: Order = expr.args
    return arguments


def total(terms: Iterable[Expr], written: dict[Expr, Order]) -> Expr:
    """The sum of the terms, its order recorded in `written`.

    >>> total([Symbol("y"), Symbol("x")], {})
    x + y
    """
    terms = tuple(terms)
    if len(terms) == 1:
        return terms[0]
    result = Add(*terms)
    if isinstance(result, Add) and result not in written:
        written[result] = _arranged(result, _flat(terms, Add, written), Add)
    return result


def product(factors: Iterable[Expr], written: dict[Expr, Order]) -> Expr:
    """The product of the factors, its order recorded in `written`; a number is never multiplied into a sum.

    >>> x, y = Symbol("x"), Symbol("y")
    >>> product([Integer(2), x - y], {})
    2*(x - y)
    """
    factors = tuple(factors)
    result = undistributed(factors)
    if isinstance(result, Mul) and result not in written:
        written[result] = _arranged(result, _flat(factors, Mul, written), Mul)
    return result


_PLAIN = (Symbol, Indexed, Add)  # factors that Mul leaves as they are, if they are all different


def undistributed(factors: Iterable[Expr]) -> Expr:
    """The product of the factors with any number kept outside a sum."""
    factors = tuple(factors)
    if len(factors) == len(set(factors)) > 1 and all(type(factor) in _PLAIN for factor in factors):
        args = list(factors)
        _mulsort(args)
        return Mul._from_args(args)  # what Mul would build: there is nothing to collect
    if not any(factor.is_Number or factor.is_Mul for factor in factors):
        return Mul(*factors)
    number: Expr = S.One
    rest = []
    for factor in factors:
        if factor.is_Rational:
            number = number * factor
        else:
            coefficient, body = factor.as_coeff_Mul()
            number = number * coefficient
            rest.append(body)
    body = Mul(*rest)
    coefficient, body = body.as_coeff_Mul()
    number = number * coefficient
    if number is S.One or number.is_zero:
        return body if number is S.One else S.Zero
    if isinstance(body, Add):
        return Mul(number, body, evaluate=False)
    return Mul(number, body)
