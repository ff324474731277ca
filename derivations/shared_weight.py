"""A shared weight

The same weight w in both layers. It acts on the loss along two paths, and the two are added.
"""

import symgrad as sg


@sg.model
def tied(x, y, w, b):
    h = sg.tanh(w * x + b)
    yhat = w * h
    L = (yhat - y) ** 2 / 2
    return L


derivation = sg.derive(tied, wrt=["w", "b"])
