"""ONNX graphs: the numbers of the NumPy program, by ONNX's own reference implementation."""

import numpy as np
import pytest
from test_vocabulary import ROWS, SIZES, model_of, values

import symgrad as sg
from symgrad.errors import InputError, SymgradError

onnx = pytest.importorskip("onnx")
reference = pytest.importorskip("onnx.reference")


def result(proto, arrays):
    given = {value.name: arrays[value.name] for value in proto.graph.input}
    return reference.ReferenceEvaluator(proto).run(None, given)[0]


@pytest.mark.parametrize(("text", "numpy"), ROWS, ids=[text for text, _ in ROWS])
def test_a_word_has_the_numbers_of_the_numpy_program_or_is_refused(text, numpy, tmp_path):
    arrays = values(text + numpy, SIZES[0], 0)
    model = model_of(text, arrays, tmp_path / "m.py")
    try:
        proto = sg.to_onnx(model, {})
    except SymgradError as error:
        assert "no form in ONNX" in str(error) or "rows by their number" in str(error)
        return
    np.testing.assert_allclose(result(proto, arrays), model(**arrays), rtol=1e-10, atol=1e-12)


@sg.model
def classifier(X: "n d", Y: "n k", W1: "d h", b1: "h", W2: "h k", b2: "k"):
    A = sg.relu(X @ W1 + b1)
    P = sg.softmax(A @ W2 + b2)
    L = -sg.mean(sg.sum(Y * sg.log(P), axis="k"))
    return L


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_trained_network_predicts_for_any_number_of_samples(dtype):
    rng = np.random.default_rng(0)
    params = {"W1": rng.normal(size=(4, 5)), "b1": rng.normal(size=5), "W2": rng.normal(size=(5, 3)), "b2": np.ones(3)}
    proto = sg.to_onnx(classifier, params, "P", dtype)
    assert [value.name for value in proto.graph.input] == ["X"]
    for n in (1, 7):
        X = rng.normal(size=(n, 4)).astype(dtype)
        scores = np.maximum(X @ params["W1"] + params["b1"], 0) @ params["W2"] + params["b2"]
        expected = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
        np.testing.assert_allclose(result(proto, {"X": X}), expected, rtol=1e-5 if dtype == "float32" else 1e-12)


def test_what_cannot_be_exported_is_said():
    with pytest.raises(InputError, match="no quantity that classifier defines"):
        sg.to_onnx(classifier, {}, "Q")
    with pytest.raises(InputError, match="has no input 'W'"):
        sg.to_onnx(classifier, {"W": 1})
