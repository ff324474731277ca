"""How many cores a measurement may use."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

from symgrad.bench.training.blas import loaded


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


@contextmanager
def limited(count: int) -> Iterator[None]:
    """Everything in this process uses so many cores: BLAS and OpenMP by their own settings, PyTorch by its own.

    On Linux one core also means one for every thread that runs already, such as those of XLA, which has no setting.
    """
    with ExitStack() as stack:
        if count == 1 and sys.platform == "linux":
            stack.enter_context(_one_core())
        if find_spec("threadpoolctl"):
            import threadpoolctl

            stack.enter_context(threadpoolctl.threadpool_limits(count))
        elif blas := loaded():
            blas.set_threads(count)
        if "torch" in sys.modules:
            torch = sys.modules["torch"]
            stack.callback(torch.set_num_threads, torch.get_num_threads())
            torch.set_num_threads(count)
        yield


@contextmanager
def _one_core() -> Iterator[None]:
    before = os.sched_getaffinity(0)
    _pin({max(before)})  # the last one: the first has most of the system's own work
    try:
        yield
    finally:
        _pin(before)


def _pin(cores: set[int]) -> None:
    for thread in Path("/proc/self/task").iterdir():
        with suppress(OSError):  # a thread that has ended meanwhile
            os.sched_setaffinity(int(thread.name), cores)
