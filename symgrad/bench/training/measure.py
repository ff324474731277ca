"""The measurement: every implementation of a case in one process, interleaved, with one thread and with all."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from importlib import import_module
from importlib.util import find_spec
from statistics import median
from time import perf_counter

import numpy as np

from symgrad.bench.training.cases import Case, chosen
from symgrad.bench.training.implementations import IMPLEMENTATIONS
from symgrad.bench.training.loops import KEPT, Loop, Params
from symgrad.bench.training.machine import machine
from symgrad.bench.training.threads import cores, limited
from symgrad.bench.training.timing import interleaved

STEPS = 100  # after so many steps the parameters are compared
LIBRARIES = ("torch", "jax", "numba", "sklearn.neural_network")


@dataclass(frozen=True)
class Row:
    """One implementation of one case, with so many threads.

    `us_per_step` is the median over the rounds of microseconds a step, start-up excluded, `best` the least of them;
    `ratio_to_limit` the median of the ratios to the case's limit in the same round. `first_call_s` is the first call
    of all, which derives and compiles, for one epoch. `max_rel_diff` is the largest difference of a parameter from
    the reference's after 100 steps, as a fraction of the largest entry of its array; None for what doesn't train.
    """

    case: str
    implementation: str
    threads: int
    us_per_step: float
    best: float
    ratio_to_limit: float | None
    max_rel_diff: float | None
    first_call_s: float


@dataclass(frozen=True)
class Skipped:
    """An implementation that has no loop for a case, and why."""

    case: str
    implementation: str
    why: str


@dataclass(frozen=True)
class Report:
    """The rows, case by case, and what was left out."""

    rows: tuple[Row, ...]
    skipped: tuple[Skipped, ...]
    titles: Mapping[str, str]
    limits: Mapping[str, str]
    machine: Mapping[str, object]

    @property
    def table(self) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
        """The columns and the rows, for people."""
        columns = ("case", "implementation", "threads", "µs a step", "to the limit", "difference", "first call, s")
        return columns, [
            (
                row.case,
                row.implementation,
                row.threads,
                f"{row.us_per_step:.4g}",
                "" if row.ratio_to_limit is None else f"{row.ratio_to_limit:.3g}",
                "" if row.max_rel_diff is None else f"{row.max_rel_diff:.0e}",
                f"{row.first_call_s:.3f}",
            )
            for row in self.rows
        ]

    @property
    def notes(self) -> list[str]:
        """What each case is, its limit, what the loops keep, and what was left out, in words."""
        cases = [f"{name}: {title}; the limit is {self.limits[name]}" for name, title in self.titles.items()]
        return [*cases, KEPT, *(f"{item.case}, {item.implementation}: {item.why}" for item in self.skipped)]

    def json(self) -> str:
        """The rows, what was left out, and what they were measured on."""
        return json.dumps({"benchmark": "training", "unit": "microseconds a step", **asdict(self)}, indent=2)


@dataclass(frozen=True)
class Ready:
    """A loop that has run once: what its first call took, and how it agrees."""

    name: str
    loop: Loop
    first: float
    difference: float | None


def measure(
    names: Sequence[str] = (),
    *,
    only: Sequence[str] = (),
    rounds: int = 7,
    seconds: float = 0.2,
    threads: Sequence[int] = (),
) -> Report:
    """Time the cases of these names (all), and of the implementations those named in `only` (all).

    A round runs each implementation once for about so many `seconds`, and for a tenth of it: the difference has no
    start-up. `threads` are the counts to measure with; one and all cores if left out.
    """
    for library in LIBRARIES:  # so that no first call pays for an import
        if find_spec(library.partition(".")[0]):
            import_module(library)
    counts = threads or sorted({1, cores()})
    rows: list[Row] = []
    skipped: list[Skipped] = []
    cases = chosen(names)
    for case in cases:
        ready, missing = prepare(case, only)
        skipped += missing
        for count in counts:
            with limited(count):
                rows += _rows(case, ready, count, rounds, seconds)
    titles, limits = {case.name: case.title for case in cases}, {case.name: case.limit for case in cases}
    return Report(tuple(rows), tuple(skipped), titles, limits, machine())


def prepare(case: Case, only: Sequence[str] = ()) -> tuple[list[Ready], list[Skipped]]:
    """The loops of a case, run once and compared with PyTorch's, or with NumPy's where PyTorch is missing."""
    makers = {name: maker for name, maker in IMPLEMENTATIONS.items() if not only or name in only}
    reference = _reference(case)
    ready, skipped = [], []
    for name, maker in makers.items():
        start = perf_counter()
        loop = maker(case)
        if isinstance(loop, str):
            skipped.append(Skipped(case.name, name, loop))
            continue
        loop(1)
        first = perf_counter() - start
        still = maker(replace(case, shuffle=False))
        assert not isinstance(still, str)  # it had a loop for the shuffled case
        difference = None if name == "bare products" else relative_difference(still(_epochs(case)), reference)
        ready.append(Ready(name, loop, first, difference))
    return ready, skipped


def relative_difference(found: Params, expected: Params) -> float:
    """The largest difference of an entry, as a fraction of the largest entry of its array."""
    return max(
        float(np.abs(np.asarray(found[name]) - array).max() / np.abs(array).max()) for name, array in expected.items()
    )


def _reference(case: Case) -> Params:
    makers = IMPLEMENTATIONS
    for name in ("PyTorch", "NumPy by hand"):
        loop = makers[name](replace(case, shuffle=False))
        if not isinstance(loop, str):
            return loop(_epochs(case))
    raise AssertionError("NumPy is always installed")


def _epochs(case: Case) -> int:
    return -(-STEPS // case.steps)


def _rows(case: Case, ready: Sequence[Ready], threads: int, rounds: int, seconds: float) -> Iterable[Row]:
    times = interleaved(case, {item.name: item.loop for item in ready}, rounds, seconds)
    limit = times.get(case.limit)
    for item in ready:
        found = times[item.name]
        ratio = median(own / its for own, its in zip(found, limit, strict=True)) if limit else None
        yield Row(case.name, item.name, threads, median(found), min(found), ratio, item.difference, item.first)
