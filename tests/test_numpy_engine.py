"""The printed in-place loops go where the compiled model, and automatic differentiation, go."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import symgrad as sg
from symgrad.training.engine import Task
from symgrad.training.numpy_engine import engine
from symgrad.training.optimizers import adam, adamw, momentum, nesterov, rmsprop, sgd


@sg.model
def line(x, y, w, b):
    yhat = w * x + b
    L = (yhat - y) ** 2 / 2
    return L


@sg.model
def chain(x, y, w1, b1, w2, b2):
    z1 = w1 * x + b1
    a1 = sg.sigmoid(z1)
    z2 = w2 * a1 + b2
    yhat = sg.sigmoid(z2)
    L = (yhat - y) ** 2 / 2
    return L


@sg.model
def kinked(x, y, w, b):
    r = sg.relu(w * x + b) - y
    L = sg.softplus(r) + r**3 / 9 + abs(r)
    return L


@sg.model
def mlp(X: "n 2", y: n, W1: "2 16", b1: 16, W2: 16, b2):
    A = sg.tanh(X @ W1 + b1)
    p = A @ W2 + b2
    L = sg.mean((p - y) ** 2)
    return L


@sg.model
def classifier(X: "n 6", Y: "n k", W1: "6 8", b1: 8, W2: "8 k", b2: k):
    A = sg.relu(X @ W1 + b1)
    U = A @ W2 + b2
    L = sg.cross_entropy(U, Y)
    return L


@sg.model
def normed(X: "n 6", y: n, W: "6 6", g: 6, v: 6):
    Z = X @ W
    m = sg.mean(Z, axis=1, keepdims=True)
    s = sg.mean((Z - m) ** 2, axis=1, keepdims=True)
    H = (Z - m) / sg.sqrt(s + 1) * g
    p = sg.sigmoid(H @ v)
    L = sg.mean((p - y) ** 2)
    return L


@sg.model
def attention(X: "n t d", Y: "n t d", Q: "d d", K: "d d", V: "d d"):
    S = (X @ Q) @ (X @ K).swapaxes(-1, -2)
    P = sg.softmax(S)
    O = P @ (X @ V)
    L = sg.mean((O - Y) ** 2)
    return L


def _task(model, batch=None, optimizer=None, maximize=False, samples=40, dtype=float):
    rng = np.random.default_rng(3)
    sizes = {"n": samples, "k": 4, "t": 3, "d": 5}
    shapes = {q.name: tuple(sizes.get(str(size)) or int(size) for size in q.axes) for q in model.inputs}
    data = [name for name in shapes if name.lower() in "xy"]
    columns = {name: rng.normal(size=shapes[name] or (samples,)).astype(dtype) for name in data}
    if "Y" in columns and model.name == "classifier":
        columns["Y"] = np.eye(4, dtype=dtype)[rng.integers(0, 4, samples)]
    params = {name: np.array(rng.normal(size=shape) / 2, dtype) for name, shape in shapes.items() if name not in data}
    return Task(model, params, columns, samples, batch or samples, optimizer or sgd(), maximize)


def _update(optimizer, theta, gradient, slots, step, rate):
    """The equations of an optimiser, computed one by one by the compiled model of each."""
    values = {"theta": theta, "gradient": gradient, "step": float(step), "learning_rate": rate, **slots}
    values |= optimizer.settings
    for place, equation in enumerate(optimizer.model.equations):
        part = replace(optimizer.model, equations=optimizer.model.equations[: place + 1], result=equation.name)
        values[equation.name] = part(**{q.name: values[q.name] for q in part.inputs})
    return values


def _plain(task, rates, orders):
    """The loop that anyone would write around the compiled model."""
    optimizer, model = task.optimizer, task.model
    program = model.compile(list(task.params), reduction="none" if model.has_axes else "mean")
    params = {name: np.array(value) for name, value in task.params.items()}
    slots = {name: {slot: np.zeros_like(value) for slot in optimizer.slots} for name, value in params.items()}
    losses, points, norms, step = [], [], [], 0
    for epoch, row in enumerate(rates):
        order = np.arange(task.samples) if orders is None else orders[epoch]
        for start, rate in zip(range(0, task.samples, task.batch), row, strict=True):
            rows = order[start : start + task.batch]
            _, gradients = program(**{name: column[rows] for name, column in task.columns.items()}, **params)
            step += 1
            scale = -1.0 if task.maximize else 1.0
            if optimizer.clip_norm:
                length = np.sqrt(sum(float(np.sum(g**2)) for g in gradients.values()))
                scale *= min(1.0, optimizer.clip_norm / length)
            for name, theta in params.items():
                gradient = gradients[name] * scale
                if optimizer.clip_value:
                    gradient = np.clip(gradient, -optimizer.clip_value, optimizer.clip_value)
                gradient = gradient + optimizer.weight_decay * theta
                values = _update(optimizer, theta, gradient, slots[name], step, rate)
                params[name] = values["theta_next"]
                slots[name] = {slot: values[f"{slot}_next"] for slot in optimizer.slots}
        loss, gradients = program(**task.columns, **params)
        losses.append(loss)
        points.append(dict(params))
        norms.append(np.sqrt(sum(float(np.sum(g**2)) for g in gradients.values())))
    return losses, points, norms


def _orders(task, epochs):
    rng = np.random.default_rng(1)
    full = task.batch == task.samples
    return None if full else np.stack([rng.permutation(task.samples) for _ in range(epochs)])


def _agree(task, epochs=4, rate=0.02):
    rates, orders = np.full((epochs, task.steps), rate), _orders(task, epochs)
    losses, points, norms = _plain(task, rates, orders)
    for with_norms in (True, False):
        track = engine(task).run(rates, orders, norms=with_norms)
        np.testing.assert_allclose(track.losses, losses, rtol=1e-9)
        if track.norms is not None:
            np.testing.assert_allclose(track.norms, norms, rtol=1e-9)
        for name, column in track.points.items():
            np.testing.assert_allclose(column, [point[name] for point in points], rtol=1e-9, atol=1e-12)


@sg.model
def shared(X: "n 3", y: n, b, W: "3 4", V: "3 4", c: 4, w: 3):
    A = sg.tanh(X @ W + c) * (X @ V + c) * sg.sum(X)
    z = X @ w + b
    p = sg.sum(A, axis=1) + z
    L = sg.mean((p - y) ** 2)
    return L


MODELS = [line, chain, kinked, mlp, classifier, normed, attention, shared]
OPTIMIZERS = {
    "sgd": sgd(),
    "momentum": momentum(),
    "nesterov": nesterov(),
    "adam": adam(),
    "adamw": adamw(),
    "rmsprop": rmsprop(),
    "clip_norm": replace(sgd(), clip_norm=0.1, weight_decay=0.1),
    "clip_value": replace(momentum(), clip_value=0.05),
}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
@pytest.mark.parametrize("batch", [None, 7, 1])
def test_an_engine_goes_where_the_plain_loop_goes(model, batch):
    _agree(_task(model, batch))


@pytest.mark.parametrize("model", [line, chain, mlp], ids=lambda model: model.name)
@pytest.mark.parametrize("batch", [None, 16, 1])
@pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS)
@pytest.mark.parametrize("maximize", [False, True])
def test_every_optimizer_is_printed_in_place(model, batch, optimizer, maximize):
    _agree(_task(model, batch, optimizer, maximize), epochs=2, rate=0.001 if maximize else 0.02)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
@pytest.mark.parametrize("batch", [None, 7, 1])
def test_what_comes_out_does_not_depend_on_how_epochs_are_split(model, batch):
    task = _task(model, batch, adam())
    rates, orders = np.full((6, task.steps), 0.01), _orders(task, 6)
    whole = engine(task).run(rates, orders, norms=True)
    parts = engine(task)
    first = parts.run(rates[:2], None if orders is None else orders[:2], record=False)
    other = engine(task)
    other.restore(parts.snapshot())
    second = other.run(rates[2:], None if orders is None else orders[2:], norms=True)
    assert [*first.losses, *second.losses] == list(whole.losses)
    assert list(second.norms) == list(whole.norms[2:])
    assert all((second.points[name] == whole.points[name][2:]).all() for name in task.params)


def test_a_hundred_steps_of_a_network_agree_with_torch():
    torch = pytest.importorskip("torch")
    task = _task(mlp)
    track = engine(task).run(np.full((100, 1), 0.05), None)
    X, y = (torch.tensor(task.columns[name]) for name in "Xy")
    params = {name: torch.tensor(value, requires_grad=True) for name, value in task.params.items()}
    losses = []
    for _ in range(101):
        hidden = torch.tanh(X @ params["W1"] + params["b1"])
        loss = ((hidden @ params["W2"] + params["b2"] - y) ** 2).mean()
        losses.append(loss.item())
        gradients = torch.autograd.grad(loss, list(params.values()))
        with torch.no_grad():
            for value, gradient in zip(params.values(), gradients, strict=True):
                value -= 0.05 * gradient
    np.testing.assert_allclose(track.losses, losses[1:], rtol=1e-9)


def test_a_hundred_steps_of_one_sample_agree_with_autograd():
    autograd = pytest.importorskip("autograd")
    anp = pytest.importorskip("autograd.numpy")
    task = _task(chain, batch=1, samples=50)
    track = engine(task).run(np.full((2, 50), 0.3), None)

    def loss(theta, x, y):
        hidden = 1 / (1 + anp.exp(-(theta[0] * x + theta[1])))
        return (1 / (1 + anp.exp(-(theta[2] * hidden + theta[3]))) - y) ** 2 / 2

    gradient, theta = autograd.grad(loss), np.array([float(value) for value in task.params.values()])
    for _ in range(2):
        for x, y in zip(task.columns["x"], task.columns["y"], strict=True):
            theta = theta - 0.3 * gradient(theta, x, y)
    np.testing.assert_allclose([column[-1] for column in track.points.values()], theta, rtol=1e-9)


def test_single_precision_stays_single():
    task = _task(classifier, batch=8, dtype=np.float32)
    track = engine(task).run(np.full((2, task.steps), 0.1, float), None)
    assert all(column.dtype == np.float32 for column in track.points.values())
    losses, _, _ = _plain(task, np.full((2, task.steps), 0.1), None)
    np.testing.assert_allclose(track.losses, losses, rtol=1e-5)


def test_numbers_that_overflow_become_inf_or_nan_and_raise_nothing():
    task = _task(chain, batch=1)
    steep = replace(task, params={**task.params, "w1": np.array(1e6), "w2": np.array(-1e300)})
    track = engine(steep).run(np.full((2, task.steps), 0.1), None)
    assert track.losses.shape == (2,)
    track = engine(_task(kinked)).run(np.full((60, 1), 50.0), None)
    assert not np.isfinite(track.losses).all()


@sg.model
def valley(u, v):
    L = (1 - u) ** 2 + 100 * (v - u**2) ** 2 + sg.exp(-u)
    return L


def test_a_model_without_data_runs_on_plain_numbers():
    task = Task(valley, {"u": np.array(-1.0), "v": np.array(1.0)}, {}, 1, 1, adam())
    _agree(task, epochs=20)
    far = engine(replace(task, params={"u": np.array(-800.0), "v": np.array(1.0)}))
    assert not np.isfinite(far.run(np.full((1, 1), 1e-3), None).losses).any()


def test_a_batch_from_elsewhere_makes_a_step_and_its_loss_comes_from_before():
    task = _task(mlp, batch=8)
    one, other = engine(task), engine(task)
    batch = {name: column[:8] for name, column in task.columns.items()}
    before = other.evaluate(batch)[0]
    assert one.step(batch, 0.1) == pytest.approx(before, rel=1e-12)
    gradients = other.evaluate(batch)[1]
    for name, value in one.snapshot().params.items():
        np.testing.assert_allclose(value, task.params[name] - 0.1 * gradients[name], rtol=1e-9, atol=1e-12)


def test_explain_says_what_is_dropped_and_shows_the_text():
    text = engine(_task(classifier, batch=8)).explain()
    assert "the loss is dead in a step" in text
    assert "buffers" in text
    assert text.count("dot(X_ones, W1_b1, out=A)") == 1
    assert "log(" not in text


@pytest.mark.parametrize("batch", [None, 8])
def test_a_parameter_may_be_called_as_rows_of_ones_are(batch):
    @sg.model
    def linear(X: "n 3", y: n, ones_w: 3, b):
        L = sg.mean((X @ ones_w + b - y) ** 2)
        return L

    _agree(_task(linear, batch))


def test_a_bias_that_two_products_have_is_no_row_of_one_of_them():
    text = engine(_task(shared, batch=8)).explain()
    assert "b is a row below w" in text and "c is a row" not in text


def test_a_plain_step_on_numbers_is_printed_as_by_hand():
    task = replace(_task(chain, batch=1), running=True)
    text = engine(task).explain()
    assert "for x, y in zip(xs, ys):" in text and "w1 -= dL_dz1*x" in text and "b1 -= dL_dz1" in text
    shuffled = np.stack([np.random.default_rng(1).permutation(40) for _ in range(3)])
    constant, varying = engine(task), engine(task)
    one = constant.run(np.full((3, 40), 0.1), shuffled)
    rates = np.full((3, 40), 0.1)
    rates[2, 39] = 0.2
    other = varying.run(rates, shuffled)
    np.testing.assert_allclose(other.losses, one.losses, 1e-13)
    assert other.points["w2"][1] == pytest.approx(one.points["w2"][1], rel=1e-13)
    assert other.points["w2"][2] != one.points["w2"][2]


@pytest.mark.parametrize("maximize", [False, True])
def test_a_step_whose_gradient_has_a_parameter_that_moves_before_it_uses_the_old_value(maximize):
    @sg.model
    def product(x, u, v):
        L = u * v * x + u * u * v / 9
        return L

    task = replace(_task(product, batch=1, maximize=maximize), columns={"x": np.arange(1.0, 4)}, samples=3)
    task = replace(task, params={"u": np.array(1.0), "v": np.array(2.0)})
    track = engine(task).run(np.full((1, 3), 0.01), None)
    u, v = 1.0, 2.0
    for x in (1.0, 2.0, 3.0):
        step = (v * x + 2 * u * v / 9) * 0.01, (u * x + u * u / 9) * 0.01
        u, v = (u + step[0], v + step[1]) if maximize else (u - step[0], v - step[1])
    np.testing.assert_allclose([track.points["u"][0], track.points["v"][0]], [u, v], 1e-14)
