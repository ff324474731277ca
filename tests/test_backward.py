"""Hand-written backward passes: each gradient proved or compared, and what is wrong is named."""

import numpy as np
import pytest
from sympy import Symbol

import symgrad as sg


@sg.model
def network(X: "n d", T: "n k", W1: "d h", b1: "h", W2: "h k"):
    Z1 = X @ W1 + b1
    A1 = sg.relu(Z1)
    Z2 = A1 @ W2
    L = sg.sum((Z2 - T) ** 2) / (2 * X.shape[0])
    return L


@sg.model
def layer_norm(X: "n d", g: "d", b: "d", eps=1e-5):
    mu = sg.mean(X, axis=1, keepdims=True)
    v = sg.var(X, axis=1, keepdims=True)
    Xhat = (X - mu) / sg.sqrt(v + eps)
    Y = g * Xhat + b
    return Y


def right(X, T, W1, b1, W2, A1, Z1, Z2):
    dZ2 = (Z2 - T) / len(X)
    dZ1 = dZ2 @ W2.T * (Z1 > 0)
    dW1, db1, dW2 = X.T @ dZ1, dZ1.sum(axis=0), A1.T @ dZ2
    return dW1, db1, dW2


def by_sample(X, T, W1, b1, W2):
    dW1, db1, dW2 = np.zeros_like(W1), np.zeros_like(b1), np.zeros_like(W2)
    for x, t in zip(X, T, strict=True):
        z1 = x @ W1 + b1
        a1 = np.maximum(z1, 0)
        dz2 = (a1 @ W2 - t) / len(X)
        dz1 = (W2 @ dz2) * (z1 > 0)
        dW1 += np.outer(x, dz1)
        db1 += dz1
        dW2 += np.outer(a1, dz2)
    return {"dW1": dW1, "db1": db1, "dW2": dW2}


def changed(by, change):
    def backward(X, T, W1, b1, W2):
        gradients = by_sample(X, T, W1, b1, W2)
        gradients[by] = change(gradients[by], X)
        return gradients

    return backward


def norm_backward(dY, X, g, Xhat, v, eps):
    dxhat = dY * g
    means = dxhat.mean(axis=1, keepdims=True) + Xhat * (dxhat * Xhat).mean(axis=1, keepdims=True)
    return {"X": (dxhat - means) / np.sqrt(v + eps), "g": (dY * Xhat).sum(axis=0), "b": dY.sum(axis=0)}


def statuses(report):
    return {name: verdict.status for name, verdict in report.items()}


def test_a_backward_pass_of_formulas_is_proved():
    report = sg.verify_backward(network, right)
    assert statuses(report) == dict.fromkeys(["W1", "b1", "W2"], "proved")
    assert report


def test_one_that_loops_agrees_in_floats():
    report = sg.verify_backward(network, by_sample)
    assert statuses(report) == dict.fromkeys(["W1", "b1", "W2"], "agrees")
    assert "5 random points of seed 0 in float64" in report["W1"].reason


def test_a_result_with_axes_is_compared_through_its_adjoint():
    assert statuses(sg.verify_backward(layer_norm, norm_backward)) == dict.fromkeys("Xgb", "proved")


@pytest.mark.parametrize(
    ("by", "change", "diagnosis"),
    [
        ("dW2", lambda dW2, X: dW2 * len(X), "a factor 1/n is missing"),
        ("dW2", lambda dW2, X: -dW2, "the sign is wrong"),
        ("db1", lambda db1, X: db1 / len(X), "a factor 1/n is one too many"),
        ("dW1", lambda dW1, X: 2 * dW1, "2 times the correct expression"),
    ],
)
def test_a_wrong_gradient_is_refuted_and_explained_and_only_that_one(by, change, diagnosis):
    report = sg.verify_backward(network, changed(by, change))
    assert statuses(report) == {name: "refuted" if f"d{name}" == by else "agrees" for name in ("W1", "b1", "W2")}
    verdict = report[by[1:]]
    assert diagnosis in verdict.diagnosis
    assert not report


