"""What went wrong in a refuted claim: the slip of the catalogue that gives the claim's values, in words."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial

import numpy as np
from sympy import Add, Expr, Symbol, preorder_traversal

from symgrad.equations import Equation, names_in
from symgrad.expressions import ordered
from symgrad.names import partial_name
from symgrad.verification.context import Context, aligned
from symgrad.verification.numbers import FLOATS, Array, NoValue
from symgrad.verification.points import Point, varied_points
from symgrad.verification.slips import Mutant, Target, mutants
from symgrad.verification.values import Values

POINTS = 3  # at which a slip must give the claim's values
TRIES = 60
TOLERANCE = 1e-8  # relative, in float64

Claimed = Callable[[Values], Array]


@dataclass(frozen=True)
class Diagnosis:
    """What went wrong, in words, empty where nothing explains it.

    `slip` names the catalogue's entry, `wrong` is the factor that is wrong, if one is.
    """

    text: str = ""
    slip: str = ""
    wrong: Expr | None = None


def diagnose(context: Context, correct: Equation, claimed: Claimed, claim: Equation | None = None) -> Diagnosis:
    """What went wrong, by the catalogue of slips.

    `claimed` gives the claim's values where the model's have been computed; `claim` is its formula, if there is one.
    """
    target = Target.of(context, correct)
    seen = list(itertools.islice(_seen(context, claimed), POINTS))
    if not seen:
        return Diagnosis()
    if claim is not None:
        repaired = _wrong_partial(context, claim, correct, seen) or _swapped_difference(context, claim, correct, seen)
        if repaired is not None:
            return repaired
    silent = _assumption(context, correct, claimed, _facts(context))
    if silent:
        return Diagnosis(silent, "assumption")
    for slip, mutant in mutants(target):
        if all(_alike(_mutated(values, mutant, target), given) for values, given in seen):
            return Diagnosis(mutant.text, slip, mutant.wrong)
    silent = _assumption(context, correct, claimed, _numbers(context))
    return Diagnosis(silent, "assumption" if silent else "")


def right(context: Context, claim: Equation, correct: Equation) -> bool:
    """Whether a claim of the derivative's axes has its values at a few points."""
    seen = list(itertools.islice(_seen(context, claimed_by(claim, correct)), POINTS))
    return len(seen) == POINTS and all(_alike(given, values.of(correct)) for values, given in seen)


def _seen(
    context: Context, claimed: Claimed, change: Callable[[Point], Point] = lambda point: point
) -> Iterator[tuple[Values, Array]]:
    """Points with the model's values and the claim's."""
    for point in itertools.islice(varied_points(context.model), TRIES):
        try:
            with np.errstate(all="ignore"):
                values = context.at(change(point), FLOATS)
                yield values, claimed(values)
        except NoValue:
            continue


def _alike(one: Array | None, other: Array) -> bool:
    if one is None or one.shape != other.shape:
        return False
    scale = float(np.abs(other).max(initial=0.0))
    return bool(np.abs(one - other).max(initial=0.0) <= TOLERANCE * max(scale, 1e-300))


def _mutated(values: Values, mutant: Mutant, target: Target) -> Array | None:
    """What a slip's formula gives at a point."""
    try:
        with np.errstate(all="ignore"):
            if mutant.adjoint is None:
                return values.of(mutant.equation)
            changed = Values(values.numbers, values.sizes, values.arrays, values.stand_in)
            for equation in target.way:
                changed.define([mutant.adjoint if equation.name == mutant.adjoint.name else equation])
            return changed.of(mutant.equation)
    except (NoValue, ValueError):  # NumPy's: a slip may put an array of other axes in a place
        return None


