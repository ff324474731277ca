"""How many equations of which kind a report has, and what was said of them."""

from __future__ import annotations

from collections import Counter

from symgrad.checking.report import Kind, Report

_KINDS: dict[Kind, tuple[str, str]] = {
    "definition": ("definition", "definitions"),
    "claim": ("claim", "claims"),
    "numbers": ("line of numbers", "lines of numbers"),
    "update": ("update", "updates"),
    "other": ("other", "others"),
}
_STATUSES = ("proved", "agrees", "refuted", "undecided", "malformed")


def counts(report: Report) -> dict[str, int]:
    """The number of equations, of each kind and of each status; `unread` counts the document's problems too."""
    kinds = Counter(f.kind for f in report.findings)
    statuses = Counter(f.status for f in report.findings)
    return {
        "equations": len(report.findings) - kinds["unread"],
        **{kind: kinds[kind] for kind in _KINDS},
        **{status: statuses[status] for status in _STATUSES},
        "unread": kinds["unread"] + len(report.problems),
        "silenced": sum(f.silenced is not None for f in report.findings),
    }


def sentence(report: Report) -> str:
    """The counts in one line.

    >>> sentence(Report(()))
    '0 equations; 0 unread'
    """
    row = counts(report)
    kinds = [_kind(report, kind) for kind in _KINDS if row[kind]]
    total = _counted(row["equations"], "equation", "equations") + (f": {', '.join(kinds)}" if kinds else "")
    silenced = f", {row['silenced']} silenced" if row["silenced"] else ""
    return f"{total}; {row['unread']} unread{silenced}"


def _kind(report: Report, kind: Kind) -> str:
    """One kind and its statuses; lines of numbers and updates, of which most are right, only where one isn't."""
    found = [f for f in report.findings if f.kind == kind]
    statuses = Counter(f.status for f in found)
    shown = [f"{statuses[status]} {status}" for status in _STATUSES if statuses[status]]
    quiet = not shown or (kind != "claim" and statuses["proved"] == len(found))
    return _counted(len(found), *_KINDS[kind]) + ("" if quiet else f" ({', '.join(shown)})")


def _counted(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
