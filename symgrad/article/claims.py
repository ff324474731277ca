"""What the article states, line by line and in its order: data, without a verdict.

A line is a chain of sides that the article sets equal.  Its names are those of one of the models, whose inputs are
given; every other value, gradients such as `dL_dw` included, comes from symgrad.  A line without given values is a
formula, and must hold for all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Claim:
    """One line: `sides` as arithmetic, the model that its names belong to, and the values given `at` that point.

    `after` steps of gradient ascent (hill) or descent (the others) with rate `alpha` are taken from the given values
    before the line holds.
    """

    where: str
    sides: tuple[str, ...]
    model: str
    at: Mapping[str, str] = field(default_factory=dict)
    after: int = 0


def _hill(where: str, *sides: str, after: int = 0, **at: str) -> Claim:
    return Claim(where, sides, "hill", at, after)


def _line(where: str, *sides: str, after: int = 0) -> Claim:
    at = {"x": "177", "y": "88.2", "w": "0.7", "b": "6", "alpha": "0.00005"}
    return Claim(where, sides, "regression", at, after)


CLAIMS = (
    # The gradient.
    Claim("gradient of f", ("df_dx", "-2*x"), "hill"),
    _hill("gradient at -4", "df_dx", "-2*x", "8", x="-4"),
    _hill("length of the gradient at -4", "abs(df_dx)", "8", x="-4"),
    _hill("the step of length 8", "x + alpha*abs(df_dx)", "4", x="-4", alpha="1"),
    _hill("value at 4", "f", "16", x="4"),
    _hill("gradient at 4", "df_dx", "-2*x", "-8", x="4"),
    _hill("the step back", "x + alpha*df_dx", "-4", x="4", alpha="1"),
    _hill("the rule for a step, at 4", "x + alpha*df_dx", "x + alpha*abs(df_dx)", x="4", alpha="0.1"),
    _hill("first step of 10%", "x + alpha*abs(df_dx)", "-4 + 0.1*8", "-3.2", x="-4", alpha="0.1"),
    _hill("value at -3.2", "f", "-10.24", x="-3.2"),
    _hill("second step of 10%", "x + alpha*abs(df_dx)", "-3.2 + 0.1*6.4", "-2.56", x="-4", alpha="0.1", after=1),
    _hill("value at -2.56", "f", "-6.55", x="-2.56"),
    _hill("first step of 1%", "x + alpha*abs(df_dx)", "-4 + 0.01*8", "-3.92", x="-4", alpha="0.01"),
    _hill("second step of 1%", "x + alpha*abs(df_dx)", "-3.92 + 0.01*8", "-3.84", x="-4", alpha="0.01", after=1),
    _hill("value at -3.84", "f", "-14.75", x="-3.84"),
    # The loss.
    _line("the first prediction", "w*x + b", "129.9"),
    Claim("loss by prediction", ("dL_dyhat", "yhat - y"), "regression"),
    Claim("prediction by weight", ("dyhat_dw", "x"), "regression"),
    Claim("loss by weight", ("dL_dw", "dL_dyhat*dyhat_dw", "(yhat - y)*x"), "regression"),
    _line("loss by weight, in numbers", "(yhat - y)*x", "(88.2 - 129.9)*177", "7380.9"),
    _line("update of the weight", "w - alpha*dL_dw", "0.7 - 0.00005*7380.9", "0.7 - 0.36", "0.34"),
    Claim("loss by bias", ("dL_db", "yhat - y"), "regression"),
    _line("loss by bias, in numbers", "yhat - y", "129.9 - 88.2", "41.7"),
    _line("update of the bias", "b - alpha*dL_db", "6 - 0.00005*41.7", "6 - 0.002", "5.998"),
    _line("loss before", "(yhat - y)**2/2", "1/2*(129.9 - 88.2)**2", "1/2*41.7**2", "869.45"),
    _line("the new prediction", "yhat", "66.2", after=1),
    _line("loss after", "(yhat - y)**2/2", "1/2*(66.2 - 88.2)**2", "1/2*22**2", "242", after=1),
    # Backpropagation.
    Claim("step 1", ("dL_dw1", "dL_dyhat*dyhat_dw1", "(yhat - y)*dyhat_dw1"), "network"),
    Claim("step 2", ("dyhat_dw1", "dyhat_dz2*dz2_dw1", "f'(z2)*dz2_dw1"), "network"),
    Claim("step 3", ("dz2_dw1", "dz2_do1*do1_dw1", "w2*do1_dw1"), "network"),
    Claim("step 4", ("do1_dw1", "do1_dz1*dz1_dw1", "f'(z1)*do1_dw1"), "network"),
    Claim("step 5", ("dz1_dw1", "x"), "network"),
    Claim("the product", ("dL_dw1", "(yhat - y)*f'(z2)*w2*f'(z1)*x"), "network"),
)
