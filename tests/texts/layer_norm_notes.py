"""The layer normalisation gradients of the notes, each partial derivative by the variables that it holds fixed."""

import autograd.numpy as np
from autograd import elementwise_grad, grad, jacobian


def confirm(rng):
    m, h, eps = 3, 4, 1e-2
    x, c = rng.normal(size=(m, h)), rng.normal(size=(m, h))
    gamma, beta = rng.normal(size=h), rng.normal(size=h)

    def mean(x):
        return np.sum(x, axis=1, keepdims=True) / h

    def var(x, mu):
        return np.sum((x - mu) ** 2, axis=1, keepdims=True) / h

    def normal(x, mu, v):
        return (x - mu) / np.sqrt(v + eps)

    def loss(y):
        return np.sum(np.sin(y) * c)

    def of_x(x):
        return loss(gamma * normal(x, mean(x), var(x, mean(x))) + beta)

    mu = mean(x)
    v = var(x, mu)
    z = normal(x, mu, v)
    y = gamma * z + beta
    s = (v + eps) ** -0.5
    dy = grad(loss)(y)
    dz = grad(lambda z: loss(gamma * z + beta))(z)
    dx = grad(of_x)(x)
    dv = grad(lambda v: loss(gamma * normal(x, mu, v) + beta))(v)
    dmu = grad(lambda mu: loss(gamma * normal(x, mu, var(x, mu)) + beta))(mu)
    yield "dgamma", sum(dy[i] * z[i] for i in range(m)), grad(lambda g: loss(g * z + beta))(gamma)
    yield "dbeta", sum(dy[i] for i in range(m)), grad(lambda b: loss(gamma * z + b))(beta)
    direct = elementwise_grad(lambda x: normal(x, mu, v))(x)
    mean_by_x, var_by_x = grad(lambda x: np.sum(mean(x)))(x), grad(lambda x: np.sum(var(x, mu)))(x)
    yield "chain", dz * direct + dmu * mean_by_x + dv * var_by_x, dx
    yield "dxhat", dy * gamma, dz
    yield "xhat-x", s[0] * np.ones(h), jacobian(lambda a: normal(a, mu[0], v[0]))(x[0])
    z_by_mu = jacobian(lambda t: normal(x[0], t, v[0]))(mu[0, 0])
    var_by_mu = grad(lambda t: var(x[:1], t)[0, 0])(mu[0, 0])
    yield "chain-mu", dz[0] @ z_by_mu.reshape(h) + dv[0, 0] * var_by_mu, dmu[0, 0]
    yield "xhat-mu", -s[0] * np.ones(h), z_by_mu.reshape(h)
    links = [-2 / h * np.sum(x[0] - mu[0]), -2 / h * (np.sum(x[0]) - h * mu[0, 0]), 0.0]
    yield "sigma-mu", np.array(links), var_by_mu
    yield "dmu", -s * np.sum(dz, axis=1, keepdims=True), dmu
    yield "mu-x", np.ones((m, h)) / h, mean_by_x
    yield "dsigma", -(s**3) / 2 * np.sum(dz * (x - mu), axis=1, keepdims=True), dv
    yield "sigma-x", 2 / h * (x - mu), grad(lambda x: np.sum(var(x, mean(x))))(x)
    total = np.sum(dz, axis=1, keepdims=True)
    links = [
        dz * s - dz * s / h * total - s**3 / 2 * (x - mu) * np.sum(dz * (x - mu), axis=1, keepdims=True),
        s / h * (h * dz - total - z * np.sum(dz * x, axis=1, keepdims=True)),
    ]
    yield "dx", np.array(links), dx
