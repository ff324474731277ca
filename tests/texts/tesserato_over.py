"""A network with two inputs, three hidden and two outputs, written out weight by weight, against autograd."""

import autograd.numpy as np
from autograd import elementwise_grad, grad


def confirm(rng):
    i, t, w, u = rng.normal(size=2), rng.normal(size=2), rng.normal(size=(2, 3)), rng.normal(size=(3, 2))
    f, g = np.tanh, np.sin
    df, dg = elementwise_grad(f), elementwise_grad(g)

    def error(w, u):
        return np.sum((f(g(i @ w) @ u) - t) ** 2) / 2

    h = g(i @ w)
    s = h @ u
    e = f(s) - t
    du, dw = grad(error, 1)(w, u)[0, 0], grad(error, 0)(w, u)[0, 0]
    result = h[0] * e[0] * df(s)[0]
    first = grad(lambda v: (f(h[0] * v + h[1:] @ u[1:, 0]) - t[0]) ** 2)(u[0, 0]) / 2
    df_du = grad(lambda v: f(h[0] * v + h[1:] @ u[1:, 0]))(u[0, 0])
    yield "u11", np.array([first, e[0] * df_du * h[0], result]), np.array([du] * 3)
    yield "u11-result", result, du
    inner = i[0] * dg(i @ w)[0]
    yield "w11-result", e[0] * df(s)[0] * u[0, 0] * inner + e[1] * df(s)[1] * u[0, 1] * inner, dw
    goal = rng.normal(size=3)
    true = grad(lambda w: np.sum((g(i @ w) - goal) ** 2) / 2)(w)[0, 0]
    dh = grad(lambda w: g(i @ w)[0])(w)[0, 0]
    yield (
        "targets",
        np.array([(h[0] - goal[0]) * dh - 0, (h[0] - goal[0]) * dh, inner * (h[0] - goal[0])]),
        np.array([true] * 3),
    )
