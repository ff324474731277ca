"""Which input of a model is data and which is a parameter, checked name by name and shape by shape."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from symgrad.errors import InputError
from symgrad.training.data import Data, Samples, number_array, read_data
from symgrad.training.words import did_you_mean, listing

if TYPE_CHECKING:
    from symgrad.equations import Model


def check_inputs(model: Model, data: Data, params: Mapping[str, Any]) -> tuple[Samples, dict[str, Any]]:
    """The samples and the start values: every input of the model is in exactly one of them, or has a default.

    Raises InputError for a name in neither or in both, an unknown name, and a shape that isn't the quantity's.
    """
    start = start_values(model, params)
    return check_samples(model, data, start), start


def check_samples(model: Model, data: Data, start: Collection[str]) -> Samples:
    """The samples alone, for parameters of the names in `start`; raises InputError as `check_inputs` does.

    Defaults of the model's signature become constant columns.
    """
    axes = {quantity.name: len(quantity.axes) for quantity in model.inputs}
    samples = read_data(data, axes)
    for name in axes:
        if name in start and name in samples.columns:
            raise InputError(f"{name} is in the data and in params; leave it out of one, or rename a column")
    columns = dict(samples.columns)
    unset = [name for name in axes if name not in start and name not in columns]
    columns.update({name: np.asarray(float(model.defaults[name])) for name in unset if name in model.defaults})
    missing = [name for name in unset if name not in columns]
    if missing:
        raise InputError(
            f"{model.name}: {missing[0]} is neither in the {samples.label} ({listing(samples.names)})"
            f"{did_you_mean(missing[0], samples.names)} nor in params ({listing(start)}); "
            f"still to be given: {listing(missing)}"
            + ("; sg.columns makes a matrix of several columns" if axes[missing[0]] == 2 and samples.names else "")
        )
    for name, column in columns.items():
        if not axes[name] and column.ndim > 1:
            raise InputError(
                f"{samples.label}: {name} has shape {column.shape}, but is a single number in {model.name}; "
                "give one number a sample"
            )
    return Samples(columns, samples.names, samples.label)


def start_values(model: Model, params: Any) -> dict[str, Any]:
    """The start values, a float or an array each; raises InputError as `check_inputs` does."""
    axes = {quantity.name: len(quantity.axes) for quantity in model.inputs}
    if not isinstance(params, Mapping):
        raise InputError(f"params={params!r} must map names to start values, such as {{'w': 0.7, 'b': 6}}")
    if not params:
        raise InputError(f"params is empty; give a start value for each input of {model.name} to train")
    start = {}
    for name, value in params.items():
        if name not in axes:
            raise InputError(
                f"params: {model.name} has no input called {name!r}{did_you_mean(name, axes)}; "
                f"its inputs are {listing(axes)}"
            )
        if name in ("epoch", "loss", "validation"):
            raise InputError(f"params: {name!r} is the name of a column in the history; rename the parameter")
        array = number_array(value, f"params: {name}")
        if array.ndim != axes[name]:
            meant = f"has {axes[name]} axes" if axes[name] else "is a single number"
            raise InputError(f"params: {name} has shape {array.shape}, but {meant} in {model.name}")
        start[name] = array if array.ndim else array.item()
    return start
