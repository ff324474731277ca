"""How the cost of a step grows with a network's depth and width, the batch, and the samples, beside peers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

from symgrad.bench.training.cases import Case, patterns, perceptron
from symgrad.bench.training.implementations import IMPLEMENTATIONS
from symgrad.bench.training.loops import Loop
from symgrad.bench.training.machine import machine
from symgrad.bench.training.threads import limited
from symgrad.bench.training.timing import interleaved

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Network:
    """What is scaled: hidden layers of ReLU, units in each, samples a step, and samples in all."""

    depth: int = 2
    width: int = 64
    batch: int = 32
    rows: int = 1024


SIZES: Mapping[str, tuple[int, ...]] = {
    "depth": (1, 2, 4, 8, 16),
    "width": (16, 32, 64, 128, 256),
    "batch": (8, 16, 32, 64, 128, 256),
    "rows": (256, 512, 1024, 2048, 4096),
}
LABELS = {
    "depth": "hidden layers",
    "width": "units in each",
    "batch": "samples in a step",
    "rows": "samples in all",
}
NAMES = ("C", "symgrad native", "symgrad numpy", "symgrad jax", "NumPy by hand", "PyTorch", "JAX scan")


@dataclass(frozen=True)
class Point:
    """Microseconds a step of one implementation, with one size changed and the others as in `Network()`."""

    size: str
    value: int
    implementation: str
    us_per_step: float


@dataclass(frozen=True)
class Growth:
    """The points of a measurement."""

    points: tuple[Point, ...]
    machine: Mapping[str, object]

    @cached_property
    def exponents(self) -> dict[str, dict[str, float]]:
        """For each size and implementation the p in time ≈ c·sizeᵖ, by least squares over the larger half of the sizes.

        Small ones are mostly the cost of calls, which doesn't grow.
        """
        found: dict[str, dict[str, float]] = {}
        for (size, name), points in self.lines.items():
            large = points[len(points) // 2 - (len(points) < 4) :]
            x, y = np.log([point.value for point in large]), np.log([point.us_per_step for point in large])
            found.setdefault(size, {})[name] = float(np.polyfit(x, y, deg=1)[0])
        return found

    @property
    def lines(self) -> dict[tuple[str, str], list[Point]]:
        """The points by size and implementation, in the order of the sizes."""
        found: dict[tuple[str, str], list[Point]] = {}
        for point in self.points:
            found.setdefault((point.size, point.implementation), []).append(point)
        return found

    @property
    def table(self) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
        """The columns and the rows, for people: microseconds a step, and the exponent at the end."""
        rows: list[tuple[object, ...]] = []
        for (size, name), points in self.lines.items():
            times = ", ".join(f"{point.value}: {point.us_per_step:.3g}" for point in points)
            rows.append((size, name, times, f"{self.exponents[size][name]:.2f}"))
        return ("size", "implementation", "µs a step", "exponent"), rows

    def json(self) -> str:
        """The points, the exponents, and what they were measured on."""
        return json.dumps({"benchmark": "training, growth", **asdict(self), "exponents": self.exponents}, indent=2)

    def figure(self) -> Figure:
        """A panel for each size, both axes logarithmic; raises SymgradError without matplotlib."""
        from symgrad.notation.figures.style import BLACK, BLUE, GREEN, GREY, ORANGE, SKY, VERMILLION, blank, fit, styled

        colours = dict(zip(NAMES, (BLACK, VERMILLION, BLUE, ORANGE, SKY, GREEN, GREY), strict=True))
        with styled():
            figure = blank(16, 9)
            fit(figure)
            panels = dict(zip(SIZES, figure.subplots(2, 2).flat, strict=True))
            for (size, name), points in self.lines.items():
                panels[size].loglog(
                    [point.value for point in points],
                    [point.us_per_step for point in points],
                    marker="o",
                    color=colours[name],
                    label=f"{name}: {self.exponents[size][name]:.2f}",
                )
            for size in self.exponents:
                panel = panels[size]
                panel.set_xticks(SIZES[size], labels=map(str, SIZES[size]))
                panel.minorticks_off()
                panel.set_xlabel(LABELS[size])
                panel.set_ylabel("µs a step")
                panel.legend(fontsize=11, loc="center left", bbox_to_anchor=(1, 0.5))
        return figure

    def save(self, folder: Path) -> Path:
        """Write the figure to this folder."""
        from symgrad.notation.figures import save

        folder.mkdir(parents=True, exist_ok=True)
        return save(self.figure(), folder / "training-growth.png")


def growth(
    *,
    sizes: Mapping[str, Sequence[int]] = SIZES,
    names: Sequence[str] = NAMES,
    rounds: int = 5,
    seconds: float = 0.1,
    report: Callable[[str], None] = lambda words: None,
) -> Growth:
    """Time networks on one core, each size changed alone; all implementations of one network are interleaved.

    `report` hears of each network before it is timed: a minute each, with all implementations.

    >>> found = growth(sizes={"depth": (1, 2)}, names=["NumPy by hand"], rounds=1, seconds=0.001)
    >>> [point.value for point in found.points]
    [1, 2]
    """
    points = []
    with limited(1):
        for size, values in sizes.items():
            for value in values:
                report(f"{size} {value}")
                case = scaled(replace(Network(), **{size: value}))
                points += [Point(size, value, name, us) for name, us in _times(case, names, rounds, seconds).items()]
    return Growth(tuple(points), machine())


def scaled(network: Network) -> Case:
    """The case of such a network: 64 inputs, 10 classes."""
    X, Y = patterns(network.rows, 64, np.dtype(float))
    sizes = (64, *[network.width] * network.depth, 10)
    return perceptron("scaled", "", X, Y, sizes, "relu", "cross_entropy", rate=0.01, batch=network.batch, limit="C")


def _times(case: Case, names: Sequence[str], rounds: int, seconds: float) -> dict[str, float]:
    loops: dict[str, Loop] = {}
    for name, maker in IMPLEMENTATIONS.items():
        loop = maker(case) if name in names else ""
        if not isinstance(loop, str):
            loops[name] = loop
    return {name: median(times) for name, times in interleaved(case, loops, rounds, seconds).items()}
