"""A model in index form is the model that the same function gives."""

import numpy as np
import pytest
from sympy import Idx, IndexedBase, Integer, Symbol, exp, log, symbols, tanh

import symgrad as sg
from symgrad.codegen.numpy import NumpySource
from symgrad.equations import Index
from symgrad.indices import Sigma

i, j, m = symbols("i j m")
X, Y, W, b, Z, A, P = (IndexedBase(name) for name in "XYWbZAP")
SHAPES = {"X": "n d", "W": "d k", "b": "k", "Y": "n k"}
EQUATIONS = [
    (Z[i, j], sg.Sum(X[i, m] * W[m, j], m) + b[j]),
    (P[i, j], exp(Z[i, j]) / sg.Sum(exp(Z[i, m]), m)),
    (Symbol("L"), -sg.Sum(Y[i, j] * log(P[i, j]), i, j) / Symbol("n")),
]


@sg.model
def softmax_regression(X: "n d", W: "d k", b: "k", Y: "n k"):
    Z = X @ W + b
    P = sg.softmax(Z)
    L = -sg.sum(Y * sg.log(P)) / X.shape[0]
    return L


def test_it_derives_and_computes_what_the_function_does():
    model = sg.Model.from_equations(EQUATIONS, shapes=SHAPES)
    random = np.random.default_rng(0)
    given = {"X": random.normal(size=(4, 3)), "W": random.normal(size=(3, 2)), "b": random.normal(size=2)}
    given["Y"] = np.eye(2)[[0, 1, 1, 0]]
    ours, theirs = (m.assume(sg.sums_to_one(Y="k")).compile(["W", "b"])(**given) for m in (model, softmax_regression))
    assert ours[0] == pytest.approx(theirs[0])
    assert all(ours[1][name] == pytest.approx(theirs[1][name]) for name in ("W", "b"))


def test_the_equations_may_come_in_any_order():
    assert sg.Model.from_equations(EQUATIONS[::-1], shapes=SHAPES).result == "L"


def test_the_shape_of_an_indexed_base_declares_its_axes():
    n = Symbol("n")
    x = IndexedBase("x", shape=(n,))
    model = sg.Model.from_equations([(A[i], tanh(x[i])), (Symbol("s"), sg.Sum(A[i], i))])
    assert model(x=[0.0, 0.5]) == pytest.approx(np.tanh(0.5))
    assert Idx("i", n).upper == n - 1


@pytest.mark.parametrize(
    ("equations", "shapes", "message"),
    [
        ([(Z[i, j], X[i, m] * W[m, j])], SHAPES, r"the index m is on the right only; sum over it: Sum\(…, m\)"),
        ([(Z[i], X[i, j])], SHAPES, "the index j is on the right only"),
        ([(Z[i, j], X[i, j] + W[i, j])], SHAPES, "the index i runs over axes of the sizes d and n"),
        ([(Z[i, j], X[i, j])], None, "what are the axes of X"),
        ([(Z[i, i], X[i, i])], SHAPES, "different indices"),
        ([(Z[i, j], X[i, j])], SHAPES, "shapes declares"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_equation(equations, shapes, message):
    with pytest.raises(sg.SymgradError, match=message):
        sg.Model.from_equations(equations, shapes=shapes)


def test_a_declared_sum_of_rows_says_nothing_of_an_antidiagonal():
    i, m, w = symbols("i m w")
    Y = IndexedBase("Y")
    rows = [(symbols("L"), w * sg.Sum(Y[i, 0], i)), (symbols("L"), w * sg.Sum(Y[i, m - 1 - i], i))]
    models = [sg.Model.from_equations([row], shapes={"Y": "n m"}).assume(sg.sums_to_one(Y="n")) for row in rows]
    gradients = [sg.derive(model, "w").gradient["w"] for model in models]
    assert gradients[0] == 1
    assert gradients[1].has(IndexedBase("Y"))


def test_a_sum_over_an_index_that_its_terms_do_not_have_prints_as_so_many_times_the_term():
    row, column = Index("r", Symbol("n")), Index("c", Symbol("d"))
    texts = [
        NumpySource({}).text(Sigma(term, (row, 0, row.size - 1), (column, 0, column.size - 1)))
        for term in (X[row], Integer(0))
    ]
    assert texts == ["d*X.sum()", "0"]
