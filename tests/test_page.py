import base64
import re

import pytest

from symgrad.errors import SymgradError
from symgrad.notation.page import html_page

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def body(markdown, base):
    return html_page(markdown, "t", base).split("<body>")[1]


@pytest.mark.parametrize(
    ("latex", "mark"),
    [
        (r"\frac{\partial \mathscr{L}}{\partial w_1}", "ℒ"),
        (r"\hat{y}", "<mover"),
        (r"\begin{bmatrix}-2x\\ 8\end{bmatrix}", "<mtable"),
        (r"\begin{aligned}z_1 &= w_1 x + b_1\\ o_1 &= f(z_1)\end{aligned}", "<mtable"),
        (r"\begin{cases}z & \text{if } z > 0\\ 0 & \text{otherwise}\end{cases}", "<mtext>"),
        (r"f^\prime(z_2)", "′"),
        (r"\sum_{i=1}^{n}", "<munderover>"),
        (r"w = 3 \tag{7}", "(7)"),
        (r"\begin{align}a &= b \\ c &= d\end{align}", "(2)"),
    ],
)
def test_the_notation_of_a_derivation_becomes_mathml(latex, mark, tmp_path):
    shown = body(f"$$\n{latex}\n$$", tmp_path)
    assert mark in re.sub("<annotation.*?</annotation>", "", shown, flags=re.S)
    assert '<math display="block"' in shown


def test_numbered_equations_count_on_through_the_page(tmp_path):
    pair = r"$$\begin{align}a &= b \\ c &= d\end{align}$$"
    assert "(4)" in body(f"{pair}\n\n{pair}", tmp_path)


def test_mathematics_in_text_and_in_tables_is_inline(tmp_path):
    shown = body("At $x = 4$:\n\n| point | value |\n|---|---|\n| $x$ | $-16$ |\n", tmp_path)
    assert shown.count("<math>") == 3
    assert "<table>" in shown


def test_a_picture_is_embedded_and_keeps_its_description(tmp_path):
    (tmp_path / "a.png").write_bytes(PIXEL)
    shown = body("![the curve](a.png)", tmp_path)
    assert f'src="data:image/png;base64,{base64.b64encode(PIXEL).decode()}" alt="the curve"' in shown


def test_the_page_asks_for_nothing_from_outside(tmp_path):
    page = html_page("# A\n\n$x$", "t", tmp_path)
    assert not re.search(r"<script|<link|https?://|url\((?!data:)", page)


def test_raw_html_is_shown_and_the_title_is_escaped(tmp_path):
    page = html_page("<script>alert(1)</script>", "a < b", tmp_path)
    assert "<script>" not in page
    assert "<title>a &lt; b</title>" in page


def test_a_formula_that_cannot_be_set_is_quoted(tmp_path):
    with pytest.raises(SymgradError, match=r"\\nosuchthing"):
        html_page(r"$$\nosuchthing$$", "t", tmp_path)


@pytest.mark.parametrize("source", ["missing.png", "https://example.org/a.png", "//example.org/a.png"])
def test_a_picture_that_cannot_be_embedded_is_named(source, tmp_path):
    with pytest.raises(SymgradError, match=re.escape(source)):
        html_page(f"![]({source})", "t", tmp_path)
