"""ΔW as the name of a quantity where a document says what it is, ΔW = A B, rather than a product of Δ and W."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import replace

from symgrad.checking.sentences import Sentence, classified, has_derivative
from symgrad.reading.latex import terms as t

DELTA = "Delta"


def with_changes(sentences: Sequence[Sentence]) -> list[Sentence]:
    """The sentences with each such ΔW as one name; a step, Δw = -η ∂L/∂w, stays what it is."""
    names = {name for sentence in sentences for name in _named(sentence)}
    return [_renamed(sentence, names) for sentence in sentences] if names else list(sentences)


def _named(sentence: Sentence) -> list[str]:
    match sentence.sides:
        case (t.Mul(factors=(t.Ref(name="Delta", at=()), t.Ref(name=name, at=())), operators=("",)), right):
            return [] if has_derivative(right) or isinstance(right, t.Num) else [name]
    return []


def _renamed(sentence: Sentence, names: Set[str]) -> Sentence:
    def whole(term: t.Term) -> t.Term:
        if not isinstance(term, t.Mul):
            return term
        factors, operators = [term.factors[0]], []
        for factor, operator in zip(term.factors[1:], term.operators, strict=True):
            before = factors[-1]
            delta = isinstance(before, t.Ref) and before.name == DELTA and not operator
            if delta and isinstance(factor, t.Ref) and factor.name in names:
                factors[-1] = replace(factor, name=DELTA + factor.name, span=replace(before.span, end=factor.span.end))
            else:
                factors.append(factor)
                operators.append(operator)
        return replace(term, factors=tuple(factors), operators=tuple(operators)) if operators else factors[0]

    sides = tuple(t.rewritten(side, whole) for side in sentence.sides)
    found = replace(sentence, sides=sides)
    return classified(found) if _named(sentence) else found
