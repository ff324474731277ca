"""The UFLDL derivation as the post has it, with weights from node i to node j, in layers of equal width."""

import autograd.numpy as np
from autograd import elementwise_grad, grad, jacobian


def confirm(rng):
    n, m, lam = 3, 4, 0.2
    xs, ys = rng.normal(size=(2, m, n))
    w, v, b, c = (rng.normal(size=s) for s in ((n, n), (n, n), n, n))
    f = np.tanh
    slope = elementwise_grad(f)

    def one(w, v, b, c, x, y):
        return np.sum((f(f(x @ w + b) @ v + c) - y) ** 2) / 2

    def whole(w, v, b, c):
        mean = sum(one(w, v, b, c, x, y) for x, y in zip(xs, ys, strict=True)) / m
        return mean + lam / 2 * (np.sum(w**2) + np.sum(v**2))

    each = [[grad(one, k)(w, v, b, c, x, y) for k in range(4)] for x, y in zip(xs, ys, strict=True)]
    yield "4-W", sum(g[0] for g in each) / m + lam * w, grad(whole, 0)(w, v, b, c)
    yield "4-b", sum(g[2] for g in each) / m, grad(whole, 2)(w, v, b, c)

    x, y = xs[0], ys[0]
    below = x @ w + b
    a = f(below)
    z = a @ v + c
    delta = grad(lambda z: np.sum((y - f(z)) ** 2) / 2)(z)
    yield "5", -(y - f(z)) * slope(z), delta
    printed = [grad(lambda z, i=i: np.sum((y[i] - f(z)) ** 2) / 2)(z)[i] for i in range(n)]
    yield "6", np.array(printed), delta
    yield "7", np.array([-(y - f(z)) * slope(z), -(y - f(z)) * slope(z)]), np.array([delta, delta])
    first = grad(lambda s: np.sum((y - f(f(s) @ v + c)) ** 2) / 2)(below)
    yield "8", v @ delta * slope(below), first
    yield "9", grad(lambda s: np.sum((f(f(s) @ v + c) - y) ** 2) / 2)(below), first
    printed = [grad(lambda s, i=i: np.sum((y[i] - f(f(s) @ v + c)) ** 2) / 2)(below)[i] for i in range(n)]
    yield "10", np.array(printed), first
    out, step = jacobian(lambda s: f(f(s) @ v + c))(below), jacobian(lambda s: f(s) @ v + c)(below)
    yield "11", np.array([-(y - f(z)) @ out, -((y - f(z)) * slope(z)) @ step]), np.array([first, first])
    yield (
        "13",
        np.array([np.einsum("j,ij,i->i", delta, v, slope(below)), v @ delta * slope(below)]),
        np.array([first] * 2),
    )
    yield "15", np.outer(delta, a), each[0][1]
    yield "16", delta, each[0][3]
