"""The reverse sweep: its steps, its gradients in named quantities and in inputs, and its values at exact numbers."""

import runpy

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sympy import Integer, Rational, Symbol

import symgrad as sg
from symgrad.notation.names import latex_name


@sg.model
def regression(x, y, w, b):
    yhat = w * x + b
    L = (yhat - y) ** 2 / 2
    return L


@sg.model
def network(x, y, w1, b1, w2, b2, f):
    z1 = w1 * x + b1
    o1 = f(z1)
    z2 = w2 * o1 + b2
    yhat = f(z2)
    L = (yhat - y) ** 2 / 2
    return L


PARAMETERS = ["w1", "b1", "w2", "b2"]
AT = {"x": 177, "y": 88.2, "w": 0.7, "b": 6}


def test_the_gradient_keeps_the_order_in_which_the_chain_rule_builds_it():
    assert str(sg.derive(network, PARAMETERS).gradient).splitlines() == [
        "dL_dw1 = (yhat - y)*f'(z2)*w2*f'(z1)*x",
        "dL_db1 = (yhat - y)*f'(z2)*w2*f'(z1)",
        "dL_dw2 = (yhat - y)*f'(z2)*o1",
        "dL_db2 = (yhat - y)*f'(z2)",
    ]


def test_each_step_says_the_adjoint_in_the_adjoint_above_it_and_why():
    assert str(sg.derive(network, ["w1"])).splitlines() == [
        "dL_dL = 1    (L is the result itself)",
        "dL_dyhat = yhat - y    (L uses yhat directly)",
        "dL_dz2 = dL_dyhat*f'(z2)    (z2 acts on L only through yhat: one path, so one product)",
        "dL_do1 = dL_dz2*w2    (o1 acts on L only through z2: one path, so one product)",
        "dL_dz1 = dL_do1*f'(z1)    (z1 acts on L only through o1: one path, so one product)",
        "dL_dw1 = dL_dz1*x    (w1 acts on L only through z1: one path, so one product)",
    ]


def test_expanded_has_only_inputs():
    expanded = str(sg.derive(network, ["w2"]).expanded)
    assert expanded == "dL_dw2 = (f(w2*f(w1*x + b1) + b2) - y)*f'(w2*f(w1*x + b1) + b2)*f(w1*x + b1)"


def test_a_bound_sigmoid_is_derived_from_the_named_quantity():
    gradient = sg.derive(network.bind(f=sg.sigmoid), ["w1"]).gradient
    assert str(gradient) == "dL_dw1 = (yhat - y)*yhat*(1 - yhat)*w2*o1*(1 - o1)*x"


def test_a_bound_tanh_is_derived_from_the_named_quantity():
    gradient = sg.derive(network.bind(f=sg.tanh), ["b1"]).gradient
    assert str(gradient) == "dL_db1 = (yhat - y)*(1 - yhat**2)*w2*(1 - o1**2)"


def test_left_out_wrt_means_every_input():
    assert sg.derive(regression).wrt == ("x", "y", "w", "b")


@pytest.mark.parametrize("wrt", ["w", ["w"], ("w", "w")])
def test_wrt_is_a_name_or_names(wrt):
    assert sg.derive(regression, wrt).wrt == ("w",)


def test_a_quantity_between_can_be_asked_for():
    assert str(sg.derive(network, ["z1"]).gradient) == "dL_dz1 = (yhat - y)*f'(z2)*w2*f'(z1)"


def test_the_result_by_itself_is_1():
    assert sg.derive(regression, ["L"]).gradient["L"] == 1


def test_an_unknown_wrt_names_what_there_is():
    with pytest.raises(sg.SymgradError, match=r"no quantity 'v'; it has x, y, w, b, yhat, L"):
        sg.derive(regression, ["v"])


def test_an_input_without_influence_has_gradient_0_and_the_reason_says_so():
    @sg.model
    def unused(x, w, v):
        L = (w * x) ** 2
        return L

    derivation = sg.derive(unused)
    assert derivation.gradient["v"] == 0
    assert derivation.step("v").reason == "L does not depend on v, so the derivative is 0"
    assert unused.compile()(x=2.0, w=3.0, v=1.0)[1]["v"] == 0


