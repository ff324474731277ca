"""Linear regression

A weight predicted from a height by a straight line; the loss of one sample by the slope w and the offset b.
"""

import symgrad as sg


@sg.model
def regression(x, y, w, b):
    yhat = w * x + b
    L = (yhat - y) ** 2 / 2
    return L


derivation = sg.derive(regression, wrt=["w", "b"])
numbers = derivation.at(x=177, y=88.2, w=0.7, b=6)
