"""A report as lines of text, as a compiler prints what it finds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from symgrad.checking.carets import excerpt
from symgrad.checking.report import Finding, Report
from symgrad.checking.select import said
from symgrad.checking.summary import sentence
from symgrad.checking.wording import counterexample, harmless, headline, level, one_line, where, word

_INDENT = "    "
_COLOURS = {"error": "red", "warning": "yellow", "note": "cyan"}


@dataclass(frozen=True)
class Line:
    """A line of text, and the colour that it has on a terminal."""

    text: str
    colour: str = ""


def lines(report: Report, explain: bool = False) -> Iterator[Line]:
    """What is to be said, finding by finding, and the summary.

    `explain` adds why, which choices the reading made, what a comment silences and what is proved.
    """
    for finding in report.findings:
        if (said(finding) and finding.silenced is None) or (explain and finding.status):
            yield from _about(finding, explain)
    for problem in report.problems:
        text = f"{where(problem.place)}: unread: {one_line(problem.message)} [unread]"
        yield Line(harmless(text), _COLOURS["warning"])
    yield Line(sentence(report), "bold")


def _about(finding: Finding, explain: bool) -> Iterator[Line]:
    fine = finding.status in ("proved", "agrees") and finding.rule != "choice"
    silenced = "" if finding.silenced is None else ", silenced"
    colour = "green" if fine else "" if silenced else _COLOURS[level(finding)]
    rule = "" if fine or not finding.rule else f" [{finding.rule}{silenced}]"
    yield Line(harmless(f"{where(finding.place)}: {word(finding)}: {headline(finding)}{rule}"), colour)
    source, *carets = excerpt(finding.tex, finding.wrong) or ("",)
    yield Line(_INDENT + source)
    yield from (Line(_INDENT + line, colour) for line in carets)
    details = [counterexample(finding), finding.correct and f"correct: {finding.correct}"]
    if explain:
        details += _reasons(finding)
    yield from (Line(_INDENT + harmless(one_line(text))) for text in details if text)


def _reasons(finding: Finding) -> Iterator[str]:
    verdict = finding.verdict
    if verdict is not None and one_line(verdict.diagnosis) not in headline(finding):
        yield verdict.diagnosis
    if verdict is not None and verdict.reason and one_line(verdict.reason) not in headline(finding):
        yield f"{verdict.status}: {verdict.reason}"
    yield from (f"read: {choice}" for choice in finding.choices)
    if finding.silenced is not None:
        yield f"silenced: {finding.silenced}"
