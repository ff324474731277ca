"""The gallery's models are the published ones: their losses equal those of PyTorch's own layers."""

import runpy
from pathlib import Path

import numpy as np
import pytest
import samples
from sympy import Integer

torch = pytest.importorskip("torch")
F = torch.nn.functional

FOLDER = Path(__file__).parent.parent / "derivations"


def drawn(name, **sizes):
    model = runpy.run_path(str(FOLDER / f"{name}.py"))["derivation"].model
    axes = {size: Integer(sizes[str(size)]) for one in model.inputs for size in one.axes if size.is_Symbol}
    values = samples.values(model, axes, np.random.default_rng(0))
    return float(model(**values)), {key: torch.from_numpy(np.array(value)) for key, value in values.items()}


def half_square(value, target):
    return ((value - target) ** 2).sum() / 2


def agree(loss, expected):
    assert loss == pytest.approx(float(expected), rel=1e-9)


def test_batch_normalisation():
    loss, v = drawn("batch_normalisation", n=5, d=3)
    agree(loss, half_square(F.batch_norm(v["X"], None, None, v["gamma"], v["beta"], True), v["T"]))


def test_layer_normalisation():
    loss, v = drawn("layer_normalisation", n=4, d=5)
    agree(loss, half_square(F.layer_norm(v["X"], (5,), v["gamma"], v["beta"]), v["T"]))


def test_root_mean_square_normalisation():
    loss, v = drawn("rms_normalisation", n=4, d=5)
    agree(loss, half_square(F.rms_norm(v["X"], (5,), v["gamma"], float(v["eps"])), v["T"]))


def test_huber_loss():
    loss, v = drawn("huber_regression", n=9, d=2)
    agree(loss, F.huber_loss(v["X"] @ v["w"] + v["b"], v["y"], delta=float(v["delta"])))


def test_softmax_regression():
    loss, v = drawn("softmax_regression", n=6, d=2, k=4)
    agree(loss, F.cross_entropy(v["X"] @ v["W"] + v["b"], v["Y"]))


def test_logistic_regression():
    loss, v = drawn("logistic_regression_matrix", n=6, d=2)
    agree(loss, F.binary_cross_entropy_with_logits(v["X"] @ v["w"] + v["b"], v["y"]))


def test_causal_attention():
    loss, v = drawn("attention", t=5, d=3, e=2)
    agree(loss, half_square(F.scaled_dot_product_attention(v["Q"], v["K"], v["V"], is_causal=True), v["T"]))


def test_multi_head_attention():
    loss, v = drawn("multi_head_attention", t=4, d=3, e=2)
    heads = F.scaled_dot_product_attention(*(v["X"] @ v[name] for name in ("WQ", "WK", "WV")), is_causal=True)
    agree(loss, half_square((heads @ v["WO"]).sum(0), v["T"]))


def test_convolution_of_images_with_max_pooling():
    loss, v = drawn("convolution_2d", n=2, height=8, width=7, c=3)
    maps = F.conv2d(v["X"][:, None], v["K"].permute(2, 0, 1)[:, None], v["b"])
    agree(loss, half_square(F.max_pool2d(F.relu(maps), 2), 0.0))


def test_lstm_cell():
    loss, v = drawn("lstm_cell", n=3, d=2, h=4)
    input_weights, state_weights = (torch.cat([v[f"{word}{gate}"] for gate in "ifgo"], 1).T for word in "WU")
    bias = torch.cat([v[f"b{gate}"] for gate in "ifgo"])
    state, _ = torch.lstm_cell(v["X"], (v["H"], v["C"]), input_weights, state_weights, bias, torch.zeros_like(bias))
    agree(loss, half_square(state, v["T"]))


def test_gaussian_likelihood():
    loss, v = drawn("gaussian_likelihood", n=4, d=3)
    rows = v["X"] - v["mu"]
    spread = torch.linalg.slogdet(v["S"])[1]
    agree(loss, (spread + (rows * torch.linalg.solve(v["S"], rows.T).T).sum(1).mean()) / 2)


def test_matrix_factorisation():
    loss, v = drawn("matrix_factorisation", m=3, n=4, k=2)
    penalty = v["alpha"] * (v["U"].norm() ** 2 + v["V"].norm() ** 2) / 2
    agree(loss, half_square(v["M"] * (v["U"] @ v["V"].T), v["M"] * v["R"]) + penalty)
