"""The system's C compiler, and the libraries that it has made, kept on disk for the next process."""

from __future__ import annotations

import ctypes
import functools
import hashlib
import importlib.util
import os
import platform
import shlex
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from symgrad.codegen.native.unsupported import NativeError

#: Arithmetic may be reordered, but NaN and infinity stay what they are.  Not -ffast-math itself: with some versions
#: of GCC it also changes the rounding of the whole process.
_FLAGS = (
    "-std=gnu11 -fPIC -shared -fvisibility=hidden -fno-math-errno -fno-trapping-math -fassociative-math "
    "-freciprocal-math -fno-signed-zeros -ffp-contract=fast -fno-tree-slp-vectorize"
)
FLAGS = tuple(_FLAGS.split())
LONG = 500  # lines of C from which a compiler is asked to take less time over it
SECONDS = 120  # after which a compiler is taken to hang


@dataclass(frozen=True)
class Compiler:
    """A C compiler: the command, and its version in words."""

    command: tuple[str, ...]
    version: str

    @property
    def gnu(self) -> bool:
        """Whether it is GCC, which calls the vector functions of glibc."""
        return "Free Software Foundation" in self.version and sys.platform == "linux"


@functools.cache
def find_compiler() -> Compiler:
    """The compiler of CC, else gcc, clang or cc, else that of the ziglang package; raises NativeError without one."""
    if ctypes.sizeof(ctypes.c_long) != 8:
        raise NativeError("a C long has no 64 bits on this system")
    given = shlex.split(os.environ.get("CC", ""))
    candidates = [given] if given else [["gcc"], ["clang"], ["cc"]]
    if not given and importlib.util.find_spec("ziglang") is not None:
        candidates.append([sys.executable, "-m", "ziglang", "cc"])
    for command in candidates:
        if shutil.which(command[0]) is None:
            continue
        try:
            found = subprocess.run(
                [*command, "--version"], capture_output=True, text=True, timeout=SECONDS, check=True
            ).stdout
        except (OSError, subprocess.SubprocessError):
            continue
        return Compiler(tuple(command), found)
    names = " ".join(given) or "gcc, clang, cc or the ziglang package"
    raise NativeError(f"no C compiler was found ({names})")


def library(source: str) -> tuple[ctypes.CDLL, bool]:
    """The compiled library of a C source, and whether it was there already; raises NativeError where that fails."""
    compiler = find_compiler()
    flags = [*_optimization(source, compiler), *FLAGS, *_machine_flags()]
    text = "\n".join([source, " ".join(compiler.command), compiler.version, " ".join(flags), _processor()])
    file = cache_folder() / f"{hashlib.sha256(text.encode()).hexdigest()[:32]}.so"
    known = file.exists()
    if known:
        try:
            return ctypes.CDLL(str(file)), True
        except OSError:  # what is there is damaged
            file.unlink(missing_ok=True)
    _compile(compiler, flags, source, file)
    try:
        return ctypes.CDLL(str(file)), False
    except OSError as error:
        raise NativeError(f"the compiled library can't be loaded: {error}") from error


def _optimization(source: str, compiler: Compiler) -> list[str]:
    """How hard a compiler tries; GCC's -O2 by itself leaves most loops without vector code."""
    if source.count("\n") < LONG:
        return ["-O3"]
    return ["-O2", *(["-ftree-vectorize", "-fvect-cost-model=dynamic"] if compiler.gnu else [])]


def _compile(compiler: Compiler, flags: list[str], source: str, file: Path) -> None:
    """Compiles a source in a folder of its own beside the file, and puts the library there in one step."""
    with tempfile.TemporaryDirectory(dir=file.parent) as folder:
        made = Path(folder) / "program.so"
        code = Path(folder) / "program.c"
        code.write_text(source, encoding="utf-8")
        vector = ["-DVECTOR_MATH", "-lmvec"] if compiler.gnu and platform.machine() == "x86_64" else []
        message = ""
        for extra in (vector, []) if vector else ([],):
            command = [*compiler.command, *flags, str(code), "-o", str(made), *extra, "-lm"]
            try:
                done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
            except (OSError, subprocess.SubprocessError) as error:
                raise NativeError(f"the C compiler didn't run: {error}") from error
            if done.returncode == 0:
                _loads(made) if extra else None
                os.replace(made, file)
                return
            message = next((line for line in done.stderr.splitlines() if "error" in line), done.stderr.strip()[:300])
        raise NativeError(f"{' '.join(compiler.command)} doesn't compile the program: {message}")


def _loads(file: Path) -> None:
    """Checks that a library has every function that it calls."""
    ctypes.CDLL(str(file), mode=os.RTLD_NOW)


def _machine_flags() -> list[str]:
    return ["-mcpu=native"] if platform.machine() in ("arm64", "aarch64") else ["-march=native"]


@functools.cache
def _processor() -> str:
    """What a library compiled for this processor depends on: another machine may share the folder."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return " ".join(platform.uname())
    kinds = ("model name", "flags", "Features", "CPU part")
    return "\n".join(dict.fromkeys(line for line in lines if line.startswith(kinds)))


def cache_folder() -> Path:
    """The folder of compiled libraries, which only its owner can read or write; raises NativeError for another's."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    folder = Path(home) / "symgrad" / "native"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if hasattr(os, "getuid"):
            status = folder.lstat()
            if folder.is_symlink() or status.st_uid != os.getuid():
                raise NativeError(f"{folder} belongs to somebody else, so nothing is loaded from it")
            if status.st_mode & 0o077:
                folder.chmod(0o700)
    except OSError as error:
        raise NativeError(f"the folder for compiled programs can't be used: {error}") from error
    return folder
