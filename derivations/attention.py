"""Scaled dot-product attention with a causal mask

Each position takes an average of the values at its own and at earlier positions, weighted by how well its query
fits their keys; Vaswani et al. 2017, section 3.2.1.
"""

import symgrad as sg


@sg.model
def attention(Q: "t d", K: "t d", V: "t e", T: "t e"):
    S = Q @ K.T / sg.sqrt(K.shape[-1])
    M = sg.where(sg.positions(S, 0)[:, None] >= sg.positions(S, 1), S, -1e9)
    P = sg.softmax(M)
    O = P @ V
    L = sg.sum((O - T) ** 2) / 2
    return L


derivation = sg.derive(attention, wrt=["Q", "K", "V"])
