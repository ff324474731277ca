"""Cross-entropy, softmax with log-likelihood and weight decay of Nielsen's chapter 3, against autograd."""

import autograd.numpy as np
from autograd import elementwise_grad, grad, jacobian


def confirm(rng):
    n, d, m = 5, 3, 4
    x, w, b, y = rng.normal(size=(n, d)), rng.normal(size=d), rng.normal(), rng.integers(0, 2, size=n)

    def sigma(z):
        return 1 / (1 + np.exp(-z))

    def cost(w, b):
        a = sigma(x @ w + b)
        return -np.sum(y * np.log(a) + (1 - y) * np.log(1 - a)) / n

    z = x @ w + b
    s, slope = sigma(z), elementwise_grad(sigma)(z)
    dw, db = grad(cost, 0)(w, b), grad(cost, 1)(w, b)
    inner = y / s - (1 - y) / (1 - s)
    links = [-inner @ jacobian(lambda w: sigma(x @ w + b))(w) / n, -(inner * slope) @ x / n]
    yield "58-59", np.array(links), np.array([dw, dw])
    yield "60", (slope / (s * (1 - s)) * (s - y)) @ x / n, dw
    yield "sigma", s * (1 - s), slope
    yield "61", (s - y) @ x / n, dw
    yield "62", np.sum(s - y) / n, db

    a, w, b, label = rng.normal(size=d), rng.normal(size=(m, d)), rng.normal(size=m), int(rng.integers(m))

    def likelihood(z):
        return -np.log((np.exp(z) / np.sum(np.exp(z)))[label])

    z = w @ a + b
    error = np.exp(z) / np.sum(np.exp(z)) - np.eye(m)[label]
    yield "81", error, grad(lambda b: likelihood(w @ a + b))(b)
    yield "82", np.outer(error, a), grad(lambda w: likelihood(w @ a + b))(w)
    yield "84", error, grad(likelihood)(z)

    lam = 0.3

    def first(w, b):
        return np.sum(np.sin(w @ a + b))

    dw, db = grad(first, 0)(w, b), grad(first, 1)(w, b)
    yield "88", dw + lam / n * w, grad(lambda w: first(w, b) + lam / (2 * n) * np.sum(w**2))(w)
    yield "89", db, grad(lambda b: first(w, b) + lam / (2 * n) * np.sum(w**2))(b)
    yield "96", dw + lam / n * np.sign(w), grad(lambda w: first(w, b) + lam / n * np.sum(np.abs(w)))(w)
