"""The normal form of index expressions: equal ones meet, different ones never do."""

import random

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sympy import Abs, IndexedBase, KroneckerDelta, Rational, Symbol, exp, log, sign, sqrt, tanh

import symgrad as sg
from symgrad.equations import Equation, Index, Size
from symgrad.facts import SumFact
from symgrad.indices import Largest, reduced, sigma
from symgrad.tensors.functions import Choice
from symgrad.verification.monomials import NotNegative, Positive
from symgrad.verification.normal import Normal
from symgrad.verification.numbers import FLOATS, NoValue
from symgrad.verification.quotients import GaveUp
from symgrad.verification.values import Values

n = Size("n")
i, j, k = (Index(name, n) for name in "ijk")
x, y, A = IndexedBase("x"), IndexedBase("y"), IndexedBase("A")
a, b, c = (Symbol(name) for name in "abc")
sigmoid, softplus, relu = sg.sigmoid.build, sg.softplus.build, sg.relu.build
mean = sigma(x[k], k) / n
largest = reduced(Largest, x[k], (k,))


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (sigma(x[i], i) * sigma(y[j], j), sigma(x[i] * y[j], j, i)),
        (sigma((x[i] - mean) ** 2, i) / n, sigma(x[j] ** 2, j) / n - mean**2),
        (sigma(x[i] - mean, i), 0),
        (sigma(KroneckerDelta(i, j) * x[j], j), x[i]),
        (KroneckerDelta(i, j) * x[i], KroneckerDelta(i, j) * x[j]),
        (sigma(sigma(A[i, j] * x[j], j) * y[i], i), sigma(sigma(A[j, i] * y[j], j) * x[i], i)),
        (sigma(exp(x[i]) / sigma(exp(x[j]), j), i), 1),
        (exp(x[i] - largest) / sigma(exp(x[j] - largest), j), exp(x[i]) / sigma(exp(x[j]), j)),
        (log(exp(x[i]) / sigma(exp(x[j]), j)), x[i] - log(sigma(exp(x[k]), k))),
        (1 - tanh(x[i]) ** 2, 4 * exp(2 * x[i]) / (exp(2 * x[i]) + 1) ** 2),
        (sigmoid(x[i]) * (1 - sigmoid(x[i])), exp(-x[i]) / (1 + exp(-x[i])) ** 2),
        (log(sigmoid(x[i])), -softplus(-x[i])),
        (relu(x[i]), (x[i] + Abs(x[i])) / 2),
        (x[i] * sign(x[i]), Abs(x[i])),
        (Choice((x[i], x[i] > 0), (0, True)), relu(x[i])),
        (Choice((1, relu(x[i]) > 0), (0, True)), Choice((1, x[i] > 0), (0, True))),
        (Choice((1, relu(x[i] * y[i]) > 0), (0, True)), Choice((1, x[i] * y[i] > 0), (0, True))),
        (Choice((1, relu(x[i]) * y[i] > 0), (0, True)), Choice((1, (x[i] > 0) & (y[i] > 0)), (0, True))),
        (1 / (a * (a + b)) + 1 / (b * (a + b)), 1 / (a * b)),
        (log(a * b), log(a) + log(b)),  # where both sides are defined
        (log(a**2), 2 * log(-a)),
        (sqrt(a**2), Abs(a)),
        (sqrt(a**2) / Abs(a), 1),
        (exp(log(a**2) / 2), Abs(a)),
        (exp(log(a)), a),
        (sqrt(4 * n * a), 2 * sqrt(n) * sqrt(a)),
    ],
)
def test_equal_expressions_have_one_normal_form(left, right):
    assert 0 in (Normal(signs_apart=apart).form(left - right) for apart in (False, True))


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (sigma(x[i] ** 2, i), sigma(x[i], i) ** 2),
        (sigma(A[i, j] * A[i, j], i, j), sigma(A[i, j] * A[j, i], i, j)),
        (sigma(A[i, j] * A[j, k] * A[k, i], i, j, k), sigma(A[i, j] * A[j, k] * A[i, k], i, j, k)),
        (sigma(x[i], i) / n, sigma(x[i], i) / (n + Rational(1, 10**30))),
        (sqrt(a**2), a),
        (exp(log(a**2) / 2), a),
        (Choice((1, x[i] > 0), (0, True)), Choice((1, x[i] > 1), (0, True))),
        (Choice((1, i > j), (0, True)), Choice((1, i >= j), (0, True))),
        (KroneckerDelta(i, j), 1),
        (sigma(KroneckerDelta(i, j), i, j), n**2),
        (tanh(x[i]) + Rational(1, 10**30), tanh(x[i])),
    ],
)
def test_different_expressions_have_different_ones(left, right):
    assert Normal().form(left - right) != 0


