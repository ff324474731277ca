"""LaTeX without its comments and without what it prints as it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from symgrad.reading.documents.ahead import Ahead
from symgrad.reading.documents.found import Item, comment_fragments
from symgrad.reading.documents.source import Source

_VERBATIM = ("verbatim", "Verbatim", "lstlisting", "minted", "comment", "alltt", "filecontents")
_ENDS = {name + star: re.compile(rf"\\end\{{{name}{re.escape(star)}\}}") for name in _VERBATIM for star in ("", "*")}
_FI = re.compile(r"\\fi(?![A-Za-z])")
_LEFT_OUT = re.compile(
    rf"\\begin\{{(?P<verbatim>(?:{'|'.join(_VERBATIM)})\*?)\}}"
    r"|\\(?:verb|lstinline)\*?(?P<bar>[!-)+-/:-@\[-`|~])(?:(?!(?P=bar))[^\n])*+(?P=bar)"
    r"|(?P<address>\\(?:url|href|path)\s*\{[^{}\n]*\})|(?P<iffalse>\\iffalse(?![A-Za-z]))|\\."
    r"|(?P<line>^[ \t]*+%++)|(?P<comment>%++)",
    re.DOTALL | re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Bare:
    """What TeX reads of a file, and the directives in its comments, each with where it was in what is left."""

    source: Source
    directives: list[tuple[int, Item]]


def without_comments(source: Source) -> Bare:
    r"""A LaTeX source without comments and verbatim text.

    >>> without_comments(Source.of("50\\% % half\n\\verb|$| x", "a.tex")).source.text
    '50\\% \n x'
    """
    directives: list[tuple[int, Item]] = []
    ranges: list[tuple[int, int]] = []
    kept = at = 0
    for start, end, comment in _left_out(source.text):
        ranges.append((at, start))
        kept, at = kept + start - at, end
        directives += ((kept, found) for found in comment_fragments(source, comment, end))
    ranges.append((at, len(source.text)))
    return Bare(source.picked(ranges), directives)


def _left_out(text: str) -> Iterator[tuple[int, int, int]]:
    """What is left out: its start, its end, and where the words of a comment begin (its end if it is none)."""
    ahead = Ahead(text)
    at = 0
    while match := _LEFT_OUT.search(text, at):
        kind, start, at = match.lastgroup, match.start(), match.end()
        if kind in ("line", "comment"):
            end = text.find("\n", at)
            end = len(text) if end < 0 else end
            words = at
            at = min(end + 1, len(text)) if kind == "line" else end
            yield start, at, words
        elif kind in ("verbatim", "iffalse"):
            close = ahead.find(_FI if kind == "iffalse" else _ENDS[match["verbatim"]], at)
            if close:
                at = close.end()
                yield start, at, at
        elif kind in ("bar", "address"):
            yield start, at, at
