"""The BLAS that NumPy has loaded, as functions for C, and its threads."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

SUFFIXES = ("64_", "64", "_64", "")  # of a BLAS with whole numbers of 64 bits, and of one with 32


@dataclass(frozen=True)
class Blas:
    """A loaded BLAS: its file, the affixes of its names, and the C type of its whole numbers."""

    path: str
    library: ctypes.CDLL
    prefix: str
    suffix: str

    @property
    def whole(self) -> str:
        """The C type of a size."""
        return "int64_t" if self.suffix else "int32_t"

    def product(self, kind: str) -> ctypes.c_void_p:
        """The address of the matrix product for s (float32) or d (float64)."""
        return ctypes.cast(self.library[f"{self.prefix}cblas_{kind}gemm{self.suffix}"], ctypes.c_void_p)

    def set_threads(self, count: int) -> bool:
        """Let it use so many threads; False where it isn't an OpenBLAS, whose name for this is known."""
        for name in (f"{self.prefix}openblas_set_num_threads{self.suffix}", "openblas_set_num_threads"):
            if hasattr(self.library, name):
                self.library[name](count)
                return True
        return False

    @property
    def words(self) -> str:
        """What it says of itself, or its file's name."""
        name = f"{self.prefix}openblas_get_config{self.suffix}"
        if not hasattr(self.library, name):
            return Path(self.path).name
        ask = self.library[name]
        ask.restype = ctypes.c_char_p
        return str(ask().decode()).strip()


@cache
def loaded() -> Blas | None:
    """NumPy's BLAS, or else SciPy's; None where no library with the C names of BLAS is found."""
    for path in _candidates():
        try:
            library = ctypes.CDLL(path)
        except OSError:
            continue
        for prefix in ("scipy_", ""):
            for suffix in SUFFIXES:
                if hasattr(library, f"{prefix}cblas_dgemm{suffix}"):
                    return Blas(path, library, prefix, suffix)
    return None


def _candidates() -> Iterator[str]:
    site = Path(np.__file__).parent
    for folder in (site.parent / "numpy.libs", site / ".dylibs", site.parent / "scipy.libs"):
        yield from sorted(str(file) for file in folder.glob("*blas*"))
    maps = Path("/proc/self/maps")
    if maps.exists():  # a BLAS of the system, which NumPy has loaded
        files = {
            line.split(maxsplit=5)[-1] for line in maps.read_text().splitlines() if "blas" in line or "mkl_rt" in line
        }
        yield from sorted(file for file in files if file.startswith("/"))
    if sys.platform == "darwin":
        yield "/System/Library/Frameworks/Accelerate.framework/Accelerate"
