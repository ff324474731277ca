"""Mazur's worked network as vortune edited it: every printed number and derivative, recomputed."""

import autograd.numpy as np
from autograd import grad


def confirm(rng):
    i, t = np.array([0.05, 0.1]), np.array([0.01, 0.99])
    w, v = np.array([[0.15, 0.2], [0.25, 0.3]]), np.array([[0.4, 0.45], [0.5, 0.55]])
    b1, b2, eta = 0.35, 0.6, 0.5

    def sigma(z):
        return 1 / (1 + np.exp(-z))

    def hidden(w):
        return sigma(w @ i + b1)

    def total(o):
        return np.sum((t - o) ** 2) / 2

    def onwards(h, v=v):
        return total(sigma(v @ h + b2))

    h = hidden(w)
    net = v @ h + b2
    o = sigma(net)
    yield "net-h1", 0.3775, np.round((w @ i + b1)[0], 4)
    yield "out-h1", 0.593269992, np.round(h[0], 9)
    yield "out-h2", 0.596884378, np.round(h[1], 9)
    yield "net-o1", 1.105905967, np.round(net[0], 9)
    yield "out-o1", np.round((0.75136507 - sigma(1.1059059067)) * 1e8), 0  # in the last place
    yield "out-o2", 0.772928465, np.round(o[1], 9)
    yield "E-o1", 0.274811083, np.round((t[0] - o[0]) ** 2 / 2, 9)
    yield "E-o2", 0.023560026, np.round((t[1] - o[1]) ** 2 / 2, 9)
    yield "E", 0.298371109, np.round(total(o), 9)

    # the formulas at any weights
    a, c = rng.normal(size=2), rng.normal(size=(2, 2))
    z = c @ a + b2
    out = sigma(z)
    slope = np.array([grad(sigma)(s) for s in z])
    dout = grad(total)(out)
    dw5 = grad(lambda c: onwards(a, c))(c)[0, 0]
    yield "chain-w5", dout[0] * slope[0] * a[0], dw5
    low = 0.01 - rng.uniform(0.1, 0.2)
    yield "dout", np.abs(0.01 - low), grad(lambda o: (0.01 - o) ** 2 / 2)(low)
    yield "dnet", np.array([out[0] * (1 - out[0]), 0.186815602]), np.array([slope[0], np.round(o[0] * (1 - o[0]), 9)])
    yield "dw5-net", np.array([a[0], 0.593269992]), np.array([grad(lambda s: s * a[0])(c[0, 0]), np.round(h[0], 9)])
    x = rng.normal(size=(2, 2))
    dout_h1 = grad(lambda a: onwards(a, c))(hidden(x))[0]
    slope_h1 = grad(sigma)((x @ i + b1)[0])
    yield "dw5", dout_h1 * slope_h1 * 0, grad(lambda c: onwards(hidden(x), c))(c)[0, 0]
    yield "delta-rule", -(t[0] - out[0]) * out[0] * (1 - out[0]) * a[0], dw5
    delta = grad(lambda z: total(sigma(z)))(z)[0]
    links = [dout[0] * slope[0], delta, -(t[0] - out[0]) * out[0] * (1 - out[0])]
    yield "delta-o1", np.array(links), np.array([delta] * 3)
    yield "dw5-delta", delta * a[0], dw5
    new = v - eta * grad(lambda v: onwards(h, v))(v)
    yield "w5", 0.35891648, np.round(new[0, 0], 8)
    rest = np.round(new.ravel()[1:], 9)
    yield from zip(("w6", "w7", "w8"), (0.408666186, 0.511301270, 0.561370121), rest, strict=True)
    dw1 = grad(lambda w: onwards(hidden(w), c))(x)[0, 0]
    yield "chain-w1", dout_h1 * slope_h1 * i[0], dw1
    one = grad(lambda h: (t[0] - sigma(c[0] @ h + b2)) ** 2 / 2)(hidden(x))[0]
    two = grad(lambda h: (t[1] - sigma(c[1] @ h + b2)) ** 2 / 2)(hidden(x))[0]
    yield "two-paths", one + two, dout_h1
    d = grad(lambda z: total(sigma(z)))(net)
    yield "o1-net", np.array([dout[0] * slope[0], 0.138498562]), np.array([delta, np.round(d[0], 9)])
    yield "net-out-h1", 0.40, grad(lambda h: v[0] @ h + b2)(h)[0]
    yield "o1-out-h1", 0.055399425, np.round(d[0] * v[0, 0], 9)
    yield "o2-out-h1", -0.01904919, np.round(d[1] * v[1, 0], 8)
    dh = grad(onwards)(h)
    yield "sum-h1", 0.036350306, np.round(dh[0], 9)
    yield "h1-net", 0.241300709, np.round(grad(sigma)(0.3775), 9)
    yield "net-w1", i, np.array([grad(lambda w1: w1 * i[0])(0.15)] * 2)
    step = grad(lambda w: onwards(hidden(w)))(w)
    yield "dw1", 0.000438568, np.round(step[0, 0], 9)
    yield "w1", 0.149780716, np.round((w - eta * step)[0, 0], 9)
    rest = np.round((w - eta * step).ravel()[1:], 8)
    yield from zip(("w2", "w3", "w4"), (0.19956143, 0.24975114, 0.29950229), rest, strict=True)
