"""A file's text while it is read: what is left of it, and where in the file each character stands."""

from __future__ import annotations

import bisect
import re
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from symgrad.reading.documents.text import Place, Text

Offsets: TypeAlias = "array[int]"

_LINE_END = re.compile("\n")


def offsets(values: Iterable[int] = ()) -> Offsets:
    """Offsets in four bytes each, since a file of ten megabytes may have as many lines.

    >>> list(offsets([0, 4]))
    [0, 4]
    """
    return array("i", values)


@dataclass(frozen=True, slots=True)
class Lines:
    """Where the lines of a file, or of one cell's file, begin."""

    file: str
    starts: Offsets
    cell: int = 0

    @staticmethod
    def of(text: str, file: str) -> Lines:
        """The lines of a file's whole text.

        >>> print(Lines.of("one\\ntwo", "a.md").place(5))
        a.md:2:2
        """
        return Lines(file, offsets([0, *(end.end() for end in _LINE_END.finditer(text))]))

    def place(self, offset: int) -> Place:
        """The place of a character of the file."""
        line = bisect.bisect_right(self.starts, offset)
        return Place(self.file, line, offset - self.starts[line - 1] + 1, self.cell)


@dataclass(frozen=True, slots=True)
class Source:
    """Text made of pieces of a file: piece k begins at starts[k] in the text and stands at origins[k] in the file.

    A decoded escape is a piece of one character. What lies between two pieces in the file is left out of the text.
    """

    text: str
    lines: Lines
    starts: Offsets
    origins: Offsets

    @staticmethod
    def of(text: str, file: str) -> Source:
        """A whole file.

        >>> Source.of("> x\\n> y", "a.md").picked([(2, 4), (6, 7)]).part(0, 3).text
        'x\\ny'
        """
        return Source(text, Lines.of(text, file), offsets([0]), offsets([0]))

    def origin(self, offset: int) -> int:
        """Where a character of the text stands in the file."""
        piece = max(bisect.bisect_right(self.starts, offset) - 1, 0)
        return self.origins[piece] + offset - self.starts[piece] if self.starts else 0

    def place(self, offset: int) -> Place:
        """The place of a character of the text."""
        return self.lines.place(self.origin(offset))

    def picked(self, ranges: Iterable[tuple[int, int]]) -> Source:
        """The text of some ranges, one after the other, without what lies between them."""
        texts: list[str] = []
        starts, origins = offsets(), offsets()
        length = 0
        for start, end in ranges:
            piece = max(bisect.bisect_right(self.starts, start) - 1, 0)
            texts.append(self.text[start:end])
            while start < end:
                stop = min(end, self.starts[piece + 1]) if piece + 1 < len(self.starts) else end
                starts.append(length)
                origins.append(self.origins[piece] + start - self.starts[piece])
                length += stop - start
                start, piece = stop, piece + 1
        return Source("".join(texts), self.lines, starts, origins)

    def part(self, start: int, end: int) -> Text:
        """The text from one offset to another as a Text, which knows its places by itself."""
        anchors = [(0, self.place(start))]
        piece = max(bisect.bisect_right(self.starts, start) - 1, 0)
        at = start
        while at < end:
            stop = min(end, self.starts[piece + 1]) if piece + 1 < len(self.starts) else end
            origin = self.origins[piece] + at - self.starts[piece]
            if at > start:
                anchors.append((at - start, self.lines.place(origin)))
            line = bisect.bisect_right(self.lines.starts, origin)
            while line < len(self.lines.starts) and (begins := self.lines.starts[line]) < origin + stop - at:
                anchors.append((at - start + begins - origin, self.lines.place(begins)))
                line += 1
            at, piece = stop, piece + 1
        return Text(self.text[start:end], tuple(anchors))

    def stripped(self, start: int, end: int) -> Text:
        """A part without the white space at its ends."""
        body = self.text[start:end]
        left = start + len(body) - len(body.lstrip())
        return self.part(left, max(left, start + len(body.rstrip())))
