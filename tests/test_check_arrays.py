"""Lines of numbers with vectors and matrices that are written out."""

import pytest

from symgrad.checking.check import checked
from symgrad.reading.documents.read import read_text

A, B = r"\begin{bmatrix} 1 & 3 \\ 2 & 4 \end{bmatrix}", r"\begin{bmatrix} 1 & 1 \\ 0 & 2 \end{bmatrix}"
NAMED = rf"$A = {A}$, $B = {B}$, $x = [1, 2]^T$ and $w = [0.123, 0.456, 0.789]$, so "


def column(*rows: str) -> str:
    return r"\begin{bmatrix} " + r" \\ ".join(rows) + r" \end{bmatrix}"


def finding(text: str):
    return list(checked(read_text(text, "text.md")))[-1]


@pytest.mark.parametrize(
    "line, status",
    [
        (f"$y = {A} {column('1', '2')} = {column('7', '10')}$", "proved"),
        (f"$y = {A} {column('1', '2')} = {column('7', '11')}$", "refuted"),
        (f"$y = {A} {column('1', '2')} + {column('0.5', '-1')} = {column('7.5', '9')}$", "proved"),
        (f"$y = {A} {B} = {column('1 & 7', '2 & 10')}$", "proved"),
        (f"$y = {A} {B} = {column('1 & 3', '4 & 10')}$", "refuted"),
        (rf"$y = {A} \odot {B} = {column('1 & 3', '0 & 8')}$", "proved"),
        (rf"$y = {A} \odot {B} = {column('1 & 7', '2 & 10')}$", "refuted"),
        (f"$y = {column('-0.3', '0.3')} [1, 2] = {column('-0.3 & -0.6', '0.3 & 0.6')}$", "proved"),
        (f"$y = {column('-0.3', '0.3')} [1, 2] = {column('-0.3 & 0.6', '0.3 & 0.6')}$", "refuted"),
        (r"$y = [0.1, 0.2, 0.3] \cdot [1, 2, 3] = 1.4$", "proved"),
        (r"$y = [0.1, 0.2, 0.3] \cdot [1, 2, 3] = 1.5$", "refuted"),
        (r"$y = [0.1, 0.2, 0.3] \cdot [1, 2, 3] = [0.1, 0.4, 0.9]$", ""),  # meant as the product of each entry?
        (f"$y = {A} {B} = {column('1 & 3', '0 & 8')}$", ""),
        ("$y = [1, 2, 3] * [1, 0, 1] = [4, 2, 4]$", ""),  # a circular convolution
        (r"$y = [1, 0, 0] \times [0, 1, 0] = [0, 0, 1]$", ""),
        ("$y = [1, 2, 3] + [1, 2] = [2, 4, 3]$", ""),
        (r"$y = \frac{[1, 2, 3]}{6} = [0.167, 0.333, 0.5]$", "proved"),
        (r"$y = \frac{[1, 2, 3]}{6} = [0.167, 0.334, 0.5]$", "refuted"),
        (r"$y = \tanh([0.5, -0.5]) = [0.462, -0.462]$", "proved"),
        (r"$y = \tanh([0.5, -0.5]) = [0.462, 0.462]$", "refuted"),
        (r"$y = \text{softmax}([1, 2, 3]) = [0.090, 0.245, 0.665]$", "proved"),
        (r"$y = \frac{1}{2} \|[3, 4]\|^2 = 12.5$", "proved"),
        (r"$y = \|[3, 4]\| = 6$", "refuted"),
        (f"$y = \\|{A}\\| = 6$", ""),  # which norm of a matrix?
        (r"$y = 2 [1, 2] = [2, 4]$ $= 3 [1, 2]$", "refuted"),
    ],
)
def test_arrays_that_are_written_out_are_compared_entry_by_entry(line, status):
    assert finding(line).status == status


@pytest.mark.parametrize(
    "line, status",
    [
        (r"$A x = [7, 10]$", "proved"),
        (f"$A B = {column('1 & 7', '2 & 10')}$", "proved"),
        (f"$A B = {column('1 & 7', '2 & 11')}$", "refuted"),
        (f"$A B = {column('2 & 7', '3 & 11')}$", ""),  # of other matrices, more likely
        (f"$A^T B = {column('1 & 5', '3 & 11')}$", "proved"),
        (f"$A^2 = {column('7 & 15', '10 & 22')}$", "proved"),
        (f"$A^2 = {column('1 & 9', '4 & 16')}$", ""),
        (f"$A^{{-1}} B = {column('7 & 15', '10 & 22')}$", ""),
        (r"$s = x^T x = 5$", "proved"),
        (r"$s = v^T x = 5$", ""),
        (r"$s = v^T x = [0.5, 0.25] \cdot [1, 2] = 1$", "proved"),
        (f"$A B = {column('1 & 7', '2 & 10')}$ and $A = {B}$, $A B = {column('1 & 7', '2 & 10')}$", ""),  # which A?
        (r"$u = 2 w = 2 [0.123, 0.456, 0.789] = [0.246, 0.912, 1.578]$", "proved"),
        (r"$u = 2 w = 2 [0.123, 0.458, 0.789] = [0.246, 0.916, 1.578]$", "refuted"),
        (r"$u = 2 w = 2 [0.1, 0.5, 0.8] = [0.2, 1, 1.6]$", "proved"),
        (r"$u = x + x = [1, 5] + [1, 5] = [2, 10]$", "proved"),  # of another example
        (
            r"$g \leftarrow w - 0.1 w = [0.123, 0.456, 0.789] - [0.0123, 0.0456, 0.0789] = [0.1107, 0.4104, 0.7201]$",
            "refuted",
        ),
    ],
)
def test_names_stand_for_the_arrays_that_they_were_given(line, status):
    assert finding(NAMED + line).status == status


def test_the_entry_that_is_wrong_is_told():
    assert (
        "in entry [2, 2]: 11 stands for 2*1 + 4*2 = 10"
        in finding(f"$y = {A} {B} = {column('1 & 7', '2 & 11')}$").message
    )
    wrong = finding(NAMED + r"$u = 2 w = 2 [0.123, 0.458, 0.789]$")
    assert "0.458 stands for entry [2] of w, which is 0.456" in wrong.message


def test_entries_that_were_rounded_may_be_used_before_rounding():
    text = r"$s = \text{softmax}([1, 2, 3]) = [0.090, 0.245, 0.665]$ and $L = -\log(0.245) = 1.4%s$"
    assert finding(text % "08").status == "proved"  # of 0.2447
    assert finding(text % "18").status == "refuted"


def test_numbers_of_another_example_are_said_to_be_such():
    found = finding(NAMED + r"$u = x + x = [1, 5] + [1, 5] = [2, 10]$")
    assert "other numbers than before were read as those of x" in found.choices
    assert not finding(NAMED + r"$u = x + x = [1, 2] + [1, 2] = [2, 4]$").choices
