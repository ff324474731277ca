"""The engine whose whole training loop is one compiled C function."""

from __future__ import annotations

import ctypes
import warnings
from collections.abc import Mapping
from functools import cached_property
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symgrad.codegen.moments import Moments, moments
from symgrad.codegen.native import training
from symgrad.codegen.native.affine_step import affine_step
from symgrad.codegen.native.build import Shapes, kernel
from symgrad.codegen.native.function import Function, Library
from symgrad.codegen.native.kernel import Kernel
from symgrad.codegen.native.memory import address, addresses, aligned
from symgrad.codegen.native.nodes import Extent
from symgrad.codegen.native.operations import safe
from symgrad.codegen.native.places import check_places, places
from symgrad.codegen.native.unsupported import NativeError
from symgrad.codegen.native.update import update
from symgrad.codegen.program import arguments
from symgrad.derivation import Derivation, derive
from symgrad.equations import Size
from symgrad.training.collected import collected
from symgrad.training.engine import Engine, State, Task, Track

CONSTANT = 10_000  # up to this many samples, the size of a full batch is a constant of the program

Arrays = dict[str, NDArray[Any]]


def engine(task: Task) -> Engine:
    """The native engine for a task; the NumPy one, with a warning that says why, where there can be none."""
    try:
        return NativeEngine(task)
    except NativeError as error:
        from symgrad.training.numpy_engine import engine as numpy_engine

        warnings.warn(f'backend="native" can\'t serve {task.model.name}, so NumPy does: {error}', stacklevel=3)
        return numpy_engine(task)


