"""Linear regression, all samples at once

Half the mean squared residual of a linear prediction, by the weights and the offset; Gauss' least squares, in the
matrix form of Hastie, Tibshirani and Friedman, The Elements of Statistical Learning, section 3.2.
"""

import symgrad as sg


@sg.model
def regression(X: "n d", y: "n", w: "d", b):
    yhat = X @ w + b
    L = sg.mean((yhat - y) ** 2) / 2
    return L


derivation = sg.derive(regression, wrt=["w", "b"])