def test_the_worst_entry_is_shown_with_both_values_and_the_seed():
    def one_entry(dW2, X):
        dW2[1, 0] += 7.0
        return dW2

    verdict = sg.verify_backward(network, changed("dW2", one_entry), seed=3)["W2"]
    assert verdict.counterexample.entry == (1, 0)
    assert float(verdict.counterexample.claimed - verdict.counterexample.correct) == pytest.approx(7.0)
    assert "1 of " in verdict.reason
    assert "of seed 3 in float64" in verdict.reason


def test_the_missing_derivative_of_the_activation_is_named():
    def backward(X, T, W2, Z2):
        dA1 = (Z2 - T) / len(X) @ W2.T
        return {"W1": X.T @ dA1}

    assert "the derivative of A1 by Z1 is missing" in sg.verify_backward(network, backward)["W1"].diagnosis


def test_inputs_are_used_as_given_and_checked():
    draw = np.random.default_rng(0)
    shapes = {"X": (5, 2), "T": (5, 3), "W1": (2, 4), "b1": (4,), "W2": (4, 3)}
    inputs = {name: draw.normal(size=shape) for name, shape in shapes.items()}
    assert "equal at the inputs" in sg.verify_backward(network, by_sample, inputs)["W1"].reason
    with pytest.raises(sg.SymgradError, match="needs a value for W2"):
        sg.verify_backward(network, by_sample, {name: inputs[name] for name in ("X", "T", "W1", "b1")})
    kink = {**inputs, "X": np.zeros((5, 2)), "b1": np.zeros(4)}
    with pytest.raises(sg.SymgradError, match="no value at these inputs"):
        sg.verify_backward(network, by_sample, kink)


def test_float32_is_checked_in_float32_and_its_dtype_reported():
    assert sg.verify_backward(network, by_sample, dtype="float32")

    def widened(X, T, W1, b1, W2):
        return {"W2": by_sample(X, T, W1, b1, W2)["dW2"].astype(float)}

    report = sg.verify_backward(network, widened, dtype="float32")
    assert report.remarks == ("the gradient by W2 is float64 for float32 inputs",)


def test_nan_is_refuted_and_a_modified_input_is_remarked():
    def nan(dW2, X):
        dW2[0, 0] = np.nan
        return dW2

    assert sg.verify_backward(network, changed("dW2", nan))["W2"].status == "refuted"

    def in_place(X, T, W1, b1, W2):
        gradients = by_sample(X, T, W1, b1, W2)
        X -= 1.0
        return gradients

    report = sg.verify_backward(network, in_place)
    assert report.remarks == ("X is modified in place",)
    assert not report


def test_a_forgotten_sum_is_named_from_the_shapes():
    def unsummed(X, T, W1, b1, W2, Z1, Z2):
        rows = [(z2 - t) / len(X) @ W2.T * (z1 > 0) for z1, z2, t in zip(Z1, Z2, T, strict=True)]
        return {"b1": np.array(rows)}

    verdict = sg.verify_backward(network, unsummed)["b1"]
    assert verdict.status == "malformed"
    assert verdict.diagnosis == "the sum over axis 0 is forgotten"


@pytest.mark.parametrize(
    ("backward", "message"),
    [
        (lambda X, Q: {"X": X}, "asks for Q, which network doesn't have"),
        (lambda X: {"foo": X}, "which gradient of network is 'foo'"),
        (lambda X: (X, X), "returned 2 arrays"),
        (lambda X: {"X": "text"}, "expected an array of numbers"),
        (7, "a backward pass is a function"),
    ],
)
def test_what_cannot_be_matched_by_name_says_so(backward, message):
    with pytest.raises(sg.SymgradError, match=message):
        sg.verify_backward(network, backward)


def test_a_backward_pass_that_does_not_end_is_given_up():
    def endless(X):
        while True:
            X = X + 0

    with pytest.raises(sg.SymgradError, match="endless took longer than 0"):
        sg.verify_backward(network, endless, seconds=0.1)


