"""An epoch's batches: each sample once, in the order of the data or shuffled."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

#: Starts an epoch: for each batch in turn, the (name, values) pairs of the columns.
Batches: TypeAlias = Callable[[], Iterator[Iterable[tuple[str, Any]]]]


def batches(
    columns: Mapping[str, NDArray[Any]], count: int, size: int, generator: np.random.Generator | None
) -> Batches:
    """Return a function that starts the next epoch: batches of `size` samples, the last perhaps smaller.

    Columns of dimension 0, which are the same in every batch, are left out. With a generator each epoch has a
    new order.

    >>> epoch = batches({"x": np.arange(5.0)}, count=5, size=2, generator=None)
    >>> [dict(batch)["x"].tolist() for batch in epoch()]
    [[0.0, 1.0], [2.0, 3.0], [4.0]]
    """
    varying = {name: column for name, column in columns.items() if column.ndim}
    # One buffer a column, refilled each epoch: a batch is then a view, never a copy of its own.
    buffers = {name: np.empty_like(column) for name, column in varying.items()} if generator else varying
    split = _single if size == 1 and all(column.ndim == 1 for column in varying.values()) else _slices

    def epoch() -> Iterator[Iterable[tuple[str, Any]]]:
        if generator is not None:
            order = generator.permutation(count)
            for name, column in varying.items():
                # mode="clip" lets NumPy write to the buffer directly; the order is always in range.
                np.take(column, order, axis=0, out=buffers[name], mode="clip")
        return split(buffers, count, size)

    return epoch


def _slices(columns: Mapping[str, NDArray[Any]], count: int, size: int) -> Iterator[Iterable[tuple[str, Any]]]:
    for start in range(0, count, size):
        yield [(name, column[start : start + size]) for name, column in columns.items()]


def _single(columns: Mapping[str, NDArray[Any]], count: int, size: int) -> Iterator[Iterable[tuple[str, Any]]]:
    # One sample a step is scalar work, in which Python's floats are several times faster than NumPy's.
    names = tuple(columns)
    return (zip(names, row, strict=True) for row in zip(*map(np.ndarray.tolist, columns.values()), strict=True))
