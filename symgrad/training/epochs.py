"""Epochs on an engine: of data in memory, and of batches that come one by one."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from symgrad.errors import InputError
from symgrad.training.engine import Engine, State, Task, Track
from symgrad.training.schedules import Schedule

_NUMBERS = 2**20  # the most learning rates, and places of samples, that one run of an engine is given


@dataclass(frozen=True)
class Place:
    """All that the epochs to come depend on, but data and settings."""

    state: State
    order: Mapping[str, Any] | None  # the state of the generator that shuffles


class Epochs(Protocol):
    """Runs epochs one after another."""

    longest: int  # the most epochs in one run

    def start(self) -> Track:
        """The cost at the start, with its gradient's norm where it is known: one row."""

    def run(self, epochs: int, record: bool, norms: bool) -> Track:
        """The next epochs."""

    def place(self) -> Place:
        """Where the run stands."""

    def back_to(self, place: Place) -> None:
        """Go on from a place where the run stood before."""


class _Steps:
    """Steps of an engine, counted, and the generator that shuffles."""

    def __init__(self, engine: Engine, schedule: Callable[[int], float], generator: np.random.Generator | None) -> None:
        self._engine, self._schedule, self._generator = engine, schedule, generator
        self._step = 0

    def place(self) -> Place:
        """Where the run stands."""
        return Place(self._engine.snapshot(), self._generator.bit_generator.state if self._generator else None)

    def back_to(self, place: Place) -> None:
        """Go on from a place where the run stood before."""
        self._engine.restore(place.state)
        self._step = place.state.steps
        if self._generator is not None and place.order is not None:
            self._generator.bit_generator.state = place.order


class Whole(_Steps):
    """Epochs of data in memory."""

    def __init__(
        self,
        engine: Engine,
        task: Task,
        schedule: Callable[[int], float],
        generator: np.random.Generator | None,
    ) -> None:
        super().__init__(engine, schedule, generator)
        self._task = task
        self.longest = max(1, _NUMBERS // max(task.steps, task.samples if generator else 1))

    def start(self) -> Track:
        """The cost at the start."""
        loss, gradients = self._engine.evaluate(self._task.columns)
        return first_row(loss, self._engine.snapshot(), norm(gradients))

    def run(self, epochs: int, record: bool, norms: bool) -> Track:
        """The next epochs, as one run of the engine."""
        rates = rates_of(self._schedule, self._step, epochs * self._task.steps).reshape(epochs, self._task.steps)
        orders = None
        if self._generator is not None:
            orders = np.stack([self._generator.permutation(self._task.samples) for _ in range(epochs)])
        self._step += epochs * self._task.steps
        return self._engine.run(rates, orders, record, norms)


Batch = Mapping[str, NDArray[Any]]


class Streamed(_Steps):
    """Epochs of batches that come one by one; an epoch's cost is the mean over its samples, each before its step."""

    longest = 1

    def __init__(
        self,
        engine: Engine,
        first: Batch,
        batches: Callable[[], Iterator[Batch]],
        schedule: Callable[[int], float],
        generator: np.random.Generator | None,
    ) -> None:
        super().__init__(engine, schedule, generator)
        self._first, self._batches = first, batches

    def start(self) -> Track:
        """The cost of the first batch at the start."""
        loss, gradients = self._engine.evaluate(self._first)
        return first_row(loss, self._engine.snapshot(), norm(gradients))

    def run(self, epochs: int, record: bool, norms: bool) -> Track:
        """The next epoch; without norms, since no gradient over all samples is ever computed."""
        total, count = 0.0, 0
        for batch in self._batches():
            size = next((len(column) for column in batch.values() if column.ndim), 1)
            total += size * self._engine.step(batch, float(rates_of(self._schedule, self._step, 1)[0]))
            count += size
            self._step += 1
            if not math.isfinite(total):
                break  # the rest of a long pass would tell no more
        if not count:
            raise InputError(
                "data: the second pass over the batches found none; give epochs=1, or an object that can be "
                "iterated again, such as a list or a class with __iter__"
            )
        points = self._engine.snapshot().params if record else {}
        return Track(np.array([total / count]), {name: value[None] for name, value in points.items()})


def first_row(loss: float, state: State, length: float) -> Track:
    """The row of the start values."""
    points = {name: value[None] for name, value in state.params.items()}
    return Track(np.array([loss], dtype=np.float64), points, np.array([length]))


def rates_of(schedule: Callable[[int], float], first: int, count: int) -> NDArray[np.float64]:
    """The learning rates of the steps from `first` on; raises InputError for one that is no rate.

    >>> rates_of(lambda step: 1 / (step + 1), 1, 2)
    array([0.5       , 0.33333333])
    """
    if isinstance(schedule, Schedule) and schedule.constant is not None:
        return np.broadcast_to(np.float64(schedule.constant), count)
    rates = [schedule(step) for step in range(first, first + count)]
    for place, rate in enumerate(rates):
        if not isinstance(rate, int | float | np.number) or not 0 <= float(rate) < math.inf:
            raise InputError(f"learning_rate: the schedule gives {rate!r} for step {first + place}; give a number >= 0")
    return np.array(rates, dtype=np.float64)


def norm(gradients: Mapping[str, NDArray[Any]]) -> float:
    """The Euclidean norm of all gradients together, also where its square would overflow.

    >>> norm({"w": np.array([3e300, 4e300])})
    5e+300
    """
    largest = max(float(np.abs(gradient).max()) for gradient in gradients.values())
    if not 0 < largest < math.inf:
        return largest
    return largest * math.hypot(*(float(np.linalg.norm(gradient / largest)) for gradient in gradients.values()))
