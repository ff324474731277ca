"""A hand-written Python gradient function beside the derived one, in the same names."""

import math

import pytest
from katex import assert_katex

import symgrad as sg
from symgrad.errors import ClaimError

latexify = pytest.importorskip("latexify", reason="latexify-py has no release for this Python")


@sg.model
def network(x, y, w1, b1, w2, b2, f):
    z1 = w1 * x + b1
    o1 = f(z1)
    z2 = w2 * o1 + b2
    yhat = f(z2)
    L = (yhat - y) ** 2 / 2
    return L


def gradient_w2(yhat, y, f_prime, z2, o1):
    return (yhat - y) * f_prime(z2) * o1


def step_by_step(y_hat, y, z2, o_1, alpha):
    s = 1 / (1 + math.exp(-z2))
    dL_dz2 = (y_hat - y) * s * (1 - s)
    return alpha * dL_dz2 * o_1


def branching(yhat, y, x):
    return (yhat - y) * x if x > 0 else sg.sigmoid(x)


def in_statements(x):
    if x > 0:
        return x
    return -x


derivation = sg.derive(network, "w2")


def test_the_written_gradient_stands_above_the_derived_one():
    assert derivation.beside("w2", gradient_w2).splitlines() == [
        r"\begin{aligned}",
        r"\text{written: } && \frac{\partial \mathscr{L}}{\partial w_2} &= "
        r"\left( \hat{y} - y \right) f^\prime \left( z_2 \right) o_1 \\",
        r"\text{derived: } && \frac{\partial \mathscr{L}}{\partial w_2} &= (\hat{y} - y) f^\prime(z_2) o_1",
        r"\end{aligned}",
    ]


def test_each_assignment_of_the_function_has_a_row():
    rows = derivation.beside("w2", step_by_step).splitlines()
    assert [row.split(" &= ")[0] for row in rows[1:-1]] == [
        r"\text{written: } && s",
        r" && \frac{\partial \mathscr{L}}{\partial z_2}",
        r" && \frac{\partial \mathscr{L}}{\partial w_2}",
        r"\text{derived: } && \frac{\partial \mathscr{L}}{\partial w_2}",
    ]
    assert r"\alpha" in rows[3]
    assert "o_1" in rows[3]


@pytest.mark.parametrize("function", [gradient_w2, step_by_step, branching])
def test_katex_takes_what_is_beside(function):
    assert_katex([derivation.beside("w2", function)])


@pytest.mark.parametrize("function", [in_statements, math.sin])
def test_a_function_that_cannot_be_shown_is_named(function):
    with pytest.raises(ClaimError, match=f"latexify can't read {function.__name__}"):
        derivation.beside("w2", function)
