"""A bold letter that only ever stands below a derivative's line, ∂L/∂𝛄, where a thin one stands everywhere else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from symgrad.checking.sentences import Sentence, used
from symgrad.reading.latex import terms as t

BOLD = "_bold"  # the ending of a bold letter's name where there is a thin one, too


def in_one_font(sentences: Sequence[Sentence]) -> list[Sentence]:
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
    alone = (name for name, count in by.items() if name.endswith(BOLD) and everywhere[name] == count)
    thin = {name: name.removesuffix(BOLD) for name in alone}
    meant = {name: base for name, base in thin.items() if everywhere[base] > by[base]}

    def rewritten(sentence: Sentence) -> Sentence:
        own = sorted(used(sentence.sides) & meant.keys())
        if not own:
            return sentence
        words = tuple(f"bold {meant[name]} was read as the thin one" for name in own)
        sides = tuple(t.renamed(side, meant) for side in sentence.sides)
        return replace(sentence, sides=sides, choices=(*sentence.choices, *words))

    return [rewritten(sentence) for sentence in sentences]
