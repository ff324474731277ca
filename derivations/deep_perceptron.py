"""A deep perceptron

Three hidden layers of one width, written as a loop: each pass is one layer, and the adjoints run back through the
passes in reverse; Goodfellow, Bengio and Courville, Deep Learning, algorithm 6.4.
"""

import symgrad as sg


@sg.model
def deep(X: "n h", Y: "n h", W: "3 h h", b: "3 h"):
    A = X
    for layer in range(3):
        Z = A @ W[layer] + b[layer]
        A = sg.tanh(Z)
    L = sg.sum((A - Y) ** 2) / 2
    return L


derivation = sg.derive(deep, wrt=["W", "b"])
