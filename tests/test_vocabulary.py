"""Every word of the vocabulary: its value is NumPy's, its gradient that of central differences, its LaTeX sound."""

import numpy as np
import pytest
from katex import assert_katex
from sympy import Symbol

import symgrad as sg
from symgrad.notation.latex import Printer
from symgrad.tensors.elementwise import ELEMENTWISE
from symgrad.tensors.vocabulary import VOCABULARY

RANDOM = np.random.default_rng(0)
X, M, S = RANDOM.uniform(0.2, 0.9, (3, 4)), RANDOM.uniform(0.2, 0.9, (3, 4)), RANDOM.uniform(0.2, 0.9, (3, 3))
S = S @ S.T + np.eye(3)
V, W = RANDOM.uniform(0.2, 0.9, 4), RANDOM.uniform(0.2, 0.9, 4)


def softmax(z, axis):
    return np.exp(z) / np.exp(z).sum(axis=axis, keepdims=True)


def huber(r, delta):
    return np.where(abs(r) <= delta, r**2 / 2, delta * (abs(r) - delta / 2)).mean()


# word: its arguments, and NumPy's value of them
CASES = {
    "sum": ([X], {"axis": 1}, X.sum(axis=1)),
    "mean": ([X], {"axis": 0, "keepdims": True}, X.mean(axis=0, keepdims=True)),
    "var": ([X], {"axis": 1, "ddof": 1}, X.var(axis=1, ddof=1)),
    "std": ([X], {}, X.std()),
    "max": ([X], {"axis": 1}, X.max(axis=1)),
    "min": ([X], {"axis": 0}, X.min(axis=0)),
    "norm": ([V], {}, np.linalg.norm(V)),
    "trace": ([S], {}, np.trace(S)),
    "diag": ([V], {}, np.diag(V)),
    "dot": ([X, V], {}, X @ V),
    "outer": ([V, W], {}, np.outer(V, W)),
    "inv": ([S], {}, np.linalg.inv(S)),
    "det": ([S], {}, np.linalg.det(S)),
    "logdet": ([S], {}, np.linalg.slogdet(S)[1]),
    "einsum": (["ij,kj->ik", X, M], {}, X @ M.T),
    "windows": ([X, 2], {"axis": 1, "stride": 2}, np.stack([X[:, :2], X[:, 2:]], axis=1)),
    "positions": ([X], {"axis": 1}, np.arange(4)),
    "concatenate": ([[X, M]], {"axis": 0}, np.concatenate([X, M])),
    "stack": ([[X, M]], {"axis": 1}, np.stack([X, M], axis=1)),
    "softmax": ([X], {"axis": 0}, softmax(X, 0)),
    "log_softmax": ([X], {}, np.log(softmax(X, 1))),
    "logsumexp": ([X], {"axis": 0}, np.log(np.exp(X).sum(axis=0))),
    "cross_entropy": ([X, M], {}, -(M * np.log(softmax(X, 1))).sum(axis=1).mean()),
    "mse": ([X, M], {}, ((X - M) ** 2).mean()),
    "huber": ([X, M], {"delta": 0.3}, huber(X - M, 0.3)),
    "hinge": ([V, W], {}, np.maximum(0, 1 - V * W).mean()),
    "l1": ([X], {}, abs(X).sum()),
    "l2": ([X], {}, (X**2).sum()),
}


def test_every_word_has_a_case():
    assert CASES.keys() == VOCABULARY.keys()


@pytest.mark.parametrize("name", CASES)
def test_a_word_on_arrays_is_what_numpy_computes(name):
    args, options, expected = CASES[name]
    value = VOCABULARY[name](*args, **options)
    assert np.shape(value) == np.shape(expected) and value == pytest.approx(expected)


def model_of(name, tmp_path):
    """A model whose loss is a weighted sum of the word's entries, and the arrays that it takes."""
    args, options, expected = CASES[name]
    flat = args[0] if isinstance(args[0], list) else args
    arrays = {f"a{place}": arg for place, arg in enumerate(flat) if isinstance(arg, np.ndarray)}
    names = iter(arrays)
    shown = [next(names) if isinstance(arg, np.ndarray) else repr(arg) for arg in flat]
    call = ", ".join([f"[{', '.join(shown)}]" if isinstance(args[0], list) else ", ".join(shown)])
    call += "".join(f", {key}={value!r}" for key, value in options.items())
    axes = [f'{key}: "{" ".join(map(str, array.shape))}"' for key, array in arrays.items()]
    weight = f'G: "{" ".join(map(str, np.shape(expected)))}"'
    text = f"import symgrad as sg\n\n\n@sg.model\ndef m({', '.join([*axes, weight])}):\n    Z = sg.{name}({call})\n"
    path = tmp_path / f"{name}.py"
    path.write_text(text + "    L = sg.sum(Z*G*G)\n    return L\n", encoding="utf-8")
    namespace = {}
    exec(compile(path.read_text(encoding="utf-8"), path, "exec"), namespace)
    return namespace["m"], {**arrays, "G": RANDOM.uniform(0.5, 1.5, np.shape(expected))}


@pytest.mark.parametrize("name", CASES)
def test_a_words_gradient_agrees_with_central_differences(name, tmp_path):
    model, arrays = model_of(name, tmp_path)
    _, gradients = model.compile()(**arrays)
    assert_katex([sg.derive(model).latex()])
    for key, array in arrays.items():
        along = RANDOM.normal(size=np.shape(array))
        ahead, behind = (model(**{**arrays, key: array + sign * 1e-6 * along}) for sign in (1, -1))
        assert np.sum(gradients[key] * along) == pytest.approx((ahead - behind) / 2e-6, rel=1e-6, abs=1e-7)


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
        ("sg.sum(X, axis='k')", r"axis 'k' is not one of the axes of the shape \(n, d\)"),
        ("sg.sum(X, axis=2)", r"axis 2 is not one of the 2 axes of the shape \(n, d\)"),
        ("sg.inv(X)", r"inv needs a square matrix, got the shape \(n, d\)"),
        ("sg.einsum('ij,ij->k', X, X)", "the result's 'k' is no operand's"),
    ],
)
def test_a_shape_that_does_not_fit_is_refused_at_its_line(text, message, tmp_path):
    path = tmp_path / "model.py"
    path.write_text(
        f'import symgrad as sg\n\n\ndef m(X: "n d"):\n    Z = {text}\n    return sg.sum(Z)\n', encoding="utf-8"
    )
    namespace = {}
    exec(compile(path.read_text(encoding="utf-8"), path, "exec"), namespace)
    with pytest.raises(sg.SymgradError, match=message) as refused:
        sg.model(namespace["m"])
    assert f"m, line 5: `Z = {text}`" in str(refused.value)
