"""The backpropagation of the Oslo notes with weights w_ij from node i to node j, in layers of equal width."""

import autograd.numpy as np
from autograd import elementwise_grad, grad, jacobian


def confirm(rng):
    n = 3  # equal widths, so that swapped indices have a value
    x, t, v, c, w, b = (rng.normal(size=s) for s in (n, n, (n, n), n, (n, n), n))

    def f(z):
        return 1 / (1 + np.exp(-z))

    def cost(a):
        return np.sum((a - t) ** 2) / 2

    slope = elementwise_grad(f)
    below = v.T @ x + c
    a = f(below)
    z = w.T @ a + b
    out = f(z)
    yield "z-w", a, np.array([grad(lambda w, i=i: (w.T @ a + b)[1])(w)[i, 1] for i in range(n)])
    yield "z-a", w, jacobian(lambda a: w.T @ a + b)(a)  # row j, column i
    yield "a-z", np.array([out * (1 - out), f(z) * (1 - f(z))]), np.array([slope(z)] * 2)
    da_dw = jacobian(lambda w: f(w.T @ a + b))(w)  # axes j, and those of w
    dw = grad(lambda w: cost(f(w.T @ a + b)))(w)
    own = np.einsum("jjk->jk", da_dw)
    yield "cost-chain", (out - t)[:, None] * own, dw
    yield "a-w", np.outer(out * (1 - out), a), own
    yield "cost-w", np.outer((out - t) * out * (1 - out), a), dw
    delta = grad(lambda z: cost(f(z)))(z)
    yield "delta-vector", slope(z) * grad(cost)(out), delta
    yield "cost-w-delta", np.outer(delta, a), dw
    yield "delta-z", grad(cost)(out) * slope(z), delta
    yield "delta-b", delta, grad(lambda b: cost(f(w.T @ a + b)))(b)
    first = grad(lambda s: cost(f(w.T @ f(s) + b)))(below)
    yield "below-chain", delta @ jacobian(lambda s: w.T @ f(s) + b)(below), first
    yield "below", np.einsum("k,kj,j->j", delta, w, slope(below)), first
