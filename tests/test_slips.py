"""The catalogue of slips: every entry fits somewhere in the gallery, and what it makes is refuted and explained."""

import itertools
import runpy
from pathlib import Path

import pytest

import symgrad as sg
from symgrad.bench.verification import Report, measure
from symgrad.verification.context import Context
from symgrad.verification.slips import CATALOGUE, Target

FOLDER = Path(__file__).parent.parent / "derivations"
SOME = (
    "multilayer_perceptron",
    "batch_normalisation",
    "backpropagation",
    "squared_error",
    "shared_weight",
)


def targets():
    for name in SOME:
        for value in runpy.run_path(str(FOLDER / f"{name}.py")).values():
            if isinstance(value, sg.Derivation):
                context = Context(value, {**value.written})
                for by in value.wrt:
                    yield Target.of(context, context.partial(f"d{value.model.result}_d{by}"))


@sg.model
def square(x: "n", A: "n n", B: "n n"):
    L = x @ A @ B @ x
    return L


TARGETS = list(targets())


@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.__name__)
def test_every_entry_of_the_catalogue_makes_its_slip_somewhere(entry):
    d = sg.derive(square)
    context = Context(d, {**d.written})
    with_squares = [*TARGETS, *(Target.of(context, context.partial(f"dL_d{by}")) for by in d.wrt)]
    assert next(itertools.chain.from_iterable(map(entry, with_squares)), None) is not None
    assert entry.__doc__


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    folder = tmp_path_factory.mktemp("derivations")
    for name in ("softmax_regression", "backpropagation", "logistic_regression"):
        (folder / f"{name}.py").write_text((FOLDER / f"{name}.py").read_text(encoding="utf-8"), encoding="utf-8")
    return measure(folder, most=60)


def test_every_mutant_that_differs_is_refuted_and_explained(report):
    mutants = [case for case in report.cases if not case.right]
    assert len(mutants) > 30
    assert {case.status for case in mutants} == {"refuted"}
    assert all(case.explained for case in mutants)


def test_no_rewriting_is_refuted_and_all_of_these_are_proved(report):
    assert {case.status for case in report.cases if case.right} == {"proved"}


def test_the_report_counts_and_compares(report):
    assert isinstance(report, Report)
    assert "0 wrongly refuted" in report.summary
    assert {row[0] for row in report.peers[1]} == {
        "simplify(a - b) == 0",
        "a.equals(b)",
        "central differences",
        "symgrad",
    }
    assert '"benchmark": "verify"' in report.json()
