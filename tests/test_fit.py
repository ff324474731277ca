"""Gradient descent and ascent against closed forms, exact recurrences and an independent autodiff."""

import csv
import io
import math
from types import SimpleNamespace

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad
from hypothesis import given, settings
from hypothesis import strategies as st

import symgrad as sg
from symgrad.errors import InputError, SymgradError
from symgrad.training import DivergenceError, History, Run, fit
from symgrad.training.progress import progress_bar


@sg.model
def parabola(x):
    f = -(x**2)
    return f


@sg.model
def line(x, y, w, b):
    yhat = w * x + b
    L = (yhat - y) ** 2 / 2
    return L


@sg.model
def network(x, y, w1, b1, w2, b2):
    o1 = sg.tanh(w1 * x + b1)
    yhat = sg.tanh(w2 * o1 + b2)
    L = (yhat - y) ** 2 / 2
    return L


HEIGHTS = {"x": [147.0, 160, 177, 183], "y": [52.0, 59, 88.2, 75]}
SMALL = {"x": [-1.0, 0.5, 2.0], "y": [0.0, 1.0, 3.0]}
START = {"w": 0.7, "b": 6}
DEEP = {"w1": 0.4, "b1": -0.1, "w2": 0.9, "b2": 0.2}


def test_ascent_of_the_article_oscillates_or_climbs_with_the_learning_rate():
    def climb(rate):
        return fit(parabola, None, {"x": -4}, learning_rate=rate, epochs=2, maximize=True).history

    assert climb(1)["x"].tolist() == [-4, 4, -4]
    assert climb(0.1)["x"] == pytest.approx([-4, -3.2, -2.56])
    assert climb(0.1)["loss"] == pytest.approx([-16, -10.24, -6.5536])
    assert climb(0.01)["x"] == pytest.approx([-4, -3.92, -3.8416])


def test_one_step_of_the_article():
    run = fit(line, {"x": 177, "y": 88.2}, START, learning_rate=0.00005, epochs=1)
    assert run.params == pytest.approx({"w": 0.330955, "b": 5.997915})
    assert run.history["loss"] == pytest.approx([869.445, 279.0], abs=0.05)


