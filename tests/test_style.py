"""Matrix form as a textbook prints it, index form where there is none, and the two layouts."""

import pytest
from katex import assert_katex

import symgrad as sg


@sg.model
def network(X: "n d", Y: "n k", W1: "d h", b1: "h", W2: "h k", b2: "k"):
    Z1 = X @ W1 + b1
    A1 = sg.tanh(Z1)
    Z2 = A1 @ W2 + b2
    P = sg.softmax(Z2, axis="k")
    L = -sg.mean(sg.sum(Y * sg.log(P), axis="k"), axis="n")
    return L


@sg.model
def pooled(X: "n t"):
    P = sg.max(sg.windows(X, 2, axis="t", stride=2), axis=-1)
    L = sg.sum(P**2)
    return L


DERIVATION = sg.derive(network.assume(sg.sums_to_one(Y="k")), ["W1", "b1", "W2", "b2"])


def d(name):
    return rf"\frac{{\partial \mathscr{{L}}}}{{\partial {name}}}"


MATRIX = [
    f"{d('Z_2')} = \\frac{{1}}{{n}} (P - Y)",
    f"{d('A_1')} = {d('Z_2')} W_2^\\top",
    f"{d('Z_1')} = {d('A_1')} \\odot (1 - A_1 \\odot A_1)",
    f"{d('W_1')} = X^\\top {d('Z_1')}",
    f"{d('b_1')} = \\left( {d('Z_1')} \\right)^\\top \\mathbf{{1}}",
    f"{d('W_2')} = A_1^\\top {d('Z_2')}",
    f"{d('b_2')} = \\left( {d('Z_2')} \\right)^\\top \\mathbf{{1}}",
]


def test_a_networks_gradients_are_printed_in_matrix_form():
    assert [line.latex for line in DERIVATION.lines()][1:] == MATRIX


def test_a_step_says_in_words_why_and_with_which_shapes():
    reasons = {line.sides[0]: line.reason for line in DERIVATION.lines()}
    assert reasons[d("W_2")] == "W2 acts on L only through Z2: one path, so one product: h×k = h×n · n×k"


def test_numerator_layout_transposes_every_gradient():
    lines = [line.latex for line in DERIVATION.lines(layout="numerator")]
    assert f"{d('W_2')} = {d('Z_2')} A_1" in lines and f"{d('A_1')} = W_2 {d('Z_2')}" in lines
    assert "(numerator layout)" in DERIVATION.markdown(layout="numerator")
    assert "(denominator layout)" in DERIVATION.markdown()


def test_index_form_has_sums_over_indices():
    line = next(line for line in DERIVATION.lines(notation="index") if "W_2" in line.sides[0])
    entry = r"\frac{\partial \mathscr{L}}{\partial (%s)_{%s}}"
    assert line.latex == rf"{entry % ('W_2', 'ij')} = \sum_{{l=1}}^n {entry % ('Z_2', 'lj')} (A_1)_{{li}}"


def test_what_has_no_matrix_form_is_in_index_form_or_refused_by_name():
    derivation = sg.derive(pooled)
    assert r"\partial X_{ij}" in derivation.latex()
    with pytest.raises(sg.SymgradError, match="has no matrix form"):
        derivation.latex(notation="matrix")


def test_an_unknown_notation_or_layout_is_refused():
    with pytest.raises(sg.SymgradError, match="notation is"):
        DERIVATION.latex(notation="tensor")
    with pytest.raises(sg.SymgradError, match="layout is"):
        DERIVATION.latex(layout="row")


def test_katex_takes_every_form():
    assert_katex([line.latex for n in ("auto", "index") for line in DERIVATION.lines(notation=n)])
    assert_katex([network.latex(), network.latex("index"), DERIVATION.latex(layout="numerator")])
