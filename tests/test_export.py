"""Exported source: its gradients are those that PyTorch and JAX find by themselves, and it needs no symgrad."""

import ctypes
import shutil
import subprocess
import sys

import numpy as np
import pytest
from test_oracle import CASES
from test_vocabulary import ROWS, SIZES, model_of, values

import symgrad as sg
from symgrad.cli import main
from symgrad.errors import SymgradError
from symgrad.tensors.elementwise import ELEMENTWISE


@sg.model
def mlp(X: "n d", Y: "n k", W1: "d h", b1: "h", W2: "h k", b2: "k"):
    Z1 = X @ W1 + b1
    A1 = sg.tanh(Z1)
    Z2 = A1 @ W2 + b2
    P = sg.softmax(Z2, axis="k")
    L = -sg.mean(sg.sum(Y * sg.log(P), axis="k"), axis="n")
    return L


@sg.model
def line(x, y, w, b):
    yhat = w * x + b
    L = (yhat - y) ** 2 / 2
    return L


@sg.model
def attend(Q: "t d", K: "t d", V: "t d"):
    S = Q @ K.T / sg.sqrt(Q.shape[1])
    P = sg.softmax(S)
    O = P @ V
    return O


@sg.model
def embedding(E: "v d", words: "n int"):
    L = sg.sum(sg.tanh(E[words]) ** 2)
    return L


WEIGHTS = ["W1", "b1", "W2", "b2"]
ARRAYS = {
    name: np.random.default_rng(0).normal(size=shape)
    for name, shape in {"X": (5, 3), "Y": (5, 2), "W1": (3, 4), "b1": (4,), "W2": (4, 2), "b2": (2,)}.items()
}


def assert_torch(model, arrays):
    """The exported backward pass against PyTorch's own differentiation of the exported forward pass."""
    torch = pytest.importorskip("torch")
    function = sg.to_torch(model)
    tensors = {quantity.name: torch.tensor(np.asarray(arrays[quantity.name])) for quantity in model.inputs}
    moving = [tensor.requires_grad_() for tensor in tensors.values() if tensor.is_floating_point()]

    class Context:
        def save_for_backward(self, *saved):
            pass

    plain, ours = function.forward(Context(), *tensors.values()), function.apply(*tensors.values())
    with np.errstate(all="ignore"):
        expected = model(**arrays)
    assert ours.detach().numpy() == pytest.approx(expected, rel=1e-10, abs=1e-12, nan_ok=True)
    weights = torch.tensor(np.random.default_rng(1).normal(size=tuple(ours.shape)))
    found = torch.autograd.grad(ours, moving, weights, allow_unused=True)
    reference = torch.autograd.grad(plain, moving, weights, allow_unused=True)
    for one, other, tensor in zip(found, reference, moving, strict=True):
        assert one.dtype == tensor.dtype and one.shape == tensor.shape
        other = torch.zeros_like(tensor) if other is None else other
        np.testing.assert_allclose(one.numpy(), other.numpy(), rtol=1e-9, atol=1e-10)


