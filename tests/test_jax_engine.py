"""The JAX engine: its steps are those of the plain loop, however its epochs are split and shared between devices."""

import dataclasses
import os
import subprocess
import sys

import numpy as np
import pytest

import symgrad as sg
from symgrad.training import optimizers
from symgrad.training.engine import Task
from symgrad.training.engines import make_engine
from symgrad.training.separable import why_not_separable

jax = pytest.importorskip("jax")


@sg.model
def neuron(x, y, w, b):
    z = w * x + b
    a = sg.sigmoid(z)
    L = (a - y) ** 2
    return L


@sg.model
def network(X: "n d", y: "n int", W: "d h", b: "h", V: "h k"):
    H = sg.tanh(X @ W + b)
    L = sg.cross_entropy(H @ V, y) + 0.01 * sg.l2(V)
    return L


def task(model, batch, optimizer, kind=np.float64, maximize=False, samples=53):
    rng = np.random.default_rng(3)
    shapes = {"w": (), "b": (), "x": (samples,)}
    if model is network:
        shapes = {"X": (samples, 4), "W": (4, 5), "b": (5,), "V": (5, 3)}
    arrays = {name: np.asarray(rng.normal(size=shape), kind) for name, shape in shapes.items()}
    arrays["y"] = rng.integers(0, 3, samples) if model is network else np.asarray(arrays["x"] > 0.3, kind)
    columns = {name: arrays.pop(name) for name in ("X", "x", "y") if name in arrays}
    return Task(model, arrays, columns, samples, batch, optimizer, maximize)


def steps(task, epochs, shuffle=False):
    rng = np.random.default_rng(4)
    rates = 0.01 + 0.01 * rng.random((epochs, task.steps))
    return rates, np.stack([rng.permutation(task.samples) for _ in range(epochs)]) if shuffle else None


clipped = dataclasses.replace(optimizers.adam(), clip_norm=0.1, weight_decay=0.01)
TASKS = [
    (neuron, 53, optimizers.sgd(), False),
    (neuron, 1, dataclasses.replace(optimizers.momentum(), clip_value=0.05), True),
    (network, 53, clipped, True),
    (network, 10, clipped, False),
    (network, 10, optimizers.adamw(), True),
]


