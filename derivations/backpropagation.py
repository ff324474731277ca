"""Backpropagation through one hidden neuron

One input, one hidden neuron, one output, with an activation f that stays abstract.
"""

import symgrad as sg


@sg.model
def network(x, y, w1, b1, w2, b2, f):
    z1 = w1 * x + b1
    o1 = f(z1)
    z2 = w2 * o1 + b2
    yhat = f(z2)
    L = (yhat - y) ** 2 / 2
    return L


derivation = sg.derive(network, wrt=["w1", "b1", "w2", "b2"])
