"""The gradients of a GRU layer through time, row vectors and packed gates, against reverse mode."""

import autograd.numpy as np
from autograd import grad


def confirm(rng):
    T, B, F, H = 4, 2, 3, 2
    x, h0, c = rng.normal(size=(T, B, F)), rng.normal(size=(B, H)), rng.normal(size=(T, B, H))
    W, U, b = rng.normal(size=(F, 3 * H)), rng.normal(size=(H, 3 * H)), rng.normal(size=3 * H)
    R, Z, N = slice(0, H), slice(H, 2 * H), slice(2 * H, 3 * H)

    def sigmoid(a):
        return 1 / (1 + np.exp(-a))

    def run(W, U, b, add, gates):
        hs, rs, zs, ns = [h0], [], [], []
        for t in range(T):
            a, h = x[t] @ W + b + gates[t], hs[-1]
            rs.append(sigmoid(a[:, R] + (h @ U)[:, R]))
            zs.append(sigmoid(a[:, Z] + (h @ U)[:, Z]))
            ns.append(np.tanh(a[:, N] + ((rs[-1] * h) @ U)[:, N]))
            hs.append((1 - zs[-1]) * ns[-1] + zs[-1] * h + add[t])
        return hs, rs, zs, ns

    def loss(*args):
        return sum(np.sum(np.sin(h) * c[t]) for t, h in enumerate(run(*args)[0][1:]))

    args = (W, U, b, np.zeros((T, B, H)), np.zeros((T, B, 3 * H)))
    dW, dU, db, dh, da = (grad(loss, i)(*args) for i in range(5))
    hs, r, z, n = (np.array(a) for a in run(*args))
    before = hs[:-1]
    dr, dz, dn = da[:, :, R], da[:, :, Z], da[:, :, N]
    direct = np.cos(hs[1:]) * c
    yield "dz", dh * (before - n) * z * (1 - z), dz
    yield "dn", dh * (1 - z) * (1 - n**2), dn
    back = dn @ U[:, N].T
    yield "dr", back * before * r * (1 - r), dr
    paths = dh * z + back * r + dr @ U[:, R].T + dz @ U[:, Z].T
    yield "dh", direct[:-1] + paths[1:], dh[:-1]
    packed = np.concatenate([dr, dz, dn], axis=2)
    yield "dW", sum(x[t].T @ packed[t] for t in range(T)), dW
    yield "db", sum(np.sum(packed[t], axis=0) for t in range(T)), db
    yield "dUr", sum(before[t].T @ dr[t] for t in range(T)), dU[:, R]
    yield "dUz", sum(before[t].T @ dz[t] for t in range(T)), dU[:, Z]
    yield "dUn", sum((r[t] * before[t]).T @ dn[t] for t in range(T)), dU[:, N]
