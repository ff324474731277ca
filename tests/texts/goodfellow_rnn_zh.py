"""The gradients of section 10.2.2 for a network with tanh and softmax, against reverse mode."""

import autograd.numpy as np
from autograd import grad


def confirm(rng):
    T, n, m, k = 4, 3, 3, 4
    x, target = rng.normal(size=(T, n)), rng.integers(k, size=T)
    U, V, W = rng.normal(size=(m, n)), rng.normal(size=(k, m)), rng.normal(size=(m, m))
    b, c = rng.normal(size=m), rng.normal(size=k)

    def outputs(U, V, W, b, c, add):
        hs, os = [np.zeros(m)], []
        for t in range(T):
            hs.append(np.tanh(b + W @ hs[-1] + U @ x[t]) + add[t])
            os.append(c + V @ hs[-1])
        return hs, os

    def softmax(o):
        return np.exp(o) / np.sum(np.exp(o))

    def total(os):
        return sum(-np.log(softmax(os[t])[target[t]]) for t in range(T))

    args = (U, V, W, b, c, np.zeros((T, m)))
    dU, dV, dW, db, dc, dh = (grad(lambda *a: total(outputs(*a)[1]), i)(*args) for i in range(6))
    hs, os = (np.array(a) for a in outputs(*args))
    do = grad(total)(os)
    diag = [np.diag(1 - a**2) for a in hs]
    yield "dLt", 1.0, grad(lambda parts: np.sum(parts))(np.zeros(T))[0]
    yield "do", np.array([softmax(os[t]) - np.eye(k)[target[t]] for t in range(T)]), do
    yield "dh-last", V.T @ do[-1], dh[-1]
    # as printed: the row vector that W^T and the gradient give, times the diagonal matrix
    yield "dh", np.array([(W.T @ dh[t + 1]) @ diag[t + 2] + V.T @ do[t] for t in range(T - 1)]), dh[:-1]
    yield "dc", sum(do), dc
    yield "db", sum(diag[t + 1] @ dh[t] for t in range(T)), db
    yield "dV", sum(np.outer(do[t], hs[t + 1]) for t in range(T)), dV
    yield "dW", sum(np.outer(diag[t + 1] @ dh[t], hs[t]) for t in range(T)), dW
    yield "dU", sum(np.outer(diag[t + 1] @ dh[t], x[t]) for t in range(T)), dU
