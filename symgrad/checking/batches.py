"""dZ of a batch: who writes dW = (1/m) dZ Aᵀ takes dZ from the sum of the samples' losses, and dW from their mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from sympy import Expr

from symgrad.checking.infer import Shapes
from symgrad.checking.layers import instances
from symgrad.checking.sentences import Sentence, adjoints, used
from symgrad.checking.world import LOSSES, CycleError, World
from symgrad.reading.latex import terms as t


def divided(sentences: Sequence[Sentence], world: World, shapes: Shapes, lengths: Mapping[str, Expr]) -> str:
    """The number of samples by which gradients are divided that are made of such a dZ; empty where most aren't."""
    for name, length in lengths.items():
        claims = [_is_divided(_one(s, world.depth), name, length, shapes) for s in sentences if s.kind == "claim"]
        if claims.count(True) > claims.count(False) and not _is_sum(world, name, length, shapes):
            return name
    return ""


def _one(sentence: Sentence, depth: int) -> Sentence:
    """A claim about any layer as that about one."""
    return replace(sentence, sides=next((found for found, _ in instances(sentence.sides, depth)), sentence.sides))


def _is_divided(sentence: Sentence, name: str, length: Expr, shapes: Shapes) -> bool | None:
    """Whether dW = (1/m) dZ Aᵀ is divided by m; None for what isn't of this kind."""
    own, *others = (list(_by(side)) for side in sentence.sides)
    if len(own) != 1 or not isinstance(sentence.left, t.Partial) or _has_axis(own[0], length, shapes):
        return None
    if not any(_has_axis(by, length, shapes) for found in others for by in found):
        return None
    return any(_divides(side, name) for side in sentence.sides[1:])


def _by(side: t.Term) -> Iterator[str]:
    return (by.name for node in adjoints(side) for by in node.by if isinstance(by, t.Ref))


def _has_axis(name: str, length: Expr, shapes: Shapes) -> bool:
    return any(shapes.sizes.same(size, length) for size in shapes.known.get(name, ()))


def _divides(term: t.Term, name: str) -> bool:
    """Whether a name stands below a fraction's line in a term."""
    return any(name in used([node.under]) for node in t.walk(term) if isinstance(node, t.Div))


def _is_sum(world: World, name: str, length: Expr, shapes: Shapes) -> bool:
    """Whether a loss is defined that is a sum over the samples, and no mean."""
    for definition in (d for found in world.definitions.values() for d in found if d.name.split("_")[0] in LOSSES):
        try:
            bodies = [d.body for d in world.closure({definition.name}, definition.number)]
        except CycleError:
            continue
        is_one = bool(definition.at)  # a loss of each sample
        over = not is_one and any(_has_axis(other, length, shapes) for other in used(bodies))
        if over and not any(_divides(body, name) for body in bodies):
            return True
    return False
