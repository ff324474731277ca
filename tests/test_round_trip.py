"""What symgrad prints as LaTeX, it reads again as what it printed."""

from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sympy import Add, I, Integer, Mul, Pow, Rational, Symbol, exp, log, nan, simplify, tanh, zoo

import symgrad as sg
from symgrad.checking.check import checked
from symgrad.checking.evaluate import Evaluator, Unknown
from symgrad.checking.values import Algebra, Sizes
from symgrad.equations import Equation
from symgrad.notation.latex import equation_latex
from symgrad.reading.documents.read import read_document, read_text
from symgrad.reading.latex.resolve import Resolver
from symgrad.reading.latex.statements import statements
from symgrad.reading.latex.symbols import analysed

PAGES = sorted((Path(__file__).parent.parent / "derivations").glob("*.md"))
SYMBOLS = [Symbol(name) for name in ("x", "w", "b_1", "yhat", "theta", "h_12")]
NUMBERS = [Integer(2), Integer(-3), Rational(1, 2), Rational(-5, 3), Integer(10)]


def grown(inner):
    pairs = st.tuples(inner, inner)
    return st.one_of(
        pairs.map(lambda two: Add(*two)),
        pairs.map(lambda two: Mul(*two)),
        pairs.filter(lambda two: not two[1].is_zero).map(lambda two: two[0] / two[1]),
        st.tuples(inner, st.sampled_from([2, 3, Rational(1, 2)])).map(lambda two: Pow(*two)),
        st.tuples(st.sampled_from([exp, log, tanh]), inner).map(lambda two: two[0](two[1])),
    )


EXPRESSIONS = st.recursive(st.sampled_from(SYMBOLS + NUMBERS), grown, max_leaves=6)


def shape(name):
    if name not in map(str, SYMBOLS):
        raise Unknown(name)
    return ()


def read(latex):
    (statement,) = statements(latex, {})
    symbols = analysed([statement.tree])
    term = Resolver(symbols, frozenset()).term(statement.tree.sides[1])
    return Evaluator(Algebra(Sizes()), shape).value(term).expr


@settings(max_examples=150, deadline=None)
@given(EXPRESSIONS)
def test_a_scalar_expression_is_read_as_it_was_printed(expr):
    assume(expr.free_symbols and expr.is_real is not False and not expr.has(zoo, nan, I))
    latex = equation_latex(Equation("q", expr), {})
    found = read(latex)
    assert found == expr or simplify(found - expr) == 0, latex


@settings(max_examples=15, deadline=None)
@given(EXPRESSIONS.map(lambda expr: expr * Symbol("x") + tanh(Symbol("x"))))
def test_a_printed_gradient_is_proved_from_the_printed_equations(inner):
    x = Symbol("x")
    assume(x in inner.free_symbols and inner.is_real is not False and not inner.has(zoo, nan, I, log))
    model = sg.Model.from_equations([(Symbol("z"), inner), (Symbol("L"), (Symbol("z") - Symbol("t")) ** 2)], "L")
    derivation = sg.derive(model, wrt=["x"])
    report = list(checked(read_text(derivation.markdown(), "page.md"), seconds=2))
    assert not [finding for finding in report if finding.status in ("unread", "refuted")], report
    assert any(finding.status in ("proved", "agrees", "undecided") for finding in report)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_every_formula_of_the_gallery_is_read(path):
    found = [
        statement
        for fragment in read_document(path).fragments
        if fragment.kind in ("display", "inline")
        for statement in statements(fragment.text.text, {})
    ]
    assert found and not [statement.error for statement in found if statement.tree is None and statement.matters]
