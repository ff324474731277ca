"""The article's three models, written as its reader would write them."""
# mypy: allow-untyped-defs

import symgrad as sg


@sg.model
def hill(x):
    """The parabola that the article climbs."""
    f = -(x**2)
    return f


@sg.model
def regression(x, y, w, b):
    """Weight from height by a line, and the squared error."""
    yhat = w * x + b
    L = (yhat - y) ** 2 / 2
    return L


@sg.model
def network(x, y, w1, b1, w2, b2, f):
    """One neuron, then another: the smallest network with a hidden layer."""
    z1 = w1 * x + b1
    o1 = f(z1)
    z2 = w2 * o1 + b2
    yhat = f(z2)
    L = (yhat - y) ** 2 / 2
    return L
