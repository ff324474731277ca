"""1/N in front of a sum without bounds: N is how many terms it has."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from symgrad.checking.sentences import Sentence
from symgrad.reading.latex import terms as t
from symgrad.reading.latex.sums import sums_entries


def counted(sentences: Sequence[Sentence], taken: Collection[str]) -> list[Sentence]:
    """The sentences with the bound of each such sum; N is no name that is defined or differentiated by (`taken`)."""
    return [_counted(sentence, taken) for sentence in sentences]


def _counted(sentence: Sentence, taken: Collection[str]) -> Sentence:
    sides = tuple(t.rewritten(side, lambda term: _with_bound(term, taken)) for side in sentence.sides)
    if all(one is other for one, other in zip(sides, sentence.sides, strict=True)):
        return sentence
    names = sorted({_name(factor) for side in sentence.sides for factor, _ in _means(side, taken)})
    words = tuple(f"{name} was read as the number of terms of the sum behind it" for name in names)
    return replace(sentence, sides=sides, choices=(*sentence.choices, *words))


def _means(side: t.Term, taken: Collection[str]) -> Iterator[tuple[t.Term, t.Big]]:
    for node in t.walk(side):
        if isinstance(node, t.Mul):
            yield from _pairs(node, taken)


def _pairs(term: t.Mul, taken: Collection[str]) -> Iterator[tuple[t.Term, t.Big]]:
    """A quotient and the sum behind it whose terms it may count."""
    for factor in term.factors:
        if _name(factor) and _name(factor) not in taken:
            for big in term.factors:
                if isinstance(big, t.Big) and _counts(big):
                    yield factor, big


def _counts(big: t.Big) -> bool:
    """Whether a sum is one over an index without bounds; Σ_w w² is over all weights."""
    return big.kind == "sum" and len(big.over) == 1 and big.over[0].last is None and not sums_entries(big)


def _with_bound(term: t.Term, taken: Collection[str]) -> t.Term:
    if not isinstance(term, t.Mul):
        return term
    pair = next(_pairs(term, taken), None)
    if pair is None:
        return term
    factor, big = pair
    assert isinstance(factor, t.Div)
    name = _name(factor)
    count = next(ref for ref in t.refs(factor.under) if ref.name == name)
    bounded = replace(big, over=(replace(big.over[0], last=count),))
    return replace(term, factors=tuple(bounded if part is big else part for part in term.factors))


def _name(factor: t.Term) -> str:
    """The one name below a quotient: the N of 1/N, or of λ/(2N)."""
    if not isinstance(factor, t.Div):
        return ""
    names = [ref for ref in t.refs(factor.under)]
    plain = all(isinstance(node, t.Num | t.Ref | t.Mul) for node in t.walk(factor.under))
    return names[0].name if plain and len(names) == 1 and not names[0].at else ""
