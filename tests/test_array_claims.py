"""Claims about models of arrays: proved for all sizes, refuted in the smallest shapes, and explained."""

import numpy as np
import pytest
from sympy import IndexedBase, symbols

import symgrad as sg


@sg.model
def classifier(X: "n d", Y: "n k", W: "d k", b: "k"):
    U = X @ W + b
    P = sg.softmax(U, axis=-1)
    L = -sg.sum(Y * sg.log(P)) / X.shape[0]
    return L


@sg.model
def batch_norm(X: "n d", T: "n d", gamma: "d", beta: "d", eps=1e-5):
    mu = sg.mean(X, axis="n")
    v = sg.var(X, axis="n")
    Xhat = (X - mu) / sg.sqrt(v + eps)
    Y = gamma * Xhat + beta
    L = sg.sum((Y - T) ** 2) / 2
    return L


@sg.model
def perceptron(X: "n d", T: "n k", W1: "d h", b1: "h", W2: "h k"):
    Z1 = X @ W1 + b1
    A1 = sg.tanh(Z1)
    Z2 = A1 @ W2
    L = sg.sum((Z2 - T) ** 2) / 2
    return L


@sg.model
def quadratic(x: "n", A: "n n"):
    L = x @ A @ x
    return L


@sg.model
def rectifier(x: "n", w: "n"):
    a = sg.relu(w * x)
    L = sg.sum(a**2)
    return L


softmax = sg.derive(classifier.assume(sg.sums_to_one(Y="k")))
undeclared = sg.derive(classifier)
norm = sg.derive(batch_norm)
deep = sg.derive(perceptron)
form = sg.derive(quadratic)
relu = sg.derive(rectifier)
DX = "gamma/np.sqrt(v + eps)/n*(n*(Y - T) - np.sum(Y - T, axis=0) - Xhat*np.sum((Y - T)*Xhat, axis=0))"
DZ = "((Z2 - T) @ W2.T * (1 - A1**2))"
X, dL_dU = IndexedBase("X"), IndexedBase("dL_dU")
i, j, m = symbols("i j m")


def from_scratch(X, W, b, Y):
    U = X @ W + b
    E = np.exp(U - np.max(U, axis=1, keepdims=True))
    P = E / E.sum(axis=1, keepdims=True)
    return (P - Y) @ W.T / len(X)


def batch_norm_by_hand(X, T, gamma, beta, eps):
    n = len(X)
    mu = X.mean(axis=0)
    v = ((X - mu) ** 2).mean(axis=0)
    std = np.sqrt(v + eps)
    dxhat = (gamma * (X - mu) / std + beta - T) * gamma
    dv = np.sum(dxhat * (X - mu) * -0.5 * std**-3, axis=0)
    dmu = np.sum(-dxhat / std, axis=0) + dv * np.mean(-2 * (X - mu), axis=0)
    return dxhat / std + dv * 2 * (X - mu) / n + dmu / n


@pytest.mark.parametrize(
    ("derivation", "quantity", "claim"),
    [
        (softmax, "U", "(P - Y)/n"),
        (softmax, "W", "X.T @ (P - Y)/n"),
        (softmax, "W", "X.T @ dL_dU"),
        (softmax, "W", "X.T @ dU"),  # the short name that people give to an adjoint
        (softmax, "W", "X.T @ dL_dU = X.T @ (P - Y)/n"),
        (softmax, "W", "np.einsum('im,ij->mj', X, P - Y)/n"),
        (softmax, "W[m, j]", "Sum(X[i, m]*(P[i, j] - Y[i, j]), i)/n"),
        (softmax, "W[m, j]", sg.Sum(X[i, m] * dL_dU[i, j], i)),
        (softmax, "b", "np.mean(P - Y, axis=0)"),
        (softmax, "b", "dL_dU.sum(axis=0)"),
        (softmax, "X", "sg.softmax(X @ W + b, axis=1) @ W.T/n - Y @ W.T/n"),
        (softmax, "X", lambda P, Y, W, n: (P - Y) @ W.T / n),
        (softmax, "X", from_scratch),
        (undeclared, "U", "(P*Y.sum(axis=1, keepdims=True) - Y)/n"),
        (norm, "X", DX),
        (norm, "X", batch_norm_by_hand),
        (norm, "gamma", "np.sum((Y - T)*Xhat, axis=0)"),
        (deep, "W1", f"X.T @ {DZ}"),
        (deep, "W1", f"X.T @ {DZ.replace('(1 - A1**2)', '4/(np.exp(Z1) + np.exp(-Z1))**2')}"),
        (form, "x", "A @ x + A.T @ x"),
        (form, "A", "np.outer(x, x)"),
        (relu, "w", "2*a*x*(w*x > 0)"),
        (relu, "w", "2*a*x"),  # relu' is 1 wherever relu isn't 0
        (relu, "w", lambda a, x, w: np.where(a > 0, 2 * a * x, 0)),
    ],
)
def test_a_right_gradient_is_proved_in_any_form(derivation, quantity, claim):
    verdict = derivation.verify(quantity, claim)
    assert verdict.status == "proved", verdict


