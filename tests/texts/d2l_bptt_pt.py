"""The gradients through time of the Portuguese edition, for one weight and for matrices, against reverse mode."""

import autograd.numpy as np
from autograd import grad, jacobian


def confirm(rng):
    T, d, h, q = 4, 3, 2, 3
    # one weight: f and g are any functions
    x, y = rng.normal(size=T), rng.normal(size=T)
    wh, wo = rng.normal(size=2)

    def f(x, h, w):
        return np.tanh(w * h + x * w**2)

    def g(h, w):
        return np.sin(w * h)

    def states(w):
        hs = [0.0]
        for t in range(T):
            hs.append(f(x[t], hs[-1], w))
        return hs

    def each(y, o):
        return (y - o) ** 2 * o

    hs, dh = states(wh), [grad(lambda w, t=t: states(w)[t] + 0 * w)(wh) for t in range(T + 1)]
    o = [g(a, wo) for a in hs]
    links = [
        np.mean([grad(lambda w, t=t: each(y[t], g(states(w)[t + 1], wo)))(wh) for t in range(T)]),
        np.mean([grad(each, 1)(y[t], o[t + 1]) * grad(g)(hs[t + 1], wo) * dh[t + 1] for t in range(T)]),
    ]
    yield "dw", np.array(links), grad(lambda w: sum(each(y[t], g(states(w)[t + 1], wo)) for t in range(T)) / T)(wh)
    b = [grad(f, 2)(x[t], hs[t], wh) for t in range(T)]
    c = [grad(f, 1)(x[t], hs[t], wh) for t in range(T)]
    yield "dh-recurrent", [b[t] + c[t] * dh[t] for t in range(T)], dh[1:]
    products = [b[t] + sum(np.prod(c[i + 1 : t + 1]) * b[i] for i in range(t)) for t in range(T)]
    yield "dh-sum", products, dh[1:]
    # matrices: the hidden layer's activation is the identity
    x, c = rng.normal(size=(T, d)), rng.normal(size=(T, q))
    whx, whh, wqh = rng.normal(size=(h, d)), rng.normal(size=(h, h)), rng.normal(size=(q, h))

    def hidden(whx, whh, add):
        hs = [np.zeros(h)]
        for t in range(T):
            hs.append(whx @ x[t] + whh @ hs[-1] + add[t])
        return hs

    def total(o):
        return sum(np.sum(np.sin(o[t]) * c[t]) for t in range(T)) / T

    def loss(whx, whh, wqh, add):
        return total([wqh @ a for a in hidden(whx, whh, add)[1:]])

    zero = np.zeros((T, h))
    hs = np.array(hidden(whx, whh, zero))
    o = hs[1:] @ wqh.T
    do = grad(total)(o)
    dwhx, dwhh, dwqh, dh = (grad(loss, i)(whx, whh, wqh, zero) for i in range(4))
    yield "do", [grad(lambda o, t=t: np.sum(np.sin(o) * c[t]))(o[t]) / T for t in range(T)], do
    by_weight = jacobian(lambda w: hs[1:] @ w.T)(wqh)
    yield "dWqh", [np.einsum("tq,tqab->ab", do, by_weight), sum(np.outer(do[t], hs[t + 1]) for t in range(T))], dwqh
    yield "dh-last", wqh.T @ do[-1], dh[-1]
    yield "dh", [whh.T @ dh[t + 1] + wqh.T @ do[t] for t in range(T - 1)], dh[:-1]
    power = np.linalg.matrix_power
    unrolled = [sum(power(whh.T, T - i) @ wqh.T @ do[T + t - i - 1] for i in range(t, T + 1)) for t in range(1, T + 1)]
    yield "dh-unrolled", unrolled, dh
    yield "dWhx", sum(np.outer(dh[t], x[t]) for t in range(T)), dwhx
    yield "dWhh", sum(np.outer(dh[t], hs[t]) for t in range(T)), dwhh
