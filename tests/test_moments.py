"""Moments of the data give the cost, the gradient and the course that the samples give."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Symbol, symbols

import symgrad as sg
from symgrad.codegen.moments import moments
from symgrad.training.engine import Task
from symgrad.training.numpy_engine import engine
from symgrad.training.optimizers import adam, sgd


@sg.model
def line(x, y, w, b):
    yhat = w * x + b
    L = (yhat - y) ** 2 / 2
    return L


@sg.model
def ridge(X: "n d", y: n, w: d, b, lam):
    p = X @ w + b
    L = sg.mean((p - y) ** 2) + lam * sg.sum(w**2)
    return L


@sg.model
def many(X: "n d", Y: "n k", W: "d k", c: k):
    R = X @ W + c - Y
    L = sg.sum(R**2) / 2
    return L


@sg.model
def bent(x, y, w, b):
    L = (sg.tanh(w * x + b) - y) ** 2
    return L


@sg.model
def separable(x, y, w, b):
    yhat = sg.exp(w) * sg.sin(x) + sg.tanh(b) * x**2
    L = (yhat - y) ** 2 + w * b * x**4 + b**2
    return L


def _data(samples=300, offset=0.0):
    rng = np.random.default_rng(2)
    x = rng.normal(size=samples) + offset
    return {"x": x, "y": 2 * x + 1 + 0.1 * rng.normal(size=samples)}


def _same(model, params, columns, point, rtol=1e-9):
    found = moments(model, list(params), columns)
    assert found is not None
    ours = found.model.compile(list(params))(**point, **found.values)
    plain = model.compile(list(params), reduction="none" if model.has_axes else "mean")(**point, **columns)
    np.testing.assert_allclose(ours[0], plain[0], rtol=rtol)
    for name in params:
        np.testing.assert_allclose(ours[1][name], plain[1][name], rtol=rtol, atol=1e-12)


def test_the_cost_of_a_line_agrees_with_exact_rationals():
    x = np.arange(40.0)
    y = np.where(x % 3 == 0, 3 * x, x - 1)
    found = moments(line, ["w", "b"], {"x": x, "y": y})
    w, b = Fraction(3, 2), Fraction(-1, 4)
    residuals = [w * int(u) + b - int(v) for u, v in zip(x, y, strict=True)]
    value, gradient = found.model.compile(["w", "b"])(w=float(w), b=float(b), **found.values)
    assert value == pytest.approx(float(sum(r * r for r in residuals) / 80), rel=1e-13)
    slope = sum(r * int(u) for r, u in zip(residuals, x, strict=True)) / 40
    assert gradient["w"] == pytest.approx(float(slope), rel=1e-13)


@pytest.mark.parametrize("model", [line, separable], ids=lambda model: model.name)
def test_models_of_scalars(model):
    _same(model, ["w", "b"], _data(), {"w": 0.3, "b": -0.2})


@pytest.mark.parametrize("samples", [300, 70_000])
def test_models_with_axes_keep_their_form_with_fewer_rows(samples):
    rng = np.random.default_rng(0)
    X, w = rng.normal(size=(samples, 4)) + 3, rng.normal(size=4)
    columns = {"X": X, "y": X @ w + rng.normal(size=samples), "lam": np.array(0.1)}
    point = {"w": rng.normal(size=4), "b": np.array(0.5)}
    _same(ridge, ["w", "b"], columns, point)
    columns = {"X": X, "Y": rng.normal(size=(samples, 2))}
    _same(many, ["W", "c"], columns, {"W": rng.normal(size=(4, 2)), "c": rng.normal(size=2)})


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(-3, 3)), min_size=1, max_size=5))
def test_random_squares_of_polynomials(terms):
    x, y, w, b = symbols("x y w b")
    residual = sum((c * w**i * b**j * x ** (i + j) for i, j, c in terms), w * x - y)
    model = sg.Model.from_equations([("r", residual), ("L", 3 * symbols("r") ** 2 + w**2)])
    if not {"x", "y", "w", "b"} <= {q.name for q in model.inputs}:
        return
    _same(model, ["w", "b"], _data(), {"w": 0.7, "b": -0.4}, rtol=1e-8)


@pytest.mark.parametrize("offset", [0.0, 1e3, 1e6])
def test_a_large_offset_costs_no_digits(offset):
    columns = _data(1000, offset)
    rate = 0.1 / max(1.0, offset**2)
    task = Task(line, {"w": np.array(1.5), "b": np.array(0.0)}, columns, 1000, 1000, sgd())
    chosen = engine(task)
    track = chosen.run(np.full((100, 1), rate), None)
    assert "moments" in chosen.explain()
    w, b, losses = 1.5, 0.0, []
    x, y = columns.values()
    for _ in range(100):
        r = w * x + b - y
        w, b = w - rate * (r * x).mean(), b - rate * r.mean()
        losses.append(((w * x + b - y) ** 2).mean() / 2)
    np.testing.assert_allclose(track.losses, losses, rtol=1e-9)
    np.testing.assert_allclose(track.points["w"], np.append(track.points["w"][:-1], w), rtol=1e-9)


def test_columns_that_cancel_beyond_double_precision_are_refused():
    rng = np.random.default_rng(0)
    slope = sg.Model.from_equations([("L", (Symbol("w") * Symbol("x") - Symbol("y")) ** 2)])
    x = 1e13 + rng.normal(size=1000)
    assert moments(slope, ["w"], {"x": x, "y": 2 * x + rng.normal(size=1000)}) is None


def test_an_exact_fit_is_no_reason_to_refuse():
    x = np.arange(50.0)
    found = moments(line, ["w", "b"], {"x": x, "y": 2 * x + 1})
    assert found is not None
    assert found.model(w=2.0, b=1.0, **found.values) < 1e-25


def test_it_is_not_used_where_the_parameters_bend_the_data():
    assert moments(bent, ["w", "b"], _data()) is None


def test_it_is_not_used_for_few_samples_or_batches():
    assert moments(line, ["w", "b"], _data(samples=8)) is None
    task = Task(line, {"w": np.array(0.0), "b": np.array(0.0)}, _data(), 300, 30, sgd())
    assert "moments" not in engine(task).explain()


@pytest.mark.parametrize("optimizer", [sgd(), adam()], ids=lambda optimizer: optimizer.name)
def test_training_on_moments_goes_where_the_samples_go(optimizer):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 3))
    columns = {"X": X, "y": X @ np.arange(3.0) + rng.normal(size=400), "lam": np.array(0.1)}
    params = {"w": np.zeros(3), "b": np.array(0.0)}
    chosen = engine(Task(ridge, params, columns, 400, 400, optimizer))
    assert "moments" in chosen.explain()
    track = chosen.run(np.full((100, 1), 0.05), None)
    program = ridge.compile(["w", "b"])
    for epoch in (0, 99):
        point = {name: column[epoch] for name, column in track.points.items()}
        np.testing.assert_allclose(track.losses[epoch], program(**columns, **point)[0], rtol=1e-9)


def test_columns_may_lie_in_a_file(tmp_path):
    columns = _data(200_000)
    mapped = {}
    for name, column in columns.items():
        mapped[name] = np.memmap(tmp_path / name, dtype=float, mode="w+", shape=column.shape)
        mapped[name][:] = column
    ours, plain = moments(line, ["w", "b"], mapped), moments(line, ["w", "b"], columns)
    assert {name: float(value) for name, value in ours.values.items()} == {
        name: float(value) for name, value in plain.values.items()
    }
