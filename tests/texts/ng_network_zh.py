"""The backward pass of the deeplearning.ai notes, one example and m of them; dZ and dA are not divided by m."""

import autograd.numpy as np
from autograd import elementwise_grad, grad


def confirm(rng):
    n, m = 3, 5

    def g(z):
        return 1 / (1 + np.exp(-z))

    z, e = rng.normal(size=4), np.exp
    links = [1 / (1 + e(-z)) * (1 - 1 / (1 + e(-z))), g(z) * (1 - g(z))]
    yield "sigmoid", np.array(links), np.array([elementwise_grad(g)(z)] * 2)
    yield "sigmoid-zero", 1 / 4, grad(g)(0.0)
    yield "tanh", 1 - np.tanh(z) ** 2, elementwise_grad(lambda z: (e(z) - e(-z)) / (e(z) + e(-z)))(z)

    w1, b1, w2, b2 = (rng.normal(size=s) for s in ((n, n), (n, 1), (1, n), (1, 1)))

    def entropy(a, y):
        return -np.sum(y * np.log(a) + (1 - y) * np.log(1 - a))

    for count, end in ((1, ""), (m, "-all")):
        x, y = rng.normal(size=(n, count)), rng.integers(0, 2, size=(1, count))

        def total(w1, b1, w2, b2, x, y=y):
            return entropy(g(w2 @ np.tanh(w1 @ x + b1) + b2), y)

        z1 = w1 @ x + b1
        a1 = np.tanh(z1)
        z2 = w2 @ a1 + b2
        slope = elementwise_grad(np.tanh)(z1)
        dz2 = grad(lambda z, y=y: entropy(g(z), y))(z2)
        da1 = grad(lambda a, y=y: entropy(g(w2 @ a + b2), y))(a1)
        dz1 = grad(lambda z, y=y: entropy(g(w2 @ np.tanh(z) + b2), y))(z1)
        dw1, db1, dw2, db2 = (grad(total, k)(w1, b1, w2, b2, x) / count for k in range(4))
        dx = grad(total, 4)(w1, b1, w2, b2, x)
        upper = "Z" if end else "z"
        yield f"d{upper}2{end}", g(z2) - y, dz2
        yield f"dW2{end}", dz2 @ a1.T / count, dw2
        yield f"db2{end}", np.sum(dz2, axis=1, keepdims=True) / count, db2
        yield f"d{upper}1{end}", w2.T @ dz2 * slope, dz1
        yield f"dW1{end}", dz1 @ x.T / count, dw1
        yield f"db1{end}", np.sum(dz1, axis=1, keepdims=True) / count, db1

        # the first layer as layer l
        if end:
            yield "batch-Z", da1 * slope, dz1
            yield "batch-W", dz1 @ x.T / m, dw1
            yield "batch-b", np.sum(dz1, axis=1, keepdims=True) / m, db1
            yield "batch-A", w1.T @ dz1, dx
        else:
            yield "layer-z", da1 * slope, dz1
            yield "layer-w", np.broadcast_to(dz1 * x, (n, n)), dw1  # no transpose: entry by entry at best
            yield "layer-b", dz1, db1
            yield "layer-a", w1.T @ dz1, dx
            yield "layer-z-next", w2.T @ dz2 * slope, dz1
