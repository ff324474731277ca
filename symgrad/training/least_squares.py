"""A sum of squares over all samples as one of a few squares: what training on a full batch needs of the data.

If each residual is r_i = sum_k f_ik m_k, polynomials m_k in the parameters with coefficients f_ik from the data, then
|F m|^2 = |R m|^2 for the QR factorisation F = Q R, and R has as many rows as there are polynomials (Golub and Van Loan,
Matrix Computations, 4th ed. 2013, section 5.3.3).  No digits are lost, as they would be in the products of F' F.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import Add, Expr, Poly, PolynomialError, Pow, Symbol, prod

from symgrad.derivation import Derivation, derive
from symgrad.equations import Model, Quantity

NUMBERS = 64  # coefficients that a step may read
MOST = 12  # polynomials in the parameters, up to which this pays
LONGEST = 400  # operations of a right-hand side in the inputs alone, up to which it is looked at


@dataclass(frozen=True)
class LeastSquares:
    """The derivation of a model of the parameters and a few numbers, whose result is the cost over all samples."""

    derivation: Derivation
    numbers: dict[str, NDArray[Any]]
    residuals: int


def least_squares(
    model: Model, params: Mapping[str, Any], columns: Mapping[str, NDArray[Any]], samples: int
) -> LeastSquares | None:
    """The cost of a model of scalars as a few squares; None where it isn't a sum of squares of polynomials.

    >>> import symgrad as sg
    >>> x, y, w, b = (Symbol(name) for name in "x y w b".split())
    >>> model = Model.from_equations([("L", (w * x + b - y) ** 2)])
    >>> data = {"x": np.arange(9.0), "y": 2 * np.arange(9.0) + 1}
    >>> found = least_squares(model, {"w": 0, "b": 0}, data, 9)
    >>> found.residuals, round(float(found.derivation.model(w=2.0, b=2.0, **found.numbers)), 12)
    (3, 1.0)
    """
    expr = _in_inputs(model)
    if expr is None or not {symbol.name for symbol in expr.free_symbols} <= {*params, *columns}:
        return None
    gens = [Symbol(name) for name in params]
    parts: list[dict[Expr, NDArray[np.float64]]] = []
    for term in Add.make_args(expr):
        weight, square = term.as_coeff_Mul()
        if not (isinstance(square, Pow) and square.exp == 2 and weight.is_positive):
            return None
        try:
            terms = Poly(square.base, *gens).terms()
        except PolynomialError:
            return None
        scale = math.sqrt(float(weight) / samples)
        parts.append(
            {
                prod(gen**power for gen, power in zip(gens, powers, strict=True)): scale
                * _values(factor, columns, samples)
                for powers, factor in terms
            }
        )
    monomials = sorted({monomial for part in parts for monomial in part}, key=lambda one: (one.is_number, str(one)))
    if len(monomials) > MOST or 2 * len(monomials) > samples:
        return None
    rows = [[part.get(monomial, np.zeros(samples)) for monomial in monomials] for part in parts]
    stacked = np.concatenate([np.stack(row, axis=1) for row in rows])
    factor: NDArray[np.float64] = np.asarray(np.linalg.qr(stacked, mode="r"))
    return _of_factor(model, list(params), monomials, factor) if np.isfinite(factor).all() else None


def _of_factor(model: Model, params: list[str], monomials: list[Expr], factor: NDArray[np.float64]) -> LeastSquares:
    stem = "R"
    while any(name.startswith(stem) for name in model.quantities):
        stem += "_"
    numbers: dict[str, NDArray[Any]] = {}
    equations: list[tuple[str, Expr]] = []
    for row in range(len(factor)):
        terms = []
        for column in range(row, len(monomials)):
            name = f"{stem}{row + 1}_{column + 1}"
            numbers[name] = np.array(factor[row, column])
            terms.append(Symbol(name) * monomials[column])
        equations.append((f"{stem}r{row + 1}", Add(*terms)))
    result = Add(*(Symbol(name) ** 2 for name, _ in equations))
    squares = Model.from_equations([*equations, (f"{stem}L", result)])
    return _collected(derive(squares, params), numbers, stem, len(factor))


def _collected(derivation: Derivation, numbers: dict[str, NDArray[Any]], stem: str, residuals: int) -> LeastSquares:
    """The gradients as polynomials in the parameters whose coefficients are computed beforehand, if they are few."""
    gens = [Symbol(name) for name in derivation.wrt]
    values = {Symbol(name): float(number) for name, number in numbers.items()}
    found, steps = dict(numbers), [derivation.steps[0]]
    for name in derivation.wrt:
        terms = []
        for powers, factor in Poly(derivation.expanded[name], *gens).terms():
            known = f"{stem}g{len(found) + 1}"
            found[known] = np.array(float(factor.xreplace(values)))
            terms.append(Symbol(known) * prod(gen**power for gen, power in zip(gens, powers, strict=True)))
        steps.append(replace(derivation.step(name), adjoint=Add(*terms)))
    if len(found) > NUMBERS:
        return LeastSquares(derivation, numbers, residuals)
    more = tuple(Quantity(name) for name in found if name not in numbers)
    model = replace(derivation.model, inputs=(*derivation.model.inputs, *more))
    return LeastSquares(replace(derivation, model=model, steps=tuple(steps)), found, residuals)


def _in_inputs(model: Model) -> Expr | None:
    """The result in the inputs alone; None where that is long."""
    known: dict[Expr, Expr] = {}
    for equation in model.equations:
        expr = equation.rhs.xreplace(known)
        if expr.count_ops() > LONGEST:
            return None
        known[Symbol(equation.name)] = expr
    return known[Symbol(model.result)]


def _values(factor: Expr, columns: Mapping[str, NDArray[Any]], samples: int) -> NDArray[np.float64]:
    """A coefficient for every sample."""
    expr = factor.as_expr() if hasattr(factor, "as_expr") else factor
    if expr.is_number:
        return np.full(samples, float(expr))
    names = {symbol.name for symbol in expr.free_symbols}
    given = {name: np.asarray(columns[name], np.float64) for name in names}
    with np.errstate(all="ignore"):
        value = Model.from_equations([("value", expr)])(**given)
    return np.broadcast_to(np.asarray(value, np.float64), samples)
