"""The computation graph and the logistic regression of the deeplearning.ai notes, against autograd."""

import autograd.numpy as np
from autograd import elementwise_grad, grad


def confirm(rng):
    a, b, c = 5.0, 3.0, 2.0

    def top(v):
        return 3 * v

    def whole(a, b, c):
        return 3 * (a + b * c)

    u = b * c
    du = grad(lambda u: top(a + u))(u)
    yield "du-chain", grad(top)(a + u) * grad(lambda u: a + u)(u), du
    yield "db-chain", du * grad(lambda b: b * c)(b), grad(whole, 1)(a, b, c)
    yield "da-chain", du * grad(lambda a: b * c + 0 * a)(a), grad(whole, 0)(a, b, c)
    yield "dv", 3, grad(top)(a + u)
    yield "dv-da", 1, grad(lambda a: a + u)(a)
    yield "da", 3, grad(whole, 0)(a, b, c)
    yield "du", 3, du
    yield "db-value", 6, grad(whole, 1)(a, b, c)

    def sigma(z):
        return 1 / (1 + np.exp(-z))

    def loss(a, y):
        return -(y * np.log(a) + (1 - y) * np.log(1 - a))

    x, w, b, y = rng.normal(size=2), rng.normal(size=2), rng.normal(), 1.0
    z = w @ x + b
    a = sigma(z)
    da, dz, slope = grad(loss)(a, y), grad(lambda z: loss(sigma(z), y))(z), grad(sigma)(z)
    yield "dL-da", -y / a + (1 - y) / (1 - a), da
    yield "dL-dz", a - y, dz
    yield "dL-chain", da * slope, dz
    yield "da-dz", a * (1 - a), slope
    yield "dL-da-again", -(y / a) + (1 - y) / (1 - a), da
    yield "dz", np.array([da * slope, (-y / a + (1 - y) / (1 - a)) * a * (1 - a), a - y]), np.array([dz] * 3)
    dw = grad(lambda w: loss(sigma(w @ x + b), y))(w)
    yield "dw1", x[0] * dz, dw[0]
    yield "dw2", x[1] * dz, dw[1]
    yield "db", dz, grad(lambda b: loss(sigma(w @ x + b), y))(b)

    m = 5
    x, y = rng.normal(size=(2, m)), rng.integers(0, 2, size=m)
    a = sigma(w @ x + b)
    dw = grad(lambda w: np.sum(loss(sigma(w @ x + b), y)) / m)(w)
    db = grad(lambda b: np.sum(loss(sigma(w @ x + b), y)) / m)(b)
    yield "dw1-mean", np.sum(x[0] * (a - y)) / m, dw[0]
    yield "dw2-mean", np.sum(x[1] * (a - y)) / m, dw[1]
    yield "db-mean", np.sum(a - y) / m, db
    yield "dZ", a - y, elementwise_grad(lambda z: loss(sigma(z), y))(w @ x + b)
    yield "dw-vector", x @ (a - y) / m, dw
    yield "db-vector", np.sum(a - y) / m, db
    left, v = rng.normal(size=(3, 3)), rng.normal(size=3)
    yield "product", np.sum(left, axis=1) * v, left @ v