def test_assert_backward_raises_with_what_is_wrong():
    sg.assert_backward(network, right)
    with pytest.raises(AssertionError, match="a factor 1/n is missing"):
        sg.assert_backward(network, changed("dW2", lambda dW2, X: dW2 * len(X)))


def test_a_torch_function_is_verified():
    torch = pytest.importorskip("torch")

    class Loss(torch.autograd.Function):
        @staticmethod
        def forward(ctx, X, T, W1, b1, W2):
            Z1 = X @ W1 + b1
            A1 = torch.relu(Z1)
            Z2 = A1 @ W2
            ctx.save_for_backward(X, T, W1, W2, Z1, A1, Z2)
            return ((Z2 - T) ** 2).sum() / (2 * len(X))

        @staticmethod
        def backward(ctx, upstream):
            X, T, W1, W2, Z1, A1, Z2 = ctx.saved_tensors
            d2 = upstream * (Z2 - T) / len(X)
            d1 = d2 @ W2.T * (Z1 > 0)
            return d1 @ W1.T, -d2, X.T @ d1, d1.mean(0), A1.T @ d2

    report = sg.verify_backward(network, Loss)
    assert statuses(report) == {"X": "agrees", "T": "agrees", "W1": "agrees", "b1": "refuted", "W2": "agrees"}
    assert "1/n is one too many" in report["b1"].diagnosis


def norm_by(library):
    def forward(X, g, b, eps):
        centred = X - X.mean(axis=1, keepdims=True)
        scale = library.sqrt((centred**2).mean(axis=1, keepdims=True) + eps)
        return g * centred / scale + b, (centred / scale, g, scale)

    def backward(saved, upstream):
        Xhat, g, scale = saved
        d = upstream * g
        means = d.mean(axis=1, keepdims=True) + Xhat * (d * Xhat).mean(axis=1, keepdims=True)
        return (d - means) / scale, (upstream * Xhat).mean(axis=0), upstream.sum(axis=0), None

    return forward, backward


EXPECTED = {"X": "agrees", "g": "refuted", "b": "agrees"}


def test_a_torch_function_whose_result_has_axes_is_verified():
    torch = pytest.importorskip("torch")
    forward_of, backward_of = norm_by(torch)

    class Norm(torch.autograd.Function):
        @staticmethod
        def forward(ctx, X, g, b, eps):
            result, saved = forward_of(X, g, b, eps)
            ctx.save_for_backward(*saved)
            return result

        @staticmethod
        def backward(ctx, upstream):
            return backward_of(ctx.saved_tensors, upstream)

    report = sg.verify_backward(layer_norm, Norm)
    assert statuses(report) == EXPECTED
    assert "1/n is one too many" in report["g"].diagnosis


def test_a_jax_function_whose_result_has_axes_is_verified():
    jax = pytest.importorskip("jax")
    forward_of, backward_of = norm_by(jax.numpy)

    @jax.custom_vjp
    def norm(X, g, b, eps):
        return forward_of(X, g, b, eps)[0]

    norm.defvjp(forward_of, lambda saved, up: (*backward_of(saved, up)[:3], jax.numpy.zeros(())))
    report = sg.verify_backward(layer_norm, norm)
    assert {name: report[name].status for name in EXPECTED} == EXPECTED


@pytest.mark.parametrize("name", ["dY", "dout", "grad_output", "Y_bar"])
def test_the_adjoint_of_the_result_goes_by_the_names_that_people_give_it(name):
    source = f"lambda {name}, Xhat: {{'g': ({name} * Xhat).sum(axis=0)}}"
    assert sg.verify_backward(layer_norm, eval(source))["g"].status == "proved"


def test_a_jax_custom_vjp_is_verified():
    jax = pytest.importorskip("jax")

    @jax.custom_vjp
    def square(w):
        return w**2

    square.defvjp(lambda w: (w**2, w), lambda w, upstream: (3 * w * upstream,))
    model = sg.Model.from_equations([("L", Symbol("w") ** 2)])
    assert sg.verify_backward(model, square)["w"].status == "refuted"
