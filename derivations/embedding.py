"""An embedding

Each word is a row of the table E, read by its number; a row's adjoint is the sum over all places where its word
occurs; Bengio, Ducharme, Vincent and Jauvin 2003.
"""

import symgrad as sg


@sg.model
def embedding(E: "v d", words: "n int", y: "n", w: "d"):
    H = E[words]
    A = sg.tanh(H)
    yhat = A @ w
    L = sg.mean((yhat - y) ** 2) / 2
    return L


derivation = sg.derive(embedding, wrt=["E", "w"])
