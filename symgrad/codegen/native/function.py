"""One kernel as a function that Python can call."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symgrad.codegen.native.blas import find_blas
from symgrad.codegen.native.compiler import library
from symgrad.codegen.native.kernel import Kernel
from symgrad.codegen.native.memory import address, addresses, aligned
from symgrad.codegen.native.source import source
from symgrad.codegen.native.training import all_columns, entry, workspace


class Library:
    """A compiled C file with its workspace and its matrix products."""

    def __init__(self, title: str, kernels: Sequence[Kernel], parts: Sequence[str], called: set[str]) -> None:
        begin = perf_counter()
        self.single = kernels[0].single
        self.real: np.dtype[Any] = np.dtype(np.float32 if self.single else np.float64)
        self.blas = find_blas()
        texts = [kernel.text for kernel in kernels]
        called = called.union(*(kernel.called for kernel in kernels))
        bits = self.blas.bits if self.blas else None
        every = [*texts, *parts, workspace(kernels, "workspace")]
        self.source = source(title, called, every, self.single, bits)
        self.functions, self.known = library(self.source)
        if "product" in called and self.blas is not None:
            self.functions.use_blas(ctypes.c_void_p(self.blas.single if self.single else self.blas.double))
        self.functions.workspace.restype = ctypes.c_long
        self._work: dict[tuple[int, ...], tuple[NDArray[Any], ctypes.c_void_p]] = {}
        self.seconds = perf_counter() - begin

    def work(self, sizes: tuple[int, ...]) -> ctypes.c_void_p:
        """Where the workspace for lengths that vary begins; that for the last ones is kept."""
        if sizes not in self._work:
            self._work.clear()
            count = self.functions.workspace((ctypes.c_long * max(len(sizes), 1))(*sizes))
            array = aligned(count, self.real)
            self._work[sizes] = array, address(array)
        return self._work[sizes][1]


class Function:
    """A kernel as a function of data and parameters that fills an array of outputs."""

    def __init__(self, title: str, kernel: Kernel) -> None:
        self.kernel = kernel
        self.library = Library(title, [kernel], [entry(kernel, "call")], set())
        self._call = self.library.functions.call
        self._call.restype = ctypes.c_double

    def __call__(
        self, sizes: tuple[int, ...], columns: Mapping[str, NDArray[Any]], theta: NDArray[Any], out: NDArray[Any]
    ) -> float:
        """What the kernel returns, 0 if nothing."""
        return float(
            self._call(
                (ctypes.c_long * max(len(sizes), 1))(*sizes),
                addresses([columns[name] for name in all_columns(self.kernel)]),
                address(theta),
                address(out),
                self.library.work(sizes),
            )
        )
