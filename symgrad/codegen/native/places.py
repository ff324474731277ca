"""Whole numbers that name places on an axis, checked before C reads there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from numpy.typing import NDArray
from sympy import Indexed, Integer, KroneckerDelta, Symbol

from symgrad.equations import Index, Model, base_name
from symgrad.errors import InputError

Places = tuple[tuple[str, Any], ...]


def places(model: Model) -> Places:
    """The quantities of whole numbers that are places on an axis, each with the axis's length as the model says it."""
    return tuple(dict.fromkeys(_axes(model)))


def check_places(
    model: Model, found: Places, values: Mapping[str, NDArray[Any]], shapes: Mapping[str, tuple[int, ...]]
) -> None:
    """Raises InputError for a whole number that isn't a place, from 0, on the axis where the model reads by it."""
    if not found:
        return
    lengths = {
        axis: Integer(length)
        for quantity in model.inputs
        for axis, length in zip(quantity.axes, shapes.get(quantity.name, ()), strict=False)
    }
    for name, size in found:
        array = values[name]
        length = int(size.xreplace(lengths))
        if not array.size:
            continue
        for end in (array.min(), array.max()):
            if not 0 <= end < length:
                raise InputError(
                    f"{model.name}: {name} holds {int(end)}, but axis {size} has the places 0 to {length - 1}"
                )


def _axes(model: Model) -> Iterator[tuple[str, Any]]:
    """The quantities of whole numbers that are places, and the length of the axis."""
    whole = {quantity.name for quantity in model.inputs if quantity.integer}
    for equation in model.equations:
        for entry in equation.rhs.atoms(Indexed):
            axes = model.quantities[base_name(entry)].axes
            for at, size in zip(entry.indices, axes, strict=True):
                for part in at.atoms(Indexed, Symbol):
                    if not isinstance(part, Index) and base_name(part) in whole:
                        yield base_name(part), size
        for delta in equation.rhs.atoms(KroneckerDelta):
            for one, other in (delta.args, delta.args[::-1]):
                if isinstance(one, Index) and base_name(other) in whole:
                    yield base_name(other), one.size
