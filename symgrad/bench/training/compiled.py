"""The hand-written C of this benchmark, compiled for this machine at run time."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from symgrad.bench.training.cases import Array

SOURCES = Path(__file__).parent / "c"
# fast-math without reordering across roundings: exponential.h adds and subtracts a large number on purpose
FLAGS = ("-O3", "-march=native", "-ffast-math", "-fno-associative-math", "-fopenmp-simd", "-shared", "-fPIC")


def compiler() -> str | None:
    """The C compiler: $CC, or the first of gcc, cc and clang that is installed; None without one."""
    return next(
        (found for name in (os.environ.get("CC"), "gcc", "cc", "clang") if name and (found := shutil.which(name))), None
    )


@cache
def library(source: str, definitions: tuple[str, ...] = (), links: tuple[str, ...] = ()) -> ctypes.CDLL:
    """A C file of this benchmark as a library; raises CalledProcessError with the compiler's words."""
    command = compiler()
    assert command  # the caller has asked
    with TemporaryDirectory() as folder:
        target = Path(folder) / "library.so"
        defined = [f"-D{definition}" for definition in definitions]
        words = [command, *FLAGS, *defined, str(SOURCES / source), "-o", str(target), *links, "-lm"]
        subprocess.run(words, check=True, capture_output=True, text=True)
        return ctypes.CDLL(str(target))  # stays loaded when the file is gone


def pointer(array: Array | None) -> ctypes.c_void_p:
    """An array's numbers for C; NULL for None."""
    return ctypes.c_void_p(None if array is None else array.ctypes.data)
