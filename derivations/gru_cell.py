"""A gated recurrent unit

A reset gate R and an update gate U between the old state and a candidate for the new one; Cho et al. 2014.
"""

import symgrad as sg


@sg.model
def gru(
    X: "n d", H: "n h", T: "n h",
    Wr: "d h", Ur: "h h", br: "h", Wu: "d h", Uu: "h h", bu: "h", Wc: "d h", Uc: "h h", bc: "h",
):  # fmt: skip
    Zr = X @ Wr + H @ Ur + br
    Zu = X @ Wu + H @ Uu + bu
    R = sg.sigmoid(Zr)
    U = sg.sigmoid(Zu)
    K = R * H
    Zc = X @ Wc + K @ Uc + bc
    C = sg.tanh(Zc)
    Hnew = U * H + (1 - U) * C
    L = sg.sum((Hnew - T) ** 2) / 2
    return L


derivation = sg.derive(gru, wrt=["H", "Wr", "Ur", "br", "Wu", "Uu", "bu", "Wc", "Uc", "bc"])
