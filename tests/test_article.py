"""The article, reproduced: its numbers, the checker's verdict on each of its lines, and the page."""

import re
from itertools import pairwise

import pytest
from katex import assert_katex
from sympy import Rational

from symgrad.article.check import checked, checked_claims
from symgrad.article.claims import CLAIMS, Claim
from symgrad.article.page import page
from symgrad.article.report import Report
from symgrad.article.results import results
from symgrad.article.typeset import typeset
from symgrad.cli import main

SLIPS = {
    "value at 4": "the sign is wrong",
    "the rule for a step, at 4": "abs(df_dx) stands for df_dx = -8",
    "second step of 1%": "8 stands for abs(df_dx) = 7.84",
    "loss by weight, in numbers": "88.2 and 129.9 are swapped",
    "update of the weight": "which rounds to 0.37: it is truncated, not rounded",
    "the new prediction": "66.2 stands for yhat = 64.57695",
    "loss after": "66.2 stands for yhat = 64.57695",
    "step 4": "do1_dw1 stands where dz1_dw1 is meant",
}


@pytest.fixture(scope="module")
def found():
    return results()


@pytest.fixture(scope="module")
def report():
    return Report(checked_claims())


@pytest.fixture(scope="module")
def text(found, report):
    return page(found, report)


def row(report, where):
    return next(item for item in report.checked if item.claim.where == where)


def test_exactly_the_slips_are_refuted(report):
    assert [item.claim.where for item in report.refuted] == list(SLIPS)


def test_every_other_statement_is_proved(report):
    others = [item for item in report.checked if item.claim.where not in SLIPS]
    assert {item.verdict.status for item in others} == {"proved"}


@pytest.mark.parametrize("where", SLIPS)
def test_a_slip_is_explained(report, where):
    assert SLIPS[where] in row(report, where).why


@pytest.mark.parametrize(
    ("where", "ours"),
    [
        ("value at 4", "-16"),
        ("second step of 1%", "-3.8416"),
        ("loss by weight, in numbers", "7380.9"),
        ("update of the weight", "0.330955"),
        ("update of the bias", "5.997915"),
        ("loss before", "869.445"),
        ("the new prediction", "64.57695"),
        ("loss after", "≈ 279.024246"),
        ("step 4", "f'(z1)*x"),
        ("the product", "(yhat - y)*f'(z2)*w2*f'(z1)*x"),
    ],
)
def test_beside_each_statement_stands_the_right_value(report, where, ours):
    assert row(report, where).ours == ours


@pytest.mark.parametrize("where", ["value at -2.56", "update of the bias", "loss before", "value at -3.84"])
def test_what_is_right_to_its_printed_digits_is_not_flagged(report, where):
    assert row(report, where).verdict


def test_the_checker_and_not_a_list_finds_the_slips():
    right = {"0.7 - 0.36": "0.7 - 0.37", "0.34": "0.33", "-3.92 + 0.01*8": "-3.92 + 0.01*7.84", "16": "-16"}
    for claim in CLAIMS:
        if claim.where in ("update of the weight", "second step of 1%", "value at 4"):
            sides = tuple(right.get(side, side) for side in claim.sides)
            assert checked(Claim(claim.where, sides, claim.model, claim.at, claim.after)).verdict


def test_the_climbs_are_the_articles(found):
    points = {rate: [at["x"] for at in climb] for rate, climb in found.climbs.items()}
    assert points["1"] == [-4, 4, -4]
    assert points["0.1"] == [-4, Rational("-3.2"), Rational("-2.56")]
    assert points["0.01"] == [-4, Rational("-3.92"), Rational("-3.8416")]
    assert [climb[-1]["f"] for climb in found.climbs.values()] == [-16, Rational("-6.5536"), Rational("-14.75789056")]


def test_the_regression_moves_by_one_exact_step(found):
    assert found.before.gradient == {"w": Rational("7380.9"), "b": Rational("41.7")}
    assert (found.after["w"], found.after["b"]) == (Rational("0.330955"), Rational("5.997915"))


def test_ten_epochs_settle_where_b_hardly_moves(found):
    costs = [epoch.loss for epoch in found.line.history]
    assert len(costs) == 11 and all(later < earlier for earlier, later in pairwise(costs))
    assert costs[-1] == pytest.approx(18.4618, abs=1e-4)
    assert found.line.params["b"] == pytest.approx(6, abs=0.01)


def test_the_network_learns_to_do_better_than_a_line(found):
    assert found.net.history[-1].loss < found.net.history[0].loss / 5


def test_every_gap_in_the_words_is_filled(text):
    assert "<<" not in text and ">>" not in text


def test_katex_sets_every_formula_of_the_page(text):
    text = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    display = re.findall(r"\$\$(.+?)\$\$", text, re.DOTALL)
    inline = re.findall(r"\$(.+?)\$", re.sub(r"\$\$.+?\$\$", "", text, flags=re.DOTALL), re.DOTALL)
    assert len(display) > 10 and len(inline) > 100
    assert_katex(display)
    assert_katex(inline, display=False)


@pytest.mark.parametrize(
    ("side", "latex"),
    [
        ("1/2*(129.9 - 88.2)**2", r"\frac{1}{2} (129.9 - 88.2)^{2}"),
        ("f'(z1)*do1_dw1", r"f^{\prime}(z_1) \frac{\partial o_1}{\partial w_1}"),
        ("-4 + 0.1*8", r"-4 + 0.1 \cdot 8"),
        ("0.00005*abs(df_dx)", r"0.00005 \left\lvert \frac{\partial f}{\partial x} \right\rvert"),
        ("-2*x", "-2 x"),
        ("2*(3 - x)", r"2 \cdot (3 - x)"),
        ("1 - (2 - 3)", "1 - (2 - 3)"),
    ],
)
def test_a_statement_is_typeset_as_it_was_written(side, latex):
    assert typeset((side,)) == latex


def test_the_command_writes_the_page_and_eleven_pictures(tmp_path, capsys):
    pytest.importorskip("matplotlib")
    pytest.importorskip("math_core")
    assert main(["article", "--out", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert all(where in printed for where in SLIPS) and "0.330955" in printed
    pictures = sorted(path.name for path in tmp_path.iterdir() if path.suffix in (".png", ".gif"))
    assert len(pictures) == 11 and sum(name.endswith(".gif") for name in pictures) == 3
    words = (tmp_path / "index.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"!\[.+?\]\((.+?)\)", words)) == pictures
    html = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert html.count('src="data:image/') == 11 and "<math" in html
