"""Index expressions as the matrices that a textbook writes: one row each, hand-built and from models."""

import pytest
from katex import assert_katex
from sympy import Abs, IndexedBase, Integer, KroneckerDelta, Piecewise, Symbol, exp, log, sqrt, tanh

import symgrad as sg
from symgrad.equations import Index, Size
from symgrad.indices import sigma
from symgrad.notation.matrix.network import NoMatrixForm
from symgrad.notation.matrix.recover import recovered
from symgrad.notation.matrix.show import MatrixPrinter
from symgrad.notation.names import latex_name
from symgrad.tensors.functions import Determinant, MatrixInverse

N, D, H, B = (Size(name) for name in "ndhb")
i, k = Index("i", N), Index("k", N)
j, l, m = Index("j", D), Index("l", D), Index("m", D)
p, q = Index("p", H), Index("b", B)
X, Y, W, V, A, S, P, G, Q, K = map(IndexedBase, ("X", "Y", "W", "V", "A", "S", "P", "dL_dZ", "Q", "K"))
x, y, u, v, b, s, g = map(IndexedBase, ("x", "y", "u", "v", "b", "s", "dL_db"))
a = Symbol("a")
Z = sigma(X[i, j] * W[j, p], j)

ROWS = [
    # products
    (sigma(X[k, j] * G[k, p], k), (j, p), r"X^\top \frac{\partial \mathscr{L}}{\partial Z}"),
    (sigma(W[j, p] * X[i, j], j), (i, p), "X W"),
    (sigma(W[j, p] * X[i, j], j), (p, i), r"W^\top X^\top"),
    (sigma(X[i, j] * sigma(S[j, l] * W[l, p], l), j), (i, p), "X S W"),
    (sigma(X[i, j] * S[l, j] * W[l, p], j, l), (i, p), r"X S^\top W"),
    (sigma(X[i, j] * x[j], j), (i,), "X x"),
    (sigma(X[i, j] * u[i], i), (j,), r"X^\top u"),
    (sigma(S[j, l] * S[l, m], l), (j, m), "S S"),
    (u[i] * x[j], (i, j), r"u x^\top"),
    (sigma((X[i, j] - Y[i, j]) * W[j, p], j), (i, p), "(X - Y) W"),
    (sigma((X[k, j] - u[k]) * Y[k, l], k), (j, l), r"(X - u \mathbf{1}^\top)^\top Y"),
    # scalars
    (sigma(x[j] * y[j], j), (), r"x^\top y"),
    (sigma(x[j] * y[j] * v[j], j), (), r"v^\top (x \odot y)"),
    (sigma(x[j] ** 2, j), (), r"\|x\|_2^2"),
    (sqrt(sigma(x[j] ** 2, j)), (), r"\|x\|_2"),
    (sigma(Abs(x[j]), j), (), r"\|x\|_1"),
    (sigma(X[i, j] ** 2, i, j), (), r"\|X\|_F^2"),
    (sigma((X[i, j] - Y[i, j]) ** 2, i, j) / (2 * N), (), r"\frac{1}{2 n} \|X - Y\|_F^2"),
    (sigma((sigma(X[i, j] * x[j], j) - u[i]) ** 2, i), (), r"\|X x - u\|_2^2"),
    (sigma(X[i, j] * Y[i, j], i, j), (), r"\operatorname{tr}(X^\top Y)"),
    (sigma(A[j, l] * S[l, j], j, l), (), r"\operatorname{tr}(A S)"),
    (sigma(S[j, j], j), (), r"\operatorname{tr}(S)"),
    (sigma(x[j] * S[j, l] * y[l], j, l), (), r"x^\top S y"),
    (sigma(X[i, j], i, j), (), r"\mathbf{1}^\top X \mathbf{1}"),
    (sigma(x[j], j) / D, (), r"\frac{1}{d} \mathbf{1}^\top x"),
    (a * sigma(x[j] ** 2, j) / 2, (), r"\frac{a}{2} \|x\|_2^2"),
    (-sigma(Y[i, j] * log(P[i, j]), i, j) / N, (), r"-\frac{1}{n} \mathbf{1}^\top (Y \odot \log(P)) \mathbf{1}"),
    (log(sigma(exp(x[j]), j)), (), r"\log(\mathbf{1}^\top \exp(x))"),
    (log(Abs(Determinant(IndexedBase("S"), D))), (), r"\log(|\det S|)"),
    # sums over axes, and vectors added to rows and columns
    (sigma(G[i, j], i), (j,), r"\left( \frac{\partial \mathscr{L}}{\partial Z} \right)^\top \mathbf{1}"),
    (sigma(X[i, j], j), (i,), r"X \mathbf{1}"),
    (sigma(X[i, j], i) / N, (j,), r"\frac{1}{n} X^\top \mathbf{1}"),
    (Z + b[p], (i, p), r"\mathbf{1} b^\top + X W"),
    (X[i, j] - u[i], (i, j), r"X - u \mathbf{1}^\top"),
    (a, (i, j), r"a \mathbf{1} \mathbf{1}^\top"),
    (Integer(0), (i, j), "0"),
    (a * X[i, j], (i, j), "a X"),
    # entry by entry
    (X[i, j] * Y[i, j], (i, j), r"X \odot Y"),
    (1 - A[i, j] ** 2, (i, j), r"1 - A \odot A"),
    (G[i, j] * (1 - A[i, j] ** 2), (i, j), r"\frac{\partial \mathscr{L}}{\partial Z} \odot (1 - A \odot A)"),
    (X[i, j] / Y[i, j], (i, j), r"X \oslash Y"),
    ((X[i, j] - Y[i, j]) ** 2, (i, j), r"(X - Y)^{\odot 2}"),
    (X[i, j] ** 3, (i, j), r"X^{\odot 3}"),
    (tanh(X[i, j]), (i, j), r"\tanh(X)"),
    (tanh(X[i, j]), (j, i), r"\tanh(X)^\top"),
    (exp(X[i, j]), (i, j), r"\exp(X)"),
    (Piecewise((Integer(1), X[i, j] > 0), (Integer(0), True)), (i, j), r"\mathbf{1}[X > 0]"),
    (Y[i, j] * Piecewise((1, X[i, j] > 0), (0, True)), (i, j), r"Y \odot \mathbf{1}[X > 0]"),
    # diagonals, deltas, inverses
    (X[i, j] * x[j], (i, j), r"X \operatorname{diag}(x)"),
    (u[i] * X[i, j], (i, j), r"\operatorname{diag}(u) X"),
    (X[i, j] / sqrt(v[j]), (i, j), r"X \operatorname{diag}(v)^{-1/2}"),
    (S[j, j], (j,), r"\operatorname{diag}(S)"),
    (KroneckerDelta(j, l), (j, l), "I"),
    (S[j, l] + a * KroneckerDelta(j, l), (j, l), "a I + S"),
    (KroneckerDelta(j, l) * x[j], (j, l), r"\operatorname{diag}(x)"),
    (MatrixInverse(IndexedBase("S"), j, l, D), (j, l), "S^{-1}"),
    (MatrixInverse(IndexedBase("S"), j, l, D), (l, j), r"S^{-\top}"),
    (sigma(MatrixInverse(IndexedBase("S"), l, j, D) * x[l], l), (j,), r"S^{-\top} x"),
    # softmax
    (exp(X[i, j]) / sigma(exp(X[i, l]), l), (i, j), r"\operatorname{diag}(\exp(X) \mathbf{1})^{-1} \exp(X)"),
    (
        P[i, j] * (Y[i, j] - sigma(P[i, l] * Y[i, l], l)),
        (i, j),
        r"P \odot (Y - \operatorname{rowsum}(P \odot Y) \mathbf{1}^\top)",
    ),
    # batches
    (sigma(Q[q, i, j] * K[q, k, j], j), (q, i, k), r"Q_b K_b^\top"),
    (sigma(Q[q, i, j] * K[q, i, l], q, i), (j, l), r"\sum_{b=1}^b Q_b^\top K_b"),
]


