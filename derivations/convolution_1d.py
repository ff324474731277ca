"""A convolution along one axis, with max pooling

Three-wide kernels slide along t, and of every two neighbouring values the larger is kept; the adjoint of the kernel
is a correlation too, and pooling hands its adjoint to the place of the maximum; LeCun et al. 1998.
"""

import symgrad as sg


@sg.model
def convolution(X: "n t", K: "3 c", b: "c", V: "c"):
    Z = sg.windows(X, 3, axis="t") @ K + b
    A = sg.relu(Z)
    P = sg.max(sg.windows(A, 2, axis=1, stride=2), axis=-1)
    yhat = sg.sum(P, axis=1) @ V
    L = sg.mean(yhat**2) / 2
    return L


derivation = sg.derive(convolution, wrt=["X", "K", "b", "V"])
