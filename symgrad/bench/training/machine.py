"""What a measurement was made on."""

from __future__ import annotations

import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from symgrad.bench.training import blas
from symgrad.bench.training.compiled import compiler
from symgrad.bench.training.threads import cores

PACKAGES = ("numpy", "sympy", "torch", "jax", "numba", "scikit-learn")


def machine() -> dict[str, object]:
    """The processor, the system, and the versions of everything that was measured."""
    found = blas.loaded()
    return {
        "cpu": _cpu(),
        "cores": cores(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "packages": {name: installed for name in PACKAGES if (installed := _version(name))},
        "blas": found.words if found else None,
        "compiler": _compiler(),
    }


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    if sys.platform == "darwin":
        asked = subprocess.run(
            ["sysctl", "-n", "machdep.cpu.brand_string"], capture_output=True, text=True, check=False
        )
        return asked.stdout.strip()
    return platform.processor()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _compiler() -> str | None:
    command = compiler()
    if command is None:
        return None
    asked = subprocess.run([command, "--version"], capture_output=True, text=True, check=False)
    return asked.stdout.splitlines()[0] if asked.stdout else command
