"""Logistic regression

The cross-entropy of a sigmoid. The derivative of the sigmoid is written in its own value ŷ, and cancels
against the denominators of the logarithms.
"""

import symgrad as sg


@sg.model
def logistic(x, y, w, b):
    z = w * x + b
    yhat = sg.sigmoid(z)
    L = -y * sg.log(yhat) - (1 - y) * sg.log(1 - yhat)
    return L


derivation = sg.derive(logistic, wrt=["w", "b"])
