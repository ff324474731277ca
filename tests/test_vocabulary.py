"""Every word of the vocabulary: its value is NumPy's, its gradient that of autograd and of central differences."""

import re

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from katex import assert_katex
from sympy import Symbol

import symgrad as sg
from symgrad.notation.latex import Printer
from symgrad.tensors.elementwise import ELEMENTWISE
from symgrad.tensors.vocabulary import VOCABULARY

AXES = {"X": "n d", "M": "n d", "S": "n n", "v": "d", "w": "d", "u": "n", "B": "b n d", "K": "d k", "c": "n 1", "a": ""}
AXES |= {"y": "n int", "z": "b n int"}
SIZES = [{"n": 3, "d": 4, "b": 2, "k": 2}, {"n": 1, "d": 4, "b": 1, "k": 3}, {"n": 3, "d": 2, "b": 2, "k": 1}]

SOFTMAX = "np.exp(X)/np.sum(np.exp(X), axis=1, keepdims=True)"
# word: pairs of a model's text and NumPy's
CASES = {
    "sum": [("sg.sum(X, axis=1)", "np.sum(X, axis=1)"), ("sg.sum(B, axis=(0, -1))", "np.sum(B, axis=(0, 2))")],
    "mean": [("sg.mean(X, axis=0, keepdims=True)", "np.mean(X, axis=0, keepdims=True)"), ("X.mean()", "np.mean(X)")],
    "var": [("sg.var(X, axis=1)", "np.var(X, axis=1)"), ("sg.var(X, axis=1, ddof=1)", "np.var(X, axis=1, ddof=1)")],
    "std": [("sg.std(X)", "np.std(X)"), ("sg.std(X, 1, keepdims=True)", "np.std(X, axis=1, keepdims=True)")],
    "max": [("sg.max(X, axis=1)", "np.max(X, axis=1)"), ("X.max()", "np.max(X)")],
    "min": [("sg.min(X, axis=0)", "np.min(X, axis=0)"), ("X.min(1, True)", "np.min(X, axis=1, keepdims=True)")],
    "norm": [
        ("sg.norm(v)", "np.sqrt(np.sum(v**2))"),
        ("sg.norm(X)", "np.sqrt(np.sum(X**2))"),
        ("sg.norm(X, axis=1)", "np.sqrt(np.sum(X**2, axis=1))"),
        ("sg.norm(v, 1)", "np.sum(np.abs(v))"),
    ],
    "trace": [("sg.trace(S)", "np.trace(S)")],
    "diag": [("sg.diag(v)", "np.diag(v)"), ("sg.diag(S)", "np.diag(S)")],
    "dot": [("sg.dot(X, v)", "np.dot(X, v)"), ("sg.dot(v, w)", "np.dot(v, w)"), ("sg.dot(B, K)", "np.dot(B, K)")],
    "outer": [("sg.outer(u, v)", "np.outer(u, v)")],
    "inv": [("sg.inv(S)", "np.linalg.inv(S)"), ("sg.inv(S.T)", "np.linalg.inv(S.T)")],
    "solve": [("sg.solve(S, X)", "np.linalg.solve(S, X)")],
    "det": [("sg.det(S)", "np.linalg.det(S)")],
    "logdet": [("sg.logdet(S)", "np.linalg.slogdet(S)[1]")],
    "einsum": [
        ('sg.einsum("ij,kj->ik", X, M)', "X @ M.T"),
        ('sg.einsum("ii->i", S)', "np.diag(S)"),
        ('sg.einsum("ij,ij->j", X, c)', "np.sum(X*c, axis=0)"),
        ('sg.einsum("bij,jk", B, K)', "B @ K"),
    ],
    "transpose": [("sg.transpose(B, (2, 0, 1))", "np.transpose(B, (2, 0, 1))"), ("X.transpose()", "X.T")],
    "swapaxes": [("sg.swapaxes(B, -1, 1)", "np.swapaxes(B, 2, 1)")],
    "moveaxis": [("sg.moveaxis(B, 0, -1)", "np.moveaxis(B, 0, 2)")],
    "expand_dims": [("sg.expand_dims(X, 1)*v", "X[:, None]*v")],
    "squeeze": [("sg.squeeze(c)", "c[:, 0]"), ("sg.squeeze(c, 1)*u", "c[:, 0]*u")],
    "reshape": [("sg.reshape(u, (-1, 1))*X", "u[:, None]*X"), ("u.reshape(1, u.shape[0], 1)", "u[None, :, None]")],
    "concatenate": [
        ("sg.concatenate([X, M])", "np.concatenate([X, M])"),
        ("sg.concatenate([X, c, M, c], axis=1)", "np.concatenate([X, c, M, c], axis=1)"),
    ],
    "stack": [
        ("sg.stack([X, M], axis=1)", "np.stack([X, M], axis=1)"),
        ("sg.stack([v, w], -1)", "np.stack([v, w], 1)"),
    ],
    "shift": [
        ("sg.shift(X, 1)", "np.concatenate([0*X[:, :1], X[:, :-1]], axis=1)"),
        ("sg.shift(X, -1)", "np.concatenate([X[:, 1:], 0*X[:, :1]], axis=1)"),
    ],
    "tril": [("sg.tril(S)", "np.tril(S)"), ("sg.tril(S, -1)", "np.tril(S, -1)")],
    "triu": [("sg.triu(S)", "np.triu(S)")],
    "windows": [
        ("sg.windows(X, 2, axis=1)", "np.stack([X[:, :-1], X[:, 1:]], axis=-1)"),
        ("sg.windows(X, 2, axis=1, stride=2)", "np.stack([X[:, 0::2], X[:, 1::2]], axis=-1)"),
        ("sg.windows(B, (1, 2), axis=(1, 2))", "np.stack([B[:, :, :-1], B[:, :, 1:]], axis=-1)[:, :, :, None]"),
    ],
    "positions": [("sg.positions(X, 1)*v", "np.arange(len(v))*v")],
    "where": [
        ("sg.where(X > M, X, M**2)", "np.where(X > M, X, M**2)"),
        ("sg.where((X > M) & (X <= 0.8), X, 0)", "np.where((X > M) & (X <= 0.8), X, 0)"),
        ("sg.where(y == 1, u, 2*u)", "np.where(y == 1, u, 2*u)"),
        ("sg.where(M, X, 0.5)", "np.where(M != 0, X, 0.5)"),
    ],
    "maximum": [("sg.maximum(X, M)", "np.maximum(X, M)"), ("sg.maximum(0.5, X)", "np.maximum(0.5, X)")],
    "minimum": [("sg.minimum(X, v)", "np.minimum(X, v)")],
    "clip": [("sg.clip(X, 0.3, 0.6)", "np.clip(X, 0.3, 0.6)"), ("X.clip(0.3)", "np.clip(X, 0.3, None)")],
    "leaky_relu": [
        ("sg.leaky_relu(X - 0.5)", "np.where(X > 0.5, X - 0.5, 0.01*(X - 0.5))"),
        ("sg.leaky_relu(X - 0.5, a)", "np.where(X > 0.5, X - 0.5, a*(X - 0.5))"),
    ],
    "elu": [("sg.elu(X - 0.5, 0.7)", "np.where(X > 0.5, X - 0.5, 0.7*(np.exp(X - 0.5) - 1))")],
    "softmax": [
        ("sg.softmax(X, axis=1)", SOFTMAX),
        ("sg.softmax(X, mask=M)", "np.exp(X)*M/np.sum(np.exp(X)*M, axis=1, keepdims=True)"),
    ],
    "log_softmax": [("sg.log_softmax(X)", f"np.log({SOFTMAX})")],
    "logsumexp": [("sg.logsumexp(X, axis=0)", "np.log(np.sum(np.exp(X), axis=0))")],
    "cross_entropy": [
        ("sg.cross_entropy(X, M)", f"-np.mean(np.sum(M*np.log({SOFTMAX}), axis=1))"),
        ("sg.cross_entropy(X, y)", f"-np.mean(np.log({SOFTMAX})[np.arange(len(y)), y])"),
    ],
    "binary_cross_entropy": [("sg.binary_cross_entropy(X, M)", "np.mean(np.log(1 + np.exp(X)) - M*X)")],
    "mse": [("sg.mse(X, M)", "np.mean((X - M)**2)"), ("sg.mse(prediction=X, target=0.5)", "np.mean((X - 0.5)**2)")],
    "huber": [
        (
            "sg.huber(X, M, 0.2)",
            "np.mean(np.where(np.abs(X - M) <= 0.2, (X - M)**2/2, 0.2*(np.abs(X - M) - 0.1)))",
        )
    ],
    "hinge": [("sg.hinge(v, w)", "np.mean(np.maximum(0, 1 - v*w))")],
    "l1": [("sg.l1(X)", "np.sum(np.abs(X))"), ("sg.l1(X, v)", "np.sum(np.abs(X)) + np.sum(np.abs(v))")],
    "l2": [("sg.l2(X, v, u)", "np.sum(X**2) + np.sum(v**2) + np.sum(u**2)")],
}
GRAMMAR = [
    ("B @ K", "B @ K"),
    ("v @ B.swapaxes(-1, -2)", "v @ np.swapaxes(B, 1, 2)"),
    ("B[:, None] @ K", "B[:, None] @ K"),
    ("X @ K @ K.T", "X @ K @ K.T"),
    ("X*c - u[:, None]/v", "X*c - u[:, None]/v"),
    ("X**v + 2**X - X/3", "X**v + 2**X - X/3"),
    ("X - X.mean(0) + X.sum(axis='d', keepdims=True)", "X - np.mean(X, 0) + np.sum(X, axis=1, keepdims=True)"),
    ("X[:, 1:]*X[:, :-1]", "X[:, 1:]*X[:, :-1]"),
    ("X[:, -2:-1] + X[0]", "X[:, -2:-1] + X[0]"),
    ("X[::-1, ::2]", "X[::-1, ::2]"),
    ("X[..., -1] - X[-1, 0]", "X[:, -1] - X[-1, 0]"),
    ("X[None]*B[:, :, :1]", "X[None]*B[:, :, :1]"),
    ("X[:, :K.shape[0]] @ K", "X @ K"),
    ("X[:, y]", "X[:, y]"),
    ("v[z]", "v[z]"),
    ("X[sg.positions(X, 0), y]", "X[np.arange(len(y)), y]"),
    ("B[:, sg.positions(X, 0), y]", "B[:, np.arange(len(y)), y]"),
    ("(X > M)*X - (X < 0.5)*M", "(X > M)*X - (X < 0.5)*M"),
    ("sum(x*x for x in sg.reshape(c, (1, c.shape[0])))", "c[:, 0]**2"),
    ("sg.sum(X[:, 1:], axis='d - 1')", "np.sum(X[:, 1:], axis=1)"),
    ("X/sg.sqrt(X.shape[1])", "X/np.sqrt(len(v)) + 0*v"),
    ("np.sum(X, axis=1) + np.linalg.norm(X, axis=1)", "np.sum(X, axis=1) + np.sqrt(np.sum(X**2, axis=1))"),
    ("np.where(X > 0.5, np.transpose(X).T, np.clip(M, 0.4, 0.5))", "np.where(X > 0.5, X, np.clip(M, 0.4, 0.5))"),
    ("np.concatenate([X, np.maximum(M, 0.5)], axis=1)", "np.concatenate([X, np.maximum(M, 0.5)], axis=1)"),
    ("np.einsum('ij,jk->ik', X, K) + np.exp(np.dot(X, K))", "X @ K + np.exp(X @ K)"),
    ("np.lib.stride_tricks.sliding_window_view(v, 2)", "np.stack([v[:-1], v[1:]], axis=1)"),
]
ROWS = [*(row for rows in CASES.values() for row in rows), *GRAMMAR]


