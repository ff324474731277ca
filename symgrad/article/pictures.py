"""The article's eleven pictures, from symgrad's numbers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from symgrad.article.models import hill, network
from symgrad.article.results import POINT, START, Results
from symgrad.notation.figures import Film, curves, samples, save
from symgrad.notation.figures.network import network as diagram
from symgrad.notation.figures.style import decimal

_BOUNDS = (-5.0, 5.0)


def write_pictures(results: Results, out: Path) -> tuple[Path, ...]:
    """Draw the eleven pictures into the folder `out`; return their paths, in the article's order.

    Raises SymgradError without matplotlib or Pillow.
    """
    return tuple(_write(picture, out / name) for name, picture in _pictures(results).items())


def _write(picture: Any, path: Path) -> Path:
    return picture.save(path) if isinstance(picture, Film) else save(picture, path)


def _pictures(results: Results) -> dict[str, Any]:
    points = {rate: [float(at["x"]) for at in climb] for rate, climb in results.climbs.items()}
    x, y = float(POINT["x"]), float(POINT["y"])
    women = {name: column[:-1] for name, column in results.data.items()}
    data = samples.Samples(women["x"], women["y"], "height (cm)", "weight (kg)", (x, y, "the article's point"))
    start = float(START["w"]), float(START["b"])
    updated = float(results.after["w"]), float(results.after["b"])
    epochs = [(epoch.params["w"], epoch.params["b"]) for epoch in results.line.history]
    return {
        "curve.png": curves.curve(hill, _BOUNDS, "$f(x) = -x^2$"),
        "directions.png": curves.directions(hill, _BOUNDS, points["1"][0]),
        "step-whole.png": curves.steps(hill, _BOUNDS, points["1"][:2], r"$\alpha = 1$"),
        "step-tenth.png": curves.steps(hill, _BOUNDS, points["0.1"][:2], r"$\alpha = 0.1$"),
        "steps-tenth.png": curves.steps(hill, _BOUNDS, points["0.1"], r"$\alpha = 0.1$"),
        "data.png": samples.scatter(data),
        "line.png": samples.fitted(data, _line(*start), _formula(*start)),
        "prediction.gif": samples.prediction(data, _line(*start), x, _formula(*start), "kg"),
        "prediction-after.gif": samples.prediction(data, _line(*updated), x, _formula(*updated), "kg"),
        "training.gif": samples.training(
            data, [_line(*at) for at in epochs], [epoch.loss for epoch in results.line.history]
        ),
        "network.png": diagram(network, ("w1", "b1", "w2", "b2")),
    }


def _line(w: float, b: float) -> Callable[[Any], Any]:
    return lambda x: w * x + b


def _formula(w: float, b: float) -> str:
    return f"$\\hat{{y}} = {decimal(w, 3)}\\,x + {decimal(b, 3)}$".replace("\N{MINUS SIGN}", "-")