@pytest.mark.parametrize(
    ("model", "batch", "optimizer", "shuffle", "kind"),
    [*((*row, np.float64) for row in TASKS), (*TASKS[2], np.float32), (*TASKS[4], np.float32)],
)
def test_a_hundred_steps_end_where_the_plain_loop_does(model, batch, optimizer, shuffle, kind):
    given = task(model, batch, optimizer, kind, maximize=batch == 1)
    rates, orders = steps(given, -(-100 // given.steps), shuffle)
    tolerance = 1e-12 if kind == np.float64 else 2e-5
    plain, engine = (make_engine(backend, given) for backend in ("numpy", "jax"))
    expected, track = (each.run(rates, orders, norms=True) for each in (plain, engine))
    np.testing.assert_allclose(track.losses, expected.losses, tolerance, tolerance)
    np.testing.assert_allclose(track.norms, expected.norms, tolerance, tolerance)
    for name, point in expected.points.items():
        assert track.points[name].dtype == kind
        np.testing.assert_allclose(track.points[name], point, tolerance, tolerance, err_msg=name)
    state = engine.snapshot()
    assert state.steps == rates.size
    loss, gradients = engine.evaluate(given.columns)
    assert loss == pytest.approx(track.losses[-1], rel=tolerance)
    assert gradients.keys() == state.params.keys() == given.params.keys()


@pytest.mark.parametrize("batch", [53, 10])
def test_how_epochs_are_split_over_calls_changes_no_bit(batch):
    given = task(network, batch, optimizers.adam())
    rates, orders = steps(given, 7, shuffle=True)
    engine = make_engine("jax", given)
    start = engine.snapshot()
    whole = engine.run(rates, orders, norms=True)
    engine.restore(start)
    engine.run(rates[:2], orders[:2], record=False)
    middle = engine.snapshot()
    engine.run(rates[:3], orders[:3])
    engine.restore(middle)
    rest = engine.run(rates[2:], orders[2:], norms=True)
    assert rest.losses.tobytes() == whole.losses[2:].tobytes() and rest.norms.tobytes() == whole.norms[2:].tobytes()
    assert all(rest.points[name].tobytes() == point[2:].tobytes() for name, point in whole.points.items())


def test_full_batches_descend_as_jaxs_own_derivative_does():
    given = task(network, 53, optimizers.sgd())
    columns = given.columns

    def cost(params):
        scores = jax.numpy.tanh(columns["X"] @ params["W"] + params["b"]) @ params["V"]
        chosen = jax.nn.log_softmax(scores)[np.arange(53), columns["y"]]
        return -chosen.mean() + 0.01 * (params["V"] ** 2).sum()

    with jax.enable_x64(True):
        params = dict(given.params)
        for _ in range(100):
            gradients = jax.grad(cost)(params)
            params = {name: theta - 0.1 * gradients[name] for name, theta in params.items()}
    engine = make_engine("jax", given)
    engine.run(np.full((100, 1), 0.1), None)
    for name, theta in engine.snapshot().params.items():
        np.testing.assert_allclose(theta, params[name], 1e-12, 1e-12)


def test_batches_from_elsewhere_may_have_any_length():
    given = task(network, 53, optimizers.momentum())
    plain, engine = (make_engine(backend, given) for backend in ("numpy", "jax"))
    for length in (7, 7, 3):
        batch = {name: column[:length] for name, column in given.columns.items()}
        assert engine.step(batch, 0.1) == pytest.approx(plain.step(batch, 0.1), rel=1e-13)
    expected = plain.snapshot()
    for name, theta in engine.snapshot().params.items():
        np.testing.assert_allclose(theta, expected.params[name], 1e-13, 1e-13)
        np.testing.assert_allclose(engine.snapshot().slots["m"][name], expected.slots["m"][name], 1e-13, 1e-13)


def test_a_model_without_data_climbs():
    @sg.model
    def parabola(x):
        f = -(x**2)
        return f

    run = sg.fit(parabola, None, {"x": -4}, learning_rate=0.1, epochs=2, maximize=True, backend="jax")
    assert run.history["x"].tolist() == pytest.approx([-4.0, -3.2, -2.56])


def test_a_label_that_no_score_belongs_to_is_an_error():
    given = task(network, 53, optimizers.sgd())
    labels = given.columns["y"].copy()
    labels[5] = 3
    with pytest.raises(sg.SymgradError, match=r"y holds 3, but axis k of .* has the rows 0 to 2"):
        make_engine("jax", dataclasses.replace(given, columns={**given.columns, "y": labels}))


ON_TWO_DEVICES = """
import sys
from dataclasses import replace
import numpy as np
sys.path.insert(0, {tests!r})
from test_jax_engine import TASKS, batch_norm_task, steps, task
from symgrad.training.engines import make_engine
for model, batch, optimizer, shuffle in TASKS:
    given = task(model, batch, optimizer)
    rates, orders = steps(given, 3, shuffle)
    if given.steps > 1:
        running = replace(given, running=True)
        track, expected = (make_engine(backend, running).run(rates, orders) for backend in ("jax", "numpy"))
        np.testing.assert_allclose(track.losses, expected.losses, 1e-12, 1e-12)
    engine = make_engine("jax", given)
    assert "2 devices (cpu:0, cpu:1), each with its part of a batch" in engine.explain(), engine.explain()
    track, expected = (each.run(rates, orders, norms=True) for each in (engine, make_engine("numpy", given)))
    np.testing.assert_allclose(track.losses, expected.losses, 1e-12, 1e-12)
    np.testing.assert_allclose(track.norms, expected.norms, 1e-12, 1e-12)
    for name, point in expected.points.items():
        np.testing.assert_allclose(track.points[name], point, 1e-12, 1e-12)
alone = make_engine("jax", batch_norm_task()).explain()
assert "cpu:0 alone of 2 devices (in the equation of Z, a sample's own quantity meets a mean" in alone, alone
"""


def batch_norm_task():
    @sg.model
    def normed(X: "n d", T: "n d", g: "d"):
        mu = sg.mean(X, axis=0)
        Z = X - mu
        L = sg.mean((g * Z - T) ** 2)
        return L

    X = np.arange(12.0).reshape(6, 2)
    return Task(normed, {"g": np.ones(2)}, {"X": X, "T": X}, 6, 6, optimizers.sgd())


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="XLA's virtual devices need a core each")
def test_two_devices_share_a_batch_and_its_rest_and_end_where_one_does():
    flags = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count=2"
    env = {**os.environ, "XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu"}
    script = ON_TWO_DEVICES.format(tests=os.path.dirname(__file__))
    ran = subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, text=True, timeout=900)
    assert ran.returncode == 0, ran.stderr


