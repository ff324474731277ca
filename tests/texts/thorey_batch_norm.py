"""The batch normalisation gradients of Thorey's post, in index form, against the Jacobians of its forward pass."""

import autograd.numpy as np
from autograd import grad, jacobian


def confirm(rng):
    n, m, eps = 4, 3, 1e-2
    h, c = rng.normal(size=(n, m)), rng.normal(size=(n, m))
    gamma, beta = rng.normal(size=m), rng.normal(size=m)

    def mean(h):
        return np.sum(h, axis=0) / n

    def var(h):
        return np.sum((h - mean(h)) ** 2, axis=0) / n

    def normal(h):
        return (h - mean(h)) * (var(h) + eps) ** -0.5

    def y(h, gamma=gamma, beta=beta):
        return gamma * normal(h) + beta

    def loss(y):
        return np.sum(np.sin(np.maximum(y, 0)) * c)

    x, s, dy = h - mean(h), var(h) + eps, grad(loss)(y(h))
    dn, dm = np.eye(n), np.eye(m)
    # axes k l i j
    centred = np.einsum("ik,jl->klij", dn, dm) - np.einsum("kli,jl->klij", np.ones((n, m, n)) / n, dm)
    dvar = jacobian(var)(h)  # axes l i j
    hat = jacobian(normal)(h)
    dh = grad(lambda h: loss(y(h)))(h)
    yield "dh-through-y", np.einsum("kl,klij->ij", dy, jacobian(y)(h)), dh
    yield "dh-through-hat", np.einsum("kl,l,klij->ij", dy, gamma, hat), dh
    yield "dy-dhat", gamma * np.ones((n, m)), grad(lambda z: np.sum(gamma * z + beta))(normal(h))
    yield "translation", centred, jacobian(lambda h: h - mean(h))(h)
    first = centred * (s**-0.5)[:, None, None]
    yield "hat-by-sigma", first - np.einsum("kl,lij->klij", x * s**-1.5, dvar) / 2, hat
    links = [
        np.einsum("plij,pl->lij", 2 * centred, x) / n,
        2 / n * np.einsum("il,jl->lij", x, dm) - 2 / n**2 * np.einsum("jl,pl,i->lij", dm, x, np.ones(n)),
        2 / n * np.einsum("il,jl->lij", x, dm) - 2 / n * np.einsum("jl,l,i->lij", dm, mean(h) - mean(h), np.ones(n)),
        2 / n * np.einsum("il,jl->lij", x, dm),
    ]
    yield "sigma", np.array(links), dvar
    second = np.einsum("kl,il,jl,l->klij", x, x, dm, s**-1.5) / n
    yield "hat", first - second, hat
    links = [
        np.einsum("kl,l,klij->ij", dy, gamma, hat),
        np.einsum("kl,l,klij->ij", dy, gamma, first - second),
        np.einsum("kl,l,klij->ij", dy, gamma, first) - np.einsum("kl,l,klij->ij", dy, gamma, second),
        gamma * s**-0.5 * (dy - dy.sum(axis=0) / n) - x * np.sum(dy * gamma * x * s**-1.5, axis=0) / n,
        gamma * s**-0.5 * (n * dy - dy.sum(axis=0) - x / s * np.sum(dy * x, axis=0)) / n,
    ]
    yield "dh", np.array(links), dh
    links = [
        np.einsum("kl,klj->j", dy, jacobian(lambda g: y(h, g))(gamma)),
        np.einsum("kl,kl,lj->j", dy, normal(h), dm),
        np.sum(dy * x * s**-0.5, axis=0),
    ]
    yield "dgamma", np.array(links), grad(lambda g: loss(y(h, g)))(gamma)
    links = [np.einsum("kl,lj->j", dy, dm), np.sum(dy, axis=0)]
    yield "dbeta", np.array(links), grad(lambda b: loss(y(h, gamma, b)))(beta)
