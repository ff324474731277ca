"""An epoch's samples in a given order, and as batches: views of buffers that are filled anew each epoch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Shuffled:
    """The columns that have an entry for each sample.

    >>> epoch = Shuffled({"x": np.arange(5.0)}, batch=2)
    >>> [x.tolist() for x, in epoch.batches(np.array([4, 3, 2, 1, 0]))]
    [[4.0, 3.0], [2.0, 1.0], [0.0]]
    """

    def __init__(self, columns: Mapping[str, NDArray[Any]], batch: int) -> None:
        self._columns = [column for column in columns.values() if column.ndim]
        self._batch = batch
        self._buffers: list[NDArray[Any]] = []
        self._views: dict[bool, list[tuple[NDArray[Any], ...]]] = {}

    def columns(self, order: NDArray[np.intp] | None) -> list[NDArray[Any]]:
        """Each column in the order; None is the order of the data."""
        if order is None:
            return self._columns
        if not self._buffers:
            self._buffers = [np.empty_like(column) for column in self._columns]
        for column, buffer in zip(self._columns, self._buffers, strict=True):
            # mode="clip" lets NumPy write to the buffer directly; the order is always in range.
            np.take(column, order, axis=0, out=buffer, mode="clip")
        return self._buffers

    def batches(self, order: NDArray[np.intp] | None) -> list[tuple[NDArray[Any], ...]]:
        """The batches, each with one array a column; the last may be shorter."""
        columns = self.columns(order)
        if (order is None) not in self._views:
            samples = len(columns[0]) if columns else 1
            starts = range(0, samples, self._batch)
            self._views[order is None] = [tuple(c[start : start + self._batch] for c in columns) for start in starts]
        return self._views[order is None]
