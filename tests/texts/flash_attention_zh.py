"""The attention gradients of the notes on FlashAttention, by matrix, row and entry, against reverse mode."""

import autograd.numpy as np
from autograd import grad


def confirm(rng):
    n, d = 4, 3
    q, k, v, w = (rng.normal(size=(n, d)) for _ in range(4))

    def softmax(s):
        e = np.exp(s)
        return e / np.sum(e, axis=1, keepdims=True)

    def phi(o):
        return np.sum(np.sin(o) * w)

    s = q @ k.T
    p = softmax(s)
    o = p @ v
    do = grad(phi)(o)
    dq, dk, dv = (grad(lambda *a: phi(softmax(a[0] @ a[1].T) @ a[2]), i)(q, k, v) for i in range(3))
    dp = grad(lambda p: phi(p @ v))(p)
    ds = grad(lambda s: phi(softmax(s) @ v))(s)
    weight = np.exp(s) / np.sum(np.exp(s), axis=1)[:, None]
    row = np.sum(do * o, axis=1)
    yield "dV", p.T @ do, dv
    yield "dv", np.array([np.einsum("ij,id->jd", m, do) for m in (p, weight)]), dv
    yield "dP", do @ v.T, dp
    yield "dP-entry", np.einsum("id,jd->ij", do, v), dp
    links = [
        np.array([(np.diag(p[i]) - np.outer(p[i], p[i])) @ dp[i] for i in range(n)]),
        np.array([p[i] * dp[i] - (p[i] @ dp[i]) * p[i] for i in range(n)]),
    ]
    yield "dS-row", np.array(links), ds
    yield "dS-row-D", np.array([p[i] * dp[i] - row[i] * p[i] for i in range(n)]), ds
    yield "dS-entry", np.array([p * dp - row[:, None] * p, p * (dp - row[:, None])]), ds
    factors = [ds, p * (dp - row[:, None]), weight * (do @ v.T - row[:, None])]
    yield "dq", np.array([m @ k for m in factors]), dq
    yield "dk", np.array([m.sum(axis=1)[:, None] * q for m in factors]), dk  # as printed: summed over j
