"""The gradients of the linear recurrent network with one state, against reverse mode."""

import autograd.numpy as np
from autograd import grad


def confirm(rng):
    n = 5
    x = rng.normal(size=n + 1)  # x[0] is an input that the network does not have
    wx, wrec, start, t = rng.normal(size=4)

    def states(wx, wrec, add):
        s = [start]
        for k in range(1, n + 1):
            s.append(s[-1] * wrec + x[k] * wx + add[k])
        return s

    def loss(wx, wrec, add):
        return (states(wx, wrec, add)[-1] - t) ** 2

    zero = np.zeros(n + 1)
    s = states(wx, wrec, zero)
    dwx, dwrec, ds = (grad(loss, i)(wx, wrec, zero) for i in range(3))
    yield "dy", 2 * (s[-1] - t), ds[-1]
    yield "dS", ds[2:] * wrec, ds[1:-1]
    first = ds[1] * wrec
    yield "dwx", first * x[0] + sum(ds[k] * x[k] for k in range(1, n + 1)), dwx
    yield "dwrec", sum(ds[k] * s[k - 1] for k in range(1, n + 1)), dwrec
    yield (
        "power",
        [wrec**m for m in range(1, 4)],
        [grad(lambda a, m=m: states(wx, wrec, a)[-1])(zero)[n - m] for m in (1, 2, 3)],
    )
