"""A Gaussian variational autoencoder

The code is drawn as mean plus noise times standard deviation, the noise E being given, so that the draw can be
differentiated; the loss is the error of the reconstruction plus the divergence of the code from a standard normal;
Kingma and Welling 2014, appendix B.
"""

import symgrad as sg


@sg.model
def vae(X: "n d", E: "n k", Wm: "d k", bm: "k", Ws: "d k", bs: "k", V: "k d", c: "d"):
    M = X @ Wm + bm
    S = X @ Ws + bs
    Z = M + sg.exp(S / 2) * E
    Xhat = Z @ V + c
    R = sg.mean(sg.sum((Xhat - X) ** 2, axis="d")) / 2
    D = sg.mean(sg.sum(M**2 + sg.exp(S) - S - 1, axis="k")) / 2
    L = R + D
    return L


derivation = sg.derive(vae, wrt=["Wm", "bm", "Ws", "bs", "V", "c"])
