"""What may be said of a claim, and on what evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from sympy import Expr

from symgrad.expressions import Written
from symgrad.notation.latex import Printer
from symgrad.notation.numbers import decimal

Status: TypeAlias = Literal["proved", "agrees", "refuted", "undecided", "malformed"]


@dataclass(frozen=True)
class Counterexample:
    """Exact inputs at which the two sides provably differ; `functions` says what abstract functions stand for."""

    inputs: Mapping[str, Expr]
    claimed: Expr
    correct: Expr
    functions: Mapping[str, str]

    def __str__(self) -> str:
        given = [f"{name} = {value}" for name, value in self.inputs.items()]
        given += [f"{name}(z) = {text}" for name, text in self.functions.items()]
        claimed, correct = _told_apart(self.claimed, self.correct)
        sides = f"the claim gives {claimed}, the derivation {correct}"
        return f"at {', '.join(given)}: {sides}" if given else sides


def _told_apart(claimed: Expr, correct: Expr) -> tuple[str, str]:
    """Both values as decimals; where these round to the same, one of them and the distance to the other."""
    first, second = _shown(claimed), _shown(correct)
    if first.removeprefix("≈ ") != second.removeprefix("≈ "):
        return first, second
    distance = claimed - correct
    return f"{_shown(abs(distance))} {'more' if distance > 0 else 'less'}", second


def _shown(value: Expr) -> str:
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
    correct: Expr | None = None
    written: Written | None = None

    def __bool__(self) -> bool:
        return self.status in ("proved", "agrees")

    def __str__(self) -> str:
        parts = [f"{self.status}: {self.claim}", self.diagnosis, str(self.counterexample or ""), self.reason]
        return "; ".join(part for part in parts if part)

    def latex(self) -> str:
        """The correct side as LaTeX; empty where there is none."""
        return "" if self.correct is None else Printer(self.written or {}).latex(self.correct)

    def _repr_latex_(self) -> str:
        return rf"$$\text{{{self.status}: }} {self.latex()}$$"
