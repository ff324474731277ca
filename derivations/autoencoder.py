"""An autoencoder

A code H, narrower than the data, from which the data are put together again; the loss is the mean squared error of
the reconstruction; Hinton and Salakhutdinov 2006.
"""

import symgrad as sg


@sg.model
def autoencoder(X: "n d", W1: "d h", b1: "h", W2: "h d", b2: "d"):
    Z = X @ W1 + b1
    H = sg.sigmoid(Z)
    Xhat = H @ W2 + b2
    L = sg.mean(sg.sum((Xhat - X) ** 2, axis="d")) / 2
    return L


derivation = sg.derive(autoencoder, wrt=["W1", "b1", "W2", "b2"])