class NativeEngine:
    """Training loops as compiled C; all parameters lie in one array, and so does each slot of the optimiser.

    The threads are those of the BLAS, which takes several for large matrix products alone, as many as it is set to
    (OPENBLAS_NUM_THREADS, threadpoolctl). Runs repeat bit for bit with the same number.
    """

    def __init__(self, task: Task) -> None:
        begin = perf_counter()
        self._task = task
        arrays = [*task.params.values(), *(array for array in task.columns.values() if array.dtype.kind == "f")]
        self._single = all(array.dtype == np.float32 for array in arrays)
        self._real: np.dtype[Any] = np.dtype(np.float32 if self._single else np.float64)
        self._scalar = not any(quantity.axes for quantity in task.model.inputs)
        self._shapes = {name: np.shape(value) for name, value in task.params.items()}
        self._count = sum(training.entries_of(shape) for shape in self._shapes.values())
        self._theta = aligned(self._count, self._real)
        self._theta[:] = self._flat(task.params)
        self._slots = np.zeros((len(task.optimizer.slots), self._count), self._real)
        self._gradient = aligned(self._count, self._real)
        self._steps = np.zeros(1)
        self._fresh = False  # whether `gradient` is that of a full batch at the parameters
        self._full = task.batch >= task.samples
        self._places = places(task.model)
        self._columns = self._converted(task.columns)
        self._moments = moments(task.model, tuple(task.params), task.columns) if self._full else None
        self._trained = task if self._moments is None else self._of_moments(self._moments)
        self._derivation = derive(self._trained.model, list(task.params))
        if self._moments is not None and self._scalar:
            self._collect()
        self._whole_kernel = self._built("gradients", None if self._full else 0)
        one = task.batch == 1 and not self._full
        self._kernel = self._built("one_sample", 1, result=task.running) if one else self._whole_kernel
        cost = None if self._full or task.running else self._built("cost", 0, gradients=False)
        rows = {name: training.entries_of(array.shape[1:]) for name, array in self._columns.items() if array.ndim}
        slots = len(task.optimizer.slots)
        batch = None if self._full else task.batch
        numbers = self._moments is not None and self._scalar  # all columns are
        plain = numbers and task.optimizer.is_plain
        affine = affine_step(self._derivation, self._columns, task.maximize) if plain else None
        loop = training.Loop(
            self._kernel, cost, self._whole_kernel, rows, self._count, slots, batch, task.maximize, affine
        )
        called = set[str]()
        parts = [
            update(task.optimizer, self._count, self._single, task.maximize, called),
            *([affine.text] if affine is not None else self._rest(called)),
            training.run(loop),
            training.move(loop),
            training.entry(self._whole_kernel, "whole"),
        ]
        kernels = {one.name: one for one in (self._whole_kernel, self._kernel, cost) if one is not None}
        self._library = Library(_title(task), list(kernels.values()), parts, called)
        self._library.functions.whole.restype = ctypes.c_double
        self.source = self._library.source
        self._gathered = [
            np.empty((task.batch, *self._columns[name].shape[1:]), self._columns[name].dtype)
            for name in self._kernel.columns
            if name in rows
        ]
        # Addresses are taken once: the arrays stay where they are, and short runs would notice.
        self._own = addresses([self._columns[name] for name in training.all_columns(self._kernel)])
        self._state = tuple(map(address, (self._theta, self._slots, self._steps)))
        self._at_gradient = address(self._gradient)
        self._gathering = addresses(self._gathered)
        self._seconds = perf_counter() - begin

    def run(
        self, rates: NDArray[np.float64], orders: NDArray[np.intp] | None, record: bool = True, norms: bool = False
    ) -> Track:
        """Run epochs; see `Engine`."""
        epochs = len(rates)
        losses = np.empty(epochs)
        points = np.empty((epochs if record else 0, self._count), self._real)
        lengths = np.empty(epochs) if norms else None
        rates = np.asarray(rates, np.float64)
        constant = not any(stride for stride, length in zip(rates.strides, rates.shape, strict=True) if length > 1)
        rates = rates if constant else np.ascontiguousarray(rates)
        places = None if orders is None or self._full else np.ascontiguousarray(orders, np.int64)
        if epochs and self._full and not self._fresh:
            self._evaluated(self._columns)
        self._library.functions.run(
            ctypes.c_long(epochs),
            ctypes.c_long(self._task.samples),
            address(places),
            address(rates),
            ctypes.c_long(0 if constant else 1),
            ctypes.c_int(record),
            self._own,
            *self._state,
            self._at_gradient,
            self._library.work((self._task.samples,)),
            self._gathering,
            address(losses),
            address(lengths),
            address(points),
        )
        self._fresh = self._full
        return Track(losses, self._by_name(points) if record else {}, lengths)

    def step(self, batch: Mapping[str, NDArray[Any]], rate: float) -> float:
        """One step on a batch from elsewhere; see `Engine`."""
        loss = self._evaluated(self._batch(batch))
        self._fresh = False
        self._library.functions.move(
            *self._state,
            self._at_gradient,
            ctypes.c_double(rate),
        )
        return loss

    def evaluate(self, columns: Mapping[str, NDArray[Any]]) -> tuple[float, Arrays]:
        """The cost and its gradients; see `Engine`."""
        loss = self._evaluated(self._batch(columns))
        found = self._copied(self._gradient)
        return loss, found

    def snapshot(self) -> State:
        """Copies of the parameters and of the optimiser's state."""
        slots = {slot: self._copied(self._slots[place]) for place, slot in enumerate(self._task.optimizer.slots)}
        return State(self._copied(self._theta), slots, int(self._steps[0]))

    def restore(self, state: State) -> None:
        """Go on from a snapshot."""
        self._theta[:] = self._flat(state.params)
        for place, slot in enumerate(self._task.optimizer.slots):
            self._slots[place] = self._flat(state.slots[slot])
        self._steps[0] = state.steps
        self._fresh = False

    def explain(self) -> str:
        """What this engine does, in words."""
        task, made = self._task, self._library
        batch = "all samples" if self._full else f"{task.batch} of {task.samples} samples"
        count = made.source.count("    product(")
        if not count:
            products = "matrix products are loops, joined with the others"
        elif made.blas is None:
            products = f"{count} matrix products are loops of its own, since no BLAS was found"
        else:
            products = f"{count} matrix products call {made.blas.file.rpartition('/')[2]}"
        if self._moments is not None:
            products = self._moments.summary
        how = "loaded from the cache" if made.known else "compiled"
        return (
            f"Native: one C function runs whole epochs, {batch} a step, in {'single' if self._single else 'double'} "
            f"precision; {products}. Derived, printed and {how} in {self._seconds:.2f} s."
        )

    def _of_moments(self, found: Moments) -> Task:
        """The task in moments of the data; they are the columns from here on."""
        task = self._task
        self._columns = {name: np.asarray(value, self._real, order="C") for name, value in found.values.items()}
        return Task(found.model, task.params, self._columns, 1, 1, task.optimizer, task.maximize)

    def _collect(self) -> None:
        """Put gradients that are polynomials of a few numbers in their place, if they are such."""
        found = collected(self._derivation, self._columns)
        if found is not None:
            self._derivation, numbers = found
            self._columns = {name: np.asarray(value, self._real, order="C") for name, value in numbers.items()}

    def _built(self, name: str, batch: int | None, gradients: bool = True, result: bool = True) -> Kernel:
        """A kernel for a number of samples: None is all of them, 0 one that varies from call to call."""
        return self._kernel_of(self._trained, self._derivation, name, batch, gradients, result)

    def _kernel_of(
        self, task: Task, derivation: Derivation, name: str, batch: int | None, gradients: bool, result: bool
    ) -> Kernel:
        length = task.samples if batch is None else batch
        fixed = task.samples <= CONSTANT if batch is None else batch == 1
        shapes = _shapes(task, Extent("", length if fixed else None, length or task.samples), self._scalar)
        theta = list(task.params)
        return kernel(
            derivation,
            shapes,
            theta,
            name=name,
            gradients=gradients,
            result=result,
            single=self._single,
            moves=gradients and not self._full and task.optimizer.is_plain,
        )

    def _rest(self, called: set[str]) -> list[str]:
        """The update of the parameters that the matrix products of a step don't move, where they move some."""
        moved = {*self._kernel.moved.values()}
        if not moved:
            return []
        spans, start = [], 0
        for name, shape in self._shapes.items():
            end = start + training.entries_of(shape)
            if name not in moved:
                spans.append((start, end))
            start = end
        task = self._task
        return [update(task.optimizer, self._count, self._single, task.maximize, called, "update_rest", spans)]

    @cached_property
    def _any(self) -> Function:
        """The cost and its gradients for any number of samples, where that of the library is for all of them only."""
        task = self._task
        built = self._kernel_of(task, derive(task.model, list(task.params)), "gradients", 0, True, True)
        return Function(_title(task), built)

    def _evaluated(self, columns: Arrays) -> float:
        """The cost of samples; their gradient is in `gradient` afterwards."""
        samples = next((len(array) for array in columns.values() if array.ndim), 1)
        self._fresh = self._full and columns is self._columns
        if columns is not self._columns and not self._whole_kernel.varying:
            return self._any((samples,), columns, self._theta, self._gradient)
        names = training.all_columns(self._whole_kernel)
        return float(
            self._library.functions.whole(
                (ctypes.c_long * 1)(samples),
                self._own if columns is self._columns else addresses([columns[name] for name in names]),
                self._state[0],
                self._at_gradient,
                self._library.work((max(samples, self._task.samples),)),
            )
        )

    def _batch(self, columns: Mapping[str, NDArray[Any]]) -> Arrays:
        """The columns of an evaluation: the task's own, or others."""
        own = self._task.columns
        varying = {name for name, column in own.items() if column.ndim}
        if varying <= columns.keys() and all(column is own[name] for name, column in columns.items()):
            return self._columns
        return self._converted({**self._task.columns, **columns})

    def _converted(self, columns: Mapping[str, NDArray[Any]]) -> Arrays:
        """Columns as C reads them; raises InputError or ShapeError for one that doesn't fit."""
        model = self._task.model
        ready = arguments(model, {**columns, **self._task.params})
        whole = {quantity.name for quantity in model.inputs if quantity.integer}
        found = {
            name: np.ascontiguousarray(value, np.int64 if name in whole else self._real).reshape(np.shape(value))
            for name, value in ready.items()
            if name not in self._task.params
        }
        check_places(model, self._places, found, {name: np.shape(value) for name, value in ready.items()})
        return found

    def _flat(self, values: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
        return np.concatenate([np.ravel(values[name]).astype(self._real) for name in self._shapes])

    def _by_name(self, rows: NDArray[Any]) -> Arrays:
        """Rows of all parameters as one array for each."""
        found, start = {}, 0
        for name, shape in self._shapes.items():
            size = training.entries_of(shape)
            found[name] = rows[:, start : start + size].reshape(len(rows), *shape)
            start += size
        return found

    def _copied(self, flat: NDArray[Any]) -> Arrays:
        return {name: array[0].copy() for name, array in self._by_name(flat[None]).items()}


def _shapes(task: Task, samples: Extent, scalar: bool) -> Shapes:
    """The length of every axis; that of the samples is given."""
    columns = {name: column for name, column in task.columns.items() if np.ndim(column)}
    if scalar:
        sample = Extent(_free("n", task), samples.value, samples.typical) if columns else None
        return Shapes({}, sample, frozenset(columns), True)
    inputs = {quantity.name: quantity.axes for quantity in task.model.inputs}
    first = {inputs[name][0] for name in columns}
    elsewhere = {axis for name in columns for axis in inputs[name][1:]}
    elsewhere |= {axis for name in task.params for axis in inputs[name]}
    varies = {axis for axis in first if isinstance(axis, Size) and axis not in elsewhere}
    sizes: dict[Size, Extent] = {}
    for name, axes in inputs.items():
        array = task.params[name] if name in task.params else columns.get(name)
        for axis, length in zip(axes, () if array is None else array.shape, strict=False):
            if isinstance(axis, Size) and axis not in varies:
                sizes[axis] = Extent(safe(axis.name), length)
    if not varies:
        if task.batch < task.samples:
            raise NativeError("the axis of the samples is also that of a parameter, so there can be no batches")
        return Shapes(sizes)
    name = min(axis.name for axis in varies)
    sample = Extent(safe(name), samples.value, samples.typical)
    return Shapes({**sizes, **dict.fromkeys(varies, sample)}, sample)


def _free(name: str, task: Task) -> str:
    """A name that no quantity has."""
    while name in task.model.quantities:
        name += "_"
    return name


def _title(task: Task) -> str:
    return f"{task.model.name}, derived by {', '.join(task.params)}"
