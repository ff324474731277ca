"""The loss of an epoch: the cost of all samples after it, or the mean of their costs in it, against loops by hand."""

import dataclasses
import shutil

import numpy as np
import pytest

import symgrad as sg
from symgrad.errors import InputError
from symgrad.training import fit
from symgrad.training.engine import Task
from symgrad.training.engines import make_engine
from symgrad.training.optimizers import adam, sgd

BACKENDS = [
    "numpy",
    pytest.param(
        "native",
        marks=pytest.mark.skipif(not any(map(shutil.which, ("gcc", "clang", "cc"))), reason="no C compiler"),
    ),
    "jax",
]


@pytest.fixture(params=BACKENDS)
def backend(request):
    if request.param == "jax":
        pytest.importorskip("jax")
    return request.param


@sg.model
def line(x, y, w, b):
    L = (w * x + b - y) ** 2
    return L


@sg.model
def logistic(x, y, w, b):
    p = sg.sigmoid(w * x + b)
    L = -y * sg.log(p) - (1 - y) * sg.log(1 - p)
    return L


@sg.model
def network(X: "n d", Y: "n k", W: "d h", b: "h", V: "h k"):
    L = sg.mse(sg.tanh(X @ W + b) @ V, Y)
    return L


def line_by_hand(batch, theta):
    residual = theta["w"] * batch["x"] + theta["b"] - batch["y"]
    return np.mean(residual**2), {"w": 2 * np.mean(residual * batch["x"]), "b": 2 * np.mean(residual)}


def logistic_by_hand(batch, theta):
    z = theta["w"] * batch["x"] + theta["b"]
    error = 1 / (1 + np.exp(-z)) - batch["y"]
    return np.mean(np.log1p(np.exp(z)) - batch["y"] * z), {"w": np.mean(error * batch["x"]), "b": np.mean(error)}


def network_by_hand(batch, theta):
    X, Y = batch["X"], batch["Y"]
    hidden = np.tanh(X @ theta["W"] + theta["b"])
    error = hidden @ theta["V"] - Y
    output = 2 * error / Y.size
    inner = output @ theta["V"].T * (1 - hidden**2)
    return np.mean(error**2), {"W": X.T @ inner, "b": inner.sum(axis=0), "V": hidden.T @ output}


def task(model, batch, optimizer=None, kind=np.float64):
    rng = np.random.default_rng(7)
    if model is network:
        X = rng.normal(size=(23, 3))
        columns = {"X": X, "Y": X[:, :2] ** 2}
        shapes = {"W": (3, 4), "b": (4,), "V": (4, 2)}
    else:
        x = rng.normal(size=23)
        columns, shapes = {"x": x, "y": (x > 0.2) * 1.0}, {"w": (), "b": ()}
    params = {name: np.asarray(rng.normal(size=shape), kind) for name, shape in shapes.items()}
    columns = {name: column.astype(kind) for name, column in columns.items()}
    return Task(model, params, columns, 23, batch, optimizer or sgd(), running=True)


def rates_and_orders(given, epochs=6):
    rng = np.random.default_rng(8)
    rates = 0.02 + 0.01 * rng.random((epochs, given.steps))
    return rates, np.stack([rng.permutation(given.samples) for _ in range(epochs)])


def by_hand(gradients, given, rates, orders):
    """The losses and the parameters of gradient descent, or of Adam (Kingma and Ba 2015, algorithm 1)."""
    theta = {name: np.array(value, np.float64) for name, value in given.params.items()}
    first, second = ({name: np.zeros_like(value) for name, value in theta.items()} for _ in range(2))
    losses, step = [], 0
    for row, order in zip(rates, orders, strict=True):
        total = 0.0
        for start, rate in zip(range(0, given.samples, given.batch), row, strict=True):
            rows = order[start : start + given.batch]
            cost, found = gradients({name: column[rows] for name, column in given.columns.items()}, theta)
            total += len(rows) * cost
            step += 1
            for name, gradient in found.items():
                if given.optimizer.name == "adam":
                    first[name] = 0.9 * first[name] + 0.1 * gradient
                    second[name] = 0.999 * second[name] + 0.001 * gradient**2
                    gradient = (  # Adam's in place of the cost's
                        first[name] / (1 - 0.9**step) / (np.sqrt(second[name] / (1 - 0.999**step)) + 1e-8)
                    )
                theta[name] = theta[name] - rate * gradient
        losses.append(total / given.samples)
    return losses, theta


@pytest.mark.parametrize(
    ("model", "gradients", "batch", "optimizer"),
    [
        (line, line_by_hand, 1, sgd()),
        (line, line_by_hand, 5, adam()),
        (logistic, logistic_by_hand, 1, adam()),
        (logistic, logistic_by_hand, 4, sgd()),
        (network, network_by_hand, 1, adam()),
        (network, network_by_hand, 4, sgd()),
        (network, network_by_hand, 20, adam()),
    ],
)
def test_a_running_loss_is_the_mean_of_the_samples_costs_each_before_its_step(
    backend, model, gradients, batch, optimizer
):
    given = task(model, batch, optimizer)
    rates, orders = rates_and_orders(given)
    losses, theta = by_hand(gradients, given, rates, orders)
    track = make_engine(backend, given).run(rates, orders)
    np.testing.assert_allclose(track.losses, losses, 1e-12)
    for name, value in theta.items():
        np.testing.assert_allclose(track.points[name][-1], value, 1e-11, 1e-12)


