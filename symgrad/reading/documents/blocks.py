"""Markdown's blocks: which lines are prose, which are headings, mathematics or code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from symgrad.reading.documents.containers import Containers, Cursor
from symgrad.reading.documents.held import Held
from symgrad.reading.documents.source import Offsets, Source, offsets

_FRONT = re.compile(r"(---|\+\+\+)[ \t]*\n(?=[^\n]*\S)")
_FRONT_END = {"---": re.compile(r"^(?:---|\.\.\.)[ \t]*$", re.M), "+++": re.compile(r"^\+\+\+[ \t]*$", re.M)}
_BLANK_LINES = re.compile(r"(?:[ \t]*+\n)++")
_PLAIN_LINES = re.compile(r"(?:[A-Za-z][^\n$\\<`{]*+\n)++")  # within a paragraph, these can't begin anything
_HEADING = re.compile(r"(#{1,6})(?=[ \t]|$)", re.M)
_HEADING_END = re.compile(r"(?:^|[ \t])#+[ \t]*$")
_UNDERLINE = re.compile(r"(=+|-+)[ \t]*$", re.M)
_FENCE = re.compile(r"(`{3,}+)[ \t]*([^`\n]*)$|(~{3,}+)[ \t]*([^\n]*)$", re.M)
_OPTION = re.compile(r"[ \t]*:[\w-]+:[^\n]*$", re.M)
_ITEM = re.compile(r"([-+*]|\d{1,9}[.)])([ \t]{1,5}|$)", re.M)
_MATH = ("math", "{math}")


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, a heading or a fence of mathematics: the stretches of the text that it is made of."""

    kind: Literal["text", "heading", "math"]
    stretches: Offsets
    level: int = 0

    def ranges(self) -> Iterator[tuple[int, int]]:
        """The stretches as pairs of offsets."""
        return zip(self.stretches[::2], self.stretches[1::2], strict=True)


def blocks(source: Source, front_matter: bool = False) -> Iterator[Block]:
    r"""The blocks of a Markdown text in their order, code and front matter left out.

    >>> [(block.kind, block.level) for block in blocks(Source.of("# A\n\n    code\n\n> text", "a.md"))]
    [('heading', 1), ('text', 0)]
    """
    return _Blocks(source.text).read(_after_front_matter(source.text) if front_matter else 0)


def _after_front_matter(text: str) -> int:
    begin = _FRONT.match(text)
    end = _FRONT_END[begin[1]].search(text, begin.end()) if begin else None
    return end.end() if end else 0


