"""Every word of the vocabulary by the native backend: the numbers of the NumPy program at several sizes."""

import shutil

import numpy as np
import pytest
from sympy import Symbol
from test_vocabulary import ROWS, SIZES, model_of, values

import symgrad as sg
from symgrad.codegen.native.program import NativeFunction
from symgrad.codegen.native.unsupported import NativeError
from symgrad.tensors.elementwise import ELEMENTWISE

pytestmark = pytest.mark.skipif(not any(map(shutil.which, ("gcc", "clang", "cc"))), reason="no C compiler")
REFUSED = ("sg.inv", "sg.solve", "sg.det", "sg.logdet")


@pytest.mark.parametrize(("text", "numpy"), ROWS, ids=[text for text, _ in ROWS])
def test_a_word_has_the_numbers_of_the_numpy_program(text, numpy, tmp_path):
    model = model_of(text, values(text + numpy, SIZES[0], 0), tmp_path / "m.py")
    if text.startswith(REFUSED):
        with pytest.raises(NativeError, match=r"MatrixInverse|Determinant"):
            NativeFunction(sg.derive(model), "none")
        return
    native, program = model.compile(backend="native"), model.compile()
    assert isinstance(native.function, NativeFunction)
    for size in SIZES:
        arrays = values(text + numpy, size, 0)
        if ("ddof" in text and size["d"] == 1) or ("std(X)" in text and size["n"] * size["d"] == 1):
            continue  # divides by 0
        loss, gradients = native(**arrays)
        expected_loss, expected = program(**arrays)
        assert loss == pytest.approx(expected_loss, rel=1e-11)
        assert gradients.keys() == expected.keys()
        for name in expected:
            np.testing.assert_allclose(gradients[name], expected[name], rtol=1e-10, atol=1e-11, err_msg=name)


def test_the_elementwise_functions_have_the_numbers_of_the_numpy_program():
    for row in ELEMENTWISE.values():
        model = sg.Model.from_equations([("L", row.build(3 * Symbol("x") - 1))])
        native, program = (model.compile(backend=backend) for backend in ("native", "numpy"))
        x = np.array([0.05, 0.15, 0.4, 0.5, 0.6])
        with np.errstate(all="ignore"):
            (loss, gradients), (expected_loss, expected) = native(x=x), program(x=x)
        np.testing.assert_allclose(loss, expected_loss, rtol=1e-13, err_msg=row.name)
        np.testing.assert_allclose(gradients["x"], expected["x"], rtol=1e-12, err_msg=row.name)
