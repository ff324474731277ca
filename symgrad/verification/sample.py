"""A Python function that only takes numbers, compared with the derivation at small points in float64."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from symgrad.equations import Equation
from symgrad.errors import ClaimError
from symgrad.expressions import exact
from symgrad.verification.budget import Budget, OutOfTime
from symgrad.verification.context import Context
from symgrad.verification.diagnose import diagnose
from symgrad.verification.handwritten import Handwritten, plain
from symgrad.verification.numbers import FLOATS, Array, NoValue
from symgrad.verification.points import points
from symgrad.verification.refute import shown
from symgrad.verification.values import Values
from symgrad.verification.verdict import Counterexample, Verdict

POINTS = 24
TRIES = 12  # for each point that is wanted
TOLERANCE = 1e-9  # relative; float64 arithmetic on a short formula is well below it


def sampled(context: Context, correct: Equation, claim: Callable[..., Any], why: str, budget: Budget) -> Verdict:
    """agrees or refuted at small points; undecided where the function fails, or has no value, at all of them."""
    model, name = context.model, correct.name
    if model.functions:
        return Verdict("undecided", name, f"{why}, and {model.functions[0]} is abstract; bind it to compare values")
    hand = Handwritten(context, claim)
    try:
        pairs = budget.run(lambda: list(itertools.islice(_pairs(hand, correct), POINTS)))
    except OutOfTime:
        return Verdict("undecided", name, f"{why}, and calling it took longer than {budget.seconds:g} s")
    except ClaimError as error:
        return Verdict("malformed", name, str(error), correct=correct)
    except Exception as error:  # the user's function may raise anything; that is the verdict
        return Verdict("malformed", name, f"the function raised {type(error).__name__}: {error}", correct=correct)
    if not pairs:
        return Verdict("undecided", name, f"{why}, and no point was found where it has a value")
    details: dict[str, Any] = {"correct": correct, "written": context.written, "model": model}
    largest = max(float(np.abs(side).max()) for _, *sides in pairs for side in sides)
    for point, given, right in pairs:
        if given.shape != right.shape:
            reason = f"{why}; it returned the shape {given.shape}, the derivative has {right.shape}"
            return Verdict("malformed", name, reason, **details)
        # A difference of large terms may be off by their rounding: at most a tolerance of the largest value counts.
        apart = np.abs(given - right) > TOLERANCE * np.maximum(min(1.0, largest), np.abs(right))
        if apart.any():
            entry = tuple(int(place) for place in np.argwhere(apart)[0])
            inputs = {key: shown(entries) for key, entries in point.inputs.items()}
            sizes = {str(size): length for size, length in point.sizes.items()}
            claimed, expected = (exact(float(side[entry])) for side in (given, right))
            example = Counterexample(inputs, claimed, expected, {}, sizes, entry)
            try:
                slip = budget.run(lambda: diagnose(context, correct, lambda values: _called(hand, values))).text
            except OutOfTime:
                slip = ""
            return Verdict("refuted", name, f"{why}; compared in float64", example, slip, **details)
    return Verdict("agrees", name, f"{why}; equal at {len(pairs)} points in float64, to {TOLERANCE:g}", **details)


def _pairs(hand: Handwritten, correct: Equation) -> Any:
    """Points with the function's value and the correct one, where both have one."""
    for point in itertools.islice(points(hand.context.model), TRIES * POINTS):
        try:
            with np.errstate(all="ignore"):
                values = hand.context.at(point, FLOATS)
                given, right = _called(hand, values), values.of(correct)
        except NoValue:
            continue
        if np.isfinite(given).all():
            yield point, given, right


def _called(hand: Handwritten, values: Values) -> Array:
    """The function's value at a point; raises NoValue outside its domain."""
    try:
        return np.asarray(plain(hand.function(**hand.arguments(values))), dtype=float)
    except (ArithmeticError, ValueError) as error:
        raise NoValue from error
