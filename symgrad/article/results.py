"""Everything that the article computes, computed by symgrad."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from sympy import Rational

import symgrad as sg
from symgrad.article.models import hill, network, regression
from symgrad.data import women

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from symgrad.equations import Model
    from symgrad.notation.worked import Evaluation
    from symgrad.training.history import Run

POINT = {"x": Rational("177"), "y": Rational("88.2")}
START = {"w": Rational("0.7"), "b": Rational("6")}
RATE = Rational("0.00005")
EPOCHS = 10

# The network's start, rate and length are ours: the article trains no network.
NETWORK_START = {"w1": 0.5, "b1": 0.0, "w2": 0.5, "b2": 0.0}
NETWORK_RATE = 10.0
NETWORK_EPOCHS = 1000


@dataclass(frozen=True)
class Results:
    """The article's numbers: exact where it computes by hand, floating point where it trains.

    `climbs` has the points of each climb by its rate; `before` and `after` are the regression at the article's
    point, one gradient step apart; `data` is what `line` was trained on, `scaled` what `net` was trained on.
    """

    climbs: Mapping[str, tuple[Evaluation, ...]]
    before: Evaluation
    after: Evaluation
    data: Mapping[str, NDArray[np.float64]]
    line: Run
    scaled: Mapping[str, NDArray[np.float64]]
    net: Run


def results() -> Results:
    """Run the article: three climbs, one step of regression, ten epochs of it, and the network's training."""
    by_hand = sg.derive(regression, wrt=list(START))
    start = {**POINT, **START}
    data, scaled = samples(), scaled_samples()
    return Results(
        climbs={rate: _climb(Rational(rate), 2) for rate in ("1", "0.1", "0.01")},
        before=by_hand.at(**start),
        after=by_hand.at(**moved(regression, start, list(START), -RATE)),
        data=data,
        line=sg.fit(
            regression,
            data,
            {name: float(value) for name, value in START.items()},
            learning_rate=float(RATE),
            epochs=EPOCHS,
            progress=False,
        ),
        scaled=scaled,
        net=sg.fit(
            network.bind(f=sg.sigmoid),
            scaled,
            NETWORK_START,
            learning_rate=NETWORK_RATE,
            epochs=NETWORK_EPOCHS,
            progress=False,
        ),
    )


def samples() -> dict[str, NDArray[np.float64]]:
    """The women's heights and weights with the article's point as the sixteenth sample."""
    return {name: np.append(column, float(POINT[name])) for name, column in women().items()}


def scaled_samples() -> dict[str, NDArray[np.float64]]:
    """The same samples for a network of sigmoids: standardised heights, and weights in hundreds of kg, below 1."""
    data = samples()
    return {"x": (data["x"] - data["x"].mean()) / data["x"].std(), "y": data["y"] / 100}


def moved(
    model: Model, values: Mapping[str, Rational], parameters: Sequence[str], rate: Rational, steps: int = 1
) -> dict[str, Rational]:
    """The values after `steps` exact gradient steps by `rate`, which is negative for a descent."""
    derivation = sg.derive(model, wrt=list(parameters))
    now = dict(values)
    for _ in range(steps):
        gradient = derivation.at(**now).gradient
        now.update({name: now[name] + rate * gradient[name] for name in parameters})
    return now


def _climb(rate: Rational, steps: int) -> tuple[Evaluation, ...]:
    start = {"x": Rational(-4)}
    slope = sg.derive(hill)
    return tuple(slope.at(**moved(hill, start, ["x"], rate, taken)) for taken in range(steps + 1))
