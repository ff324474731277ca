"""A time budget that nothing outlasts: SymPy's work, and a user's function, are interrupted when it is spent."""

from __future__ import annotations

import _weakrefset
import ctypes
import gc
import sys
import threading
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FrameType
from typing import TypeVar

T = TypeVar("T")
_STARTING = threading.Lock()  # a thread that starts has its parent's number for a moment, and would be hit instead
WEAK_REFERENCES = (weakref.__file__, _weakrefset.__file__)
SHARE = 4  # beside how many other processes a budget still is what it says
PATIENCE = 1.0  # seconds that an interruption waits for a garbage collector's callback to end


class OutOfTime(BaseException):
    """The budget is spent.  Not an Exception: SymPy, or a user's function, may catch those and carry on."""


@dataclass(frozen=True)
class Budget:
    """Seconds of this process's time that several pieces of work share, counted from now.

    Waiting, for a core that others use or in a user's function that sleeps, counts for a quarter.
    """

    seconds: float
    start: float = field(default_factory=time.monotonic)
    worked: float = field(default_factory=time.process_time)

    @property
    def left(self) -> float:
        """Seconds that are left, at least 0."""
        return max(0.0, self.seconds - self._spent)

    @property
    def _spent(self) -> float:
        passed = time.monotonic() - self.start
        return max(passed / SHARE, min(passed, time.process_time() - self.worked))  # several threads work at a time

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
        lock, ended, caller = threading.Lock(), threading.Event(), threading.get_ident()
        done: list[bool] = []
        sent: list[bool] = []
        raise_in = ctypes.pythonapi.PyThreadState_SetAsyncExc

        def watch() -> None:
            pause = self.left
            while not ended.wait(pause):
                pause = self.left
                if pause > 0:
                    continue
                pause = 0.1  # again, should the work have caught it and carried on
                with lock:
                    if done:
                        return
                    patient = self._spent < self.seconds + PATIENCE
                    if patient and not _can_raise(sys._current_frames().get(caller)):
                        pause = 0.001
                        continue
                    with _STARTING:
                        sent.append(True)
                        raise_in(ctypes.c_ulong(caller), ctypes.py_object(OutOfTime))

        try:
            with _STARTING:
                threading.Thread(target=watch, daemon=True).start()
            return work()
        finally:
            while not done:  # calls no function of Python's: an exception of this budget or an outer one may come here
                try:
                    with lock:
                        done.append(True)
                except OutOfTime:
                    continue
            while sent:  # what is on its way must not arrive after the work's end, so it is made to arrive here
                try:
                    # Without an exception this call would leave CPython looking for one at every step, and for ever
                    # where the steps are traced (3.11).
                    raise_in(ctypes.c_ulong(caller), ctypes.py_object(OutOfTime))
                    for _ in range(1000):
                        pass
                except OutOfTime:
                    sent.clear()
            ended.set()


def _can_raise(frame: FrameType | None) -> bool:
    """Whether an exception raised in a thread now gets anywhere: one in a callback of the garbage collector is lost.

    So is one in a callback of a weak reference, such as the standard library's own, named remove or _remove.
    """
    callbacks = {getattr(callback, "__code__", None) for callback in gc.callbacks}
    while frame is not None:
        code = frame.f_code
        of_weak_reference = code.co_filename in WEAK_REFERENCES and code.co_name.lstrip("_") == "remove"
        if code in callbacks or code.co_name == "__del__" or of_weak_reference:
            return False
        frame = frame.f_back
    return True
