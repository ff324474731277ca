"""The softmax loss of d2l.ai's Portuguese edition, rewritten and differentiated, for a probability vector y."""

import autograd.numpy as np
from autograd import grad


def confirm(rng):
    o, y = rng.normal(size=4), rng.dirichlet(np.ones(4))

    def softmax(o):
        return np.exp(o) / np.sum(np.exp(o))

    def loss(o):
        return -np.sum(y * np.log(softmax(o)))

    log = np.log(np.sum(np.exp(o)))
    links = [-np.sum(y * np.log(np.exp(o) / np.sum(np.exp(o)))), np.sum(y * log) - np.sum(y * o), log - np.sum(y * o)]
    yield "loss", np.array(links), np.array([loss(o)] * 3)
    yield "dlogit", np.array([np.exp(o) / np.sum(np.exp(o)) - y, softmax(o) - y]), np.array([grad(loss)(o)] * 2)
