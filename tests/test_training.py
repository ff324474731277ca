"""Schedules, validation, callbacks, interruptions and streams of a fit."""

import gc
import math
import signal
import sys
import threading
import time

import numpy as np
import pytest

import symgrad as sg
from symgrad.errors import InputError
from symgrad.training import DivergenceError, fit
from symgrad.training.stream import on_disk


@sg.model
def line(x, y, w, b):
    yhat = w * x + b
    L = (yhat - y) ** 2 / 2
    return L


@sg.model
def plane(X: "n d", y: "n", W: "d", b):
    yhat = X @ W + b
    L = sg.mean((yhat - y) ** 2, axis="n") / 2
    return L


SMALL = {"x": [-1.0, 0.5, 2.0], "y": [0.0, 1.0, 3.0]}
START = {"w": 0.7, "b": 6}
RNG = np.random.default_rng(2)
X = RNG.normal(size=(40, 3))
DATA = {"X": X, "y": X @ [2.0, -1.0, 0.5] + 3 + 0.1 * RNG.normal(size=40)}
ZERO = {"W": np.zeros(3), "b": 0}


# --- learning rates ---------------------------------------------------------------------------------------


def test_a_schedule_gives_each_step_its_rate():
    # With a gradient of 1 a parameter moves by the rate.
    @sg.model
    def slope(x, y):
        f = x + 0 * y
        return f

    for schedule in (sg.schedules.cosine(1.0, steps=6), lambda step: 1 / (step + 1)):
        run = fit(slope, {"y": [0, 0, 0, 0]}, {"x": 0}, learning_rate=schedule, epochs=4, batch=2)
        steps = [schedule(step) for step in range(8)]
        np.testing.assert_allclose(run.history["x"], [0, *-np.cumsum(steps)[1::2]], atol=1e-15)


def test_schedules_are_those_of_pytorch():
    torch = pytest.importorskip("torch")
    lr = torch.optim.lr_scheduler
    pairs = [
        (sg.schedules.step(0.4, every=3, factor=0.5), lambda o: lr.StepLR(o, 3, 0.5)),
        (sg.schedules.exponential(0.4, factor=0.9), lambda o: lr.ExponentialLR(o, 0.9)),
        (sg.schedules.cosine(0.4, steps=10, lowest=0.1), lambda o: lr.CosineAnnealingLR(o, 10, 0.1)),
        (sg.schedules.warm_up(0.4, steps=5), lambda o: lr.LinearLR(o, 1 / 5, 1, 4)),
        (sg.schedules.constant(0.4), lambda o: lr.ConstantLR(o, 1)),
    ]
    for ours, theirs in pairs:
        optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.4)
        schedule = theirs(optimizer)
        for step in range(10):
            assert ours(step) == pytest.approx(optimizer.param_groups[0]["lr"]), ours
            optimizer.step()
            schedule.step()


def test_a_warm_up_goes_before_any_schedule():
    schedule = sg.schedules.warm_up(sg.schedules.cosine(1.0, steps=4), steps=2)
    assert [schedule(step) for step in range(4)] == [0.5, 1.0, 1.0, sg.schedules.cosine(1.0, steps=4)(1)]
    assert str(schedule) == "warm_up(cosine(1, steps=4), steps=2)"


def test_a_cosine_without_steps_spans_the_run():
    def run(schedule):
        return fit(plane, DATA, ZERO, learning_rate=schedule, epochs=5, batch=16).params["b"]

    assert run(sg.schedules.cosine(0.1)) == run(sg.schedules.cosine(0.1, steps=15))
    warm = sg.schedules.warm_up(sg.schedules.cosine(0.1), steps=4)
    assert run(warm) == run(sg.schedules.warm_up(sg.schedules.cosine(0.1, steps=11), steps=4))
    with pytest.raises(InputError, match="cosine needs its steps here"):
        fit(plane, parts(16), ZERO, learning_rate=sg.schedules.cosine(0.1), epochs=1)


