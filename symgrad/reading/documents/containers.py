"""Markdown's containers: the block quotes and list items that a line is in."""

from __future__ import annotations

import bisect
import re
from dataclasses import dataclass, field

_BLANKS = re.compile(r"[ \t]*+")
_TAB = 4
QUOTE = 0


@dataclass(slots=True)
class Cursor:
    """How far a line has been read: `at` is the next character, `stop` the next that is no blank."""

    text: str
    at: int
    end: int
    column: int = 0
    stop: int = 0
    width: int = 0

    def __post_init__(self) -> None:
        self._measure()

    def is_blank(self) -> bool:
        """Whether nothing but blanks is left of the line."""
        return self.stop == self.end

    def _measure(self) -> None:
        found = _BLANKS.match(self.text, self.at, self.end)
        self.stop = found.end() if found else self.at
        run = self.text[self.at : self.stop]
        self.width = len((" " * (self.column % _TAB) + run).expandtabs(_TAB)) - self.column % _TAB

    def indent(self, columns: int) -> None:
        """Goes over so many columns of blanks; a tab that is used in part is used up."""
        aim = self.column + columns
        while self.column < aim and self.at < self.stop:
            step = _TAB - self.column % _TAB if self.text[self.at] == "\t" else 1
            self.at, self.column, self.width = self.at + 1, self.column + step, self.width - step

    def mark(self, length: int) -> None:
        """Goes over the blanks and then a mark."""
        self.column += self.width + length
        self.at = self.stop + length
        self._measure()


@dataclass(slots=True)
class Containers:
    """The containers that are open, outermost first: a quote is 0, a list item the columns it is indented by."""

    stack: list[int] = field(default_factory=list)
    _quotes: list[int] = field(default_factory=list)

    def match(self, cursor: Cursor) -> int:
        """How many of the containers a line goes on; the cursor goes over their marks.

        >>> quoted = Containers([QUOTE, 2], [0])
        >>> quoted.match(Cursor(">   x", 0, 5)), quoted.match(Cursor("> x", 0, 3))
        (2, 1)
        """
        for count, width in enumerate(self.stack):
            if cursor.is_blank():
                return bisect_quote(self._quotes, count, len(self.stack))
            if width == QUOTE:
                if cursor.width > 3 or cursor.text[cursor.stop] != ">":
                    return count
                self._over_quote(cursor)
            elif cursor.width < width:
                return count
            else:
                cursor.indent(width)
        return len(self.stack)

    def keep(self, count: int) -> None:
        """Closes all but the first so many."""
        del self.stack[count:]
        while self._quotes and self._quotes[-1] >= count:
            self._quotes.pop()

    def open_quote(self, cursor: Cursor) -> None:
        """Opens the block quote whose mark the cursor is at."""
        self._quotes.append(len(self.stack))
        self.stack.append(QUOTE)
        self._over_quote(cursor)

    def open_item(self, cursor: Cursor, marker: int) -> None:
        """Opens the list item whose marker, so many characters long, the cursor is at."""
        before = cursor.column
        cursor.mark(marker)
        if not cursor.is_blank():
            cursor.indent(cursor.width if cursor.width <= 4 else 1)
        self.stack.append(max(cursor.column - before, marker + 1))

    @staticmethod
    def _over_quote(cursor: Cursor) -> None:
        cursor.mark(1)
        cursor.indent(min(cursor.width, 1))


def bisect_quote(quotes: list[int], since: int, otherwise: int) -> int:
    """The first quote that is not before a container: a blank line ends it, but no list item."""
    which = bisect.bisect_left(quotes, since)
    return quotes[which] if which < len(quotes) else otherwise