def values(text, size, seed):
    """Random arrays for the quantities that a text uses, named in it by one letter."""
    random = np.random.default_rng(seed)
    found = {}
    for name in sorted(set(re.findall(r"\b[A-Za-z]\b", text)) & AXES.keys()):
        shape = [size.get(axis) or int(axis) for axis in AXES[name].removesuffix("int").split()]
        if AXES[name].endswith("int"):
            found[name] = random.integers(0, size["d"], shape)
        else:
            found[name] = random.uniform(0.2, 0.9, shape)
    if "S" in found:
        found["S"] = found["S"] + 2 * np.eye(size["n"])
    return found


def model_of(text, names, path, last="sg.sum(sg.sin(3*Z))"):
    """A model with the text as its first equation, and a loss of it as its second."""
    arguments = ", ".join(f'{name}: "{AXES[name]}"' for name in names)
    source = f"import numpy as np\nimport symgrad as sg\n\n\n@sg.model\ndef m({arguments}):\n    Z = {text}\n"
    path.write_text(f"{source}    L = {last}\n    return L\n", encoding="utf-8")
    namespace = {}
    exec(compile(path.read_text(encoding="utf-8"), path, "exec"), namespace)
    return namespace["m"]


def test_every_word_has_a_case():
    assert CASES.keys() == VOCABULARY.keys()
    assert VOCABULARY.keys() | ELEMENTWISE.keys() <= set(dir(sg))


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize(("text", "numpy"), ROWS, ids=[text for text, _ in ROWS])
def test_the_value_is_numpys_and_the_gradient_autograds_and_that_of_central_differences(text, numpy, size, tmp_path):
    arrays = values(text + numpy, size, 0)
    if ("ddof" in text and size["d"] == 1) or ("std(X)" in text and size["n"] * size["d"] == 1):
        pytest.skip("divides by 0")
    real = [name for name in arrays if arrays[name].dtype.kind == "f"]
    expected = eval(numpy, {"np": np, **arrays})
    model = model_of(text, arrays, tmp_path / "m.py")
    assert model_of(text, arrays, tmp_path / "z.py", "1*Z")(**arrays) == pytest.approx(expected)
    loss, gradients = model.compile()(**arrays)
    assert loss == pytest.approx(np.sum(np.sin(3 * expected)))

    def reference(point):
        return anp.sum(anp.sin(3 * eval(numpy, {"np": anp, **arrays, **point})))

    by_autograd = autograd.grad(reference)({name: arrays[name] for name in real})
    random = np.random.default_rng(1)
    assert gradients.keys() == set(real)
    for name in real:
        along = random.normal(size=np.shape(arrays[name]))
        ahead, behind = (model(**{**arrays, name: arrays[name] + sign * 1e-6 * along}) for sign in (1, -1))
        assert gradients[name] == pytest.approx(by_autograd[name], rel=1e-9, abs=1e-9)
        assert np.sum(gradients[name] * along) == pytest.approx((ahead - behind) / 2e-6, rel=1e-6, abs=1e-7)


