"""A student's answers on word2vec: softmax loss and negative sampling, against autograd."""

import autograd.numpy as np
from autograd import elementwise_grad, grad


def confirm(rng):
    d, o = 3, 1  # as many words as dimensions, so that misplaced transposes have a value
    u, v, y = rng.normal(size=(d, d)), rng.normal(size=d), np.eye(d)[o]

    def softmax(t):
        return np.exp(t) / np.sum(np.exp(t))

    def loss(t):
        return -np.sum(y * np.log(softmax(t)))

    t = u.T @ v
    p = softmax(t)
    yield "entropy", np.array([-y[o] * np.log(p[o]), -np.log(p[o])]), np.array([loss(t)] * 2)
    yield "dtheta", p - y, grad(loss)(t)
    dv = grad(lambda v: loss(u.T @ v))(v)
    yield "dv", u.T @ (p - y), dv
    yield "dU", np.outer(v, p - y), np.broadcast_to(dv, (d, d))

    def sigma(x):
        return 1 / (1 + np.exp(-x))

    yield "sigmoid", sigma(t) * (1 - sigma(t)), elementwise_grad(sigma)(t)

    uo, uk = rng.normal(size=d), rng.normal(size=(4, d))

    def negative(v, uo, uk):
        return -np.log(sigma(uo @ v)) - np.sum(np.log(sigma(-(uk @ v))))

    args = v, uo, uk
    yield "neg-v", -(1 - sigma(uo @ v)) * uo + (1 - sigma(uk @ v)) @ uk, grad(negative, 0)(*args)
    yield "neg-o", -(1 - sigma(uo @ v)) * v, grad(negative, 1)(*args)
    yield "neg-k", np.outer(1 - sigma(uk @ v), v), grad(negative, 2)(*args)
