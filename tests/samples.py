"""Random shapes and values that fit a model, found from its annotations, defaults and facts alone."""

import itertools

import numpy as np
from sympy import Indexed, Integer, Pow


def shapes(model, rng, count=3):
    """Sizes of the symbolic axes, `count` times, all of the model's quantities having entries; the last has a 1."""
    axes = sorted({size for quantity in model.inputs for size in quantity.axes if size.is_Symbol}, key=str)
    small = {axis: smallest(model, axis, axes) for axis in axes}
    found = [{axis: Integer(small[axis] + int(rng.integers(1, 4))) for axis in axes} for _ in range(count)]
    if axes:
        least = [axis for axis in axes if small[axis] == min(small.values())]
        found[-1][least[int(rng.integers(len(least)))]] = Integer(min(small.values()))
    return found


def smallest(model, axis, axes):
    """The least size of an axis with which every quantity has entries and no division by a count is by zero."""
    plenty = dict.fromkeys(axes, Integer(9))
    powers = [power for equation in model.equations for power in equation.rhs.atoms(Pow)]
    divisors = [power.base for power in powers if power.base.free_symbols <= set(axes)]
    for size in itertools.count(1):
        at = {**plenty, axis: Integer(size)}
        lengths = [length for quantity in model.quantities.values() for length in quantity.axes]
        if all(length.xreplace(at) >= 1 for length in lengths) and all(part.xreplace(at) != 0 for part in divisors):
            return size


def values(model, sizes, rng):
    """A standard normal number for every entry; defaults, whole numbers and declared sums as the model states them."""
    found = {}
    for quantity in model.inputs:
        shape = tuple(int(axis.xreplace(sizes)) for axis in quantity.axes)
        if quantity.name in model.defaults:
            found[quantity.name] = float(model.defaults[quantity.name])
        elif quantity.integer:
            found[quantity.name] = rng.integers(0, int(rows(model, quantity.name).xreplace(sizes)), shape)
        else:
            found[quantity.name] = rng.normal(size=shape) if shape else float(abs(rng.normal()) + 0.5)
    for fact in model.facts:
        place = [str(axis) for axis in model.quantities[fact.quantity].axes].index(fact.axis)
        positive = np.abs(found[fact.quantity]) + 0.1
        found[fact.quantity] = positive / positive.sum(axis=place, keepdims=True) * float(fact.total)
    return found


def rows(model, name):
    """The length of the axis that a quantity of whole numbers picks from."""
    for equation in model.equations:
        for entry in equation.rhs.atoms(Indexed):
            for place, index in enumerate(entry.indices):
                if isinstance(index, Indexed) and str(index.base.label) == name:
                    return model.quantities[str(entry.base.label)].axes[place]
    raise AssertionError(f"{model.name} never reads rows by {name}")