def assert_jax(model, arrays):
    """The same for JAX."""
    jax = pytest.importorskip("jax")
    function = sg.to_jax(model)
    numbers = [np.asarray(arrays[quantity.name]) for quantity in model.inputs]
    by = [place for place, number in enumerate(numbers) if number.dtype.kind == "f"]
    with jax.enable_x64(True):
        out = function(*numbers)
        weights = np.random.default_rng(1).normal(size=out.shape)
        ours = jax.grad(lambda *values: (weights * function(*values)).sum(), by)(*numbers)
        plain = jax.grad(lambda *values: (weights * function.fwd(*values)[0]).sum(), by)(*numbers)
        for one, other in zip(ours, plain, strict=True):
            np.testing.assert_allclose(np.asarray(one), np.asarray(other), rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize(("text", "numpy"), ROWS, ids=[text for text, _ in ROWS])
def test_a_word_of_the_vocabulary_in_pytorch(text, numpy, tmp_path):
    for size in SIZES[::2]:
        arrays = values(text + numpy, size, 0)
        assert_torch(model_of(text, arrays, tmp_path / "m.py"), arrays)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_an_elementwise_function_in_pytorch_and_in_jax(name, tmp_path):
    arrays = values("X", {"n": 3, "d": 4}, 0)
    model = model_of(f"sg.{name}(X)", ["X"], tmp_path / "m.py")
    assert_torch(model, arrays)
    assert_jax(model, arrays)


@pytest.mark.parametrize(("model", "wrt", "arrays"), CASES)
def test_a_model_of_the_gallery_in_pytorch_and_in_jax(model, wrt, arrays):
    assert_torch(model, arrays)
    assert_jax(model, arrays)


@pytest.mark.parametrize("model", [mlp, line, attend, embedding])
def test_it_is_a_right_backward_pass(model):
    pytest.importorskip("torch")
    pytest.importorskip("jax")
    sg.assert_backward(model, sg.to_torch(model), seconds=60)
    sg.assert_backward(model, sg.to_jax(model), seconds=60)


def test_pytorchs_gradcheck_passes():
    torch = pytest.importorskip("torch")
    tensors = [torch.tensor(array, requires_grad=True) for array in ARRAYS.values()]
    assert torch.autograd.gradcheck(sg.to_torch(mlp).apply, tensors)
    matrices = [torch.tensor(ARRAYS["X"] + shift, requires_grad=True) for shift in (0, 1, 2)]
    assert torch.autograd.gradcheck(sg.to_torch(attend).apply, matrices)


def test_jaxs_check_of_gradients_passes():
    jax = pytest.importorskip("jax")
    from jax.test_util import check_grads

    with jax.enable_x64(True):
        check_grads(sg.to_jax(mlp), tuple(ARRAYS.values()), order=1, modes=["rev"], atol=1e-6, rtol=1e-6)
        check_grads(jax.jit(sg.to_jax(attend)), tuple(ARRAYS["X"] + shift for shift in (0, 1, 2)), 1, ["rev"])
        x = np.linspace(-1, 1, 5)
        found = jax.vmap(jax.grad(sg.to_jax(line), 2), (0, 0, None, None))(x, x**2, 0.3, 0.1)
    np.testing.assert_allclose(found, (0.3 * x + 0.1 - x**2) * x)


def test_samples_broadcast_in_pytorch():
    torch = pytest.importorskip("torch")
    x, w = torch.linspace(-1, 1, 5, dtype=torch.float64), torch.tensor(0.3, dtype=torch.float64, requires_grad=True)
    b = torch.zeros((), dtype=torch.float64, requires_grad=True)
    sg.to_torch(line).apply(x, x**2, w, b).mean().backward()
    assert w.grad.item() == pytest.approx(((0.3 * x - x**2) * x).mean().item())
    assert b.grad.item() == pytest.approx((0.3 * x - x**2).mean().item())


def test_a_gradient_that_was_not_derived_is_never_taken_for_zero():
    torch, jax = pytest.importorskip("torch"), pytest.importorskip("jax")
    tensors = [torch.tensor(array, requires_grad=name == "X") for name, array in ARRAYS.items()]
    with pytest.raises(NotImplementedError, match="no gradient was derived by X, Y"):
        sg.to_torch(mlp, wrt=WEIGHTS).apply(*tensors).backward()
    gradient = jax.grad(sg.to_jax(mlp, wrt="W1"))(*map(np.float32, ARRAYS.values()))
    assert np.isnan(gradient).all()
    twice = torch.tensor(2.0, requires_grad=True)
    square = sg.to_torch(sg.Model.from_equations([("L", line.equation("L").rhs.subs("y", 0))]))
    with pytest.raises(NotImplementedError, match="can't be differentiated again"):
        torch.autograd.grad(square.apply(twice), twice, create_graph=True)


def test_the_text_is_what_a_person_would_write():
    assert (
        sg.export(mlp.assume(sg.sums_to_one(Y="k")), "torch", wrt=WEIGHTS)
        == '''\
import torch


class Mlp(torch.autograd.Function):
    """L of mlp, with the gradients by W1, b1, W2, b2 that symgrad derived.

    Call Mlp.apply with tensors.
    """

    @staticmethod
    def forward(ctx, X, Y, W1, b1, W2, b2):
        n = X.shape[0]
        Z1 = X @ W1 + b1
        A1 = torch.tanh(Z1)
        Z2 = A1 @ W2 + b2
        P = torch.softmax(Z2, dim=-1)
        L = -torch.sum(Y * torch.log_softmax(Z2, dim=-1)) / n
        ctx.save_for_backward(X, Y, W2, A1, P)
        return L

    @staticmethod
    def backward(ctx, grad_L):
        if torch.is_grad_enabled():  # create_graph=True: what is saved has lost how it was computed
            raise NotImplementedError("this backward pass can't be differentiated again")
        if any(ctx.needs_input_grad[place] for place in (0, 1)):
            raise NotImplementedError("no gradient was derived by X, Y")
        X, Y, W2, A1, P = ctx.saved_tensors
        n = X.shape[0]
        dL_dZ2 = (P - Y) / n
        dL_dA1 = dL_dZ2 @ W2.T
        dL_dZ1 = dL_dA1 * (1 - A1 ** 2)
        dL_dW1 = X.T @ dL_dZ1
        dL_db1 = dL_dZ1.sum(dim=0)
        dL_dW2 = A1.T @ dL_dZ2
        dL_db2 = dL_dZ2.sum(dim=0)
        return None, None, grad_L * dL_dW1, grad_L * dL_db1, grad_L * dL_dW2, grad_L * dL_db2
'''
    )


def run(source, script, tmp_path):
    """What a script prints that imports the source as `exported`, where symgrad can't be imported."""
    (tmp_path / "exported.py").write_text(source)
    code = f"import sys; sys.modules['symgrad'] = None\nimport numpy as np\nimport exported\n{script}"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, timeout=100)
    assert not ran.stderr
    return ran.stdout


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "nesterov", "adam", "adamw", "rmsprop"])
def test_the_python_file_trains_as_fit_does(optimizer, tmp_path):
    data, start = {"x": [1.0, 2, 3], "y": [2.0, 3, 5]}, {"w": 0.5, "b": 0.1}
    expected = sg.fit(line, data, start, learning_rate=0.05, epochs=7, optimizer=optimizer)
    script = f"""
data = {{name: np.array(column) for name, column in {data}.items()}}
params, losses = exported.train(data, {start}, learning_rate=0.05, epochs=7)
print(*losses, *params.values())
loss, gradients = exported.line(**data, **params)
assert loss == exported.line_value(**data, **params) == losses[-1]
"""
    printed = run(sg.export(line, "python", optimizer=optimizer), script, tmp_path)
    found = [float(number) for number in printed.split()]
    assert found == pytest.approx([*expected.history.loss, *expected.params.values()], rel=1e-12)


