"""A plain step down a parabola: the parameters after it are affine in those before it, so that it needs no gradient."""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Poly, PolynomialError, Symbol

from symgrad.codegen.native.operations import safe
from symgrad.derivation import Derivation

MOST = 4  # parameters; with more, other operations than those that wait for each other set the pace


@dataclass(frozen=True)
class AffineStep:
    """A C function that moves a few parameters, and the numbers that it is given."""

    text: str
    numbers: tuple[str, ...]

    def call(self, rate: str) -> str:
        """A call of the function."""
        return f"affine_step({', '.join([*map(safe, self.numbers), 'theta', rate])});"


def affine_step(derivation: Derivation, climbs: bool) -> AffineStep | None:
    """The step θ - ηg for gradients g = c + Cθ, as (1 - ηC)θ - ηc; None where a gradient is no such.

    One operation on θ less waits for another, and those that wait set the pace of a model of few numbers.
    """
    params = [Symbol(name) for name in derivation.wrt]
    numbers: dict[str, None] = {}
    rows = []
    for place, param in enumerate(params):
        try:
            gradient = Poly(derivation.step(param.name).adjoint, *params)
        except PolynomialError:
            return None
        if len(params) > MOST or gradient.total_degree() > 1 or not all(c.is_Symbol for c in gradient.coeffs()):
            return None
        terms = []
        for powers, factor in sorted(gradient.terms()):
            numbers[factor.name] = None
            moved = f"{'' if climbs else '-'}rate*{safe(factor.name)}"
            by = next((gen for gen, power in zip(params, powers, strict=True) if power), None)
            if by is not None:
                moved = f"(1 {'+' if climbs else '-'} rate*{safe(factor.name)})" if by == param else f"({moved})"
            terms.append(moved if by is None else f"{moved}*{safe(by.name)}")
        if not any(term.endswith(f"*{safe(param.name)}") for term in terms):
            terms.append(safe(param.name))
        rows.append(f"theta[{place}] = {' + '.join(terms)};")
    olds = [f"const real {safe(param.name)} = theta[{place}];" for place, param in enumerate(params)]
    given = ", ".join(f"const real {safe(name)}" for name in numbers)
    body = "\n".join(f"    {line}" for line in (*olds, *rows))
    head = f"static inline void affine_step({given}, real *restrict theta, const real rate)"
    return AffineStep(f"{head}\n{{\n{body}\n}}\n", tuple(numbers))
