"""The catalogue of slips: what would turn a refuted claim into the correct expression, one entry each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sympy import Add, Expr, Integer, Mul, Pow, Symbol
from sympy.core.function import AppliedUndef

from symgrad.expressions import Written, ordered
from symgrad.infix import Infix


@dataclass(frozen=True)
class Case:
    """A refuted claim, in named quantities, beside the correct expression; `same` decides equality in the model."""

    claimed: Expr
    correct: Expr
    written: Written
    same: Callable[[Expr, Expr], bool]

    def text(self, expr: Expr) -> str:
        """The expression in the order in which it was written."""
        return Infix(self.written).text(expr)


def _factors(expr: Expr, written: Written) -> tuple[Expr, ...]:
    """The factors of a product, one of a power once: what can be missing, extra or replaced."""
    factors = ordered(expr, written) if isinstance(expr, Mul) else (expr,)
    return tuple(factor.base if isinstance(factor, Pow) and factor.exp.is_Integer else factor for factor in factors)


def _swapped(case: Case) -> Iterator[str]:
    for factor in _factors(case.correct, case.written):
        if isinstance(factor, Add) and len(factor.args) == 2:
            first, second = ordered(factor, case.written)
            if -factor in _factors(case.claimed, case.written) and not second.is_number:
                yield f"the sign is wrong: {-second} and {first} are swapped in {first} - {-second}"


def _sign(case: Case) -> Iterator[str]:
    yield "the sign is wrong"


def _constant(case: Case) -> Iterator[tuple[Expr, str]]:
    for text in ("2", "1/2", "3", "1/3", "4", "1/4"):
        number = Integer(1) * Integer(int(text[-1])) ** (-1 if text.startswith("1/") else 1)
        yield number, f"the claim is {text} times the correct expression: a constant factor is wrong"


def _without(case: Case) -> Iterator[tuple[Expr, str]]:
    for factor in _factors(case.correct, case.written):
        if not factor.is_number:
            yield 1 / factor, f"the factor {case.text(factor)} is missing"


def _extra(case: Case) -> Iterator[tuple[Expr, str]]:
    for factor in _factors(case.claimed, case.written):
        if not factor.is_number:
            yield factor, f"the factor {case.text(factor)} is one too many"


def _replaced(case: Case) -> Iterator[tuple[Expr, str]]:
    for right in _factors(case.correct, case.written):
        for wrong in _factors(case.claimed, case.written):
            if wrong != right and not (wrong.is_number or right.is_number):
                what = "wrong index: " if _stem(wrong) == _stem(right) else ""
                yield wrong / right, f"{what}the factor {case.text(wrong)} stands where {case.text(right)} is meant"


def _stem(expr: Expr) -> str:
    return re.sub(r"\d+", "", str(expr)) if isinstance(expr, Symbol | AppliedUndef) else str(expr)


RATIOS: tuple[Callable[[Case], Iterator[tuple[Expr, str]]], ...] = (_constant, _without, _extra, _replaced)


def diagnose(case: Case) -> str:
    """What went wrong, in words; empty where no entry of the catalogue explains it."""
    if case.claimed.is_zero or case.correct.is_zero:
        return ""
    if case.same(-case.claimed, case.correct):
        return next(_swapped(case), next(_sign(case)))
    for entry in RATIOS:
        for ratio, text in entry(case):
            if case.same(case.claimed, ratio * case.correct):
                return text
    return ""
