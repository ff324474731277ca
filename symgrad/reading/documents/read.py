"""Reading a document: its format by its file's name, its bytes as text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from symgrad.errors import InputError
from symgrad.reading.documents.decoding import LARGEST, decoded, readable, too_large
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


def read_document(path: Path) -> Document:
    """The formulas of a file; raises OSError if it can't be opened.

    The suffix says the format; a suffix that is not known is read as Markdown. Files that LaTeX's \\input names are
    read too if they are in the file's own folder.
    """
    with path.open("rb") as file:
        data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        return Document(str(path), (), (too_large(str(path)),))
    return _document(decoded(data), str(path), _SUFFIXES.get(path.suffix.lower(), "markdown"), path)


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
