"""Where a step's time goes: the parts of the same step in C, each run alone, and what symgrad takes beyond them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from statistics import median

from symgrad.bench.training import c_loops
from symgrad.bench.training.cases import Case
from symgrad.bench.training.implementations import IMPLEMENTATIONS
from symgrad.bench.training.loops import Loop
from symgrad.bench.training.threads import limited
from symgrad.bench.training.timing import interleaved
from symgrad.errors import InputError

PARTS = {
    "products": c_loops.PRODUCTS,
    "entries (ReLU, softmax)": c_loops.ENTRIES,
    "biases": c_loops.UPDATE,
    "gather of a batch": c_loops.GATHER,
}
ALL = ("C", "symgrad native", "symgrad native, with history", "symgrad numpy", "symgrad jax", "NumPy by hand")


@dataclass(frozen=True)
class Breakdown:
    """Microseconds a step on one core: of parts alone, and of whole loops."""

    case: str
    parts: Mapping[str, float]
    loops: Mapping[str, float]

    @property
    def table(self) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
        """The columns and the rows, for people: the share of each part in each whole loop; the rest is its own.

        A share of what the same part takes in C: that a loop takes longer for it is in the rest.
        """
        kept = {name: time for name, time in self.loops.items() if name.startswith("symgrad")}
        columns = ("part", "µs a step in C", *(f"of {name}" for name in kept))
        rows: list[tuple[object, ...]] = [
            (part, f"{time:.3g}", *(f"{time / whole:.0%}" for whole in kept.values()))
            for part, time in self.parts.items()
        ]
        rest = [f"{1 - sum(self.parts.values()) / whole:.0%}" for whole in kept.values()]
        rows.append(("the rest", "", *rest))
        rows.append(("in all", f"{self.loops['C']:.3g}", *(f"{time:.3g} µs" for time in kept.values())))
        return columns, rows

    def json(self) -> str:
        """The same as JSON."""
        return json.dumps({"benchmark": "training, parts of a step", **asdict(self)}, indent=2)


def breakdown(case: Case, *, rounds: int = 7, seconds: float = 0.1) -> Breakdown:
    """Time the parts of a classifier's step, interleaved with the loops; raises InputError for another case."""
    loops: dict[str, Loop] = {}
    for name, part in PARTS.items():
        loop = c_loops.classifier(case, False, part)
        if isinstance(loop, str):
            raise InputError(f"the parts of {case.name} can't be told apart: {loop}")
        loops[name] = loop
    for name, maker in IMPLEMENTATIONS.items():
        loop = maker(case) if name in ALL else ""
        if not isinstance(loop, str):
            loops[name] = loop
    with limited(1):
        found = {name: median(times) for name, times in interleaved(case, loops, rounds, seconds).items()}
    return Breakdown(
        case.name,
        {name: time for name, time in found.items() if name in PARTS},
        {name: time for name, time in found.items() if name in ALL},
    )
