"""Quantities of every sample: what a document defines for one, ŷ = w x + b, holds for each ŷ^{(i)}."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from symgrad.checking.world import Definition, World
from symgrad.reading.latex import terms as t
from symgrad.reading.latex.resolve import SAMPLES

_SAMPLE = t.At("sample")


def with_samples(world: World, samples: Mapping[str, str]) -> World:
    """The world with the definitions of one sample's quantities also for all samples.

    `samples` has the name of each array over the samples, and that of one sample's quantity: y_all, of y^{(i)}, and y.
    """
    arrays = {one: array for array, one in samples.items()}
    grown = True
    while grown:  # what depends on a sample's quantity is one of a sample
        grown = False
        for name in world.definitions.keys() - arrays.keys() - world.aliases:
            if any(d.uses & arrays.keys() for d in _whole(world, name)):
                arrays[name] = f"{name}_{SAMPLES}"
                grown = True
    found = {name: list(definitions) for name, definitions in world.definitions.items()}
    for one, array in arrays.items():
        if array not in found and one not in world.aliases:
            lifted = [_lifted(definition, array, arrays) for definition in _whole(world, one)]
            found |= {array: lifted} if lifted else {}
    return replace(world, definitions=found)


def _whole(world: World, name: str) -> list[Definition]:
    """A name's definitions as a quantity, not as a function."""
    return [d for d in world.definitions.get(name, ()) if not d.parameters and not d.is_alias]


def _lifted(definition: Definition, name: str, arrays: Mapping[str, str]) -> Definition:
    def lifted(term: t.Term) -> t.Term:
        if not isinstance(term, t.Ref) or term.name not in arrays:
            return term
        return replace(term, name=arrays[term.name], at=(_SAMPLE, *term.at))

    return replace(definition, name=name, at=(_SAMPLE, *definition.at), body=t.rewritten(definition.body, lifted))
