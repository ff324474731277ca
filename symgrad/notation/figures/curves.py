"""Figures of a function of one variable: its curve, the two ways to go from a point, and steps along it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from symgrad.notation.figures.style import BLACK, BLUE, GREEN, GREY, VERMILLION, decimal, plane, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

Function = Callable[[Any], Any]


def curve(function: Function, bounds: tuple[float, float], label: str = "") -> Figure:
    """The curve of `function` between `bounds`; `label` is its formula in mathtext, written beside the curve.

    `function` takes and returns an array.
    """
    with styled():
        figure, axes = _curve(function, bounds)
        if label:
            low, high = bounds
            x = high - 0.2 * (high - low)
            axes.annotate(label, (x, _at(function, x)), (12, 12), textcoords="offset points", color=BLUE, fontsize=19)
    return figure


def directions(function: Function, bounds: tuple[float, float], start: float) -> Figure:
    """The curve with a point at `start` and the two ways to go from it, and what the value does on each."""
    with styled():
        figure, axes = _curve(function, bounds)
        reach = 0.13 * (bounds[1] - bounds[0])
        here = _at(function, start)
        for sign, step in (("-", -reach), ("+", reach)):
            up = _at(function, start + 0.05 * step) > here
            colour = GREEN if up else VERMILLION
            end = (start + step, here)
            _arrow(axes, (start, here), end, colour)
            axes.annotate(
                f"$x {sign} \\delta$\n$f$ {'grows' if up else 'falls'}",
                end,
                (0, -10),
                textcoords="offset points",
                ha="center",
                va="top",
                color=colour,
            )
        _point(axes, start, here, offset=(-10, 8), ha="right", va="bottom")
        width = bounds[1] - bounds[0]
        axes.set_xlim(bounds[0] - 0.09 * width, bounds[1] + 0.05 * width)
    return figure


def steps(function: Function, bounds: tuple[float, float], points: Sequence[float], label: str = "") -> Figure:
    """The curve with `points` on it, in order, and an arrow from each to the next, named `label`."""
    with styled():
        figure, axes = _curve(function, bounds)
        heights = [_at(function, x) for x in points]
        middle = (bounds[0] + bounds[1]) / 2
        for start, end in pairwise(zip(points, heights, strict=True)):
            _arrow(axes, start, end, VERMILLION, bend=-0.3 if end[0] > start[0] else 0.3)
        for x, y in zip(points, heights, strict=True):
            # The arrows pass above the curve, so the names stand under it.
            left = x < middle
            _point(axes, x, y, offset=(12 if left else -12, -4), ha="left" if left else "right", va="top")
        if label:
            axes.set_title(label, fontsize=17, color=VERMILLION)
    return figure


def _curve(function: Function, bounds: tuple[float, float]) -> tuple[Figure, Axes]:
    x: NDArray[np.float64] = np.linspace(*bounds, 400)
    figure, axes = plane("$x$", "$f(x)$", upright=True)
    axes.plot(x, function(x), color=BLUE, zorder=2)
    axes.axhline(0, color=GREY, lw=0.6, zorder=1)
    axes.axvline(0, color=GREY, lw=0.6, zorder=1)
    axes.margins(y=0.12)
    return figure, axes


def _at(function: Function, x: float) -> float:
    return float(function(np.asarray(x, dtype=float)))


def _arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float], colour: str, bend: float = 0.0) -> None:
    axes.annotate(
        "",
        end,
        start,
        arrowprops={
            "arrowstyle": "-|>",
            "color": colour,
            "lw": 2.4,
            "mutation_scale": 20,
            "shrinkA": 5,
            "shrinkB": 5,
            "connectionstyle": f"arc3,rad={bend}",
        },
        zorder=4,
    )


def _point(axes: Axes, x: float, y: float, *, offset: tuple[float, float], ha: Any, va: Any) -> None:
    """A point with its coordinates written beside it, `offset` points away."""
    axes.plot([x], [y], "o", color=BLACK, ms=9, mec="white", mew=1.2, zorder=5)
    axes.annotate(
        f"({decimal(x)}, {decimal(y)})",
        (x, y),
        offset,
        textcoords="offset points",
        ha=ha,
        va=va,
        zorder=6,
    )