def test_a_run_says_its_optimiser_and_its_schedule():
    run = fit(line, SMALL, START, learning_rate=sg.schedules.exponential(0.1, 0.9), epochs=2, optimizer="rmsprop")
    assert "in 2 epochs, rmsprop(decay=0.99, epsilon=1e-08), learning_rate=exponential(0.1, factor=0.9)" in repr(run)
    assert run.backend == "numpy" and run.engine


@pytest.mark.parametrize(
    ("rate", "message"),
    [
        (lambda step: -1.0, "the schedule gives -1.0 for step 0"),
        (lambda step: 0.1 if step < 3 else math.nan, "the schedule gives nan for step 3"),
        (lambda step: "0.1", "the schedule gives '0.1' for step 0"),
    ],
)
def test_a_schedules_bad_rate_is_quoted_with_its_step(rate, message):
    with pytest.raises(InputError, match=message):
        fit(line, SMALL, START, learning_rate=rate, epochs=9)


# --- the same run, whatever the time --------------------------------------------------------------------------


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize("batch", ["full", 2])
def test_a_seed_repeats_a_run_to_the_last_bit_however_its_epochs_are_cut(monkeypatch, optimizer, batch):
    def run():
        return fit(line, SMALL, START, learning_rate=0.1, epochs=50, batch=batch, shuffle=True, seed=7, **how)

    how = {"optimizer": optimizer}
    expected = run().history
    monkeypatch.setattr("symgrad.training.loop._RUN", 0.0)  # one epoch a time
    for part in (run().history, run().history):
        assert (part.loss == expected.loss).all() and (part["w"] == expected["w"]).all()


def test_a_run_without_a_seed_says_the_one_that_repeats_it():
    def run(seed):
        return fit(line, SMALL, START, learning_rate=0.1, epochs=5, batch=1, shuffle=True, seed=seed)

    first = run(None)
    assert run(first.seed).params == first.params


@pytest.mark.parametrize("record", [True, False])
@pytest.mark.parametrize("stop", [{"stop_loss": 0.5}, {"stop_gradient": 1e-3}])
def test_a_stop_leaves_the_parameters_of_its_epoch(record, stop):
    run = fit(line, SMALL, START, learning_rate=0.2, epochs=5000, optimizer="momentum", record=record, **stop)
    assert 5 < run.epochs < 5000
    again = fit(line, SMALL, START, learning_rate=0.2, epochs=run.epochs, optimizer="momentum")
    assert again.params == run.params and (again.history.loss == run.history.loss).all()


def test_a_history_without_parameters_says_how_to_keep_them():
    run = fit(line, SMALL, START, learning_rate=0.1, epochs=3, record=False)
    assert list(run.history.table()) == ["epoch", "loss"]
    with pytest.raises(KeyError, match="record=True keeps the parameters"):
        run.history["w"]


@pytest.mark.parametrize("record", [True, False])
def test_divergence_is_found_in_its_epoch_also_unrecorded(record):
    with pytest.raises(DivergenceError) as caught:
        fit(line, {"x": [147.0, 183], "y": [52.0, 75]}, START, learning_rate=0.01, epochs=10_000, record=record)
    error = caught.value
    assert all(map(math.isfinite, error.params.values()))
    assert error.epoch == len(error.history) == 63
    assert math.isfinite(error.history.loss[-1])


# --- validation -------------------------------------------------------------------------------------------


def test_early_stopping_keeps_the_best_parameters():
    # The validation data want b = 1, the training data b = 3: on the way there it is best in between.
    data, held = {"x": [0.0, 0.0], "y": [3.0, 3.0]}, {"x": [0.0], "y": [1.0]}
    run = fit(line, data, {"w": 0, "b": 0}, learning_rate=0.1, epochs=100, validation=held, patience=4)
    losses = run.history.validation
    assert run.stopped_by == "validation" and run.epochs == run.epoch + 4
    assert losses.argmin() == run.epoch == 4
    assert run.params["b"] == run.history["b"][run.epoch]
    assert run.loss == run.history.loss[run.epoch]
    np.testing.assert_allclose(losses, (run.history["b"] - 1) ** 2 / 2)
    assert "validation" in run.history.table() and "validation" in run._repr_html_()


