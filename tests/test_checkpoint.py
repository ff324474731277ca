"""A run goes on from its checkpoint as if it had never stopped: to the last bit, also after a kill at any moment."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import symgrad as sg
from symgrad.errors import InputError
from symgrad.training import fit
from symgrad.training.safetensors_file import read, write


@sg.model
def network(X: "n d", y: "n", W: "d h", v: "h", c):
    A = sg.tanh(X @ W)
    yhat = A @ v + c
    L = sg.mean((yhat - y) ** 2, axis="n") / 2
    return L


RNG = np.random.default_rng(8)
DATA = {"X": RNG.normal(size=(30, 3)), "y": RNG.normal(size=30)}
START = {"W": RNG.normal(size=(3, 4)), "v": RNG.normal(size=4), "c": 0.1}
HOW = {"learning_rate": 0.02, "batch": 7, "shuffle": True, "seed": 3}


def assert_same(run, other):
    assert (run.epochs, run.epoch, run.stopped_by) == (other.epochs, other.epoch, other.stopped_by)
    for name in START:
        assert np.array_equal(run.params[name], other.params[name])
        assert np.array_equal(run.history[name], other.history[name])
    assert np.array_equal(run.history.loss, other.history.loss)
    if run.history.validation is not None:
        assert np.array_equal(run.history.validation, other.history.validation)


@pytest.mark.parametrize(
    "how",
    [
        {"optimizer": "sgd"},
        {"optimizer": "momentum"},
        {"optimizer": "adam", "epoch_loss": "running"},
        {"optimizer": "adam", "learning_rate": sg.schedules.cosine(0.05, steps=200)},
        {"optimizer": "rmsprop", "validation": 0.3, "patience": 20, "weight_decay": 0.01},
        {"optimizer": "adamw", "batch": "full", "shuffle": False},
        {"optimizer": "lbfgs", "batch": "full", "learning_rate": None, "shuffle": False},
        {"optimizer": "newton", "batch": "full", "learning_rate": None, "shuffle": False},
    ],
)
def test_a_run_in_two_parts_is_the_run_in_one(tmp_path, how):
    file = tmp_path / "run.safetensors"
    whole = fit(network, DATA, START, epochs=12, **{**HOW, **how})
    fit(network, DATA, START, epochs=5, checkpoint=file, **{**HOW, **how})
    assert_same(fit(network, DATA, START, epochs=12, checkpoint=file, resume=True, **{**HOW, **how}), whole)
    # Once more: there is nothing left to do.
    assert_same(fit(network, DATA, START, epochs=12, checkpoint=file, resume=True, **{**HOW, **how}), whole)


def test_a_stop_is_a_place_to_go_on_from(tmp_path):
    file = tmp_path / "run.safetensors"
    whole = fit(network, DATA, START, epochs=60, **HOW)
    half = float(whole.history.loss[30:].max())
    stopped = fit(network, DATA, START, epochs=60, stop_loss=half, checkpoint=file, **HOW)
    assert stopped.stopped_by == "loss" and stopped.epochs < 60
    assert_same(fit(network, DATA, START, epochs=60, checkpoint=file, resume=True, **HOW), whole)


def test_a_run_without_a_seed_goes_on_with_its_own(tmp_path):
    how = {**HOW, "seed": None, "checkpoint": tmp_path / "run.safetensors"}
    first = fit(network, DATA, START, epochs=3, **how)
    second = fit(network, DATA, START, epochs=8, resume=True, **how)
    assert_same(second, fit(network, DATA, START, epochs=8, **{**HOW, "seed": first.seed}))


SCRIPT = """
import sys
sys.path.insert(0, {tests!r})
from test_checkpoint import DATA, HOW, START, fit, network
fit(network, DATA, START, epochs=2000, optimizer="adam", checkpoint={file!r}, checkpoint_every=1, resume=True, **HOW)
"""


def test_a_killed_process_resumes_to_the_last_bit(tmp_path):
    file = tmp_path / "run.safetensors"
    script = SCRIPT.format(tests=str(Path(__file__).parent), file=str(file))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    dice, kills = random.Random(1), 0
    for _ in range(3):
        process = subprocess.Popen([sys.executable, "-c", script], env=environment)
        seen = file.stat().st_mtime_ns if file.exists() else 0
        while process.poll() is None and (not file.exists() or file.stat().st_mtime_ns == seen):
            time.sleep(0.001)  # it hasn't begun
        time.sleep(0.3 * dice.random())
        process.send_signal(signal.SIGKILL)
        kills += process.wait() == -signal.SIGKILL
    assert kills > 0
    rest = fit(network, DATA, START, epochs=2000, optimizer="adam", checkpoint=file, resume=True, **HOW)
    assert_same(rest, fit(network, DATA, START, epochs=2000, optimizer="adam", **HOW))


def test_an_interrupted_run_is_on_disk(tmp_path):
    def interrupt(row):
        if row.epoch == 4:
            signal.raise_signal(signal.SIGINT)

    file = tmp_path / "run.safetensors"
    run = fit(network, DATA, START, epochs=9, checkpoint=file, callback=interrupt, **HOW)
    assert (run.stopped_by, run.epochs) == ("interrupted", 4)
    assert_same(
        fit(network, DATA, START, epochs=9, checkpoint=file, resume=True, **HOW),
        fit(network, DATA, START, epochs=9, **HOW),
    )


# --- the file ---------------------------------------------------------------------------------------------


def test_a_checkpoint_is_a_safetensors_file(tmp_path):
    theirs = pytest.importorskip("safetensors.numpy")
    file = tmp_path / "run.safetensors"
    run = fit(network, DATA, START, epochs=3, optimizer="adam", checkpoint=file, **HOW)
    arrays = theirs.load_file(file)
    assert np.array_equal(arrays["params.W"], run.params["W"])
    assert np.array_equal(arrays["history.loss"], run.history.loss)
    assert arrays["slots.v.W"].shape == (3, 4) and arrays["params.c"].shape == ()
    theirs.save_file(arrays, tmp_path / "theirs.safetensors", {"symgrad": "a note"})
    ours, note = read(tmp_path / "theirs.safetensors")
    assert note == "a note" and all(np.array_equal(ours[name], arrays[name]) for name in arrays)


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    file = tmp_path / "a.safetensors"
    write(file, {"x": np.arange(3.0)}, "first")

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(InputError, match="can't be written: No space left on device"):
        write(file, {"x": np.arange(9.0)}, "second")
    assert read(file)[1] == "first"


def checkpoint_of(tmp_path):
    file = tmp_path / "run.safetensors"
    fit(network, DATA, START, epochs=2, checkpoint=file, **HOW)
    return file


def resumed(file, **changed):
    model, data, start = (
        changed.pop(key, value) for key, value in (("model", network), ("data", DATA), ("start", START))
    )
    return fit(model, data, start, **{"epochs": 4, "checkpoint": file, "resume": True, **HOW, **changed})


@sg.model
def other(X: "n d", y: "n", W: "d h", v: "h", c):
    yhat = X @ W @ v + c
    L = sg.mean((yhat - y) ** 2, axis="n") / 2
    return L


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"model": other}, r"another run, with another model: A\[i, j\] = .* there, yhat\[i\] = .* here"),
        ({"batch": 5}, "another batch: 7 there, 5 here"),
        ({"seed": 4}, "another seed: 3 there, 4 here"),
        ({"optimizer": "adam"}, "another optimizer: name sgd there, name adam here"),
        ({"weight_decay": 0.1}, "another optimizer: weight_decay 0.0 there, weight_decay 0.1 here"),
        (
            {"start": {**START, "W": np.zeros((3, 5)), "v": np.zeros(5)}},
            r"another start values: W float64\[3, 4\] there, W float64\[3, 5\] here",
        ),
        ({"data": {**DATA, "y": DATA["y"] + 1}}, "another data: y float64"),
        ({"epoch_loss": "running"}, "another epoch_loss: after there, running here"),
        ({"resume": False}, "is there already; resume=True goes on from it"),
    ],
)
def test_a_checkpoint_of_another_run_is_refused(tmp_path, changed, message):
    with pytest.raises(InputError, match=message):
        resumed(checkpoint_of(tmp_path), **changed)


@pytest.mark.parametrize("bytes_left", [0, 5, 100, -1, -100])
def test_a_truncated_checkpoint_is_refused(tmp_path, bytes_left):
    file = checkpoint_of(tmp_path)
    file.write_bytes(file.read_bytes()[:bytes_left])
    with pytest.raises(InputError, match=r"not a checkpoint|is cut off"):
        resumed(file)


def test_a_file_that_is_no_checkpoint_is_refused(tmp_path):
    file = tmp_path / "run.safetensors"
    for content in (b"x,y\n1,2\n" * 9, (2).to_bytes(8, "little") + b"[]", (2).to_bytes(8, "little") + b"{}"):
        file.write_bytes(content)
        with pytest.raises(InputError, match="not a checkpoint"):
            resumed(file)
    header = json.dumps({"__metadata__": {"symgrad": json.dumps({"format": 99})}}).encode()
    file.write_bytes(len(header).to_bytes(8, "little") + header)
    with pytest.raises(InputError, match="in format 99; this version reads 2"):
        resumed(file)


def test_a_checkpoint_needs_its_file_and_its_folder(tmp_path):
    with pytest.raises(InputError, match="resume=True needs the file of the checkpoint"):
        fit(network, DATA, START, epochs=1, resume=True, **HOW)
    with pytest.raises(InputError, match="can't be written: No such file or directory"):
        fit(network, DATA, START, epochs=1, checkpoint=tmp_path / "none" / "run.safetensors", **HOW)
