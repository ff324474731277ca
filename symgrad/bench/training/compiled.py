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
FLAGS = ("-O3", "-march=native", "-ffast-math", "-fno-associative-math", "-fopenmp-simd", "-fPIC")


def compiler() -> str | None:
    """The C compiler: $CC, or the first of gcc, cc and clang that is installed; None without one."""
    return next(
        (found for name in (os.environ.get("CC"), "gcc", "cc", "clang") if name and (found := shutil.which(name))), None
    )


@cache
def library(source: str, definitions: tuple[str, ...] = (), links: tuple[str, ...] = ()) -> ctypes.CDLL:
    """A C file of this benchmark as a library; raises CalledProcessError with the compiler's words."""
    return loaded(SOURCES / source, tuple(f"-D{definition}" for definition in definitions), links)


def loaded(file: Path, flags: tuple[str, ...] = (), links: tuple[str, ...] = ()) -> ctypes.CDLL:
    """A C file as a library; raises CalledProcessError with the compiler's words.

    It is linked apart: told of fast-math, a linker adds what makes subnormal numbers 0 in the whole process.
    """
    command = compiler()
    assert command  # the caller has asked
    with TemporaryDirectory() as folder:
        made, target = str(Path(folder) / "library.o"), str(Path(folder) / "library.so")
        for words in ([*FLAGS, *flags, "-c", str(file), "-o", made], ["-shared", made, "-o", target, *links, "-lm"]):
            subprocess.run([command, *words], check=True, capture_output=True, text=True)
        return ctypes.CDLL(target)  # stays loaded when the file is gone


def pointer(array: Array | None) -> ctypes.c_void_p:
    """An array's numbers for C; NULL for None."""
    return ctypes.c_void_p(None if array is None else array.ctypes.data)
