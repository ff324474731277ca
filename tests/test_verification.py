"""Claims about a derivation and their verdicts; above all, nothing false is ever proved."""

import math
import random

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

import symgrad as sg
from symgrad.verification.budget import Budget, OutOfTime
from symgrad.verification.quotients import equal


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


line = sg.derive(regression)
abstract = sg.derive(network)
bound = sg.derive(network.bind(f=sg.sigmoid))
x, y, w, b, yhat = sympy.symbols("x y w b yhat")
PRODUCT = "(yhat - y)*f'(z2)*w2*f'(z1)*x"


def logistic(z):
    return 1 / (1 + math.exp(-z))


def by_math(x, y, w1, b1, w2, b2):
    o1 = 1 / (1 + math.exp(-(w1 * x + b1)))
    yhat = 1 / (1 + math.exp(-(w2 * o1 + b2)))
    return (yhat - y) * yhat * (1 - yhat) * w2 * o1 * (1 - o1) * x


def by_numpy(yhat, y, w2, o1, x):
    return (yhat - y) * yhat * (1 - yhat) * np.multiply(w2, o1) * (1 - o1) * x


def by_symgrad(x, y, w1, b1, w2, b2):
    o1 = sg.sigmoid(w1 * x + b1)
    yhat = sg.sigmoid(w2 * o1 + b2)
    return (yhat - y) * yhat * (1 - yhat) * w2 * o1 * (1 - o1) * x


def by_adjoints(dL_dz1, x):
    return dL_dz1 * x


@pytest.mark.parametrize(
    "claim",
    [
        "(yhat - y)*x",
        "x*(yhat - y)",
        "(w*x + b - y)*x",
        "x*yhat - x*y",
        "dL_dyhat*dyhat_dw",
        "dL_dyhat*dyhat_dw = (yhat - y)*x",
        "(yhat - y)*x == (w*x + b - y)*x",
        "(yhat\n   - y)*x",
        "1.0*(yhat - y)*x",
        "(yhat - y)*x*pi/pi",
        (yhat - y) * x,
        0.5 * 2 * (yhat - y) * x,  # SymPy's floats stand for the decimals that were written
        sympy.Symbol("x", real=True) * (yhat - y),
        lambda yhat, y, x: (yhat - y) * x,
    ],
    ids=lambda claim: claim if isinstance(claim, str) else type(claim).__name__,
)
def test_a_right_gradient_is_proved_in_any_form(claim):
    verdict = line.verify("w", claim)
    assert verdict.status == "proved"
    assert verdict


@pytest.mark.parametrize("claim", [PRODUCT, "dL_dyhat*dyhat_dz2*dz2_do1*do1_dz1*dz1_dw1"])
def test_the_articles_product_is_proved_for_an_abstract_function(claim):
    assert abstract.verify("w1", claim).status == "proved"


def test_sympys_derivative_of_an_abstract_function_is_f_prime():
    f, z2 = sympy.Function("f"), sympy.Symbol("z2")
    assert abstract.verify("b2", (yhat - y) * f(z2).diff(z2)).status == "proved"


def test_a_python_function_may_ask_for_f_prime():
    def claim(yhat, y, f_prime, z2, w2, z1, x):
        return (yhat - y) * f_prime(z2) * w2 * f_prime(z1) * x

    assert abstract.verify("w1", claim).status == "proved"


@pytest.mark.parametrize("function", [by_math, by_numpy, by_symgrad, by_adjoints])
def test_a_python_function_is_proved_whatever_library_it_uses(function):
    assert bound.verify("w1", function).status == "proved"


def test_a_function_that_branches_is_compared_by_value():
    def right(x, y, w1, b1, w2, b2):
        return by_math(x, y, w1, b1, w2, b2) if x else 0

    def wrong(x, y, w1, b1, w2, b2):
        return by_math(x, y, w1, b1, w2, b2) if x > 0 else 0

    assert bound.verify("w1", right).status == "agrees"
    assert bound.verify("w1", wrong).status == "refuted"


def test_a_helper_that_needs_numbers_is_compared_by_value():
    def claim(yhat, y, z2):
        return (yhat - y) * logistic(z2) * (1 - logistic(z2))

    verdict = bound.verify("b2", claim)
    assert verdict.status == "agrees"
    assert "24 points in float64" in verdict.reason


def test_a_small_wrong_gradient_does_not_agree():
    @sg.model
    def tiny(x, w):
        L = 1e-12 * w * x
        return L

    def claim(x):
        return -1e-12 * x if x else 0

    assert sg.derive(tiny).verify("w", claim).status == "refuted"


