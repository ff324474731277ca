"""Arrays handed over to C: their addresses, and memory that begins where vectors do."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def address(array: NDArray[Any] | None) -> ctypes.c_void_p:
    """Where an array begins; a null pointer for None."""
    return ctypes.c_void_p(None if array is None else array.__array_interface__["data"][0])


def addresses(arrays: Sequence[NDArray[Any]]) -> Any:
    """Where several arrays begin, as an array of pointers."""
    return (ctypes.c_void_p * max(len(arrays), 1))(*(array.__array_interface__["data"][0] for array in arrays))


def aligned(count: int, kind: np.dtype[Any]) -> NDArray[Any]:
    """Memory for numbers that begins at a multiple of 64 bytes."""
    raw = np.zeros(count * kind.itemsize + 64, np.uint8)
    start = -raw.ctypes.data % 64
    return raw[start : start + count * kind.itemsize].view(kind)
