"""Each of the article's statements, given to symgrad's checker."""

from __future__ import annotations

from sympy import Expr

import symgrad as sg
from symgrad.article.claims import CLAIMS, Claim
from symgrad.article.models import hill, network, regression
from symgrad.article.report import Checked
from symgrad.article.results import moved
from symgrad.expressions import exact
from symgrad.infix import Infix
from symgrad.notation.numbers import decimal
from symgrad.verification.numeric import verify_numbers

_MODELS = {"hill": hill, "regression": regression, "network": network}
_PARAMETERS = {"hill": ("x",), "regression": ("w", "b")}
_DIRECTION = {"hill": 1, "regression": -1}  # up the hill, down the loss


def checked_claims() -> tuple[Checked, ...]:
    """Every statement with symgrad's value and verdict, in the article's order."""
    return tuple(checked(claim) for claim in CLAIMS)


def checked(claim: Claim) -> Checked:
    """One statement with symgrad's value and verdict: numbers where values are given, otherwise a formula."""
    if claim.at:
        verdict = verify_numbers(claim.sides, known(claim))
        return Checked(claim, "" if verdict.correct is None else number_text(verdict.correct.rhs), verdict)
    name, *sides = claim.sides
    verdict = sg.derive(_MODELS[claim.model]).verify(name, " = ".join(sides))
    ours = "" if verdict.correct is None else Infix(verdict.written).text(verdict.correct.rhs)
    return Checked(claim, ours, verdict)


def known(claim: Claim) -> dict[str, Expr]:
    """The value of every name that a line of numbers may use: what is given, and what symgrad makes of it."""
    given = {name: exact(value) for name, value in claim.at.items()}
    rate = given.pop("alpha", exact(0))
    model = _MODELS[claim.model]
    step = _DIRECTION[claim.model] * rate
    inputs = moved(model, given, _PARAMETERS[claim.model], step, claim.after)
    return {**sg.derive(model).at(**inputs).values, "alpha": rate}


def number_text(value: Expr, places: int = 6) -> str:
    """A number with at most `places` decimals, marked where that rounds it.

    >>> from sympy import Rational
    >>> number_text(Rational("0.330955")), number_text(Rational(2, 3))
    ('0.330955', '≈ 0.666667')
    """
    text, full = decimal(value)
    if full and len(text.partition(".")[2]) <= places:
        return text
    return f"≈ {float(value):.{places}f}"