@pytest.mark.parametrize(("expr", "indices", "expected"), ROWS, ids=[row[2] for row in ROWS])
def test_the_matrix_form_is_a_textbooks(expr, indices, expected):
    assert MatrixPrinter().latex(recovered(expr, indices)) == expected


def test_katex_takes_every_matrix_form():
    assert_katex([row[2] for row in ROWS])


@pytest.mark.parametrize(
    ("expr", "indices"),
    [
        (sigma(X[i, j] * A[j, l] * A[j, m] * S[l, m] * Y[k, l] * Y[k, m], j, l, m), (i, k)),
        (X[i, j + 1], (i, Index("j", D - 1))),
        (X[i, Integer(0)], (i,)),
        (sigma((X[i, j] - Y[k, j]) ** 2 / (1 + S[j, i]), j), (i, k)),
        (X[i, j] * i, (i, j)),
        (Piecewise((X[i, j], i >= j), (Integer(0), True)), (i, j)),
        (Piecewise((log(X[i, j]), X[i, j] > 0), (Integer(0), True)), (i, j)),
        (IndexedBase("E")[IndexedBase("words")[i], j], (i, j)),
    ],
    ids=str,
)
def test_what_no_matrix_can_say_has_no_matrix_form(expr, indices):
    with pytest.raises(NoMatrixForm):
        recovered(expr, indices)


