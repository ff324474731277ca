"""A bold letter that only ever stands below a derivative's line, ∂L/∂𝛄, where a thin one stands everywhere else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from symgrad.checking.sentences import Sentence, used
from symgrad.reading.latex import terms as t
from symgrad.reading.latex.symbols import Symbols


def in_one_font(sentences: Sequence[Sentence], symbols: Symbols) -> list[Sentence]:
    """The sentences with the thin letter in its place: nothing else would say what is differentiated by."""
    sides = [side for sentence in sentences for side in sentence.sides]
    by = Counter(
        by.name
        for side in sides
        for node in t.walk(side)
        if isinstance(node, t.Partial)
        for by in node.by
        if isinstance(by, t.Ref)
    )
    everywhere = Counter(ref.name for side in sides for ref in t.refs(side))
    meant: dict[str, str] = {}
    for ((letter, font, accents), labels, primes), name in symbols.identifiers.items():
        thin = symbols.identifiers.get(((letter, "", accents), labels, primes), "") if font == "bold" else ""
        if thin and by[name] == everywhere[name] and everywhere[thin] > by[thin]:
            meant[name] = thin

    def rewritten(sentence: Sentence) -> Sentence:
        own = sorted(used(sentence.sides) & meant.keys())
        if not own:
            return sentence
        words = tuple(f"bold {min(name, meant[name], key=len)} was read as the thin one" for name in own)
        sides = tuple(t.renamed(side, meant) for side in sentence.sides)
        return replace(sentence, sides=sides, choices=(*sentence.choices, *words))

    return [rewritten(sentence) for sentence in sentences]
