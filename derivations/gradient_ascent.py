"""Gradient ascent

The gradient of f(x) = -x² at two points. It is positive at -4 and negative at 4: uphill is towards the top
from either side.
"""

import symgrad as sg


@sg.model
def parabola(x):
    f = -(x**2)
    return f


derivation = sg.derive(parabola)
left = derivation.at(x=-4)
right = derivation.at(x=4)
