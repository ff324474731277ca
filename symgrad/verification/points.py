"""Small exact points at which formulas are compared: the smallest shapes and readable numbers first."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from sympy import Expr, Indexed, Integer

from symgrad.equations import Index, Model, Quantity, Size, names_in
from symgrad.verification.numbers import Array

MIXED = tuple(Fraction(text) for text in ("1", "2", "-1", "3", "1/2", "-2", "5", "-1/2", "-3", "3/2"))
POSITIVE = tuple(Fraction(text) for text in ("1", "2", "3", "1/2", "3/2", "5", "1/3", "1/4"))
UNIT = tuple(Fraction(text) for text in ("1/2", "1/3", "1/4", "2/3", "1/5", "3/4", "2/5", "3/5"))
FAMILIES = (MIXED, MIXED, POSITIVE, UNIT)  # a logarithm wants positive numbers, a probability those below 1
WIDE = tuple(Fraction(number, 7) for number in range(-30, 31) if number % 7)  # many different ones: few ties


@dataclass(frozen=True)
class Point:
    """A length for each symbolic size, and the fractions of each input."""

    sizes: Mapping[Expr, int]
    inputs: Mapping[str, Array]


def points(model: Model) -> Iterator[Point]:
    """Points without end, the same at every call: first each small shape, then random ones."""
    chance = random.Random(0)
    rows, tight = _rows(model), _tight(model)
    sizes = symbolic_sizes(model)
    simple = list({str(shape): shape for shape in (_fitting(tight, s) for s in _small_shapes(sizes))}.values())
    for turn in itertools.count():
        round_, place = divmod(turn, len(simple))
        shape = simple[place] if round_ < len(FAMILIES) else _fitting(tight, _random_shape(sizes, chance))
        if round_ < 2 * len(FAMILIES):
            family, start = FAMILIES[round_ % len(FAMILIES)], 2 * round_ + place
            values = itertools.islice(itertools.cycle(family), start, None)
            yield _point(model, shape, {}, values, rows, chance)
        else:
            yield _point(model, shape, _families(model, chance), None, rows, chance)


def varied_points(model: Model, seed: int | str = 1, sizes: Mapping[Expr, int] | None = None) -> Iterator[Point]:
    """Random points without end, axes of different lengths or of given ones: what tells any two formulas apart."""
    chance = random.Random(seed)
    rows, tight = _rows(model), _tight(model)
    symbols = symbolic_sizes(model)
    for turn in itertools.count():
        lengths = sizes or _fitting(tight, {size: (place + turn) % 4 + 2 for place, size in enumerate(symbols)})
        yield _point(model, lengths, _families(model, chance), None, rows, chance)


def float_points(model: Model, seed: int) -> Iterator[Point]:
    """Random floats without end: normal, positive, or between 0 and 1, each input's kind drawn anew."""
    chance = np.random.default_rng(seed)
    normal = chance.standard_normal
    kinds = (normal, normal, lambda shape: np.exp(normal(shape)), chance.random)
    for point in varied_points(model, seed):
        inputs = dict(point.inputs)
        for quantity in model.inputs:
            if not quantity.integer:
                kind = kinds[int(chance.integers(len(kinds)))]
                array = np.asarray(kind(inputs[quantity.name].shape))
                inputs[quantity.name] = _with_facts(model, quantity, array)
        yield Point(point.sizes, inputs)


def _families(model: Model, chance: random.Random) -> dict[str, tuple[Fraction, ...]]:
    """For each input the numbers that its entries are drawn from."""
    wide = (WIDE, tuple(number for number in WIDE if number > 0), UNIT)
    kinds = FAMILIES if chance.random() < 0.5 else wide
    return {quantity.name: chance.choice(kinds) for quantity in model.inputs}


def symbolic_sizes(model: Model) -> list[Size]:
    """The symbolic sizes of a model: those of its inputs, as they occur, then others, such as strides."""
    found = dict.fromkeys(
        symbol for q in model.inputs for axis in q.axes for symbol in sorted(axis.free_symbols, key=str)
    )
    written = {size for equation in model.equations for size in equation.rhs.atoms(Size)}
    of_axes = {symbol for axis in _axes(model) for symbol in axis.free_symbols}
    return [*found, *sorted((written | of_axes) - found.keys(), key=str)]


