"""Reading a document: its format by its file's name, its bytes as text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from symgrad.errors import InputError
from symgrad.reading.documents.decoding import LARGEST, LARGEST_NOTEBOOK, decoded, readable, too_large
from symgrad.reading.documents.found import Item, document
from symgrad.reading.documents.html import html_page
from symgrad.reading.documents.latex import latex
from symgrad.reading.documents.markdown import markdown
from symgrad.reading.documents.notebook import notebook
from symgrad.reading.documents.rst import rst
from symgrad.reading.documents.source import Source
from symgrad.reading.documents.text import Document

KINDS = ("markdown", "latex", "rst", "notebook", "html")
_SUFFIXES = {
    ".tex": "latex",
    ".ltx": "latex",
    ".rst": "rst",
    ".ipynb": "notebook",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
}
_HEAD = 10_000  # characters that a kind is guessed from
_BEGINNINGS = {
    "notebook": re.compile(r'\s*\{\s*"(?:cells|metadata|nbformat|nbformat_minor)"\s*:'),
    "html": re.compile(r"\s*(?:<\?xml[^>]*>\s*)?<(?:!doctype\s+html|html)\b", re.IGNORECASE),
    "latex": re.compile(r"(?:\s*%[^\n]*\n)*\s*\\(?:documentclass|begin\{document\})"),
    "rst": re.compile(r"(?:[^\n]*\n)*?[ \t]*\.\.[ ](?:math|\w[\w-]*)::"),
}


def read_document(path: Path) -> Document:
    """The formulas of a file; raises OSError if it can't be opened.

    The suffix says the format; a suffix that is not known is read as Markdown. Files that LaTeX's \\input names are
    read too if they are in the file's own folder.
    """
    kind = _SUFFIXES.get(path.suffix.lower(), "markdown")
    with path.open("rb") as file:
        return _bounded(file, str(path), kind, path)


def read_stream(stream: BinaryIO, name: str = "") -> Document:
    """The formulas of a stream, such as standard input; the suffix of `name` says the format, else its text does."""
    return _bounded(stream, name or "<stdin>", _SUFFIXES.get(Path(name).suffix.lower()) if name else None, None)


def _bounded(stream: BinaryIO, file: str, kind: str | None, path: Path | None) -> Document:
    """The formulas of bytes, of which no more are read than a document may have."""
    data = stream.read(LARGEST + 1)
    if len(data) > LARGEST and (kind or guessed(decoded(data[:_HEAD]))) == "notebook":
        data += stream.read(LARGEST_NOTEBOOK - LARGEST)
        if len(data) > LARGEST_NOTEBOOK:
            return Document(file, (), (too_large(file, LARGEST_NOTEBOOK),))
    elif len(data) > LARGEST:
        return Document(file, (), (too_large(file),))
    text = decoded(data)
    del data  # of a large notebook, which is in memory often enough
    return _document(text, file, kind or guessed(text), path)


def guessed(text: str) -> str:
    r"""The kind of a text that has no file name, by how it begins; Markdown where nothing says more.

    >>> [guessed(text) for text in (r"\documentclass{article}", "<!doctype html>", '{"cells": []}', "# Title")]
    ['latex', 'html', 'notebook', 'markdown']
    """
    return next((kind for kind, beginning in _BEGINNINGS.items() if beginning.match(text, 0, _HEAD)), "markdown")


def read_text(text: str, file: str, kind: str = "markdown") -> Document:
    """The formulas of a text that came from elsewhere; raises InputError for a kind that isn't one of KINDS.

    >>> [fragment.text.text for fragment in read_text("$x$ and $y$", "-").fragments]
    ['x', 'y']
    """
    if kind not in KINDS:
        raise InputError(f"a document's kind is {', '.join(KINDS[:-1])} or {KINDS[-1]}, not {kind!r}")
    if len(text) > LARGEST:
        return Document(file, (), (too_large(file),))
    return _document(text, file, kind, None)


def _document(text: str, file: str, kind: str, path: Path | None) -> Document:
    text, problems = readable(text, file)
    return document(file, [*problems, *_items(Source.of(text, file), kind, path)])


def _items(source: Source, kind: str, path: Path | None) -> Iterator[Item]:
    if kind == "latex":
        return latex(source, path)
    if kind == "markdown":
        return markdown(source, front_matter=True)
    return {"rst": rst, "notebook": notebook, "html": html_page}[kind](source)
