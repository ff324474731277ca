"""Gradients that are polynomials in the parameters, with coefficients that are numbers, computed beforehand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import Poly, PolynomialError, Symbol, prod

from symgrad.derivation import Derivation
from symgrad.equations import Quantity
from symgrad.expressions import total

Numbers = Mapping[str, NDArray[Any]]

NUMBERS = 64  # that a step may read
LONGEST = 400  # operations of a gradient in the inputs alone, up to which it is looked at


def collected(derivation: Derivation, numbers: Numbers) -> tuple[Derivation, dict[str, NDArray[Any]]] | None:
    """The derivation of a model of numbers, each gradient as one polynomial, and the numbers with their coefficients.

    None where a gradient isn't a polynomial, or where there would be many coefficients.

    >>> from symgrad.derivation import derive
    >>> from symgrad.equations import Model
    >>> w, r, s, e = map(Symbol, "w r s e".split())
    >>> given = derive(Model.from_equations([("e", r*w - s), ("L", e**2)]), "w")
    >>> found = collected(given, {"r": np.array(2.0), "s": np.array(3.0)})
    >>> found[0].step("w").adjoint, found[1]["c1"], found[1]["c2"]
    (c1*w + c2, array(8.), array(-12.))
    """
    gens = [Symbol(name) for name in derivation.wrt]
    values = {Symbol(name): float(number) for name, number in numbers.items()}
    stem = "c"
    while any(name.startswith(stem) and name != stem for name in derivation.model.quantities):
        stem += "_"
    found, steps, written = dict(numbers), [derivation.steps[0]], dict(derivation.written)
    for name in derivation.wrt:
        gradient = derivation.expanded[name]
        if gradient.count_ops() > LONGEST:
            return None
        try:
            polynomial = Poly(gradient, *gens)
        except PolynomialError:
            return None
        terms = []
        for powers, factor in polynomial.terms():
            known = f"{stem}{len(found) - len(numbers) + 1}"
            coefficient = factor.xreplace(values)
            if not coefficient.is_number:
                return None
            found[known] = np.array(float(coefficient))
            terms.append(Symbol(known) * prod(gen**power for gen, power in zip(gens, powers, strict=True)))
        # The constant first, the rest in the order of the parameters: a processor waits least so.
        steps.append(replace(derivation.step(name), adjoint=total([*terms[-1:], *terms[:-1]], written)))
    if len(found) > NUMBERS:
        return None
    more = tuple(Quantity(name) for name in found if name not in numbers)
    model = replace(derivation.model, inputs=(*derivation.model.inputs, *more))
    return replace(derivation, model=model, steps=tuple(steps), written=written), found
