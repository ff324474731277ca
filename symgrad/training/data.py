"""The data of a fit, as one array a model input, whatever the user keeps it in."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from symgrad.errors import InputError
from symgrad.training.csvfile import read_csv
from symgrad.training.words import did_you_mean, listing

#: A mapping of arrays, the path of a CSV file, or a table with columns by name (pandas, Polars, Arrow, a
#: NumPy structured array); None for a model without data.
Data: TypeAlias = "Mapping[str, Any] | str | os.PathLike[str] | Any | None"


@dataclass(frozen=True)
class Samples:
    """Checked data: an array (samples, ...) or a constant for each column that the model has as an input."""

    columns: dict[str, NDArray[Any]]
    names: tuple[str, ...]
    label: str

    @property
    def count(self) -> int:
        """The number of samples; 1 when everything is constant."""
        return next((len(column) for column in self.columns.values() if column.ndim), 1)


def read_data(data: Data, inputs: Collection[str]) -> Samples:
    """Read and check what `data` has of the model's inputs.

    A mapping may hold nothing else, so that a misspelt name is noticed; a file or a table may have more
    columns. A single number in a mapping stays the same for every sample. Raises InputError for anything that
    isn't finite numbers, and for columns that differ in length.

    >>> samples = read_data({"x": [1, 2, 3], "y": 0}, inputs=["x", "y", "w"])
    >>> samples.count, samples.columns["x"]
    (3, array([1., 2., 3.]))
    """
    names, raw, label = _open(data, inputs)
    columns = {name: number_array(values, f"{label}: {name}") for name, values in raw.items()}
    _check_lengths(columns, label)
    return Samples(columns, names, label)


def _open(data: Data, inputs: Collection[str]) -> tuple[tuple[str, ...], dict[str, Any], str]:
    if data is None:
        return (), {}, "data"
    if isinstance(data, str | os.PathLike):
        header, columns = read_csv(data, inputs)
        return header, dict(columns), os.fspath(data)
    if isinstance(data, Mapping):
        for name in data:
            if name not in inputs:
                raise InputError(
                    f"data: the model has no input called {name!r}{did_you_mean(name, inputs)}; "
                    f"its inputs are {listing(inputs)}"
                )
        return tuple(data), dict(data), "data"
    names = _table_names(data)
    try:
        return names, {name: data[name] for name in names if name in inputs}, "data"
    except (TypeError, LookupError) as error:
        raise InputError(f"data: a {type(data).__name__} doesn't give its columns by name: {error}") from error


def _table_names(table: Any) -> tuple[str, ...]:
    # Arrow's `columns` are the arrays themselves, so `column_names` comes first; the last is NumPy's own.
    for names in (
        getattr(table, "column_names", None),
        getattr(table, "columns", None),
        getattr(getattr(table, "dtype", None), "names", None),
    ):
        if isinstance(names, Iterable) and hasattr(table, "__getitem__"):
            return tuple(names)
    raise InputError(
        f"data: a {type(table).__name__} has no columns by name; give a mapping such as "
        "{'x': [...], 'y': [...]}, the path of a CSV file, or a data frame"
    )


def number_array(values: Any, where: str) -> NDArray[Any]:
    """Turn `values` into an array of finite floats, or raise an InputError that begins with `where`.

    Floating-point arrays keep their precision and aren't copied unless they are strided.
    """
    if isinstance(values, np.ma.MaskedArray):
        values = np.ma.filled(values.astype(np.float64), np.nan)
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise InputError(f"{where} is ragged; every sample must have the same shape") from error
    if array.dtype.kind in "biuO":
        array = _floats(array, where)
    elif array.dtype.kind != "f":
        raise InputError(f"{where} holds {_kind(array)}, not numbers{_first(array)}")
    finite = np.isfinite(array)
    if not finite.all():
        count = array.size - int(np.count_nonzero(finite))
        place = tuple(int(i) for i in np.argwhere(~finite)[0])
        index = f"[{', '.join(map(str, place))}]" if place else ""
        more = f" (and {count - 1} more)" if count > 1 else ""
        raise InputError(f"{where}{index} is {array[place]}{more}; leave out what isn't a finite number")
    return np.ascontiguousarray(array) if array.ndim else array


def _floats(array: NDArray[Any], where: str) -> NDArray[np.float64]:
    if array.dtype.kind == "O":
        # NumPy would turn "1.5" into a number and None into nan; what isn't a number is named instead.
        for place, value in np.ndenumerate(array):
            if isinstance(value, str | bytes | complex) or not hasattr(value, "__float__"):
                index = f"[{', '.join(map(str, place))}]" if place else ""
                raise InputError(f"{where}{index} is {value!r}, not a number")
    try:
        return array.astype(np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError(f"{where} can't be turned into floating-point numbers: {error}") from error


def _kind(array: NDArray[Any]) -> str:
    kinds = {"U": "text", "S": "text", "T": "text", "c": "complex numbers", "M": "dates", "m": "time spans"}
    return kinds.get(array.dtype.kind, f"values of type {array.dtype}")


def _first(array: NDArray[Any]) -> str:
    return f": the first is {array.flat[0].item()!r}" if array.size else ""


def _check_lengths(columns: Mapping[str, NDArray[Any]], label: str) -> None:
    lengths = {name: len(column) for name, column in columns.items() if column.ndim}
    empty = [name for name, length in lengths.items() if not length]
    if empty:
        raise InputError(f"{label}: no samples; {empty[0]} is empty")
    if len(set(lengths.values())) > 1:
        counts = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        raise InputError(f"{label}: columns of different lengths: {counts}; each row is one sample")
