"""Least squares as d2l.ai states it; its solution by the gradient, which must vanish there."""

import autograd.numpy as np
from autograd import grad


def confirm(rng):
    n, d = 6, 3
    x, y, w = rng.normal(size=(n, d)), rng.normal(size=n), rng.normal(size=d)

    def squares(w):
        return np.sum((y - x @ w) ** 2)

    yield "normal", 2 * x.T @ (x @ w - y), grad(squares)(w)
    best = np.linalg.inv(x.T @ x) @ x.T @ y
    yield "solution", grad(squares)(best), np.zeros(d)
