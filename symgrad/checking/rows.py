"""Rows that a document has a small letter for: q_i = Q_{i:} says that q_i is a row of Q wherever it stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from symgrad.checking.sentences import Sentence
from symgrad.reading.latex import terms as t


def with_rows(sentences: Sequence[Sentence]) -> list[Sentence]:
    """The sentences with each such row written as that of its matrix; what says so says nothing more."""
    matrices: dict[str, str] = {}
    for sentence in sentences:
        match sentence.sides:
            case (t.Ref(name=row, at=(one,)), t.Ref(name=matrix, at=(t.At(letter=i, shift=0), t.At(letter=":")))):
                if one.letter == i and one.shift == 0 and row != matrix:
                    matrices[row] = matrix

    def whole(term: t.Term) -> t.Term:
        if not isinstance(term, t.Ref) or term.name not in matrices or not term.at:
            return term
        at = term.at if len(term.at) > 1 else (*term.at, t.At(":"))
        return replace(term, name=matrices[term.name], at=at)

    def rewritten(sentence: Sentence) -> Sentence:
        sides = tuple(t.rewritten(side, whole) for side in sentence.sides)
        says = len(sides) == 2 and isinstance(sides[0], t.Ref) and sides[0] == replace(sides[1], span=sides[0].span)
        return replace(sentence, sides=() if says else sides, kind="other" if says else sentence.kind)

    return [rewritten(sentence) for sentence in sentences] if matrices else list(sentences)
