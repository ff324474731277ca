"""Matrix factorisation entry by entry: the gradients, and the two sides of each printed step."""

import autograd.numpy as np
from autograd import grad


def confirm(rng):
    n, m, k, i, j, alpha, beta = 4, 5, 3, 1, 2, 0.1, 0.2
    r, p, q = rng.normal(size=(n, m)), rng.normal(size=(n, k)), rng.normal(size=(k, m))

    def square(p, q):
        return (r[i, j] - p[i] @ q[:, j]) ** 2

    def penalised(p, q):
        return square(p, q) + beta / 2 * sum(np.sum(p**2) + np.sum(q**2) for _ in range(k))

    e = r[i, j] - p[i] @ q[:, j]
    dp, dq = grad(square, 0)(p, q), grad(square, 1)(p, q)
    yield "dp", -2 * e * q[:, j], dp[i]
    yield "dq", -2 * e * p[i], dq[np.arange(k), i]  # row k, column i of q
    yield "step-p", p[i] + 2 * alpha * e * q[:, j], p[i] + alpha * dp[i]
    yield "step-q", q[:, j] + 2 * alpha * e * p[i], q[:, j] + alpha * dq[:, j]
    dp, dq = grad(penalised, 0)(p, q), grad(penalised, 1)(p, q)
    yield "step-p-penalty", p[i] + alpha * (2 * e * q[:, j] - beta * p[i]), p[i] + alpha * dp[i]
    yield "step-q-penalty", q[:, j] + alpha * (2 * e * p[i] - beta * q[:, j]), q[:, j] + alpha * dq[:, j]
