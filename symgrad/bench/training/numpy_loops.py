"""Loops as a careful person writes them with NumPy: every array is made once, and every result goes into one.

Biases are a last column of the weights, for inputs that end in a 1, so that one product serves both; a layer's values
are (units, samples), so that sums over classes run along the samples. The learning rate is in the adjoint of the last
layer, so that an update is one subtraction. One neuron is plain floats, for which `math` is faster than NumPy.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from math import exp

import numpy as np

from symgrad.bench.training.cases import Array, Case
from symgrad.bench.training.loops import Loop, Params


def by_hand(case: Case) -> Loop | str:
    """The loop for a case: one of four."""
    if case.name == "line":
        return _line(case)
    if case.name == "neuron":
        return _neuron(case)
    return _curve(case) if case.activation == "tanh" else _classifier(case)


def _line(case: Case) -> Loop:
    x, y = case.data["x"], case.data["y"]
    data = np.stack([x, np.ones_like(x), y])
    scaled = data * (2 * case.rate / len(x))
    scaled[2] = 0  # the factor of y stays -1
    residual, change = np.empty_like(x), np.empty(3)

    def loop(epochs: int) -> Params:
        theta = np.array([case.start["w"], case.start["b"], -1.0])
        dot, subtract = np.dot, np.subtract
        for _ in range(epochs):
            dot(theta, data, residual)
            dot(scaled, residual, change)
            subtract(theta, change, theta)
        return {"w": theta[0], "b": theta[1]}

    return loop


def _neuron(case: Case) -> Loop:
    samples = list(zip(case.data["x"].tolist(), case.data["y"].tolist(), strict=True))

    def loop(epochs: int) -> Params:
        w1, b1, w2, b2 = (float(value) for value in case.start.values())
        rate = 2 * case.rate
        for _ in range(epochs):
            for x, y in samples:
                a1 = 1.0 / (1.0 + exp(-w1 * x - b1))
                a2 = 1.0 / (1.0 + exp(-w2 * a1 - b2))
                d2 = rate * (a2 - y) * a2 * (1.0 - a2)
                d1 = d2 * w2 * a1 * (1.0 - a1)
                w2 -= d2 * a1
                b2 -= d2
                w1 -= d1 * x
                b1 -= d1
        return {"w1": np.array(w1), "b1": np.array(b1), "w2": np.array(w2), "b2": np.array(b2)}

    return loop


def _curve(case: Case) -> Loop:
    samples, hidden = case.samples, case.sizes[1]
    data = np.concatenate([case.data["X"], np.ones((samples, 1))], axis=1)
    inputs = np.ascontiguousarray(data.T)
    values = np.empty((hidden + 2, samples))  # the hidden units, 1 for the bias, and the targets
    values[hidden] = 1
    values[hidden + 1] = case.data["Y"][:, 0]
    units, learned = values[:hidden], values[: hidden + 1]
    first, linear = np.empty((hidden, 3)), np.empty(3)
    adjoint, squares = np.empty(samples), np.empty((hidden, samples))
    change, scale = np.empty(hidden + 1), 2 * case.rate / samples

    def loop(epochs: int) -> Params:
        start = case.start
        theta1 = np.concatenate([start["W1"].T, start["b1"][:, None]], axis=1)
        theta2 = np.concatenate([start["W2"][:, 0], start["b2"], [-1.0]])
        weights, learned2, column = theta2[:hidden], theta2[: hidden + 1], theta2[:hidden, None]
        dot, subtract, multiply, tanh = np.dot, np.subtract, np.multiply, np.tanh
        for _ in range(epochs):
            dot(theta1, inputs, units)
            tanh(units, units)
            dot(theta2, values, adjoint)
            multiply(adjoint, scale, adjoint)
            # sum over samples of (1 - a²) d x = (sum of d x) - (sum of a² d x)
            multiply(units, units, squares)
            multiply(squares, adjoint, squares)
            dot(squares, data, first)
            dot(adjoint, data, linear)
            subtract(linear, first, first)
            multiply(first, column, first)
            dot(learned, adjoint, change)
            subtract(theta1, first, theta1)
            subtract(learned2, change, learned2)
        return {"W1": theta1[:, :2].T, "b1": theta1[:, 2], "W2": weights[:, None], "b2": theta2[hidden : hidden + 1]}

    return loop


def _classifier(case: Case) -> Loop:
    X, Y = case.data["X"], case.data["Y"]
    ones = np.ones((case.samples, 1), case.dtype)
    data = np.concatenate([X, ones, Y], axis=1)  # so that one gather serves all
    shuffled = np.empty_like(data)
    inputs = X.shape[1] + 1
    thetas = [np.empty((after, before + 1), case.dtype) for before, after in pairwise(case.sizes)]
    parts = [shuffled[start : start + case.batch] for start in range(0, case.samples, case.batch)]
    # The arrays of a batch are made once; views of them are all that differs between batches of one length.
    workspaces = {n: _Workspace.of(case, thetas, n) for n in {len(part) for part in parts}}
    steps = [_step(case, thetas, workspaces[len(part)], part[:, :inputs], part[:, inputs:]) for part in parts]

    def loop(epochs: int) -> Params:
        for k, theta in enumerate(thetas, start=1):
            theta[:, :-1] = case.start[f"W{k}"].T
            theta[:, -1] = case.start[f"b{k}"]
        orders = case.orders(epochs)
        for epoch in range(epochs):
            if orders is None:
                shuffled[:] = data
            else:
                np.take(data, orders[epoch], axis=0, out=shuffled, mode="clip")
            for step in steps:
                step()
        params: dict[str, Array] = {}
        for k, theta in enumerate(thetas, start=1):
            params |= {f"W{k}": theta[:, :-1].T.copy(), f"b{k}": theta[:, -1].copy()}
        return params

    return loop


@dataclass(frozen=True)
class _Workspace:
    """The arrays of a step on n samples: a layer's values with a last row of ones, adjoints, signs and gradients."""

    values: list[Array]
    adjoints: list[Array]
    signs: list[Array]
    gradients: list[Array]
    row: Array
    ones: Array

    @staticmethod
    def of(case: Case, thetas: list[Array], n: int) -> _Workspace:
        hidden, classes = case.sizes[1:-1], case.sizes[-1]
        return _Workspace(
            [np.ones((size + 1, n), case.dtype) for size in hidden],
            [np.empty((size, n), case.dtype) for size in case.sizes[1:]],
            [np.empty((size, n), case.dtype) for size in hidden],
            [np.empty_like(theta) for theta in thetas],
            np.empty(n, case.dtype),
            np.ones(classes, case.dtype),
        )


