"""Directions from curvature: L-BFGS's two loops, and Newton's with the derived Hessian."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from symgrad.codegen.program import forward
from symgrad.derivation import derive
from symgrad.equations import needed
from symgrad.higher import gradient_model, jvp

if TYPE_CHECKING:
    from symgrad.equations import Model

Vector = NDArray[Any]


def two_loops(gradient: Vector, pairs: Sequence[tuple[Vector, Vector]]) -> Vector:
    """Minus the inverse Hessian that the pairs imply, times the gradient (Nocedal and Wright 2006, algorithm 7.4).

    A pair is a step and the change of the gradient along it, the newest last. Without pairs: the negative gradient.

    >>> two_loops(np.array([4.0]), [(np.array([1.0]), np.array([2.0]))])
    array([-2.])
    """
    if not pairs:
        return -gradient
    rest = gradient.copy()
    shares = []
    for moved, change in reversed(pairs):
        share = (moved @ rest) / (moved @ change)
        rest -= share * change
        shares.append(share)
    moved, change = pairs[-1]
    rest *= (moved @ change) / (change @ change)
    for (moved, change), share in zip(pairs, reversed(shares), strict=True):
        rest += (share - (change @ rest) / (moved @ change)) * moved
    return -rest


def newton_direction(hessian: NDArray[Any], gradient: Vector) -> Vector:
    """Minus the inverse Hessian times the gradient, the Hessian first made positive definite where it isn't.

    A multiple of the identity is added to it until it has a Cholesky factor (Nocedal and Wright 2006, algorithm 3.3).

    >>> newton_direction(np.array([[2.0]]), np.array([4.0]))
    array([-2.])
    """
    if not np.isfinite(hessian).all():
        return -gradient
    size = float(np.abs(hessian).max()) or 1.0
    lowest = float(np.diag(hessian).min())
    added = 0.0 if lowest > 0 else 1e-3 * size - lowest
    while True:
        try:
            factor = np.linalg.cholesky(hessian + added * np.eye(len(gradient)))
        except np.linalg.LinAlgError:
            added = max(2 * added, 1e-3 * size)
            continue
        direction: Vector = -np.linalg.solve(factor.T, np.linalg.solve(factor, gradient))
        return direction


class Hessian:
    """The second derivatives of a model's cost by all entries of its parameters, as one matrix.

    Its columns are the gradients' derivatives along one entry each: as many passes as there are entries, but the
    formulas don't grow with the depth of the model, as those of the matrix itself do.
    """

    def __init__(self, model: Model, params: Sequence[str]) -> None:
        self._params = params
        self._scalar = not any(quantity.axes for quantity in model.inputs)
        self._tangents = {name: _tangent(model, name, params) for name in params}

    def at(self, columns: Mapping[str, Any], params: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
        """The matrix at parameters, its rows and columns in their order: (entries, entries)."""
        still = {f"{name}_dot": np.zeros_like(params[name]) for name in self._params}
        given = {**columns, **params}
        matrix = []
        with np.errstate(all="ignore"):
            for name in self._params:
                for place in np.ndindex(params[name].shape):
                    direction = np.zeros_like(params[name])
                    direction[place] = 1.0
                    matrix.append(self._column({**given, **still, f"{name}_dot": direction}, params))
        square = np.array(matrix)
        symmetric: NDArray[Any] = (square + square.T) / 2  # as it is but for rounding
        return symmetric

    def _column(self, given: Mapping[str, Any], params: Mapping[str, NDArray[Any]]) -> Vector:
        parts = []
        for name, tangent in self._tangents.items():
            value = np.asarray(0.0 if tangent is None else tangent(**given))
            value = value.mean() if self._scalar else value
            parts.append(np.broadcast_to(value, params[name].shape).ravel())
        return np.concatenate(parts)


def _tangent(model: Model, name: str, params: Sequence[str]) -> Callable[..., Any] | None:
    """The derivative of one gradient along a direction of all parameters; None where it depends on none of them."""
    gradient = gradient_model(derive(model, name), name)
    if not needed([gradient.result], gradient.equations).intersection(params):
        return None
    return forward(jvp(gradient, list(params)))
