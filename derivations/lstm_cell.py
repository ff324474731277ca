"""A long short-term memory cell

An input gate, a forget gate and an output gate decide what the cell takes in, keeps and shows; Hochreiter and
Schmidhuber 1997, with the forget gate of Gers, Schmidhuber and Cummins 2000.
"""

import symgrad as sg


@sg.model
def lstm(
    X: "n d", H: "n h", C: "n h", T: "n h",
    Wi: "d h", Ui: "h h", bi: "h", Wf: "d h", Uf: "h h", bf: "h",
    Wg: "d h", Ug: "h h", bg: "h", Wo: "d h", Uo: "h h", bo: "h",
):  # fmt: skip
    Zi = X @ Wi + H @ Ui + bi
    Zf = X @ Wf + H @ Uf + bf
    Zg = X @ Wg + H @ Ug + bg
    Zo = X @ Wo + H @ Uo + bo
    I = sg.sigmoid(Zi)
    F = sg.sigmoid(Zf)
    G = sg.tanh(Zg)
    O = sg.sigmoid(Zo)
    Cnew = F * C + I * G
    A = sg.tanh(Cnew)
    Hnew = O * A
    L = sg.sum((Hnew - T) ** 2) / 2
    return L


derivation = sg.derive(lstm, wrt=["H", "C", "Wi", "Ui", "bi", "Wf", "Uf", "bf", "Wg", "Ug", "bg", "Wo", "Uo", "bo"])
