"""Loops timed side by side: in turn, round after round, so that what disturbs one disturbs all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from time import perf_counter

from symgrad.bench.training.cases import Case
from symgrad.bench.training.loops import Loop

KEPT = 256e6  # bytes of history that a timed run may collect


def interleaved(case: Case, loops: Mapping[str, Loop], rounds: int, seconds: float) -> dict[str, list[float]]:
    """Microseconds a step of each loop in each round, start-up excluded.

    A round runs each loop for about so many `seconds`, and for a tenth of it. What a call costs, however short, is in
    both and drops out of the difference.
    """
    long = {name: _epochs(case, loop, seconds) for name, loop in loops.items()}
    runs = [(name, epochs) for name, count in long.items() for epochs in (max(1, count // 10), count)]
    taken: dict[tuple[str, int], list[float]] = {run: [] for run in runs}
    for number in range(rounds + 1):
        for name, epochs in runs:
            time = _timed(loops[name], epochs)
            if number:  # the first round is to warm up: what is compiled for a length, the cores' frequency
                taken[name, epochs].append(time)
    return {
        name: _us_per_step(case, taken[name, count], taken[name, short], count, short)
        for (name, short), (_, count) in zip(runs[::2], runs[1::2], strict=True)
    }


def _us_per_step(case: Case, long: Sequence[float], short: Sequence[float], epochs: int, fewer: int) -> list[float]:
    # The least of the short runs is the one that nothing disturbed. Where even that took longer than a long run,
    # what was disturbed was all of them, and the long run alone is the best that is known.
    differences = [(time, time - min(short)) for time in long]
    seconds = [less / (epochs - fewer) if less > 0 else time / epochs for time, less in differences]
    return [value / case.steps * 1e6 for value in seconds]


def _epochs(case: Case, loop: Loop, seconds: float) -> int:
    """About how many epochs take so many seconds beyond what a call costs, within what memory holds."""
    kept = 8 + sum(array.nbytes for array in case.start.values()) + (8 * case.samples if case.shuffle else 0)
    most = max(2, int(KEPT / kept))
    call = min(_timed(loop, 1) for _ in range(3))
    seconds = max(seconds, call / 2)  # a dear call varies by more than a short run takes
    epochs = 2
    while epochs < most:
        _timed(loop, epochs)  # may compile for this length
        time = min(_timed(loop, epochs) for _ in range(2)) - call  # what disturbs a dear call isn't its epochs
        if time > seconds / 2:
            return min(most, max(2, round(epochs * seconds / time)))
        epochs *= max(2, min(20, int(seconds / max(time, 1e-9))))
    return most


def _timed(loop: Loop, epochs: int) -> float:
    start = perf_counter()
    loop(epochs)
    return perf_counter() - start
