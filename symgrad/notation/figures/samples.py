"""Figures of samples and of a line through them: the data, the line, a prediction, the line as it learns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from symgrad.notation.figures.film import Film
from symgrad.notation.figures.style import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    VERMILLION,
    blank,
    decimal,
    fit,
    plane,
    styled,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

Line = Callable[[Any], Any]


@dataclass(frozen=True)
class Samples:
    """Points to draw: arrays `x` and `y` of one length, and perhaps one more point that stands out.

    `across` and `up` are the labels of the axes, with units; `marked` is (x, y, name) of the point that is
    drawn apart.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    across: str
    up: str
    marked: tuple[float, float, str] | None = None

    @property
    def reach(self) -> tuple[float, float]:
        """The interval of x that the points cover, with a twentieth more on either side."""
        every = [*self.x, *(self.marked[:1] if self.marked else ())]
        margin = 0.05 * (max(every) - min(every))
        return min(every) - margin, max(every) + margin


def scatter(samples: Samples) -> Figure:
    """The samples alone."""
    with styled():
        figure, axes = plane(samples.across, samples.up)
        _dots(axes, samples)
        _name(axes, samples)
    return figure


def fitted(samples: Samples, line: Line, label: str = "") -> Figure:
    """The samples and the line that predicts them; `line` maps an array to an array, `label` names it."""
    with styled():
        figure, axes = plane(samples.across, samples.up)
        _dots(axes, samples)
        _line(axes, samples, line, label)
        _name(axes, samples)
    return figure


def prediction(samples: Samples, line: Line, at: float, label: str = "", unit: str = "") -> Film:
    """A film of a prediction: up from `at` to the line, across to the value, and then the miss.

    The miss is shown where `at` is the marked point; `unit` is written after the predicted value.
    """
    value = float(line(np.asarray(at, dtype=float)))
    climb = [(fraction, 0.0) for fraction in np.linspace(0, 1, 9)]
    turn = [(1.0, fraction) for fraction in np.linspace(0.125, 1, 8)]
    shown = bool(samples.marked and samples.marked[0] == at)
    stages = [(up, across, False) for up, across in [*climb, *turn]] + ([(1.0, 1.0, True)] if shown else [])
    frames = tuple(_prediction_frame(samples, line, label, (at, value), stage, unit) for stage in stages)
    holds = [110] * len(frames)
    holds[0], holds[len(climb) - 1], holds[len(climb) + len(turn) - 1] = 900, 500, 1400
    holds[-1] = 3500
    return Film(frames, tuple(holds))


def training(samples: Samples, lines: Sequence[Line], costs: Sequence[float], cost: str = r"$\mathscr{C}$") -> Film:
    """A film of a training run: the line of each epoch, the earlier ones faint, beside the cost so far.

    `lines` and `costs` hold one entry an epoch, the start first; `cost` names the cost in mathtext.
    """
    x = np.asarray(samples.reach)
    heights = np.concatenate([samples.y, *(line(x) for line in lines)])
    frames = tuple(
        _training_frame(samples, lines[: epoch + 1], costs, cost, (heights.min(), heights.max()))
        for epoch in range(len(lines))
    )
    return Film(frames, (1500, *[800] * (len(frames) - 2), 3500))


