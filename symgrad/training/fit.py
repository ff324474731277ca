"""Training a model: what `fit` takes and returns."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from symgrad.errors import InputError
from symgrad.training.data import Data
from symgrad.training.history import Epoch, Run
from symgrad.training.optimizers import LineSearch, Optimizer
from symgrad.training.prepare import prepare
from symgrad.training.progress import progress_bar
from symgrad.training.settings import check_settings

if TYPE_CHECKING:
    from symgrad.equations import Model


def fit(
    model: Model,
    data: Data,
    params: Mapping[str, Any],
    *,
    epochs: int,
    learning_rate: float | Callable[[int], float] | None = None,
    optimizer: str | Optimizer | LineSearch = "sgd",
    batch: int | str = "full",
    maximize: bool = False,
    weight_decay: float | None = None,
    clip_norm: float | None = None,
    clip_value: float | None = None,
    shuffle: bool = False,
    seed: int | None = None,
    stop_loss: float | None = None,
    stop_gradient: float | None = None,
    validation: float | Data = None,
    patience: int | None = None,
    callback: Callable[[Epoch], object] | None = None,
    callback_every: int = 1,
    checkpoint: str | os.PathLike[str] | None = None,
    checkpoint_every: int | None = None,
    resume: bool = False,
    record: bool | None = None,
    epoch_loss: str | None = None,
    backend: str = "numpy",
    progress: bool | None = None,
) -> Run:
    """Train a model by gradient descent, or by gradient ascent with `maximize=True`.

    `data` gives the inputs that stay as they are: a mapping of arrays (samples, …), the path of a file, or a data
    frame; None or {} for a model without data; or an iterable of batches, each such a mapping. `params` gives the
    start value of every other input. The cost is the mean of the loss over the samples; a model with axes takes its
    own mean. An epoch passes once over all samples, in batches: "full" (all samples), "sample" (one) or a number, in
    the order of the data or, with `shuffle=True`, in a new order each epoch. A `seed` repeats a run to the last bit,
    on the same machine with as many threads of its BLAS.

    Each step moves the parameters as the `optimizer` says: "sgd", "momentum", "nesterov", "adam", "adamw",
    "rmsprop", or one of `sg.optimizers` with its settings. `learning_rate` is a number, one of `sg.schedules`, or any
    function of the step's number. "lbfgs" and "newton" find their own step lengths on full batches. `weight_decay`
    adds that many times a parameter to its gradient, decoupled in "adamw"; `clip_norm` and `clip_value` bound the
    gradient.

    The run ends after `epochs` epochs, or once an epoch ends with a cost of `stop_loss` or better, or with a
    gradient whose Euclidean norm is at most `stop_gradient`. `validation`, a share of the samples drawn at random or
    data of its own, has its cost in the history; where that hasn't been better for `patience` epochs, the run ends,
    and has the best parameters. `callback` gets every `callback_every` epochs a row of the history, and ends the run
    by returning True. Ctrl-C ends it, too. `run.stopped_by` says which.

    `checkpoint` names a file that holds the run, written anew every `checkpoint_every` epochs (None: about every ten
    seconds) and at the end; with `resume=True` a run goes on from it as if it had never stopped. `record` keeps the
    parameters of every epoch in the history (None: up to ten million numbers). `backend` computes: "numpy", "native"
    or "jax". `progress` draws a progress bar: always, never, or (None) on a terminal once the run has taken a second.

    `epoch_loss` says what the loss of an epoch is: "after", the cost of all samples after it, for which an epoch of
    several batches passes once more over the data; or "running", the mean of the samples' costs in the epoch, each
    before its batch's step, which costs nothing more. Left out, it is the cost after the epoch, but for a stream or
    arrays on disk in batches, which are never all at hand. A full batch has the cost after its step in any case, with
    the next one's gradient. Epoch 0 is the cost of all samples (of a stream: of the first batch) at the start.

    Raises InputError for settings, data or a checkpoint that can't be used, and DivergenceError, which keeps the last
    finite parameters and the history, when a number stops being finite.

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
        optimizer=optimizer,
        weight_decay=weight_decay,
        clip_norm=clip_norm,
        clip_value=clip_value,
        epochs=epochs,
        batch=batch,
        maximize=maximize,
        shuffle=shuffle,
        seed=seed,
        stop_loss=stop_loss,
        stop_gradient=stop_gradient,
        validation=validation,
        patience=patience,
        callback=callback,
        callback_every=callback_every,
        checkpoint=checkpoint,
        checkpoint_every=checkpoint_every,
        resume=resume,
        record=record,
        epoch_loss=epoch_loss,
        backend=backend,
    )
    ready = prepare(model, data, params, validation, settings)
    # What overflows is noticed once an epoch and reported with advice; NumPy's warnings would only repeat it.
    with np.errstate(all="ignore"), progress_bar(settings.epochs, progress) as report:
        course, ending = ready.train(report)
    if ending.fault:
        raise ready.diverged(course, ending.fault)
    return ready.run(course, ending)
