"""Learning rates that change from step to step; any function of the step's number, 0 for the first, is one too."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from symgrad.errors import InputError

__all__ = ["Schedule", "constant", "cosine", "exponential", "step", "warm_up"]


@dataclass(frozen=True)
class Schedule:
    """A learning rate for each step, and how it is shown."""

    text: str
    rate_at: Callable[[int], float] = field(repr=False, compare=False)
    constant: float | None = None  # the one rate of all steps, where there is one
    over: Callable[[int], Schedule] | None = field(default=None, repr=False, compare=False)  # given a run's steps

    def __call__(self, step: int) -> float:
        """The learning rate of a step; the first step is number 0."""
        return self.rate_at(step)

    def __str__(self) -> str:
        return self.text


def constant(rate: float) -> Schedule:
    """The same rate in every step.

    >>> constant(0.1)(1000)
    0.1
    """
    _check(rate=rate)
    return Schedule(f"{rate:g}", lambda step: rate, rate)


def step(rate: float, every: int, factor: float = 0.1) -> Schedule:
    """A rate that is multiplied by `factor` after `every` steps, and again after as many.

    >>> [step(1.0, every=2, factor=0.5)(n) for n in range(5)]
    [1.0, 1.0, 0.5, 0.5, 0.25]
    """
    _check(rate=rate, every=every, factor=factor)
    return Schedule(f"step({rate:g}, every={every}, factor={factor:g})", lambda step: rate * factor ** (step // every))


def exponential(rate: float, factor: float) -> Schedule:
    """A rate that is multiplied by `factor` after each step.

    >>> [exponential(1.0, factor=0.5)(n) for n in range(3)]
    [1.0, 0.5, 0.25]
    """
    _check(rate=rate, factor=factor)
    return Schedule(f"exponential({rate:g}, factor={factor:g})", lambda step: rate * factor**step)


def cosine(rate: float, steps: int | None = None, lowest: float = 0.0) -> Schedule:
    """Half a cosine from `rate` down to `lowest` in so many steps, then `lowest` (Loshchilov and Hutter 2017).

    Without `steps`, in those of the run.

    >>> [round(cosine(1.0, steps=4)(n), 3) for n in range(6)]
    [1.0, 0.854, 0.5, 0.146, 0.0, 0.0]
    """
    _check(rate=rate)
    if steps is None:
        return Schedule(f"cosine({rate:g})", _unknown, over=lambda total: cosine(rate, max(total, 1), lowest))
    _check(steps=steps)
    return Schedule(
        f"cosine({rate:g}, steps={steps})",
        lambda step: lowest + (rate - lowest) * (1 + math.cos(math.pi * min(step / steps, 1.0))) / 2,
    )


def warm_up(then: Schedule | float, steps: int) -> Schedule:
    """A rate that rises in equal parts to the first one of `then` in so many steps, which follows.

    >>> [warm_up(0.4, steps=4)(n) for n in range(6)]
    [0.1, 0.2, 0.30000000000000004, 0.4, 0.4, 0.4]
    """
    _check(steps=steps)
    after = then if isinstance(then, Schedule) else constant(then)
    over = after.over
    return Schedule(
        f"warm_up({after}, steps={steps})",
        lambda step: after(0) * (step + 1) / steps if step < steps else after(step - steps),
        over=None if over is None else lambda total: warm_up(over(total - steps), steps),
    )


def _unknown(step: int) -> float:
    raise InputError(
        "learning_rate: cosine needs its steps here, as in cosine(0.1, steps=1000); the run's aren't known"
    )


def _check(**settings: float) -> None:
    for name, value in settings.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
            raise InputError(f"{name}={value!r} must be a number above 0")
