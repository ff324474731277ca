"""Dropout with a given mask

Hidden values are kept or set to zero by a mask M of ones and zeros that was drawn beforehand, and the kept ones are
divided by the probability q of being kept; Srivastava et al. 2014, in the inverted form of today's libraries.
"""

import symgrad as sg


@sg.model
def dropout(X: "n d", y: "n", W: "d h", v: "h", M: "n h", q=0.5):
    Z = X @ W
    H = sg.relu(Z)
    D = M * H / q
    yhat = D @ v
    L = sg.mean((yhat - y) ** 2) / 2
    return L


derivation = sg.derive(dropout, wrt=["W", "v"])