@pytest.mark.parametrize(
    ("claim", "diagnosis"),
    [
        ("(y - yhat)*f'(z2)*w2*f'(z1)*x", "the sign is wrong: y and yhat are swapped"),
        ("-" + PRODUCT, "the sign is wrong"),
        ("(yhat - y)*f'(z2)*f'(z1)*x", "the factor w2 is missing"),
        ("(yhat - y)*f'(z2)*w2*x", "the factor f'(z1) is missing"),
        ("f'(z2)*w2*f'(z1)*x", "the factor yhat - y is missing"),
        (PRODUCT + "*w2", "the factor w2 is one too many"),
        (PRODUCT + "*b1", "the factor b1 is one too many"),
        ("(yhat - y)*f'(z2)*w2*f'(z2)*x", "wrong index: the factor f'(z2) stands where f'(z1) is meant"),
        ("(yhat - y)*f'(z2)*w1*f'(z1)*x", "wrong index: the factor w1 stands where w2 is meant"),
        ("(yhat - y)*f'(z2)*w2*f'(z1)*y", "the factor y stands where x is meant"),
        ("2*" + PRODUCT, "2 times the correct expression"),
        (PRODUCT + "/2", "1/2 times the correct expression"),
        ("dL_dyhat*dyhat_dz2*dz2_do1*do1_dz1*do1_dw1", "the factor do1_dw1 stands where dz1_dw1 is meant"),
    ],
)
def test_a_usual_slip_is_refuted_and_named(claim, diagnosis):
    verdict = abstract.verify("w1", claim)
    assert verdict.status == "refuted"
    assert diagnosis in verdict.diagnosis
    assert not verdict


def test_a_slip_that_is_not_usual_has_no_diagnosis_but_the_correct_expression():
    verdict = line.verify("w", "x**2 + 1")
    assert (verdict.status, verdict.diagnosis) == ("refuted", "")
    assert "the correct expression is (yhat - y)*x" in str(verdict)


def test_the_articles_step_4_is_refuted():
    assert abstract.verify("do1_dw1", "f'(z1)*dz1_dw1").status == "proved"
    verdict = abstract.verify("do1_dw1", "f'(z1)*do1_dw1")
    assert verdict.diagnosis == "the factor do1_dw1 stands where dz1_dw1 is meant"


def test_a_counterexample_gives_both_values_at_its_inputs():
    shown = line.verify("w", "(y - yhat)*x").counterexample
    at = {name: value for name, value in shown.inputs.items()}
    right = (at["w"] * at["x"] + at["b"] - at["y"]) * at["x"]
    assert (shown.claimed, shown.correct) == (-right, right)
    assert right != 0


@pytest.mark.parametrize("difference", ["1e-30", "1e-400", "x*1e-30", "exp(-100)"])
def test_a_tiny_difference_is_refuted_and_shown(difference):
    verdict = line.verify("w", f"(yhat - y)*x + {difference}")
    assert verdict.status == "refuted"
    claimed, correct = str(verdict.counterexample).split("the claim gives ")[1].split(", the derivation ")
    assert claimed != correct


def test_a_decimal_counts_with_all_its_digits():
    assert line.verify("w", "(yhat - y)*x*1.00000000000000000000001").status == "refuted"


@pytest.mark.parametrize(
    ("claim", "status"),
    [
        ("(yhat - y)*x*x/x", {"proved"}),  # equal wherever both sides are defined
        ("(yhat - y)*x*sqrt(x)**2/x", {"proved"}),
        ("(yhat - y)*sqrt(x**2)", {"refuted"}),
        ("(yhat - y)*abs(x)", {"refuted"}),
        ("(yhat - y)*x*sqrt(x**2)/abs(x)", {"proved", "agrees"}),
        ("(yhat - y)*x + log(x*y) - log(x) - log(y)", {"proved", "agrees"}),
        ("(yhat - y)*x + log(exp(x)) - x", {"proved", "agrees"}),
        ("(yhat - y)*x + arctan(x) + arctan(1/x) - pi/2", {"refuted"}),  # -π for x < 0
        ("(yhat - y)*x*(tanh(x) + 2)/(1 - 2/(exp(2*x) + 1) + 2)", {"proved"}),
        ("(yhat - y)*x*(sin(x)**2 + cos(x)**2)", {"proved"}),
        ("(yhat - y)*x*exp(x + y)/(exp(x)*exp(y))", {"proved"}),
        ("(yhat - y)*x + sin(2*x) - 2*sin(x)*cos(x)", {"proved"}),
        ("(yhat - y)*x + sin(3*x) - 3*sin(x) + 4*sin(x)**3", {"proved"}),
        ("(yhat - y)*x + cos(x/2)**2 - (1 + cos(x))/2", {"proved"}),
        ("(yhat - y)*x + sin(x + y) - sin(x)*cos(y) - cos(x)*sin(y)", {"proved"}),
        ("(yhat - y)*x + tan(x)*cos(x) - sin(x)", {"proved"}),
        ("(yhat - y)*x + log(x**2) - 2*log(x)", {"proved"}),
        ("(yhat - y)*x + log(x**2) - 2*log(abs(x))", {"proved"}),
        ("(yhat - y)*x + exp(log(x**2)/2) - abs(x)", {"proved"}),
        ("(yhat - y)*x + exp(log(x**2)/2) - x", {"refuted"}),
        ("(yhat - y)*x*(sqrt(3 + 2*sqrt(2)) - sqrt(2))", {"proved", "agrees"}),
        ("(yhat - y)*x + sqrt(x**2 + 2*x + 1) - abs(x + 1)", {"proved", "agrees"}),
        ("(yhat - y)*x + sqrt(x**2 + 2*x + 1) - x - 1", {"refuted"}),
        ("(yhat - y)*x + sqrt(x)*sqrt(x) - x", {"proved"}),
        ("(yhat - y)*x + cos(x/2)**2 - (1 + cos(x))/2 + 1e-30", {"refuted"}),
        ("(yhat - y)*x + sin(3*x) - 3*sin(x) + 4*sin(x)**3*(1 + 1e-30)", {"refuted"}),
        ("(yhat - y)*x*(sqrt(3 + 2*sqrt(2)) - sqrt(2)) + exp(-70)", {"refuted"}),
        ("(yhat - y)*x + relu(x) - (x + abs(x))/2", {"proved", "agrees"}),
        ("(yhat - y)*x + relu(-x)", {"refuted"}),
    ],
)
def test_hard_pairs_get_no_wrong_verdict(claim, status):
    assert line.verify("w", claim).status in status


