"""Choices inside sums inside conditions: each keeps its own indices, by central differences in float64."""

import numpy as np
import pytest

import symgrad as sg


@sg.model
def relu_of_a_sum_of_choices(X: "n d", w: "d"):
    L = sg.sum(sg.relu(sg.sum(sg.where(X > 0, X, 2 * X) * w, axis=1)))
    return L


@sg.model
def a_choice_by_a_maximum(X: "n d", w: "d"):
    L = sg.sum(sg.where(sg.max(sg.maximum(X, w), axis=1) > 1, sg.sum(X * w, axis=1), 3))
    return L


@sg.model
def relu_of_relu(X: "n d", w: "d"):
    L = sg.sum(sg.relu(sg.sum(sg.relu(X) * w, axis=0) * sg.relu(w)))
    return L


@sg.model
def absolute_value_of_a_mean_of_choices(X: "n d", w: "d"):
    L = sg.abs(sg.mean(sg.where(X * w > 0, X, w**2)))
    return L


MODELS = [
    relu_of_a_sum_of_choices,
    a_choice_by_a_maximum,
    relu_of_relu,
    absolute_value_of_a_mean_of_choices,
]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
@pytest.mark.parametrize("seed", range(5))
def test_nested_choices_have_the_gradient_of_central_differences(model, seed):
    draw = np.random.default_rng(seed)
    at = {"X": draw.normal(size=(4, 3)), "w": draw.normal(size=3)}
    _, gradients = model.compile()(**at)
    for name, value in at.items():
        for entry in np.ndindex(value.shape):
            ends = []
            for step in (1e-6, -1e-6):
                moved = value.copy()
                moved[entry] += step
                ends.append(float(model(**{**at, name: moved})))
            assert gradients[name][entry] == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_no_index_leaves_its_sum(model):
    for equation in sg.derive(model).equations:
        assert {s for s in equation.rhs.free_symbols if type(s).__name__ == "Index"} <= set(equation.indices)
