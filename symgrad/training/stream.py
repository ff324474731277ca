"""Batches that come one by one: from an iterable of the user's, or as slices of arrays on disk."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from symgrad.errors import InputError

if TYPE_CHECKING:
    pass

Batch = Mapping[str, NDArray[Any]]


def is_stream(data: Any) -> bool:
    """Whether data is an iterable of batches rather than all samples at once.

    >>> is_stream([{"x": [1, 2]}, {"x": [3]}]), is_stream({"x": [1, 2]}), is_stream([1, 2])
    (True, False, False)
    """
    if isinstance(data, str | Mapping) or hasattr(data, "columns") or hasattr(data, "dtype"):
        return False
    if isinstance(data, Sequence):
        return bool(data) and isinstance(data[0], Mapping)
    return isinstance(data, Iterable)


class Batches:
    """The batches of an iterable, each checked; an iterator gives them once, anything else as often as it is asked."""

    def __init__(self, data: Iterable[Any], read: Callable[[Any], dict[str, NDArray[Any]]], epochs: int) -> None:
        once = iter(data) is data
        if once and epochs > 1:
            raise InputError(
                f"data: an iterator gives its batches once, but epochs={epochs}; give epochs=1, or an object that can "
                "be iterated again, such as a list or a class with __iter__"
            )
        self._data, self._read = data, read
        self._passes = iter(data)
        found = next(self._passes, None)
        if found is None:
            raise InputError("data: the iterable has no batches")
        self.first: dict[str, NDArray[Any]] = read(found)
        self._begun = False

    def __call__(self) -> Iterator[Batch]:
        """The batches of the next pass."""
        if not self._begun:  # the pass of which the first batch has been read already
            self._begun = True
            return itertools.chain([self.first], map(self._read, self._passes))
        return map(self._read, iter(self._data))


def on_disk(column: NDArray[Any]) -> bool:
    """Whether an array is a view of a memory-mapped file."""
    base: Any = column
    while base is not None and not isinstance(base, np.memmap):
        base = getattr(base, "base", None)
    return base is not None


class Slices:
    """The batches of columns some of which are on disk: only the rows of a batch are read."""

    def __init__(
        self,
        columns: Mapping[str, NDArray[Any]],
        samples: int,
        size: int,
        generator: np.random.Generator | None,
        read: Callable[[dict[str, NDArray[Any]]], dict[str, NDArray[Any]]],
    ) -> None:
        self._columns, self._samples, self._size = columns, samples, size
        self._generator, self._read = generator, read
        self.first = self._batch(slice(0, size))

    def __call__(self) -> Iterator[Batch]:
        """The batches of the next pass, in the order of the data or in a new one."""
        order = None if self._generator is None else self._generator.permutation(self._samples)
        for start in range(0, self._samples, self._size):
            rows = slice(start, start + self._size)
            yield self._batch(rows if order is None else order[rows])

    def _batch(self, rows: Any) -> dict[str, NDArray[Any]]:
        return self._read({name: column[rows] if column.ndim else column for name, column in self._columns.items()})
