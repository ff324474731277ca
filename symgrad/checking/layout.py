"""The layout of derivatives: a document that has one of ∂L/∂W in the shape of W can't have another one transposed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from symgrad.checking.judge import OTHER_LAYOUT, Judge
from symgrad.checking.report import Finding
from symgrad.checking.sentences import Sentence
from symgrad.reading.latex import terms as t
from symgrad.verification.verdict import Verdict


def in_one_layout(pairs: Sequence[tuple[Sentence, Finding]], judge: Judge) -> list[Finding]:
    """The findings, those being refuted that hold in the layout that others of the document contradict.

    Gradients of numbers are told apart from Jacobians: who writes these by rows may write those by columns.
    """
    first: dict[int, Finding | None] = {}

    def settled(sentence: Sentence, finding: Finding) -> Finding:
        rank = _rank(sentence, judge) if OTHER_LAYOUT in finding.choices and finding.verdict else None
        if rank is None:
            return finding
        if rank not in first:
            first[rank] = next((f for s, f in pairs if _says(s, f, rank, judge)), None)
        other = first[rank]
        if other is None:
            return finding
        if rank:
            reason = f"a derivative of a vector by a vector has the other layout in line {other.place.line}"
            return replace(finding, rule="undecided", verdict=Verdict("undecided", finding.tex, reason), message=reason)
        reason = f"line {other.place.line} has a derivative by a matrix in the shape of the matrix"
        verdict = Verdict("refuted", finding.tex, reason, diagnosis=f"it must be transposed: {reason}")
        return replace(finding, rule="gradient", verdict=verdict, message=verdict.diagnosis, choices=())

    return [settled(sentence, finding) for sentence, finding in pairs]


def _rank(sentence: Sentence, judge: Judge) -> int | None:
    """0 for a derivative of a number by a matrix, 1 for one of a vector by a vector; None for any other sentence."""
    for side in sentence.sides:
        match side:
            case t.Partial(of=t.Ref(name=of, at=()), by=(t.Ref(name=by, at=()),)):
                ranks = [len(judge.shapes.known.get(name, ())) for name in (of, by)]
                if sum(ranks) == 2 and ranks != [2, 0]:
                    return ranks[0]
    return None


def _says(sentence: Sentence, finding: Finding, rank: int, judge: Judge) -> bool:
    """Whether a finding has the layout that is read first, and would be wrong transposed."""
    if not finding.verdict or OTHER_LAYOUT in finding.choices:
        return False
    if finding.kind == "update":
        steps = (node for side in sentence.sides[1:] for node in t.walk(side))
        return any(_rank(replace(sentence, sides=(node,)), judge) == rank == 0 for node in steps)
    if _rank(sentence, judge) != rank or len(sentence.sides) < 2:
        return False
    turned = t.Transposed(sentence.sides[-1].span, sentence.sides[-1])
    again = judge.claim(replace(sentence, sides=(sentence.left, turned)))
    return not again.verdict or OTHER_LAYOUT in again.readings
