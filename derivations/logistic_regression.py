"""Logistic regression

The cross-entropy of a sigmoid, whose derivative is written in its own value ŷ. The sweep keeps the factors as
they arise; that they cancel to ŷ - y is then proved as a claim.
"""

import symgrad as sg


@sg.model
def logistic(x, y, w, b):
    z = w * x + b
    yhat = sg.sigmoid(z)
    L = -y * sg.log(yhat) - (1 - y) * sg.log(1 - yhat)
    return L


derivation = sg.derive(logistic, wrt=["w", "b"])


def cancelled(x, y, yhat):
    return (yhat - y) * x


verdict = derivation.verify("w", cancelled)
