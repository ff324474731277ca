"""A report as workflow commands, which GitHub Actions shows beside the lines of a pull request."""

from __future__ import annotations

from symgrad.checking.locations import relative
from symgrad.checking.report import Report
from symgrad.checking.select import said
from symgrad.checking.wording import in_cell, level, title, whole
from symgrad.reading.documents.text import Place

_COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}


def github(report: Report) -> str:
    """One command per line, for all that is to be said and isn't silenced; empty where there is nothing."""
    rows = [
        _command(_COMMANDS[level(f)], title(f), whole(f), f.place, f.end)
        for f in report.findings
        if said(f) and f.silenced is None
    ]
    rows += [_command("warning", "unread", p.message, p.place, p.place) for p in report.problems]
    return "\n".join(rows)


def _command(kind: str, title: str, message: str, place: Place, end: Place) -> str:
    properties = {"file": relative(place.file), **_lines(place, end), "title": title}
    listed = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    return f"::{kind} {listed}::{_data(in_cell(place, message))}"


def _lines(place: Place, end: Place) -> dict[str, int]:
    if end.file != place.file or end <= place:
        return {"line": place.line, "col": place.column}
    if end.line != place.line:  # columns are obeyed within one line only
        return {"line": place.line, "endLine": end.line}
    return {"line": place.line, "col": place.column, "endLine": end.line, "endColumn": end.column}


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