def _axes(model: Model) -> set[Expr]:
    """The lengths of the axes in a model's equations."""
    return {index.size for equation in model.equations for index in equation.rhs.atoms(Index) | {*equation.indices}}


def _small_shapes(sizes: list[Size]) -> Iterator[dict[Expr, int]]:
    """All 1; one of them 2, or two; all 2; all different, for a transpose to show, and long enough for a window."""
    yield dict.fromkeys(sizes, 1)
    if not sizes:
        return
    for count in (1, 2) if len(sizes) < 5 else (1,):
        for longer in itertools.combinations(sizes[:6], count) if len(sizes) > count else ():
            yield {size: 2 if size in longer else 1 for size in sizes}
    yield dict.fromkeys(sizes, 2)
    yield {size: place % 3 + 2 for place, size in enumerate(sizes)}
    if len(sizes) > 1:
        yield {size: (len(sizes) - 1 - place) % 3 + 2 for place, size in enumerate(sizes)}
    else:
        yield dict.fromkeys(sizes, 3)


def _tight(model: Model) -> list[Expr]:
    """The lengths that must not come to nothing: those of axes that are sums or quotients of sizes."""
    return [axis for axis in _axes(model) if not axis.is_Symbol]


def _fitting(tight: list[Expr], sizes: dict[Expr, int]) -> dict[Expr, int]:
    """The shape, or the next larger one in which every axis has a place: a window needs more than one."""
    grown = {symbol for axis in tight for symbol in axis.free_symbols}
    for more in range(9):
        larger = {size: value + more * (size in grown) for size, value in sizes.items()}
        if all(_at(axis, larger) > 0 for axis in tight):
            return larger
    return sizes


def _at(size: Expr, sizes: Mapping[Expr, int]) -> int:
    return int(size.xreplace({known: Integer(value) for known, value in sizes.items()}))


def _random_shape(sizes: list[Size], chance: random.Random) -> dict[Expr, int]:
    return {size: chance.randint(1, 4) for size in sizes}


def length(size: Expr, sizes: Mapping[Expr, int]) -> int:
    """The length of an axis at given sizes, at least 1."""
    return max(1, _at(size, sizes))


def _point(
    model: Model,
    sizes: Mapping[Expr, int],
    families: Mapping[str, Any],
    values: Iterator[Fraction] | None,
    rows: Mapping[str, Expr],
    chance: random.Random,
) -> Point:
    inputs: dict[str, Array] = {}
    for quantity in model.inputs:
        shape = tuple(length(axis, sizes) for axis in quantity.axes)
        count = int(np.prod(shape))
        if quantity.integer:
            most = length(rows.get(quantity.name, Integer(2)), sizes)
            entries: list[Any] = [Fraction(chance.randrange(most)) for _ in range(count)]
        elif values is not None:
            entries = [next(values) for _ in range(count)]
        else:
            entries = [chance.choice(families[quantity.name]) for _ in range(count)]
        array = np.array(entries, dtype=object).reshape(shape)
        inputs[quantity.name] = _with_facts(model, quantity, array)
    return Point(sizes, inputs)


def _with_facts(model: Model, quantity: Quantity, array: Array) -> Array:
    """The entries scaled so that what the model declares of their sums holds."""
    for fact in model.facts:
        if fact.quantity == quantity.name:
            place = [str(axis) for axis in quantity.axes].index(fact.axis)
            array = abs(array)
            total = Fraction(int(fact.total.p), int(fact.total.q))
            array = array * (total if array.dtype == object else float(total)) / array.sum(axis=place, keepdims=True)
    return array


def _rows(model: Model) -> dict[str, Expr]:
    """For each input of whole numbers, the size of the axis that it is a place on."""
    found: dict[str, Expr] = {}
    for equation in model.equations:
        for entry in equation.rhs.atoms(Indexed):
            axes = model.quantities[str(entry.base.label)].axes if str(entry.base.label) in model.quantities else ()
            for at, axis in zip(entry.indices, axes, strict=False):
                for name in names_in(at):
                    found.setdefault(name, axis)
    return found
