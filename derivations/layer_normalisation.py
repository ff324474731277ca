"""Layer normalisation

Each sample is centred and scaled by its own mean and variance over the features, whatever the rest of the batch is;
Ba, Kiros and Hinton 2016.
"""

import symgrad as sg


@sg.model
def layer_norm(X: "n d", T: "n d", gamma: "d", beta: "d", eps=1e-5):
    mu = sg.mean(X, axis="d", keepdims=True)
    v = sg.var(X, axis="d", keepdims=True)
    Xhat = (X - mu) / sg.sqrt(v + eps)
    Y = gamma * Xhat + beta
    L = sg.sum((Y - T) ** 2) / 2
    return L


derivation = sg.derive(layer_norm, wrt=["X", "gamma", "beta"])
