"""The likelihood of a Gaussian

Minus the mean log-likelihood of samples, without its constant, by the mean and the covariance matrix; setting both
derivatives to zero gives the sample mean and covariance; Magnus and Neudecker, Matrix Differential Calculus,
chapter 15.
"""

import symgrad as sg


@sg.model
def gaussian(X: "n d", mu: "d", S: "d d"):
    R = X - mu
    P = sg.inv(S)
    L = sg.logdet(S) / 2 + sg.mean(sg.sum((R @ P) * R, axis="d")) / 2
    return L


derivation = sg.derive(gaussian, wrt=["mu", "S"])
