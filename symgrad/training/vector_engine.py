"""L-BFGS and Newton's method: an epoch is one step of the whole vector of parameters, on any engine's gradients."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symgrad.errors import InputError
from symgrad.training.directions import Hessian, newton_direction, two_loops
from symgrad.training.engine import Engine, State, Task, Track
from symgrad.training.linesearch import Trial, search
from symgrad.training.optimizers import LineSearch

Vector = NDArray[Any]


class VectorEngine:
    """An engine whose steps go along a direction from curvature, as far as a line search finds good."""

    def __init__(self, inner: Engine, task: Task, method: LineSearch) -> None:
        self._inner, self._task, self._method = inner, task, method
        self._shapes = {name: value.shape for name, value in task.params.items()}
        self._type = np.result_type(*task.params.values())
        self._hessian = Hessian(task.model, list(task.params)) if method.name == "newton" else None
        self._sign = -1.0 if task.maximize else 1.0
        self._place = self._vector(task.params)
        self._pairs: list[tuple[Vector, Vector]] = []  # L-BFGS: steps and changes of the gradient, the newest last
        self._steps = 0

    def run(
        self, rates: NDArray[np.float64], orders: NDArray[np.intp] | None, record: bool = True, norms: bool = False
    ) -> Track:
        """Run epochs, one step each, until no step lowers the cost; the rates and orders have no meaning here."""
        losses: list[float] = []
        lengths: list[float] = []
        points: list[Vector] = []
        here = self._trial(self._place)
        for _ in range(len(rates)):
            found = self._step(here)
            if found is None:
                break
            here = found
            self._steps += 1
            losses.append(here.cost)
            lengths.append(float(np.linalg.norm(here.gradient)))
            points.append(self._place)
        columns = {
            name: np.array([self._named(point)[name] for point in points], self._type)
            for name in self._shapes
            if record and points
        }
        return Track(np.array(losses), columns, np.array(lengths) if norms else None)

    def step(self, batch: Mapping[str, NDArray[Any]], rate: float) -> float:
        """Not for batches: raises InputError."""
        raise InputError(
            f"{self._method.name} needs the whole data in each step; it can't train on a stream of batches"
        )

    def evaluate(self, columns: Mapping[str, NDArray[Any]]) -> tuple[float, dict[str, NDArray[Any]]]:
        """The cost and its gradients; see `Engine`."""
        self._move_to(self._place)
        return self._inner.evaluate(columns)

    def snapshot(self) -> State:
        """The parameters, and the pairs that L-BFGS remembers, a slot each."""
        slots = {}
        for number, pair in enumerate(self._pairs):
            slots[f"step{number}"], slots[f"change{number}"] = map(self._named, pair)
        return State(self._named(self._place), slots, self._steps)

    def restore(self, state: State) -> None:
        """Go on from a snapshot."""
        self._place, self._steps, slots = self._vector(state.params), state.steps, state.slots
        count = len(slots) // 2
        self._pairs = [(self._vector(slots[f"step{n}"]), self._vector(slots[f"change{n}"])) for n in range(count)]

    def explain(self) -> str:
        """What this engine does, in words."""
        return f"{self._method}: a line search for the strong Wolfe conditions a step. {self._inner.explain()}"

    def _step(self, here: Trial) -> Trial | None:
        if not here.gradient.any():
            return None
        found = self._search(here, self._direction(here.gradient))
        if found is None and self._pairs:
            self._pairs = []  # the memory misleads: once more along the gradient
            found = self._search(here, -here.gradient)
        if found is None:
            return None
        moved, change = found[0] - self._place, found[1].gradient - here.gradient
        self._place = found[0]
        if self._method.memory and moved @ change > 1e-10 * (change @ change):
            self._pairs = [*self._pairs, (moved, change)][-self._method.memory :]
        return found[1]

    def _search(self, here: Trial, direction: Vector) -> tuple[Vector, Trial] | None:
        start = replace(here, length=0.0, slope=float(here.gradient @ direction))
        if not -math.inf < start.slope < 0:
            return None
        # Without curvature the gradient's length says nothing about a step's: the first one is at most 1 long.
        known = bool(self._pairs) or self._hessian is not None
        first = 1.0 if known else min(1.0, 1.0 / float(np.linalg.norm(direction)))
        found = search(lambda length: self._trial(self._place + length * direction, length, direction), start, first)
        return None if found is None else (self._place + found.length * direction, found)

    def _direction(self, gradient: Vector) -> Vector:
        if self._hessian is not None:
            matrix = self._hessian.at(self._task.columns, self._named(self._place))
            matrix = self._sign * matrix + self._method.weight_decay * np.eye(len(gradient))
            return newton_direction(matrix, gradient).astype(self._type)
        return two_loops(gradient, self._pairs)

    def _trial(self, place: Vector, length: float = 0.0, direction: Vector | None = None) -> Trial:
        self._move_to(place)
        loss, gradients = self._inner.evaluate(self._task.columns)
        decay = self._method.weight_decay
        with np.errstate(all="ignore"):
            gradient = self._sign * self._vector(gradients) + decay * place
            value = self._sign * loss + decay * float(place @ place) / 2
            slope = 0.0 if direction is None else float(gradient @ direction)
        return Trial(length, value, gradient, slope, loss)

    def _move_to(self, place: Vector) -> None:
        self._inner.restore(State(self._named(place), {}, 0))

    def _vector(self, values: Mapping[str, Any]) -> Vector:
        return np.concatenate([np.ravel(values[name]).astype(self._type) for name in self._shapes])

    def _named(self, vector: Vector) -> dict[str, NDArray[Any]]:
        sizes = [math.prod(shape) for shape in self._shapes.values()]
        ends = itertools.accumulate(sizes)
        return {
            name: vector[end - size : end].reshape(shape).astype(self._type)
            for (name, shape), size, end in zip(self._shapes.items(), sizes, ends, strict=True)
        }
