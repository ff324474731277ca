"""Loops on functions that SymPy prints: `lambdify` with common subexpressions, of the derivatives by `diff`."""

from __future__ import annotations

import numpy as np
import sympy

from symgrad.bench.training.cases import Case
from symgrad.bench.training.loops import Loop, Params


def lambdified(case: Case) -> Loop | str:
    """Scalars become arrays over the samples; a network of arrays has no such form, and one of scalars is too long."""
    if case.name == "line":
        return _line(case)
    if case.name == "neuron":
        return _neuron(case)
    if case.name == "curve":
        return _curve(case)
    return "written out in scalars, this network has thousands of parameters"


def _line(case: Case) -> Loop:
    w, b, x, y = sympy.symbols("w b x y")
    loss = (w * x + b - y) ** 2
    gradient = sympy.lambdify((w, b, x, y), [loss.diff(w), loss.diff(b)], "numpy", cse=True)
    xs, ys, rate = case.data["x"], case.data["y"], case.rate

    def loop(epochs: int) -> Params:
        at_w, at_b = float(case.start["w"]), float(case.start["b"])
        n = len(xs)
        for _ in range(epochs):
            by_w, by_b = gradient(at_w, at_b, xs, ys)
            at_w -= rate * by_w.sum() / n
            at_b -= rate * by_b.sum() / n
        return {"w": np.array(at_w), "b": np.array(at_b)}

    return loop


def _neuron(case: Case) -> Loop:
    names = w1, b1, w2, b2 = sympy.symbols("w1 b1 w2 b2")
    x, y = sympy.symbols("x y")
    a1 = 1 / (1 + sympy.exp(-w1 * x - b1))
    loss = (1 / (1 + sympy.exp(-w2 * a1 - b2)) - y) ** 2
    gradient = sympy.lambdify((*names, x, y), [loss.diff(name) for name in names], "math", cse=True)
    samples = list(zip(case.data["x"].tolist(), case.data["y"].tolist(), strict=True))

    def loop(epochs: int) -> Params:
        p, q, r, s = (float(value) for value in case.start.values())
        rate = case.rate
        for _ in range(epochs):
            for sample, target in samples:
                dp, dq, dr, ds = gradient(p, q, r, s, sample, target)
                p -= rate * dp
                q -= rate * dq
                r -= rate * dr
                s -= rate * ds
        return {name: np.array(value) for name, value in zip(case.start, (p, q, r, s), strict=True)}

    return loop


def _curve(case: Case) -> Loop:
    hidden = case.sizes[1]
    u, v, b, w = (sympy.symbols(f"{letter}:{hidden}") for letter in "uvbw")
    last, x0, x1, y = sympy.symbols("last x0 x1 y")
    total = last + sum(w[h] * sympy.tanh(u[h] * x0 + v[h] * x1 + b[h]) for h in range(hidden))
    theta = [*u, *v, *b, *w, last]
    loss = (total - y) ** 2
    gradient = sympy.lambdify((theta, x0, x1, y), [loss.diff(name) for name in theta], "numpy", cse=True)
    (xs0, xs1), ys = case.data["X"].T.copy(), case.data["Y"][:, 0].copy()

    def loop(epochs: int) -> Params:
        start = case.start
        at = np.concatenate([start["W1"].ravel(), start["b1"], start["W2"].ravel(), start["b2"]])
        step = case.rate / case.samples
        for _ in range(epochs):
            at -= step * np.array([entry.sum() for entry in gradient(at.tolist(), xs0, xs1, ys)])
        return {
            "W1": at[: 2 * hidden].reshape(2, hidden),
            "b1": at[2 * hidden : 3 * hidden],
            "W2": at[3 * hidden : 4 * hidden, None],
            "b2": at[4 * hidden :],
        }

    return loop
