"""Activations that are written without their layer: σ'(z^l) beside a^l = σ^l(z^l) is that of σ^l."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from symgrad.checking.layers import template
from symgrad.checking.sentences import Sentence
from symgrad.reading.latex import terms as t


def with_layered(sentences: Sequence[Sentence]) -> list[Sentence]:
    """The sentences with the layer of its argument on each function that a definition has with a layer only."""
    nodes = (node for s in sentences if s.kind == "definition" for side in s.sides for node in t.walk(side))
    named = {template(node.function) for node in nodes if isinstance(node, t.Apply)}
    layered = {name.removesuffix("_{}") for name in named if name.endswith("_{}")} - {s.defines for s in sentences}

    def function(term: t.Term) -> t.Term:
        if not isinstance(term, t.Apply) or term.function not in layered or len(term.arguments) != 1:
            return term
        argument = term.arguments[0]
        _, brace, layer = argument.name.partition("_{") if isinstance(argument, t.Ref) else ("", "", "")
        return replace(term, function=f"{term.function}{brace}{layer}") if brace and layer.endswith("}") else term

    def rewritten(sentence: Sentence) -> Sentence:
        sides = tuple(t.rewritten(side, function) for side in sentence.sides)
        if all(one is other for one, other in zip(sides, sentence.sides, strict=True)):
            return sentence
        words = "a function without a layer was read as that of its argument's layer"
        return replace(sentence, sides=sides, choices=(*sentence.choices, words))

    return [rewritten(sentence) for sentence in sentences] if layered else list(sentences)