def _step(case: Case, thetas: list[Array], work: _Workspace, x: Array, y: Array) -> Callable[[], None]:
    dot, maximum, subtract, divide, multiply, sign = np.dot, np.maximum, np.subtract, np.divide, np.multiply, np.sign
    top, exponential, zero = np.maximum.reduce, np.exp, case.dtype.type(0)
    inputs = [x.T, *work.values]  # (units + 1, samples) of each layer
    backward = [(theta, theta[:, :-1].T, change) for theta, change in zip(thetas, work.gradients, strict=True)]
    hidden = list(zip(thetas[:-1], inputs[:-1], [value[:-1] for value in work.values], strict=True))
    last, before, logits, row, ones = thetas[-1], inputs[-1], work.adjoints[-1], work.row, work.ones
    labels, rate = y.T, case.dtype.type(case.rate / len(x))

    def step() -> None:
        for theta, value, units in hidden:
            dot(theta, value, units)
            maximum(units, zero, out=units)
        dot(last, before, logits)
        top(logits, axis=0, out=row)
        subtract(logits, row, logits)
        exponential(logits, logits)
        dot(ones, logits, row)
        divide(logits, row, logits)
        subtract(logits, labels, logits)
        multiply(logits, rate, logits)
        for k in range(len(thetas) - 1, -1, -1):
            theta, transposed, change = backward[k]
            adjoint = work.adjoints[k]
            if k:
                # the adjoint of the layer before needs the weights before their update
                dot(transposed, adjoint, work.adjoints[k - 1])
                sign(work.values[k - 1][:-1], work.signs[k - 1])
                multiply(work.adjoints[k - 1], work.signs[k - 1], work.adjoints[k - 1])
            dot(adjoint, inputs[k].T, change)
            subtract(theta, change, theta)

    return step
