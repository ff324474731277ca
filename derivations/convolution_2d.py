"""A convolution of images, with max pooling

Kernels of 3 by 3 pixels over one channel, a rectifier, and the largest value of each 2 by 2 square; LeCun et al.
1998.
"""

import symgrad as sg


@sg.model
def convolution(X: "n height width", K: "3 3 c", b: "c"):
    W = sg.windows(sg.windows(X, 3, axis="height"), 3, axis="width")
    Z = sg.einsum("nijpq,pqc->nijc", W, K) + b
    A = sg.relu(Z)
    P = sg.max(sg.windows(sg.windows(A, 2, axis=1, stride=2), 2, axis=2, stride=2), axis=(-2, -1))
    L = sg.sum(P**2) / 2
    return L


derivation = sg.derive(convolution, wrt=["X", "K", "b"])
