"""Random models of 3 to 12 operations over random shapes: the loss and every gradient against PyTorch's own functions.

SYMGRAD_RANDOM_MODELS sets how many are drawn.
"""

import os
import re
import runpy

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

# One operation is a text that means the same with symgrad's words and with PyTorch's: `f` is the one or the other.
SMOOTH = ("f.tanh(x)", "f.sigmoid(x)", "f.exp(f.tanh(x))", "f.sin(x)", "f.softplus(x)", "f.silu(x)", "f.relu(x)")
SAME_SHAPE = (*SMOOTH, "x / (2 + f.tanh(x))", "f.log(x**2 + 1)", "f.sqrt(x**2 + 1)", "f.where(x > 0.1, x, 0.2 * x)")
PAIRED = ("x + y", "x - y", "x * y", "x / (1 + y**2)", "f.where(x > y + 0.137, x, y * x)")


class Torch:
    """PyTorch under the names that the texts use."""

    tanh, sigmoid, exp, sin, log, sqrt, relu = (
        getattr(torch, name) for name in ("tanh", "sigmoid", "exp", "sin", "log", "sqrt", "relu")
    )
    softplus, silu = torch.nn.functional.softplus, torch.nn.functional.silu
    where, einsum, logsumexp, softmax = torch.where, torch.einsum, torch.logsumexp, torch.softmax
    mean, sum, max = torch.mean, torch.sum, torch.amax

    @staticmethod
    def var(x, axis):
        return torch.var(x, dim=axis, unbiased=False)

    @staticmethod
    def concatenate(parts, axis):
        return torch.cat(parts, dim=axis)


@st.composite
def operation(draw, shapes):
    """An operation on earlier quantities, as a text in their names."""
    name = draw(st.sampled_from(sorted(shapes)))
    shape = shapes[name]
    like = [other for other in sorted(shapes) if fits(shapes[other], shape)]
    kinds = [*SAME_SHAPE, *PAIRED, *PAIRED]
    if shape:
        axis = draw(st.integers(-len(shape), len(shape) - 1))
        kinds += [f"f.softmax(x, {axis})", f"f.logsumexp(x, {axis})", f"f.var(x, axis={axis})"]
        for word in ("sum", "mean", "max"):
            kinds += [f"f.{word}(x, {axis})", f"f.{word}(x, {axis}, keepdims=True)"]
        rest = ":, " * (axis % len(shape))
        at = f"x[{rest}"
        kinds += [f"{at}1:]", f"{at}:-1]"] if shape[axis] > 1 else []
        kinds += [f"{at}0]", f"{at}-1]", f"{at}::2]", f"f.concatenate([x, f.tanh(x)], axis={axis})"]
    if len(shape) >= 2:
        kinds += ["x.swapaxes(-1, -2)"]
    if len(shape) == 2:
        kinds += ["f.einsum('ij,ij->i', x, x)", "f.einsum('ij,kj->ik', x, f.sin(x))"]
    products = [other for other in sorted(shapes) if multiplies(shape, shapes[other])]
    kinds += ["x @ y"] * 4 if products else []
    kind = draw(st.sampled_from(kinds))
    others = products if kind == "x @ y" else like
    named = {"x": name, "y": draw(st.sampled_from(others))}
    return re.sub(r"\b[xy]\b", lambda found: named[found.group()], kind)


def fits(other, shape):
    try:
        return len(np.broadcast_shapes(other, shape)) <= 3
    except ValueError:
        return False


def multiplies(left, right):
    if not left or not right or left[-1] != right[max(len(right) - 2, 0)]:
        return False
    return (len(left) < 3 and len(right) < 3) or left[:-2] == right[:-2]


@st.composite
def programs(draw):
    """The shapes of the inputs and the lines of a model."""
    sizes = st.integers(1, 4)
    pool = draw(st.lists(sizes, min_size=2, max_size=3))
    shape = st.lists(st.sampled_from(pool), min_size=0, max_size=3).map(tuple)
    inputs = {f"x{place}": draw(shape) for place in range(draw(st.integers(1, 3)))}
    assume(any(inputs.values()))
    values = {name: torch.zeros(shape, dtype=torch.float64) for name, shape in inputs.items()}
    lines = []
    for place in range(draw(st.integers(3, 12))):
        text = draw(operation({name: tuple(value.shape) for name, value in values.items()}))
        values[f"z{place}"] = eval(text, {"f": Torch}, values)
        assume(values[f"z{place}"].ndim <= 3 and values[f"z{place}"].numel() <= 200)
        lines.append(f"z{place} = {text}")
    return inputs, lines


@settings(
    max_examples=int(os.environ.get("SYMGRAD_RANDOM_MODELS", "60")),
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)
@given(programs(), st.integers(0, 2**32 - 1))
def test_a_random_model_has_the_gradients_that_pytorch_has(tmp_path_factory, program, seed):
    inputs, lines = program
    rng = np.random.default_rng(seed)
    arrays = {name: np.array(rng.normal(size=shape)) for name, shape in inputs.items()}
    ends = " + ".join(f"f.sum({line.split()[0]})" for line in lines[-2:])
    text = [*lines, f"L = {ends}"]

    tensors = {name: torch.from_numpy(array).requires_grad_() for name, array in arrays.items()}
    space = dict(tensors)
    exec("\n".join(text), {"f": Torch}, space)
    assume(bool(torch.isfinite(space["L"])) and abs(space["L"].item()) < 1e6)
    expected = torch.autograd.grad(space["L"], list(tensors.values()), materialize_grads=True)

    signature = ", ".join(f'{name}: "{" ".join(map(str, shape))}"' for name, shape in inputs.items())
    body = "".join(f"    {line}\n" for line in (*text, "return L"))
    source = tmp_path_factory.mktemp("model") / "model.py"
    source.write_text(f"import symgrad as f\n\n\n@f.model\ndef model({signature}):\n{body}", encoding="utf-8")
    model = runpy.run_path(str(source))["model"]
    loss, gradients = model.compile(list(inputs))(**arrays)
    assert loss == pytest.approx(space["L"].item(), rel=1e-9, abs=1e-12), source.read_text()
    scale = max(float(one.abs().max()) for one in expected)
    for name, one in zip(inputs, expected, strict=True):
        np.testing.assert_allclose(
            gradients[name], one.numpy(), rtol=1e-9, atol=1e-9 * scale + 1e-12, err_msg=source.read_text()
        )
