"""The optimiser that a fit was asked for, by name or as it is, with the settings that all of them share."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from symgrad.errors import InputError
from symgrad.training import optimizers
from symgrad.training.optimizers import LineSearch, Optimizer, positive
from symgrad.training.words import did_you_mean, listing

_NAMES = ("sgd", "momentum", "nesterov", "adam", "adamw", "rmsprop", "lbfgs", "newton")


def chosen_optimizer(optimizer: Any, weight_decay: Any, clip_norm: Any, clip_value: Any) -> Optimizer | LineSearch:
    """The optimiser of a name, or the one given, with the settings that all of them share; raises InputError.

    >>> print(chosen_optimizer("sgd", 0.1, None, None), chosen_optimizer("rmsprop", None, None, 1))
    sgd(weight_decay=0.1) rmsprop(decay=0.99, epsilon=1e-08, clip_value=1)
    """
    method = _named(optimizer)
    if weight_decay is not None:
        decay = positive("weight_decay", weight_decay)
        if isinstance(method, Optimizer) and "weight_decay" in method.settings:  # decoupled, in its equations
            method = replace(method, settings={**method.settings, "weight_decay": decay})
        else:
            method = replace(method, weight_decay=decay)
    if clip_norm is None and clip_value is None:
        return method
    if isinstance(method, LineSearch):
        raise InputError(f"{method.name} can't clip gradients: its line search bounds the steps")
    if clip_norm is not None and clip_value is not None:
        raise InputError("clip_norm and clip_value are both given; choose one")
    return replace(
        method,
        clip_norm=None if clip_norm is None else _above("clip_norm", clip_norm),
        clip_value=None if clip_value is None else _above("clip_value", clip_value),
    )


def _named(optimizer: Any) -> Optimizer | LineSearch:
    if isinstance(optimizer, Optimizer | LineSearch):
        return optimizer
    if not isinstance(optimizer, str):
        raise InputError(f"optimizer={optimizer!r} is neither a name, such as 'adam', nor one of sg.optimizers")
    if optimizer not in _NAMES:
        raise InputError(
            f"optimizer={optimizer!r} is unknown{did_you_mean(optimizer, _NAMES)}; there are {listing(_NAMES)}"
        )
    found: Optimizer | LineSearch = getattr(optimizers, optimizer)()
    return found


def _above(name: str, value: float) -> float:
    if not positive(name, value):
        raise InputError(f"{name}={value!r} must be above 0")
    return float(value)