def test_an_index_over_a_part_of_an_axis_has_no_matrix_form():
    part = Index("j", D - 1)
    with pytest.raises(NoMatrixForm, match="is a part of X"):
        recovered(X[i, part], (i, part), {"X": (N, D)})
    assert recovered(X[i, j], (i, j), {"X": (N, D)}).shape == (N, D)


@sg.model
def ridge(X: "n d", y: "n", w: "d", alpha):
    r = X @ w - y
    L = sg.sum(r**2) / 2 + alpha * sg.sum(w**2) / 2
    return L


@sg.model
def attention(Q: "n d", K: "m d", V: "m e", T: "n e"):
    S = Q @ K.T
    P = sg.softmax(S, axis="m")
    O = P @ V
    L = sg.sum((O - T) ** 2) / 2
    return L


@sg.model
def normalised(X: "n d", gamma: "d", beta: "d", T: "n d", eps):
    mu = sg.mean(X, axis="n")
    v = sg.mean((X - mu) ** 2, axis="n")
    Xhat = (X - mu) / sg.sqrt(v + eps)
    Y = gamma * Xhat + beta
    L = sg.sum((Y - T) ** 2) / 2
    return L


@sg.model
def heads(X: "t d", W: "a d e", U: "a e d", T: "t d"):
    Z = sg.einsum("td,ade->ate", X, W)
    Y = sg.einsum("ate,aed->td", Z, U)
    L = sg.sum((Y - T) ** 2) / 2
    return L


def d(name):
    return rf"\frac{{\partial \mathscr{{L}}}}{{\partial {name}}}"


MODELS = [
    (ridge, "w", r"\alpha w + X^\top r"),
    (ridge, "X", r"r w^\top"),
    (ridge, "alpha", r"\frac{1}{2} \|w\|_2^2"),
    (attention, "V", rf"P^\top {d('O')}"),
    (attention, "K", rf"\left( {d('S')} \right)^\top Q"),
    (
        attention,
        "S",
        rf"P \odot \left( {d('P')} - \operatorname{{rowsum}}\left( {d('P')} \odot P \right) \mathbf{{1}}^\top \right)",
    ),
    (normalised, "gamma", rf"\left( {d('Y')} \odot \hat{{X}} \right)^\top \mathbf{{1}}"),
    (heads, "W", rf"X^\top {d('Z_i')}"),
    (heads, "Z", rf"{d('Y')} U_i^\top"),
    (heads, "X", rf"\sum_{{k=1}}^a {d('Z_k')} W_k^\top"),
]


@pytest.mark.parametrize(("model", "name", "expected"), MODELS, ids=[f"{m.name} {name}" for m, name, _ in MODELS])
def test_a_models_gradients_are_in_matrix_form(model, name, expected):
    lines = sg.derive(model).lines()
    found = [line.sides[-1] for line in lines if rf"\partial {latex_name(name)}" in line.sides[0]]
    assert expected in found


def test_a_long_name_is_a_partial_derivative_too():
    @sg.model
    def fit(X: "n d", w: "d", target: "n"):
        hidden = sg.tanh(X @ w)
        loss = sg.sum((hidden - target) ** 2) / 2
        return loss

    derivation = sg.derive(fit, "w")
    assert r"\frac{\partial \mathrm{loss}}{\partial \mathrm{hidden}} = \mathrm{hidden} - \mathrm{target}" in [
        line.latex for line in derivation.lines()
    ]
    numerator = derivation.lines(layout="numerator")[0]
    assert numerator.sides[1] == r"(\mathrm{hidden} - \mathrm{target})^\top"
