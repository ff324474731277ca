"""The backward pass of d2l.ai's network with a hidden layer and weight decay, every link of every chain."""

import autograd.numpy as np
from autograd import elementwise_grad, grad, jacobian


def confirm(rng):
    d, m, q, lam = 4, 3, 2, 0.3
    x, y, u, v = rng.normal(size=d), rng.normal(size=q), rng.normal(size=(m, d)), rng.normal(size=(q, m))

    def loss(o):
        return np.sum(np.exp(np.sin(o) - y))

    def penalty(u, v):
        return lam / 2 * (np.sum(u**2) + np.sum(v**2))

    def objective(u, v):
        return loss(v @ np.tanh(u @ x)) + penalty(u, v)

    s = penalty(u, v)
    z = u @ x
    h = np.tanh(z)
    o = v @ h

    def f(t):
        return np.sin(u @ t)

    chained = jacobian(lambda t: v @ t)(f(x)) @ jacobian(f)(x)
    yield "chain", chained, jacobian(lambda t: v @ f(t))(x)
    yield "dL", 1, grad(lambda t: t + s)(loss(o))
    yield "ds", 1, grad(lambda t: loss(o) + t)(s)
    do = grad(lambda o: loss(o) + s)(o)
    yield "do", np.array([1 * grad(loss)(o), grad(loss)(o)]), np.array([do, do])
    s1, s2 = grad(penalty, 0)(u, v), grad(penalty, 1)(u, v)
    yield "s-W1", lam * u, s1
    yield "s-W2", lam * v, s2
    dv = grad(objective, 1)(u, v)
    links = [np.einsum("i,ijk->jk", do, jacobian(lambda v: v @ h)(v)) + s2, np.outer(do, h) + lam * v]
    yield "dW2", np.array(links), np.array([dv, dv])
    dh = grad(lambda h: loss(v @ h) + s)(h)
    yield "dh", np.array([do @ jacobian(lambda h: v @ h)(h), v.T @ do]), np.array([dh, dh])
    dz = grad(lambda z: loss(v @ np.tanh(z)) + s)(z)
    yield "dz", np.array([dh @ jacobian(np.tanh)(z), dh * elementwise_grad(np.tanh)(z)]), np.array([dz, dz])
    du = grad(objective, 0)(u, v)
    links = [np.einsum("i,ijk->jk", dz, jacobian(lambda u: u @ x)(u)) + s1, np.outer(dz, x) + lam * u]
    yield "dW1", np.array(links), np.array([du, du])
