"""What is said of a finding, in the words that all outputs share."""

from __future__ import annotations

import unicodedata
from typing import Literal, TypeAlias

from symgrad.checking.report import RULES, Finding
from symgrad.reading.documents.text import Place

Level: TypeAlias = Literal["error", "warning", "note"]
_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def title(finding: Finding) -> str:
    """The word, and the rule that would silence it where that is another word.

    >>> place = Place("post.md", 1, 1)
    >>> title(Finding(place, place, "?", "unread", rule="unread"))
    'unread'
    """
    return word(finding) if finding.rule in ("", word(finding)) else f"{word(finding)} [{finding.rule}]"


def word(finding: Finding) -> str:
    """What a finding is, in one word: its status, or its rule where it has none or its reading had to choose."""
    if finding.rule == "choice" or not finding.status:
        return finding.rule or finding.kind
    return finding.status


def level(finding: Finding) -> Level:
    """How bad it is: refuted is an error, what is neither right nor wrong a warning."""
    if finding.status == "refuted":
        return "error"
    return "note" if finding.rule in ("", "choice") or finding.status in ("proved", "agrees") else "warning"


def headline(finding: Finding) -> str:
    """What is said first, in one line."""
    verdict = finding.verdict
    ways = [finding.message, "; ".join(finding.choices) if finding.rule == "choice" else ""]
    if verdict is not None:
        open_end = finding.status in ("undecided", "malformed")
        ways += [verdict.diagnosis, verdict.reason if open_end else "", verdict.claim]
    return one_line(next(filter(None, ways), "") or RULES.get(finding.rule, ""))


def counterexample(finding: Finding) -> str:
    """The inputs at which a refuted claim fails, in one line; empty where there are none or the headline has them."""
    found = finding.verdict.counterexample if finding.verdict is not None else None
    text = one_line(str(found or ""))
    return "" if text in headline(finding) else text


def whole(finding: Finding) -> str:
    """The headline, the counterexample and the correct formula, a line each."""
    correct = f"correct: {one_line(finding.correct)}" if finding.correct else ""
    return "\n".join(filter(None, (headline(finding), counterexample(finding), correct)))


def where(place: Place) -> str:
    """A place as compilers print it; in a notebook, with the cell, from 1.

    >>> where(Place("post.md", 112, 5)), where(Place("post.ipynb", 20, 9, cell=3))
    ('post.md:112:5', 'post.ipynb:20:9 (cell 3)')
    """
    return f"{place} (cell {place.cell})" if place.cell else str(place)


def in_cell(place: Place, message: str) -> str:
    """A message that names the cell, for an output whose reader may know a notebook by its cells only."""
    return f"cell {place.cell}: {message}" if place.cell else message


def one_line(text: str) -> str:
    """A text without line breaks."""
    return " ".join(text.split())


def harmless(text: str) -> str:
    r"""A document's text for a terminal: nothing that steers it or turns the direction of writing.

    >>> harmless("a\tb\x1b[2J")
    'a b�[2J'
    """
    return "".join(
        " " if mark == "\t" else "�" if unicodedata.category(mark) in ("Cc", "Cs") or mark in _TURNING else mark
        for mark in text
    )
