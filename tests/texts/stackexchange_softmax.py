"""Two questions on softmax with cross-entropy: their chain rule, factors and signs, against autograd."""

import autograd.numpy as np
from autograd import grad, jacobian


def confirm(rng):
    n, m, j = 3, 4, 1
    o_in, w, b, t = rng.normal(size=m), rng.normal(size=(m, n)), rng.normal(), np.eye(n)[0]

    def softmax(z):
        return np.exp(z) / np.sum(np.exp(z))

    def error(o):
        return -np.sum(t * np.log(o))

    z = o_in @ w + b
    o, slope = softmax(z), np.diag(jacobian(softmax)(z))
    yield "chain", np.outer(o_in, grad(error)(o) * slope), grad(lambda w: error(softmax(o_in @ w + b)))(w)
    yield "dz", o_in, grad(lambda w: (o_in @ w + b)[j])(w)[:, j]
    yield "do", -t / o, grad(error)(o)
    yield "softmax", grad(lambda z: np.exp(z[j]) / np.sum(np.exp(z)))(z)[j], slope[j]
    e, s = np.exp(z[j]), np.sum(np.exp(z))
    yield "quotient", np.array([(e * s - e**2) / s**2, e / s - e**2 / s**2]), np.array([slope[j]] * 2)
    yield "quotient-end", np.array([o[j] - o[j] ** 2, o[j] * (1 - o[j])]), np.array([slope[j]] * 2)

    yield "diagonal", o * (1 - o), slope
    yield "sign", t - o, grad(lambda z: error(softmax(z)))(z)

    def own(o):
        return -t[0] * np.log(o)

    yield "own-term", grad(own)(o[0]) * slope[0], grad(lambda z: own(softmax(z)[0]))(z)[0]
