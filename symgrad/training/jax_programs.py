"""Whole epochs as one program that JAX compiles, for one device or, each with its part, for several."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symgrad.codegen.jax_source import load_jax
from symgrad.codegen.rows import check_rows
from symgrad.training.engine import State, Task, Track
from symgrad.training.separable import why_not_separable

_ROOM = 2**24  # bytes: what the learning rates, orders and records of one call may take

Arrays = dict[str, Any]


class JaxEngine:
    """Parameters, optimiser state and data on JAX's devices, and the compiled functions that train them."""

    def __init__(self, task: Task) -> None:
        from jax.sharding import Mesh, NamedSharding, PartitionSpec

        from symgrad.training.jax_steps import AXIS, Steps

        self._jax = load_jax()
        self._task = task
        self._devices, self._choice = _devices(self._jax.devices(), self._jax.process_count(), task)
        with self._jax.enable_x64(True):
            mesh = Mesh(np.array(self._devices), (AXIS,))
            # Every device holds all of each array, and picks its part of a batch.
            self._everywhere = NamedSharding(mesh, PartitionSpec())  # type: ignore[no-untyped-call]  # JAX's
            steps = Steps(task, len(self._devices))
            self._epochs = self._compiled(steps.epochs(), mesh, donate=(0, 1))
            self._one = self._compiled(steps.one(), mesh, donate=(0, 1))
            self._cost = self._jax.jit(steps.cost())
            each = sum(theta.nbytes for theta in task.params.values()) + 8 * (task.steps + 2)
            each += 0 if task.batch >= task.samples else 8 * task.samples
            self._room = int(np.clip(_ROOM // each, 1, 512))
            check_rows(task.model, {**task.columns, **task.params})
            self._columns: Arrays = {}
            self._known: set[bool] = set()  # whether epochs in the data's order, or in another, are compiled
            self._trail: Any = None
            self._place: Any = None
            self._steps = 0
            self._ready = False  # whether the gradients that a full batch's next step takes are there
            self._set(
                State(
                    task.params,
                    {
                        slot: {name: np.zeros_like(v) for name, v in task.params.items()}
                        for slot in task.optimizer.slots
                    },
                    0,
                )
            )

    def run(
        self, rates: NDArray[np.float64], orders: NDArray[np.intp] | None, record: bool = True, norms: bool = False
    ) -> Track:
        """Run epochs; see `Engine`."""
        task, full = self._task, self._task.batch >= self._task.samples
        epochs = len(rates)
        losses, lengths = np.empty(epochs), np.empty(epochs)
        points = {name: np.empty((epochs, *theta.shape), theta.dtype) for name, theta in task.params.items() if record}
        with self._jax.enable_x64(True):
            if not self._columns:
                self._columns = self._put(task.columns)
            if full and not self._ready:
                self._call(rates[:1], None, 1, moves=False, norms=False)
                self._ready = True
            for first in range(0, epochs, self._room):
                part = slice(first, min(first + self._room, epochs))
                count = part.stop - first
                self._call(rates[part], None if full or orders is None else orders[part], count, True, norms)
                self._steps += count * task.steps
                losses[part], lengths[part] = _here(self._trail.losses)[:count], _here(self._trail.norms)[:count]
                for name, column in points.items():
                    column[part] = _here(self._trail.points[name])[:count]
        return Track(losses, points, lengths if norms else None)

    def step(self, batch: Mapping[str, NDArray[Any]], rate: float) -> float:
        """One step on a batch from elsewhere; see `Engine`."""
        columns = {**self._task.columns, **batch}
        check_rows(self._task.model, {**columns, **self._task.params})
        with self._jax.enable_x64(True):
            place = self._place
            loss, params, slots = self._one(
                place.params, place.slots, self._put(columns), self._put(np.float64(rate)), float(self._steps)
            )
            self._place = place._replace(params=params, slots=slots)
            self._steps += 1
            self._ready = False
            return float(_here(loss))

    def evaluate(self, columns: Mapping[str, NDArray[Any]]) -> tuple[float, dict[str, NDArray[Any]]]:
        """The cost and its gradients, computed by this process's first device; see `Engine`."""
        check_rows(self._task.model, {**columns, **self._task.params})
        with self._jax.enable_x64(True):
            params = {name: theta.addressable_data(0) for name, theta in self._place.params.items()}
            loss, gradients = self._cost(params, dict(columns))
            return float(_here(loss)), {name: _here(gradients[name]) for name in self._task.params}

    def snapshot(self) -> State:
        """Copies of the parameters and of the optimiser's state."""
        place = self._place
        slots = {slot: _all_here(values) for slot, values in place.slots.items()}
        return State(_all_here(place.params), {slot: slots[slot] for slot in self._task.optimizer.slots}, self._steps)

    def restore(self, state: State) -> None:
        """Go on from a snapshot."""
        with self._jax.enable_x64(True):
            self._set(state)

    def explain(self) -> str:
        """What this engine does, in words."""
        each = "a step for all samples" if self._task.batch >= self._task.samples else f"{self._task.steps} steps"
        return (
            f"JAX on {self._choice}: up to {self._room} epochs, of {each} each, are one program compiled by XLA, in "
            "64 bits where the arrays are; parameters, optimiser state and data stay on the device."
        )

    def compile(self, shuffled: bool) -> None:
        """Compile the epochs before they run, and put the data where they are needed."""
        task = self._task
        if shuffled in self._known:
            return
        self._known.add(shuffled)
        orders = np.zeros((1, task.samples), np.int64) if shuffled and task.batch < task.samples else None
        with self._jax.enable_x64(True):
            if not self._columns:
                self._columns = self._put(task.columns)
            self._call(np.zeros((1, task.steps)), orders, 0, False, False)

    def _set(self, state: State) -> None:
        from symgrad.training.jax_steps import Place, Trail

        params = self._put(state.params)
        self._place = Place(
            params,
            {slot: self._put(values) for slot, values in state.slots.items()},
            self._put(_zeros(state.params)),
        )
        if self._trail is None:
            room = {
                name: np.zeros((self._room, *value.shape), value.dtype) for name, value in self._task.params.items()
            }
            self._trail = Trail(self._put(np.zeros(self._room)), self._put(np.zeros(self._room)), self._put(room))
        self._steps = state.steps
        self._ready = False

    def _call(
        self,
        rates: NDArray[np.float64],
        orders: NDArray[np.intp] | None,
        count: int,
        moves: bool,
        norms: bool,
    ) -> None:
        from symgrad.training.jax_steps import Chunk

        chunk = Chunk(
            self._put(np.int64(count)),
            self._put(np.bool_(moves)),
            self._put(np.bool_(norms)),
            float(self._steps),
            self._put(_padded(rates, self._room)),
            None if orders is None else self._put(_padded(orders, self._room)),
        )
        self._place, self._trail = self._epochs(self._place, self._trail, self._columns, chunk)

    def _compiled(self, function: Callable[..., Any], mesh: Any, donate: tuple[int, ...]) -> Callable[..., Any]:
        """The function compiled, with the buffers of some of its arguments used for what it returns."""
        if len(self._devices) > 1:
            every = self._everywhere.spec
            function = self._jax.shard_map(function, mesh=mesh, in_specs=every, out_specs=every)
        return self._jax.jit(function, donate_argnums=donate)  # type: ignore[no-any-return]  # load_jax gives Any

    def _put(self, values: Any) -> Any:
        """Arrays, on every device; each process puts them on its own."""

        def put(value: Any) -> Any:
            array = np.asarray(value)
            return self._jax.make_array_from_callback(array.shape, self._everywhere, lambda part: array[part])

        return self._jax.tree.map(put, values)


def varying(task: Task) -> list[str]:
    """The columns that have an entry for each sample."""
    return [name for name, column in task.columns.items() if column.ndim]


def _devices(devices: list[Any], processes: int, task: Task) -> tuple[list[Any], str]:
    """The devices that share a task, and which these are in words."""
    refused = why_not_separable(task.model, varying(task))
    cores = os.cpu_count() or 1
    if len(devices) == 1:
        return devices, str(devices[0])
    if refused:
        return devices[:1], f"{devices[0]} alone of {len(devices)} devices ({refused}, so it can't be shared)"
    if processes == 1 and devices[0].platform == "cpu" and len(devices) > cores:
        devices = devices[:cores]  # XLA's devices wait for each other on threads, of which there would be too few
    shared = f"{len(devices)} devices ({', '.join(map(str, devices))})"
    if processes > 1:
        shared += f" of {processes} processes"
    return devices, f"{shared}, each with its part of a batch and all of the data"


def _padded(rows: NDArray[Any], room: int) -> NDArray[Any]:
    """The rows with zeros behind them: what is compiled is for one number of rows."""
    if len(rows) == room:
        return rows
    padded = np.zeros((room, *rows.shape[1:]), rows.dtype)
    padded[: len(rows)] = rows
    return padded


def _zeros(arrays: Mapping[str, NDArray[Any]]) -> Arrays:
    return {name: np.zeros_like(array) for name, array in arrays.items()}


def _here(array: Any) -> NDArray[Any]:
    """A copy of an array, which every device has, as NumPy's: JAX will use its buffer again."""
    return np.array(array.addressable_data(0))


def _all_here(arrays: Arrays) -> dict[str, NDArray[Any]]:
    return {name: _here(array) for name, array in arrays.items()}
