"""A multilayer perceptron

One hidden layer of tanh, a softmax over the classes, and the mean cross-entropy; Rumelhart, Hinton and Williams
1986, with the output layer of Bridle 1990.
"""

import symgrad as sg


@sg.model
def mlp(X: "n d", Y: "n k", W1: "d h", b1: "h", W2: "h k", b2: "k"):
    Z1 = X @ W1 + b1
    A1 = sg.tanh(Z1)
    Z2 = A1 @ W2 + b2
    P = sg.softmax(Z2, axis="k")
    L = -sg.mean(sg.sum(Y * sg.log(P), axis="k"))
    return L


mlp = mlp.assume(sg.sums_to_one(Y="k"))
derivation = sg.derive(mlp, wrt=["W1", "b1", "W2", "b2"])
