"""Softmax regression

Logistic regression with more than two classes: each row of Y is a distribution over the k classes, which is
declared, and the adjoint of the scores is then P - Y; Bishop, Pattern Recognition and Machine Learning,
section 4.3.4.
"""

import symgrad as sg


@sg.model
def classifier(X: "n d", Y: "n k", W: "d k", b: "k"):
    Z = X @ W + b
    P = sg.softmax(Z, axis="k")
    L = -sg.mean(sg.sum(Y * sg.log(P), axis="k"))
    return L


classifier = classifier.assume(sg.sums_to_one(Y="k"))
derivation = sg.derive(classifier, wrt=["W", "b"])