def test_a_running_loss_in_single_precision_is_summed_in_double(backend):
    given = task(network, 4, kind=np.float32)
    rates, orders = rates_and_orders(given)
    losses, _ = by_hand(network_by_hand, given, rates, orders)
    np.testing.assert_allclose(make_engine(backend, given).run(rates, orders).losses, losses, 1e-5)


@pytest.mark.parametrize(("model", "batch"), [(line, 1), (logistic, 1), (network, 4)])
def test_how_epochs_are_split_over_calls_changes_no_bit(backend, model, batch):
    given = task(model, batch, adam())
    rates, orders = rates_and_orders(given)
    engine = make_engine(backend, given)
    start = engine.snapshot()
    whole = engine.run(rates, orders)
    engine.restore(start)
    first = engine.run(rates[:2], orders[:2], record=False)
    rest = engine.run(rates[2:], orders[2:])
    assert np.concatenate([first.losses, rest.losses]).tobytes() == whole.losses.tobytes()


def test_a_running_loss_makes_no_other_pass(monkeypatch):
    from symgrad.training import array_steps, number_steps

    for steps in (array_steps.ArraySteps, number_steps.NumberSteps):
        monkeypatch.setattr(steps, "cost", None)
    for model, batch in ((line, 1), (line, 5), (network, 4)):
        given = task(model, batch)
        make_engine("numpy", given).run(*rates_and_orders(given))


X = np.random.default_rng(9).normal(size=40)
DATA, START = {"x": X, "y": 3 * X - 1}, {"w": 0.0, "b": 0.0}
HOW = {"learning_rate": 0.05, "batch": 8, "epoch_loss": "running"}


def test_a_fit_begins_with_the_cost_of_all_samples_and_goes_on_with_running_ones(backend):
    run = fit(line, DATA, START, epochs=3, backend=backend, **HOW)
    batches = [{name: column[start : start + 8] for name, column in DATA.items()} for start in range(0, 40, 8)]
    streamed = fit(line, batches, START, epochs=3, learning_rate=0.05)
    assert run.history.loss[0] == pytest.approx(np.mean(DATA["y"] ** 2))
    np.testing.assert_allclose(run.history.loss[1:], streamed.history.loss[1:], 1e-12)
    after = fit(line, DATA, START, epochs=3, backend=backend, **{**HOW, "epoch_loss": "after"})
    assert after.params == pytest.approx(run.params) and after.loss < run.loss


def test_a_full_batch_has_the_cost_after_its_step(backend):
    how = {"learning_rate": 0.05, "epochs": 4, "backend": backend}
    running, after = (fit(line, DATA, START, epoch_loss=which, **how) for which in ("running", "after"))
    assert np.array_equal(running.history.loss, after.history.loss)
    found = [fit(line, DATA, START, optimizer="lbfgs", epochs=4, epoch_loss=one) for one in ("running", "after")]
    assert np.array_equal(found[0].history.loss, found[1].history.loss)


def test_a_run_stops_at_its_running_loss(backend):
    whole = fit(line, DATA, START, epochs=9, backend=backend, **HOW)
    run = fit(line, DATA, START, epochs=9, stop_loss=float(whole.history.loss[4]), backend=backend, **HOW)
    assert (run.epochs, run.stopped_by) == (4, "loss")
    assert run.params == {name: whole.history[name][4] for name in START}


@pytest.mark.parametrize("record", [True, False])
@pytest.mark.parametrize("rate", [2.0, lambda step: 1e308 if step == 44 else 1e-5])
def test_a_run_that_diverges_keeps_the_last_finite_parameters(backend, rate, record):
    data = {**DATA, "y": 1000 * DATA["y"]}
    with pytest.raises(sg.DivergenceError) as caught:
        fit(line, data, START, epochs=3000, backend=backend, record=record, **{**HOW, "learning_rate": rate})
    error = caught.value
    assert np.isfinite(list(error.params.values())).all() and np.isfinite(error.history.loss).all()
    assert error.epoch == len(error.history) > 1
    if rate != 2.0:  # the last step of an epoch, after its losses
        assert error.epoch == 9


@pytest.mark.parametrize(
    ("data", "how", "message"),
    [
        (DATA, {"epoch_loss": "before"}, "epoch_loss='before' is unknown; use 'after'"),
        (DATA, {"epoch_loss": 1}, "epoch_loss=1 is unknown"),
        (DATA, {"stop_gradient": 0.1}, "stop_gradient needs the gradient over all samples after each epoch"),
        ([DATA], {"epoch_loss": "after", "batch": "full"}, "needs all samples at once, but the data comes in batches"),
    ],
)
def test_what_has_no_such_loss_is_refused(data, how, message):
    with pytest.raises(InputError, match=message):
        fit(line, data, START, epochs=1, **{**HOW, **how})


def test_processes_notice_that_they_were_told_another_loss():
    from symgrad.training.jax_processes import fingerprint

    given = task(line, 5)
    assert fingerprint(given) != fingerprint(dataclasses.replace(given, running=False))
