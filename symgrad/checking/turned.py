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
        named = _named_behind(sentence)
        if named is not None and named[0].name not in known | by | {*given} | defined:
            sentence = _with_name(sentence, *named)
            defined.add(named[0].name)
        name = _named_last(sentence)
        if name and name not in known | by | {*given} and name not in defined and used(sentence.sides[:1]) & defined:
            sentence = replace(sentence, sides=sentence.sides[::-1], kind="definition")
            defined.add(name)
        if sentence.defines not in differentiated:
            known |= used(sentence.sides)
        differentiated |= {ref.name for side in sentence.sides for node in t.walk(side) for ref in _by(node)}
        found.append(sentence)
    return found


def _named_behind(sentence: Sentence) -> tuple[t.Ref, bool] | None:
    """What … := E, or … := -E, names at the end of a chain; and whether with a minus."""
    if len(sentence.sides) < 3 or sentence.relations[-1] != ":=" or sentence.fragment.kind == "claim":
        return None
    match sentence.sides[-1]:
        case t.Ref() as name:
            return name, False
        case t.Add(terms=(t.Ref() as name,), signs=("-",)):
            return name, True
    return None


def _with_name(sentence: Sentence, name: t.Ref, is_negative: bool) -> Sentence:
    """A chain as a definition of what is named at its end; one of a derivative stays a claim, and names it besides."""
    sides = sentence.sides[:-1]
    values = tuple(t.Add(side.span, (side,), ("-",)) for side in sides) if is_negative else sides
    if any(map(has_derivative, sides)):
        relations = sentence.relations[:-1]
        return replace(sentence, sides=sides, relations=relations, names=(name, values[-1]))
    return replace(sentence, sides=(name, *values), kind="definition")


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
