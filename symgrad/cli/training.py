"""`symgrad bench train`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from symgrad.cli.show import print_table


def bench_training(cases: Sequence[str], *, growth: bool, parts: bool, plot: Path | None, json: bool) -> int:
    """Print a measurement of training loops: of cases, of growth, or of the parts of a step."""
    from symgrad.bench.training.tuning import untuned

    if words := untuned():  # before anything imports NumPy
        print(f"symgrad: {words}", file=sys.stderr)
    if growth:
        return _growth(plot, json)
    return _parts(cases, json) if parts else _cases(cases, json)


def _cases(cases: Sequence[str], json: bool) -> int:
    from symgrad.bench.training.measure import measure

    report = measure(cases)
    if json:
        print(report.json())
        return 0
    print_table("training loops, microseconds a step", *report.table)
    print()
    for note in report.notes:
        print(f"- {note}")
    return 0


def _growth(plot: Path | None, json: bool) -> int:
    from symgrad.bench.training.scaling import growth

    found = growth(report=lambda words: print(words, file=sys.stderr, flush=True))
    if plot is not None:
        print(f"written: {found.save(plot)}", file=sys.stderr)
    if json:
        print(found.json())
        return 0
    print_table("growth of a step, one core", *found.table)
    return 0


def _parts(cases: Sequence[str], json: bool) -> int:
    from symgrad.bench.training.breakdown import breakdown
    from symgrad.bench.training.cases import chosen

    for case in chosen(cases or ["digits"]):
        found = breakdown(case)
        if json:
            print(found.json())
        else:
            print_table(f"the parts of a step of {case.name}, one core", *found.table)
    return 0
