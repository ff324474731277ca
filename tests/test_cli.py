import csv
import subprocess
import sys

import pytest

from symgrad.cli import main

MODELS = """
import symgrad as sg

@sg.model
def line(height_cm, weight_kg, w, b):
    yhat = w * height_cm + b
    L = (yhat - weight_kg) ** 2 / 2
    return L

@sg.model
def network(x, y, w1, b1, w2, b2, f):
    z1 = w1 * x + b1
    o1 = f(z1)
    z2 = w2 * o1 + b2
    yhat = f(z2)
    L = (yhat - y) ** 2 / 2
    return L

def plain(x):
    return x
"""
DATA = "height_cm,weight_kg\n147.32,52.16\n177,88.2\n182.88,74.39\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "models.py").write_text(MODELS, encoding="utf-8")
    (tmp_path / "data.csv").write_text(DATA, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def claims(folder, text):
    (folder / "claims.py").write_text(text, encoding="utf-8")
    return main(["verify", "models.py:line", "claims.py"])


def test_the_public_names_are_there_without_numpy():
    code = "import sys, symgrad as sg; sg.derive, sg.sums_to_one, sg.Verdict; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0


def test_help_answers_without_sympy():
    code = "import sys; from symgrad.cli import main; main(['--help']); sys.exit('sympy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    for command in ("article", "bench", "derive", "train", "verify"):
        assert command in done.stdout


def test_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.strip() == "0.1.0"


@pytest.mark.parametrize(
    ("format", "mark"),
    [("latex", r"\frac{\partial"), ("markdown", "$$"), ("html", "<!doctype html>"), ("python", "dL_dw = ")],
)
def test_derive_prints_each_format(folder, capsys, format, mark):
    assert main(["derive", "models.py:line", "--wrt", "w,b", "--format", format]) == 0
    assert mark in capsys.readouterr().out


def test_wrt_may_be_repeated_or_listed(folder, capsys):
    main(["derive", "models.py:line", "--wrt", "w", "--wrt", "b", "--format", "latex"])
    first = capsys.readouterr().out
    main(["derive", "models.py:line", "--wrt", "w,b", "--format", "latex"])
    assert capsys.readouterr().out == first


def test_train_prints_the_epochs_and_keeps_the_history(folder, capsys):
    command = "train models.py:line --data data.csv --param w=0.7,b=6 --learning-rate 0.00005 --epochs 3"
    assert main([*command.split(), "--out", "history.csv"]) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[0].split() == ["epoch", "loss", "w", "b"]
    with (folder / "history.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["epoch"] for row in rows] == ["0", "1", "2", "3"]
    assert float(rows[3]["loss"]) < float(rows[0]["loss"])


def test_a_seed_repeats_a_shuffled_run(folder, capsys):
    command = "train models.py:line --data data.csv --param w=0.7,b=6 --learning-rate 0.00001 --batch sample"
    outs = []
    for _ in range(2):
        assert main([*command.split(), "--epochs", "2", "--seed", "1"]) == 0
        outs.append(capsys.readouterr().out)
    assert outs[0] == outs[1]


def test_train_takes_an_optimiser_and_a_schedule_and_resumes(folder, capsys):
    command = (
        "train models.py:line --data data.csv --param w=0.7,b=6 --optimizer adam --learning-rate 0.1 --schedule cosine "
        "--warm-up 2 --batch 2 --seed 1 --validation 0.4 --patience 50 --weight-decay 0.01 --clip-norm 5 "
        "--epochs 9 --out"
    )
    assert main([*command.split(), "whole.csv"]) == 0
    assert capsys.readouterr().out.splitlines()[0].split() == ["epoch", "loss", "validation", "w", "b"]
    kept = [*command.split(), "parts.csv", "--checkpoint", "run.safetensors"]
    assert main(kept) == 0
    assert main([*kept, "--resume"]) == 0
    assert (folder / "whole.csv").read_text() == (folder / "parts.csv").read_text()


def test_train_by_a_line_search_needs_no_learning_rate(folder, capsys):
    command = "train models.py:line --data data.csv --param w=0.7,b=6 --optimizer"
    assert main([*command.split(), "lbfgs"]) == 0
    assert "no step improves the loss any more" in capsys.readouterr().out


def test_right_claims_exit_0(folder, capsys):
    text = "def dL_dw(height_cm, yhat, weight_kg):\n    return (yhat - weight_kg) * height_cm\n"
    assert claims(folder, text) == 0
    assert "proved" in capsys.readouterr().out


def test_a_refuted_claim_exits_1_and_says_why(folder, capsys):
    text = "def w(height_cm, yhat, weight_kg):\n    return (weight_kg - yhat) * height_cm\n"
    assert claims(folder, text) == 1
    assert "sign" in capsys.readouterr().out


def test_a_claim_about_nothing_in_the_model_exits_2_and_names_it(folder, capsys):
    assert claims(folder, "def dL_dq(height_cm):\n    return height_cm\n") == 2
    assert "claims.py: dL_dq" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("derive nowhere.py:line", ["nowhere.py"]),
        ("derive model.py:line", ["model.py", "did you mean models.py"]),
        ("derive models.py", ["FILE.py:MODEL", "models.py"]),
        ("derive models.py:lime", ["lime", "did you mean line", "network"]),
        ("derive models.py:plain", ["plain", "function", "@sg.model"]),
        ("derive models.py:line --wrt v", ["v"]),
        ("derive models.py:line --format pdf", ["pdf", "latex"]),
        ("derive models.py:network --format python", ["f", "bind"]),
        ("derive broken.py:m", ["broken.py", "line 1"]),
        ("derive raises.py:m", ["raises.py, line 2", "ZeroDivisionError"]),
        ("train models.py:line --data no.csv --param w=1 --learning-rate 1", ["no.csv"]),
        ("train models.py:line --data data.csv --param w --learning-rate 1", ["--param w", "w=0.7"]),
        ("train models.py:line --data data.csv --param w=1 --learning-rate 1", ["b"]),
        (
            "train models.py:line --data data.csv --param w=1,b=1 --learning-rate 9 --epochs 999",
            ["epoch", "Try"],
        ),
        ("train models.py:line --data data.csv --param w=1,b=1", ["learning_rate is missing"]),
        ("train models.py:line --data data.csv --param w=1,b=1 --schedule cosine", ["--learning-rate"]),
        ("train models.py:line --data data.csv --param w=1,b=1 --validation no.csv --learning-rate 1", ["no.csv"]),
        ("verify models.py:line empty.py", ["empty.py", "def "]),
        ("dervie models.py:line", ["dervie", "derive"]),
    ],
)
def test_unusable_input_is_one_line_that_quotes_it_and_exits_2(folder, capsys, command, words):
    (folder / "broken.py").write_text("def (:\n", encoding="utf-8")
    (folder / "raises.py").write_text("zero = 0\n1 / zero\n", encoding="utf-8")
    (folder / "empty.py").write_text("", encoding="utf-8")
    assert main(command.split()) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert all(word in err for word in words), err
