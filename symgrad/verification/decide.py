"""The verdict on one formula for another, which is correct: points first, then a proof, then more points."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from symgrad.equations import Equation
from symgrad.verification.budget import Budget, OutOfTime
from symgrad.verification.context import Context, aligned
from symgrad.verification.diagnose import Diagnosis, claimed_by, diagnose
from symgrad.verification.misfit import misfit
from symgrad.verification.numbers import NoValue
from symgrad.verification.prove import CHOICES, prove
from symgrad.verification.refute import BITS, FEW, MANY, MOST_BITS, Agreement, compare
from symgrad.verification.verdict import Counterexample, Verdict

T = TypeVar("T")
PROVING = 0.7  # of the time that is left: the rest is for more points


def decide(
    context: Context, claim: Equation, correct: Equation, label: str, budget: Budget, explained: bool = True
) -> Verdict:
    """The verdict on a claim; malformed where its axes are not those of the correct formula.

    To look for the slip in a claim that is refuted takes longer than to refute it: only if it is to be `explained`.
    """
    shown: dict[str, Any] = {"correct": correct, "written": context.written, "model": context.model}
    if claim.quantity.axes != correct.quantity.axes:
        shapes = (f"({', '.join(map(str, side.quantity.axes))})" for side in (claim, correct))
        reason = "the claim has the axes {}, the derivative {}".format(*shapes)
        refit = _in_time(budget, lambda: _if_it_has_a_value(lambda: misfit(context, claim, correct), ""), "")
        return Verdict("malformed", label, reason, None, refit, **shown)
    claim = aligned(claim, correct.indices)
    near: Agreement | Counterexample = Agreement(0)
    near = _in_time(budget, lambda: compare(context, claim, correct, FEW, BITS), near)
    if isinstance(near, Agreement) and near.points:
        proof = _in_time(Budget(PROVING * budget.left), lambda: prove(context, claim, correct), None)
        if proof is not None:
            where = "for all values off the kinks" if proof.off_kinks else "for all values"
            reason = f"equal {where} where both sides are defined, {proof.method}{_sizes(context)}"
            return Verdict("proved", label, reason, **shown)
    if isinstance(near, Agreement):
        few = near.points
        unfinished: Agreement | Counterexample = Agreement(-1)
        near = _in_time(budget, lambda: compare(context, claim, correct, MANY, MOST_BITS), unfinished)
        if near == unfinished:
            reason = f"equal at {few} points; {budget.seconds:g} s were over before a proof or more points"
            return Verdict("undecided", label, reason, **shown)
    if isinstance(near, Counterexample):

        def diagnosed() -> Diagnosis:
            found = lambda: diagnose(context, correct, claimed_by(claim, correct), claim)  # noqa: E731  # run below
            return _if_it_has_a_value(found, Diagnosis())

        why = _in_time(budget, diagnosed, Diagnosis()) if explained else Diagnosis()
        reason = f"the correct expression is {context.text(correct)}"
        return Verdict("refuted", label, reason, near, why.text, **shown, slip=why.slip, wrong=why.wrong)
    if near.points:
        kinks = any(part.has(*CHOICES) for part in (claim.rhs, *(eq.rhs for eq in context.model.equations)))
        reason = f"equal at {near.points} points{' off the kinks' * kinks} to {MOST_BITS} bits; no proof was found"
        return Verdict("agrees", label, reason, **shown)
    reason = "no point was found where both sides have a real value"
    return Verdict("undecided", label, reason, **shown)


def _if_it_has_a_value(work: Callable[[], T], otherwise: T) -> T:
    """What a search for the slip finds; a point that it tries may have no value, which changes no verdict."""
    try:
        return work()
    except (NoValue, ValueError):
        return otherwise


def _in_time(budget: Budget, work: Callable[[], T], otherwise: T) -> T:
    try:
        return budget.run(work)
    except OutOfTime:
        return otherwise


def _sizes(context: Context) -> str:
    """For which sizes of the axes a proof holds."""
    axes = [axis for quantity in context.model.quantities.values() for axis in quantity.axes]
    fixed = sorted({int(axis) for axis in axes if axis.is_Integer and axis > 1})
    symbolic = f", for all sizes {', '.join(sorted(context.sizes))}" if context.sizes else ""
    facts = [f"{fact.quantity} sums to {fact.total} over {fact.axis}" for fact in context.model.facts]
    symbolic += f", given that {' and '.join(facts)}" if facts else ""
    return symbolic + (f", axes of length {', '.join(map(str, fixed))} being as declared" if fixed else "")
