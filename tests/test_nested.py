"""Models called inside models, loops that unroll layers, and parameters by a leading axis."""

import numpy as np
import pytest

import symgrad as sg


@sg.model
def dense(X: "n d", W: "d h", b: "h", f):
    Z = X @ W + b
    A = f(Z)
    return A


@sg.model
def embedded(E: "v d", idx: "n int"):
    H = E[idx]
    A = sg.tanh(H)
    return A


@sg.model
def gaussian(S: "d d", x: "d"):
    P = sg.inv(S)
    q = x @ (P @ x)
    L = (sg.logdet(S) + q) / 2
    return L


def test_a_loop_unrolls_layers_whose_quantities_keep_names():
    @sg.model
    def deep(X: "n d", W: "3 d d", b: "3 d", Y: "n d"):
        H = X
        for k in range(3):
            H = H + dense(H, W[k], b[k], f=sg.tanh)
        L = sg.mse(H, Y)
        return L

    assert [equation.name for equation in deep.equations] == ["H", "Z1", "H1", "Z2", "H2", "Z3", "H3", "L"]
    assert str(deep.equation("Z2")) == "Z2[i, j] = b[1, j] + Sum(H1[i, k]*W[1, k, j], (k, 0, d - 1))"
    check(deep, n=3, d=2)


def test_the_calls_result_takes_the_name_it_is_assigned_to_and_its_function_is_given():
    @sg.model
    def two(X: "n d", W: "d h", b: "h", V: "h k", c: "k"):
        H = dense(X, W, b, f=sg.tanh)
        U = dense(W=V, b=c, X=H, f=sg.relu)
        L = sg.sum(U**2)
        return L

    assert [str(two.equation(name)) for name in "HU"] == ["H[i, j] = tanh(Z1[i, j])", "U[i, j] = relu(Z2[i, j])"]
    check(two, n=3, d=2, h=4, k=1)


def test_rows_by_whole_numbers_are_read_in_the_outer_models_quantities():
    @sg.model
    def bag(E: "v d", tokens: "b int", w: "d"):
        s = embedded(E, tokens) @ w
        L = sg.sum(s**2)
        return L

    assert str(bag.equation("H1")) == "H1[i, j] = E[tokens[i], j]"
    check(bag, v=3, d=2, b=4)


def test_an_argument_becomes_a_quantity_where_its_inverse_is_taken_or_it_is_used_twice():
    @sg.model
    def scaled(S: "k k", y: "k"):
        L = gaussian(2 * S, y - 1)
        return L

    assert [equation.name for equation in scaled.equations] == ["S1", "x1", "P1", "q1", "L"]
    check(scaled, k=3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda X, W, b, y: dense(X, W.T, b, f=sg.tanh), r"dense on W \(h, d\) and X \(n, d\): axis d is h and d"),
        (lambda X, W, b, y: dense(X, b, b, f=sg.tanh), r"dense: W has the axes \(d, h\), got W \(h,\)"),
        (lambda X, W, b, y: dense(X, W, f=sg.tanh), "dense needs a value for b"),
        (lambda X, W, b, y: embedded(X, y, g=y), "embedded has no input 'g'; it takes E, idx"),
        (lambda X, W, b, y: embedded(X, y), "embedded: idx holds whole numbers, but y"),
    ],
)
def test_a_call_that_does_not_fit_is_refused_at_its_line(call, message):
    def outer(X: "n d", W: "d h", b: "h", y: "n"):
        A = call(X, W, b, y)
        return sg.sum(A)

    with pytest.raises(sg.SymgradError, match=message) as refused:
        sg.model(outer)
    assert "`A = call(X, W, b, y)`" in str(refused.value)


def check(model, **sizes):
    """The compiled gradient against central differences, along a random direction of each input."""
    random = np.random.default_rng(0)
    values = {}
    for quantity in model.inputs:
        shape = [sizes.get(str(axis)) or int(axis) for axis in quantity.axes]
        values[quantity.name] = (
            random.integers(0, sizes["v"], shape) if quantity.integer else random.uniform(0.2, 0.9, shape)
        )
    if "S" in values:
        values["S"] = values["S"] + 2 * np.eye(sizes["k"])
    _, gradients = model.compile()(**values)
    for name, gradient in gradients.items():
        along = random.normal(size=np.shape(values[name]))
        ahead, behind = (model(**{**values, name: values[name] + sign * 1e-6 * along}) for sign in (1, -1))
        assert np.sum(gradient * along) == pytest.approx((ahead - behind) / 2e-6, rel=1e-6, abs=1e-7)
