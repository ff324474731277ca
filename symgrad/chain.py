"""The chain rule told from the result down: one row for each quantity between the result and the one asked about.

The reverse sweep multiplies from the left; a textbook often opens the product from the left instead, ∂𝓛/∂w =
∂𝓛/∂ŷ ∂ŷ/∂w, then ∂ŷ/∂w = ….  The rows use the same local derivatives as the sweep's steps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sympy import Expr, Symbol

from symgrad.derivation import Derivation, derive
from symgrad.errors import InputError
from symgrad.expressions import Written, product, total
from symgrad.names import partial_name


@dataclass(frozen=True)
class Link:
    """One path through a row: the quantity it goes through, and its local derivative."""

    through: str
    local: Expr


@dataclass(frozen=True)
class ChainRow:
    """∂of/∂by = Σ ∂of/∂through · ∂through/∂by, over the quantities that `of` uses directly."""

    of: str
    by: str
    links: tuple[Link, ...]
    written: Written

    @property
    def statement(self) -> Expr:
        """The chain rule in partials only; the derivative itself where `of` uses `by` directly and nothing else."""
        return self._sum(
            lambda link: (  # a direct path among several: the partial's own name means them all
                link.local
                if link.through == self.by and len(self.links) > 1
                else Symbol(partial_name(self.of, link.through))
            )
        )

    @property
    def combined(self) -> Expr:
        """The chain rule with the local derivatives written out."""
        return self._sum(lambda link: link.local)

    def _sum(self, local: Callable[[Link], Expr]) -> Expr:
        written = self.written
        assert isinstance(written, dict)
        terms = []
        for link in self.links:
            rest = [] if link.through == self.by else [Symbol(partial_name(link.through, self.by))]
            terms.append(product([local(link), *rest], written))
        return total(terms, written)


def chain(derivation: Derivation, name: str) -> tuple[ChainRow, ...]:
    """The rows from the result down to a quantity, in the order in which an article opens the product.

    Raises InputError for a quantity with axes, whose chain has sums over indices: read its steps instead.

    >>> from symgrad.equations import Model
    >>> x, w, z = Symbol("x"), Symbol("w"), Symbol("z")
    >>> rows = chain(derive(Model.from_equations([("z", w * x), ("L", z**2)])), "w")
    >>> [(row.of, row.statement, row.combined) for row in rows]
    [('L', dL_dz*dz_dw, 2*dz_dw*z), ('z', dz_dw, x)]
    """
    model = derivation.model
    if model.has_axes:
        raise InputError(f"{model.name} has quantities with axes; its chain rule is read in derive(…).steps")
    sweep = derive(model, name)
    above: dict[str, list[Link]] = {}
    for step in sweep.steps:
        for share in step.contributions:
            above.setdefault(share.user, []).append(Link(step.quantity, share.local))
    written = dict(sweep.written)
    return tuple(
        ChainRow(equation.name, name, tuple(above[equation.name]), written)
        for equation in reversed(model.equations)
        if equation.name in above
    )
