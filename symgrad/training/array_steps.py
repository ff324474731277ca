"""Steps on arrays: all parameters in one array, all gradients in another, every operation in place.

An update of all parameters is then one pass over one array, and so is the record of an epoch.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symgrad.training.array_text import Flat, LoopText, joined_biases
from symgrad.training.engine import State, Task, Track
from symgrad.training.flat import Layout
from symgrad.training.looptext import Text
from symgrad.training.shuffled import Shuffled

Arrays = dict[str, NDArray[Any]]
Columns = Mapping[str, NDArray[Any]]

#: The most bytes of data that are copied to give them a column of ones.
COPIED = 2**28


class ArraySteps:
    """Parameters, gradients and slots in one array each, and the loops that move them."""

    def __init__(self, task: Task) -> None:
        self._task = task
        dtype = np.result_type(np.float32, *(value.dtype for value in task.params.values()))
        mean = "mean" if not task.model.has_axes else "none"
        self._source = task.model.compile(wrt=list(task.params), reduction=mean).source  # type: ignore[arg-type]
        joined = joined_biases(task, self._source, dtype)
        copied = sum(task.columns[name].nbytes for name in {one.data for one in joined})
        self._joined = joined if copied <= COPIED else ()
        rows = tuple(name for one in self._joined for name in (one.weights, one.bias))
        self.layout = Layout({name: np.shape(value) for name, value in task.params.items()}, rows)
        self._theta = np.empty(self.layout.size, dtype)
        self._slots = {slot: np.zeros_like(self._theta) for slot in task.optimizer.slots}
        self._flat = Flat(self.layout, self._theta, np.zeros_like(self._theta), self._slots)
        self._steps = 0
        for name, view in self.params().items():
            view[...] = task.params[name]
        self._texts: dict[tuple[Any, ...], Text] = {}

    @functools.cached_property
    def _columns(self) -> Columns:
        """The data, with a column of ones for biases: copied when a loop first runs on them, and moments need none."""
        columns = self._task.columns
        return {**columns, **{one.data: _with_ones(columns[one.data]) for one in self._joined}}

    @functools.cached_property
    def _shuffled(self) -> Shuffled:
        return Shuffled(self._columns, self._task.batch)

    def full(self, rates: NDArray[np.float64], record: bool, norms: bool) -> Track:
        """Epochs of one step each, on all samples."""
        epochs = len(rates)
        points = np.empty((epochs, self.layout.size), self._theta.dtype) if record else None
        text = self._text(self._columns, "epochs", record, norms)
        losses: list[float] = []
        lengths: list[float] = []
        rows = [*points, None] if points is not None else [None] * (epochs + 1)
        text.run([*rates[:, 0].tolist(), None], rows, self._steps, losses.append, lengths.append)
        self._steps += epochs
        return self._track(losses[1:], points, lengths[1:] if norms else None)

    def _track(self, losses: Sequence[float], points: NDArray[Any] | None, lengths: Sequence[float] | None) -> Track:
        return Track(
            np.array(losses, dtype=np.float64),
            self.layout.views(points) if points is not None else {},
            None if lengths is None else np.array(lengths, dtype=np.float64),
        )

    def epoch(self, order: NDArray[np.intp] | None, rates: list[float], same: bool) -> float | None:
        """One step a batch, the last of which may be shorter; the mean of the samples' costs, if it is asked for."""
        batches = self._shuffled.batches(order)
        whole = len(batches) - 1 if _length(batches[-1]) != _length(batches[0]) else len(batches)
        total = 0.0
        for some, theirs in ((batches[:whole], rates[:whole]), (batches[whole:], rates[whole:])):
            if some:
                columns = {**self._columns, **dict(zip(self.varying, some[0], strict=True))}
                costs = self._text(columns, "steps").run(some, theirs, self._steps)
                self._steps += len(some)
                if self._task.running:
                    total += _length(some[0]) * costs
        return total / self._task.samples if self._task.running else None

    def point(self) -> NDArray[Any]:
        """A copy of all parameters."""
        return self._theta.copy()

    def track(self, losses: Sequence[float], points: Sequence[Any], lengths: Sequence[float] | None) -> Track:
        """A track of epochs from their points."""
        return self._track(losses, np.array(points) if points else None, lengths)

    @property
    def varying(self) -> list[str]:
        """The columns that have an entry for each sample."""
        return [name for name, column in self._task.columns.items() if column.ndim]

    def cost(self, norms: bool) -> tuple[float, float | None]:
        """The cost over all samples, and its gradient's norm if it is asked for."""
        loss, length = self._text(self._columns, "cost", False, norms).run()
        return float(loss), None if length is None else float(length)

    def step(self, columns: Columns, rate: float) -> float:
        """One step on a batch; its cost before the step."""
        batch = [columns[name] for name in self.varying]
        loss: float = self._text(columns, "step").run(batch, rate, self._steps)
        self._steps += 1
        return float(loss)

    def params(self) -> Arrays:
        """The present parameters: views."""
        return self.layout.views(self._theta)

    def snapshot(self) -> State:
        """Copies of the parameters and of the optimiser's state."""
        slots = {slot: _copied(self.layout.views(values)) for slot, values in self._slots.items()}
        return State(_copied(self.params()), slots, self._steps)

    def restore(self, state: State) -> None:
        """Go on from a snapshot."""
        for flat, values in [(self._theta, state.params), *((self._slots[s], state.slots[s]) for s in self._slots)]:
            for name, view in self.layout.views(flat).items():
                view[...] = values[name]
        self._steps = state.steps

    def text(self) -> Text:
        """The text of the loop."""
        if self._task.batch >= self._task.samples:
            return self._text(self._columns, "epochs", record=True)
        return self._text({n: c[: self._task.batch] if c.ndim else c for n, c in self._columns.items()}, "steps")

    def _text(self, columns: Columns, kind: str, record: bool = False, norms: bool = False) -> Text:
        length = _length([columns[name] for name in self.varying])
        key = (length, kind, record, norms)
        if key not in self._texts:
            self._texts[key] = self._printed(columns, kind, record, norms)
        return self._texts[key]

    def _printed(self, columns: Columns, kind: str, record: bool, norms: bool) -> Text:
        joined = () if kind == "step" else self._joined  # batches from elsewhere have no column of ones
        return LoopText(self._task, self._source, self._flat, joined, columns, kind, record, norms).text()


def _with_ones(column: NDArray[Any]) -> NDArray[Any]:
    """A matrix with a last column of ones."""
    return np.concatenate([column, np.ones((len(column), 1), column.dtype)], axis=1)


def _length(batch: Sequence[NDArray[Any]]) -> int:
    return len(batch[0]) if batch else 1


def _copied(values: Mapping[str, NDArray[Any]]) -> Arrays:
    return {name: np.array(value) for name, value in values.items()}
