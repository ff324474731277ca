"""The data of a fit, as one array a model input, whatever the user keeps it in."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from symgrad.errors import InputError
from symgrad.training.stream import on_disk
from symgrad.training.tables import table_columns
from symgrad.training.words import did_you_mean, listing

#: A mapping of arrays, the path of a CSV or Parquet file, or a table with columns by name (pandas, Polars, Arrow, a
#: NumPy structured array); None for a model without data.
Data: TypeAlias = "Mapping[str, Any] | str | os.PathLike[str] | Any | None"

_PIECE = 2**18  # entries that are looked at together: few enough for a processor's cache


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
    if isinstance(data, Mapping):
        for name in data:
            if name not in inputs:
                raise InputError(
                    f"data: the model has no input called {name!r}{did_you_mean(name, inputs)}; "
                    f"its inputs are {listing(inputs)}"
                )
    found = table_columns({} if data is None else data, inputs)
    read = {name: number_array(values, f"{found.label}: {name}") for name, values in found.columns.items()}
    _check_lengths(read, found.label)
    return Samples(read, found.names, found.label)


def columns(table: Data, /, **inputs: str | Sequence[str]) -> dict[str, NDArray[Any]]:
    """Columns of a table, or of a file, under the names of a model's inputs: `columns(file, x="height", y="weight")`.

    A list of columns makes a matrix (samples, columns), for an input with two axes. `table` is anything that `fit`
    takes: a mapping, a data frame, the path of a CSV or Parquet file. What is returned is data for `fit`. Raises
    InputError for a column that isn't there, or isn't finite numbers.

    >>> columns({"a": [1, 2], "b": [3, 4], "price": [5, 6]}, X=["a", "b"], y="price")["X"]
    array([[1., 3.],
           [2., 4.]])
    """
    wanted = {each for name in inputs.values() for each in ([name] if isinstance(name, str) else name)}
    found = table_columns({} if table is None else table, wanted)
    missing = sorted(map(str, wanted - found.columns.keys()))
    if missing:
        raise InputError(
            f"{found.label}: no column is called {missing[0]!r}{did_you_mean(missing[0], found.names)}; "
            f"it has {listing(found.names)}"
        )
    arrays = {name: number_array(values, f"{found.label}: {name}") for name, values in found.columns.items()}
    _check_lengths(arrays, found.label)
    made: dict[str, NDArray[Any]] = {}
    for name, parts in inputs.items():
        if isinstance(parts, str):
            made[name] = arrays[parts]
            continue
        if not parts:
            raise InputError(f"{name}=[] makes no matrix; name its columns")
        for part in parts:
            if arrays[part].ndim != 1:
                raise InputError(
                    f"{found.label}: {part} has shape {arrays[part].shape}; a column of a matrix has one number a row"
                )
        made[name] = np.stack([arrays[part] for part in parts], axis=1)
    return made


def number_array(values: Any, where: str) -> NDArray[Any]:
    """Turn `values` into an array of finite floats, or raise an InputError that begins with `where`.

    Floating-point arrays keep their precision and aren't copied unless they are strided. Memory-mapped arrays are
    never copied: those of whole numbers stay as they are, and strided ones too.
    """
    if isinstance(values, np.ma.MaskedArray):
        values = np.ma.filled(values.astype(np.float64), np.nan)
    try:
        array = np.asarray(values)
        if (
            array.dtype.kind == "O"
            and array.ndim == 1
            and len(array)
            and isinstance(array[0], list | tuple | np.ndarray)
        ):
            array = np.stack(array.tolist())  # a table's column of vectors
    except ValueError as error:
        raise InputError(f"{where} is ragged; every sample must have the same shape") from error
    if on_disk(array) and array.dtype.kind in "biu":
        return array  # made floats batch by batch
    if array.dtype.kind in "biuO":
        array = _floats(array, where)
    elif array.dtype.kind != "f":
        raise InputError(f"{where} holds {_kind(array)}, not numbers{_first(array)}")
    _check_finite(array, where)
    return np.ascontiguousarray(array) if array.ndim and not on_disk(array) else array


def _check_finite(array: NDArray[Any], where: str) -> None:
    """Raises InputError for what isn't finite; an array that is larger than memory is read in pieces."""
    if array.ndim == 0:
        if not np.isfinite(array):
            raise InputError(f"{where} is {array[()]}; leave out what isn't a finite number")
        return
    rows = max(1, _PIECE * len(array) // max(array.size, 1))
    count, first = 0, None
    for start in range(0, len(array), rows):
        finite = np.isfinite(array[start : start + rows])
        if finite.all():
            continue
        count += finite.size - int(np.count_nonzero(finite))
        if first is None:
            place = np.argwhere(~finite)[0].tolist()
            first = (start + place[0], *place[1:])
    if first is not None:
        more = f" (and {count - 1} more)" if count > 1 else ""
        index = ", ".join(map(str, first))
        raise InputError(f"{where}[{index}] is {array[first]}{more}; leave out what isn't a finite number")


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
