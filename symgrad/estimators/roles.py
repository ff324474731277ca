"""Which input of a model is a feature, the target, a constant or a parameter, and which quantity is the prediction."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symgrad.equations import Model, needed
from symgrad.errors import InputError
from symgrad.training.words import did_you_mean, listing


@dataclass(frozen=True)
class Roles:
    """What each input of a model is, and where a feature's columns are.

    `features` maps an input to the number of its column, or to those of the columns that make it a matrix.
    """

    model: Model
    features: Mapping[str, int | list[int]]
    target: str
    prediction: str
    constants: Mapping[str, Any]
    parameters: tuple[str, ...]

    @property
    def predictor(self) -> Model:
        """The part of the model that computes the prediction."""
        names = needed([self.prediction], self.model.equations)
        return replace(
            self.model,
            inputs=tuple(quantity for quantity in self.model.inputs if quantity.name in names),
            equations=tuple(equation for equation in self.model.equations if equation.name in names),
            result=self.prediction,
            facts=(),
        )

    def columns(self, X: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        """The features by input, out of a matrix (samples, columns)."""
        return {name: np.ascontiguousarray(X[:, place]) for name, place in self.features.items()}


def target_of(model: Model, target: str | None) -> str:
    """The input that is the target: the one asked for, or y or Y."""
    inputs = [quantity.name for quantity in model.inputs]
    if target is None:
        found = [name for name in ("y", "Y") if name in inputs]
        if len(found) != 1:
            raise InputError(f"{model.name}: say which input is the target: target=…; its inputs are {listing(inputs)}")
        return found[0]
    if target not in inputs:
        raise InputError(
            f"target={target!r} is no input of {model.name}{did_you_mean(target, inputs)}; it has {listing(inputs)}"
        )
    return target


def assigned(
    model: Model,
    features: Any,
    target: str | None,
    prediction: str | None,
    constants: Mapping[str, Any] | None,
    usual: Sequence[str],
    names: Sequence[str],
) -> Roles:
    """The roles of a model's inputs; `names` are the columns' names, `usual` those that a prediction often has.

    Raises InputError where a name isn't the model's, or where a role can't be told.
    """
    goal = target_of(model, target)
    places = _features(model, features, names)
    fixed = dict(constants or {})
    inputs = [quantity.name for quantity in model.inputs]
    for name in fixed:
        if name not in inputs:
            raise InputError(f"constants: {model.name} has no input called {name!r}{did_you_mean(name, inputs)}")
    fixed = {name: float(value) for name, value in model.defaults.items() if name in inputs} | fixed
    twice = {goal} & {*places, *fixed} or places.keys() & fixed.keys()
    if twice:
        raise InputError(f"{model.name}: {min(twice)} can only be one of: a feature, the target, a constant")
    rest = tuple(name for name in inputs if name != goal and name not in places and name not in fixed)
    if not rest:
        raise InputError(f"{model.name} has no parameters: its inputs are all features, the target or constants")
    roles = Roles(model, places, goal, _prediction(model, prediction, usual), fixed, rest)
    if any(quantity.name == goal for quantity in roles.predictor.inputs):
        raise InputError(f"{roles.prediction} can't be the prediction of {model.name}: it is computed from {goal}")
    return roles


def _prediction(model: Model, prediction: str | None, usual: Sequence[str]) -> str:
    defined = [equation.name for equation in model.equations]
    if prediction is None:
        found = [name for name in usual if name in defined]
        if not found:
            raise InputError(
                f"{model.name}: say which quantity is the prediction: prediction=…; it defines {listing(defined)}"
            )
        return found[0]
    if prediction not in defined:
        raise InputError(
            f"prediction={prediction!r} is no quantity that {model.name} defines"
            f"{did_you_mean(prediction, defined)}; it defines {listing(defined)}"
        )
    return prediction


def _features(model: Model, features: Any, names: Sequence[str]) -> dict[str, int | list[int]]:
    axes = {quantity.name: len(quantity.axes) for quantity in model.inputs}
    found = _asked(model, features, axes, names)
    for name, places in found.items():
        if name not in axes:
            raise InputError(
                f"features: {model.name} has no input called {name!r}{did_you_mean(name, axes)}; it has {listing(axes)}"
            )
        if axes[name] > 2 or isinstance(places, list) != (axes[name] == 2):
            meant = ("one number a sample", "one number a sample", "a matrix, a row a sample")
            given = "several columns" if isinstance(places, list) else "one column"
            what = meant[axes[name]] if axes[name] < 3 else f"an array of {axes[name]} axes"
            raise InputError(f"features: {name} is {what} in {model.name}, but {given} would make it")
    return found


def _asked(model: Model, features: Any, axes: Mapping[str, int], names: Sequence[str]) -> dict[str, int | list[int]]:
    everything = list(range(len(names)))
    if features is None:
        if "X" in axes:
            return {"X": everything}
        named = {name: place for place, name in enumerate(names) if name in axes}
        if named:
            return dict(named)
        if "x" in axes and len(names) == 1:
            return {"x": 0}
        raise InputError(
            f"{model.name}: say which inputs are the features: features=…; its inputs are {listing(axes)}, "
            f"the columns of the data {listing(names[:8])}{', …' if len(names) > 8 else ''}"
        )
    if isinstance(features, str):
        return {features: everything if axes.get(features) == 2 else _single(features, names)}
    if isinstance(features, Mapping):
        return {
            str(name): [_place(part, names) for part in parts]
            if isinstance(parts, Sequence | np.ndarray) and not isinstance(parts, str)
            else _place(parts, names)
            for name, parts in features.items()
        }
    listed = [str(name) for name in features]
    if set(listed) <= set(names):
        return {name: _place(name, names) for name in listed}
    if len(listed) != len(names):
        raise InputError(f"features={listed} are {len(listed)} inputs, but the data has {len(names)} columns")
    return {name: place for place, name in enumerate(listed)}


def _single(name: str, names: Sequence[str]) -> int:
    if name in names:
        return list(names).index(name)
    if len(names) != 1:
        raise InputError(f"features={name!r} takes one column, but the data has {len(names)}: {listing(names[:8])}")
    return 0


def _place(column: Any, names: Collection[str]) -> int:
    if isinstance(column, str):
        if column not in names:
            raise InputError(f"features: no column is called {column!r}{did_you_mean(column, names)}")
        return list(names).index(column)
    if not isinstance(column, int | np.integer) or not -len(names) <= column < len(names):
        raise InputError(f"features: {column!r} is no column of the data, which has {len(names)}")
    return int(column) % len(names)