def test_processes_refuse_a_cost_that_they_cannot_share(monkeypatch):
    monkeypatch.setattr("symgrad.training.jax_engine.joined", lambda: "a group of processes")
    with pytest.raises(sg.SymgradError, match=r"normed: in the equation of Z, .* several processes can't share it"):
        make_engine("jax", batch_norm_task())


PER_SAMPLE = [
    ("sg.mse(X @ w, y)", ""),
    ("sg.mean((X @ w - y)**2) + sg.l2(w)", ""),
    ("sg.sum(X @ w * y)/X.shape[0]", ""),
    ("sg.sum(sg.max(X*w, axis=1))/X.shape[0]", ""),
    ("-sg.mean(sg.log_softmax(X*w)[:, 0]*y)", ""),
    ("sg.mean(sg.softmax(X*w, axis=1)[:, 0]*y)", ""),
    ("sg.mean(X @ w) - sg.mean(y)", ""),
    ("sg.l2(w)", ""),
    ("sg.sum((X @ w - y)**2)", "its cost is a sum over the samples, not their mean"),
    ("sg.sum(X @ w) + sg.l2(w)", "in the equation of L, terms grow differently with the number of samples"),
    ("sg.mean(X @ w)*X.shape[0]**2", "its cost is scaled by n**2, where n is the number of samples"),
    ("sg.sqrt(sg.mse(X @ w, y))", "in the equation of L, a mean over the batch is raised to a power"),
    ("sg.exp(sg.mse(X @ w, y))", "in the equation of L, a function is applied to a mean over the batch"),
    ("sg.mean(X @ w)*sg.mean(y)", "in the equation of L, a mean over the batch is multiplied by another"),
    ("sg.mean((y - sg.mean(y))*(X @ w))", "in the equation of L, a sample's own quantity meets a mean over the batch"),
    ("sg.mean((X @ w)*sg.softmax(y))", "in the equation of L, a mean over the batch is raised to a power"),
    ("sg.max(X @ w)", "in the equation of L, an extreme over the samples is taken"),
    ("sg.mean(X @ X.T)*w[0]", "in the equation of L, samples are compared with each other"),
    ("(X @ w)[0]", "in the equation of L, X is read at 0, another place than the sample's own"),
    ("sg.mean(y*sg.positions(X, 0))*w[0]", "in the equation of L, a sample's place in the batch counts"),
    ("sg.mean(y[1:]*y[:-1])*w[0]", "in the equation of L, terms grow differently with the number of samples"),
]


@pytest.mark.parametrize(("text", "why"), PER_SAMPLE)
def test_a_cost_that_parts_of_a_batch_cannot_be_averaged_for_is_told_from_the_equations(text, why, tmp_path):
    source = f"import symgrad as sg\n\n\n@sg.model\ndef m(X: 'n d', y: 'n', w: 'd'):\n    L = {text}\n    return L\n"
    path = tmp_path / "m.py"
    path.write_text(source, encoding="utf-8")
    names = {}
    exec(compile(source, path, "exec"), names)
    model = names["m"]
    found = why_not_separable(model, ["X", "y"])
    assert (why in found) if why else found == ""
    if not why:  # the oracle: a batch of 7 as parts of 4 and 3
        rng = np.random.default_rng(0)
        X, y, w = rng.normal(size=(7, 3)), rng.normal(size=7), rng.normal(size=3)
        whole, first, second = (model(X=X[part], y=y[part], w=w) for part in (slice(7), slice(4), slice(4, 7)))
        assert whole == pytest.approx((4 * first + 3 * second) / 7)


def test_the_data_must_be_what_carries_the_samples():
    @sg.model
    def factors(R: "n m", U: "n k", V: "m k"):
        L = sg.mse(U @ V.T, R)
        return L

    assert why_not_separable(factors, ["R"]) == "U has the axis of the samples, n, but isn't given as data"
