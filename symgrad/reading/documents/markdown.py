"""Formulas in Markdown: CommonMark's blocks, and the ways in which GitHub, pandoc, kramdown and MyST write formulas."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from re import Match

from symgrad.reading.documents.ahead import Ahead
from symgrad.reading.documents.blocks import blocks
from symgrad.reading.documents.delimiters import DOUBLED, OPENER, Delimiters, Formula
from symgrad.reading.documents.found import Item, Prose, comment_fragments, formula_fragments, unclosed
from symgrad.reading.documents.held import LIQUID_END
from symgrad.reading.documents.markup import COMMENT_END, RAW_END, STRICT_TAG, math_script, tag_name
from symgrad.reading.documents.source import Offsets, Source, offsets
from symgrad.reading.documents.text import Fragment

_TOKEN = re.compile(
    rf"(?P<role>\$`[^`\n]+`\$|\{{math\}}`[^`]+`)|(?P<code>`+)|(?P<opener>{DOUBLED}|{OPENER})|\\."
    rf"|(?P<comment><!--|\{{/\*)|(?P<tag>{STRICT_TAG})"
    r"|(?P<liquid>\{%-?\s*(?:highlight|comment)\b)|\{%[^%\n]*%\}|\{\{[^{}\n]*\}\}",
    re.DOTALL,
)
_MAY_HAVE_SOME = re.compile(r"[$\\<{]")
_MDX_END = re.compile(r"\*/\}")
_RAW_TAG = re.compile(r"\{%-?\s*(?:end)?raw\s*-?%\}")
_HEADING_TAG = re.compile("h[1-6]")
_HEADING_END = {f"h{level}": re.compile(rf"</h{level}\s*>", re.IGNORECASE) for level in range(1, 7)}
_HEADING_BEGIN = {f"h{level}": re.compile(rf"<h{level}\b", re.IGNORECASE) for level in range(1, 7)}
_AFTER_DISPLAY = re.compile(r"[ \t.,;:]*+(?:\\|<br\s*/?>|\{[^{}\n]*\})?[ \t]*+(?=\n|\Z)")


def markdown(source: Source, front_matter: bool = False) -> Iterator[Item]:
    r"""What a Markdown text has for a checker, in its order.

    >>> [(item.kind, item.text.text) for item in markdown(Source.of("A price of $5, and $x$:\n\n$$y$$", "a.md"))]
    [('inline', 'x'), ('display', 'y')]
    """
    for block in blocks(source, front_matter):
        part = source.picked(block.ranges())
        if block.kind == "math":
            yield from formula_fragments(part, Formula("display", 0, len(part.text), 0, len(part.text)), "")
            continue
        if block.kind == "heading":
            title = part.stripped(0, len(part.text))
            if title.text:
                yield Fragment("heading", title, level=block.level)
        if "{%" in part.text:
            part = part.picked(_without_raw_tags(part.text))
        if _MAY_HAVE_SOME.search(part.text):
            yield from _Paragraph(part).read()


def _without_raw_tags(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for tag in _RAW_TAG.finditer(text):
        yield start, tag.start()
        start = tag.end()
    yield start, len(text)


@dataclass
class _Paragraph:
    """The text of one paragraph, read once from its start to its end."""

    source: Source
    delimiters: Delimiters = field(init=False)
    ahead: Ahead = field(init=False)

    def __post_init__(self) -> None:
        self.delimiters = Delimiters(self.source.text)
        self.ahead = self.delimiters.ahead

    def read(self) -> Iterator[Item]:
        text, at = self.source.text, 0
        prose = Prose(text)
        while match := _TOKEN.search(text, at):
            kind, start, at = match.lastgroup, match.start(), match.end()
            if kind == "opener":
                formula = self._formula(match)
                if formula is not None:
                    at = formula.end
                    yield from formula_fragments(self.source, formula, prose.before(start, at))
                elif match[0] == "$$" or match[0].startswith("\\begin"):
                    yield unclosed(self.source, match)
                    return
            elif kind == "role":
                body = Formula("inline", start, at, text.index("`", start) + 1, text.rindex("`", start, at))
                yield from formula_fragments(self.source, body, prose.before(start, at))
            elif kind == "code":
                at = self._code_end(start, at)
            elif kind == "comment":
                end = self.ahead.find(_MDX_END if match[0] == "{/*" else COMMENT_END, at)
                if end:
                    prose.skip(start, end.end())
                    yield from comment_fragments(self.source, at, end.start())
                    at = end.end()
            elif kind == "tag":
                prose.skip(start, at)
                yield from self._tag(match)
                at = self._tag_end(match)
                prose.mark = at
            elif kind == "liquid":
                end = self.ahead.find(LIQUID_END, at)
                at = end.end() if end else at

    def _formula(self, match: Match[str]) -> Formula | None:
        opener, start = match[0], match.start()
        found = self.delimiters.formula(opener, start)
        if found is None or (opener == "$" and self._cuts_code(found)):
            return None
        return replace(found, kind="inline") if opener == "$$" and self._amid_prose(found) else found

    def _amid_prose(self, found: Formula) -> bool:
        """Whether a formula on one line has prose beside it there, which makes it inline for kramdown."""
        text = self.source.text
        if text.find("\n", found.start, found.end) >= 0:
            return False
        before = found.start
        while before and text[before - 1] in " \t":
            before -= 1
        begins = before == 0 or text[before - 1] == "\n"
        return not begins or _AFTER_DISPLAY.match(text, found.end) is None

    def _tag(self, match: Match[str]) -> Iterator[Item]:
        """A heading that a tag opens, or a formula that a script holds."""
        name, at = tag_name(match[0]), match.end()
        if match[0].startswith("</"):
            return
        if name == "script" and (kind := math_script(match[0])) and (close := self.ahead.find(RAW_END[name], at)):
            body = self.source.stripped(at, close.start())
            yield Fragment("display" if kind == "display" else "inline", body)
        elif _HEADING_TAG.fullmatch(name) and (close := self.ahead.find(_HEADING_END[name], at)):
            again = self.ahead.offset(_HEADING_BEGIN[name], at) < close.start()
            title = self.source.stripped(at, at if again else close.start())
            if title.text:
                yield Fragment("heading", title, level=int(name[1]))

    def _tag_end(self, match: Match[str]) -> int:
        """Where reading goes on after a tag: behind the closing one if what is between is no prose."""
        name = tag_name(match[0])
        raw = name in RAW_END and match[0][1] != "/" and not match[0].endswith("/>")
        close = self.ahead.find(RAW_END[name], match.end()) if raw else None
        return close.end() if close else match.end()

    def _code_end(self, start: int, end: int) -> int:
        """Where the code span ends whose backticks go from start to end; right behind them if it is none."""
        runs = self._backticks.get(end - start, offsets())
        after = bisect_left(runs, end)
        return runs[after] + end - start if after < len(runs) else end

    def _cuts_code(self, found: Formula) -> bool:
        """Whether a code span begins in a formula and ends behind it, so that its last dollar is code."""
        tick = self.source.text.find("`", found.start, found.end)
        if tick < 0:
            return False
        end = tick + len(self.source.text[tick : found.end]) - len(self.source.text[tick : found.end].lstrip("`"))
        return self._code_end(tick, end) > found.end

    @cached_property
    def _backticks(self) -> dict[int, Offsets]:
        """Where the runs of so many backticks are."""
        found: dict[int, Offsets] = {}
        for run in re.finditer("`+", self.source.text):
            found.setdefault(run.end() - run.start(), offsets()).append(run.start())
        return found
