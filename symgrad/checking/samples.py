"""Quantities of every sample: what a document defines for one, ŷ = w x + b, holds for each ŷ^{(i)}."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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


def of_one_sample(sides: Sequence[t.Term]) -> tuple[t.Term, ...]:
    """∂L/∂γ = Σ_i ∂L/∂y_i ⊙ x_i as ∂L/∂γ = ∂L/∂y ⊙ x, that of one sample i; no sides for what isn't such a sum.

    All that the sum is over has the index i, and γ has none.
    """
    match sides:
        case (
            t.Partial(by=(t.Ref(at=()),)) as left,
            t.Big(kind="sum", over=(t.Over(letter=letter, first=None | t.Num(text="0" | "1")),), body=body),
        ):
            own = {node.of.name for node in t.walk(body) if isinstance(node, t.Partial) and isinstance(node.of, t.Ref)}
            if all(ref.name in own or ref.at == (t.At(letter),) for ref in t.refs(body)):
                return left, t.rewritten(body, lambda term: _without_index(term, letter))
    return ()


def without_samples(sides: Sequence[t.Term], ranks: Mapping[str, int]) -> tuple[t.Term, ...]:
    """∂L/∂μ_i as ∂L/∂μ where μ is a number, and the same everywhere: i is that of a sample; no sides for others."""
    indexed = [ref for side in sides for ref in t.refs(side) if ref.at]
    over = {place.letter for side in sides for node in t.walk(side) if isinstance(node, t.Big) for place in node.over}
    letters = {at.letter for ref in indexed for at in ref.at if len(ref.at) > ranks.get(ref.name, len(ref.at))} - over
    if len(letters) != 1:
        return ()
    (letter,) = letters
    mine = [ref for ref in indexed if any(at.letter == letter for at in ref.at)]
    if not all(ref.at == (t.At(letter),) and ranks.get(ref.name) == 0 for ref in mine):
        return ()
    return tuple(t.rewritten(side, lambda term: _without_index(term, letter)) for side in sides)


def _without_index(term: t.Term, letter: str) -> t.Term:
    return replace(term, at=()) if isinstance(term, t.Ref) and term.at == (t.At(letter),) else term


def _whole(world: World, name: str) -> list[Definition]:
    """A name's definitions as a quantity, not as a function."""
    return [d for d in world.definitions.get(name, ()) if not d.parameters and not d.is_alias]


def _lifted(definition: Definition, name: str, arrays: Mapping[str, str]) -> Definition:
    def lifted(term: t.Term) -> t.Term:
        if not isinstance(term, t.Ref) or term.name not in arrays:
            return term
        return replace(term, name=arrays[term.name], at=(_SAMPLE, *term.at))

    return replace(definition, name=name, at=(_SAMPLE, *definition.at), body=t.rewritten(definition.body, lifted))
