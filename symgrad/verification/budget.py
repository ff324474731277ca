"""A time budget that nothing outlasts: SymPy's work, and a user's function, are interrupted when it is spent."""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")


class OutOfTime(BaseException):
    """The budget is spent.  Not an Exception: SymPy, or a user's function, may catch those and carry on."""


@dataclass(frozen=True)
class Budget:
    """Seconds that several pieces of work share, counted from now."""

    seconds: float
    start: float = field(default_factory=time.monotonic)

    @property
    def left(self) -> float:
        """Seconds that are left, at least 0."""
        return max(0.0, self.start + self.seconds - time.monotonic())

    def run(self, work: Callable[[], T]) -> T:
        """What the work returns; raises OutOfTime in the middle of it when the budget is spent.

        The exception is raised between two steps of Python in the calling thread (CPython's asynchronous exceptions):
        one call into C, such as a power of two large whole numbers, runs to its end first.

        >>> Budget(0.05).run(lambda: [0 for _ in iter(int, 1)])
        Traceback (most recent call last):
        symgrad.verification.budget.OutOfTime
        """
        if self.left <= 0:
            raise OutOfTime
        lock, finished, caller = threading.Lock(), threading.Event(), threading.get_ident()

        def watch() -> None:
            pause = self.left
            while not finished.wait(pause):
                with lock:
                    if not finished.is_set():
                        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(caller), ctypes.py_object(OutOfTime))
                pause = 0.1  # again, should the work have caught it and carried on

        threading.Thread(target=watch, daemon=True).start()
        try:
            return work()
        finally:
            with lock:
                finished.set()
