"""The derivatives of five losses by the prediction, against reverse mode."""

import autograd.numpy as np
from autograd import grad


def confirm(rng):
    n, eps, delta = 5, 1e-2, 0.7
    a, b = rng.uniform(0.1, 0.9, size=n), rng.uniform(0.1, 0.9, size=n)
    x = a - b
    yield "mse", 2 * (a - b) / n, grad(lambda a: np.sum((a - b) ** 2) / n)(a)
    yield "l1", np.sign(a - b) / n, grad(lambda a: np.sum(np.abs(a - b)) / n)(a)
    yield "ce", -b / (n * (a + eps)), grad(lambda a: -np.sum(b * np.log(a + eps)) / n)(a)

    def bce(a):
        return -np.sum(b * np.log(a + eps) + (1 - b) * np.log(1 - a + eps)) / n

    yield "bce", ((1 - b) / (1 - a + eps) - b / (a + eps)) / n, grad(bce)(a)

    def huber(a):
        return np.sum(delta**2 * (np.sqrt(1 + ((a - b) / delta) ** 2) - 1)) / n

    yield "ph", x / (n * np.sqrt(1 + (x / delta) ** 2)), grad(huber)(a)
