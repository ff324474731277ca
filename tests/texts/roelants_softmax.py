"""Roelants' softmax Jacobian and cross-entropy gradient, every link of the long chain, against autograd."""

import autograd.numpy as np
from autograd import grad, jacobian


def confirm(rng):
    n = 4
    z, t = rng.normal(size=n), np.eye(n)[1]

    def softmax(z):
        return np.exp(z) / np.sum(np.exp(z))

    def xi(z, t=t):
        return -np.sum(t * np.log(softmax(z)))

    y, e, s, own = softmax(z), np.exp(z), np.sum(np.exp(z)), np.eye(n, dtype=bool)
    slope = jacobian(softmax)(z)
    links = [(e * s - e * e) / s**2, e / s * (s - e) / s, e / s * (1 - e / s), y * (1 - y)]
    yield "diagonal", np.array(links), np.array([slope[own]] * 4)
    links = [(0 - np.outer(e, e)) / s**2, -np.outer(e / s, e / s), -np.outer(y, y)]
    yield "off-diagonal", np.array(links)[:, ~own], np.array([slope[~own]] * 3)
    two, hot = rng.normal(size=2), np.eye(2)[1]
    p = softmax(two)
    values = -hot * np.log(p) - (1 - hot) * np.log(1 - p)
    yield "two", values, np.array([xi(two, hot)] * 2)
    dz = grad(xi)(z)
    off = np.where(own, 0, 1)
    links = [
        -np.sum(jacobian(lambda z: t * np.log(softmax(z)))(z), axis=0),
        -t @ jacobian(lambda z: np.log(softmax(z)))(z),
        -(t / y) @ slope,
        -t / y * slope[own] - (t / y) @ (slope * off),
        -t / y * y * (1 - y) - (t / y) @ (-np.outer(y, y) * off),
        -t + t * y + (t @ off) * y,
        -t + np.sum(t) * y,
        -t + y * np.sum(t),
        y - t,
    ]
    yield "dz", np.array(links), np.array([dz] * 9)
    yield "result", y - t, dz
