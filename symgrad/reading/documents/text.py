"""Text that knows where in which file each of its characters stands."""

from __future__ import annotations

import bisect
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias


@dataclass(frozen=True, order=True)
class Place:
    """A character of a file: line and column count from 1; `cell` is a notebook's cell, from 1, 0 elsewhere."""

    file: str
    line: int
    column: int
    cell: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True)
class Text:
    """A stretch of text; `anchors` say at which offsets a new line, or another file, begins, and where that stands."""

    text: str
    anchors: tuple[tuple[int, Place], ...]

    @staticmethod
    def of(text: str, file: str) -> Text:
        """A whole file's text.

        >>> print(Text.of("one\\ntwo", "a.md").place(5))
        a.md:2:2
        """
        starts = [0, *(offset + 1 for offset, mark in enumerate(text) if mark == "\n")]
        return Text(text, tuple((start, Place(file, line, 1)) for line, start in enumerate(starts, 1)))

    def place(self, offset: int) -> Place:
        """Where the character at an offset stands; the end of the text stands after its last character."""
        which = bisect.bisect_right(self.anchors, offset, key=lambda anchor: anchor[0]) - 1
        start, at = self.anchors[max(which, 0)]
        return Place(at.file, at.line, at.column + offset - start, at.cell)

    def part(self, start: int, end: int) -> Text:
        """The text from one offset to another, its places kept.

        >>> part = Text.of("one\\ntwo", "a.md").part(2, 6)
        >>> part.text, str(part.place(2))
        ('e\\ntw', 'a.md:2:1')
        """
        first = bisect.bisect_right(self.anchors, start, key=lambda anchor: anchor[0])
        last = bisect.bisect_left(self.anchors, end, lo=first, key=lambda anchor: anchor[0])
        inside = ((offset - start, at) for offset, at in self.anchors[first:last])
        return Text(self.text[start:end], ((0, self.place(start)), *inside))

    @staticmethod
    def joined(parts: Iterable[Text]) -> Text:
        """Several texts one after the other, each with its own places."""
        texts: list[str] = []
        anchors: list[tuple[int, Place]] = []
        length = 0
        for part in parts:
            anchors += [(length + offset, at) for offset, at in part.anchors]
            texts.append(part.text)
            length += len(part.text)
        return Text("".join(texts), tuple(anchors))


Kind: TypeAlias = Literal["display", "inline", "claim", "directive", "given", "macro", "heading"]


@dataclass(frozen=True)
class Fragment:
    """What a document has that a checker reads: a formula without its delimiters, or what steers how it is read.

    display, inline: LaTeX; `environment` names the LaTeX environment that it is in (align*, equation), if any.
    claim: LaTeX that defines nothing anew.
    directive: what follows "symgrad:" in a comment.  given: an equation in one, which the document says in words.
    macro: a \\newcommand, \\renewcommand, \\def or \\DeclareMathOperator, whole.  heading: a heading's text; `level`
    counts from 1.  `before` is the prose of the same paragraph in front of it, at most 80 characters, formulas in it
    left out.
    """

    kind: Kind
    text: Text
    environment: str = ""
    level: int = 0
    before: str = ""


@dataclass(frozen=True)
class Problem:
    """Something in a document that can't be read, and what to do about it."""

    place: Place
    message: str


@dataclass(frozen=True)
class Document:
    """A document's fragments in their order, and what could not be read."""

    file: str
    fragments: tuple[Fragment, ...]
    problems: tuple[Problem, ...] = ()