def test_a_shared_weight_gets_both_paths_added():
    @sg.model
    def shared(x, w):
        a = w * x
        L = w * a
        return L

    derivation = sg.derive(shared, ["w"])
    assert str(derivation.gradient) == "dL_dw = a + w*x"
    assert derivation.expanded["w"] == 2 * Symbol("w") * Symbol("x")
    assert shared.compile("w")(x=3.0, w=5.0)[1]["w"] == 30.0


def test_a_direct_path_beside_another_is_written_out_and_not_as_the_whole_partial():
    @sg.model
    def shared(x, w):
        a = w * x
        L = w * a - w
        return L

    derivation = sg.derive(shared, ["w"])
    whole, through = latex_name("dL_dw"), rf"{latex_name('dL_da')} {latex_name('da_dw')}"
    assert derivation.lines()[-1].latex == rf"{whole} = a - 1 + {through} = a - 1 + w x"
    assert derivation.chain("w")[0].latex == rf"{whole} = {through} + a - 1 = w {latex_name('da_dw')} + a - 1"


def test_the_articles_substitution_is_exact():
    found = sg.derive(regression, ["w", "b"]).at(**AT)
    assert found.gradient == {"w": Rational("7380.9"), "b": Rational("41.7")}
    assert found["yhat"] == Rational("129.9")
    assert found["L"] == Rational("869.445")


def test_the_articles_substitution_reads_as_a_person_writes_it():
    line = sg.derive(regression, ["w"]).at(**AT).line("w")
    assert line.latex == (
        r"\frac{\partial \mathscr{L}}{\partial w} = (\hat{y} - y) x = (129.9 - 88.2) \cdot 177 = 7380.9"
    )


def test_a_rounded_value_says_so():
    @sg.model
    def third(x):
        L = x / 3
        return L

    found = sg.derive(third).at(x=1)
    assert found["L"] == Rational(1, 3)
    assert "L ≈ 0.333333" in str(found)
    assert r"\approx 0.333333" in found.latex()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"x": 1, "y": 1, "w": 1}, "no value for b"),
        ({**AT, "v": 1}, "no input 'v'"),
        ({**AT, "x": float("nan")}, "finite number"),
        ({**AT, "x": "many"}, "expected a number"),
    ],
)
def test_values_that_do_not_fit_are_refused(values, message):
    with pytest.raises(sg.SymgradError, match=message):
        sg.derive(regression).at(**values)


def test_an_abstract_function_has_no_values_and_the_error_says_how_to_bind_it():
    with pytest.raises(sg.SymgradError, match=r"f is abstract.*model\.bind\(f=…\)"):
        sg.derive(network).at(x=1, y=1, w1=1, b1=1, w2=1, b2=1)


def test_a_derivation_is_frozen():
    with pytest.raises(AttributeError):
        sg.derive(regression).wrt = ()


def test_the_logistic_loss_gives_prediction_minus_label():
    @sg.model
    def logistic(x, y, w, b):
        z = w * x + b
        p = sg.sigmoid(z)
        L = -(y * sg.log(p) + (1 - y) * sg.log(1 - p))
        return L

    assert str(sg.derive(logistic, ["z"]).gradient) == "dL_dz = p - y"
    assert str(sg.derive(logistic, ["w"]).gradient) == "dL_dw = (p - y)*x"


def test_a_constant_model_has_integer_values():
    @sg.model
    def constant(x):
        L = 0 * x + 3
        return L

    found = sg.derive(constant).at(x=5)
    assert found["L"] == Integer(3)
    assert found.gradient == {"x": 0}


def test_the_articles_five_partials_and_their_product():
    derivation = sg.derive(network, ["w1"])
    five = {"dL_dyhat": "yhat - y", "dyhat_dz2": "f'(z2)", "dz2_do1": "w2", "do1_dz1": "f'(z1)", "dz1_dw1": "x"}
    for name, local in five.items():
        assert derivation.verify(name, local).status == "proved"
    assert [row.sides[-1] for row in derivation.chain("w1")] == [
        rf"(\hat{{y}} - y) {latex_name('dyhat_dw1')}",
        rf"f^\prime(z_2) {latex_name('dz2_dw1')}",
        rf"w_2 {latex_name('do1_dw1')}",
        rf"f^\prime(z_1) {latex_name('dz1_dw1')}",
        "x",
    ]


# Random models: as Python source for symgrad, and the same text run by HIPS autograd.

