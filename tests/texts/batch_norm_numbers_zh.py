"""The gradients of batch normalisation, one minus missing, and the worked example's numbers, line by line."""

import autograd.numpy as np
from autograd import grad


def confirm(rng):
    def var(x, mu):
        return np.sum((x - mu) ** 2) / len(x)

    def normal(x, mu, v, eps):
        return (x - mu) / np.sqrt(v + eps)

    def gradients(x, c, gamma, beta, eps, curve):
        """By xhat, the variance, the mean (through both of its paths), the input, gamma and beta; and by y."""

        def loss(y):
            return np.sum(c * y + c**2 * y**3 * curve)

        def layer(x):
            mu = np.sum(x) / len(x)
            return normal(x, mu, var(x, mu), eps)

        mu = np.sum(x) / len(x)
        v, z = var(x, mu), layer(x)
        return (
            grad(lambda z: loss(gamma * z + beta))(z),
            grad(lambda v: loss(gamma * normal(x, mu, v, eps) + beta))(v),
            grad(lambda mu: loss(gamma * normal(x, mu, var(x, mu), eps) + beta))(mu),
            grad(lambda x: loss(gamma * layer(x) + beta))(x),
            grad(lambda g: loss(g * z + beta))(gamma),
            grad(lambda b: loss(gamma * z + b))(beta),
            grad(loss)(gamma * z + beta),
        )

    m, eps = 5, 1e-2
    x, c, (gamma, beta) = rng.normal(size=m), rng.normal(size=m), rng.normal(size=2)
    dz, dv, dmu, dx, dgamma, dbeta, dy = gradients(x, c, gamma, beta, eps, 1.0)
    mu = np.mean(x)
    s = var(x, mu) + eps
    yield "dxhat", dy * gamma, dz
    by_v = np.sum(dz * (x - mu) * -0.5 * s**-1.5)
    yield "dsigma", by_v, dv
    yield "dsigma-again", by_v, dv
    by_mu = np.sum(dz / np.sqrt(s)) + dv * np.sum(-2 * (x - mu) / m)
    yield "dmu", by_mu, dmu
    yield "dmu-again", by_mu, dmu
    yield "dx", dz / np.sqrt(s) + dv * 2 * (x - mu) / m + dmu / m, dx
    yield "dgamma", np.sum(dy * normal(x, mu, s, 0)), dgamma
    yield "dbeta", np.sum(dy), dbeta

    # the example: exact values, rounded to the digits printed; a line may start from the numbers printed before it
    x, g = np.array([2.0, 6.0, 4.0]), np.array([0.3, -0.2, 0.1])
    dz, dv, dmu, dx, dgamma, dbeta, _ = gradients(x, g, 1.0, 0.0, 1e-5, 0.0)
    z = normal(x, 4.0, var(x, 4.0), 1e-5)
    yield "mu-value", 4.0, round(np.mean(x), 1)
    yield "sigma-value", 2.667, round(var(x, 4.0), 3)
    yield "xhat1", [1.633, -1.225], [round(np.sqrt(2.667 + 1e-5), 3), round(z[0], 3)]
    yield "xhat2", [1.633, 1.225], [round(np.sqrt(2.667 + 1e-5), 3), round(z[1], 3)]
    yield "dgamma-value", [-0.3675 - 0.245, -0.6125], round(0.3 * -1.225 - 0.2 * 1.225, 4)
    yield "dbeta-value", 0.2, round(dbeta, 1)
    yield "dxhat-value", g, dz
    inserted = (0.3 * -2 - 0.2 * 2) * -0.5 * 2.667**-1.5
    yield "dsigma-inserted", round(inserted, 4), round(dv, 4)
    yield "dsigma-value", [0.2297, 0.1148], [round(2.667**-1.5, 4), round(dv, 4)]
    yield "dmu-inserted", round(0.2 / 1.633, 4), round(dmu, 4)
    yield "dmu-value", 0.1225, round(dmu, 4)
    yield "dx1-inserted", round(0.3 / 1.633 + 0.1148 * -4 / 3 + 0.1225 / 3, 4), round(dx[0], 4)
    yield "dx1-value", 0.0714, round(dx[0], 4)
    yield "gamma-new", [1.0 + 0.0613, 1.0613], 1.0 + np.floor(0.1 * 6125 + 0.5) / 1e4
    yield "beta-new", -0.02, round(0.0 - 0.1 * dbeta, 2)
    yield "y1-new", [-1.2999, -1.320], [round(1.0613 * -1.225, 4), round(1.0613 * -1.225 - 0.02, 3)]
    yield "y2-new", [1.3001, 1.280], [round(1.0613 * 1.225, 4), round(1.0613 * 1.225 - 0.02, 3)]
