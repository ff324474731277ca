"""The gates of CS231n's backpropagation page, their numbers and its sigmoid, against autograd."""

import autograd.numpy as np
from autograd import elementwise_grad, grad


def confirm(rng):
    x, y, z, a, c = rng.normal(size=5)

    def both(f, *at):
        return [grad(f, 0)(*at), grad(f, 1)(*at)]

    def mul(x, y):
        return x * y

    yield from zip(("mul-x", "mul-y"), (y, x), both(mul, x, y), strict=True)
    yield "mul-value", -12, mul(4.0, -3.0)
    yield from zip(("mul-dx", "mul-dy"), (-3, 4), both(mul, 4.0, -3.0), strict=True)
    yield "nabla", np.array([y, x]), np.array(both(mul, x, y))
    yield from zip(("add-x", "add-y"), (1, 1), both(lambda x, y: x + y, x, y), strict=True)
    yield from zip(("max-x", "max-y"), (x >= y, y >= x), both(np.maximum, x, y), strict=True)

    q = x + y
    yield from zip(("dq", "dz"), (z, q), both(mul, q, z), strict=True)
    yield from zip(("qx", "qy"), (1, 1), both(lambda x, y: x + y, x, y), strict=True)
    yield "chain", grad(mul)(q, z) * grad(lambda x: x + y)(x), grad(lambda x: (x + y) * z)(x)

    yield "inverse", -1 / x**2, grad(lambda x: 1 / x)(x)
    yield "shift", 1, grad(lambda x: c + x)(x)
    yield "exp", np.exp(x), grad(np.exp)(x)
    yield "scale", a, grad(lambda x: a * x)(x)

    def sigma(x):
        return 1 / (1 + np.exp(-x))

    x, e = rng.normal(size=4), np.exp
    links = [e(-x) / (1 + e(-x)) ** 2, (1 + e(-x) - 1) / (1 + e(-x)) / (1 + e(-x)), (1 - sigma(x)) * sigma(x)]
    yield "sigmoid", np.array(links), np.array([elementwise_grad(sigma)(x)] * 3)
