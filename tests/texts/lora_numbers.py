"""The product that the text prints, rounded, and the gradients by its two matrices of low rank."""

import autograd.numpy as np
from autograd import grad


def confirm(rng):
    X = np.array([[0.1, 0.3, 0.5, 0.2, 0.0], [0.6, 0.7, 0.2, 0.1, 0.3], [0.4, 0.2, 0.6, 0.5, 0.1]])
    W = np.array([[0.2, 0.1, 0.0], [0.0, 0.3, 0.2], [0.1, 0.0, 0.4], [0.3, 0.2, 0.1], [0.0, 0.2, 0.3]])
    A = np.array([[0.1, 0.0], [0.2, 0.1], [0.1, 0.0], [0.0, 0.2], [0.1, 0.1]])
    B = np.array([[0.2, 0.3, 0.1], [0.1, 0.2, 0.2]])
    printed = [[0.161, 0.190, 0.306], [0.232, 0.449, 0.369], [0.333, 0.291, 0.401]]
    yield "Q", printed, np.round(X @ (W + A @ B), 3)
    c = rng.normal(size=(3, 3))

    def loss(Q):
        return np.sum(np.sin(Q) * c)

    dQ = grad(loss)(X @ (W + A @ B))
    yield "dB", (X @ A).T @ dQ, grad(lambda B: loss(X @ (W + A @ B)))(B)
    yield "dA", X.T @ (dQ @ B.T), grad(lambda A: loss(X @ (W + A @ B)))(A)
