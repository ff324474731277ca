"""Batch normalisation with Bessel's correction

The same layer with the unbiased variance, divided by n - 1; the term of the adjoint that comes from the variance
has n - 1 in place of n, the one from the mean keeps n; Ioffe and Szegedy 2015, algorithm 2, for the correction.
"""

import symgrad as sg


@sg.model
def batch_norm(X: "n d", T: "n d", gamma: "d", beta: "d", eps=1e-5):
    mu = sg.mean(X, axis="n")
    v = sg.var(X, axis="n", ddof=1)
    Xhat = (X - mu) / sg.sqrt(v + eps)
    Y = gamma * Xhat + beta
    L = sg.sum((Y - T) ** 2) / 2
    return L


derivation = sg.derive(batch_norm, wrt=["X", "gamma", "beta"])
