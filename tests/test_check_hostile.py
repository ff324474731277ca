import itertools

import pytest

from symgrad.checking.check import checked
from symgrad.reading.documents.read import read_text

HOSTILE = {
    "nested braces": "{" * 10_000 + "x" + "}" * 10_000 + " = 1",
    "tower of powers": "y = 9^{9^{9^{9}}}",
    "tower of exponentials": "y = e^{e^{e^{e^{10}}}} + x",
    "large exponent": "1e999999999 + 1 = 2",
    "long number": "1 + " + "9" * 10_000 + " = 2",
    "macro bomb": "".join(rf"\def\{a}{{\{b}\{b}}}" for a, b in itertools.pairwise("abcdefghijklmnop")) + r"\a = 1",
    "endless macro": r"\def\a{\a\a}\a = 1",
    "one long line": "x + " * 100_000 + "1 = y",
    "fractions": r"\frac" * 10_000 + "12",
    "powers without braces": "x^" * 5_000 + "2 = y",
    "matrices": r"\begin{bmatrix}" + "1 & " * 20_000 + r"1 \end{bmatrix} = A",
    "long product": "y = " + "x " * 4_000,
    "large power of a sum": "y = (a+b)^{1000} - (a+b)^{999}(a+b)",
    "calls": "y = " + "f(" * 50 + "x" + ")" * 50,
    "huge layer": "x^{(1000000)} = W x^{(999999)}",
    "defined by itself": "a = b + 1, \\quad b = a + 1, \\quad \\frac{da}{db} = 1",
    "division by zero": r"\frac{d}{dx} \frac{x}{0} = 0/0",
    "unbalanced": r"\left( \begin{cases} x \\ \right.",
    "nuls": "a\x00 = b",
    "no characters": "\ufffd\u202e = \U0001f600",
}  # fmt: skip


@pytest.mark.parametrize("formula", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_formula_ends_in_a_message_and_the_rest_is_checked(formula):
    text = f"$${formula}$$\n\nThen $\\frac{{d}}{{dt}} t^3 = 3 t^2$."
    found = list(checked(read_text(text, "hostile.md"), seconds=2))
    assert found[-1].status == "proved"
    assert not any(finding.message.startswith("symgrad failed") for finding in found)
