"""The training benchmark's loops all train the same: PyTorch is the oracle, to rounding after a hundred steps."""

import ctypes
import json
import math
from dataclasses import replace

import numpy as np
import pytest

from symgrad.bench.training import blas, c_loops
from symgrad.bench.training.breakdown import Breakdown
from symgrad.bench.training.cases import CASES, chosen, patterns, perceptron
from symgrad.bench.training.compiled import SOURCES, compiler, loaded
from symgrad.bench.training.implementations import IMPLEMENTATIONS
from symgrad.bench.training.measure import Report, Row, Skipped, measure, prepare
from symgrad.bench.training.scaling import Growth, Network, Point, growth, scaled
from symgrad.bench.training.table import markdown
from symgrad.bench.training.tuning import untuned
from symgrad.errors import InputError

SMALL = {
    "line": CASES["line"],
    "neuron": CASES["neuron"],
    "curve": CASES["curve"],
    "digits": lambda: classifier("digits", 117, (64, 32, 10), np.float64),
    "images": lambda: classifier("images", 200, (20, 16, 12, 10), np.float32),
}


def classifier(name, samples, sizes, dtype):
    X, Y = patterns(samples, sizes[0], np.dtype(dtype))
    return perceptron(name, "", X, Y, sizes, "relu", "cross_entropy", rate=0.05, batch=32, limit="C")


@pytest.mark.parametrize("name", SMALL)
def test_every_implementation_agrees_with_pytorch_after_a_hundred_steps(name):
    pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    case = SMALL[name]()
    ready, skipped = prepare(case)
    assert {item.name for item in ready} | {item.implementation for item in skipped} == set(IMPLEMENTATIONS)
    assert {"symgrad numpy", "NumPy by hand"} <= {item.name for item in ready}
    differences = {item.name: item.difference for item in ready if item.difference is not None}
    assert max(differences.values()) < (1e-9 if case.dtype == np.float64 else 1e-4), differences


@pytest.mark.parametrize("name", ["C", "C, with history", "NumPy by hand", "PyTorch", "JAX scan"])
def test_shuffled_epochs_go_through_the_orders_of_the_case(name):
    case = SMALL["digits"]()
    loop = IMPLEMENTATIONS[name](case)
    if isinstance(loop, str):
        pytest.skip(loop)
    order = case.orders(1)[0]
    arranged = replace(case, data={key: value[order] for key, value in case.data.items()}, shuffle=False)
    found, expected = loop(1), IMPLEMENTATIONS["NumPy by hand"](arranged)(1)
    assert all(found[key] == pytest.approx(expected[key], rel=1e-9, abs=1e-12) for key in expected)


@pytest.mark.skipif(compiler() is None, reason="no C compiler")
def test_the_history_in_c_is_the_cost_over_all_samples_after_each_epoch(tmp_path):
    case = SMALL["digits"]()
    found = blas.loaded()
    if found is None:
        pytest.skip("no BLAS with the C names")
    kept = {}
    original = c_loops._history
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(c_loops, "_history", lambda *given: kept.setdefault("arrays", original(*given)))
        params = c_loops.with_history(case)(2)
    losses, points = kept["arrays"]
    assert losses[-1] == pytest.approx(float(case.model.compile()(**case.data, **params)[0]), rel=1e-12)
    assert points[-1].tolist() == c_loops.flat(params).tolist()


@pytest.mark.skipif(compiler() is None, reason="no C compiler")
def test_the_exponential_in_c_is_right_to_a_few_roundings(tmp_path):
    source = tmp_path / "export.c"
    source.write_text('#include "exponential.h"\ndouble e(double z) { return exponential(z); }\n')
    function = loaded(source, (f"-I{SOURCES}",)).e
    function.restype, function.argtypes = ctypes.c_double, [ctypes.c_double]
    points = np.concatenate([np.linspace(-700, 700, 2001), np.random.default_rng(0).normal(size=2000)])
    assert max(abs(function(z) / math.exp(z) - 1) for z in points.tolist()) < 1e-15
    assert np.array([5e-324]) * 1.0 > 0  # nor does its library make subnormal numbers 0 elsewhere


def test_a_measurement_has_a_row_for_each_implementation_and_count_of_threads():
    report = measure(["line"], only=["NumPy by hand", "C, sums hoisted"], rounds=1, seconds=0.001, threads=[1, 2])
    rows = json.loads(report.json())["rows"]
    assert {"case", "implementation", "threads", "us_per_step", "ratio_to_limit", "max_rel_diff"} <= rows[0].keys()
    assert [row["threads"] for row in rows if row["implementation"] == "NumPy by hand"] == [1, 2]
    assert all(row["us_per_step"] > 0 and row["first_call_s"] > 0 for row in rows)


def test_an_unknown_case_is_named_with_those_that_there_are():
    with pytest.raises(InputError, match=r"'lines' is no case .* line, neuron"):
        chosen(["lines"])


def test_the_markdown_table_is_made_from_the_json():
    rows = (
        Row("line", "C", 1, 0.0123, 0.01, 1.0, 0.0, 0.1),
        Row("line", "symgrad numpy", 1, 12.3, 10.0, 1000.0, 0.0, 0.1),
    )
    about = {"cpu": "a CPU", "cores": 2, "system": "Linux", "python": "3", "packages": {}, "blas": "b", "compiler": "c"}
    report = Report(rows, (Skipped("line", "JAX scan", "missing"),), {"line": "a line"}, {"line": "C"}, about)
    text = markdown(json.loads(report.json()))
    assert "| µs a step, one core | line |" in text
    assert "| symgrad numpy | 12.3 (×1000) |" in text
    assert "a CPU, 2 cores" in text


def test_the_exponent_is_the_slope_of_the_larger_sizes():
    points = tuple(Point("width", size, "C", 1e-3 * size**2) for size in (16, 32, 64, 128))
    assert Growth(points, {}).exponents == {"width": {"C": pytest.approx(2)}}


def test_growth_changes_one_size_alone_and_draws_it(tmp_path):
    pytest.importorskip("matplotlib")
    found = growth(sizes={"batch": (8, 16)}, names=["NumPy by hand"], rounds=1, seconds=0.001)
    assert [(point.size, point.value) for point in found.points] == [("batch", 8), ("batch", 16)]
    assert found.save(tmp_path / "figures").stat().st_size > 1000
    assert scaled(Network(depth=3, width=8)).sizes == (64, 8, 8, 8, 10)


def test_the_parts_of_a_step_are_shares_of_the_whole_loop():
    found = Breakdown("digits", {"products": 5.0}, {"C": 8.0, "symgrad numpy": 20.0})
    assert [row[2] for row in found.table[1]] == ["25%", "75%", "20 µs"]


def test_tuning_of_openblas_is_taken_out_before_numpy_is_there(monkeypatch):
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Haswell")
    assert "NumPy was imported before" in untuned()
    monkeypatch.delitem(__import__("sys").modules, "numpy")
    assert untuned() == "OPENBLAS_CORETYPE unset for this measurement"
    assert untuned() == ""
