"""Running a check again whenever a document changes."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

from symgrad.checking.select import UNREADABLE
from symgrad.errors import InputError

SECONDS = 0.5  # between two looks
Stamps: TypeAlias = dict[Path, tuple[int, int] | None]


def watch(
    files: Sequence[str],
    run: Callable[[], int],
    sleep: Callable[[float], None] = time.sleep,
    stat: Callable[[Path], os.stat_result] = os.stat,
) -> int:
    """Call `run`, and again after each change of a file, until it is interrupted; return its last status.

    A LaTeX document changes with each .tex file in its folder and the folders in it, which it may input.
    Raises InputError if one of the files is the standard input.
    """
    if "-" in files:
        raise InputError("the standard input can't be watched; name a file")
    status = UNREADABLE
    try:
        while True:
            before = _stamps(files, stat)  # taken first, so that a change during the run is seen
            status = run()
            while _stamps(files, stat) == before:
                sleep(SECONDS)
    except KeyboardInterrupt:
        return status


def _stamps(files: Sequence[str], stat: Callable[[Path], os.stat_result]) -> Stamps:
    stamps: Stamps = {}
    for file in map(Path, files):
        beside = [*file.parent.glob("*.tex"), *file.parent.glob("*/*.tex")] if file.suffix == ".tex" else []
        stamps |= {path: _stamp(path, stat) for path in (file, *beside)}
    return stamps


def _stamp(path: Path, stat: Callable[[Path], os.stat_result]) -> tuple[int, int] | None:
    """When a file was changed and its size; None while an editor replaces it."""
    try:
        found = stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
