"""The softmax and the negative sampling loss of the word2vec post, against autograd."""

import autograd.numpy as np
from autograd import elementwise_grad, grad


def confirm(rng):
    size, d, star = 6, 3, 2
    v, w = rng.normal(size=(size, d)), rng.normal(size=(size, d))
    centre, t = 4, np.eye(size)[star]

    def loss(u):
        return -(u[star] - np.log(np.sum(np.exp(u))))

    u = w @ v[centre]
    y = np.exp(u) / np.sum(np.exp(u))
    yield "du", y - t, grad(loss)(u)
    dw = grad(lambda w: loss(w @ v[centre]))(w)
    yield "dw", np.outer(y - t, [v[i] @ v[i] for i in range(d)]), dw  # another word's vector for each component

    def sigma(x):
        return 1 / (1 + np.exp(-x))

    others = np.array([0, 1, 5])

    def negative(u):
        return -np.log(sigma(u[star])) - np.sum(np.log(sigma(-u[others])))

    slope = elementwise_grad(sigma)
    yield "sigmoid", sigma(u) * (1 - sigma(u)), slope(u)
    chosen = np.isin(np.arange(size), others)
    links = [
        t * -slope(u) / sigma(u) + chosen * slope(-u) / sigma(-u),
        t * (sigma(u) - 1) + chosen * (1 - sigma(-u)),
        t * (sigma(u) - 1) + chosen * sigma(u),
    ]
    yield "du-negative", np.array(links), np.array([grad(negative)(u)] * 3)
