"""Jacobians, Hessians and products with vectors are models, and agree with differences of the first order."""

import numpy as np
import pytest

import symgrad as sg
from symgrad.infix import Infix


@sg.model
def softmax_layer(X: "n d", W: "d h"):
    Z = X @ W
    P = sg.softmax(Z)
    return P


@sg.model
def logistic(X: "n d", y: "n", w: "d"):
    p = sg.sigmoid(X @ w)
    L = -sg.mean(y * sg.log(p) + (1 - y) * sg.log(1 - p))
    return L


RANDOM = np.random.default_rng(0)
X, W, V = RANDOM.normal(size=(3, 2)), RANDOM.normal(size=(2, 4)), RANDOM.normal(size=(2, 4))
POINT = {"X": X, "y": np.array([1.0, 0.0, 1.0]), "w": np.array([0.3, -0.2])}
STEP = 1e-6


def text(model):
    return Infix(model.written).text(model.equation(model.result).rhs)


def test_the_jacobian_of_a_softmax_layer_is_its_textbook_form():
    assert text(sg.jacobian(softmax_layer, "W")) == "P[i, l]*X[i, k]*(KroneckerDelta(j, l) - P[i, j])"


def test_the_hessian_of_logistic_regression_is_its_textbook_form():
    assert text(sg.hessian(logistic, "w")) == "Sum(X[k, i]*p[k]*(1 - p[k])*X[k, j], k)/n"


def test_a_jacobian_agrees_with_central_differences():
    jacobian = sg.jacobian(softmax_layer, "W")(X=X, W=W)
    along = (softmax_layer(X=X, W=W + STEP * V) - softmax_layer(X=X, W=W - STEP * V)) / (2 * STEP)
    assert np.einsum("ijab,ab->ij", jacobian, V) == pytest.approx(along, abs=1e-9)


def test_forward_and_reverse_mode_are_products_with_the_same_jacobian():
    jacobian = sg.jacobian(softmax_layer, "W")(X=X, W=W)
    assert sg.jvp(softmax_layer, "W")(X=X, W=W, W_dot=V) == pytest.approx(np.einsum("ijab,ab->ij", jacobian, V))
    seed = RANDOM.normal(size=(3, 4))
    gradient = sg.vjp(softmax_layer, "W").compile()(X=X, W=W, P_bar=seed)[1]["W"]
    assert gradient == pytest.approx(np.einsum("ijab,ij->ab", jacobian, seed))


def test_a_hessian_and_its_product_agree_with_differences_of_the_gradient():
    direction = np.array([0.7, -1.1])
    step = logistic.compile("w")
    ahead, behind = (step(**{**POINT, "w": POINT["w"] + sign * STEP * direction})[1]["w"] for sign in (1, -1))
    hessian = sg.hessian(logistic, "w")(**POINT)
    assert hessian @ direction == pytest.approx((ahead - behind) / (2 * STEP), abs=1e-8)
    assert sg.hvp(logistic, "w")(**POINT, w_dot=direction) == pytest.approx(hessian @ direction)


def test_mixed_second_derivatives_have_both_sets_of_axes():
    assert sg.hessian(logistic, ["w", "X"])(**POINT).shape == (2, 3, 2)


def test_the_jacobian_of_a_batch_normalisation_is_written_out_whole():
    @sg.model
    def normalised(h: "n d", epsilon):
        mu = sg.mean(h, 0)
        var = sg.mean((h - mu) ** 2, 0)
        y = (h - mu) * (var + epsilon) ** -0.5
        return y

    h, step = np.random.default_rng(0).normal(size=(5, 3)), 1e-6
    found = sg.jacobian(normalised, "h")(h, 0.1)
    for place in np.ndindex(h.shape):
        moved = np.zeros_like(h)
        moved[place] = step
        slope = (normalised(h + moved, 0.1) - normalised(h - moved, 0.1)) / (2 * step)
        assert np.allclose(found[:, :, *place], slope, atol=1e-7)


def test_the_hessian_of_a_softmax_classifier_times_a_vector_agrees_with_differences():
    @sg.model
    def classifier(X: "n d", Y: "n k", W: "d k"):
        Z = X @ W
        P = sg.softmax(Z)
        L = -sg.mean(sg.sum(Y * sg.log(P), axis="k"))
        return L

    point = {"X": X, "Y": np.eye(4)[[0, 2, 1]]}
    step = classifier.compile(wrt="W")
    up, down = (step(**point, W=W + sign * STEP * V)[1]["W"] for sign in (1, -1))
    assert sg.hvp(classifier, "W")(**point, W=W, W_dot=V) == pytest.approx((up - down) / (2 * STEP), abs=1e-8)


@sg.model
def scored(X: "n d", Y: "n k", W: "d h", b: "h", V: "h k", c: "k"):
    A = sg.tanh(X @ W + b)
    P = sg.softmax(A @ V + c)
    L = -sg.mean(sg.sum(Y * sg.log(P), axis=1))
    return L


@pytest.mark.parametrize(("one", "other"), [("W", "W"), ("W", "V"), ("b", "V"), ("V", "V"), ("c", "c")])
def test_the_hessian_of_a_tanh_softmax_network_is_that_of_pytorch(one, other):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    shapes = {"X": (5, 3), "W": (3, 2), "b": (2,), "V": (2, 4), "c": (4,)}
    given = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    given["Y"] = np.eye(4)[rng.integers(0, 4, 5)]

    def cost(first, second):
        theta = {name: torch.tensor(value) for name, value in given.items()} | {one: first, other: second}
        scores = torch.tanh(theta["X"] @ theta["W"] + theta["b"]) @ theta["V"] + theta["c"]
        return -(theta["Y"] * torch.log_softmax(scores, 1)).sum(1).mean()

    places = tuple(torch.tensor(given[name]) for name in (one, other))
    if one == other:
        expected = torch.autograd.functional.hessian(lambda theta: cost(theta, theta), places[0])
        hessian = sg.hessian(scored, one)
    else:
        expected = torch.autograd.functional.hessian(cost, places)[0][1]
        hessian = sg.hessian(scored, [one, other])
    found = hessian(**{quantity.name: given[quantity.name] for quantity in hessian.inputs})
    np.testing.assert_allclose(found, expected.numpy(), 1e-9, 1e-12)
