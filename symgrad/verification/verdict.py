"""What may be said of a claim, and on what evidence."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from sympy import Expr

from symgrad.equations import Equation, Model
from symgrad.expressions import Written
from symgrad.notation.latex import Printer
from symgrad.notation.numbers import decimal

Status: TypeAlias = Literal["proved", "agrees", "refuted", "undecided", "malformed"]
MOST_SHOWN = 24  # entries of one array in a counterexample's text


@dataclass(frozen=True)
class Counterexample:
    """Exact inputs at which the two sides provably differ: numbers, or nested tuples for arrays.

    `functions` says what abstract functions stand for, `sizes` how long the axes are, `entry` which entry differs.
    """

    inputs: Mapping[str, Any]
    claimed: Expr
    correct: Expr
    functions: Mapping[str, str] = field(default_factory=dict)
    sizes: Mapping[str, int] = field(default_factory=dict)
    entry: tuple[int, ...] = ()

    def __str__(self) -> str:
        given = [f"{name} = {length}" for name, length in self.sizes.items()]
        given += [f"{name} = {_nested(value)}" for name, value in self.inputs.items()]
        given += [f"{name}(z) = {text}" for name, text in self.functions.items()]
        claimed, correct = _told_apart(self.claimed, self.correct)
        where = f" in entry [{', '.join(map(str, self.entry))}]" if self.entry else ""
        sides = f"the claim gives {claimed}, the derivation {correct}{where}"
        return f"at {', '.join(given)}: {sides}" if given else sides


def _nested(value: Any) -> str:
    if hasattr(value, "tolist"):  # floats
        small = value.size <= MOST_SHOWN
        return f"{value.round(4).tolist()}" if small else f"an array of shape {value.shape}"
    if not isinstance(value, tuple):
        return str(value)
    shape: list[int] = []
    inner: Any = value
    while isinstance(inner, tuple):
        shape.append(len(inner))
        inner = inner[0]
    entries = 1
    for length in shape:
        entries *= length
    if entries > MOST_SHOWN:
        return f"an array of shape ({', '.join(map(str, shape))})"
    return f"[{', '.join(map(_nested, value))}]"


def _told_apart(claimed: Expr, correct: Expr) -> tuple[str, str]:
    """Both values as decimals; where these round to the same, one of them and the distance to the other."""
    first, second = _shown(claimed), _shown(correct)
    if first.removeprefix("≈ ") != second.removeprefix("≈ "):
        return first, second
    distance = claimed - correct
    return f"{_shown(abs(distance))} {'more' if distance > 0 else 'less'}", second


def _shown(value: Expr) -> str:
    if not value.is_finite:
        return str(value)
    text, full = decimal(value)
    return text if full else f"≈ {text}"


@dataclass(frozen=True)
class Verdict:
    """The verdict on one claim: true if it is proved or agrees at every point tried, false otherwise.

    proved: a decision procedure showed it for all values where both sides are defined.  agrees: equal at many points,
    no proof.  refuted: a counterexample.  undecided: neither, and why.  malformed: the claim doesn't fit the model.
    """

    status: Status
    claim: str
    reason: str
    counterexample: Counterexample | None = None
    diagnosis: str = ""
    correct: Equation | None = None
    written: Written = field(default_factory=dict, repr=False)
    model: Model | None = field(default=None, repr=False)
    slip: str = ""  # the entry of the catalogue that the diagnosis comes from
    wrong: Expr | None = field(default=None, repr=False)  # the factor of the claim that is wrong, if one is

    def __bool__(self) -> bool:
        return self.status in ("proved", "agrees")

    def __str__(self) -> str:
        return "; ".join(part for part in (f"{self.status}: {self.claim}", self.why) if part)

    @property
    def why(self) -> str:
        """The diagnosis, the counterexample and the reason, in one line."""
        parts = (self.diagnosis, str(self.counterexample or ""), self.reason)
        return "; ".join(part for part in parts if part)

    def latex(self) -> str:
        """The correct side as LaTeX; empty where there is none."""
        if self.correct is None:
            return ""
        if self.model is None or not self.model.has_axes:
            return Printer(self.written).latex(self.correct.rhs)
        from symgrad.notation.style import Style

        return Style().statement(self.correct, self.model, self.written).right

    def json(self) -> str:
        """The verdict as JSON, numbers and formulas as text."""
        found = self.counterexample
        point = None
        if found is not None:
            point = {
                "sizes": dict(found.sizes),
                "inputs": {name: _texts(value) for name, value in found.inputs.items()},
                "functions": dict(found.functions),
                "entry": list(found.entry),
                "claimed": str(found.claimed),
                "correct": str(found.correct),
            }
        row = {"status": self.status, "claim": self.claim, "diagnosis": self.diagnosis, "slip": self.slip}
        row["reason"] = self.reason
        return json.dumps({**row, "counterexample": point, "latex": self.latex()}, ensure_ascii=False)

    def _repr_html_(self) -> str:
        mark = "✓" if self else "✗"
        rows = [f"<b>{mark} {self.status}</b>: <code>{html.escape(self.claim)}</code>"]
        rows += [html.escape(part) for part in (self.diagnosis, str(self.counterexample or ""), self.reason) if part]
        correct = "" if self or self.correct is None else f"<br>$\\displaystyle {html.escape(self.latex())}$"
        return "<div>" + "<br>".join(rows) + correct + "</div>"


def _texts(value: Any) -> Any:
    if hasattr(value, "tolist"):  # floats
        return value.tolist()
    return [_texts(item) for item in value] if isinstance(value, tuple) else str(value)