@pytest.mark.parametrize(("text", "numpy"), ROWS, ids=[text for text, _ in ROWS])
def test_its_derivation_is_latex_that_katex_takes(text, numpy, tmp_path):
    assert_katex([sg.derive(model_of(text, values(text, SIZES[0], 0), tmp_path / "m.py")).latex()])


WORDS = [row for rows in CASES.values() for row in rows if row[0].startswith("sg.") and "shape" not in row[0]]


@pytest.mark.parametrize(("text", "numpy"), WORDS, ids=[text for text, _ in WORDS])
def test_a_word_on_arrays_is_what_numpy_computes(text, numpy):
    arrays = values(text + numpy, SIZES[0], 2)
    expected = eval(numpy, {"np": np, **arrays})
    value = eval(text, {"sg": sg, **arrays})
    assert np.shape(value) == np.shape(expected) and value == pytest.approx(expected)


def test_a_word_on_symbols_is_an_expression():
    z = Symbol("z")
    assert sg.elu(z).subs(z, 2) == 2
    assert sg.maximum(3, z).subs(z, 2) == 3


@pytest.mark.parametrize("row", ELEMENTWISE.values(), ids=ELEMENTWISE)
def test_an_elementwise_functions_derivative_agrees_with_central_differences(row):
    points = np.array([0.15, 0.4, 0.85])
    slope = sg.gradient(row.build(Symbol("z")), [Symbol("z")])
    exact = np.array([float(slope.at(point).matrix[0]) for point in points])
    assert exact == pytest.approx((row(points + 1e-6) - row(points - 1e-6)) / 2e-6, rel=1e-7, abs=1e-7)
    assert_katex([Printer().latex(row.build(Symbol("z"))), slope.latex()])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("X @ X", r"\(n, d\) @ \(n, d\): the inner axes are d and n"),
        ("X + sg.sum(X, axis='d')", r"shapes \(n, d\) and \(n,\) don't fit: axis -1 is d or n"),
        ("sg.dot(X, X)", r"dot of \(n, d\) and \(n, d\): the inner axes are d and n"),
        ("sg.sum(X, axis='k')", r"axis 'k' is not one of the axes of the shape \(n, d\)"),
        ("sg.sum(X @ X.T, axis='n')", r"axis 'n' is the name of 2 axes of \(n, n\); give its number"),
        ("sg.sum(X, axis=2)", r"axis 2 is not one of the 2 axes of the shape \(n, d\)"),
        ("sg.inv(X)", r"inv needs a square matrix, got the shape \(n, d\)"),
        ("sg.inv(X @ X.T)", r"inv needs a named matrix: assign it first, as in S = …, then inv\(S\)"),
        ("sg.einsum('ij,ij->k', X, X)", "the result's 'k' is no operand's"),
        ("sg.einsum('ij,jk->ik', X, X)", r"'ij,jk->ik' of \(n, d\) and \(n, d\): 'j' is d and n"),
        ("sg.norm(X, 2)", r"the norm of order 2 of \(n, d\) isn't one of 1, 2 and 'fro'"),
        ("X.reshape(-1)", r"\(n, d\) to \(d\*n\) would merge axes"),
        ("X.squeeze(1)", r"axis 1 of \(n, d\) has the size d, not 1"),
        ("X[0, 0, 0]", r"3 subscripts for the 2 axes of \(n, d\)"),
        ("X[X > 0]", r"a condition as a subscript of \(n, d\)"),
        ("X[0.5]", r"as a subscript of \(n, d\): expected whole numbers"),
        ("X[sg.sum(X)]", r'so declare its whole numbers: idx: "n int"'),
        ("X[:, 2:2]", r"the slice 2:2 of an axis of size d of \(n, d\) is empty"),
        ("sg.concatenate([X, X.T])", r"concatenate along axis 0: the shapes \(n, d\) and \(d, n\) differ elsewhere"),
        ("[x for x in X]", "an axis of symbolic size n, so a loop can't count it"),
        ("np.cumsum(X)", "np.cumsum has no meaning for a model's quantity"),
    ],
)
def test_what_does_not_fit_is_refused_at_its_line(text, message, tmp_path):
    with pytest.raises(sg.SymgradError, match=message) as refused:
        model_of(text, ["X"], tmp_path / "m.py")
    assert f"m, line 7: `Z = {text}`" in str(refused.value)