def test_the_python_file_has_the_gradients_of_arrays(tmp_path):
    _, gradients = mlp.compile()(**ARRAYS)
    script = (
        "arrays = np.load('arrays.npz')\nloss, gradients = exported.mlp(**arrays)\nnp.savez('out.npz', **gradients)"
    )
    np.savez(tmp_path / "arrays.npz", **ARRAYS)
    run(sg.export(mlp, "python"), script, tmp_path)
    for name, gradient in np.load(tmp_path / "out.npz").items():
        np.testing.assert_array_equal(gradient, gradients[name])
    names = {}
    exec(sg.export(attend, "python"), names)
    out, _ = names["attend"](*[ARRAYS["X"]] * 3, np.ones((5, 3)))
    np.testing.assert_allclose(out, attend(*[ARRAYS["X"]] * 3))


def compiled(source, tmp_path):
    """The library that the system's C compiler makes of a source, with every warning an error."""
    compiler = shutil.which("cc") or pytest.skip("no C compiler")
    (tmp_path / "exported.c").write_text(source)
    command = [compiler, "-std=gnu11", "-O2", "-Wall", "-Werror", "-Wno-unused-function", "-shared", "-fPIC"]
    subprocess.run([*command, "exported.c", "-o", "exported.so", "-lm"], cwd=tmp_path, check=True, timeout=100)
    return ctypes.CDLL(str(tmp_path / "exported.so"))


