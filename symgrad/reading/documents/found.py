"""Fragments made of what a reader finds, with the prose in front of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from re import Match
from typing import TypeAlias

from symgrad.reading.documents.delimiters import Formula
from symgrad.reading.documents.macros import leading_macros
from symgrad.reading.documents.source import Source
from symgrad.reading.documents.text import Document, Fragment, Problem

Item: TypeAlias = Fragment | Problem

MOST_FRAGMENTS = 20_000  # of one document: a book of a thousand pages has fewer formulas
MOST_PROBLEMS = 1_000
MOST_OPENER = 20  # characters of an opening delimiter that are shown
MOST_BEFORE = 80  # characters of prose that a fragment keeps
_RAW_BEFORE = 5 * MOST_BEFORE  # the same before runs of blanks are made one
_DIRECTIVE = re.compile(r"\s*symgrad:\s*")


@dataclass(slots=True)
class Prose:
    """The last words of a paragraph, formulas left out."""

    text: str
    mark: int = 0
    said: str = ""

    def skip(self, start: int, end: int) -> None:
        """Leaves out what goes from start to end and is no prose."""
        self.said = (self.said + self.text[max(self.mark, start - _RAW_BEFORE) : start])[-_RAW_BEFORE:]
        self.mark = end

    def before(self, start: int, end: int) -> str:
        """What was said before a formula that goes from start to end."""
        self.skip(start, end)
        return last_words(self.said)

    def anew(self, start: int) -> None:
        """Begins a paragraph."""
        self.said, self.mark = "", start


def last_words(said: str) -> str:
    """The end of some prose, as a fragment keeps it."""
    return " ".join(said.split())[-MOST_BEFORE:]


def formula_fragments(source: Source, found: Formula, before: str) -> Iterator[Fragment]:
    """The formula, if there is something in it, with the definitions that it begins with on their own."""
    first = found.first
    for start, end in leading_macros(source.text, found.first, found.last):
        yield Fragment("macro", source.part(start, end))
        first = end
    text = source.stripped(first, found.last)
    if text.text:
        yield Fragment(found.kind, text, found.environment, before=before)


def comment_fragments(source: Source, start: int, end: int) -> Iterator[Fragment]:
    """The directive that a comment's text, without its marks, holds, if any."""
    match = _DIRECTIVE.match(source.text, start, end)
    if match:
        yield Fragment("directive", source.stripped(match.end(), end))


def unclosed(source: Source, match: Match[str]) -> Problem:
    """The problem of a delimiter that nothing closes."""
    opener = match[0] if len(match[0]) <= MOST_OPENER else f"{match[0][:MOST_OPENER]}…"
    close = {"\\[": "\\]", "\\(": "\\)"}.get(opener, opener.replace("begin", "end"))
    advice = ", or write \\$ for a dollar sign" if opener.startswith("$") else ""
    message = f"{opener} is never closed, so this formula is left out: close it with {close}{advice}"
    return Problem(source.place(match.start()), message)


def document(file: str, items: Iterable[Item]) -> Document:
    """A document of what was found in it, as far as it isn't more than a person could look through."""
    fragments: list[Fragment] = []
    problems: list[Problem] = []
    for item in items:
        if len(fragments) >= MOST_FRAGMENTS or len(problems) >= MOST_PROBLEMS:
            place = item.place if isinstance(item, Problem) else item.text.place(0)
            what = "problems" if isinstance(item, Problem) else "formulas"
            message = f"there are more {what} than are read of one document, so what follows is left out: cut it up"
            problems.append(Problem(place, message))
            break
        if isinstance(item, Fragment):
            fragments.append(item)
        else:
            problems.append(item)
    return Document(file, tuple(fragments), tuple(problems))
