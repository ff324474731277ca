"""A hand-written backward pass compared with the derivation in floats, at given inputs or at random points."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sympy import Float

from symgrad.codegen.program import arguments
from symgrad.equations import Model
from symgrad.errors import ClaimError
from symgrad.names import partial_name
from symgrad.verification.context import Context
from symgrad.verification.handwritten import Handwritten, plain
from symgrad.verification.numbers import FLOATS, Array, NoValue
from symgrad.verification.points import Point, float_points
from symgrad.verification.values import Values
from symgrad.verification.verdict import Counterexample, Verdict

POINTS = 5
TRIES = 100


@dataclass(frozen=True)
class Tolerance:
    """How near a gradient must be, and in which floats it is computed; named as in torch.autograd.gradcheck."""

    eps: float
    atol: float
    rtol: float
    dtype: str

    def excess(self, given: Array, correct: Array) -> Array:
        """Each entry's error over what is allowed, infinite for NaN: right up to 1."""
        largest = min(1.0, float(np.abs(correct).max(initial=0.0)))
        allowed = self.rtol * np.abs(correct) + self.atol * largest
        error = np.abs(given - correct) / np.maximum(allowed, np.finfo(float).tiny)
        return np.where(np.isnan(error), np.inf, error)

    def accepts(self, given: Array, correct: Array) -> bool:
        """Whether every entry is near enough."""
        return given.shape == correct.shape and not (self.excess(given, correct) > 1).any()


