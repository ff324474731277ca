"""The loop of gradient descent: as little as possible between two calls of the compiled step."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from symgrad.training.batches import Batches
from symgrad.training.progress import Report
from symgrad.training.settings import Settings

Params: TypeAlias = dict[str, Any]
Step: TypeAlias = Callable[..., tuple[Any, Mapping[str, Any]]]


@dataclass(frozen=True)
class Problem:
    """What a loop works on: the start values, all samples at once, and the batches of an epoch.

    `step` gives the cost and its gradients for all samples, `batch_step` for a batch. `batches_of_epoch` is
    None when all samples make one batch.
    """

    step: Step
    batch_step: Step
    start: Params
    whole: dict[str, Any]
    batches_of_epoch: Batches | None


@dataclass(frozen=True)
class Path:
    """Where a loop went: loss and parameters of each epoch, and what ended it; a fault says it in words.

    Parameters are in the order of the start values: a tuple an epoch, since long runs have very many.
    """

    losses: list[float]
    points: list[tuple[Any, ...]]
    stopped_by: str
    fault: str = ""


def descend(problem: Problem, settings: Settings, report: Report) -> Path:
    """Run the epochs of gradient descent, or ascent, until one of the settings or a fault ends them.

    The loss of an epoch is the cost at the parameters after it. With one batch an epoch this value comes with
    the gradient of the next step; with more batches it takes one more pass.
    """
    step, batch_step, batches_of_epoch = problem.step, problem.batch_step, problem.batches_of_epoch
    rate = settings.learning_rate if settings.maximize else -settings.learning_rate
    names = tuple(problem.start)
    losses: list[float] = []
    points: list[tuple[Any, ...]] = []
    grads: Mapping[str, Any] = {}
    # One dictionary serves all calls; a step renews only what changes.
    values = {**problem.whole, **problem.start}
    for epoch in range(settings.epochs + 1):
        try:
            if epoch and batches_of_epoch is None:
                for name in names:
                    values[name] = values[name] + rate * grads[name]
            elif epoch and batches_of_epoch is not None:
                for batch in batches_of_epoch():
                    values.update(batch)
                    _, grads = batch_step(**values)
                    for name in names:
                        values[name] = values[name] + rate * grads[name]
                values.update(problem.whole)
            loss, grads = step(**values)
        except ArithmeticError as error:
            # Python's own floats raise where NumPy's turn infinite.
            happened = (
                "a number was divided by zero" if isinstance(error, ZeroDivisionError) else "a number became infinite"
            )
            return Path(losses, points, "fault", happened)
        point = tuple(values[name] for name in names)
        if not all(map(_finite, (loss, *point, *grads.values()))):
            return Path(losses, points, "fault", _fault(loss, dict(zip(names, point, strict=True)), grads))
        losses.append(loss)
        points.append(point)
        report(epoch, loss)
        stopped_by = _reached(loss, grads, settings)
        if stopped_by:
            return Path(losses, points, stopped_by)
    return Path(losses, points, "epochs")


def _reached(loss: float, grads: Mapping[str, Any], settings: Settings) -> str:
    if settings.stop_loss is not None and (
        loss >= settings.stop_loss if settings.maximize else loss <= settings.stop_loss
    ):
        return "loss"
    if settings.stop_gradient is not None and _norm(grads) <= settings.stop_gradient:
        return "gradient"
    return ""


def _norm(grads: Mapping[str, Any]) -> float:
    return math.hypot(*(float(np.linalg.norm(gradient)) for gradient in grads.values()))


def _finite(value: Any) -> bool:
    # Where NumPy turns nan, as for (-8)**(1/3), Python's own floats turn complex.
    if isinstance(value, float):
        return math.isfinite(value)
    return not np.iscomplexobj(value) and bool(np.isfinite(value).all())


def _fault(loss: float, params: Params, grads: Mapping[str, Any]) -> str:
    named = {"the loss": loss, **params}
    named.update((f"the gradient with respect to {name}", gradient) for name, gradient in grads.items())
    what = next(what for what, value in named.items() if not _finite(value))
    values = np.ravel(named[what])
    culprit = values[0] if np.iscomplexobj(values) else values[~np.isfinite(values)][0]
    return f"{what} became {culprit}"
