"""Every gradient of the gallery, at random shapes and values, against central differences and against PyTorch."""

import runpy
import zlib
from pathlib import Path

import numpy as np
import pytest
import samples

import symgrad as sg

FOLDER = Path(__file__).parent.parent / "derivations"


def gallery():
    for source in runpy.run_path(str(FOLDER / "__main__.py"))["sources"]():
        derivation = runpy.run_path(str(source))["derivation"]
        model = derivation.model.bind(**dict.fromkeys(derivation.model.functions, sg.tanh))
        rng = np.random.default_rng(zlib.crc32(source.stem.encode()))
        for sizes in samples.shapes(model, rng):
            label = "-".join(f"{axis}{size}" for axis, size in sizes.items())
            values = samples.values(model, sizes, rng)
            yield pytest.param(model, derivation.wrt, values, id=f"{source.stem}-{label or len(values)}")


CASES = list(gallery())


def central_differences(model, values, name, step=1e-6):
    """Each entry's derivative, from the loss a step to either side of it."""
    center = np.array(values[name], dtype=float)
    found = np.zeros_like(center)
    for place in np.ndindex(center.shape):
        moved = np.zeros_like(center)
        moved[place] = step
        up, down = (model(**{**values, name: center + way * moved}) for way in (1, -1))
        found[place] = (up - down) / (2 * step)
    return found


@pytest.mark.parametrize(("model", "wrt", "values"), CASES)
def test_a_gradient_of_the_gallery_equals_central_differences(model, wrt, values):
    _, gradients = model.compile(wrt)(**values)
    for name in wrt:
        assert np.shape(gradients[name]) == np.shape(values[name])
        expected = central_differences(model, values, name)
        np.testing.assert_allclose(gradients[name], expected, rtol=1e-5, atol=1e-5, err_msg=name)


@pytest.mark.parametrize(("model", "wrt", "values"), CASES)
def test_a_gradient_of_the_gallery_equals_pytorch_to_nine_digits(model, wrt, values):
    pytest.importorskip("torch")
    from torch_reference import loss_and_gradients

    expected_loss, expected = loss_and_gradients(model, values, wrt)
    loss, gradients = model.compile(wrt)(**values)
    assert loss == pytest.approx(expected_loss, rel=1e-9)
    scale = max(np.abs(gradient).max() for gradient in expected.values())
    for name in wrt:
        np.testing.assert_allclose(gradients[name], expected[name], rtol=1e-9, atol=1e-9 * scale + 1e-15, err_msg=name)
