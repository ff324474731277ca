r"""Formulas in LaTeX sources: those of the body, the definitions of commands, and the files that \input names."""

from __future__ import annotations

import heapq
import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from re import Match

from symgrad.reading.documents.comments import without_comments
from symgrad.reading.documents.delimiters import OPENER, Delimiters
from symgrad.reading.documents.found import Item, Prose, formula_fragments, unclosed
from symgrad.reading.documents.inputs import Inputs
from symgrad.reading.documents.macros import MACRO, brace_end
from symgrad.reading.documents.source import Source
from symgrad.reading.documents.text import Fragment, Problem

LEVELS = {"part": 1, "chapter": 1, "section": 1, "subsection": 2, "subsubsection": 3, "paragraph": 4, "subparagraph": 5}

_BODY = re.compile(r"\\begin\{document\}")
_BOTH = rf"(?P<macro>{MACRO})|\\(?:input|include|subfile)\s*\{{(?P<input>[^{{}}\n]*)\}}"
_PREAMBLE_TOKEN = re.compile(_BOTH + r"|\\.", re.DOTALL)
_BODY_TOKEN = re.compile(
    rf"{_BOTH}|\\(?P<heading>{'|'.join(LEVELS)})\*?\s*(?:\[[^\[\]\n]*\]\s*)?\{{|(?P<end>\\end\{{document\}})"
    rf"|(?P<opener>{OPENER})|\\.|(?P<blank>\n(?:[ \t]*+\n)++)",
    re.DOTALL,
)


def latex(source: Source, path: Path | None = None) -> Iterator[Item]:
    r"""What a LaTeX document has for a checker; `path` is its file, if it is one, whose \input files are read too.

    >>> [item.text.text for item in latex(Source.of(r"\section{A} % $no$" + "\n" + r"$x$ and \[y\]", "a.tex"))]
    ['A', 'x', 'y']
    """
    return _read(source, Inputs.of(path), preamble=bool(_BODY.search(source.text)))


def _read(source: Source, inputs: Inputs, preamble: bool, within: bool = False) -> Iterator[Item]:
    """The items of one file; `within` is for a file that is read from another's preamble, all of which is preamble."""
    bare = without_comments(source)
    items = _File(bare.source, inputs, preamble, within).read()
    return (item for _, item in heapq.merge(bare.directives, items, key=lambda found: found[0]))


@dataclass
class _File:
    """One file without its comments, read once from its start to its end."""

    source: Source
    inputs: Inputs
    preamble: bool
    within: bool
    delimiters: Delimiters = field(init=False)

    def __post_init__(self) -> None:
        self.delimiters = Delimiters(self.source.text, tex=True)

    def read(self) -> Iterator[tuple[int, Item]]:
        body = _BODY.search(self.source.text) if self.preamble else None
        start = len(self.source.text) if self.within else body.end() if body else 0
        at = 0
        while at < start and (match := _PREAMBLE_TOKEN.search(self.source.text, at, start)):
            at = match.end()
            if match["macro"]:
                at = yield from self._macro(match)
            elif match["input"] is not None:
                yield from self._input(match, within=True)
        if not self.within:
            yield from self._body(max(at, start))

    def _body(self, at: int) -> Iterator[tuple[int, Item]]:
        text = self.source.text
        prose = Prose(text, at)
        while match := _BODY_TOKEN.search(text, at):
            kind, start, at = match.lastgroup, match.start(), match.end()
            if kind == "end":
                return
            if kind == "opener":
                formula = self.delimiters.formula(match[0], start)
                if formula is None:
                    yield start, unclosed(self.source, match)
                    at = max(at, self.delimiters.paragraph_end(at))
                else:
                    at = formula.end
                    before = prose.before(start, at)
                    yield from ((start, item) for item in formula_fragments(self.source, formula, before))
            elif kind == "heading":
                end = brace_end(text, at, self.delimiters.paragraph_end(at))
                if end is None:
                    yield start, self._open_brace(match)
                    at = max(at, self.delimiters.paragraph_end(at))
                else:
                    title = self.source.stripped(at, end - 1)
                    yield start, Fragment("heading", title, level=LEVELS[match["heading"]])
                prose.anew(at)
            elif kind == "blank":
                prose.anew(at)
            elif kind == "macro":
                at = yield from self._macro(match)
                prose.skip(start, at)
            elif kind == "input":
                yield from self._input(match, within=False)
                prose.anew(at)

    def _macro(self, match: Match[str]) -> Generator[tuple[int, Item], None, int]:
        """A definition; gives where reading goes on, which is the end of the file if the definition has none."""
        end = brace_end(self.source.text, match.end())
        if end is None:
            yield match.start(), self._open_brace(match)
            return len(self.source.text)
        yield match.start(), Fragment("macro", self.source.part(match.start(), end))
        return end

    def _open_brace(self, match: Match[str]) -> Problem:
        command = match[0].split("{")[0].strip()
        message = f"the brace of {command} is never closed, so what follows it is left out: close it with }}"
        return Problem(self.source.place(match.start()), message)

    def _input(self, match: Match[str], within: bool) -> Iterator[tuple[int, Item]]:
        found = self.inputs.read(match["input"], self.source.place(match.start()))
        yield from ((match.start(), problem) for problem in found.problems)
        if found.source is not None:
            items = _read(found.source, found.inputs, preamble="\\begin{document}" in found.source.text, within=within)
            yield from ((match.start(), item) for item in items)
