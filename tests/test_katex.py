import pytest
from katex import assert_katex, katex_refuses


def test_good_latex_passes():
    assert_katex([r"\frac{\partial \mathscr{L}}{\partial w_1} = (\hat{y} - y)\,x", r"\begin{bmatrix}-2x\end{bmatrix}"])


@pytest.mark.parametrize(
    "latex",
    [r"\frac{1}{", r"\undefinedcommand", "ŷ = x", r"x_1_2", r"\begin{bmatrix}1\end{matrix}"],
    ids=["unclosed", "unknown command", "a letter outside LaTeX", "double subscript", "crossed environments"],
)
def test_what_strict_katex_refuses_is_reported(latex):
    assert [row["latex"] for row in katex_refuses([latex])] == [latex]


def test_the_failure_names_the_formula():
    with pytest.raises(AssertionError, match=r"\\oops"):
        assert_katex(["x", r"\oops"])