def _wrong_partial(
    context: Context, claim: Equation, correct: Equation, seen: list[tuple[Values, Array]]
) -> Diagnosis | None:
    """Whether another partial in the place of one in the claim makes it right."""
    for name in names_in(claim.rhs):
        pair = context.pair(name)
        if name in context.model.quantities or pair is None or context.model.has_axes:
            continue
        for other in context.model.quantities:
            for meant in (partial_name(other, pair[1]), partial_name(pair[0], other)):
                if meant == name or not context.is_partial(meant):
                    continue
                context.partial(meant)
                repaired = replace(claim, rhs=claim.rhs.xreplace({Symbol(name): Symbol(meant)}))
                repaired = replace(repaired, rhs=context.without_partials(repaired.rhs))
                if all(_alike(_value(values, repaired), values.of(correct)) for values, _ in seen):
                    return Diagnosis(f"the factor {name} stands where {meant} is meant", "wrong_partial", Symbol(name))
    return None


def _swapped_difference(
    context: Context, claim: Equation, correct: Equation, seen: list[tuple[Values, Array]]
) -> Diagnosis | None:
    """Whether the claim is negative because a difference in it is the wrong way round: y - ŷ for ŷ - y."""
    if not all(_alike(-given, values.of(correct)) for values, given in seen):
        return None
    wrong = set(preorder_traversal(claim.rhs))
    for factor in preorder_traversal(context.without_partials(correct.rhs)):
        if isinstance(factor, Add) and len(factor.args) == 2 and -factor in wrong:
            first, second = ordered(factor, context.written)
            names = f"{context.part_text(-second)} and {context.part_text(first)}"
            text = f"the sign is wrong: {names} are swapped in {context.part_text(factor)}"
            return Diagnosis(text, "sign", -factor)
    return None


def _value(values: Values, equation: Equation) -> Array | None:
    try:
        return values.of(equation)
    except NoValue:
        return None


# --- right under an assumption


Assumption = tuple[str, Callable[[Point], Point]]


def _assumption(context: Context, correct: Equation, claimed: Claimed, assumptions: Iterator[Assumption]) -> str:
    """The assumption under which the claim is right, one of those that people make silently."""
    for text, change in assumptions:
        seen = list(itertools.islice(_seen(context, claimed, change), POINTS))
        right = [_value(values, correct) for values, _ in seen]
        if len(seen) < POINTS or not any(value is not None and value.any() for value in right):
            continue  # where the derivative vanishes, much is right
        if all(value is not None and _alike(given, value) for (_, given), value in zip(seen, right, strict=True)):
            return f"right only if {text}"
    return ""


def _facts(context: Context) -> Iterator[Assumption]:
    """What may hold of an array: its rows sum to 1, it is symmetric."""
    for quantity in context.model.inputs:
        for place, axis in enumerate(quantity.axes):
            if not quantity.integer and axis != 1:
                yield f"{quantity.name} sums to 1 over {axis}", _changed(quantity.name, _normalised(place))
        if len(quantity.axes) == 2 and quantity.axes[0] == quantity.axes[1]:
            yield f"{quantity.name} is symmetric", _changed(quantity.name, lambda array: (array + array.T) / 2)


def _numbers(context: Context) -> Iterator[Assumption]:
    """A length of 1, a number of 0 or 1."""
    for name, size in context.sizes.items():
        yield f"{name} = 1", partial(_resized, context, {size: 1})
    for quantity in context.model.inputs:
        if not quantity.axes:
            for value in (0, 1):
                yield f"{quantity.name} = {value}", _changed(quantity.name, partial(_constant, value))


def _constant(value: int, array: Array) -> Array:
    return np.asarray(array * 0 + Fraction(value))


def _normalised(place: int) -> Callable[[Array], Array]:
    return lambda array: abs(array) / abs(array).sum(axis=place, keepdims=True)


def _changed(name: str, change: Callable[[Array], Array]) -> Callable[[Point], Point]:
    def changed(point: Point) -> Point:
        return Point(point.sizes, {**point.inputs, name: np.asarray(change(point.inputs[name]))})

    return changed


def _resized(context: Context, sizes: dict[Expr, int], point: Point) -> Point:
    """Another point with the same inputs' first entries as its seed, and other lengths of its axes."""
    seed = str([str(array.flat[0]) for array in point.inputs.values()])
    return next(varied_points(context.model, seed, {**point.sizes, **sizes}))


def claimed_by(claim: Equation, correct: Equation) -> Claimed:
    """The values of a claim that is a formula."""
    over = aligned(claim, correct.indices)
    return lambda values: values.of(over)
