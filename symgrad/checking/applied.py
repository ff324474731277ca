"""Functions of entries as arrays: p(x_j | μ_i, Σ_i), by which something is differentiated, is an entry p_ji."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from symgrad.checking.sentences import Sentence
from symgrad.reading.latex import terms as t


def with_applied(sentences: Sequence[Sentence]) -> list[Sentence]:
    """The sentences with each such function as an array, whose arguments are always entries of the same arrays."""
    applied = [node for s in sentences for side in s.sides for node in t.walk(side) if isinstance(node, t.Apply)]
    wanted = {by.function for s in sentences for by in _by(s) if _letters(by)}
    uses = {name: {_pattern(node) for node in applied if node.function == name} for name in wanted}
    arrays = {name for name, patterns in uses.items() if len(patterns) == 1 and None not in patterns}

    def entry(term: t.Term) -> t.Term:
        if not isinstance(term, t.Apply) or term.function not in arrays:
            return term
        return t.Ref(term.span, term.function, tuple(t.At(letter) for letter in dict.fromkeys(_letters(term))))

    def rewritten(sentence: Sentence) -> Sentence:
        names = dict.fromkeys(by.function for by in _by(sentence) if by.function in arrays)
        words = tuple(f"{name}(…) was read as an array, with an entry for all its arguments" for name in names)
        sides = tuple(t.rewritten(side, entry) for side in sentence.sides)
        return replace(sentence, sides=sides, choices=(*sentence.choices, *words))

    return [rewritten(sentence) for sentence in sentences] if arrays else list(sentences)


def _by(sentence: Sentence) -> Iterator[t.Apply]:
    """The applied functions by which a sentence differentiates."""
    for node in (node for side in sentence.sides for node in t.walk(side)):
        if isinstance(node, t.Partial):
            yield from (by for by in node.by if isinstance(by, t.Apply))


def _letters(term: t.Apply) -> tuple[str, ...]:
    """The letters of the entries that a function is applied to, as they occur; none where it has other arguments."""
    if term.primes or term.at or not all(isinstance(a, t.Ref) and a.at for a in term.arguments):
        return ()
    places = [place for a in term.arguments if isinstance(a, t.Ref) for place in a.at]
    return tuple(place.letter for place in places) if all(p.letter and not p.shift for p in places) else ()


def _pattern(term: t.Apply) -> tuple[object, ...] | None:
    """The arrays that a function is applied to, and which of their indices are the same; None for other arguments."""
    letters = _letters(term)
    if not letters:
        return None
    names = tuple((a.name, len(a.at)) for a in term.arguments if isinstance(a, t.Ref))
    return names, tuple(letters.index(letter) for letter in letters)
