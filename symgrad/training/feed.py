"""What a fit's data comes to: a task for an engine, and the batches that come one by one, if they do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from symgrad.errors import InputError
from symgrad.training.engine import Task
from symgrad.training.inputs import check_inputs, check_samples, start_values
from symgrad.training.optimizers import LineSearch
from symgrad.training.settings import Settings
from symgrad.training.stream import Batches, Slices, is_stream, on_disk
from symgrad.training.task import Arrays, count_of, kind_of, split, task_of, typed

if TYPE_CHECKING:
    from symgrad.equations import Model

Generator = np.random.Generator | None


@dataclass(frozen=True)
class Feed:
    """A task with the batches that come one by one, if they do, and the samples held back."""

    task: Task
    kind: np.dtype[Any]
    steps: int | None  # the steps of an epoch, where they are known
    batches: Callable[[], Iterator[Mapping[str, NDArray[Any]]]] | None = None
    validation: Arrays | None = None


def feed(
    model: Model, data: Any, params: Mapping[str, Any], validation: Any, settings: Settings, generator: Generator
) -> Feed:
    """Check the data, the start values and the validation data, which may be a share of the samples."""
    share = validation if is_share(validation) else None
    source = _of_stream if is_stream(data) else _of_samples
    found = source(model, data, params, share, settings, generator)
    if share is None and validation is not None:
        held = check_samples(model, validation, params)
        return replace(found, validation=typed(model, held.columns, found.kind))
    return found


def is_share(validation: Any) -> bool:
    """Whether validation data is asked for as a share of the samples."""
    return isinstance(validation, int | float) and not isinstance(validation, bool)


def _of_samples(
    model: Model, data: Any, params: Mapping[str, Any], share: float | None, settings: Settings, generator: Generator
) -> Feed:
    samples, start = check_inputs(model, data, params)
    columns = samples.columns
    kind = kind_of([*columns.values(), *start.values()])
    mapped = any(map(on_disk, columns.values()))
    held: Arrays | None = None
    if share is not None:
        if mapped:
            raise InputError(
                f"validation={share!r} would copy arrays that are on disk; give validation data of its own"
            )
        assert settings.seed is not None  # what is drawn at random always has one
        parts = split(columns, share, settings.seed)
        columns, held = parts.training, typed(model, parts.validation, kind)
    count = count_of(columns)
    size = 1 if settings.batch == "sample" else settings.batch
    if mapped and isinstance(size, int) and size < count:
        if settings.stop_gradient is not None:
            raise InputError(
                "stop_gradient needs the gradient over all samples, which arrays on disk don't give batch by batch; "
                "leave it out, or load them"
            )
        _check_loss(settings, "arrays on disk are read batch by batch")
        slices = Slices(columns, count, size, generator, lambda batch: typed(model, batch, kind))
        task = task_of(model, slices.first, start, kind, replace(settings, batch="full"))
        return Feed(task, kind, -(-count // size), slices)
    task = task_of(model, columns, start, kind, settings)
    if task.running and settings.stop_gradient is not None:
        raise InputError(
            "stop_gradient needs the gradient over all samples after each epoch, a pass over the data that "
            "epoch_loss='running' is there to spare; leave one of them out"
        )
    return Feed(task, kind, task.steps, validation=held)


def _of_stream(
    model: Model, data: Any, params: Mapping[str, Any], share: float | None, settings: Settings, generator: Generator
) -> Feed:
    given = {
        "batch": settings.batch != "full",
        "shuffle": settings.shuffle,
        "stop_gradient": settings.stop_gradient is not None,
        f"validation={share!r}": share is not None,
        f"optimizer={settings.optimizer.name!r}": isinstance(settings.optimizer, LineSearch),
    }
    for what, is_given in given.items():
        if is_given:
            raise InputError(f"{what} needs all samples at once, but the data comes in batches; leave it out")
    _check_loss(settings, "the data comes in batches")
    start = start_values(model, params)
    kind = kind_of(start.values())
    batches = Batches(
        data, lambda batch: typed(model, check_samples(model, batch, start).columns, kind), settings.epochs
    )
    return Feed(task_of(model, batches.first, start, kind, settings), kind, None, batches)


def _check_loss(settings: Settings, why: str) -> None:
    """Raises InputError for the cost of all samples after an epoch, where they are never all at hand."""
    if settings.epoch_loss == "after":
        raise InputError(f"epoch_loss='after' needs all samples at once, but {why}; leave it out")