def test_without_patience_the_validation_loss_is_only_shown():
    run = fit(line, SMALL, START, learning_rate=0.1, epochs=20, validation={"x": [5.0], "y": [0.0]})
    assert (run.stopped_by, run.epoch, len(run.history.validation)) == ("epochs", 20, 21)


def test_a_share_of_the_samples_is_held_back_and_repeats_with_the_seed():
    def run(**how):
        return fit(plane, DATA, ZERO, learning_rate=0.1, epochs=3, validation=0.25, **how)

    assert (run(seed=1).history.validation == run(seed=1).history.validation).all()
    assert (run(seed=1).history.validation != run(seed=2).history.validation).all()
    plain = fit(plane, DATA, ZERO, learning_rate=0.1, epochs=0).loss
    shares = run(seed=1).history
    assert 0.75 * shares.loss[0] + 0.25 * shares.validation[0] == pytest.approx(plain)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"patience": 3}, "patience=3 waits for the loss on validation data; give validation=0.2"),
        ({"validation": 0.01}, "validation=0.01 of 3 samples leaves none"),
        ({"validation": 1.5}, "validation=1.5 of 3 samples leaves none"),
        ({"validation": {"x": [1.0]}}, "y is neither in the data"),
        ({"callback": 3}, "callback=3 is not a function"),
        ({"callback": print, "callback_every": 0}, "callback_every=0 must be a whole number, 1 or above"),
    ],
)
def test_a_bad_setting_is_quoted(setting, message):
    with pytest.raises(InputError, match=message):
        fit(line, SMALL, START, learning_rate=0.1, epochs=1, **setting)


# --- callbacks and interruptions --------------------------------------------------------------------------


def test_a_callback_sees_every_so_many_epochs_and_may_stop_the_run():
    seen = []

    def callback(row):
        seen.append(row)
        return row.epoch >= 30

    run = fit(line, SMALL, START, learning_rate=0.1, epochs=100, callback=callback, callback_every=10)
    assert [row.epoch for row in seen] == [10, 20, 30]
    assert (run.stopped_by, run.epochs) == ("callback", 30)
    assert seen[-1] == run.history[30]


def test_ctrl_c_leaves_the_epochs_so_far():
    timer = threading.Timer(0.3, signal.raise_signal, [signal.SIGINT])
    began = time.monotonic()
    timer.start()
    run = fit(line, SMALL, START, learning_rate=1e-9, epochs=10**9, batch=1, record=True)
    assert time.monotonic() - began < 30
    assert run.stopped_by == "interrupted" and 0 < run.epochs < 10**9
    assert run.params == run.history[-1].params
    again = fit(line, SMALL, START, learning_rate=1e-9, epochs=run.epochs, batch=1)
    assert again.params == run.params


def test_a_ctrl_c_that_python_loses_ends_the_run_all_the_same(monkeypatch):
    lost = []
    monkeypatch.setattr(sys, "unraisablehook", lambda unraisable: lost.append(unraisable.exc_type))

    def press(phase, details):  # an exception in a callback of the garbage collector is only printed
        gc.callbacks.remove(press)
        signal.raise_signal(signal.SIGINT)

    def collect(row):
        if row.epoch == 5:
            gc.callbacks.append(press)
            gc.collect()

    run = fit(line, SMALL, START, learning_rate=1e-9, epochs=10**6, callback=collect)
    assert lost == [KeyboardInterrupt]
    assert run.stopped_by == "interrupted" and 5 <= run.epochs < 10**6


# --- streams ----------------------------------------------------------------------------------------------


def parts(size):
    return [{name: column[at : at + size] for name, column in DATA.items()} for at in range(0, 40, size)]


class Passes:
    """An object that can be iterated again, as a data loader is."""

    def __iter__(self):
        return iter(parts(16))


@pytest.mark.parametrize("data", [parts(16), Passes()])
def test_a_stream_takes_the_same_steps_as_batches(data):
    run = fit(plane, data, ZERO, learning_rate=0.1, epochs=5, optimizer="adam")
    expected = fit(plane, DATA, ZERO, learning_rate=0.1, epochs=5, batch=16, optimizer="adam")
    assert run.params["W"] == pytest.approx(expected.params["W"], rel=1e-12)
    assert run.batch == "stream" and len(run.history) == 6


