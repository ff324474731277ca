"""Rigorous values: an expression in ball arithmetic (Arb), one row an operation.

A ball is a midpoint and a radius that provably contains the value; two balls that don't meet are two different values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flint import arb, ctx, fmpq
from sympy import Abs, Add, Expr, Function, Max, Min, Mul, Piecewise, Pow, S, sign
from sympy.core.relational import Relational

from symgrad.tensors.functions import Elementary

LARGEST = 10_000_000  # bits before the point; a tower of exponentials has more than a number that can be shown


class NoValue(Exception):
    """The expression has no real value here, or a kink is too near to choose a branch."""


FUNCTIONS: dict[str, Callable[[arb], arb]] = {
    "exp": arb.exp,
    "log": arb.log,
    "sin": arb.sin,
    "cos": arb.cos,
    "tan": arb.tan,
    "asin": arb.asin,
    "acos": arb.acos,
    "atan": arb.atan,
    "sinh": arb.sinh,
    "cosh": arb.cosh,
    "tanh": arb.tanh,
    "asinh": arb.asinh,
    "acosh": arb.acosh,
    "atanh": arb.atanh,
    "erf": arb.erf,
    "gamma": arb.gamma,
}


def ball(expr: Expr, values: Mapping[Expr, arb], bits: int) -> arb:
    """The expression's value as a ball, at a precision in bits; raises NoValue."""
    ctx.prec = bits
    result = _ball(expr, values)
    if not result.is_finite() or abs(result) > arb(2) ** LARGEST:
        raise NoValue
    return result


def rational(number: Expr) -> arb:
    """A rational number as a ball."""
    return arb(fmpq(int(number.p), int(number.q)))


def _ball(expr: Expr, values: Mapping[Expr, arb]) -> arb:
    if expr in values:
        return values[expr]
    if expr.is_Rational:
        return rational(expr)
    if expr is S.Pi:
        return arb.pi()
    if expr is S.Exp1:
        return arb(1).exp()
    if isinstance(expr, Piecewise):
        return _branch(expr, values)
    args = [_ball(arg, values) for arg in expr.args]
    if isinstance(expr, Add):
        return sum(args[1:], args[0])
    if isinstance(expr, Mul):
        result = args[0]
        for arg in args[1:]:
            result = result * arg
        return result
    if isinstance(expr, Pow):
        return _power(expr, args)
    if isinstance(expr, Abs):
        return abs(args[0])
    if isinstance(expr, sign):
        return arb(_sign(args[0]))
    if isinstance(expr, Max | Min):
        best = args[0]
        for arg in args[1:]:
            best = best if (_sign(best - arg) > 0) == isinstance(expr, Max) else arg
        return best
    if isinstance(expr, Elementary):
        return _ball(expr.definition(expr.args[0]), values)
    if isinstance(expr, Function) and expr.func.__name__ in FUNCTIONS:
        return FUNCTIONS[expr.func.__name__](args[0])
    raise NoValue


def _power(expr: Expr, args: list[arb]) -> arb:
    base, exponent = args
    if expr.exp.is_Integer:
        return base ** int(expr.exp)
    if (expr.exp.is_Rational and base < 0) or not base >= 0:
        raise NoValue
    return base.sqrt() ** int(expr.exp.p) if expr.exp.is_Rational and expr.exp.q == 2 else base**exponent


def _sign(value: arb) -> int:
    if value > 0:
        return 1
    if value < 0:
        return -1
    raise NoValue  # at or near a kink


def _branch(expr: Piecewise, values: Mapping[Expr, arb]) -> arb:
    for value, condition in expr.args:
        if condition is S.true:
            return _ball(value, values)
        if not isinstance(condition, Relational) or condition.rel_op not in ("<", ">", "<=", ">="):
            raise NoValue
        side = _sign(_ball(condition.lhs - condition.rhs, values))
        if (side > 0) == (condition.rel_op in (">", ">=")):
            return _ball(value, values)
    raise NoValue
