"""Letters that are written in several ways for one thing: thin and bold, large and small, with an accent over a ∂."""

import pytest

import symgrad as sg


def statuses(tmp_path, text):
    (tmp_path / "note.md").write_text(text, encoding="utf-8")
    return [finding.status for finding in sg.check_document(tmp_path / "note.md") if finding.status]


SOFTMAX = r"\frac{\partial}{\partial T_j} \frac{e^{T_i}}{\sum_k e^{T_k}} = "
TOTAL = r"(\sum e^{t_k})"
CASES = r"\begin{cases} \frac{e^{T_i}\sum_k e^{T_k} - e^{T_j} e^{T_i}}{S^2} & i = j \\ ? & \text{otherwise} \end{cases}"


@pytest.mark.parametrize("total", [r"(\sum_k e^{T_k})", r"(\sum e^{T_k})"])
@pytest.mark.parametrize("other, status", [("-", "proved"), ("", "refuted")])
def test_an_exponent_has_indices_and_a_sum_may_leave_its_own_out(tmp_path, total, other, status):
    claim = SOFTMAX + CASES.replace("?", rf"{other}\frac{{e^{{T_j}} e^{{T_i}}}}{{S^2}}").replace("S", total)
    assert statuses(tmp_path, f"$${claim}$$\n") == [status]


def test_a_letter_of_another_size_is_refuted_and_so_is_what_follows_a_side_that_is_right_without_it(tmp_path):
    misprinted = CASES.replace("S", r"(\sum e^{t_k})")
    right = SOFTMAX + misprinted.replace("?", rf"-\frac{{e^{{T_j}} e^{{T_i}}}}{{{TOTAL}^2}}")
    (tmp_path / "right.md").write_text(f"$${right}$$\n", encoding="utf-8")
    (finding,) = sg.check_document(tmp_path / "right.md")
    assert finding.status == "refuted" and "with one letter for both" in finding.message
    wrong = right + " = " + misprinted.replace("?", rf"\frac{{e^{{T_j}} e^{{T_i}}}}{{{TOTAL}^2}}")
    (tmp_path / "wrong.md").write_text(f"$${wrong}$$\n", encoding="utf-8")
    (finding,) = sg.check_document(tmp_path / "wrong.md")
    assert finding.status == "refuted" and any("t was read as T" in choice for choice in finding.choices)


NORM = r"""<!-- symgrad: x: n -->

$\mathbf{\hat x} = \mathbf{x}^2$

$L = \sum_i \hat{x}_i^2$

$$\frac{\partial L}{\hat{\partial x_i}} = %s \hat{x}_i$$
"""


@pytest.mark.parametrize("factor, status", [("2", "proved"), ("", "refuted")])
def test_a_thin_letter_with_an_index_is_an_entry_of_the_bold_one_and_an_accent_over_a_derivative_its_own(
    tmp_path, factor, status
):
    assert statuses(tmp_path, NORM % factor) == [status]
