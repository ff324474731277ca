"""The gradients of the log-likelihood of a Gaussian mixture by means, covariances and weights, against reverse mode."""

import autograd.numpy as np
from autograd import grad


def confirm(rng):
    m, k, n, i = 5, 3, 2, 1
    x, mu = rng.normal(size=(m, n)), rng.normal(size=(k, n))
    root = rng.normal(size=(k, n, n))
    sigma = np.array([a @ a.T + np.eye(n) for a in root])
    alpha = np.array([0.2, 0.5, 0.3])

    def density(x, mu, sigma):
        r = x - mu
        norm = (2 * np.pi) ** (n / 2) * np.linalg.det(sigma) ** 0.5
        return np.exp(-r @ np.linalg.inv(sigma) @ r / 2) / norm

    def densities(mu, sigma):
        return np.array([[density(x[j], mu[a], sigma[a]) for a in range(k)] for j in range(m)])

    def total(p, alpha=alpha):
        return np.sum(np.log(p @ alpha))

    p = densities(mu, sigma)
    mixed, inverse = p @ alpha, np.linalg.inv(sigma[i])
    r = x - mu[i]
    yield "LL-p", np.sum(alpha[i] / mixed), grad(total)(p)[:, i]
    by_mu = np.array([grad(density, 1)(x[j], mu[i], sigma[i]) for j in range(m)])
    yield "p-mu", p[:, i, None] * (r @ inverse), by_mu
    a, general = rng.normal(size=n), rng.normal(size=(n, n))
    yield "quadratic", 2 * general @ a, grad(lambda a: a @ general @ a)(a)
    exponent = np.array([grad(lambda t, j=j: -(x[j] - t) @ inverse @ (x[j] - t) / 2)(mu[i]) for j in range(m)])
    yield "exponent", np.array([-(mu[i] - x) @ inverse, r @ inverse]), exponent
    gamma = alpha[i] * p[:, i] / mixed
    dmu = grad(lambda mu: total(densities(mu, sigma)))(mu)[i]
    dsigma = grad(lambda sigma: total(densities(mu, sigma)))(sigma)[i]
    by_sigma = np.array([grad(density, 2)(x[j], mu[i], sigma[i]) for j in range(m)])
    yield "LL-mu", np.sum((alpha[i] / mixed * p[:, i])[:, None] * (r @ inverse), axis=0), dmu
    yield "LL-sigma", np.sum((alpha[i] / mixed)[:, None, None] * by_sigma, axis=0), dsigma
    by_log_det = grad(lambda s: np.log(np.linalg.det(s)))(sigma[i])
    by_form = np.array([grad(lambda s, j=j: r[j] @ np.linalg.inv(s) @ r[j])(sigma[i]) for j in range(m)])
    yield "p-sigma", p[:, i, None, None] * (-by_log_det / 2 - by_form / 2), by_sigma
    b, other, X = rng.normal(size=n), rng.normal(size=n), general
    yield "det", np.linalg.det(X) * np.linalg.inv(X).T, grad(np.linalg.det)(X)
    claimed = -np.linalg.inv(X).T @ np.outer(a, b) @ np.linalg.inv(X).T  # as printed, b beside B
    yield "inverse", claimed, grad(lambda X: a @ np.linalg.inv(X) @ other)(X)
    bracket = -inverse / 2 + np.einsum("ab,jb,jc,cd->jad", inverse, r, r, inverse) / 2
    yield "p-sigma-closed", p[:, i, None, None] * bracket, by_sigma
    yield "LL-sigma-closed", np.sum((alpha[i] * p[:, i] / mixed)[:, None, None] * bracket, axis=0), dsigma
    yield "LL-sigma-gamma", np.sum(gamma[:, None, None] * bracket, axis=0), dsigma
    yield "LL-alpha", np.sum(p[:, i] / mixed), grad(lambda w: total(p, w))(alpha)[i]
    yield "constraint", 1.0, grad(lambda w: np.sum(w) - 1)(alpha)[i]
