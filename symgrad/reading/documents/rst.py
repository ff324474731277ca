"""Formulas in reStructuredText: the math directive and the math role."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from symgrad.reading.documents.delimiters import Formula
from symgrad.reading.documents.found import Item, Prose, comment_fragments, formula_fragments
from symgrad.reading.documents.source import Offsets, Source, offsets
from symgrad.reading.documents.text import Fragment

_BLANK_LINES = re.compile(r"(?:[ \t]*+\n)++")
_PLAIN_LINES = re.compile(r"(?:[A-Za-z][^\n:]*+\n)++")  # within a paragraph, these can't begin anything
_EXPLICIT = re.compile(r"\.\.(?=[ \t]|$)[ \t]*+", re.MULTILINE)
_DIRECTIVE = re.compile(r"([\w:+.-]*\w)[ \t]?::(?=[ \t]|$)", re.MULTILINE)
_REFERENCE = re.compile(r"\[[^\]\n]*\]|_|\|")
_OPTION = re.compile(r"[ \t]*:[\w-]+:(?=[ \t]|$)", re.MULTILINE)
_CODE = "code code-block sourcecode highlight parsed-literal literalinclude raw ipython plot doctest testcode testsetup"
_LITERAL = frozenset(f"{_CODE} testoutput graphviz digraph mermaid prompt productionlist".split())
_RULE = re.compile(r"([!-/:-@\[-`{-~])\1+[ \t]*$", re.MULTILINE)
_INLINE = re.compile(r"``(?:[^`]|`(?!`))*+``|:math:`(?P<math>[^`]*)`|`[^`]*`_?")


@dataclass(frozen=True, slots=True)
class _Line:
    """A line: where it begins, where its first character that is no blank is, where it ends, how far it is indented."""

    start: int
    first: int
    end: int
    indent: int

    @property
    def blank(self) -> bool:
        return self.first == self.end


def rst(source: Source) -> Iterator[Item]:
    r"""What a reStructuredText document has for a checker.

    >>> [item.text.text for item in rst(Source.of(".. math:: x\n\nwhere :math:`y`", "a.rst"))]
    ['x', 'y']
    """
    return _Rst(source).read()


@dataclass
class _Rst:
    """One pass over the lines; `paragraph` collects stretches until a blank line or a block ends it."""

    source: Source
    next: int = 0
    paragraph: Offsets = field(default_factory=offsets)
    styles: list[tuple[str, bool]] = field(default_factory=list)

    def read(self) -> Iterator[Item]:
        text = self.source.text
        above = False  # whether the line above is a rule that may be a title's
        while self.next < len(text):
            quick = (_PLAIN_LINES if self.paragraph else _BLANK_LINES).match(text, self.next)
            if quick:
                if self.paragraph:
                    self.paragraph.extend(quick.span())
                above, self.next = False, quick.end()
                continue
            line = self._line()
            self.next = line.end + 1
            if line.blank:
                yield from self._end_paragraph()
                above = False
                continue
            if not self.paragraph:
                if _EXPLICIT.match(text, line.first, line.end):
                    yield from self._explicit(line)
                    continue
                if text.startswith(">>>", line.first):
                    self._skip_to_blank()
                    continue
                rule = _RULE.match(text, line.first, line.end)
                if rule and line.indent == 0 and not above:
                    above = True
                    continue
                under = self._line() if self.next < len(text) else None
                if under and self._underlines(line, under):
                    self.next = under.end + 1
                    yield from self._title(line, text[under.first], above)
                    above = False
                    continue
            above = False
            self.paragraph.extend((line.start, min(line.end + 1, len(text))))
            if text.startswith("::", max(line.first, len(text[line.first : line.end].rstrip()) + line.first - 2)):
                indent = line.indent
                after = self._line() if self.next < len(text) else None
                if after is None or after.blank:
                    yield from self._end_paragraph()
                    self._skip_deeper(indent)
        yield from self._end_paragraph()

    def _line(self) -> _Line:
        text = self.source.text
        end = text.find("\n", self.next)
        end = len(text) if end < 0 else end
        body = text[self.next : end]
        blanks = len(body) - len(body.lstrip(" \t"))
        return _Line(self.next, self.next + blanks, end, len(body[:blanks].expandtabs()))

    def _underlines(self, line: _Line, under: _Line) -> bool:
        text = self.source.text
        if under.blank or under.indent or not _RULE.match(text, under.first, under.end):
            return False
        length = len(text[under.first : under.end].rstrip())
        return length >= min(len(text[line.start : line.end].strip()), 4)

    def _title(self, line: _Line, mark: str, above: bool) -> Iterator[Item]:
        style = (mark, above)
        if style not in self.styles:
            self.styles.append(style)
        title = self.source.stripped(line.start, line.end)
        yield Fragment("heading", title, level=self.styles.index(style) + 1)
        yield from self._roles(self.source.picked([(line.start, line.end)]))

    def _explicit(self, line: _Line) -> Iterator[Item]:
        """A directive, a comment or a target, which begin with two dots."""
        text = self.source.text
        mark = _EXPLICIT.match(text, line.first, line.end)
        words = mark.end() if mark else line.first
        directive = _DIRECTIVE.match(text, words, line.end)
        if directive is None:
            if not _REFERENCE.match(text, words, line.end):
                end = self._skip_deeper(line.indent)
                yield from comment_fragments(self.source, words, end)
        elif directive[1] == "math":
            yield from self._math(directive.end(), line)
        elif directive[1] in _LITERAL:
            self._skip_deeper(line.indent)

    def _math(self, argument: int, line: _Line) -> Iterator[Item]:
        """A math directive's formulas: those between blank lines, or all of it if it has environments of its own."""
        text = self.source.text
        parts = [offsets([argument, line.end])]
        whole = offsets([argument, line.end])
        heading = True  # options stand before the first blank line
        while self.next < len(text):
            below = self._line()
            if not below.blank and below.indent <= line.indent:
                break
            self.next = below.end + 1
            if below.blank:
                heading = False
                parts.append(offsets())
            elif not (heading and _OPTION.match(text, below.start, below.end)):
                stretch = (below.first, min(below.end + 1, len(text)))
                parts[-1].extend(stretch)
                whole.extend(stretch)
        joined = self.source.picked(_pairs(whole))
        sources = [joined] if "\\begin" in joined.text else [self.source.picked(_pairs(part)) for part in parts]
        for part in sources:
            yield from formula_fragments(part, Formula("display", 0, len(part.text), 0, len(part.text)), "")

    def _skip_deeper(self, indent: int) -> int:
        """Leaves out the lines that are indented deeper, and says where the last of them ends."""
        end = self.next - 1
        while self.next < len(self.source.text):
            line = self._line()
            if not line.blank and line.indent <= indent:
                break
            self.next = line.end + 1
            end = end if line.blank else line.end
        return min(end, len(self.source.text))

    def _skip_to_blank(self) -> None:
        while self.next < len(self.source.text):
            line = self._line()
            self.next = line.end + 1
            if line.blank:
                return

    def _end_paragraph(self) -> Iterator[Item]:
        if self.paragraph:
            yield from self._roles(self.source.picked(_pairs(self.paragraph)))
            self.paragraph = offsets()

    def _roles(self, part: Source) -> Iterator[Item]:
        prose = Prose(part.text)
        for match in _INLINE.finditer(part.text):
            if match["math"] is not None:
                found = Formula("inline", match.start(), match.end(), match.start("math"), match.end("math"))
                yield from formula_fragments(part, found, prose.before(found.start, found.end))


def _pairs(stretches: Offsets) -> Iterator[tuple[int, int]]:
    return zip(stretches[::2], stretches[1::2], strict=True)
