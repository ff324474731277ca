"""Backpropagation and the two parts of a variational autoencoder's loss, by its mean and log deviation."""

import autograd.numpy as np
from autograd import elementwise_grad, grad, jacobian


def confirm(rng):
    w, b, v, c = rng.normal(size=(3, 4)), rng.normal(size=3), rng.normal(size=(2, 3)), rng.normal(size=2)
    x, y = rng.normal(size=4), rng.normal(size=2)

    def cost(a):
        return np.sum(np.exp(np.sin(a) - y))

    def top(z):
        return cost(np.tanh(v @ np.tanh(z) + c))

    z = w @ x + b
    out = v @ np.tanh(z) + c
    slope = elementwise_grad(np.tanh)
    last, first = grad(lambda z: cost(np.tanh(z)))(out), grad(top)(z)
    yield "output", grad(cost)(np.tanh(out)) * slope(out), last
    yield "hidden", (v.T @ last) * slope(z), first
    yield "db", first, grad(lambda b: top(w @ x + b))(b)
    yield "dw", np.outer(first, x), grad(lambda w: top(w @ x + b))(w)

    mu, s, eps = rng.normal(size=(3, 5))
    decoder, x = rng.normal(size=(4, 5)), rng.normal(size=4)

    def rec(z):
        return np.sum((x - np.tanh(decoder @ z)) ** 2) / 2

    def reg(mu, s):
        return np.sum(np.exp(2 * s) / 2 + mu**2 / 2 - s - 1 / 2)

    z = mu + eps * np.exp(s)
    total = rec(z) - np.sum(1 + 2 * s - mu**2 - np.exp(s) ** 2) / 2
    yield "loss", rec(z) + rec(z), total
    dz = grad(rec)(z)
    dmu = grad(lambda mu: rec(mu + eps * np.exp(s)))(mu)
    yield "rec-mu", np.array([dz @ jacobian(lambda mu: mu + eps * np.exp(s))(mu), dz]), np.array([dmu, dmu])
    ds = grad(lambda s: rec(mu + eps * np.exp(s)))(s)
    links = [dz @ jacobian(lambda s: mu + eps * np.exp(s))(s), dz * eps * np.exp(s)]
    yield "rec-sigma", np.array(links), np.array([ds, ds])
    yield "reg-mu", mu, grad(reg, 0)(mu, s)
    yield "reg-sigma", np.exp(2 * s) - 1, grad(reg, 1)(mu, s)
