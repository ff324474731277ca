"""Squared error

The loss of one prediction ŷ of an observation y. The half cancels the 2 of the square.
"""

import symgrad as sg


@sg.model
def squared_error(y, yhat):
    L = (yhat - y) ** 2 / 2
    return L


derivation = sg.derive(squared_error, wrt=["yhat"])
numbers = derivation.at(y=88.2, yhat=129.9)
