"""The gradients of the post's network with tanh, and their shapes, against Jacobians of its forward pass."""

import autograd.numpy as np
from autograd import elementwise_grad, grad, jacobian


def confirm(rng):
    T, d, m, k = 4, 3, 3, 3
    x, c = rng.normal(size=(T, d)), 1
    wxh, whh, why = rng.normal(size=(m, d)), rng.normal(size=(m, m)), rng.normal(size=(k, m))
    bh, by = rng.normal(size=m), rng.normal(size=k)

    def hidden(wxh, add):
        hs = [np.zeros(m)]
        for t in range(T):
            hs.append(np.tanh(wxh @ x[t] + whh @ hs[-1] + bh) + add[t])
        return hs

    def loss(y):
        return -np.log(np.exp(y[c]) / np.sum(np.exp(y)))

    zero = np.zeros((T, m))
    hs = hidden(wxh, zero)
    h, before = hs[-1], hs[-2]
    y = why @ h + by
    p = np.exp(y) / np.sum(np.exp(y))
    dy = grad(loss)(y)
    yield "loss", 0.105, round(-np.log(0.90), 3)
    yield "dy", p - np.eye(k)[c], dy
    yield "dy-numbers", [-0.8, 0.2, 0.6], np.array([0.2, 0.2, 0.6]) - np.eye(3)[0]
    y_why, y_by = jacobian(lambda w: w @ h + by)(why), jacobian(lambda b: why @ h + b)(by)
    dwhy = grad(lambda w: loss(w @ h + by))(why)
    yield "dWhy-chain", np.einsum("i,iab->ab", dy, y_why), dwhy
    yield "y-Why", h, y_why
    yield "dWhy", dy @ h, dwhy
    yield "y-by", 1.0, y_by
    yield "dby", dy, grad(lambda b: loss(why @ h + b))(by)
    y_h = jacobian(lambda add: why @ hidden(wxh, add)[-1] + by)(zero)  # axes k t m
    local = [jacobian(lambda w, t=t: np.tanh(w @ x[t] + whh @ hs[t] + bh))(wxh) for t in range(T)]
    chain = sum(np.einsum("i,ia,abc->bc", dy, y_h[:, t], local[t]) for t in range(T))
    yield "dWxh-chain", chain, grad(lambda w: loss(why @ hidden(w, zero)[-1] + by))(wxh)
    yield "tanh", 1 - np.tanh(x) ** 2, elementwise_grad(np.tanh)(x)
    yield "h-Wxh", (1 - h**2) * x[-1], local[-1]
    yield "h-Whh", (1 - h**2) * before, jacobian(lambda w: np.tanh(wxh @ x[-1] + w @ before + bh))(whh)
    yield "h-bh", 1 - h**2, jacobian(lambda b: np.tanh(wxh @ x[-1] + whh @ before + b))(bh)
    links = [y_h[:, t + 1] @ np.diag(1 - hs[t + 1] ** 2) @ whh for t in range(T - 1)]
    yield "y-h", np.array(links), np.array([y_h[:, t] for t in range(T - 1)])
    yield "y-hn", why, y_h[:, -1]
