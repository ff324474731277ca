"""What a person declares about a model's quantities: a quantity sums to one over an axis."""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Expr, S

from symgrad.errors import ModelError


@dataclass(frozen=True)
class SumFact:
    """The entries of a quantity sum to `total` along an axis, whatever the other indices are."""

    quantity: str
    axis: str
    total: Expr = S.One


def sums_to_one(**axes: str) -> tuple[SumFact, ...]:
    """Facts that quantities sum to one over the named axes: probabilities, one-hot rows.

    >>> sums_to_one(Y="k")
    (SumFact(quantity='Y', axis='k', total=1),)
    """
    for name, axis in axes.items():
        if not isinstance(axis, str):
            raise ModelError(f"sums_to_one({name}={axis!r}): name the axis, as in sums_to_one({name}='k')")
    return tuple(SumFact(name, axis) for name, axis in axes.items())
