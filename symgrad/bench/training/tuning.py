"""OpenBLAS's tuning by environment variables, which would make the numbers those of one setting; imports no NumPy."""

from __future__ import annotations

import os
import sys

TUNING = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")


def untuned() -> str:
    """Take the tuning out of this process's environment; returns in words what was found, "" where there is none.

    OpenBLAS reads these variables once, when NumPy is imported.
    """
    found = [name for name in TUNING if name in os.environ]
    if not found:
        return ""
    names = " and ".join(found)
    if "numpy" in sys.modules:
        return f"measured with {names} set: NumPy was imported before the benchmark could unset them"
    for name in found:
        del os.environ[name]
    return f"{names} unset for this measurement"
