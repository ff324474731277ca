"""The numbers of the student notes and their chain rule, recomputed from w1 to b2 with the input 0.05, 0.1."""

import autograd.numpy as np
from autograd import grad


def confirm(rng):
    def sigma(z):
        return 1 / (1 + np.exp(-z))

    def output(h, w5=0.4, w6=0.45):
        return w5 * h + w6 * h + 0.6

    z1 = 0.15 * 0.05 + 0.2 * 0.1 + 0.3
    h1 = sigma(z1)
    y1 = output(h1)
    out1, out2 = sigma(y1), 0.7703
    yield "z1", 0.3275, z1
    yield "z1-value", 0.3275, np.round(z1, 4)
    yield "h1", 0.5812, np.round(h1, 4)
    yield "y1", 1.094, np.round(y1, 3)
    yield "yhat1", 0.7491, np.round(out1, 4)
    yield "Ey1", 0.2731, np.round((0.01 - np.round(out1, 4)) ** 2 / 2, 4)
    yield "Ey2", 0.289, np.round((0.99 - out2) ** 2 / 2, 3)

    def total(o):
        return (0.01 - o) ** 2 / 2 + (0.99 - out2) ** 2 / 2

    dh = grad(lambda h: sigma(output(h)))(h1)
    dh1_dw5 = grad(lambda w5: sigma(z1) + 0 * w5)(0.4)
    yield "chain", grad(total)(out1) * dh * dh1_dw5, grad(lambda w5: total(sigma(output(h1, w5))))(0.4)
    links = [2 / 2 * (0.01 - out1), -(0.01 - out1), 0.7391]
    yield "dyhat", np.round(links, 4), np.round([grad(total)(out1)] * 3, 4)
    yield "logistic", 1 / (1 + np.exp(-out1)), out1
    yield "dlogistic", np.array([out1 * (1 - out1), 0.7391 * (1 - 0.7391), 0.1928]), np.array([dh] * 3)
