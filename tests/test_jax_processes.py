"""symgrad train --processes: two processes on this machine end where one does, and a process that dies is noticed."""

import contextlib
import random
import socket
import subprocess
import sys
import threading

import numpy as np
import pytest

from symgrad.cli import main
from symgrad.training.links import Link, Lost

PATIENCE = 900  # seconds: how slow a machine may be
MODEL = """
import os
import threading
import time

import symgrad as sg


@sg.model
def neuron(x, y, w, b):
    z = w*x + b
    a = sg.sigmoid(z)
    L = (a - y)**2
    return L


def die_once_there_is_a_checkpoint():
    while not os.path.exists("run.checkpoint"):
        time.sleep(0.02)
    os._exit(9)


if os.environ.get("SYMGRAD_PROCESS_ID") == os.environ.get("DIES", "nobody"):
    threading.Thread(target=die_once_there_is_a_checkpoint, daemon=True).start()
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.py").write_text(MODEL, encoding="utf-8")
    x = np.random.default_rng(0).normal(size=53)
    rows = "\n".join(f"{value!r},{float(value > 0.3)}" for value in x.tolist())
    (tmp_path / "data.csv").write_text(f"x,y\n{rows}\n", encoding="utf-8")
    return tmp_path


def command(*options):
    given = "train net.py:neuron --data data.csv --param w=0.2,b=0 --learning-rate 0.02 --seed 3 --batch 10 "
    text = "import sys; from symgrad.cli import main; sys.exit(main())"
    return [sys.executable, "-c", text, *given.split(), "--backend", "jax", *options]


def free_port():
    """A port that nothing listens at, below those that a system gives to whoever asks for any."""
    while True:
        port = random.SystemRandom().randrange(20000, 30000)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


def train(*options):
    return subprocess.run(command(*options), capture_output=True, text=True, timeout=PATIENCE)


def table(path):
    return np.loadtxt(path, delimiter=",", skiprows=1)


@pytest.mark.parametrize("loss", ["after", "running"])
def test_two_processes_end_where_one_does_and_write_nothing_but_the_table(folder, loss):
    pytest.importorskip("jax")
    options = ("--epochs", "4", "--optimizer", "adam", "--epoch-loss", loss)
    one = train(*options, "--out", "history.csv")
    expected = table("history.csv")
    two = train(*options, "--processes", "2", "--out", "history.csv")
    assert (one.returncode, two.returncode, two.stderr) == (0, 0, "")
    np.testing.assert_allclose(table("history.csv"), expected, 1e-12, 1e-12)
    assert two.stdout == one.stdout


@pytest.mark.parametrize("dies", ["0", "1"])
def test_a_process_that_dies_ends_the_run_which_goes_on_from_its_checkpoint(folder, dies, monkeypatch):
    pytest.importorskip("jax")
    options = ("--epochs", "20000", "--checkpoint", "run.checkpoint", "--out", "history.csv")
    monkeypatch.setenv("DIES", dies)
    died = train(*options, "--processes", "2")
    monkeypatch.delenv("DIES")
    assert died.returncode != 0 and not (folder / "history.csv").exists()
    again = "where the run has a checkpoint, start it again with --resume" if dies == "0" else "with --resume"
    who = f"symgrad: process {dies} {'ended with status 9' if dies == '0' else 'of 2 has ended'}"
    assert died.stderr.startswith(who) and died.stderr.endswith(f"{again}\n") and died.stderr.count("\n") == 1
    resumed = train(*options, "--resume")
    assert resumed.returncode == 0, resumed.stderr
    found = table("history.csv")
    (folder / "run.checkpoint").unlink()
    assert train(*options).returncode == 0
    np.testing.assert_allclose(found, table("history.csv"), 1e-12, 1e-12)


def test_processes_with_a_coordinator_are_started_one_by_one(folder):
    pytest.importorskip("jax")
    options = ("--epochs", "2", "--processes", "2", "--coordinator", f"127.0.0.1:{free_port()}", "--process-id")
    other = subprocess.Popen(command(*options, "1"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        leader = train(*options, "0")
        said = other.communicate(timeout=PATIENCE)
    finally:
        other.kill()
    assert (leader.returncode, other.returncode) == (0, 0), leader.stderr + said[1]
    assert "all epochs were run" in leader.stdout and said[0] == ""


def test_processes_with_other_data_are_refused(folder):
    pytest.importorskip("jax")
    drawn = command("--epochs", "2", "--processes", "2", "--validation", "0.2")
    at = drawn.index("--seed")
    ran = subprocess.run([*drawn[:at], *drawn[at + 2 :]], capture_output=True, text=True, timeout=PATIENCE)
    assert ran.returncode == 2
    assert ran.stderr.startswith("symgrad: process 1 of 2: it has another model, other data or other settings")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--processes 2", "--processes needs --backend jax; numpy runs in one process"),
        ("--processes 0", "--processes 0: say how many processes share the run, 2 or more"),
        ("--processes 2 --process-id 1", "--coordinator HOST:PORT and --process-id go together"),
        ("--processes 2 --coordinator h:1 --process-id 2", "--process-id 2: the 2 processes are 0 to 1"),
        ("--processes 2 --coordinator h --process-id 1", "'h' is no address; expected HOST:PORT"),
        (
            "--coordinator h:1 --process-id 1",
            "--coordinator and --process-id need --processes, the number of all processes",
        ),
    ],
)
def test_options_that_do_not_fit_together_are_refused(options, message, capsys):
    backend = "" if options == "--processes 2" else "--backend jax"
    given = f"train net.py:neuron --data data.csv --param w=1 --learning-rate 1 {backend} {options}"
    assert main(given.split()) == 2
    assert message in capsys.readouterr().err


def linked():
    with socket.create_server(("127.0.0.1", 0)) as server:
        near = socket.create_connection(server.getsockname())
        return near, server.accept()[0]


def test_a_message_arrives_as_it_was_sent():
    near, far = linked()
    here, there = Link(near), Link(far)
    sent = {"a": np.arange(6.0).reshape(2, 3).T, "b": np.array(2, np.float32), "none": np.zeros((0, 3), np.int64)}
    here.tell("run", sent, mark="x", rate=0.1)
    message = there.hear(PATIENCE)
    assert (message.what, message.fields) == ("run", {"mark": "x", "rate": 0.1})
    for name, array in sent.items():
        assert message.arrays[name].dtype == array.dtype and message.arrays[name].shape == array.shape
        assert np.array_equal(message.arrays[name], array)
    near.close()


def test_the_death_of_the_other_end_is_noticed_while_a_message_is_waited_for():
    near, far = linked()
    here = Link(near)
    threading.Timer(0.1, far.close).start()
    with pytest.raises(Lost, match="the connection is closed"):
        here.hear()
    assert here.lost.is_set()
    near.close()


@pytest.mark.parametrize("noise", [b"GET / HTTP/1.1\r\n\r\n", b"\0" * 7 + b"\x05" + b"null!", b"\0" * 8])
def test_what_is_no_message_of_ours_ends_the_link(noise):
    near, far = linked()
    here = Link(near)
    far.sendall(noise)
    with pytest.raises(Lost):
        here.hear(PATIENCE)
    far.close()
    near.close()
