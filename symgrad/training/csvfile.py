"""Numeric columns out of a CSV file, with every bad cell named by line and column."""

from __future__ import annotations

import csv
import math
import os
from array import array
from collections.abc import Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symgrad.errors import InputError


def read_csv(
    path: str | os.PathLike[str], wanted: Collection[str]
) -> tuple[tuple[str, ...], dict[str, NDArray[np.float64]]]:
    """Read the wanted columns of a CSV file: the header's names, and an array (rows,) for each wanted one.

    The first row names the columns. Commas, semicolons or tabs separate cells, whichever the header uses;
    columns that aren't wanted may hold anything. Raises InputError for a file that can't be read and for a
    wanted cell that isn't a finite number.
    """
    label = os.fspath(path)
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            first = file.readline()
            separator = max(",;\t", key=first.count)
            header = tuple(name.strip() for name in next(csv.reader([first], delimiter=separator), []))
            rows = csv.reader(file, delimiter=separator)
            return header, _columns(label, header, rows, wanted)
    except OSError as error:
        raise InputError(f"{label}: the data can't be opened: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{label}: not UTF-8 text ({error.reason}); save the file as UTF-8") from error
    except csv.Error as error:
        raise InputError(f"{label}: not a CSV file: {error}") from error


def _columns(label: str, header: tuple[str, ...], rows: Any, wanted: Collection[str]) -> dict[str, NDArray[np.float64]]:
    if not any(header):
        raise InputError(f"{label}, line 1: no header; the first row must name the columns")
    twice = next((name for name in header if name in wanted and header.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"{label}, line 1: two columns are called {twice!r}; rename one")
    places = [(place, name) for place, name in enumerate(header) if name in wanted]
    cells = {name: array("d") for _, name in places}
    # csv counts lines from the one it was given first, which is the line after the header.
    for row in rows:
        if not row:
            continue
        line = rows.line_num + 1
        if len(row) != len(header):
            raise InputError(f"{label}, line {line}: {len(row)} cells, but the header has {len(header)}")
        for place, name in places:
            cells[name].append(_number(row[place], f"{label}, line {line}, column {name!r}"))
    return {name: np.asarray(column) for name, column in cells.items()}


def _number(text: str, where: str) -> float:
    try:
        number = float(text)
    except ValueError:
        if not text.strip():
            raise InputError(f"{where}: the cell is empty; fill it in or leave the row out") from None
        hint = "; decimals are written with a point" if "," in text else ""
        raise InputError(f"{where}: {text!r} is not a number{hint}") from None
    if not math.isfinite(number):
        raise InputError(f"{where}: {text.strip()!r} is not a finite number; leave the row out")
    return number
