"""Least squares, the matrix derivatives and logistic regression of the CS 229 notes, against autograd."""

import autograd.numpy as np
from autograd import elementwise_grad, grad


def confirm(rng):
    m, n = 6, 3
    x, y, t = rng.normal(size=(m, n)), rng.normal(size=m), rng.normal(size=n)
    xi, yi = x[0], y[0]
    one = grad(lambda t: (t @ xi - yi) ** 2 / 2)(t)
    inner = grad(lambda t: t @ xi - yi)(t)
    links = [2 / 2 * (t @ xi - yi) * inner, (t @ xi - yi) * inner, (t @ xi - yi) * xi]
    yield "lms", np.array(links), np.array([one] * 3)

    def f(a):
        return 3 / 2 * a[0, 0] + 5 * a[0, 1] ** 2 + a[1, 0] * a[1, 1]

    a = rng.normal(size=(2, 2))
    yield "example", np.array([[3 / 2, 10 * a[0, 1]], [a[1, 1], a[1, 0]]]), grad(f)(a)
    a, b, c, d = rng.normal(size=(4, 3, 3))
    tr = np.trace
    yield "trace-3", np.array([tr(a @ b @ c), tr(c @ a @ b)]), np.array([tr(b @ c @ a)] * 2)
    links = [tr(a @ b @ c @ d), tr(d @ a @ b @ c), tr(c @ d @ a @ b)]
    yield "trace-4", np.array(links), np.array([tr(b @ c @ d @ a)] * 3)
    yield "trace-T", tr(a), tr(a.T)
    yield "trace-sum", tr(a + b), tr(a) + tr(b)
    yield "trace-scale", tr(0.7 * a), 0.7 * tr(a)
    yield "1", b.T, grad(lambda a: tr(a @ b))(a)

    def g(a):
        return np.sum(np.sin(a @ b) * c)

    yield "2", grad(g)(a).T, grad(lambda u: g(u.T))(a.T)
    yield "3", c @ a @ b + c.T @ a @ b.T, grad(lambda a: tr(a @ b @ a.T @ c))(a)
    yield "4", np.linalg.det(a) * np.linalg.inv(a).T, grad(np.linalg.det)(a)
    yield "5", b.T @ a.T @ c.T + b @ a.T @ c, grad(lambda u: tr(u.T @ b @ u @ c))(a.T)

    def cost(t):
        return np.sum((x @ t - y) ** 2) / 2

    yield "J", (x @ t - y) @ (x @ t - y) / 2, cost(t)
    links = [
        grad(lambda t: (x @ t - y) @ (x @ t - y) / 2)(t),
        grad(lambda t: t @ x.T @ x @ t - t @ x.T @ y - y @ x @ t + y @ y)(t) / 2,
        grad(lambda t: t @ x.T @ x @ t - 2 * y @ x @ t)(t) / 2,
        (x.T @ x @ t + x.T @ x @ t - 2 * x.T @ y) / 2,
        x.T @ x @ t - x.T @ y,
    ]
    yield "normal", np.array(links), np.array([grad(cost)(t)] * 5)
    yield "solution", grad(cost)(np.linalg.inv(x.T @ x) @ x.T @ y), np.zeros(n)

    def sigmoid(z):
        return 1 / (1 + np.exp(-z))

    z, e = rng.normal(size=5), np.exp
    links = [e(-z) / (1 + e(-z)) ** 2, 1 / (1 + e(-z)) * (1 - 1 / (1 + e(-z))), sigmoid(z) * (1 - sigmoid(z))]
    yield "sigmoid", np.array(links), np.array([elementwise_grad(sigmoid)(z)] * 3)
    y, s = 1.0, sigmoid(t @ xi)
    outer = y / s - (1 - y) / (1 - s)
    links = [
        outer * grad(lambda t: sigmoid(t @ xi))(t),
        outer * s * (1 - s) * xi,
        (y * (1 - s) - (1 - y) * s) * xi,
        (y - s) * xi,
    ]
    true = grad(lambda t: y * np.log(sigmoid(t @ xi)) + (1 - y) * np.log(1 - sigmoid(t @ xi)))(t)
    yield "likelihood", np.array(links), np.array([true] * 4)
