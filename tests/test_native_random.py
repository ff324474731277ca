"""Random models by the native backend, every product that may be one of the library's: the numbers of NumPy's program.

SYMGRAD_RANDOM_NATIVE sets how many are drawn.
"""

import os
import runpy
import shutil

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

pytest.importorskip("torch")  # what draws the models looks at their shapes with it
from test_oracle_random import programs

from symgrad.codegen.native import contractions

pytestmark = pytest.mark.skipif(not any(map(shutil.which, ("gcc", "clang", "cc"))), reason="no C compiler")


@settings(
    max_examples=int(os.environ.get("SYMGRAD_RANDOM_NATIVE", "12")),
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)
@given(programs(), st.integers(0, 2**32 - 1), st.booleans())
def test_a_random_model_has_the_numbers_of_the_numpy_program(tmp_path_factory, program, seed, library):
    inputs, lines = program
    rng = np.random.default_rng(seed)
    arrays = {name: np.array(rng.normal(size=shape)) for name, shape in inputs.items()}
    signature = ", ".join(f'{name}: "{" ".join(map(str, shape))}"' for name, shape in inputs.items())
    last = " + ".join(f"f.sum({line.split()[0]})" for line in lines[-2:])
    body = "".join(f"    {line}\n" for line in (*lines, f"L = {last}", "return L"))
    source = tmp_path_factory.mktemp("model") / "model.py"
    source.write_text(f"import symgrad as f\n\n\n@f.model\ndef model({signature}):\n{body}", encoding="utf-8")
    model = runpy.run_path(str(source))["model"]
    with np.errstate(all="ignore"):
        expected_loss, expected = model.compile(list(inputs))(**arrays)
    assume(np.isfinite(expected_loss) and abs(expected_loss) < 1e6)
    with pytest.MonkeyPatch.context() as patch:
        if library:
            patch.setattr(contractions, "WORTH", 1)
            patch.setattr(contractions, "SHORT", 1)
        loss, gradients = model.compile(list(inputs), backend="native")(**arrays)
    assert loss == pytest.approx(expected_loss, rel=1e-9, abs=1e-12), source.read_text()
    scale = max(np.abs(one).max() for one in expected.values())
    for name, one in expected.items():
        np.testing.assert_allclose(
            gradients[name], one, rtol=1e-9, atol=1e-9 * scale + 1e-12, err_msg=source.read_text()
        )
