"""The matrix products of the BLAS that NumPy or SciPy has loaded."""

from __future__ import annotations

import ctypes
import functools
import importlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

#: The names under which libraries have cblas_dgemm and cblas_sgemm, and the bits of their whole numbers.
_NAMES = (
    ("scipy_cblas_{}gemm64_", 64),
    ("cblas_{}gemm64_", 64),
    ("cblas_{}gemm_64", 64),
    ("scipy_cblas_{}gemm", 32),
    ("cblas_{}gemm", 32),
)


@dataclass(frozen=True)
class Blas:
    """A BLAS: its file, the addresses of its products in double and single precision, and the bits of its integers."""

    file: str
    double: int
    single: int
    bits: int


@functools.cache
def find_blas() -> Blas | None:
    """The BLAS of NumPy, or of SciPy; None where there is none that can be called."""
    for file in _files():
        try:
            library = ctypes.CDLL(str(file))
        except OSError:
            continue
        for name, bits in _NAMES:
            if hasattr(library, name.format("d")) and hasattr(library, name.format("s")):
                addresses = (ctypes.cast(library[name.format(kind)], ctypes.c_void_p).value for kind in "ds")
                double, single = (address or 0 for address in addresses)
                return Blas(str(file), double, single, bits)
    return None


def _files() -> Iterator[Path]:
    """Shared libraries that may hold a BLAS: those beside NumPy and SciPy, then those that the process has loaded."""
    for package in ("numpy", "scipy"):
        if package not in sys.modules and package == "scipy":
            continue
        home = Path(importlib.import_module(package).__file__ or "").parent
        for folder in (home.parent / f"{package}.libs", home / ".dylibs", home / ".libs"):
            if folder.is_dir():
                yield from sorted(file for file in folder.iterdir() if "blas" in file.name)
    try:
        maps = Path("/proc/self/maps").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return
    found = dict.fromkeys(line.split(maxsplit=5)[-1] for line in maps.splitlines() if "/" in line)
    yield from (Path(name) for name in found if any(part in Path(name).name for part in ("blas", "mkl_rt")))
