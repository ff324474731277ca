"""What may have been misprinted in a claim: the claim without it, and what is said if that is right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from symgrad.reading.latex import terms as t
from symgrad.reading.latex.sums import free_letters


def stray_indices(sides: Sequence[t.Term]) -> Iterator[tuple[int, tuple[t.Term, ...], str]]:
    """The claim with an index that only one later side has as one that the first has, c' for c; which side it is."""
    known = free_letters(sides[0])
    for place, side in enumerate(sides[1:], 1):
        for stray in sorted(free_letters(side) - known - {":"}):
            for meant in sorted(known - {":"}, key=lambda letter: (letter.rstrip("'") != stray.rstrip("'"), letter)):
                changed = with_letters(side, {stray: meant})
                words = f"the index {stray} stands on this side only: it is right with {meant}"
                yield place, (*sides[:place], changed, *sides[place + 1 :]), words


def with_letters(term: t.Term, table: Mapping[str, str]) -> t.Term:
    """A term with other letters of its free indices."""
    if isinstance(term, t.Big):
        table = {letter: new for letter, new in table.items() if letter not in {over.letter for over in term.over}}
    match term:
        case t.Ref(at=at) | t.Picked(at=at) | t.Apply(at=at) if at:
            term = replace(term, at=tuple(_with_letters(place, table) for place in at))
        case t.Delta(at=(first, second)):
            term = replace(term, at=(_with_letters(first, table), _with_letters(second, table)))
    return t.with_parts(term, lambda part: with_letters(part, table))


def _with_letters(at: t.At, table: Mapping[str, str]) -> t.At:
    more = tuple((factor, table.get(letter, letter)) for factor, letter in at.more)
    return replace(at, letter=table.get(at.letter, at.letter), more=more)
