"""A progress bar for long runs, which costs nothing when a run is short."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TypeAlias

Report: TypeAlias = Callable[[int, float], None]

_PATIENCE = 1.0  # seconds before a bar appears unasked
_INTERVAL = 0.1  # seconds between two updates


@contextmanager
def progress_bar(epochs: int, asked: bool | None) -> Iterator[Report]:
    """Give a function that takes (epoch, loss) and draws the bar on the standard error.

    `asked`: True for always and at once, False for never, None for a terminal once a run has taken a second.
    """
    if asked is False or (asked is None and not sys.stderr.isatty()):
        yield lambda epoch, loss: None
        return
    with ExitStack() as stack:
        draw = _open_bar(stack, epochs) if asked else None
        due = 0.0 if asked else time.monotonic() + _PATIENCE

        def report(epoch: int, loss: float) -> None:
            nonlocal draw, due
            now = time.monotonic()
            if now < due and not (draw and epoch == epochs):
                return
            if draw is None:
                draw = _open_bar(stack, epochs)
            due = now + _INTERVAL
            draw(epoch, loss)

        yield report


def _open_bar(stack: ExitStack, epochs: int) -> Report:
    # Imported here: most runs are over before a bar is due.
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    loss = TextColumn("loss {task.fields[loss]:.6g}")
    columns = (TextColumn("epoch"), MofNCompleteColumn(), BarColumn(), loss, TimeRemainingColumn())
    bar = stack.enter_context(Progress(*columns, console=Console(stderr=True)))
    task = bar.add_task("epoch", total=epochs, loss=float("nan"))
    return lambda epoch, loss: bar.update(task, completed=epoch, loss=loss)
