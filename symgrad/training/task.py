"""A fit as a task for an engine: arrays of one type, samples and steps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from symgrad.errors import InputError
from symgrad.training.engine import Task
from symgrad.training.optimizers import LineSearch, sgd
from symgrad.training.settings import Settings

if TYPE_CHECKING:
    from symgrad.equations import Model

Arrays = dict[str, NDArray[Any]]


def task_of(
    model: Model,
    columns: Mapping[str, NDArray[Any]],
    start: Mapping[str, Any],
    kind: np.dtype[Any],
    settings: Settings,
) -> Task:
    """The task of training on all samples of the columns, in batches as the settings say.

    Raises InputError or ShapeError where the axes of a model don't fit each other.
    """
    samples = count_of(columns)
    size = {"full": samples, "sample": 1}.get(str(settings.batch), settings.batch)
    params = {name: np.array(value, kind, order="C") for name, value in start.items()}
    ready = typed(model, columns, kind)
    if any(quantity.axes for quantity in model.inputs):
        from symgrad.codegen.program import arguments

        arguments(model, {**ready, **params})
    optimizer = sgd() if isinstance(settings.optimizer, LineSearch) else settings.optimizer
    size = min(int(size), samples)
    running = settings.epoch_loss == "running" and size < samples
    return Task(model, params, ready, samples, size, optimizer, settings.maximize, running)


def count_of(columns: Mapping[str, NDArray[Any]]) -> int:
    """The number of samples; 1 when everything is constant."""
    return next((len(column) for column in columns.values() if column.ndim), 1)


def kind_of(values: Iterable[Any]) -> np.dtype[Any]:
    """float32 where every array is, otherwise float64; plain numbers go along with the arrays.

    >>> kind_of([np.zeros(2, np.float32), 0.5]), kind_of([0.5])
    (dtype('float32'), dtype('float64'))
    """
    kinds = {value.dtype for value in map(np.asarray, values) if value.ndim}
    return np.dtype(np.float32 if kinds == {np.dtype(np.float32)} else np.float64)


def typed(model: Model, columns: Mapping[str, NDArray[Any]], kind: np.dtype[Any]) -> Arrays:
    """The columns as an engine takes them: of one type, whole numbers where the model looks up rows."""
    whole = {quantity.name for quantity in model.inputs if quantity.integer}
    return {
        name: _whole(name, column) if name in whole else np.asarray(column, kind, order="C")
        for name, column in columns.items()
    }


def _whole(name: str, column: NDArray[Any]) -> NDArray[np.int64]:
    numbers = column.astype(np.int64)
    if (numbers != column).any():
        raise InputError(f"data: {name} names places on an axis; give whole numbers")
    return numbers


@dataclass(frozen=True)
class Split:
    """The samples that are trained on, and those that the loss is checked on."""

    training: Arrays
    validation: Arrays


def split(columns: Mapping[str, NDArray[Any]], share: float, seed: int) -> Split:
    """Samples drawn at random for validation, repeatable with the seed; raises InputError where none are left.

    >>> split({"x": np.arange(4.0)}, 0.25, seed=0).training["x"].size
    3
    """
    count = count_of(columns)
    held = round(share * count)
    if not 0 < held < count:
        raise InputError(f"validation={share!r} of {count} samples leaves none to check on, or none to train on")
    order = np.random.default_rng([1, seed]).permutation(count)  # not what shuffles the first epoch
    parts = np.sort(order[held:]), np.sort(order[:held])
    training, validation = (
        {name: column[rows] if column.ndim else column for name, column in columns.items()} for rows in parts
    )
    return Split(training, validation)