@settings(deadline=None)
@given(st.floats(-100, 100), st.floats(1e-3, 0.999), st.integers(0, 30))
def test_a_parabola_shrinks_by_a_constant_factor(x, rate, epochs):
    run = fit(parabola, {}, {"x": x}, learning_rate=rate, epochs=epochs, maximize=True)
    expected = x * (1 - 2 * rate) ** np.arange(epochs + 1)
    np.testing.assert_allclose(run.history["x"], expected, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(run.history["loss"], -(expected**2), rtol=1e-11, atol=1e-12)


numbers = st.floats(-3, 3).map(lambda value: round(value, 3))


@settings(deadline=None)
@given(st.lists(st.tuples(numbers, numbers), min_size=2, max_size=8, unique_by=lambda point: point[0]))
def test_descent_follows_the_closed_form_of_least_squares(points):
    # The error from the least-squares solution is multiplied by (I - rate*H) each epoch.
    x, y = np.array(points).T
    design = np.stack([x, np.ones_like(x)], axis=1)
    hessian = design.T @ design / len(x)
    best = np.linalg.lstsq(design, y, rcond=None)[0]
    run = fit(line, {"x": x, "y": y}, {"w": 0, "b": 0}, learning_rate=0.1, epochs=40)
    expected = best + np.linalg.matrix_power(np.eye(2) - 0.1 * hessian, 40) @ (0 - best)
    np.testing.assert_allclose([run.params["w"], run.params["b"]], expected, rtol=1e-6, atol=1e-6)


def test_descent_ends_at_least_squares():
    run = fit(line, SMALL, {"w": 0, "b": 0}, learning_rate=0.4, epochs=10_000, stop_gradient=1e-13)
    assert [run.params["w"], run.params["b"]] == pytest.approx(np.polyfit(SMALL["x"], SMALL["y"], 1))
    assert run.stopped_by == "gradient"


def autograd_cost(params, x, y):
    o1 = anp.tanh(params[0] * x + params[1])
    return anp.mean((anp.tanh(params[2] * o1 + params[3]) - y) ** 2) / 2


@pytest.mark.parametrize(("batch", "size"), [("full", 5), ("sample", 1), (2, 2), (7, 5)])
def test_every_batch_size_agrees_with_autograd(batch, size):
    x, y = np.linspace(-2, 2, 5), np.array([0.1, -0.3, 0.6, 0.2, 0.9])
    params, losses = np.array(list(DEEP.values())), []
    for _ in range(20):
        losses.append(autograd_cost(params, x, y))
        for at in range(0, 5, size):
            params = params - 0.3 * grad(autograd_cost)(params, x[at : at + size], y[at : at + size])
    run = fit(network, {"x": x, "y": y}, DEEP, learning_rate=0.3, epochs=20, batch=batch)
    np.testing.assert_allclose(list(run.params.values()), params, rtol=1e-12)
    np.testing.assert_allclose(run.history["loss"][:-1], losses, rtol=1e-12)


def test_the_loss_of_an_epoch_belongs_to_its_parameters():
    run = fit(line, SMALL, START, learning_rate=0.1, epochs=3, batch="sample")
    for row in run.history:
        expected = np.mean(line(**{k: np.array(v) for k, v in SMALL.items()}, **row.params))
        assert row.loss == pytest.approx(expected)


def test_shuffling_uses_each_sample_once_and_repeats_with_its_seed():
    def shuffled(seed, batch):
        return fit(line, SMALL, START, learning_rate=0.1, epochs=5, batch=batch, shuffle=True, seed=seed)

    for batch in ("sample", 2):
        assert shuffled(3, batch).params == shuffled(3, batch).params
        assert shuffled(3, batch).params != shuffled(4, batch).params
    # With y = b and a tiny rate, an epoch's sum of steps shows every sample exactly once.
    run = fit(line, SMALL, {"w": 0, "b": 0}, learning_rate=1e-9, epochs=1, batch=1, shuffle=True, seed=0)
    assert run.params["b"] == pytest.approx(1e-9 * sum(SMALL["y"]), rel=1e-6)


def test_start_values_and_data_are_left_alone():
    x, start = np.array([1.0, 2.0]), dict(START)
    fit(line, {"x": x, "y": x}, start, learning_rate=0.1, epochs=3, batch="sample", shuffle=True)
    assert start == START
    assert x.tolist() == [1, 2]


def test_a_number_in_the_data_is_the_same_for_every_sample():
    run = fit(line, {"x": [1.0, 2.0, 3.0], "y": 2}, START, learning_rate=0.1, epochs=4, batch=2)
    same = fit(line, {"x": [1.0, 2.0, 3.0], "y": [2, 2, 2]}, START, learning_rate=0.1, epochs=4, batch=2)
    assert run.params == pytest.approx(same.params)


def test_an_input_left_out_of_both_takes_its_default():
    @sg.model
    def ridge(x, w, strength=0.5):
        L = (w * x - 1) ** 2 + strength * w**2
        return L

    run = fit(ridge, {"x": [1.0]}, {"w": 0}, learning_rate=0.1, epochs=500)
    assert run.params["w"] == pytest.approx(1 / 1.5)


def test_parameters_with_axes_train_like_numbers():
    @sg.model
    def plane(X: "n d", y: "n", W: "d", b):
        yhat = X @ W + b
        L = ((yhat - y) ** 2).mean() / 2
        return L

    X = np.random.default_rng(0).normal(size=(30, 2))
    data = {"X": X, "y": X @ [2.0, -1.0] + 3}
    for batch in ("full", 10):
        run = fit(plane, data, {"W": np.zeros(2), "b": 0}, learning_rate=0.3, epochs=500, batch=batch)
        np.testing.assert_allclose(run.params["W"], [2, -1])
        assert run.history["W"].shape == (501, 2)
        assert "array(2,)" in repr(run)
    with pytest.raises(SymgradError, match="axis d is 3 in W"):
        fit(plane, data, {"W": np.zeros(3), "b": 0}, learning_rate=0.3, epochs=1)


# --- stopping ---------------------------------------------------------------------------------------------


def test_a_run_says_why_it_stopped():
    def run(**stop):
        return fit(line, SMALL, START, learning_rate=0.2, epochs=1000, **stop)

    assert (run().stopped_by, run().epochs) == ("epochs", 1000)
    by_loss, by_gradient = run(stop_loss=0.5), run(stop_gradient=1e-3)
    assert by_loss.stopped_by == "loss"
    assert by_loss.history["loss"][-1] <= 0.5 < by_loss.history["loss"][-2]
    assert by_gradient.stopped_by == "gradient"
    assert "stop_gradient" in repr(by_gradient)


def test_stop_loss_is_a_lower_bound_when_maximizing():
    run = fit(parabola, None, {"x": -4}, learning_rate=0.1, epochs=99, maximize=True, stop_loss=-7)
    assert (run.stopped_by, run.epochs) == ("loss", 2)


def test_a_start_that_is_good_enough_takes_no_step():
    run = fit(parabola, None, {"x": 0}, learning_rate=1, epochs=9, maximize=True, stop_gradient=0)
    assert (run.epochs, run.params, run.stopped_by) == (0, {"x": 0}, "gradient")


def test_no_epochs_returns_the_start():
    run = fit(line, SMALL, START, learning_rate=1, epochs=0)
    assert run.params == START
    assert len(run.history) == 1


# --- run and history --------------------------------------------------------------------------------------


def test_a_history_has_rows_columns_and_a_table():
    history = fit(parabola, None, {"x": -4}, learning_rate=0.1, epochs=3, maximize=True).history
    assert history[0] == (0, -16.0, {"x": -4.0})
    assert history[-1].epoch == 3
    assert [row.epoch for row in history] == history["epoch"].tolist() == [0, 1, 2, 3]
    assert [row.epoch for row in history[1:3]] == [1, 2]
    assert list(history.table()) == ["epoch", "loss", "x"]
    with pytest.raises(KeyError, match="it has epoch, loss, x"):
        history["y"]


def test_a_run_is_frozen_and_shows_itself():
    run = fit(line, HEIGHTS, START, learning_rate=1e-5, epochs=30)
    assert isinstance(run, Run)
    assert isinstance(run.history, History)
    with pytest.raises(AttributeError):
        run.params = {}
    assert "line: loss" in repr(run)
    assert "30 epochs" in repr(run)
    page = run._repr_html_()
    assert page.count("<tr>") == 13  # the header, six rows, dots, five rows
    assert "<Run" not in page
    assert all(type(value) is float for value in run.params.values())


# --- divergence -------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("batch", ["full", "sample", 3])
def test_divergence_keeps_the_last_finite_state_and_gives_a_rate_that_works(batch):
    with pytest.raises(DivergenceError) as caught:
        fit(line, HEIGHTS, START, learning_rate=0.01, epochs=1000, batch=batch)
    error = caught.value
    assert isinstance(error, SymgradError)
    assert error.learning_rate == 0.01
    assert error.epoch == len(error.history)
    assert error.params == error.history[-1].params
    assert all(map(math.isfinite, error.params.values()))
    for part in (f"epoch {error.epoch} of 1000", "learning_rate=0.01", "w = ", "x reaches 183"):
        assert part in str(error)
    assert f"learning_rate={error.suggestion:g}" in str(error)
    again = fit(line, HEIGHTS, START, learning_rate=error.suggestion, epochs=100, batch=batch)
    assert again.loss < again.history[0].loss


def test_the_suggested_rate_is_of_the_scale_of_the_curvature():
    with pytest.raises(DivergenceError) as caught:
        fit(line, {"x": [100.0], "y": [1]}, START, learning_rate=1, epochs=1000)
    assert caught.value.suggestion == 1e-4


def test_an_optimum_at_infinity_is_pointed_out():
    with pytest.raises(DivergenceError, match="check that the loss has a minimum"):
        fit(parabola, None, {"x": 1}, learning_rate=0.3, epochs=10_000)


def test_a_parameter_may_leave_the_finite_while_the_loss_stays():
    @sg.model
    def bounded(x):
        f = sg.arctan(2 * x)
        return f

    with pytest.raises(DivergenceError, match="x became -inf in epoch 1"):
        fit(bounded, None, {"x": 0}, learning_rate=1.7e308, epochs=5)


def test_a_root_of_a_negative_number_is_no_complex_loss():
    @sg.model
    def root(x, w):
        L = (w + x) ** 1.5
        return L

    with pytest.raises(DivergenceError, match="in epoch 1 of 9"):
        fit(root, {"x": [1.0, 2.0]}, {"w": 0}, learning_rate=5, epochs=9, batch="sample")
    with pytest.raises(DivergenceError, match="at the start values"):
        fit(root, {"x": -8}, {"w": 0}, learning_rate=5, epochs=9)


def test_a_start_outside_the_domain_is_no_matter_of_learning_rate():
    @sg.model
    def logarithm(w):
        L = sg.log(w)
        return L

    with pytest.raises(DivergenceError, match=r"at the start values w = -1, before any step") as caught:
        fit(logarithm, None, {"w": -1}, learning_rate=0.1, epochs=5)
    assert (caught.value.epoch, caught.value.suggestion, caught.value.params) == (0, None, {"w": -1.0})
    assert repr(caught.value.history) == "<History: no epochs>"


# --- what can't be used -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"learning_rate": 0}, "learning_rate=0 must be above 0"),
        ({"learning_rate": -0.1}, "maximize=True"),
        ({"learning_rate": "0.1"}, "learning_rate='0.1' is not a finite number"),
        ({"learning_rate": math.nan}, "learning_rate=nan"),
        ({"epochs": -1}, "epochs=-1 must be a whole number, 0 or above"),
        ({"epochs": 2.5}, "epochs=2.5"),
        ({"epochs": True}, "epochs=True"),
        ({"batch": 0}, "batch=0 must be a whole number, 1 or above"),
        ({"batch": "samples"}, "batch='samples' is unknown; use 'full', 'sample'"),
        ({"seed": -1}, "seed=-1"),
        ({"stop_loss": math.inf}, "stop_loss=inf"),
        ({"stop_gradient": -1}, "stop_gradient=-1 must be 0 or above"),
    ],
)
def test_a_bad_setting_is_quoted(setting, message):
    with pytest.raises(InputError) as caught:
        fit(line, SMALL, START, **{"learning_rate": 0.1, "epochs": 1, **setting})
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("data", "params", "message"),
    [
        ({"x": [1, 2, 3], "y": [1, 2]}, START, "x has 3, y has 2"),
        ({"x": [1, math.nan], "y": [1, 2]}, START, "x[1] is nan"),
        ({"x": [math.inf, math.nan], "y": [1, 2]}, START, "x[0] is inf (and 1 more)"),
        ({"x": [1, None], "y": [1, 2]}, START, "x[1] is None, not a number"),
        ({"x": ["1", "2"], "y": [1, 2]}, START, "x holds text, not numbers: the first is '1'"),
        ({"x": [1 + 2j], "y": [1]}, START, "complex numbers"),
        ({"x": np.array(["2021-02-07"], "datetime64[D]"), "y": [1]}, START, "dates"),
        ({"x": [[1, 2], [3]], "y": [1, 2]}, START, "x is ragged"),
        ({"x": [[1, 2], [3, 4]], "y": [1, 2]}, START, "x has shape (2, 2), but is a single number in line"),
        ({"x": np.ma.array([1, 2], mask=[0, 1]), "y": [1, 2]}, START, "x[1] is nan"),
        ({"x": [], "y": []}, START, "no samples; x is empty"),
        ({"x": [1]}, START, "y is neither in the data (x) nor in params (w, b)"),
        (None, START, "x is neither in the data (none) nor in params (w, b); still to be given: x, y"),
        ({"x": [1], "y": [1], "z": [1]}, START, "no input called 'z'"),
        ({"x": [1], "y": [1], "w": [1]}, START, "w is in the data and in params"),
        ([1, 2], START, "a list has no columns by name"),
        (SMALL, {"weight": 1, "b": 2}, "no input called 'weight'"),
        (SMALL, {"w": [1, 2], "b": 2}, "w has shape (2,), but is a single number in line"),
        (SMALL, {"w": "one", "b": 2}, "params: w holds text"),
        (SMALL, {"w": math.nan, "b": 2}, "params: w is nan"),
        (SMALL, {}, "params is empty"),
        (SMALL, ["w", "b"], "params=['w', 'b'] must map names"),
    ],
)
def test_data_and_params_that_do_not_fit_are_quoted(data, params, message):
    with pytest.raises(InputError) as caught:
        fit(line, data, params, learning_rate=0.1, epochs=1)
    assert message in str(caught.value)


