"""Formulas in the Markdown cells of a Jupyter notebook, with their places in the notebook's file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

from symgrad.reading.documents.found import Item
from symgrad.reading.documents.jsonscan import strings, unescaped
from symgrad.reading.documents.markdown import markdown
from symgrad.reading.documents.source import Source
from symgrad.reading.documents.text import Problem


def notebook(source: Source) -> Iterator[Item]:
    r"""What a notebook's Markdown cells have for a checker.

    >>> cell = '{"cells": [{"cell_type": "markdown", "source": ["$\\\\pi$"]}]}'
    >>> item, = notebook(Source.of(cell, "n.ipynb"))
    >>> item.text.text, item.text.place(0).column, item.text.place(0).cell
    ('\\pi', 51, 1)
    """
    problem = _problem(source)
    if problem:
        yield problem
        return
    for number, literals in _markdown_cells(source.text):
        text = unescaped(source, literals)
        yield from markdown(replace(text, lines=replace(source.lines, cell=number)))


def _problem(source: Source) -> Problem | None:
    """What keeps a text from being a notebook."""
    offset, message = 0, ""
    try:
        content = json.loads(source.text, parse_int=float)
        if not isinstance(content, dict) or not isinstance(content.get("cells"), list):
            message = 'this is no notebook: it has no list of "cells"; save it with Jupyter in format 4'
    except json.JSONDecodeError as error:
        offset, message = error.pos, f"this is not valid JSON ({error.msg}): save the notebook again"
    except RecursionError:
        message = "this JSON is nested too deeply to be a notebook: save the notebook again"
    return Problem(source.place(offset), message) if message else None


def _markdown_cells(text: str) -> Iterator[tuple[int, list[tuple[int, int]]]]:
    """The number of each Markdown cell, from 1, and the strings that its source is made of."""
    number, markdown_cell = 0, False
    literals: list[tuple[int, int]] = []
    for path, start, end in strings(text):
        if path[0] != "cells" or len(path) < 3 or not isinstance(path[1], int):
            continue
        if path[1] + 1 != number:
            if markdown_cell:
                yield number, literals
            number, markdown_cell, literals = path[1] + 1, False, []
        if path[2:] == ("cell_type",):
            markdown_cell = text[start:end] == '"markdown"'
        elif path[2] == "source" and len(path) <= 4:
            literals.append((start, end))
    if markdown_cell:
        yield number, literals