@pytest.mark.parametrize(
    "claim",
    [
        "y*(sin(x)**2 + cos(x)**2 - 1)/(2*sin(x)**2 + 2*cos(x)**2 - 2)",
        "(yhat - y)*x + 1/(sin(x)**2 + cos(x)**2 - 1)",
        "y*(exp(x)*exp(y) - exp(x + y))/(2*exp(x)*exp(y) - 2*exp(x + y))",
        "y*(sqrt(x + 1)**4 - (x + 1)**2)/((x + 1)**2 - (x**2 + 2*x + 1))",
    ],
)
def test_nothing_is_proved_by_dividing_by_zero(claim):
    assert not line.verify("w", claim)


def test_where_no_side_has_a_value_nothing_is_decided():
    assert line.verify("w", "arcsin(2 + x**2)").status == "undecided"
    assert line.verify("w", "arcsin(exp(exp(exp(100 + x**2))))").status == "undecided"


@pytest.mark.parametrize(
    ("quantity", "claim", "message"),
    [
        ("q", "x", "has no quantity 'q'"),
        ("yhatt", "x", "did you mean yhat?"),
        ("w", "u*x", "the claim uses u"),
        ("w", "(y_hat - y)*x", "did you mean yhat?"),
        ("w", "(ŷ - y)*x", "did you mean yhat?"),
        ("w", "g(x)", "applies g, which isn't an abstract function"),
        ("w", "(yhat - y)x", "write * between factors"),
        ("w", "(yhat - y)^2", "write ** for a power"),
        ("w", "x +", "can't read 'x +'"),
        ("w", "", "there is nothing to read"),
        ("w", "(yhat - y)*x =", "there is nothing to read"),
        ("w", "dL_dw = dL_dw", "claims nothing"),
        ("w", "dL_dw", "claims nothing"),
        ("w", "x/0", "division by zero"),
        ("w", "log(0)", "can't be compared"),
        ("w", "sqrt(-1)", "can't be compared"),
        ("w", "(10**1000)**1000", "too large to compute"),
        ("w", "9**9**9", "too large to compute"),
        ("w", "1e999999999", "too large"),
        ("w", "exp(exp(exp(100)))", "too large"),
        ("w", "__import__('os').system('true')", "can't read"),
        ("w", "x.real", "can't read 'x.real'"),
        ("w", "[x for x in y]", "can't read"),
        ("w", sympy.I * x, "can't be compared"),
        ("w", sympy.Integral(x, y), "Integral"),
        ("w", float("nan"), "finite number"),
        ("w", None, "None"),
        ("w", [1, 2], "[1, 2]"),
        ("w", lambda q: q, "the function asks for q"),
        ("w", lambda yht: yht, "did you mean yhat?"),
        ("w", lambda x: "x", "returned 'x'"),
    ],
)
def test_a_claim_that_does_not_fit_is_malformed_and_says_why(quantity, claim, message):
    verdict = line.verify(quantity, claim)
    assert verdict.status == "malformed"
    assert message in verdict.reason


