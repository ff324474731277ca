"""The error of a run whose numbers stop being finite, and the advice that comes with it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symgrad.errors import SymgradError
from symgrad.training.course import Course
from symgrad.training.engine import Engine, Task
from symgrad.training.history import History
from symgrad.training.settings import Settings
from symgrad.training.words import values_text

Params = dict[str, Any]


class DivergenceError(SymgradError):
    """The loss, a gradient or a parameter became NaN or infinite.

    `epoch` is the epoch in which it happened (0: already at the start values), `learning_rate` the one used,
    `suggestion` a learning rate to try (None where none helps), `params` the last finite parameters, and
    `history` the run up to them.
    """

    def __init__(
        self,
        message: str,
        *,
        epoch: int,
        learning_rate: float,
        suggestion: float | None,
        params: Params,
        history: History,
    ) -> None:
        super().__init__(message)
        self.epoch = epoch
        self.learning_rate = learning_rate
        self.suggestion = suggestion
        self.params = params
        self.history = history


_ADAPTIVE = ("adam", "adamw", "rmsprop")  # their steps aren't proportional to the gradient


def diverged(task: Task, engine: Engine, settings: Settings, course: Course, fault: str) -> DivergenceError:
    """The error of a course that ended in a fault; the engine, at the start values, finds what to try."""
    name, history = task.model.name, course.history()
    epoch, rate = len(history), settings.schedule(course.stand.place.state.steps)
    last, suggestion = course.params, None
    if epoch == 0:
        text = (
            f"{name}: {fault} at the start values {values_text(last)}, before any step. "
            "Choose start values, or data, for which every equation is defined."
        )
    else:
        begin = engine.snapshot()

        def gradient(params: Params) -> Mapping[str, Any]:
            engine.restore(replace(begin, params={key: np.asarray(value) for key, value in params.items()}))
            return engine.evaluate(task.columns)[1]

        with np.errstate(all="ignore"):
            suggestion, advice = step_advice(
                None if task.optimizer.name in _ADAPTIVE else gradient,
                dict(task.params),
                task.columns,
                rate,
                "maximum" if settings.maximize else "minimum (maximize=True climbs instead)",
            )
        text = (
            f"{name}: {fault} in epoch {epoch} of {settings.epochs} with learning_rate={rate:g}. "
            f"The last finite values are {values_text(last)}; this error keeps them, and the history so far. "
            f"{advice}"
        )
    return DivergenceError(text, epoch=epoch, learning_rate=rate, suggestion=suggestion, params=last, history=history)


def step_advice(
    gradient: Callable[[Params], Mapping[str, Any]] | None,
    start: Params,
    columns: Mapping[str, NDArray[Any]],
    learning_rate: float,
    goal: str,
) -> tuple[float, str]:
    """A learning rate to try after a divergence, and the sentence that says why.

    On a quadratic of curvature c a step is stable below 2/c, so half of that is the scale to try: where steps are
    proportional to the gradient, which is given then. The goal, a minimum or a maximum, is what may be missing where
    the steps aren't too long.
    """
    curvature = largest_curvature(gradient, start) if gradient else 0.0
    if math.isfinite(curvature) and curvature * learning_rate > 1:
        suggestion = _one_digit(1 / curvature)
        advice = (
            f"The steps are too long: the curvature at the start is about {curvature:.2g}, so learning rates "
            f"are stable below about {2 / curvature:.2g}. Try learning_rate={suggestion:g}"
        )
    else:
        suggestion = _one_digit(learning_rate / 10)
        advice = f"Try learning_rate={suggestion:g}, and check that the loss has a {goal}"
    reach = {name: float(np.abs(column).max()) for name, column in columns.items()}
    widest = max(reach, key=reach.__getitem__, default=None)
    if widest is not None and reach[widest] > 10:
        advice += f". Data scaled to about 1 allows longer steps ({widest} reaches {reach[widest]:.4g})"
    return suggestion, advice + "."


def largest_curvature(gradient: Callable[[Params], Mapping[str, Any]], start: Params, rounds: int = 10) -> float:
    """The largest curvature of the loss at `start`, by power iteration on differences of gradients.

    >>> round(largest_curvature(lambda p: {"x": 6 * p["x"], "y": 2 * p["y"]}, {"x": 1.0, "y": 1.0}), 3)
    6.0
    """
    here = _flat(gradient(start), start)
    direction, curvature = here, math.nan
    reach = 1e-5 * max(1.0, float(np.linalg.norm(_flat(start, start))))
    for _ in range(rounds):
        length = float(np.linalg.norm(direction))
        if not 0 < length < math.inf:
            break
        nudge = direction * (reach / length)
        direction = (_flat(gradient(_moved(start, nudge)), start) - here) / reach
        curvature = float(np.linalg.norm(direction))
    return curvature


def _flat(values: Mapping[str, Any], order: Params) -> NDArray[np.float64]:
    return np.concatenate([np.ravel(values[name]).astype(np.float64) for name in order])


def _moved(start: Params, nudge: NDArray[np.float64]) -> Params:
    moved, at = {}, 0
    for name, value in start.items():
        size = np.size(value)
        moved[name] = value + nudge[at : at + size].reshape(np.shape(value))
        at += size
    return moved


def _one_digit(value: float) -> float:
    # Downwards, but 0.4999 is 0.5: curvatures are estimates.
    scale = 10.0 ** math.floor(math.log10(value))
    return float(f"{max(1, math.floor(value / scale + 0.05)) * scale:.0e}")
