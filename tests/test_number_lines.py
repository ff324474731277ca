"""Lines of numbers: what is printed is the exact value, or rounds it; and what isn't is named."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

import symgrad as sg

REGRESSION = {"yhat": "129.9", "y": "88.2", "x": 177}
UPDATE = {"w": "0.7", "alpha": "0.00005", "g": "7380.9"}


@pytest.mark.parametrize(
    ("sides", "values"),
    [
        (["(yhat - y)*x", "(129.9 - 88.2)*177", "7380.9"], REGRESSION),
        (["(yhat - y)*x", "177*(129.9 - 88.2)", "7.3809e3"], REGRESSION),
        (["f", "-6.55"], {"f": "-6.5536"}),
        (["f", "-14.75"], {"f": "-14.7456"}),
        (["b - alpha*g", "6 - 0.00005*41.7", "6 - 0.002", "5.998"], {"b": 6, "alpha": "0.00005", "g": "41.7"}),
        (["(yhat - y)**2/2", "1/2*(129.9 - 88.2)**2", "1/2*41.7**2", "869.45"], REGRESSION),
        (["L", "869.44"], {"L": "869.445"}),  # half to even, and half up above
        (["w - alpha*g", "0.7 - 0.00005*7380.9", "0.7 - 0.37", "0.33"], UPDATE),
        (["2*x/3", "0.67"], {"x": 1}),
        (["2*x/3", "2/3"], {"x": 1}),
        (["exp(1)", "2.718"], {}),
        (["pi", "3.14159"], {}),
        (["sqrt(x)", "2"], {"x": 4}),
        (["abs(x)", "8"], {"x": -8}),
    ],
    ids=lambda sides: " = ".join(sides) if isinstance(sides, list) else "",
)
def test_what_is_right_to_its_printed_digits_is_not_flagged(sides, values):
    assert sg.verify_numbers(sides, values).status == "proved"


@pytest.mark.parametrize(
    ("sides", "values", "diagnosis"),
    [
        (["(yhat - y)*x", "(88.2 - 129.9)*177", "7380.9"], REGRESSION, "88.2 and 129.9 are swapped"),
        (["(yhat - y)*x", "7381"], REGRESSION, "7381 stands for (yhat - y)*x = 7380.9"),  # a whole number is exact
        (["(yhat - y)*x", "7380.8"], REGRESSION, "7380.8 stands for"),
        (["(yhat - y)*x", "-7380.9"], REGRESSION, "the sign is wrong"),
        (["(yhat - y)*x", "7380.90000000000000000001"], REGRESSION, "stands for (yhat - y)*x = 7380.9"),
        (["w - alpha*g", "0.7 - 0.36", "0.34"], UPDATE, "truncated, not rounded"),
        (["w - alpha*g", "0.7 - 0.37", "0.34"], UPDATE, "0.34 stands for 0.7 - 0.37"),
        (["2*x/3", "0.66"], {"x": 1}, "which rounds to 0.67"),
        (["x", "0.11"], {"x": "0.125"}, "0.11 stands for x = 0.125"),
        (["f", "16"], {"f": -16}, "the sign is wrong"),
        (["a - b", "2 - 3"], {"a": 3, "b": 2}, "2 and 3 are swapped"),
        (["1 + 1", "2", "3"], {}, "3 is not 2"),
    ],
    ids=lambda sides: " = ".join(sides) if isinstance(sides, list) else "",
)
def test_a_wrong_number_is_named(sides, values, diagnosis):
    verdict = sg.verify_numbers(sides, values)
    assert verdict.status == "refuted"
    assert diagnosis in verdict.diagnosis


@pytest.mark.parametrize(
    ("sides", "values", "message"),
    [
        ([], {}, "two sides"),
        (["x"], {"x": 1}, "two sides"),
        (["q", "1"], {}, "no value is given for q"),
        (["1/0", "1"], {}, "division by zero"),
        (["log(x)", "1"], {"x": -1}, "no real value"),
        (["x", "1 +"], {"x": 1}, "can't read"),
        (["x", "1"], {"x": "one"}, "expected a number"),
        (["x", "open('f')"], {"x": 1}, "can't read"),
    ],
)
def test_a_line_that_cannot_be_read_is_malformed(sides, values, message):
    verdict = sg.verify_numbers(sides, values)
    assert verdict.status == "malformed"
    assert message in verdict.reason


@given(value=st.decimals(-1000, 1000, places=6, allow_nan=False), places=st.integers(1, 5))
def test_pythons_own_rounding_of_a_value_is_accepted_and_its_neighbours_are_not(value, places):
    rounded = round(value, places)
    neighbour = rounded + type(value)(2).scaleb(-places)
    assert sg.verify_numbers(["v", str(rounded)], {"v": str(value)}).status == "proved"
    assert sg.verify_numbers(["v", str(neighbour)], {"v": str(value)}).status == "refuted"
    assert ast.literal_eval(str(neighbour)) != ast.literal_eval(str(rounded))


@sg.model
def hill(x):
    f = -(x**2)
    return f


def logistic(z, k):
    return sg.sigmoid(k * z)


@pytest.mark.parametrize(
    ("line", "values", "rounded"),
    [
        ("129.9 - 88.2 = 41.7", {}, ()),
        ("f(-2.56) = -6.55", {"f": hill}, ()),
        ("s(2, 0.5) = 0.731", {"s": logistic}, ()),
        ("exp(1) == 2.718281828459045235360287471353", {}, ()),
        ("sqrt(8) = 2*sqrt(2)", {}, ()),
        ("0.125 = 0.12", {}, ()),  # half to even
        ("0.125 = 0.13", {}, ()),  # half up
        ("-0.125 = -0.13", {}, ()),
        ("w*x = 12.4", {"w": "3.5", "x": "3.5"}, ("w", "x")),
        ("1/x = 0.29", {"x": "3.5"}, ("x",)),
        ("a*b = 0.33*0.67 = 0.2211", {"a": "1/3", "b": "2/3"}, ()),  # right for the rounded numbers before it
    ],
)
def test_functions_halves_and_rounded_inputs(line, values, rounded):
    assert sg.verify_numbers(line, values, rounded).status == "proved"


@pytest.mark.parametrize(
    ("line", "values", "rounded", "why"),
    [
        ("f(-2.56) = -6.54", {"f": hill}, (), "-6.54 stands for f(-2.56) = -6.5536"),
        ("f(-2.56) = -6.56", {"f": hill}, (), "the exact value is -6.5536"),
        ("0.135 = 0.13", {}, (), "truncated"),  # neither half up nor half to even
        ("exp(1) = 2.718281828459045235360287471354", {}, (), "2.71828"),
        ("w*x = 12.9", {"w": "3.5", "x": "3.5"}, ("w", "x"), "12.25"),
        ("3*3 = 8 = 9", {}, (), "the last side is right, this one isn't"),
    ],
)
def test_a_wrong_line_is_refuted_with_the_exact_value(line, values, rounded, why):
    verdict = sg.verify_numbers(line, values, rounded)
    assert verdict.status == "refuted"
    assert why in str(verdict)


@pytest.mark.parametrize(
    ("line", "values", "rounded", "message"),
    [
        ("f(1, 2) = 3", {"f": hill}, (), "hill takes x"),
        ("f(1) = 3", {}, (), "no function is given for f"),
        ("x = 3", {"x": 3}, ("y",), "y is said to be rounded"),
        ("9**9**9 = 3", {}, (), "too large"),
        ("log(-1) = 3", {}, (), "no real value"),
    ],
)
def test_a_line_that_cannot_be_computed_says_why(line, values, rounded, message):
    verdict = sg.verify_numbers(line, values, rounded)
    assert verdict.status == "malformed"
    assert message in verdict.reason