class _Blocks:
    """One pass over the lines; a paragraph collects its lines until something ends it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.containers = Containers()
        self.held = Held(text)
        self.paragraph = offsets()
        self.displayed = False  # whether the paragraph has a $$
        self.rule_line, self.rule_mark, self.rule_start = -1, "", 0
        self.next = 0

    def read(self, start: int) -> Iterator[Block]:
        self.next = start
        while self.next < len(self.text):
            quick = None
            if not self.containers.stack:
                quick = (_PLAIN_LINES if self.paragraph else _BLANK_LINES).match(self.text, self.next)
            if quick is None:
                yield from self._line()
                continue
            if self.paragraph:
                self._add(self.next, quick.end())
            self.next = quick.end()
        yield from self._end()

    def _cursor(self) -> Cursor:
        end = self.text.find("\n", self.next)
        return Cursor(self.text, self.next, len(self.text) if end < 0 else end)

    def _add(self, start: int, end: int) -> None:
        if self.paragraph and self.paragraph[-1] == start:
            self.paragraph[-1] = end
        else:
            self.paragraph.extend((start, end))

    def _end(self, level: int = 0) -> Iterator[Block]:
        """Ends the paragraph, as a heading of a level if there is one."""
        if self.paragraph:
            yield Block("heading" if level else "text", self.paragraph, level)
            self.paragraph, self.displayed = offsets(), False

    def _line(self) -> Iterator[Block]:
        cursor = self._cursor()
        self.next = cursor.end + 1
        matched = self.containers.match(cursor)
        if cursor.is_blank():
            yield from self._end()
            self.containers.keep(matched)
            return
        while block := self._begins(cursor, matched == len(self.containers.stack)):
            level = {"=": 1, "-": 2}[self.text[cursor.stop]] if block == "underline" else 0
            yield from self._end(level)
            self.containers.keep(matched)
            if block == "quote":
                self.containers.open_quote(cursor)
            elif block == "item":
                self.containers.open_item(cursor, self._marker(cursor))
            else:
                if block == "heading":
                    yield self._heading(cursor)
                elif block == "fence":
                    yield from self._fence(cursor)
                return
            if cursor.is_blank():
                return
            matched = len(self.containers.stack)
        if not self.paragraph:
            self.containers.keep(matched)
        self._prose(cursor)

    def _begins(self, cursor: Cursor, inside: bool) -> str:
        """What begins at the cursor, if not a paragraph's line; `inside` says whether a paragraph could go on there."""
        text, at = self.text, cursor.stop
        goes_on = bool(self.paragraph) and inside
        if cursor.width > 3:
            return "" if self.paragraph else "code"
        first = text[at]
        if first == ">":
            return "quote"
        if first == "#":
            return "heading" if _HEADING.match(text, at, cursor.end) else ""
        if first in "`~":
            return "fence" if _FENCE.match(text, at, cursor.end) else ""
        if first in "=-" and goes_on and _UNDERLINE.match(text, at, cursor.end) and not self.displayed:
            return "underline"
        if first in "-*_" and self._rule(cursor):
            return "rule"
        if first not in "-+*0123456789":
            return ""
        item = _ITEM.match(text, at, cursor.end)
        if item is None or (goes_on and (item.end() == cursor.end or item[1][:-1] not in ("", "1"))):
            return ""
        return "item"

    def _rule(self, cursor: Cursor) -> bool:
        """Whether a line of dashes, stars or underscores goes from the cursor to the line's end."""
        mark = self.text[cursor.stop]
        if self.rule_line != cursor.end:
            line = self.text[cursor.stop : cursor.end].rstrip()
            self.rule_line, self.rule_mark = cursor.end, line[-1]
            self.rule_start = cursor.stop + len(line.rstrip(line[-1] + " \t"))
        same = mark == self.rule_mark and cursor.stop >= self.rule_start
        return same and self.text.count(mark, cursor.stop, cursor.end) >= 3

    def _marker(self, cursor: Cursor) -> int:
        item = _ITEM.match(self.text, cursor.stop, cursor.end)
        return len(item[1]) if item else 1

    def _prose(self, cursor: Cursor) -> None:
        self._add(cursor.at, min(cursor.end + 1, len(self.text)))
        until = self.held.until(cursor.at, cursor.end)
        self.displayed = self.displayed or self.text.find("$$", cursor.at, cursor.end) >= 0
        while self.next <= until and self.next < len(self.text):
            cursor = self._cursor()
            self.containers.match(cursor)
            self._add(cursor.at, min(cursor.end + 1, len(self.text)))
            self.next = cursor.end + 1

    def _heading(self, cursor: Cursor) -> Block:
        mark = _HEADING.match(self.text, cursor.stop, cursor.end)
        level = len(mark[1]) if mark else 1
        start = cursor.stop + level
        title = _HEADING_END.sub("", self.text[start : cursor.end])
        return Block("heading", offsets([start, start + len(title)]), level)

    def _fence(self, cursor: Cursor) -> Iterator[Block]:
        begin = _FENCE.match(self.text, cursor.stop, cursor.end)
        fence, info = (begin[1] or begin[3], begin[2] or begin[4] or "") if begin else ("```", "")
        stretches = offsets()
        closes = re.compile(rf"{fence[0]}{{{len(fence)},}}[ \t]*$", re.MULTILINE)
        math = info.strip() in _MATH
        while self.next < len(self.text):
            line = self._cursor()
            if self.containers.match(line) < len(self.containers.stack):
                break
            self.next = line.end + 1
            if line.width <= 3 and closes.match(self.text, line.stop, line.end):
                break
            if math and (stretches or not _OPTION.match(self.text, line.at, line.end)):
                stretches.extend((line.at, min(line.end + 1, len(self.text))))
        if math and stretches:
            yield Block("math", stretches)
