"""Root-mean-square normalisation

Layer normalisation without the centring: each sample is divided by the root of its mean square; Zhang and Sennrich
2019.
"""

import symgrad as sg


@sg.model
def rms_norm(X: "n d", T: "n d", gamma: "d", eps=1e-5):
    s = sg.mean(X**2, axis="d", keepdims=True)
    Xhat = X / sg.sqrt(s + eps)
    Y = gamma * Xhat
    L = sg.sum((Y - T) ** 2) / 2
    return L


derivation = sg.derive(rms_norm, wrt=["X", "gamma"])
