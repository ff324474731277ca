"""Loops in Python, compiled by Numba with fast-math."""

from __future__ import annotations

from importlib.util import find_spec
from math import exp, tanh
from typing import Any

import numpy as np

from symgrad.bench.training.cases import Array, Case
from symgrad.bench.training.loops import Loop, Params


def compiled(case: Case) -> Loop | str:
    """The loops of a line, a neuron and a curve: its matrix products are those of a BLAS anyway."""
    if not find_spec("numba"):
        return "Numba is not installed"
    functions = {"line": _line, "neuron": _neuron, "curve": _curve}
    if case.name not in functions:
        return "its matrix products are SciPy's BLAS, as in the loop by hand"
    import numba

    train = numba.njit(fastmath=True)(functions[case.name])
    x, y = case.data.values()
    columns = np.ascontiguousarray(x.T)

    def loop(epochs: int) -> Params:
        params = {name: np.atleast_1d(array) for name, array in case.copy().items()}
        train(epochs, columns, y.ravel(), case.rate, *params.values())
        return {name: array.reshape(case.start[name].shape) for name, array in params.items()}

    return loop


def _line(epochs: int, x: Array, y: Array, rate: float, w: Array, b: Array) -> None:
    slope, offset, c = w[0], b[0], 2 * rate / len(x)
    for _ in range(epochs):
        by_slope = by_offset = 0.0
        for i in range(len(x)):
            residual = slope * x[i] + offset - y[i]
            by_slope += residual * x[i]
            by_offset += residual
        slope -= c * by_slope
        offset -= c * by_offset
    w[0], b[0] = slope, offset


def _neuron(epochs: int, x: Array, y: Array, rate: float, *params: Any) -> None:
    w1, b1, w2, b2 = params[0][0], params[1][0], params[2][0], params[3][0]
    for _ in range(epochs):
        for i in range(len(x)):
            a1 = 1 / (1 + exp(-w1 * x[i] - b1))
            a2 = 1 / (1 + exp(-w2 * a1 - b2))
            d2 = 2 * rate * (a2 - y[i]) * a2 * (1 - a2)
            d1 = d2 * w2 * a1 * (1 - a1)
            w2 -= d2 * a1
            b2 -= d2
            w1 -= d1 * x[i]
            b1 -= d1
    params[0][0], params[1][0], params[2][0], params[3][0] = w1, b1, w2, b2


def _curve(epochs: int, x: Array, y: Array, rate: float, W1: Array, b1: Array, W2: Array, b2: Array) -> None:
    n, hidden = len(y), len(b1)
    a, d, c = np.empty((hidden, n)), np.empty(n), 2 * rate / n
    for _ in range(epochs):
        for i in range(n):
            d[i] = b2[0] - y[i]
        for h in range(hidden):
            u, v, b, w = W1[0, h], W1[1, h], b1[h], W2[h, 0]
            for i in range(n):
                a[h, i] = tanh(u * x[0, i] + v * x[1, i] + b)
                d[i] += w * a[h, i]
        total = 0.0
        for i in range(n):
            total += d[i]
        b2[0] -= c * total
        for h in range(hidden):
            gw = gb = gu = gv = 0.0
            for i in range(n):
                gw += d[i] * a[h, i]
                e = d[i] * (1 - a[h, i] * a[h, i])
                gb += e
                gu += e * x[0, i]
                gv += e * x[1, i]
            q = c * W2[h, 0]
            W1[0, h] -= q * gu
            W1[1, h] -= q * gv
            b1[h] -= q * gb
            W2[h, 0] -= c * gw