def test_a_misspelt_name_gets_a_suggestion():
    with pytest.raises(InputError, match="did you mean w1"):
        fit(network, SMALL, {**DEEP, "w_1": 1}, learning_rate=0.1, epochs=1)


def test_an_abstract_function_must_be_bound_first():
    @sg.model
    def unbound(x, w, f):
        L = f(w * x)
        return L

    with pytest.raises(SymgradError, match="bind"):
        fit(unbound, {"x": [1]}, {"w": 1}, learning_rate=0.1, epochs=1)


def test_a_plain_function_is_no_model():
    with pytest.raises(InputError, match=r"decorate the function with @sg\.model"):
        fit(lambda x: x, SMALL, START, learning_rate=0.1, epochs=1)


# --- tables and files -------------------------------------------------------------------------------------

EXPECTED = {"learning_rate": 1e-5, "epochs": 5}


def test_a_table_with_columns_by_name_is_data():
    # As pandas and Polars (columns), Arrow (column_names) and NumPy's structured arrays have them.
    rows = np.array(list(zip(*HEIGHTS.values(), strict=True)), dtype=[("x", float), ("y", float)])
    expected = fit(line, HEIGHTS, START, **EXPECTED).params

    class Frame:
        columns = ("name", "x", "y")

        def __getitem__(self, name):
            return HEIGHTS[name]

    class Arrow(Frame):
        column_names = Frame.columns
        columns = ()

    for data in (Frame(), Arrow(), rows):
        assert fit(line, data, START, **EXPECTED).params == expected


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_csv_file_is_data(tmp_path, separator):
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator)
    writer.writerow(["name", "x", "y"])
    writer.writerows(["someone", x, y] for x, y in zip(*HEIGHTS.values(), strict=True))
    file = tmp_path / "data.csv"
    file.write_text(text.getvalue() + "\n", encoding="utf-8-sig")
    expected = fit(line, HEIGHTS, START, **EXPECTED).params
    assert fit(line, file, START, **EXPECTED).params == expected
    assert fit(line, str(file), START, **EXPECTED).params == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x,y\n1,2\n3,four\n", "line 3, column 'y': 'four' is not a number"),
        ("x;y\n1;2,5\n", "line 2, column 'y': '2,5' is not a number; decimals are written with a point"),
        ("x,y\n\n1,\n", "line 3, column 'y': the cell is empty"),
        ("x,y\n1,nan\n", "line 2, column 'y': 'nan' is not a finite number"),
        ("x,y\n1,2,3\n", "line 2: 3 cells, but the header has 2"),
        ('name,x,y\n"a\nb",1,2\nc,1,z\n', "line 4, column 'y': 'z'"),
        ("x,y\n", "no samples; x is empty"),
        ("", "line 1: no header"),
        ("x,y,x\n1,2,3\n", "two columns are called 'x'"),
        ("x,Y\n1,2\n", "y is neither in the"),
        ("x,y,w\n1,2,3\n", "w is in the data and in params"),
    ],
)
def test_a_bad_csv_file_is_named_by_line_and_column(tmp_path, text, message):
    file = tmp_path / "data.csv"
    file.write_text(text)
    with pytest.raises(InputError) as caught:
        fit(line, file, START, **EXPECTED)
    assert message in str(caught.value)