def test_a_declared_sum_is_used():
    facts = (SumFact("y", "n"),)
    assert Normal(facts, {"y": (n,)}).form(sigma(y[i], i) * a - a) == 0
    assert Normal((), {"y": (n,)}).form(sigma(y[i], i) * a - a) != 0


def test_a_declared_sum_is_that_of_rows_not_of_a_diagonal():
    m = Size("m")
    facts, axes = (SumFact("A", "n"),), {"A": (n, m)}
    assert Normal(facts, axes).form(sigma(A[i, 0], i) - 1) == 0
    assert Normal(facts, axes).form(sigma(A[i, m - 1 - i], i) - 1) != 0


def test_nothing_is_divided_by_zero():
    with pytest.raises(GaveUp):
        Normal().form(a / (exp(a) * exp(b) - exp(a + b)))


# Random pairs: the oracle is the values of both sides in floats, at random arrays.


def _atom(chance, indices):
    one, other = chance.choice(indices), chance.choice(indices)
    return chance.choice([x[one], y[one], A[one, other], a, Rational(1, 2), KroneckerDelta(one, other)])


def _grown(chance, depth, indices):
    if depth == 0:
        return _atom(chance, indices)
    left, right = (_grown(chance, depth - 1, indices) for _ in range(2))
    new = Index(f"v{depth}{chance.randrange(100)}", n)
    inner = _grown(chance, depth - 1, [*indices, new])
    ways = [
        lambda: left + right,
        lambda: left * right,
        lambda: left - 2 * right,
        lambda: sigma(inner, new) if new in inner.free_symbols else inner,
        lambda: tanh(left),
        lambda: exp(left) * right,
        lambda: left / (1 + right**2),
        lambda: relu(left),
        lambda: Choice((left, right > 0), (1, True)),
        lambda: Choice((1, relu(left) * right > 0), (0, True)),
        lambda: reduced(Largest, inner, (new,)) if new in inner.free_symbols else inner,
    ]
    return chance.choice(ways)()


def _value(expr, seed):
    draw = np.random.default_rng(seed)
    arrays = {"x": draw.normal(size=3), "y": draw.normal(size=3), "A": draw.normal(size=(3, 3)), "a": draw.normal()}
    arrays = {name: np.asarray(array) for name, array in arrays.items()}
    with np.errstate(all="ignore"):
        return Values(FLOATS, {n: 3}, arrays).of(Equation("value", expr, (i, j)))


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 10**6))
@example(seed=1124)  # a condition on whole numbers that has a condition in it
def test_a_random_expression_has_the_values_of_its_normal_form(seed):
    expr = _grown(random.Random(seed), 3, [i, j])
    try:
        form, value = Normal(signs_apart=bool(seed % 2)).form(expr), _value(expr, seed)
    except (GaveUp, NoValue):
        return
    # A normal form's indicators stand for choices, which floats know.
    holds = form.replace(Positive, lambda gap: Choice((1, gap > 0), (0, True)))
    holds = holds.replace(NotNegative, lambda gap: Choice((1, gap >= 0), (0, True)))
    assert np.allclose(_value(holds, seed), value, rtol=1e-6, atol=1e-8 * (1 + np.abs(value).max()))


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_bound_indices_may_have_any_names_in_any_order(seed):
    chance = random.Random(seed)
    letters = [Index(name, n) for name in "pqr"]
    factors = [A[chance.choice(letters), chance.choice(letters)] * x[chance.choice(letters)] for _ in range(2)]
    body = factors[0] * factors[1]
    shuffled = chance.sample(letters, 3)
    renamed = body.xreplace(dict(zip(letters, shuffled, strict=True)))
    used = [letter for letter in letters if letter in body.free_symbols]
    left = sigma(body, *used)
    right = sigma(renamed, *chance.sample([dict(zip(letters, shuffled, strict=True))[u] for u in used], len(used)))
    assert Normal().form(left - right) == 0
