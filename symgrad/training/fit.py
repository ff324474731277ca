"""Gradient descent and ascent on a compiled model."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from symgrad.errors import InputError
from symgrad.training.batches import batches
from symgrad.training.data import Data, Samples
from symgrad.training.divergence import DivergenceError, step_advice
from symgrad.training.history import Run, gather, plain
from symgrad.training.inputs import check_inputs
from symgrad.training.loop import Path, Problem, descend
from symgrad.training.progress import progress_bar
from symgrad.training.settings import Settings, check_settings
from symgrad.training.words import values_text

if TYPE_CHECKING:
    from symgrad.codegen.program import Program, Reduction
    from symgrad.equations import Model


def fit(
    model: Model,
    data: Data,
    params: Mapping[str, Any],
    *,
    learning_rate: float,
    epochs: int,
    batch: int | str = "full",
    maximize: bool = False,
    shuffle: bool = False,
    seed: int | None = None,
    stop_loss: float | None = None,
    stop_gradient: float | None = None,
    progress: bool | None = None,
) -> Run:
    """Train a model by gradient descent, or by gradient ascent with `maximize=True`.

    `data` gives the inputs that stay as they are: a mapping of arrays (samples,), the path of a CSV file with
    a header, or a data frame; None or {} for a model without data. `params` gives the start value of every
    other input. The cost is the mean of the loss over the samples. Each step moves every parameter by
    `learning_rate` times the gradient over one batch: "full" (all samples), "sample" (one) or a number of
    samples, in the order of the data or, with `shuffle=True`, in a new order each epoch, repeatable with
    `seed`. An epoch passes once over all samples.

    The run ends after `epochs` epochs, or once an epoch ends with a cost of `stop_loss` or better, or with a
    gradient whose Euclidean norm is at most `stop_gradient`; `run.stopped_by` says which. `progress` draws a
    progress bar: always, never, or (None) on a terminal once the run has taken a second.

    Raises InputError for settings or data that can't be used, before the first step, and DivergenceError,
    which keeps the last finite parameters and the history, when a number stops being finite.

    >>> import symgrad as sg
    >>> @sg.model
    ... def parabola(x):
    ...     f = -x**2
    ...     return f
    >>> run = sg.fit(parabola, None, {"x": -4}, learning_rate=0.1, epochs=2, maximize=True)
    >>> [round(x, 4) for x in run.history["x"].tolist()]
    [-4.0, -3.2, -2.56]
    """
    if not hasattr(model, "compile"):
        raise InputError(f"{model!r} is not a model; decorate the function with @sg.model")
    settings = check_settings(
        learning_rate=learning_rate,
        epochs=epochs,
        batch=batch,
        maximize=maximize,
        shuffle=shuffle,
        seed=seed,
        stop_loss=stop_loss,
        stop_gradient=stop_gradient,
    )
    samples, start = check_inputs(model, data, params)
    # What overflows is noticed once an epoch and reported with advice; NumPy's warnings would only repeat it.
    with np.errstate(all="ignore"), progress_bar(settings.epochs, progress) as report:
        problem = _problem(model, samples, start, settings)
        path = descend(problem, settings, report)
    if path.fault:
        raise _diverged(model.name, path, problem, samples, settings)
    history = gather(list(start), path.losses, path.points)
    return Run(model.name, history[-1].params, history, path.stopped_by, settings.learning_rate, settings.batch)


def _problem(model: Model, samples: Samples, start: dict[str, Any], settings: Settings) -> Problem:
    size = {"full": samples.count, "sample": 1}.get(str(settings.batch), settings.batch)
    size = min(int(size), samples.count)
    scalar = not any(quantity.axes for quantity in model.inputs)

    @functools.cache
    def program(count: int) -> Program:
        # A model with axes takes its own mean; of a single number NumPy's mean costs more than most models.
        reduction: Reduction = "mean" if scalar and count > 1 else "none"
        return model.compile(wrt=list(start), reduction=reduction)

    whole = {name: column.item() if column.size == 1 and scalar else column for name, column in samples.columns.items()}
    generator = np.random.default_rng(settings.seed) if settings.shuffle else None
    parts = batches(samples.columns, samples.count, size, generator) if size < samples.count else None
    if not scalar:
        # Called like this, a program checks the axes against each other; its bare function doesn't.
        program(samples.count)(**whole, **start)
    return Problem(program(samples.count).function, program(size).function, start, whole, parts)


def _diverged(name: str, path: Path, problem: Problem, samples: Samples, settings: Settings) -> DivergenceError:
    epoch, rate = len(path.losses), settings.learning_rate
    if epoch == 0:
        last, suggestion = problem.start, None
        text = (
            f"{name}: {path.fault} at the start values {values_text(last)}, before any step. "
            "Choose start values, or data, for which every equation is defined."
        )
    else:
        last = dict(zip(problem.start, map(plain, path.points[-1]), strict=True))
        with np.errstate(all="ignore"):
            suggestion, advice = step_advice(
                lambda params: problem.step(**problem.whole, **params)[1],
                problem.start,
                samples.columns,
                rate,
                "maximum" if settings.maximize else "minimum (maximize=True climbs instead)",
            )
        text = (
            f"{name}: {path.fault} in epoch {epoch} of {settings.epochs} with learning_rate={rate:g}. "
            f"The last finite values are {values_text(last)}; this error keeps them, and the history so far. "
            f"{advice}"
        )
    history = gather(list(problem.start), path.losses, path.points)
    return DivergenceError(
        text, epoch=epoch, learning_rate=rate, suggestion=suggestion, params=dict(last), history=history
    )
