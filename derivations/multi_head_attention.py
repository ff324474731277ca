"""Multi-head attention with a causal mask

Two heads attend with queries, keys and values of their own, and an output matrix for each head brings their results
together; Vaswani et al. 2017, section 3.2.2.
"""

import symgrad as sg


@sg.model
def attention(X: "t d", T: "t d", WQ: "2 d e", WK: "2 d e", WV: "2 d e", WO: "2 e d"):
    Q = X @ WQ
    K = X @ WK
    V = X @ WV
    S = Q @ K.swapaxes(-1, -2) / sg.sqrt(WK.shape[-1])
    M = sg.where(sg.positions(S, 1)[:, None] >= sg.positions(S, 2), S, -1e9)
    P = sg.softmax(M)
    O = P @ V
    Y = sg.einsum("hte,hed->td", O, WO)
    L = sg.sum((Y - T) ** 2) / 2
    return L


derivation = sg.derive(attention, wrt=["X", "WQ", "WK", "WV", "WO"])