def test_a_proof_says_for_which_sizes_and_facts_and_that_kinks_are_left_out():
    assert "for all sizes d, k, n, given that Y sums to 1 over k" in softmax.verify("U", "(P - Y)/n").reason
    assert "off the kinks" in relu.verify("w", "2*a*x*(w*x >= 0)").reason

    @sg.model
    def fixed(x: "3"):
        L = sg.sum(x**2)
        return L

    assert "axes of length 3" in sg.derive(fixed).verify("x", "2*x").reason


@pytest.mark.parametrize(
    ("derivation", "quantity", "claim", "diagnosis"),
    [
        (softmax, "U", "P - Y", "a factor 1/n is missing"),
        (softmax, "U", "(Y - P)/n", "Y and P are swapped in P - Y"),
        (softmax, "U", "2*(P - Y)/n", "2 times the correct expression"),
        (softmax, "U", "P*(dL_dP)", "the path through P at the other entries of U is forgotten"),
        (undeclared, "U", "(P - Y)/n", "right only if Y sums to 1 over k"),
        (norm, "X", "gamma/np.sqrt(v + eps)*(Y - T)", "the paths through v and mu are forgotten"),
        (norm, "X", "(dL_dXhat - dL_dXhat.mean(axis=0))/np.sqrt(v + eps)", "the path through v is forgotten"),
        (deep, "W1", "X.T @ ((Z2 - T) @ W2.T)", "the factor 1 - A1**2 is missing"),
        (deep, "W1", f"X.T @ {DZ.replace('A1', 'Z1')}", "the factor Z1 stands where A1 is meant"),
        (deep, "W1", f"X.T @ {DZ.replace('A1', 'np.tanh(A1)')}", "the derivative of A1 is taken at A1, not at Z1"),
        (deep, "b1", f"{DZ}.mean(axis=0)", "a factor 1/n is one too many"),
        (deep, "W2", "Z1.T @ (Z2 - T)", "the factor Z1 stands where A1 is meant"),
        (form, "x", "2*A @ x", "right only if A is symmetric"),
        (form, "x", "A @ x", "one of the 2 places where L uses x"),
        (form, "A", "2*np.outer(x, x)", "2 times"),
        (relu, "w", "2*a*w", "the factor w stands where x is meant"),
    ],
)
def test_a_usual_slip_is_refuted_and_named(derivation, quantity, claim, diagnosis):
    verdict = derivation.verify(quantity, claim)
    assert verdict.status == "refuted"
    assert diagnosis in verdict.diagnosis


