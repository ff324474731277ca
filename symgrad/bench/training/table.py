"""A Markdown table of a measurement, from its JSON: `python -m symgrad.bench.training.table results.json`."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from symgrad.bench.training.loops import KEPT


def markdown(report: Mapping[str, Any]) -> str:
    """Microseconds a step, a column a case, with the ratio to the case's limit, and what they were measured on.

    `report` is what `Report.json` writes, read back.
    """
    cases = list(report["titles"])
    parts = []
    for threads in sorted({row["threads"] for row in report["rows"]}):
        rows = [row for row in report["rows"] if row["threads"] == threads]
        cells = {(row["implementation"], row["case"]): _cell(row) for row in rows}
        names = list(dict.fromkeys(row["implementation"] for row in rows))
        lines = [[name, *(cells.get((name, case), "–") for case in cases)] for name in names]
        cores = "one core" if threads == 1 else f"{threads} cores"
        parts.append(_table([f"µs a step, {cores}", *cases], lines))
    about = [f"{case}: {title}; ×1 is {report['limits'][case]}." for case, title in report["titles"].items()]
    return "\n\n".join([*parts, KEPT, "\n".join(f"- {line}" for line in about), _machine(report["machine"])])


def _cell(row: Mapping[str, Any]) -> str:
    ratio = row["ratio_to_limit"]
    return f"{_digits(row['us_per_step'])}" + ("" if ratio is None else f" (×{_digits(ratio)})")


def _digits(value: float) -> str:
    """Two digits, and no exponent."""
    return f"{value:.0f}" if value >= 100 else f"{value:.2g}" if value < 10 else f"{value:.3g}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    rule = ["---", *("--:" for _ in head[1:])]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [head, rule, *rows])


def _machine(machine: Mapping[str, Any]) -> str:
    packages = ", ".join(f"{name} {version}" for name, version in machine["packages"].items())
    return (
        f"{machine['cpu']}, {machine['cores']} cores, {machine['system']}, Python {machine['python']}, {packages}; "
        f"BLAS: {machine['blas']}; C: {machine['compiler']}."
    )


if __name__ == "__main__":
    print(markdown(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))))
