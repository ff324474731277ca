"""Definitions that are written from right to left: α p / Σ = γ names what has been computed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from symgrad.checking.sentences import Sentence, has_derivative, used
from symgrad.reading.latex import terms as t


def turned(sentences: Sequence[Sentence], given: Collection[str]) -> list[Sentence]:
    """The sentences with such definitions turned around; `given` are names that a person has declared."""
    defined = {s.defines for s in sentences if s.kind in ("definition", "numbers", "update") and len(s.sides) > 1}
    by = {ref.name for s in sentences for side in s.sides for node in t.walk(side) for ref in _by(node)}
    known: set[str] = set()  # what is defined, or used in what isn't a solution for what was differentiated by
    differentiated: set[str] = set()
    found = []
    for sentence in sentences:
        name = _named_last(sentence)
        if name and name not in known | by | {*given} and name not in defined and used(sentence.sides[:1]) & defined:
            sentence = replace(sentence, sides=sentence.sides[::-1], kind="definition")
            defined.add(name)
        if sentence.defines not in differentiated:
            known |= used(sentence.sides)
        differentiated |= {ref.name for side in sentence.sides for node in t.walk(side) for ref in _by(node)}
        found.append(sentence)
    return found


def _named_last(sentence: Sentence) -> str:
    """The name on the right of an equation that may define it: of a formula, or of a function that has been defined."""
    if len(sentence.sides) != 2 or sentence.relations != ("=",) or sentence.kind not in ("claim", "definition"):
        return ""
    left, right = sentence.sides
    if (
        isinstance(left, t.Ref)
        or not isinstance(right, t.Ref)
        or has_derivative(left)
        or sentence.fragment.kind == "claim"
    ):
        return ""
    letters = [at.letter for at in right.at]
    plain = all(at.letter and not at.shift for at in right.at) and len(set(letters)) == len(letters)
    return right.name if plain else ""


def _by(term: t.Term) -> list[t.Ref]:
    """The quantities that a derivative is by."""
    return [ref for by in term.by for ref in t.refs(by)] if isinstance(term, t.Partial) else []