def _prediction_frame(
    samples: Samples,
    line: Line,
    label: str,
    goal: tuple[float, float],
    stage: tuple[float, float, bool],
    unit: str,
) -> Figure:
    x, value = goal
    up, across, missed = stage
    with styled():
        figure, axes = plane(samples.across, samples.up)
        _dots(axes, samples)
        _line(axes, samples, line, label)
        _name(axes, samples)
        left, right = samples.reach
        floor, top = axes.get_ylim()
        floor = min(floor, value - 0.1 * (top - floor))
        axes.set_xlim(left, right)
        axes.set_ylim(floor, top)
        dashes: dict[str, Any] = {"color": GREEN, "lw": 2, "ls": (0, (4, 2)), "zorder": 3}
        axes.plot([x, x], [floor, floor + up * (value - floor)], **dashes)
        axes.plot([x], [floor], "^", color=GREEN, ms=10, clip_on=False, zorder=6)
        axes.annotate(decimal(x), (x, floor), (8, 8), textcoords="offset points", color=GREEN, fontsize=16)
        if up == 1.0:
            axes.plot([x], [value], "o", color=GREEN, ms=10, mec="white", mew=1.2, zorder=6)
        if across:
            axes.plot([x, x + across * (left - x)], [value, value], **dashes)
        if across == 1.0:
            axes.plot([left], [value], "<", color=GREEN, ms=10, clip_on=False, zorder=6)
            axes.annotate(
                f"$\\hat{{y}}$ = {decimal(value, 2)}{' ' + unit if unit else ''}",
                (left, value),
                (14, 7),
                textcoords="offset points",
                color=GREEN,
                fontsize=17,
            )
        if missed and samples.marked:
            seen = samples.marked[1]
            axes.annotate(
                "",
                (x, seen),
                (x, value),
                arrowprops={"arrowstyle": "<|-|>", "color": BLACK, "lw": 2, "mutation_scale": 16},
                zorder=5,
            )
            axes.annotate(
                f"$\\hat{{y}} - y$ = {decimal(value - seen, 2)}",
                (x, (value + seen) / 2),
                (-10, 0),
                textcoords="offset points",
                ha="right",
                va="center",
                fontsize=16,
            )
    return figure


def _training_frame(
    samples: Samples, lines: Sequence[Line], costs: Sequence[float], cost: str, bounds: tuple[float, float]
) -> Figure:
    epoch = len(lines) - 1
    with styled():
        from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

        figure = blank()
        fit(figure)
        axes, side = figure.subplots(1, 2, width_ratios=(1.5, 1))
        axes.set_xlabel(samples.across)
        axes.set_ylabel(samples.up)
        x = np.linspace(*samples.reach, 2)
        for earlier in lines[:-1]:
            axes.plot(x, earlier(x), color=BLUE, lw=1.4, alpha=0.25, zorder=1)
        _dots(axes, samples)
        _line(axes, samples, lines[-1], "")
        margin = 0.07 * (bounds[1] - bounds[0])
        axes.set_ylim(bounds[0] - margin, bounds[1] + margin)
        axes.set_title(f"epoch {epoch}", fontsize=17)
        side.set_yscale("log")
        side.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        side.yaxis.set_major_formatter(FuncFormatter(lambda value, _: decimal(value)))
        side.yaxis.set_minor_formatter(NullFormatter())
        side.plot(range(epoch + 1), costs[: epoch + 1], "-", color=GREY, lw=1.4, zorder=1)
        side.plot(range(epoch + 1), costs[: epoch + 1], "o", color=VERMILLION, ms=7, zorder=2)
        side.set_xlim(-0.5, len(costs) - 0.5)
        side.set_ylim(min(costs) / 1.6, max(costs) * 1.6)
        side.set_xlabel("epoch")
        side.set_ylabel(cost, rotation=0, labelpad=14)
        side.set_title(f"{cost} = {decimal(costs[epoch], 2)}", fontsize=17)
    return figure


def _dots(axes: Axes, samples: Samples) -> None:
    axes.plot(samples.x, samples.y, "o", color=BLACK, ms=7, mec="white", mew=0.8, zorder=4)
    if samples.marked:
        x, y, _ = samples.marked
        axes.plot([x], [y], "D", color=VERMILLION, ms=10, mec="white", mew=1.2, zorder=5)


def _line(axes: Axes, samples: Samples, line: Line, label: str) -> None:
    x = np.linspace(*samples.reach, 100)
    axes.plot(x, line(x), color=BLUE, zorder=2)
    if label:
        axes.set_title(label, color=BLUE, fontsize=18)


def _name(axes: Axes, samples: Samples) -> None:
    """Name the marked point beside it."""
    if samples.marked:
        x, y, name = samples.marked
        axes.annotate(name, (x, y), (-12, 0), textcoords="offset points", color=VERMILLION, ha="right", va="center")
