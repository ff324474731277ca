"""A transformer block

Causal self-attention and a two-layer network, each applied to the normalised input and added to it; Vaswani et al.
2017, with the normalisation in front as in Xiong et al. 2020.
"""

import symgrad as sg


@sg.model
def layer_norm(X: "t d", gamma: "d", beta: "d"):
    mu = sg.mean(X, axis="d", keepdims=True)
    v = sg.var(X, axis="d", keepdims=True)
    Xhat = (X - mu) / sg.sqrt(v + 1e-5)
    N = gamma * Xhat + beta
    return N


@sg.model
def attention(X: "t d", WQ: "d d", WK: "d d", WV: "d d", WO: "d d"):
    Q = X @ WQ
    K = X @ WK
    V = X @ WV
    S = Q @ K.T / sg.sqrt(K.shape[-1])
    M = sg.where(sg.positions(S, 0)[:, None] >= sg.positions(S, 1), S, -1e9)
    P = sg.softmax(M)
    O = P @ V
    Y = O @ WO
    return Y


@sg.model
def block(
    X: "t d", T: "t d", g1: "d", c1: "d", WQ: "d d", WK: "d d", WV: "d d", WO: "d d",
    g2: "d", c2: "d", W1: "d h", b1: "h", W2: "h d", b2: "d",
):  # fmt: skip
    N1 = layer_norm(X, g1, c1)
    A = X + attention(N1, WQ, WK, WV, WO)
    N2 = layer_norm(A, g2, c2)
    Z = N2 @ W1 + b1
    H = sg.relu(Z)
    Y = A + H @ W2 + b2
    L = sg.sum((Y - T) ** 2) / 2
    return L


derivation = sg.derive(block, wrt=["X", "g1", "c1", "WQ", "WK", "WV", "WO", "g2", "c2", "W1", "b1", "W2", "b2"])
