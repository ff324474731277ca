"""A plain step down a parabola: the parameters after it are affine in those before it, so that it needs no gradient."""

from __future__ import annotations

from collections.abc import Container
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


def affine_step(derivation: Derivation, numbers: Container[str], climbs: bool) -> AffineStep | None:
    """The step θ - ηg for gradients g = c + Cθ, as (1 - ηC)θ - ηc; None where a gradient is no such.

    The entries of C and c are `numbers` that stay the same.  One operation on θ less waits for another, and those that
    wait set the pace of a model of few numbers.
    """
    params = [Symbol(name) for name in derivation.wrt]
    if len(params) > MOST:
        return None
    used: dict[str, None] = {}
    rows = []
    for place, param in enumerate(params):
        try:
            gradient = Poly(derivation.step(param.name).adjoint, *params)
        except PolynomialError:
            return None
        if gradient.total_degree() > 1 or not all(c.is_Symbol and c.name in numbers for c in gradient.coeffs()):
            return None
        own = safe(param.name)
        terms = [] if gradient.coeff_monomial(param) else [own]
        for powers, factor in sorted(gradient.terms()):
            used[factor.name] = None
            moved = f"{'' if climbs else '-'}rate*{safe(factor.name)}"
            by = next((safe(gen.name) for gen, power in zip(params, powers, strict=True) if power), "")
            if by == own:
                terms.append(f"(1 {'+' if climbs else '-'} rate*{safe(factor.name)})*{own}")
            else:
                terms.append(f"({moved})*{by}" if by else moved)
        rows.append(f"theta[{place}] = {' + '.join(terms)};")
    olds = [f"const real {safe(param.name)} = theta[{place}];" for place, param in enumerate(params)]
    given = ", ".join(f"const real {safe(name)}" for name in used)
    body = "\n".join(f"    {line}" for line in (*olds, *rows))
    head = f"static inline void affine_step({given}, real *restrict theta, const real rate)"
    return AffineStep(f"{head}\n{{\n{body}\n}}\n", tuple(used))
