"""The engine that needs nothing but NumPy: printed loops, every operation in place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symgrad.codegen.moments import Moments, moments
from symgrad.codegen.rows import check_rows
from symgrad.errors import SymgradError
from symgrad.training.array_steps import ArraySteps
from symgrad.training.engine import State, Task, Track
from symgrad.training.number_steps import NumberSteps

Arrays = dict[str, NDArray[Any]]


def engine(task: Task) -> NumPyEngine:
    """An engine for any task."""
    return NumPyEngine(task)


class NumPyEngine:
    """Runs printed loops; see `explain` for what they do."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._steps: NumberSteps | ArraySteps = _steps(task)
        self._general = self._steps  # for batches from elsewhere
        self._moments: Moments | None = None
        self._looked = False
        mean = "none" if task.model.has_axes else "mean"
        self._cost = task.model.compile(wrt=list(task.params), reduction=mean).function  # type: ignore[arg-type]

    def run(
        self, rates: NDArray[np.float64], orders: NDArray[np.intp] | None, record: bool = True, norms: bool = False
    ) -> Track:
        """Run epochs; see `Engine`."""
        with np.errstate(all="ignore"):
            if self._task.batch >= self._task.samples:
                self._look_for_moments()
                return self._steps.full(rates, record, norms)
            losses, points, lengths = [], [], []
            same = bool(rates.size) and bool((rates == rates[0, 0]).all())
            for epoch, row in enumerate([rates[0].tolist()] * len(rates) if same else rates.tolist()):
                running = self._steps.epoch(None if orders is None else orders[epoch], row, same)
                loss, length = self._steps.cost(norms) if running is None else (running, None)
                losses.append(loss)
                if length is not None:
                    lengths.append(length)
                if record:
                    points.append(self._steps.point())
            return self._steps.track(losses, points, lengths if norms else None)

    def step(self, batch: Mapping[str, NDArray[Any]], rate: float) -> float:
        """One step on a batch from elsewhere; see `Engine`."""
        check_rows(self._task.model, {**self._task.columns, **batch, **self._task.params})
        with np.errstate(all="ignore"):
            if self._steps is not self._general:
                self._general.restore(self._steps.snapshot())
                self._steps, self._looked = self._general, False
            return self._steps.step({**self._task.columns, **batch}, rate)

    def evaluate(self, columns: Mapping[str, NDArray[Any]]) -> tuple[float, Arrays]:
        """The cost and its gradients; see `Engine`."""
        check_rows(self._task.model, {**self._task.columns, **columns, **self._task.params})
        with np.errstate(all="ignore"):
            loss, gradients = self._cost(**{**self._task.columns, **columns}, **self._steps.params())
        return float(loss), {name: np.asarray(gradients[name]) for name in self._task.params}

    def snapshot(self) -> State:
        """Copies of the parameters and of the optimiser's state."""
        return self._steps.snapshot()

    def restore(self, state: State) -> None:
        """Go on from a snapshot."""
        self._steps.restore(state)

    def explain(self) -> str:
        """What this engine does, in words, and its loop as source."""
        if self._task.batch >= self._task.samples:
            self._look_for_moments()
        text = self._steps.text()
        notes = [*([self._moments.summary] if self._steps is not self._general and self._moments else []), *text.notes]
        return "NumPy:\n" + "".join(f"- {note}\n" for note in notes) + "\n" + text.source

    def _look_for_moments(self) -> None:
        """Go on with moments of the data, where there are such; not for a stream, which never comes here."""
        if self._looked:
            return
        self._looked, task = True, self._task
        if self._moments is None:
            self._moments = moments(task.model, tuple(task.params), task.columns)
        if self._moments is None:
            return
        kind = np.result_type(np.float32, *(value.dtype for value in task.params.values()))
        values = {name: value.astype(kind) for name, value in self._moments.values.items()}
        inner = Task(self._moments.model, task.params, values, 1, 1, task.optimizer, task.maximize)
        state = self._steps.snapshot()
        self._steps = _steps(inner)
        self._steps.restore(state)


def _steps(task: Task) -> NumberSteps | ArraySteps:
    """Numbers in Python's variables where all parameters are numbers, arrays otherwise."""
    numbers = not task.model.has_axes and all(value.ndim == 0 for value in task.params.values())
    if numbers and all(value.dtype == np.float64 for value in (*task.params.values(), *task.columns.values())):
        try:
            return NumberSteps(task)
        except SymgradError:  # a quantity has a function's name
            pass
    return ArraySteps(task)