def test_a_chain_names_its_first_false_link():
    verdict = line.verify("w", "dL_dyhat*dyhat_dw = (y - yhat)*x = (yhat - y)*x")
    assert verdict.status == "refuted"
    assert verdict.claim == "dL_dyhat*dyhat_dw = (y - yhat)*x"


def test_a_partial_between_two_quantities_can_be_claimed():
    assert abstract.verify("dz2_dw1", "w2*f'(z1)*x").status == "proved"
    assert abstract.verify("dz2_dw1", "w2*f'(z1)").status == "refuted"
    assert abstract.verify("dz1_dw2", "0").status == "proved"


def test_a_quantity_of_an_equation_can_be_claimed_through_its_partial():
    assert line.verify("yhat", "yhat - y").status == "proved"


def test_a_function_outside_of_its_domain_everywhere_is_undecided():
    def claim(x):
        return math.log(-abs(float(x)) - 1)

    assert line.verify("w", claim).status == "undecided"


def test_a_verdict_prints_the_correct_side_as_latex():
    assert line.verify("w", "x").latex() == r"(\hat{y} - y) x"


# Random pairs: the oracle is 60-digit arithmetic at a random point.

LEAVES = st.sampled_from([x, y, w, sympy.Integer(2), sympy.Rational(1, 3)])
UNARY = [
    sympy.exp,
    sympy.tanh,
    sympy.sin,
    sg.sigmoid.build,
    sg.softplus.build,
    lambda z: z**2,
    lambda z: 1 / (2 + z**2),
]


def _grown(children):
    return st.one_of(
        st.tuples(children, children).map(lambda pair: pair[0] + pair[1]),
        st.tuples(children, children).map(lambda pair: pair[0] * pair[1]),
        st.tuples(st.sampled_from(UNARY), children).map(lambda pair: pair[0](pair[1])),
    )


EXPRESSIONS = st.recursive(LEAVES, _grown, max_leaves=6)


def _rewritten(expr, chance):
    """An equal expression, in another form."""
    ways = [
        sympy.expand,
        lambda e: e.replace(sympy.tanh, lambda z: 1 - 2 / (sympy.exp(2 * z) + 1)),
        lambda e: e.replace(sg.sigmoid.build, lambda z: sympy.exp(z) / (1 + sympy.exp(z))),
        lambda e: e * (1 + x**2) / (1 + x**2),
        sympy.together,
        sympy.factor,
    ]
    for way in chance.sample(ways, 2):
        expr = way(expr)
    return expr


def _mutated(expr, chance):
    """The expression with one node changed, perhaps to an equal one."""
    nodes = list(sympy.preorder_traversal(expr))
    node = chance.choice(nodes)
    other = chance.choice([-node, node + 1, 2 * node, node * x, node**2, y, node + sympy.Rational(1, 10**25)])
    return expr.xreplace({node: other})


def _differ(left, right, chance):
    """Whether the two have different values, to 60 digits, at one of three random points."""
    for _ in range(3):
        at = {symbol: sympy.Rational(chance.randint(-40, 40), 17) for symbol in (x, y, w)}
        gap = (left - right).xreplace(at).evalf(60, maxn=2000)
        if gap.is_Float and abs(gap) > sympy.Float(10) ** -50:
            return True
    return False


@settings(max_examples=150, deadline=None)
@given(expr=EXPRESSIONS, seed=st.integers(0, 10**6))
def test_a_false_pair_is_never_proved(expr, seed):
    chance = random.Random(seed)
    left, right = _rewritten(expr, chance), _mutated(expr, chance)
    try:
        proved = Budget(1.0).run(lambda: equal(left, right))
    except OutOfTime:
        return
    if proved:
        assert not _differ(left, right, chance)


@settings(max_examples=60, deadline=None)
@given(expr=EXPRESSIONS, seed=st.integers(0, 10**6))
def test_a_true_pair_is_never_refuted(expr, seed):
    @sg.model
    def plain(x, y, w):
        L = x * w + y
        return L

    rewritten = _rewritten(expr, random.Random(seed))
    verdict = sg.derive(plain).verify("w", x + expr - rewritten)
    assert verdict.status in ("proved", "agrees")


@settings(max_examples=60, deadline=None)
@given(expr=EXPRESSIONS, seed=st.integers(0, 10**6))
def test_a_refuted_claim_is_false_at_its_counterexample(expr, seed):
    chance = random.Random(seed)
    found = sg.Model.from_equations([("L", expr * sympy.Symbol("v"))])
    verdict = sg.derive(found).verify("v", _mutated(expr, chance))
    if verdict.status == "refuted":
        at = {sympy.Symbol(name): value for name, value in verdict.counterexample.inputs.items()}
        claimed, correct = verdict.counterexample.claimed, verdict.counterexample.correct
        assert abs(expr.xreplace(at).evalf(25) - correct) < 1e-15 * (1 + abs(correct))
        assert claimed != correct
