import json

import pytest

from symgrad.bench import networks
from symgrad.bench.growth import chain, measure
from symgrad.derivation import derive
from symgrad.equations import Model


@pytest.fixture(scope="module")
def report():
    return measure(sizes=(1, 10, 40), runs=1)


def test_a_row_for_each_chain_with_its_parts_adding_up(report):
    assert [row.layers for row in report.rows] == [1, 10, 40]
    assert [row.equations for row in report.rows] == [3, 21, 81]
    assert all(row.total == pytest.approx(row.write + row.model + row.derive + row.compile) for row in report.rows)


def test_the_json_names_what_was_measured_where(report):
    found = json.loads(report.json())
    assert found["rows"][2]["layers"] == 40
    assert found["exponent"] == report.exponent
    assert {"python", "sympy", "numpy", "machine"} <= found.keys()


def test_casadi_computes_the_same_gradient(report):
    pytest.importorskip("casadi", reason="CasADi, the peer, is not installed")
    assert max(row.difference for row in report.rows) < 1e-12


def test_a_long_chain_has_one_short_step_a_quantity():
    # Four equations a layer, z, a and their adjoints, however long the chain: nothing is substituted.
    derivation = derive(Model.from_equations(chain(300)), wrt=["w1", "b1"])
    assert max(equation.rhs.count_ops() for equation in derivation.equations) <= 6
    assert len(derivation.equations) == 2 * 300 + 2


def test_the_networks_are_read_derived_and_compiled_at_every_depth_asked_for():
    rows = networks.measure(depths=2).rows
    assert [(row.network, row.depth) for row in rows] == [
        ("perceptron", 1),
        ("perceptron", 10),
        ("transformer", 1),
        ("transformer", 3),
    ]
    assert all(row.derive > 0 for row in rows)