@pytest.mark.parametrize(
    ("derivation", "quantity", "claim", "why"),
    [
        (softmax, "b", "dL_dU", "the sum over n is forgotten"),
        (softmax, "W", "dL_dU.T @ X", "right in the other layout"),
        (softmax, "W", "X @ dL_dU", "X must be transposed: X.T @ dL_dU fits, and is right"),
        (softmax, "X", "(P - Y)/n @ W", "W must be transposed"),
        (softmax, "W", "dL_dU @ X", "in the wrong order: X.T @ dL_dU fits"),
        (softmax, "b", "np.sum(dL_dU, axis=0, keepdims=True)", "an axis of length 1 is one too many"),
        (softmax, "W", "Sum(X[i, m]*dL_dU[i, j], i)", "name the free indices on the left, as in dL_dW[i, j]"),
        (softmax, "W[m, j]", "X[i, m]*dL_dU[i, j]", "the index i is on the right only"),
        (softmax, "W", "X.T @ Q", "classifier has no Q; it has X, Y, W"),
        (softmax, "W", "np.linalg.norm(X)", "isn't a function of the vocabulary"),
        (softmax, "W", "X.T @ dL_dU.foo()", "isn't a function of the vocabulary"),
        (softmax, "W", "X[:, 0:9:z]", "z"),
        (softmax, "W", "0", "the claim has the axes (), the derivative (d, k)"),
    ],
)
def test_a_claim_whose_shapes_do_not_fit_says_what_would(derivation, quantity, claim, why):
    verdict = derivation.verify(quantity, claim)
    assert verdict.status == "malformed"
    assert why in str(verdict)


def test_a_counterexample_has_the_smallest_shape_that_shows_it():
    shown = softmax.verify("U", "(Y - P)/n").counterexample
    assert shown.sizes == {"n": 1, "d": 1, "k": 2}
    values = {name: np.array(value, dtype=float) for name, value in shown.inputs.items()}
    P = np.exp(values["X"] @ values["W"] + values["b"])
    P /= P.sum(axis=1, keepdims=True)
    assert float(shown.correct) == pytest.approx((P - values["Y"])[shown.entry])
    assert np.allclose(values["Y"].sum(axis=1), 1)  # a declared fact holds at the point


def test_points_where_everything_vanishes_do_not_count():
    @sg.model
    def attention(Q: "n d", K: "n d", V: "n d", T: "n d"):
        P = sg.softmax(Q @ K.T, axis=1)
        L = sg.sum((P @ V - T) ** 2)
        return L

    verdict = sg.derive(attention).verify("Q", "dL_dQ/3", seconds=30)
    assert verdict.status == "refuted"  # with one row, the softmax is 1 and its derivative 0
    assert verdict.counterexample.sizes["n"] > 1


def test_an_index_of_the_claim_never_meets_another_of_the_same_name():
    square = {"X": "n n", "W": "n n"}
    Z, W = IndexedBase("Z"), IndexedBase("W")
    model = sg.Model.from_equations(
        [(Z[i, j], sg.Sum(X[i, m] * W[m, j], m)), (symbols("L"), sg.Sum(Z[i, j] ** 2, i, j))], shapes=square
    )
    d = sg.derive(model)
    for free, bound in [("m, j", "i"), ("i, j", "m"), ("j, i", "m"), ("k, l", "i")]:
        a, b = free.split(", ")
        assert d.verify(f"W[{free}]", f"2*Sum(X[{bound}, {a}]*Z[{bound}, {b}], {bound})").status == "proved"
        assert d.verify(f"W[{free}]", f"2*Sum(X[{a}, {bound}]*Z[{bound}, {b}], {bound})").status == "refuted"


def test_a_function_that_loops_is_compared_by_value_and_explained():
    def right(X, P, Y):
        gradient = np.zeros((X.shape[1], P.shape[1]))
        for x, p, y in zip(X, P, Y, strict=True):
            gradient += np.outer(x, p - y) / len(X)
        return gradient

    def wrong(X, P, Y):
        return len(X) * right(X, P, Y)

    assert softmax.verify("W", right).status == "agrees"
    verdict = softmax.verify("W", wrong)
    assert verdict.status == "refuted"
    assert "a factor 1/n is missing" in verdict.diagnosis


def test_a_verdict_is_shown_as_text_html_and_json():
    verdict = form.verify("x", "2*A @ x")
    assert str(verdict).startswith("refuted: dL_dx = 2*A @ x; right only if A is symmetric; at n = 2, ")
    assert verdict.latex() == r"(A + A^\top) x"
    assert "✗ refuted" in verdict._repr_html_()
    assert '"slip": "assumption"' in verdict.json()