def test_a_csv_file_that_is_missing_or_no_text_is_named(tmp_path):
    with pytest.raises(InputError, match=r"none\.csv: the data can't be opened: No such file"):
        fit(line, tmp_path / "none.csv", START, **EXPECTED)
    (tmp_path / "latin.csv").write_bytes("x,y\n1,é\n".encode("latin-1"))
    with pytest.raises(InputError, match=r"latin\.csv: not UTF-8"):
        fit(line, tmp_path / "latin.csv", START, **EXPECTED)


# --- the progress bar -------------------------------------------------------------------------------------


def test_a_progress_bar_is_drawn_when_asked_for(capsys):
    fit(line, SMALL, START, learning_rate=0.1, epochs=20, progress=True)
    bar = capsys.readouterr().err
    assert "20/20" in bar and "0:00:00" in bar  # the time that is left


@pytest.mark.parametrize("asked", [None, False])
def test_no_progress_bar_off_a_terminal_or_unasked(capsys, asked):
    fit(line, SMALL, START, learning_rate=0.1, epochs=20, progress=asked)
    assert capsys.readouterr() == ("", "")


def test_a_terminal_gets_its_bar_after_a_second(monkeypatch):
    opened, now = [], [0.0]
    monkeypatch.setattr("sys.stderr", SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    monkeypatch.setattr("symgrad.training.progress._open_bar", lambda stack, epochs: lambda *row: opened.append(row))
    with progress_bar(10, None) as report:
        for epoch, now[0] in enumerate([0.1, 0.9, 1.05, 1.06, 1.2, 1.21], start=5):
            report(epoch, 0.5)
    assert opened == [(7, 0.5), (9, 0.5), (10, 0.5)]