def test_an_epochs_loss_of_a_stream_is_the_mean_before_each_step():
    run = fit(plane, parts(16), ZERO, learning_rate=0.1, epochs=1)
    params, total = {name: np.array(value, float) for name, value in ZERO.items()}, 0.0
    program = plane.compile(wrt=["W", "b"])
    for batch in parts(16):
        loss, gradients = program(**batch, **params)
        total += len(batch["y"]) * loss
        params = {name: value - 0.1 * gradients[name] for name, value in params.items()}
    assert run.loss == pytest.approx(total / 40)


def test_a_stream_that_diverges_ends_at_once_with_the_last_finite_epoch():
    taken = []

    class Counted:
        def __iter__(self):
            for batch in [{"x": [100.0, 120.0], "y": [1.0, 2.0]}] * 1000:
                taken.append(batch)
                yield batch

    with pytest.raises(DivergenceError, match="in epoch 1 of 5"):
        fit(line, Counted(), START, learning_rate=0.1, epochs=5)
    assert len(taken) < 200


def test_an_iterator_is_one_epoch():
    run = fit(plane, iter(parts(16)), ZERO, learning_rate=0.1, epochs=1)
    assert run.params["b"] == pytest.approx(fit(plane, parts(16), ZERO, learning_rate=0.1, epochs=1).params["b"])
    with pytest.raises(InputError, match="an iterator gives its batches once, but epochs=2"):
        fit(plane, iter(parts(16)), ZERO, learning_rate=0.1, epochs=2)


@pytest.mark.parametrize(
    ("data", "setting", "message"),
    [
        (iter([]), {}, "the iterable has no batches"),
        ([{"X": X[:2]}], {}, "y is neither in the data"),
        ([{"X": X[:2], "y": [1.0, math.nan]}], {}, r"y\[1\] is nan"),
        (parts(16), {"batch": 4}, "batch needs all samples at once"),
        (parts(16), {"shuffle": True}, "shuffle needs all samples at once"),
        (parts(16), {"validation": 0.5}, "validation=0.5 needs all samples"),
        (parts(16), {"optimizer": "lbfgs", "learning_rate": None}, "optimizer='lbfgs' needs all samples"),
    ],
)
def test_a_stream_that_cannot_be_used_is_named(data, setting, message):
    with pytest.raises(InputError, match=message):
        fit(plane, data, ZERO, **{"learning_rate": 0.1, "epochs": 1, **setting})


def test_arrays_on_disk_are_read_batch_by_batch(tmp_path):
    for name, column in DATA.items():
        np.save(tmp_path / f"{name}.npy", column)
    mapped = {name: np.load(tmp_path / f"{name}.npy", mmap_mode="r") for name in DATA}
    assert on_disk(mapped["X"]) and not on_disk(X)
    for how in ({}, {"shuffle": True, "seed": 4}):
        run = fit(plane, mapped, ZERO, learning_rate=0.1, epochs=4, batch=16, **how)
        expected = fit(plane, DATA, ZERO, learning_rate=0.1, epochs=4, batch=16, **how)
        assert run.params["W"] == pytest.approx(expected.params["W"], rel=1e-12)
    with pytest.raises(InputError, match="stop_gradient needs the gradient over all samples"):
        fit(plane, mapped, ZERO, learning_rate=0.1, epochs=4, batch=16, stop_gradient=1e-3)


def test_single_precision_stays_single():
    data = {name: column.astype(np.float32) for name, column in DATA.items()}
    run = fit(plane, data, {"W": np.zeros(3, np.float32), "b": 0}, learning_rate=0.1, epochs=50, optimizer="adam")
    assert run.params["W"].dtype == np.float32
    expected = fit(plane, DATA, ZERO, learning_rate=0.1, epochs=50, optimizer="adam")
    np.testing.assert_allclose(run.params["W"], expected.params["W"], rtol=1e-4)
