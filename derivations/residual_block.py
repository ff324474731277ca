"""A residual block

Two layers whose result is added to their input, so that the adjoint of the input has a path on which nothing
multiplies it; He, Zhang, Ren and Sun 2016.
"""

import symgrad as sg


@sg.model
def residual(X: "n d", T: "n d", W1: "d h", b1: "h", W2: "h d", b2: "d"):
    Z = X @ W1 + b1
    H = sg.relu(Z)
    F = H @ W2 + b2
    Y = X + F
    L = sg.sum((Y - T) ** 2) / 2
    return L


derivation = sg.derive(residual, wrt=["X", "W1", "b1", "W2", "b2"])
