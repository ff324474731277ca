"""Every derivation of the gallery by the native backend: the numbers of NumPy's program."""

import runpy
import shutil
import zlib
from pathlib import Path

import numpy as np
import pytest
import samples

import symgrad as sg
from symgrad.codegen.native.program import NativeFunction
from symgrad.codegen.native.unsupported import NativeError

pytestmark = pytest.mark.skipif(not any(map(shutil.which, ("gcc", "clang", "cc"))), reason="no C compiler")
FOLDER = Path(__file__).parent.parent / "derivations"
REFUSED = {"gaussian_likelihood": "MatrixInverse"}


@pytest.mark.parametrize("source", runpy.run_path(str(FOLDER / "__main__.py"))["sources"](), ids=lambda path: path.stem)
def test_a_derivation_of_the_gallery_has_the_numbers_of_the_numpy_program(source):
    derivation = runpy.run_path(str(source))["derivation"]
    model = derivation.model.bind(**dict.fromkeys(derivation.model.functions, sg.tanh))
    if source.stem in REFUSED:
        with pytest.raises(NativeError, match=REFUSED[source.stem]):
            NativeFunction(sg.derive(model, derivation.wrt), "none")
        return
    native, numpy = (model.compile(derivation.wrt, backend=backend) for backend in ("native", "numpy"))
    assert isinstance(native.function, NativeFunction)
    rng = np.random.default_rng(zlib.crc32(source.stem.encode()))
    for sizes in samples.shapes(model, rng):
        values = samples.values(model, sizes, rng)
        loss, gradients = native(**values)
        expected_loss, expected = numpy(**values)
        assert loss == pytest.approx(expected_loss, rel=1e-12)
        for name in derivation.wrt:
            assert np.shape(gradients[name]) == np.shape(values[name])
            scale = np.abs(expected[name]).max()
            np.testing.assert_allclose(gradients[name], expected[name], rtol=1e-9, atol=1e-12 * scale, err_msg=name)
