"""Word vectors with negative sampling

A word's vector should score high with that of a word seen near it and low with those of k words drawn at random;
Mikolov et al. 2013, equation 4.
"""

import symgrad as sg


@sg.model
def word2vec(U: "v d", C: "v d", word: "n int", near: "n int", noise: "n k int"):
    W = U[word]
    s = sg.sum(W * C[near], axis="d")
    R = sg.einsum("nd,nkd->nk", W, C[noise])
    L = sg.mean(sg.softplus(-s)) + sg.mean(sg.sum(sg.softplus(R), axis="k"))
    return L


derivation = sg.derive(word2vec, wrt=["U", "C"])
