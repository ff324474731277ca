"""Logistic regression, all samples at once

The mean cross-entropy between observed classes y, 0 or 1, and the probabilities p of a linear score; Cox 1958, in
the matrix form of Bishop, Pattern Recognition and Machine Learning, section 4.3.2.
"""

import symgrad as sg


@sg.model
def logistic(X: "n d", y: "n", w: "d", b):
    z = X @ w + b
    p = sg.sigmoid(z)
    L = -sg.mean(y * sg.log(p) + (1 - y) * sg.log(1 - p))
    return L


derivation = sg.derive(logistic, wrt=["w", "b"])
