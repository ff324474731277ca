"""A report as SARIF 2.1.0, the format in which tools hand findings to code hosts and editors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any
from urllib.parse import quote

from symgrad.checking.locations import relative
from symgrad.checking.report import RULES, Finding, Report
from symgrad.checking.select import said
from symgrad.checking.wording import Level, in_cell, level, whole, word
from symgrad.reading.documents.text import Place

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_RULES = tuple(RULES)


def sarif(report: Report) -> str:
    """The report as a SARIF log of one run; what a comment silences is in it as suppressed."""
    rules = [{"id": rule, "shortDescription": _text(text), "help": _text(text)} for rule, text in RULES.items()]
    driver = {"name": "symgrad", "version": version("symgrad"), "rules": rules}
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": list(_results(report))}
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False)


def _results(report: Report) -> Iterator[dict[str, Any]]:
    for finding in filter(said, report.findings):
        row = _result(finding.rule, level(finding), f"{word(finding)}: {whole(finding)}", finding.place, finding.end)
        yield row | {"suppressions": _suppressions(finding)}
    for problem in report.problems:
        row = _result("unread", "warning", f"unread: {problem.message}", problem.place, problem.place)
        yield row | {"suppressions": []}


def _result(rule: str, level: Level, message: str, place: Place, end: Place) -> dict[str, Any]:
    location = {"artifactLocation": {"uri": quote(relative(place.file))}, "region": _region(place, end)}
    return {
        "ruleId": rule,
        "ruleIndex": _RULES.index(rule),
        "level": level,
        "message": _text(in_cell(place, message)),
        "locations": [{"physicalLocation": location}],
    }


def _region(place: Place, end: Place) -> dict[str, int]:
    start = {"startLine": place.line, "startColumn": place.column}
    if end.file != place.file or end <= place:
        return start
    return start | {"endLine": end.line, "endColumn": end.column}


def _suppressions(finding: Finding) -> list[dict[str, str]]:
    if finding.silenced is None:
        return []  # not left out: the standard wants the property on all results or on none
    return [{"kind": "inSource", "status": "accepted", "justification": finding.silenced}]


def _text(text: str) -> dict[str, str]:
    """A message: single braces would be placeholders, and LaTeX is full of them (section 3.11.5 of the standard)."""
    return {"text": text.replace("{", "{{").replace("}", "}}")}
