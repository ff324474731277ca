"""The length of a step: a line search for the strong Wolfe conditions.

Nocedal and Wright, Numerical Optimization, 2nd ed. 2006, algorithms 3.5 and 3.6, with cubic interpolation (3.59).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

_DECREASE = 1e-4  # c1: the least share of the decrease that the slope at the start promises
_CURVATURE = 0.9  # c2: the largest share of that slope that may be left
_TRIALS = 30


@dataclass(frozen=True)
class Trial:
    """A point on the line: its distance from the start, its value, its gradient and the slope along the line."""

    length: float
    value: float
    gradient: NDArray[Any]
    slope: float
    cost: float = 0.0  # the value as it is reported


def search(line: Callable[[float], Trial], start: Trial, first: float) -> Trial | None:
    """A point that meets the strong Wolfe conditions, or the lowest met that decreases enough; None without one.

    `line` gives the trial at a length; values that aren't finite count as too high. The slope at the start is
    negative.

    >>> def parabola(a):
    ...     return Trial(a, (a - 3) ** 2, None, 2 * (a - 3))
    >>> search(parabola, parabola(0.0), 1.0).length
    1.0
    """
    before, length = start, first
    for _ in range(_TRIALS):
        here = line(length)
        if _too_high(here, start) or (before is not start and here.value >= before.value):
            return _zoom(line, start, before, here)
        if abs(here.slope) <= -_CURVATURE * start.slope:
            return here
        if here.slope >= 0:
            return _zoom(line, start, here, before)
        before, length = here, 2 * length
    return before if before is not start else None


def _zoom(line: Callable[[float], Trial], start: Trial, low: Trial, high: Trial) -> Trial | None:
    """Narrow the interval between the lowest point so far and one beyond a minimum."""
    for _ in range(_TRIALS):
        length = _between(low, high)
        if length in (low.length, high.length):
            break
        here = line(length)
        if _too_high(here, start) or here.value >= low.value:
            high = here
        else:
            if abs(here.slope) <= -_CURVATURE * start.slope:
                return here
            if here.slope * (high.length - low.length) >= 0:
                high = low
            low = here
    return low if low is not start and low.value < start.value else None


def _too_high(here: Trial, start: Trial) -> bool:
    if not (math.isfinite(here.value) and math.isfinite(here.slope)):
        return True
    return here.value > start.value + _DECREASE * here.length * start.slope


def _between(low: Trial, high: Trial) -> float:
    """The minimum of the cubic through both values and slopes, kept off the ends; the middle where there is none."""
    width = high.length - low.length
    middle = low.length + width / 2
    if not (math.isfinite(high.value) and math.isfinite(high.slope)):
        return middle
    first = low.slope + high.slope - 3 * (low.value - high.value) / (low.length - high.length)
    inner = first * first - low.slope * high.slope
    if not 0 <= inner < math.inf:
        return middle
    second = math.copysign(math.sqrt(inner), width)
    denominator = high.slope - low.slope + 2 * second
    if denominator == 0:
        return middle
    length = high.length - width * (high.slope + second - first) / denominator
    inside = abs(length - middle) <= 0.4 * abs(width)
    return length if inside else middle
