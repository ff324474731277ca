"""The hinge, softmax and attribute losses of CS231n, against autograd."""

import autograd.numpy as np
from autograd import elementwise_grad, grad


def confirm(rng):
    k, d, label, delta = 5, 3, 2, 1.0
    w, x, f = rng.normal(size=(k, d)), rng.normal(size=d), rng.normal(size=k)
    others = np.arange(k) != label

    def hinge(w):
        return np.sum(np.where(others, np.maximum(0, w @ x - w[label] @ x + delta), 0))

    dw, active = grad(hinge)(w), w @ x - w[label] @ x + delta > 0
    yield "hinge-right", -np.sum(active[others]) * x, dw[label]
    yield "hinge-other", (active[:, None] * x)[others], dw[others]

    p = np.exp(f) / np.sum(np.exp(f))
    yield "softmax", p - np.eye(k)[label], grad(lambda f: -np.log((np.exp(f) / np.sum(np.exp(f)))[label]))(f)
    yield "penalty", 0.3 * f, elementwise_grad(lambda w: 0.3 * w**2 / 2)(f)
    yield "relu", f > 0, elementwise_grad(lambda x: np.maximum(0, x))(f)

    def sigma(z):
        return 1 / (1 + np.exp(-z))

    y = rng.integers(0, 2, size=k)
    loss = grad(lambda f: -np.sum(y * np.log(sigma(f)) + (1 - y) * np.log(1 - sigma(f))))
    yield "attributes", sigma(f) - y, loss(f)
