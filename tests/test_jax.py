"""The program for JAX: its numbers are the NumPy program's, for the whole vocabulary and the whole gallery."""

import subprocess
import sys

import numpy as np
import pytest
from test_oracle import CASES
from test_vocabulary import ROWS, SIZES, model_of, values

import symgrad as sg
from symgrad.tensors.elementwise import ELEMENTWISE

jax = pytest.importorskip("jax")


def assert_same(model, wrt, arrays, reduction="none"):
    with np.errstate(all="ignore"):
        expected, by_numpy = model.compile(wrt=wrt, reduction=reduction)(**arrays)
    result, by_jax = model.compile(wrt=wrt, reduction=reduction, backend="jax")(**arrays)
    assert result.dtype == np.float64 and result == pytest.approx(expected, rel=1e-12, abs=1e-12, nan_ok=True)
    assert by_jax.keys() == by_numpy.keys()
    for name, gradient in by_numpy.items():
        assert np.shape(by_jax[name]) == np.shape(gradient)
        assert by_jax[name] == pytest.approx(gradient, rel=1e-11, abs=1e-12, nan_ok=True)


@pytest.mark.parametrize(("text", "numpy"), ROWS, ids=[text for text, _ in ROWS])
def test_a_word_of_the_vocabulary_has_numpys_value_and_gradient(text, numpy, tmp_path):
    for size in SIZES[::2]:
        arrays = values(text + numpy, size, 0)
        assert_same(model_of(text, arrays, tmp_path / "m.py"), None, arrays)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_an_elementwise_function_has_numpys_value_and_gradient(name, tmp_path):
    size = {"n": 3, "d": 4}
    assert_same(model_of(f"sg.{name}(X)", ["X"], tmp_path / "m.py"), None, values("X", size, 0))


@pytest.mark.parametrize(("model", "wrt", "arrays"), CASES)
def test_a_model_of_the_gallery_has_numpys_value_and_gradient(model, wrt, arrays):
    assert_same(model, wrt, arrays)


@sg.model
def neuron(x, y, w, b=0.5):
    z = w * x + b
    a = sg.sigmoid(z)
    L = (a - y) ** 2
    return L


@pytest.mark.parametrize("reduction", ["none", "mean"])
def test_a_model_of_scalars_takes_arrays_of_samples(reduction):
    x = np.linspace(-2, 2, 7)
    assert_same(neuron, None, {"x": x, "y": x**2, "w": 0.3}, reduction)


def test_numbers_of_32_bits_stay_so_and_jaxs_own_setting_is_left_alone():
    x = np.linspace(-2, 2, 7, dtype=np.float32)
    loss, gradients = neuron.compile(wrt="w", backend="jax")(x=x, y=x, w=0.3)
    assert loss.dtype == gradients["w"].dtype == np.float32
    assert jax.numpy.ones(3, float).dtype == np.float32


def test_what_a_call_returns_is_the_callers_own_array():
    result, _ = neuron.compile(wrt="w", backend="jax")(x=np.ones(3), y=0.0, w=0.3)
    result += 1


def test_the_text_is_jaxs_and_can_be_read():
    assert neuron.compile(wrt="w", backend="jax").source.endswith("""\
def neuron(x, y, w, b):
    z = w*x + b
    a = sigmoid(z)
    L = (a - y)**2
    dL_da = 2*(a - y)
    dL_dz = dL_da*a*(1 - a)
    dL_dw = dL_dz*x
    return L, {"w": dL_dw}
""")


def test_a_row_that_does_not_exist_is_an_error_although_jax_would_read_another_one():
    @sg.model
    def embedding(E: "v d", words: "n int"):
        L = sg.sum(sg.tanh(E[words]))
        return L

    with pytest.raises(sg.SymgradError, match=r"words holds 3, but axis v of E has the rows 0 to 2"):
        embedding.compile(wrt="E", backend="jax")(E=np.ones((3, 2)), words=[0, 3])


@pytest.mark.parametrize("name", ["jnp", "jax"])
def test_a_quantity_called_as_the_package_is_refused(name):
    model = sg.Model.from_equations([("L", sg.exp(neuron.equation("z").rhs.subs("w", name)))])
    with pytest.raises(sg.SymgradError, match=f"'{name}' can't be a name in JAX source"):
        model.compile(backend="jax")


def test_an_unknown_backend_is_named():
    with pytest.raises(sg.SymgradError, match="backend='jaxx' is unknown; a model compiles for 'numpy' and 'jax'"):
        neuron.compile(backend="jaxx")


def test_without_jax_the_error_says_what_to_install_and_numpy_never_imports_it():
    script = """
import sys
sys.modules["jax"] = None
import symgrad as sg
from sympy import Symbol
model = sg.Model.from_equations([("L", Symbol("x")**2)])
assert model.compile()(x=3.0)[0] == 9
try:
    model.compile(backend="jax")
except sg.SymgradError as error:
    print(error)
"""
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120)
    assert ran.stdout == 'the backend "jax" needs JAX: pip install "symgrad[jax]"\n', ran.stderr
