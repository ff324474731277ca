"""Huber regression

A loss that is quadratic for residuals up to δ and linear beyond, so that one outlier pulls on the line with a
bounded force; Huber 1964.
"""

import symgrad as sg


@sg.model
def robust(X: "n d", y: "n", w: "d", b, delta=1):
    yhat = X @ w + b
    L = sg.huber(yhat, y, delta)
    return L


derivation = sg.derive(robust, wrt=["w", "b"])
