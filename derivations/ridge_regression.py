"""Ridge regression

Least squares with a penalty on the squared length of the weights, which keeps them small where the columns of X are
nearly dependent; Hoerl and Kennard 1970.
"""

import symgrad as sg


@sg.model
def ridge(X: "n d", y: "n", w: "d", alpha):
    r = X @ w - y
    L = sg.sum(r**2) / 2 + alpha * sg.sum(w**2) / 2
    return L


derivation = sg.derive(ridge, wrt=["w"])
