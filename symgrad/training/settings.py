"""The settings of a fit, checked before the first step."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from symgrad.errors import InputError
from symgrad.training.chosen import chosen_optimizer
from symgrad.training.history import Epoch, rate_text
from symgrad.training.optimizers import LineSearch, Optimizer
from symgrad.training.schedules import Schedule, constant


@dataclass(frozen=True)
class Settings:
    """What `fit` was asked for, as plain numbers."""

    learning_rate: float | Callable[[int], float] | None  # as it was given
    schedule: Schedule
    optimizer: Optimizer | LineSearch
    epochs: int
    batch: int | str
    maximize: bool
    shuffle: bool
    seed: int | None
    stop_loss: float | None
    stop_gradient: float | None
    patience: int | None
    callback: Callable[[Epoch], object] | None
    callback_every: int
    checkpoint: Path | None
    checkpoint_every: int | None
    resume: bool
    record: bool | None
    epoch_loss: str | None
    backend: str


def check_settings(
    *,
    learning_rate: Any,
    optimizer: Any,
    weight_decay: Any,
    clip_norm: Any,
    clip_value: Any,
    epochs: Any,
    batch: Any,
    maximize: bool,
    shuffle: bool,
    seed: Any,
    stop_loss: Any,
    stop_gradient: Any,
    validation: Any,
    patience: Any,
    callback: Any,
    callback_every: Any,
    checkpoint: Any,
    checkpoint_every: Any,
    resume: bool,
    record: Any,
    epoch_loss: Any,
    backend: str,
) -> Settings:
    """Return the settings as plain numbers, or raise an InputError that quotes the bad one."""
    method = chosen_optimizer(optimizer, weight_decay, clip_norm, clip_value)
    tolerance = None if stop_gradient is None else _number("stop_gradient", stop_gradient)
    if tolerance is not None and tolerance < 0:
        raise InputError(f"stop_gradient={stop_gradient!r} must be 0 or above: it is compared with a norm")
    if patience is not None and validation is None:
        raise InputError(f"patience={patience!r} waits for the loss on validation data; give validation=0.2, or data")
    if callback is not None and not callable(callback):
        raise InputError(f"callback={callback!r} is not a function; it is called with each epoch's row")
    if checkpoint is None and (resume or checkpoint_every is not None):
        what = "resume=True" if resume else f"checkpoint_every={checkpoint_every!r}"
        raise InputError(f"{what} needs the file of the checkpoint: checkpoint='run.safetensors'")
    size = _batch(batch)
    if isinstance(method, LineSearch) and size != "full":
        raise InputError(f"batch={batch!r}: {method.name} needs the whole data in each step; use batch='full'")
    schedule = _schedule(learning_rate, method)
    return Settings(
        learning_rate=learning_rate if learning_rate is None or callable(learning_rate) else float(learning_rate),
        schedule=schedule,
        optimizer=method,
        epochs=_whole("epochs", epochs, least=0),
        batch=size,
        maximize=bool(maximize),
        shuffle=bool(shuffle),
        seed=None if seed is None else _whole("seed", seed, least=0),
        stop_loss=None if stop_loss is None else _number("stop_loss", stop_loss),
        stop_gradient=tolerance,
        patience=None if patience is None else _whole("patience", patience, least=1),
        callback=callback,
        callback_every=_whole("callback_every", callback_every, least=1),
        checkpoint=None if checkpoint is None else Path(checkpoint),
        checkpoint_every=None if checkpoint_every is None else _whole("checkpoint_every", checkpoint_every, least=1),
        resume=bool(resume),
        record=None if record is None else bool(record),
        epoch_loss=_epoch_loss(epoch_loss),
        backend=backend,
    )


def _schedule(learning_rate: Any, optimizer: Optimizer | LineSearch) -> Schedule:
    if isinstance(optimizer, LineSearch):
        if learning_rate is not None:
            raise InputError(
                f"learning_rate={learning_rate!r}: {optimizer.name} searches for the length of each step; leave it out"
            )
        return constant(1.0)
    if learning_rate is None:
        raise InputError(f"learning_rate is missing; {optimizer.name} needs one, such as learning_rate=0.01")
    if isinstance(learning_rate, Schedule):
        return learning_rate
    if callable(learning_rate):
        return Schedule(rate_text(learning_rate), learning_rate)
    rate = _number("learning_rate", learning_rate)
    if rate <= 0:
        hint = "; to climb instead of descending, use maximize=True" if rate < 0 else ""
        raise InputError(f"learning_rate={learning_rate!r} must be above 0{hint}")
    return constant(rate)


def _number(name: str, value: Any) -> float:
    try:
        number = math.nan if isinstance(value, bool | str | bytes) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise InputError(f"{name}={value!r} is not a finite number")
    return number


def _whole(name: str, value: Any, least: int) -> int:
    try:
        number = operator.index(value)
    except TypeError:
        number = least - 1
    if isinstance(value, bool | np.bool_) or number < least:
        raise InputError(f"{name}={value!r} must be a whole number, {least} or above")
    return number


def _epoch_loss(which: Any) -> str | None:
    if which is None or (isinstance(which, str) and which in ("after", "running")):
        return which
    raise InputError(
        f"epoch_loss={which!r} is unknown; use 'after', the cost of all samples after an epoch, or 'running', the mean "
        "of their costs in it"
    )


def _batch(batch: Any) -> int | str:
    if isinstance(batch, str):
        if batch in ("full", "sample"):
            return batch
        raise InputError(f"batch={batch!r} is unknown; use 'full', 'sample', or the number of samples a step")
    return _whole("batch", batch, least=1)
