"""A report as JSON, for other programs."""

from __future__ import annotations

import json
from typing import Any

from symgrad.checking.report import Finding, Report
from symgrad.checking.summary import counts
from symgrad.reading.documents.text import Problem

VERSION = 1


def report_json(report: Report) -> str:
    """The whole report, definitions and what is silenced included."""
    row = {
        "version": VERSION,
        "files": list(report.files),
        "findings": [_finding(finding) for finding in report.findings],
        "problems": [_problem(problem) for problem in report.problems],
        "summary": counts(report),
    }
    return json.dumps(row, indent=2, ensure_ascii=False)


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "file": finding.place.file,
        "line": finding.place.line,
        "column": finding.place.column,
        "end_line": finding.end.line,
        "end_column": finding.end.column,
        "cell": finding.place.cell or None,
        "tex": finding.tex,
        "kind": finding.kind,
        "status": finding.status,
        "rule": finding.rule,
        "message": finding.message,
        "wrong": finding.wrong,
        "correct": finding.correct,
        "choices": finding.choices,
        "silenced": finding.silenced,
        "display": finding.display,
        "verdict": None if finding.verdict is None else json.loads(finding.verdict.json()),
    }


def _problem(problem: Problem) -> dict[str, Any]:
    place = problem.place
    return {
        "file": place.file,
        "line": place.line,
        "column": place.column,
        "cell": place.cell or None,
        "message": problem.message,
    }
