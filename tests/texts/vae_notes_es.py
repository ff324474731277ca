"""The derivatives of the reparametrised sample and of the divergence by mean and log-variance, against reverse mode."""

import autograd.numpy as np
from autograd import grad, jacobian


def confirm(rng):
    k = 4
    mu, log_var, eps, c = (rng.normal(size=k) for _ in range(4))

    def sample(mu, log_var):
        return mu + np.exp(log_var / 2) * eps

    def divergence(mu, log_var):
        return -np.sum(1 + log_var - mu**2 - np.exp(log_var)) / 2

    def reconstruction(z):
        return np.sum(np.sin(z) * c)

    def total(mu, log_var):
        return reconstruction(sample(mu, log_var)) + divergence(mu, log_var)

    z, sigma = sample(mu, log_var), np.exp(log_var / 2)
    dz = grad(reconstruction)(z)
    yield "z-mu", 1.0, jacobian(sample, 0)(mu, log_var)
    yield "z-log", np.array([sigma * eps / 2, (z - mu) / 2])[:, None, :], jacobian(sample, 1)(mu, log_var)
    yield "kl-mu", mu, grad(divergence, 0)(mu, log_var)
    yield "kl-log", (np.exp(log_var) - 1) / 2, grad(divergence, 1)(mu, log_var)
    yield "delta-mu", dz * 1 + mu, grad(total, 0)(mu, log_var)
    yield "delta-log", dz * (z - mu) / 2 + (np.exp(log_var) - 1) / 2, grad(total, 1)(mu, log_var)
