"""The models that the training benchmark trains, read from text as any model file is."""

from __future__ import annotations

from collections.abc import Sequence

from symgrad.bench.networks import read_network
from symgrad.equations import Model
from symgrad.facts import sums_to_one

LINE = """
import symgrad as sg

@sg.model
def network(x, y, w, b):
    yhat = w*x + b
    L = (yhat - y)**2
    return L
"""

NEURON = """
import symgrad as sg

@sg.model
def network(x, y, w1, b1, w2, b2):
    z1 = w1*x + b1
    a1 = sg.sigmoid(z1)
    z2 = w2*a1 + b2
    a2 = sg.sigmoid(z2)
    L = (a2 - y)**2
    return L
"""


def line() -> Model:
    """Linear regression: the squared error of one point."""
    return read_network(LINE)


def neuron() -> Model:
    """One sigmoid neuron after another: the squared error of one sample."""
    return read_network(NEURON)


def perceptron(sizes: Sequence[int], activation: str, loss: str) -> Model:
    """Layers of the given sizes, input first, an activation between them, and mse or cross_entropy as the loss.

    The rows of the targets Y of a cross-entropy are declared to sum to one.

    >>> [equation.name for equation in perceptron((2, 16, 1), "tanh", "mse").equations]
    ['Z1', 'A1', 'Z2', 'L']
    """
    depth = len(sizes) - 1
    widths = ["d", *(f"h{k}" for k in range(1, depth)), "k"]
    inputs = ["X: 'n d'", "Y: 'n k'"]
    lines = []
    for k in range(1, depth + 1):
        inputs += [f"W{k}: '{widths[k - 1]} {widths[k]}'", f"b{k}: '{widths[k]}'"]
        lines.append(f"Z{k} = {f'A{k - 1}' if k > 1 else 'X'} @ W{k} + b{k}")
        if k < depth:
            lines.append(f"A{k} = sg.{activation}(Z{k})")
    lines += [f"L = sg.{loss}(Z{depth}, Y)", "return L"]
    body = "\n".join(f"    {text}" for text in lines)
    model = read_network(f"import symgrad as sg\n\n@sg.model\ndef network({', '.join(inputs)}):\n{body}\n")
    return model.assume(sums_to_one(Y="k")) if loss == "cross_entropy" else model
