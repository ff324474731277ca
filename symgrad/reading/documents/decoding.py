"""Bytes and characters made into text that can be read, with what was wrong with them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from symgrad.reading.documents.source import Lines
from symgrad.reading.documents.text import Place, Problem

LARGEST = 10_000_000  # bytes of one file
LARGEST_NOTEBOOK = 250_000_000  # nearly all of it being pictures and outputs, which are skipped
REPLACEMENT = "\ufffd"
_SURROGATE = re.compile("[\ud800-\udfff]")
_SURROGATES = re.compile("[\ud800-\udfff]+")


def too_large(file: str, most: int = LARGEST) -> Problem:
    """The problem of a file that has more than so many bytes."""
    limit = most // 1_000_000
    return Problem(Place(file, 1, 1), f"{file} is larger than {limit} MB and is not read: cut it into smaller files")


def decoded(data: bytes) -> str:
    r"""Bytes as UTF-8 text in which a byte that is none is a lone surrogate, as `readable` takes it.

    >>> decoded(b"a\xff")
    'a\udcff'
    """
    return data.decode("utf-8", errors="surrogateescape")


def readable(text: str, file: str) -> tuple[str, list[Problem]]:
    r"""Text with plain line ends, without what is no character, and the problems that this solves.

    >>> text, problems = readable("one\r\ntwo\x00", "a.md")
    >>> text, str(problems[0].place)
    ('one\ntwo�', 'a.md:2:4')
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    problems = list(_problems(text, file))
    return _SURROGATE.sub(REPLACEMENT, text.replace("\0", REPLACEMENT)), problems


def _problems(text: str, file: str) -> Iterator[Problem]:
    bad = _SURROGATE.search(text)
    if bad:
        count = len(text) - len(_SURROGATES.sub("", text))
        where = Lines.of(text, file).place(bad.start())
        what = f"the byte 0x{ord(bad[0]) - 0xDC00:02x} is" if "\udc80" <= bad[0] <= "\udcff" else "a character is"
        more = "" if count == 1 else f", and {count - 1} more after it"
        yield Problem(where, f"{what} not UTF-8{more}; it is read as {REPLACEMENT}: save the file as UTF-8")
    if "\0" in text:
        where, count = Lines.of(text, file).place(text.index("\0")), text.count("\0")
        what = "a NUL character is" if count == 1 else f"{count} NUL characters, the first here, are"
        yield Problem(where, f"{what} read as {REPLACEMENT}: delete {'it' if count == 1 else 'them'}")
