"""Nielsen's four equations of backpropagation and their proofs, on a network with four layers."""

from itertools import pairwise

import autograd.numpy as np
from autograd import elementwise_grad, grad, jacobian


def confirm(rng):
    sizes = [4, 3, 5, 2]
    w = [None] + [rng.normal(size=(m, n)) for n, m in pairwise(sizes)]
    b = [None] + [rng.normal(size=n) for n in sizes[1:]]
    x, y = rng.normal(size=4), rng.normal(size=2)

    def sigma(z):
        return 1 / (1 + np.exp(-z))

    def cost(a):
        return np.sum((y - a) ** 2) / 2

    def onwards(z, l):
        for k in range(l + 1, 4):
            z = w[k] @ sigma(z) + b[k]
        return cost(sigma(z))

    def activation(a, l, last):
        for k in range(l + 1, last + 1):
            a = sigma(w[k] @ a + b[k])
        return a

    a, z = [x], [None]
    for l in range(1, 4):
        z.append(w[l] @ a[-1] + b[l])
        a.append(sigma(z[l]))
    slope = elementwise_grad(sigma)
    delta = [None] + [grad(lambda v, l=l: onwards(v, l))(z[l]) for l in range(1, 4)]
    da = grad(cost)(a[3])
    for label in ("bp1", "bp1a"):
        yield label, da * slope(z[3]), delta[3]
    yield "da", a[3] - y, da
    yield "nabla-a", a[3] - y, da
    yield "30", (a[3] - y) * slope(z[3]), delta[3]
    yield "33", np.diag(slope(z[3])) @ da, delta[3]
    yield "37", da @ np.diag(slope(z[3])), delta[3]
    yield "38", da * np.diag(jacobian(sigma)(z[3])), delta[3]
    product = np.diag(slope(z[1])) @ w[2].T @ np.diag(slope(z[2])) @ w[3].T @ np.diag(slope(z[3])) @ da
    yield "35", product, delta[1]
    for l in (1, 2):
        step = jacobian(lambda v, l=l: w[l + 1] @ sigma(v) + b[l + 1])(z[l])
        yield "bp2", (w[l + 1].T @ delta[l + 1]) * slope(z[l]), delta[l]
        yield "34", np.diag(slope(z[l])) @ w[l + 1].T @ delta[l + 1], delta[l]
        yield "40-42", np.einsum("k,kj->j", delta[l + 1], step), delta[l]
        yield "44", w[l + 1] * slope(z[l]), step
        yield "45", np.einsum("kj,k,j->j", w[l + 1], delta[l + 1], slope(z[l])), delta[l]
    for l in (1, 2, 3):
        db = grad(lambda v, l=l: onwards(w[l] @ a[l - 1] + v, l))(b[l])
        dw = grad(lambda v, l=l: onwards(v @ a[l - 1] + b[l], l))(w[l])
        for label in ("bp3", "31"):
            yield label, delta[l], db
        for label in ("bp4", "32"):
            yield label, np.outer(delta[l], a[l - 1]), dw
        if l == 1:
            second = jacobian(lambda v: activation(v, 2, 3))(a[2])
            first = jacobian(lambda v: activation(v, 1, 2))(a[1])
            own = slope(z[1])[:, None] * a[0]
            yield "53", np.einsum("m,mn,nj,jk->jk", da, second, first, own), dw
