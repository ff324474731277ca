"""Which findings are shown, and the exit status that follows from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from symgrad.checking.report import RULES, Finding, Report
from symgrad.errors import InputError
from symgrad.training.words import did_you_mean

OK, WRONG, UNREADABLE = 0, 1, 2
_LOOSE = ("undecided", "malformed", "unread", "choice")  # wrong in a strict run only
_FAULTS = ("refuted", "undecided", "malformed", "unread")


def selected(report: Report, select: Sequence[str] = (), ignore: Sequence[str] = ()) -> Report:
    """The report without what falls under other rules than `select` (all, if empty) or under a rule of `ignore`.

    An equation that is right stays; only the remark on it goes.  Raises InputError for an unknown rule.
    """
    for rule in (*select, *ignore):
        if rule not in RULES:
            raise InputError(f"there is no rule {rule!r}{did_you_mean(rule, RULES)}; the rules: {', '.join(RULES)}")
    kept = frozenset(select or RULES) - frozenset(ignore)
    findings = tuple(
        f if f.rule in kept else replace(f, rule="")
        for f in report.findings
        if f.rule in kept or not f.rule or f.status not in _FAULTS
    )
    return replace(report, findings=findings, problems=report.problems if "unread" in kept else ())


def said(finding: Finding) -> bool:
    """Whether something is to be said of a finding without being asked: it isn't right, or its reading had to choose.

    What a comment silences counts too; see `Finding.silenced`.
    """
    return bool(finding.rule) and (finding.rule == "choice" or finding.status not in ("proved", "agrees"))


def readable(report: Report) -> bool:
    """Whether a single equation could be read."""
    return any(finding.kind != "unread" for finding in report.findings)


def empty(report: Report) -> bool:
    """Whether there was nothing to be read, and so nothing that failed."""
    return not report.findings and not report.problems


def exit_status(report: Report, strict: bool = False) -> int:
    """1 if something is refuted and not silenced, 0 if not; `strict` counts all that isn't proved or agrees."""
    if report.refuted:
        return WRONG
    loose = strict and any(f.rule in _LOOSE and f.silenced is None for f in report.findings)
    return WRONG if loose or (strict and report.problems) else OK
