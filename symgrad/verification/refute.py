"""A counterexample: small exact inputs at which two expressions provably differ."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass

from sympy import Dummy, Expr, Function, Integer, Rational, Symbol
from sympy.core.function import AppliedUndef

from symgrad.equations import functions_in
from symgrad.verification.balls import NoValue, ball, rational
from symgrad.verification.verdict import Counterexample

_SMALL = tuple(Rational(text) for text in ("1", "2", "-1", "3", "1/2", "-2", "5", "-1/2", "-3", "3/2"))
_FUNCTIONS = (
    "z**3 + z",
    "z**2",
)  # what an abstract f may stand for: exact at rationals, with a derivative of its own
POINTS = 24
BITS = 200
MOST_BITS = 3200


@dataclass(frozen=True)
class Agreement:
    """No point tried tells the two sides apart: how many points there were."""

    points: int


def compare(claimed: Expr, correct: Expr) -> Counterexample | Agreement:
    """A counterexample, or how many points could not tell the sides apart (0: none lay in the domain)."""
    variables = sorted(claimed.free_symbols | correct.free_symbols, key=lambda symbol: symbol.name)
    functions = functions_in(claimed) | functions_in(correct)
    tried = 0
    for text in _FUNCTIONS if functions else ("",):
        left, right = (_concrete(side, text) for side in (claimed, correct))
        for point in itertools.islice(_points(variables), 3 * POINTS):
            outcome = _at(left, right, point)
            if outcome is None:
                continue
            tried += 1
            if outcome:
                inputs = {symbol.name: value for symbol, value in point.items()}
                sides = _shown(left, point), _shown(right, point)
                stand_ins = {name: _polynomial(Function(name)(Symbol("z")), text) for name in sorted(functions)}
                return Counterexample(inputs, *sides, {name: str(body) for name, body in stand_ins.items()})
            if tried >= POINTS:
                break
    return Agreement(tried)


def _shown(expr: Expr, point: dict[Expr, Expr]) -> Expr:
    value = expr.xreplace(point)
    return value if value.is_Rational else value.evalf(30)


def _points(variables: list[Symbol]) -> Iterator[dict[Expr, Expr]]:
    """Small inputs: first all different ones, then random ones, the same at every call."""
    if not variables:
        yield {}
        return
    for start in range(4):
        yield {symbol: _SMALL[(start + place) % len(_SMALL)] for place, symbol in enumerate(variables)}
    chance = random.Random(0)
    while True:
        yield {symbol: chance.choice(_SMALL) for symbol in variables}


def _at(left: Expr, right: Expr, point: dict[Expr, Expr]) -> bool | None:
    """Whether the sides provably differ at the point; None where one has no value there."""
    bits = BITS
    while bits <= MOST_BITS:
        try:
            balls = {symbol: rational(value) for symbol, value in point.items()}
            first, second = ball(left, balls, bits), ball(right, balls, bits)
        except NoValue:
            return None
        if not first.overlaps(second):
            return True
        bits *= 4
    return False


def _concrete(expr: Expr, text: str) -> Expr:
    """The expression with each abstract function, and its primes, replaced by a polynomial of its arguments."""
    table: dict[Expr, Expr] = {}
    for node in expr.atoms(AppliedUndef):
        table[node] = _polynomial(node, text)
    while any(expr.has(node) for node in table):
        expr = expr.xreplace(table)
    return expr


def _polynomial(node: Expr, text: str) -> Expr:
    name, _, marks = node.func.__name__.partition("'")
    slots = [Dummy() for _ in node.args]
    mixed = sum((Integer(place + 1) * slot for place, slot in enumerate(slots)), Integer(0))
    shift = sum(map(ord, name)) % 3  # so that two functions of one model are not the same one
    body = mixed**3 + mixed + shift if text.startswith("z**3") else mixed**2 + shift
    if marks.isdigit():
        body = body.diff(slots[int(marks) - 1])
    elif node.func.__name__ != name:
        for _ in range(len(node.func.__name__) - len(name)):
            body = body.diff(slots[0])
    return body.xreplace(dict(zip(slots, node.args, strict=True)))
