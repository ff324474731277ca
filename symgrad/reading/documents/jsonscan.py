"""JSON read with the place of every string."""

from __future__ import annotations

import re
from collections.abc import Iterator

from symgrad.reading.documents.decoding import REPLACEMENT
from symgrad.reading.documents.source import Source, offsets

DEEPEST = 4  # "cells", a cell's number, "source", a line's number

_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"|[{}\[\],]')
_ESCAPE = re.compile(r"\\u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})|\\u([0-9a-f]{4})|\\(.)", re.IGNORECASE)
_SIMPLE = {"n": "\n", "t": "\t", "b": "\b", "f": "\f", "r": ""}  # a carriage return stands before a line's end


def strings(text: str) -> Iterator[tuple[tuple[str | int, ...], int, int]]:
    """The strings of a valid JSON text that are values: how to get there, and where each begins and ends.

    Those deeper than DEEPEST are left out.

    >>> [found for found in strings('{"a": ["x", "y"]}')]
    [(('a', 0), 7, 10), (('a', 1), 12, 15)]
    """
    path: list[str | int] = []
    lists: list[bool] = []  # of each value that is open, whether it is a list
    wants_key = False
    for token in _TOKEN.finditer(text):
        mark = token[0]
        if mark in "{[":
            lists.append(mark == "[")
            path.append(0 if mark == "[" else "")
            wants_key = mark == "{"
        elif mark in "}]":
            lists.pop()
            path.pop()
            wants_key = False
        elif mark == ",":
            last = path[-1]
            wants_key = not lists[-1]
            path[-1] = last + 1 if isinstance(last, int) else ""
        elif wants_key:
            path[-1] = mark[1:-1]
            wants_key = False
        elif len(path) <= DEEPEST:
            yield tuple(path), token.start(), token.end()


def unescaped(source: Source, literals: list[tuple[int, int]]) -> Source:
    r"""The text of JSON strings, one after the other, each character with its place; offsets include the quotes.

    >>> text = unescaped(Source.of(r'"a\\b"', "n.ipynb"), [(0, 6)])
    >>> text.text, text.place(2).column
    ('a\\b', 5)
    """
    texts: list[str] = []
    starts, origins = offsets(), offsets()
    length = 0
    for start, end in literals:
        for piece, origin in _pieces(source.text, start + 1, end - 1):
            texts.append(piece)
            starts.append(length)
            origins.append(origin)
            length += len(piece)
    return Source("".join(texts), source.lines, starts, origins)


def _pieces(text: str, start: int, end: int) -> Iterator[tuple[str, int]]:
    at = start
    for escape in _ESCAPE.finditer(text, start, end):
        if escape.start() > at:
            yield text[at : escape.start()], at
        at = escape.end()
        if character := _character(escape):
            yield character, escape.start()
    if at < end:
        yield text[at:end], at


def _character(escape: re.Match[str]) -> str:
    if escape[1]:
        return chr(0x10000 + ((int(escape[1], 16) - 0xD800) << 10) + int(escape[2], 16) - 0xDC00)
    if escape[3]:
        code = int(escape[3], 16)
        return REPLACEMENT if 0xD800 <= code < 0xE000 or code == 0 else "" if code == 0x0D else chr(code)
    return _SIMPLE.get(escape[4], escape[4])
