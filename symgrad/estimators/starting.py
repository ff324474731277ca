"""Start values: those that are given, the others drawn in the shapes that the data say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import Expr, Integer

from symgrad.equations import Quantity, Size
from symgrad.errors import InputError
from symgrad.estimators.roles import Roles
from symgrad.training.words import did_you_mean, listing


def start_values(
    roles: Roles,
    columns: Mapping[str, NDArray[Any]],
    start: Mapping[str, Any] | None,
    sizes: Mapping[str, int] | None,
    random: np.random.RandomState,
) -> dict[str, Any]:
    """A start value for each parameter.

    What `start` leaves out is drawn: a number between 0.5 and 1.5, an array normal with variance 1/(length of its
    first axis), which keeps the scale of a layer's outputs.  Raises InputError for a name that isn't a parameter, and
    for an axis whose length neither the data nor `sizes` tell.
    """
    given = dict(start or {})
    for name in given:
        if name not in roles.parameters:
            raise InputError(
                f"start: {name!r} is no parameter of {roles.model.name}{did_you_mean(name, roles.parameters)}; "
                f"its parameters are {listing(roles.parameters)}"
            )
    known = _lengths(roles, {**columns, **{name: np.asarray(value) for name, value in given.items()}}, sizes or {})
    values: dict[str, Any] = {}
    for name in roles.parameters:
        shape = _shape(roles, roles.model.quantities[name], known) if name not in given else ()
        if name in given:
            values[name] = given[name]
        elif shape:
            values[name] = random.standard_normal(shape) / np.sqrt(shape[0])
        else:
            values[name] = random.uniform(0.5, 1.5)
    return values


def _lengths(roles: Roles, arrays: Mapping[str, NDArray[Any]], sizes: Mapping[str, int]) -> dict[Expr, int]:
    known: dict[Expr, int] = {}
    for name, length in sizes.items():
        if isinstance(length, bool) or not isinstance(length, int | np.integer) or length < 1:
            raise InputError(f"sizes: {name}={length!r} must be a whole number, 1 or above")
        known[Size(name)] = int(length)
    named = {str(axis) for quantity in roles.model.inputs for axis in quantity.axes}
    unknown = next((name for name in sizes if name not in named), None)
    if unknown is not None:
        raise InputError(f"sizes: {roles.model.name} has no axis {unknown!r}{did_you_mean(unknown, named)}")
    for name, array in arrays.items():
        axes = roles.model.quantities[name].axes
        for axis, length in zip(axes, array.shape, strict=False):
            known.setdefault(axis, length)
    return known


def _shape(roles: Roles, quantity: Quantity, known: Mapping[Expr, int]) -> tuple[int, ...]:
    samples = next((roles.model.quantities[name].axes[:1] for name in (*roles.features, roles.target)), ())
    shape = []
    for axis in quantity.axes:
        length = axis.xreplace({size: Integer(number) for size, number in known.items()})
        if axis in samples:
            raise InputError(
                f"{roles.model.name}: {quantity.name} has the samples' axis {axis}, so that it can't be a parameter; "
                "name it in features or constants"
            )
        if not length.is_Integer:
            raise InputError(
                f"{roles.model.name}: the axis {axis} of {quantity.name} has no length in the data; "
                f"give it, such as sizes={{'{axis}': 8}}"
            )
        shape.append(int(length))
    return tuple(shape)
