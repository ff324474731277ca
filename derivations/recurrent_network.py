"""A recurrent network, unrolled over time

The same weights at each of four steps; their adjoints are sums over the steps, and what reaches an early state has
been multiplied by U once for every step on the way: backpropagation through time; Elman 1990, Werbos 1990.
"""

import symgrad as sg


@sg.model
def recurrent(X: "4 n d", Y: "n h", H0: "n h", W: "d h", U: "h h", b: "h"):
    H = H0
    for t in range(4):
        Z = X[t] @ W + H @ U + b
        H = sg.tanh(Z)
    L = sg.sum((H - Y) ** 2) / 2
    return L


derivation = sg.derive(recurrent, wrt=["W", "U", "b"])