@dataclass(frozen=True)
class Comparison:
    """The function's gradients beside the derivation's; `remarks` takes what else is noticed."""

    hand: Handwritten
    tolerance: Tolerance
    seed: int
    remarks: dict[str, None] = field(default_factory=dict)

    @property
    def _context(self) -> Context:
        return self.hand.context

    @property
    def _model(self) -> Model:
        return self.hand.context.model

    def verdicts(self, inputs: Mapping[str, Any] | None) -> dict[str, Verdict]:
        """The verdict on each gradient by what it is by; raises ClaimError where nothing could be compared."""
        points = self._random() if inputs is None else iter([self._given(inputs)])
        found: dict[str, Verdict] = {}
        for number, (point, values) in enumerate(points):
            where = f"random point {number} of seed {self.seed}" if inputs is None else "the inputs"
            for by, given in self._called(values).items():
                if found.get(by, True):
                    found[by] = self._compared(by, given, values, point, where)
        if not found:
            raise ClaimError(
                f"no point was found at which {self._model.name} and its gradients have values; give inputs"
            )
        return found

    # --- points

    def _given(self, inputs: Mapping[str, Any]) -> tuple[Point, Values]:
        """The given inputs, checked, with the value of every quantity and adjoint."""
        ready = arguments(self._model, inputs)
        sizes = {
            axis: length
            for quantity in self._model.inputs
            for axis, length in zip(quantity.axes, np.shape(ready[quantity.name]), strict=True)
        }
        point = Point(sizes, {name: np.asarray(value, dtype=float) for name, value in ready.items()})
        values = self._values(point)
        if values is None:
            raise ClaimError(f"{self._model.name}, or a gradient of it, has no value at these inputs")
        if not self._is_smooth(point, values):
            self._remark("central differences disagree with the derivation: are these inputs at a kink?")
        return point, values

    def _random(self) -> Iterator[tuple[Point, Values]]:
        """Random points off the kinks, with the value of every quantity and adjoint."""
        found = 0
        for point in itertools.islice(float_points(self._model, self.seed), TRIES):
            values = self._values(point)
            if values is not None and self._is_smooth(point, values):
                yield point, values
                found += 1
                if found == POINTS:
                    return

    def _values(self, point: Point) -> Values | None:
        arrays = {name: np.asarray(entries, dtype=float) for name, entries in point.inputs.items()}
        try:
            with np.errstate(all="ignore"):
                return self._context.evaluated(Values(FLOATS, point.sizes, arrays))
        except NoValue:
            return None

    def _is_smooth(self, point: Point, values: Values) -> bool:
        """Whether central differences along a random direction agree with the derivation: they don't at a kink."""
        model, chance = self._model, np.random.default_rng(self.seed)
        moving = [quantity.name for quantity in model.inputs if not quantity.integer]
        direction = {name: chance.standard_normal(np.shape(point.inputs[name])) for name in moving}
        slope = sum(float(np.sum(values.arrays[partial_name(model.result, n)] * direction[n])) for n in moving)
        ends = []
        for step in (self.tolerance.eps, -self.tolerance.eps):
            moved = {n: np.asarray(a, dtype=float) + step * direction.get(n, 0.0) for n, a in point.inputs.items()}
            there = Values(FLOATS, point.sizes, moved)
            try:
                with np.errstate(all="ignore"):
                    there.define(model.equations)
            except NoValue:
                return False
            ends.append(float(there.arrays[model.result]))
        measured = (ends[0] - ends[1]) / (2 * self.tolerance.eps)
        return abs(measured - slope) <= self.tolerance.rtol * abs(slope) + self.tolerance.atol * (1 + abs(ends[0]))

    # --- gradients

    def _called(self, values: Values) -> dict[str, Array]:
        """The function's gradients at a point; remarks on what it did to its arguments, and in which floats."""
        given = self.hand.arguments(values, self.tolerance.dtype)
        before = {name: np.copy(value) for name, value in given.items()}
        with np.errstate(all="ignore"):
            named = self.hand.named(self.hand.function(**given))
        for name, value in given.items():
            if not np.array_equal(before[name], value, equal_nan=True):
                self._remark(f"{name} is modified in place")
        found = {by: plain(value) for by, value in named.items()}
        for by, array in found.items():
            if array.dtype.kind == "f" and array.dtype != np.dtype(self.tolerance.dtype):
                self._remark(f"the gradient by {by} is {array.dtype} for {self.tolerance.dtype} inputs")
        return found

    def _compared(self, by: str, given: Array, values: Values, point: Point, where: str) -> Verdict:
        name = partial_name(self._model.result, by)
        correct, formula = values.arrays[name], self._context.partial(name)
        shown: dict[str, Any] = {"correct": formula, "written": self._context.written, "model": self._model}
        if given.shape != correct.shape:
            reason = f"the gradient has the shape {given.shape}, {by} has {correct.shape}"
            return Verdict("malformed", name, reason, diagnosis=self._refit(given, correct), **shown)
        tolerance = self.tolerance
        if tolerance.accepts(given, correct):
            near = where if where == "the inputs" else f"{POINTS} random points of seed {self.seed}"
            reason = f"equal at {near} in {tolerance.dtype}, to rtol = {tolerance.rtol:g} and atol = {tolerance.atol:g}"
            return Verdict("agrees", name, reason, **shown)
        excess = tolerance.excess(given, correct)
        entry = tuple(int(place) for place in np.unravel_index(int(excess.argmax()), excess.shape))
        sizes = {str(size): length for size, length in point.sizes.items()}
        example = Counterexample(point.inputs, Float(given[entry]), Float(correct[entry]), {}, sizes, entry)
        wrong = f"{int((excess > 1).sum())} of {excess.size} entries are wrong at {where} in {tolerance.dtype}"
        right = f"the correct expression is {self._context.text(formula)}"
        return Verdict("refuted", name, f"{wrong}; {right}", example, **shown)

    def _refit(self, given: Array, correct: Array) -> str:
        """What would give an array the shape of the derivative, and make it right: a sum, a transpose."""
        if self.tolerance.accepts(given.T, correct):
            return "right in the other layout: this is the transpose"
        for count in range(1, given.ndim - correct.ndim + 1):
            for axes in itertools.combinations(range(given.ndim), count):
                if self.tolerance.accepts(given.sum(axis=axes), correct):
                    if all(given.shape[axis] == 1 for axis in axes):
                        return "an axis of length 1 is one too many"
                    return f"the sum over axis {', '.join(map(str, axes))} is forgotten"
        return ""

    def _remark(self, text: str) -> None:
        self.remarks[text] = None
