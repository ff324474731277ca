"""Batch normalisation

Each feature is centred and scaled by its mean and its variance over the batch, as in training; both depend on every
sample, and so does the adjoint of every sample; Ioffe and Szegedy 2015, section 3.
"""

import symgrad as sg


@sg.model
def batch_norm(X: "n d", T: "n d", gamma: "d", beta: "d", eps=1e-5):
    mu = sg.mean(X, axis="n")
    v = sg.var(X, axis="n")
    Xhat = (X - mu) / sg.sqrt(v + eps)
    Y = gamma * Xhat + beta
    L = sg.sum((Y - T) ** 2) / 2
    return L


derivation = sg.derive(batch_norm, wrt=["X", "gamma", "beta"])
