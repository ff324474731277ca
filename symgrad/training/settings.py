"""The settings of a fit, checked before the first step."""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass
from typing import Any

import numpy as np

from symgrad.errors import InputError


@dataclass(frozen=True)
class Settings:
    """What `fit` was asked for, as plain numbers."""

    learning_rate: float
    epochs: int
    batch: int | str
    maximize: bool
    shuffle: bool
    seed: int | None
    stop_loss: float | None
    stop_gradient: float | None


def check_settings(
    *,
    learning_rate: Any,
    epochs: Any,
    batch: Any,
    maximize: bool,
    shuffle: bool,
    seed: Any,
    stop_loss: Any,
    stop_gradient: Any,
) -> Settings:
    """Return the settings as plain numbers, or raise an InputError that quotes the bad one."""
    rate = _number("learning_rate", learning_rate)
    if rate <= 0:
        hint = "; to climb instead of descending, use maximize=True" if rate < 0 else ""
        raise InputError(f"learning_rate={learning_rate!r} must be above 0{hint}")
    tolerance = None if stop_gradient is None else _number("stop_gradient", stop_gradient)
    if tolerance is not None and tolerance < 0:
        raise InputError(f"stop_gradient={stop_gradient!r} must be 0 or above: it is compared with a norm")
    return Settings(
        learning_rate=rate,
        epochs=_whole("epochs", epochs, least=0),
        batch=_batch(batch),
        maximize=bool(maximize),
        shuffle=bool(shuffle),
        seed=None if seed is None else _whole("seed", seed, least=0),
        stop_loss=None if stop_loss is None else _number("stop_loss", stop_loss),
        stop_gradient=tolerance,
    )


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


def _batch(batch: Any) -> int | str:
    if isinstance(batch, str):
        if batch in ("full", "sample"):
            return batch
        raise InputError(f"batch={batch!r} is unknown; use 'full', 'sample', or the number of samples a step")
    return _whole("batch", batch, least=1)
