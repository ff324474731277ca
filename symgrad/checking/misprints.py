"""What may have been misprinted in a claim: the claim without it, and what is said if that is right."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeGuard

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


def said_twice(sides: Sequence[t.Term], names: Collection[str]) -> str:
    """A term that a sum has twice, L_rec + L_rec, where the document has another one with its letter, L_reg."""
    for node in (node for side in sides for node in t.walk(side) if isinstance(node, t.Add)):
        plain = [term.name for term, sign in zip(node.terms, node.signs, strict=True) if _is_name(term) and sign == "+"]
        for name in sorted({name for name in plain if plain.count(name) == 2 and not name[-1].isdigit()}):
            stem, label = name.partition("_")[::2]
            others = sorted(n for n in names if n.partition("_")[0] == stem and n.partition("_")[2] not in ("", label))
            if label and len(others) == 1:
                return f"{name} stands twice in a sum: is one of them {others[0]}?"
    return ""


def unsummed(term: t.Term, matrix: str, vector: str) -> str:
    """What is wrong in Σ_j A_ij v_i, where A v has been said: v has the wrong index."""
    for big in (node for node in t.walk(term) if isinstance(node, t.Big) and node.kind == "sum"):
        over = {place.letter for place in big.over}
        at = {ref.name: tuple(place.letter for place in ref.at) for ref in t.refs(big.body)}
        meant = sorted(over.intersection(at.get(matrix, ())))
        if set(at) == {matrix, vector} and meant and len(at[vector]) == 1 and at[vector][0] not in over:
            return f"{vector}_{at[vector][0]} has no {meant[0]}, over which the sum runs: {vector}_{meant[0]} is meant"
    return ""


def _is_name(term: t.Term) -> TypeGuard[t.Ref]:
    return isinstance(term, t.Ref) and not term.at
