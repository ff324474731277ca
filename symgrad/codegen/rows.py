"""Whole numbers that pick rows, checked before a call.

JAX reads the nearest row where one doesn't exist, NumPy counts negative ones from the end, which no formula means.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from sympy import Indexed, Integer, preorder_traversal

from symgrad.equations import Equation, Model, base_name
from symgrad.errors import InputError


def check_rows(model: Model, values: Mapping[str, Any]) -> None:
    """Raises InputError where a quantity of whole numbers names a row that the array it picks from doesn't have."""
    whole = tuple(quantity.name for quantity in model.inputs if quantity.integer)
    reads = _reads(model.equations, whole) if whole else ()
    if not reads:
        return
    sizes = {
        axis: Integer(length)
        for quantity in model.inputs
        if quantity.name in values
        for axis, length in zip(quantity.axes, getattr(values[quantity.name], "shape", ()), strict=False)
    }
    for rows, base, place in reads:
        axes = model.quantities[base].axes
        size = axes[place].xreplace(sizes) if place < len(axes) else None
        picked = values.get(rows)
        if size is None or picked is None or not size.is_Integer or not picked.size:
            continue
        low, high = int(picked.min()), int(picked.max())
        if low < 0 or high >= size:
            worst = low if low < 0 else high
            raise InputError(
                f"{model.name}: {rows} holds {worst}, but axis {axes[place]} of {base} has the rows 0 to {size - 1}"
            )


@functools.lru_cache(maxsize=64)
def _reads(equations: tuple[Equation, ...], whole: tuple[str, ...]) -> tuple[tuple[str, str, int], ...]:
    """(rows, base, place): where an entry of `rows`, an input of whole numbers, picks along an axis of `base`."""
    found: dict[tuple[str, str, int], None] = {}
    for equation in equations:
        for node in preorder_traversal(equation.rhs):
            if isinstance(node, Indexed):
                for place, at in enumerate(node.indices):
                    if isinstance(at, Indexed) and base_name(at) in whole:
                        found[base_name(at), base_name(node), place] = None
    return tuple(found)
