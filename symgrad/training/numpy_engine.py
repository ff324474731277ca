"""The engine that needs nothing but NumPy: the compiled model and the optimiser's equations, step by step."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symgrad.equations import Model
from symgrad.training.engine import State, Task, Track
from symgrad.training.optimizers import Optimizer

Arrays = dict[str, NDArray[Any]]


def engine(task: Task) -> NumPyEngine:
    """An engine for any task."""
    return NumPyEngine(task)


class NumPyEngine:
    """Steps of an optimiser, each a call of the compiled model and of the compiled update."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._scalar = not any(quantity.axes for quantity in task.model.inputs)
        self._cost = task.model.compile(wrt=list(task.params), reduction="mean" if self._scalar else "none").function
        self._update = _update(task.optimizer)
        self._params: Arrays = {name: np.array(value) for name, value in task.params.items()}
        self._slots = {
            slot: {name: np.zeros_like(value) for name, value in self._params.items()} for slot in task.optimizer.slots
        }
        self._steps = 0

    def run(
        self, rates: NDArray[np.float64], orders: NDArray[np.intp] | None, record: bool = True, norms: bool = False
    ) -> Track:
        """Run epochs; see `Engine`."""
        epochs, task = len(rates), self._task
        losses = np.empty(epochs)
        lengths = np.empty(epochs) if norms else None
        points = {name: np.empty((epochs, *value.shape), value.dtype) for name, value in self._params.items() if record}
        full = task.batch >= task.samples
        # For a full batch the cost after an epoch comes with the next one's gradient.
        gradients = self.evaluate(task.columns)[1] if full and epochs else {}
        for epoch in range(epochs):
            if full:
                self._move(gradients, float(rates[epoch, 0]))
            else:
                order = None if orders is None else orders[epoch]
                for batch, rate in zip(_batches(task, order), rates[epoch], strict=True):
                    self.step(batch, float(rate))
            losses[epoch], gradients = self.evaluate(task.columns)
            if lengths is not None:
                lengths[epoch] = _norm(gradients)
            for name, column in points.items():
                column[epoch] = self._params[name]
        return Track(losses, points, lengths)

    def step(self, batch: Mapping[str, NDArray[Any]], rate: float) -> float:
        """One step on a batch from elsewhere; see `Engine`."""
        loss, gradients = self.evaluate({**self._task.columns, **batch})
        self._move(gradients, rate)
        return loss

    def evaluate(self, columns: Mapping[str, NDArray[Any]]) -> tuple[float, Arrays]:
        """The cost and its gradients; see `Engine`."""
        with np.errstate(all="ignore"):
            loss, gradients = self._cost(**columns, **self._params)
        return float(loss), {name: np.asarray(gradients[name]) for name in self._params}

    def snapshot(self) -> State:
        """Copies of the parameters and of the optimiser's state."""
        slots = {slot: _copied(values) for slot, values in self._slots.items()}
        return State(_copied(self._params), slots, self._steps)

    def restore(self, state: State) -> None:
        """Go on from a snapshot."""
        self._params = _copied(state.params)
        self._slots = {slot: _copied(values) for slot, values in state.slots.items()}
        self._steps = state.steps

    def explain(self) -> str:
        """What this engine does, in words."""
        return "NumPy: each step calls the compiled model and the compiled update of the optimiser."

    def _move(self, gradients: Mapping[str, NDArray[Any]], rate: float) -> None:
        optimizer = self._task.optimizer
        self._steps += 1
        with np.errstate(all="ignore"):
            scale = -1.0 if self._task.maximize else 1.0
            if optimizer.clip_norm is not None:
                scale *= min(1.0, optimizer.clip_norm / max(_norm(gradients), 1e-300))
            for name, theta in self._params.items():
                gradient = gradients[name] * scale
                if optimizer.clip_value is not None:
                    gradient = np.clip(gradient, -optimizer.clip_value, optimizer.clip_value)
                if optimizer.weight_decay:
                    gradient = gradient + optimizer.weight_decay * theta
                slots = {slot: values[name] for slot, values in self._slots.items()}
                moved, changed = self._update(
                    theta=theta, gradient=gradient, step=float(self._steps), learning_rate=rate, **slots
                )
                self._params[name] = np.asarray(moved, theta.dtype)
                for slot, value in changed.items():
                    self._slots[slot][name] = np.asarray(value, theta.dtype)


def _update(optimizer: Optimizer) -> Callable[..., tuple[Any, dict[str, Any]]]:
    """The optimiser's equations as a function: the new parameter, and the new value of each slot."""
    model = optimizer.model

    def part(result: str) -> Callable[..., Any]:
        equations = model.equations[: 1 + [equation.name for equation in model.equations].index(result)]
        only = Model(model.name, model.inputs, equations, result, written=model.written)
        return only.compile(wrt="theta").function

    parts = {slot: part(f"{slot}_next") for slot in optimizer.slots}
    moved = part("theta_next")

    def update(**values: Any) -> tuple[Any, dict[str, Any]]:
        given = {**values, **optimizer.settings}
        return moved(**given)[0], {slot: function(**given)[0] for slot, function in parts.items()}

    return update


def _batches(task: Task, order: NDArray[np.intp] | None) -> Iterator[dict[str, NDArray[Any]]]:
    varying = {name: column for name, column in task.columns.items() if column.ndim}
    for start in range(0, task.samples, task.batch):
        rows = slice(start, start + task.batch)
        yield {name: column[rows] if order is None else column[order[rows]] for name, column in varying.items()}


def _norm(gradients: Mapping[str, NDArray[Any]]) -> float:
    return float(np.sqrt(sum(float(np.vdot(gradient, gradient)) for gradient in gradients.values())))


def _copied(values: Mapping[str, NDArray[Any]]) -> Arrays:
    return {name: np.array(value) for name, value in values.items()}
