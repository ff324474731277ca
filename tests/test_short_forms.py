"""The adjoints of real networks come out as they are published, and as one line of NumPy."""

import numpy as np
import pytest
from sympy import simplify

import symgrad as sg
from symgrad.infix import Infix


def adjoint(model, quantity):
    derivation = sg.derive(model)
    return Infix(derivation.written).text(derivation.step(quantity).adjoint)


@sg.model
def network(X: "n d", Y: "n k", W1: "d h", b1: "h", W2: "h k", b2: "k"):
    Z1 = X @ W1 + b1
    A1 = sg.tanh(Z1)
    Z2 = A1 @ W2 + b2
    P = sg.softmax(Z2, axis="k")
    L = -sg.mean(sg.sum(Y * sg.log(P), axis="k"), axis="n")
    return L


@sg.model
def batch_norm(X: "n d", G: "n d", gamma: "d", beta: "d", eps):
    mu = sg.mean(X, axis="n")
    v = sg.mean((X - mu) ** 2, axis="n")
    Xhat = (X - mu) / sg.sqrt(v + eps)
    L = sg.sum((gamma * Xhat + beta) * G)
    return L


@sg.model
def layer_norm(X: "n d", G: "n d", gamma: "d", eps):
    mu = sg.mean(X, axis="d", keepdims=True)
    v = sg.var(X, axis="d", keepdims=True)
    Xhat = (X - mu) / sg.sqrt(v + eps)
    L = sg.sum(gamma * Xhat * G)
    return L


@sg.model
def attention(Q: "n d", K: "m d", V: "m v", G: "n v"):
    S = Q @ K.T
    P = sg.softmax(S)
    O = P @ V
    L = sg.sum(O * G)
    return L


@sg.model
def logistic(X: "n d", y: "n", w: "d"):
    p = sg.sigmoid(X @ w)
    L = -sg.mean(y * sg.log(p) + (1 - y) * sg.log(1 - p))
    return L


SHORT = [
    (network.assume(sg.sums_to_one(Y="k")), "Z2", "(P[i, j] - Y[i, j])/n"),
    (network, "Z2", "(P[i, j]*Sum(Y[i, l], l) - Y[i, j])/n"),
    (network, "Z1", "dL_dA1[i, j]*(1 - A1[i, j]**2)"),
    (
        batch_norm,
        "X",
        "(dL_dXhat[i, j] - Xhat[i, j]*Sum(dL_dXhat[k, j]*Xhat[k, j], k)/n - Sum(dL_dXhat[k, j], k)/n)/sqrt(v[j] + eps)",
    ),
    (
        layer_norm,
        "X",
        "(dL_dXhat[i, j] - Xhat[i, j]*Sum(dL_dXhat[i, k]*Xhat[i, k], k)/d - Sum(dL_dXhat[i, k], k)/d)"
        "/sqrt(v[i, 0] + eps)",
    ),
    (attention, "S", "P[i, j]*(dL_dP[i, j] - Sum(dL_dP[i, k]*P[i, k], k))"),
    (logistic, "w", "Sum((p[j] - y[j])*X[j, i], j)/n"),
]


@pytest.mark.parametrize(("model", "quantity", "text"), SHORT, ids=[f"{m.name}-{q}" for m, q, _ in SHORT])
def test_an_adjoint_comes_out_in_its_short_form(model, quantity, text):
    assert adjoint(model, quantity) == text


def test_a_declared_fact_is_used_only_if_it_was_declared():
    assert "Sum" in adjoint(network, "Z2")
    assert "Sum" not in adjoint(network.assume(sg.sums_to_one(Y="k")), "Z2")


def test_the_numpy_of_the_network_is_what_a_careful_person_writes():
    assert (
        network.assume(sg.sums_to_one(Y="k")).compile(["W1", "b1", "W2", "b2"]).source
        == """\
def log_softmax(z, axis):
    z = z - z.max(axis=axis, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=axis, keepdims=True))

def softmax(z, axis):
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    return e/e.sum(axis=axis, keepdims=True)

def network(X, Y, W1, b1, W2, b2):
    n = X.shape[0]
    Z1 = X @ W1 + b1
    A1 = np.tanh(Z1)
    Z2 = A1 @ W2 + b2
    P = softmax(Z2, axis=-1)
    L = -np.sum(Y*log_softmax(Z2, axis=-1))/n
    dL_dZ2 = (P - Y)/n
    dL_dA1 = dL_dZ2 @ W2.T
    dL_dZ1 = dL_dA1*(1 - A1**2)
    dL_dW1 = X.T @ dL_dZ1
    dL_db1 = dL_dZ1.sum(axis=0)
    dL_dW2 = A1.T @ dL_dZ2
    dL_db2 = dL_dZ2.sum(axis=0)
    return L, {"W1": dL_dW1, "b1": dL_db1, "W2": dL_dW2, "b2": dL_db2}
"""
    )


def values(model, sizes, seed=0):
    random = np.random.default_rng(seed)
    return {q.name: random.uniform(0.5, 1.5, [sizes[str(axis)] for axis in q.axes]) for q in model.inputs}


@pytest.mark.parametrize("model", [network, batch_norm, layer_norm, attention, logistic], ids=lambda m: m.name)
@pytest.mark.parametrize("sizes", [dict(n=3, d=4, k=2, h=5, m=3, v=2), dict(n=1, d=3, k=1, h=1, m=1, v=1)])
def test_gradients_agree_with_central_differences(model, sizes):
    given = values(model, sizes)
    _, gradients = model.compile()(**given)
    for name, gradient in gradients.items():
        direction = np.random.default_rng(1).normal(size=np.shape(given[name]))
        moved = [model(**{**given, name: given[name] + sign * 1e-6 * direction}) for sign in (1, -1)]
        assert np.shape(gradient) == np.shape(given[name])
        assert (moved[0] - moved[1]) / 2e-6 == pytest.approx(np.sum(gradient * direction), rel=1e-6, abs=1e-8)


def test_large_logits_neither_overflow_nor_lose_the_gradient():
    given = values(network, dict(n=2, d=2, k=3, h=2))
    given |= {"W2": 1000 * given["W2"] * [[1, -1, 0], [2, 0, -1]], "Y": np.eye(3)[:2]}
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        loss, gradients = network.assume(sg.sums_to_one(Y="k")).compile()(**given)
    assert np.isfinite(loss) and all(np.isfinite(gradient).all() for gradient in gradients.values())


def test_float32_stays_float32_and_a_constant_gradient_has_its_shape():
    @sg.model
    def total(X: "n d"):
        L = sg.sum(X)
        return L

    _, gradients = total.compile()(X=np.zeros((2, 3), np.float32))
    assert gradients["X"].dtype == np.float32 and gradients["X"].shape == (2, 3) and (gradients["X"] == 1).all()


def test_a_result_with_axes_has_no_gradient():
    @sg.model
    def double(x: "n"):
        y = 2 * x
        return y

    with pytest.raises(sg.SymgradError, match=r"result y has axes.*sg\.jacobian"):
        sg.derive(double)


def test_nothing_is_simplified_away_that_was_not_declared():
    assert simplify(sg.derive(network).step("Z2").adjoint) != 0


def test_a_product_of_one_entry_with_itself_is_not_taken_for_the_entry():
    @sg.model
    def square(x: "1 1"):
        z = x @ x
        L = sg.sum(z)
        return L

    assert square.compile()(x=np.array([[0.5]]))[1]["x"] == pytest.approx(np.array([[1.0]]))
