"""An epoch's batches: each sample once, in the order of the data or shuffled."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Batch: TypeAlias = dict[str, Any]


def epochs_of(
    columns: Mapping[str, NDArray[Any]], count: int, size: int, generator: np.random.Generator | None
) -> Callable[[], Iterator[Batch]]:
    """Return a function that starts the next epoch: batches of `size` samples, the last perhaps smaller.

    Columns of dimension 0 are the same in every batch. With a generator each epoch has a new order.

    >>> epoch = epochs_of({"x": np.arange(5.0)}, count=5, size=2, generator=None)
    >>> [batch["x"].tolist() for batch in epoch()]
    [[0.0, 1.0], [2.0, 3.0], [4.0]]
    """
    constant = {name: column.item() for name, column in columns.items() if not column.ndim}
    varying = {name: column for name, column in columns.items() if column.ndim}
    # One buffer a column, refilled each epoch: a batch is then a view, never a copy of its own.
    buffers = {name: np.empty_like(column) for name, column in varying.items()} if generator else varying
    split = _single if size == 1 and all(column.ndim == 1 for column in varying.values()) else _slices

    def epoch() -> Iterator[Batch]:
        if generator is not None:
            order = generator.permutation(count)
            for name, column in varying.items():
                # mode="clip" lets NumPy write to the buffer directly; the order is always in range.
                np.take(column, order, axis=0, out=buffers[name], mode="clip")
        return split(buffers, constant, count, size)

    return epoch


def _slices(columns: Mapping[str, NDArray[Any]], constant: Batch, count: int, size: int) -> Iterator[Batch]:
    for start in range(0, count, size):
        yield {**constant, **{name: column[start : start + size] for name, column in columns.items()}}


def _single(columns: Mapping[str, NDArray[Any]], constant: Batch, count: int, size: int) -> Iterator[Batch]:
    # One sample a step is scalar work, in which Python's floats are several times faster than NumPy's.
    names = tuple(columns)
    for values in zip(*(column.tolist() for column in columns.values()), strict=True):
        yield {**constant, **dict(zip(names, values, strict=True))}
