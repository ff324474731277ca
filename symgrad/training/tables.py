"""Columns by name out of a table, in memory or in a file."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from symgrad.errors import InputError, SymgradError
from symgrad.training.csvfile import read_csv


class Found(NamedTuple):
    """The names of all columns of a table, the wanted ones that it has, and what an error calls it."""

    names: tuple[str, ...]
    columns: dict[str, Any]
    label: str


def table_columns(table: Any, wanted: Collection[str]) -> Found:
    """The wanted columns of a table, as far as it has them; nothing else of it is read.

    A table is a mapping, the path of a CSV file or of a Parquet file (.parquet or .pq), or anything that gives
    columns by name: a data frame of pandas or Polars, a table of Arrow, a structured array of NumPy.  Raises InputError
    for anything else, for a file that can't be read, and where two wanted columns have one name.

    >>> table_columns({"x": [1.0], "name": ["Ada"]}, ["x", "y"])
    Found(names=('x', 'name'), columns={'x': [1.0]}, label='data')
    """
    if isinstance(table, str | os.PathLike):
        if os.fspath(table).lower().endswith((".parquet", ".pq")):
            return _read_parquet(table, wanted)
        header, columns = read_csv(table, wanted)
        return Found(header, dict(columns), os.fspath(table))
    names = tuple(table) if isinstance(table, Mapping) else _names(table)
    _check_once(names, wanted, "data")
    try:
        return Found(names, {name: table[name] for name in names if name in wanted}, "data")
    except (TypeError, LookupError) as error:
        hint = "; collect it first" if hasattr(table, "collect") else ""
        raise InputError(f"data: a {type(table).__name__} doesn't give its columns by name{hint}: {error}") from error


def _names(table: Any) -> tuple[str, ...]:
    # Arrow's `columns` are the arrays themselves, so `column_names` comes first; the last is NumPy's own.  A Polars
    # table that isn't read yet would work out its columns, with a warning.
    attributes = ("column_names", "columns") if not hasattr(table, "collect_schema") or hasattr(table, "height") else ()
    if not attributes and hasattr(table, "collect"):
        raise InputError(f"data: a {type(table).__name__} isn't read yet; give its collect()")
    for names in (
        *(getattr(table, attribute, None) for attribute in attributes),
        getattr(getattr(table, "dtype", None), "names", None),
    ):
        if isinstance(names, Iterable) and hasattr(table, "__getitem__"):
            return tuple(names)
    raise InputError(
        f"data: a {type(table).__name__} has no columns by name; give a mapping such as "
        "{'x': [...], 'y': [...]}, the path of a CSV or Parquet file, or a data frame"
    )


def _check_once(names: tuple[str, ...], wanted: Collection[str], label: str) -> None:
    twice = next((name for name in names if name in wanted and names.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"{label}: two columns are called {twice!r}; rename one")


def _read_parquet(path: str | os.PathLike[str], wanted: Collection[str]) -> Found:
    label = os.fspath(path)
    try:
        from pyarrow import ArrowException, parquet
    except ImportError as error:
        raise SymgradError(f"{label}: reading Parquet needs pyarrow: pip install 'symgrad[parquet]'") from error
    try:
        with open(path, "rb") as stream, parquet.ParquetFile(stream) as file:
            names = tuple(file.schema_arrow.names)
            _check_once(names, wanted, label)
            table = file.read(columns=[name for name in names if name in wanted])
    except OSError as error:
        raise InputError(f"{label}: the data can't be opened: {error.strerror or error}") from error
    except ArrowException as error:
        raise InputError(f"{label}: not a Parquet file: {error}") from error
    return Found(names, {name: _array(table[name], f"{label}: {name}") for name in table.column_names}, label)


def _array(column: Any, where: str) -> Any:
    """A column of Arrow as an array; raises InputError for a cell without a value."""
    if column.null_count:
        row = int(np.argmax(np.asarray(column.is_null())))
        more = f" (and {column.null_count - 1} more)" if column.null_count > 1 else ""
        raise InputError(f"{where}[{row}] is missing{more}; fill it in or leave the row out")
    return np.asarray(column)
