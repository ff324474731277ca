"""The derivatives of ReLU, swish, softmax and the last layer, link by link, against reverse mode."""

import autograd.numpy as np
from autograd import elementwise_grad, grad, jacobian


def confirm(rng):
    x, beta = rng.normal(size=6), 1.7

    def sigmoid(x):
        return 1 / (1 + np.exp(-x))

    def swish(x, beta):
        return x * sigmoid(beta * x)

    yield "relu", np.where(x > 0, 1, 0), elementwise_grad(lambda x: np.maximum(0, x))(x)
    yield "sigma", 1 - sigmoid(x), elementwise_grad(sigmoid)(x)
    slope = elementwise_grad(sigmoid)
    links = [
        sigmoid(beta * x) + x * elementwise_grad(lambda x: sigmoid(beta * x))(x),
        sigmoid(beta * x) + x * slope(x) * beta,
        sigmoid(beta * x) + beta * x * (1 - sigmoid(x)),
    ]
    yield "swish-x", np.array(links), elementwise_grad(swish)(x, beta)
    by_beta = jacobian(lambda b: swish(x, b))(beta)
    links = [x * slope(beta * x) * x, x**2 * sigmoid(beta * x) * (1 - sigmoid(beta * x))]
    yield "swish-beta", np.array(links), by_beta

    def softmax(t):
        return np.exp(t) / np.sum(np.exp(t))

    n, c, m = 3, 4, 4
    t = rng.normal(size=c)
    e, total, s = np.exp(t), np.sum(np.exp(t)), softmax(t)
    same = np.eye(c) == 1
    links = [
        np.where(same, e[:, None] * total - np.outer(e, e), -np.outer(e, e)) / total**2,
        np.where(same, e[:, None] * (total - e) / total**2, np.outer(e / total, e / total)),
        np.where(same, s[:, None] * (1 - s), -np.outer(s, s)),
    ]
    yield "softmax", np.array(links), jacobian(softmax)(t)
    y, h = np.eye(c)[1], rng.normal(size=m)
    U, bias = rng.normal(size=(m, c)), rng.normal(size=c)

    def loss(u):
        return -np.sum(y * np.log(softmax(u))) / n

    u = h @ U + bias
    p, du = softmax(u), grad(loss)(u)
    links = [
        -(y / p) @ jacobian(softmax)(u) / n,
        -(y * (1 - p) - np.sum(y / p * -p) * p) / n,
        -(y + y * p + np.sum(y) * p) / n,
        (p * (y + np.sum(y)) - y) / n,
        (p - y) / n,
    ]
    yield "du", np.array(links), du
    yield "dU", du @ h, grad(lambda U: loss(h @ U + bias))(U)  # as printed, in this order
