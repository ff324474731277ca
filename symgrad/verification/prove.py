"""Proofs that two formulas are equal: by polynomial arithmetic for scalars, by a normal form for index expressions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sympy import Abs, Dummy, Expr, Indexed, KroneckerDelta, Max, Min, Piecewise, S, sign
from sympy.concrete.expr_with_limits import ExprWithLimits

from symgrad.equations import Equation
from symgrad.tensors.functions import MatrixInverse, relu
from symgrad.verification.context import Context
from symgrad.verification.monomials import NotNegative, Positive
from symgrad.verification.normal import Normal
from symgrad.verification.quotients import GaveUp, equal

CHOICES = (Piecewise, Abs, sign, relu, Max, Min)


@dataclass(frozen=True)
class Proof:
    """How two formulas were shown to be equal; `off_kinks`: but perhaps at the kinks of a choice."""

    method: str
    off_kinks: bool


def prove(context: Context, claim: Equation, correct: Equation) -> Proof | None:
    """A proof that a claim equals the correct formula; None means no more than that none was found.

    The two are compared in the names that they are written in, then with one name after another written out.
    """
    axes = {name: quantity.axes for name, quantity in context.model.quantities.items()}
    for same in _spellings(context, claim.rhs - correct.rhs):
        for signs_apart in (False, True) if same.has(*CHOICES) else (False,):
            try:
                proof = _vanishes(same, Normal(context.model.facts, axes, signs_apart))
            except GaveUp:
                continue
            if proof is not None:
                return proof
    return None


def _spellings(context: Context, gap: Expr) -> Iterator[Expr]:
    """An expression at each stage, and with names put back where they aren't free; only when it is asked for."""
    for stage in context.stages(gap):
        yield stage
        if context.model.has_axes:
            yield context.named(stage)


def _vanishes(gap: Expr, normal: Normal) -> Proof | None:
    """A proof that an expression is 0; raises GaveUp."""
    if not gap.has(Indexed, ExprWithLimits, KroneckerDelta, Piecewise) and equal(gap, S.Zero):
        return Proof("by polynomial arithmetic", False)
    form = normal.form(gap)
    if form == 0:
        return Proof("having one normal form", normal.kinks)
    return Proof("by polynomial arithmetic of normal forms", normal.kinks) if equal(_opaque(form), S.Zero) else None


def _opaque(expr: Expr) -> Expr:
    """The expression with each entry, sum and maximum as a symbol: what is left is arithmetic of scalars."""
    table: dict[Expr, Expr] = {}

    def walk(node: Expr) -> Expr:
        if isinstance(node, Indexed | ExprWithLimits | KroneckerDelta | MatrixInverse | Positive | NotNegative):
            return table.setdefault(node, Dummy(f"a{len(table)}"))
        if not node.args:
            return node
        args = tuple(walk(arg) if isinstance(arg, Expr) else arg for arg in node.args)
        return node if args == node.args else node.func(*args)

    return walk(expr)