HELPERS = {
    "exp": anp.exp,
    "tanh": anp.tanh,
    "sin": anp.sin,
    "log": anp.log,
    "sqrt": anp.sqrt,
    "abs": anp.abs,
    "sigmoid": lambda z: 1 / (1 + anp.exp(-z)),
    "softplus": lambda z: anp.log(1 + anp.exp(z)),
    "relu": lambda z: anp.where(z > 0, z, 0.0),
    "maximum": anp.maximum,
    "where": anp.where,
}
OPERATIONS = [
    "{0} + {1}",
    "{0} - 3*{1}",
    "{0}*{1}",
    "{0}/(1.5 + {1}**2)",
    "({0} - {1})**2/2",
    "({0}**2 + 0.1)**-1.5",
    "(0.3 + {0}**2)**{1}",
    "2**-{0}*{1}",
    "tanh({0}*{1})",
    "exp(-{0}**2)",
    "sin({0})/2",
    "log(1 + {0}**2)",
    "sqrt({0}**2 + {1}**2 + 1)",
    "sigmoid({0})*{1}",
    "softplus({0} - {1})",
    "relu({0}) - 0.1*{1}",
    "maximum({0}, {1})",
    "abs({0}) + {1}",
    "where({0} > {1}, {0}*{1}, {1})",
    "-{0}",
]


@st.composite
def programs(draw):
    """The equations of a model of three inputs, each on names before it, and the last of them its result."""
    names, lines = ["x", "y", "w"], []
    for place in range(draw(st.integers(3, 12))):
        first, second = draw(st.sampled_from(names)), draw(st.sampled_from(names))
        lines.append(f"q{place} = {draw(st.sampled_from(OPERATIONS)).format(first, second)}")
        names.append(f"q{place}")
    return [*lines, f"L = {names[-1]} + x*{names[-2]}"]


def symbolic(lines, folder):
    """The model of a program, read from a file as any model is."""
    words = ", ".join(HELPERS)
    body = "\n".join(f"    {line}" for line in [*lines, "return L"])
    path = folder / "program.py"
    path.write_text(
        f"import symgrad as sg\nfrom symgrad import {words}\n\n\n@sg.model\ndef program(x, y, w):\n{body}\n"
    )
    return runpy.run_path(str(path))["program"]


def numeric(lines):
    """The same text as a function of a vector of the inputs, for autograd."""

    def run(point):
        names = dict(zip("xyw", point, strict=True))
        for line in lines:
            exec(line, HELPERS, names)
        return names["L"]

    return run


@settings(max_examples=100, deadline=None)
@given(
    lines=programs(),
    point=st.lists(st.integers(-2000, 2000), min_size=3, max_size=3),
)
def test_a_random_models_gradient_is_autograds_and_that_of_central_differences(tmp_path_factory, lines, point):
    at = np.array(point) / 1000 + [0.000123, 0.000345, 0.000789]  # so that no two tie
    function = numeric(lines)
    with np.errstate(all="ignore"):
        wanted = autograd.grad(function)(at)
        before, after = (np.array([function(at + step) for step in sign * 1e-6 * np.eye(3)]) for sign in (-1, 1))
        here = function(at)
    one_sided = np.array([here - before, after - here]) / 1e-6
    smooth = np.allclose(*one_sided, rtol=1e-3, atol=1e-3)
    assume(np.all(np.isfinite(wanted)) and smooth)  # away from the kinks, where a derivative is a convention
    model = symbolic(lines, tmp_path_factory.mktemp("program"))
    loss, gradients = model.compile()(x=at[0], y=at[1], w=at[2])
    found = np.array([gradients[name] for name in "xyw"])
    scale = 1 + np.max(np.abs(wanted))
    assert loss == pytest.approx(here, rel=1e-9, abs=1e-12)
    assert found == pytest.approx(wanted, rel=1e-8, abs=1e-10 * scale)
    assert found == pytest.approx(one_sided.mean(axis=0), rel=1e-4, abs=1e-4 * scale)


def test_every_expanded_gradient_is_in_the_inputs_whichever_is_asked_for_first():
    a, r, w, b = (Symbol(name) for name in ("a", "r", "w", "b"))
    derivation = sg.derive(sg.Model.from_equations([("r", a * w + b), ("L", r**2)]), ["w", "b"])
    assert {name: str(derivation.expanded[name]) for name in ("w", "b")} == {"w": "2*a*(a*w + b)", "b": "2*(a*w + b)"}