def pointer(array):
    return array.ctypes.data_as(ctypes.POINTER(ctypes.c_double))


def test_the_c_file_computes_the_loss_and_its_gradients(tmp_path):
    function = compiled(sg.export(mlp, "c", wrt=WEIGHTS), tmp_path).mlp
    function.restype = ctypes.c_double
    loss, gradients = mlp.compile(wrt=WEIGHTS)(**ARRAYS)
    out = np.empty(sum(gradient.size for gradient in gradients.values()))
    sizes = [ctypes.c_long(size) for size in (3, 4, 2, 5)]  # d, h, k, n
    assert function(*sizes, *map(pointer, ARRAYS.values()), pointer(out)) == pytest.approx(loss, rel=1e-12)
    expected = np.concatenate([gradients[name].ravel() for name in WEIGHTS])
    np.testing.assert_allclose(out, expected, rtol=1e-10, atol=1e-14)


def test_the_c_file_of_a_model_of_scalars_takes_samples(tmp_path):
    function = compiled(sg.export(line, "c", wrt=["w", "b"]), tmp_path).line
    function.restype = ctypes.c_double
    x, out = np.linspace(-1, 1, 7), np.empty(2)
    loss, gradients = line.compile(wrt=["w", "b"], reduction="mean")(x=x, y=x**2, w=0.3, b=0.1)
    found = function(7, pointer(x), pointer(x**2), ctypes.c_double(0.3), ctypes.c_double(0.1), pointer(out))
    assert [found, *out] == pytest.approx([loss, gradients["w"], gradients["b"]], rel=1e-12)


def test_the_command_prints_it(tmp_path, capsys):
    (tmp_path / "m.py").write_text("import symgrad as sg\n@sg.model\ndef square(w):\n    L = w**2\n    return L\n")
    assert main(["export", f"{tmp_path / 'm.py'}:square", "--to", "jax"]) == 0
    assert "def square_backward(saved, grad_L):" in capsys.readouterr().out


def test_what_a_program_or_a_derivation_has_is_exported():
    assert sg.export(mlp.compile(wrt="W1"), "jax") == sg.export(sg.derive(mlp, "W1"), "jax")
    assert sg.export(mlp, "jax", wrt="W1") == sg.export(mlp, "jax", wrt=["W1"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"model": 3, "to": "jax"}, "3 is not a model"),
        ({"model": line, "to": "torhc"}, r"to='torhc' is unknown \(did you mean torch\?\)"),
        ({"model": line, "to": "jax", "wrt": "v"}, "v is no input that a gradient can be taken by"),
        ({"model": embedding, "to": "torch", "wrt": "words"}, "words is no input that a gradient"),
        ({"model": line, "to": "jax", "optimizer": "adam"}, "only the Python export has a training loop"),
        ({"model": attend, "to": "c"}, "the result O has axes"),
        ({"model": line, "to": "python", "optimizer": "lbfgs"}, "searches along lines"),
    ],
)
def test_what_cannot_be_exported_is_said(arguments, message):
    with pytest.raises(SymgradError, match=message):
        sg.export(**arguments)
