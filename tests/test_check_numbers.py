import pytest

from symgrad.checking.check import checked
from symgrad.reading.documents.read import read_text

GATE = "$f = x y$, $x = 4$, $y = -3$. "
NODE = r"$z = w x + b$ and $z = 0.4 \cdot 0.593 + 0.35 = 0.5872$, "


def findings(text: str):
    return list(checked(read_text(text, "text.md")))


@pytest.mark.parametrize(
    "text, status",
    [
        (GATE + "$f = -12$", "proved"),
        (GATE + "$f = 12$", "refuted"),
        (GATE + "$f = 35$", ""),  # of another example
        (GATE + r"$\frac{\partial f}{\partial x} = -3$", "proved"),
        (GATE + r"$\frac{\partial f}{\partial x} = 3$", "refuted"),
        (r"$J = 3v$, $v = a + u$, $u = bc$, $c = 2$, $\frac{dJ}{db} = 6$", "proved"),
        (r"$J = 3v$, $v = a + u$, $u = bc$, $\frac{dJ}{db} = 6$", ""),  # nothing says what c is
        (GATE + "$x = 5$ and $f = -12$", ""),  # at which x?
    ],
)
def test_a_number_is_checked_at_the_values_that_the_document_gives(text, status):
    assert findings(text)[-1].status == status


@pytest.mark.parametrize(
    "line, status",
    [
        (r"$a = \frac{1}{1 + e^{-z}} = \frac{1}{1 + e^{-0.5872}} = 0.643$", "proved"),
        (r"$a = \frac{1}{1 + e^{-z}} = \frac{1}{1 + e^{-0.587}} = 0.643$", "proved"),  # rounded, not misprinted
        (r"$a = \frac{1}{1 + e^{-z}} = \frac{1}{1 + e^{-0.5972}} = 0.645$", "refuted"),
        (r"$a = \frac{1}{1 + e^{-z}} = \frac{1}{1 + e^{-1.25}} = 0.777$", "proved"),  # another example
    ],
)
def test_a_number_that_is_inserted_for_a_name_is_the_names_number(line, status):
    assert findings(NODE + line)[-1].status == status


@pytest.mark.parametrize("power, status", [("0.2296", "proved"), ("0.2297", "refuted")])
def test_a_line_that_goes_on_is_checked_against_the_line_before(power, status):
    text = rf"""$$v = \frac{{4 + 4 + 0}}{{3}} = 2.667$$
    $$g = -0.5 \cdot 2.667^{{-1.5}}$$
    $$= -0.5 \cdot {power} = -0.1148$$"""
    assert findings(text.replace("\n    ", "\n\n"))[-1].status == status


@pytest.mark.parametrize(
    "text, kind, status",
    [
        (r"$w \leftarrow w - \eta \frac{\partial L}{\partial w}$", "update", "agrees"),
        (r"$w \rightarrow w - \eta \frac{\partial L}{\partial w}$", "update", "agrees"),
        (r"$w := w + \eta \frac{\partial L}{\partial w}$", "update", ""),  # it may ascend
        (r"$w := w - \frac{\eta}{\frac{\partial L}{\partial w}}$", "update", ""),
        (r"$w = 0.7$, $w' = w - \eta \frac{\partial L}{\partial w} = 0.7 - 0.1 \cdot 2 = 0.5$", "numbers", "proved"),
        (r"$w = 0.7$, $w' = w - \eta \frac{\partial L}{\partial w} = 0.7 - 0.1 \cdot 2 = 0.6$", "numbers", "refuted"),
    ],
)
def test_an_update_has_its_kind_and_verdict(text, kind, status):
    finding = findings(text)[-1]
    assert (finding.kind, finding.status) == (kind, status)


@pytest.mark.parametrize(
    "text, kind",
    [
        ("$x = 4$", "definition"),
        (r"$a_1 = \frac{b}{c}$ and $a_2 = 0.59$", "numbers"),  # a_1 was computed
        (r"$p_1 + p_2 = 1$", "other"),
        (r"$S = S^T$", "other"),
        (r"$X^T y = X^T X w$", "other"),
        (r"$P(y \mid x) = \frac{1}{1 + e^{-x}}$", "definition"),
        (r"$\delta = \frac{\partial C}{\partial z}$", "definition"),
        (r"$z = w x$, $z = w x$", "definition"),
        (r"$\nabla_\theta L = X^T (X \theta - y)$ and $\theta = (X^T X)^{-1} X^T y$", "claim"),
    ],
)
def test_an_equation_has_its_kind(text, kind):
    assert findings(text)[-1].kind == kind


SOFTMAX = r"""
<!-- symgrad: z: k; t: k -->

$$s_i = \frac{e^{z_i}}{\sum_j e^{z_j}}$$

$$L = -\sum_i t_i \log s_i$$

$z = [1.0, 2.0, 3.0]^T$ and $t = [0, 1, 0]^T$, so
"""
MEAN = r"""
$$\mu = \frac{1}{m} \sum_{i=1}^m x_i$$

$$y_i = \gamma (x_i - \mu)$$

$\gamma = 2$, $x = [1, 2, 6]$ and

$$\frac{\partial L}{\partial y} = [0.5, -0.25, 0.125]$$
"""


@pytest.mark.parametrize(
    "before, line, status",
    [
        (SOFTMAX, r"$s = [0.090, 0.245, 0.665]$", "agrees"),
        (SOFTMAX, r"$s = [0.090, 0.248, 0.665]$", ""),  # what a sloppy computation may have given
        (SOFTMAX, r"$s = [0.090, 0.345, 0.665]$", "refuted"),
        (SOFTMAX, r"$s = [0.190, 0.345, 0.665]$", ""),  # of other numbers, more likely
        (SOFTMAX, r"$s = [0, 0, 1]$", ""),  # a whole number stands for itself
        (SOFTMAX, r"$s = [9e-2, 2.45e-1, 0.665]$", "agrees"),
        (SOFTMAX, r"$s = [1e-3, 0.245, 0.665]$", "refuted"),
        (SOFTMAX, r"$s_2 = 0.245$", "agrees"),
        (SOFTMAX, r"$\frac{\partial L}{\partial z} = [0.090, -0.755, 0.665]$", "agrees"),
        (SOFTMAX, r"$\frac{\partial L}{\partial z_2} = 0.245 - 1$", "agrees"),
        (SOFTMAX, r"$\frac{\partial L}{\partial z_2} = 1 - 0.245$", "refuted"),
        (SOFTMAX + r"or $z = [2, 2, 2]$, ", r"$\frac{\partial L}{\partial z_2} = 1 - 0.245$", ""),  # at which z?
        (MEAN, r"$\frac{\partial L}{\partial \mu} = -2 (0.5 - 0.25 + 0.125)$", "agrees"),
        (MEAN, r"$\frac{\partial L}{\partial \mu} = 2 (0.5 - 0.25 + 0.125)$", "refuted"),
        (MEAN, r"$\frac{\partial L}{\partial \gamma} = 0.5 \cdot (-2) - 0.25 \cdot (-1) + 0.125 \cdot 3$", "agrees"),
        (MEAN, r"$\frac{\partial L}{\partial x_1} = 2 \cdot 0.5 - \frac{0.75}{3}$", "agrees"),
    ],
)
def test_numbers_are_those_of_the_vectors_that_the_document_gives(before, line, status):
    assert findings(before + "\n" + line)[-1].status == status


CLASS = r"""
<!-- symgrad: y: k; p: k -->

$$p_i = \frac{e^{y_i}}{\sum_j e^{y_j}}$$

$$L = -\ln p_c$$

With $p = [0.2, 0.2, 0.6]$ and"""


@pytest.mark.parametrize(
    "place, numbers, status, choices",
    [
        ("0", "[-0.8, 0.2, 0.6]", "agrees", ()),
        ("0", "[0.8, 0.2, 0.6]", "refuted", ()),
        ("1", "[-0.8, 0.2, 0.6]", "agrees", ("c was counted from 1",)),
        ("1", "[0.2, -0.8, 0.6]", "agrees", ("c was counted from 0",)),
        ("1", "[0.2, 0.2, -0.4]", "", ()),
        ("3", "[0.2, 0.2, -0.4]", "agrees", ()),
        ("3", "[0.2, 0.2, 0.4]", "refuted", ()),
    ],
)
def test_a_letter_with_a_number_is_a_place_that_is_counted_from_0_or_from_1(place, numbers, status, choices):
    found = findings(rf"{CLASS} $c = {place}$, $\frac{{\partial L}}{{\partial y}} = {numbers}$")[-1]
    assert (found.status, found.choices) == (status, choices)


def test_a_number_that_was_wrong_before_is_told_where_it_is_used():
    text = (
        MEAN
        + r"""
$$\frac{\partial L}{\partial \mu} = 2 (0.5 - 0.25 + 0.125) = 0.75$$

$$\frac{\partial L}{\partial x_1} = 2 \cdot 0.5 + \frac{0.75}{3}$$
"""
    )
    last = findings(text)[-1]
    assert last.status == "refuted"
    assert "0.75 stands for ∂L/∂mu, which is -0.75" in last.message
    assert last.correct == "0.75"


def test_a_product_of_matrices_that_are_written_out_is_checked_entry_by_entry():
    text = r"""$$Q = X W$$

$$X = \begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}, \quad W = \begin{bmatrix} 0.5 & 1 \\ 1.5 & 2 \end{bmatrix}$$

$$Q = \begin{bmatrix} 3.5 & 5 \\ 7.5 & %s \end{bmatrix}$$"""
    assert findings(text % "11")[-1].status == "agrees"
    wrong = findings(text % "21")[-1]
    assert wrong.status == "refuted"
    assert "in entry [2, 2]: 21 stands where the numbers of the document give 11" in wrong.message


@pytest.mark.parametrize(
    "line, status, choice",
    [
        (r"\frac{\partial f}{\partial a} = x + 0 = x = 4", "proved", ""),
        (r"\frac{\partial f}{\partial a} = x + 0 = x = 7.5", "proved", "another number for x, which is 4 before"),
        (r"\frac{\partial f}{\partial b} = 2b = 3", "proved", "values the document does not give"),
        (r"\frac{\partial f}{\partial b} = 2b = 0", "proved", "the condition that it vanishes"),
        (r"\frac{\partial f}{\partial c} = \frac{\partial}{\partial c} (c + 1) = 1", "proved", ""),
        (r"\frac{\partial f}{\partial c} = \frac{\partial}{\partial c} (c + 1) = 2", "refuted", ""),
    ],
)
def test_the_number_that_a_chain_ends_in_is_checked_or_said_not_to_be(line, status, choice):
    last = findings(f"$f = a x + b^2 + c$, $x = 4$. ${line}$")[-1]
    assert last.status == status
    assert choice in " ".join(last.choices)
    assert bool(choice) == bool(last.choices)


@pytest.mark.parametrize(
    "line, status",
    [
        (r"\left.\frac{df}{dx}\right|_{x=-4} = 8", "proved"),
        (r"\left.\frac{df}{dx}\right|_{x=-4} = 7", "refuted"),
        (r"f'(x)|_{x=-4} = 8", "proved"),
        (r"f'(x)|_{x=-4} = -8", "refuted"),
        (r"\frac{\partial L}{\partial w}\Big|_{x=2} = 2", "proved"),
        (r"\frac{\partial L}{\partial w}\Big|_{x=2} = 3", "refuted"),
        (r"\frac{\partial L}{\partial x}\Big|_{x=2} = 3", ""),  # at which w?
        (r"129.9 - 88.2 = 41.7 \approx 42", "proved"),
        (r"129.9 - 88.2 = 41.7 \approx 41", "refuted"),
        (r"129.9 - 88.2 = 42", "refuted"),
        (r"98.7 + 0 \approx 100", "proved"),
        (r"98.7 + 0 \approx 90", "refuted"),
    ],
)
def test_numbers_at_a_point_and_about(line, status):
    assert findings(f"$f(x) = -x^2$, $L = w x$, ${line}$")[-1].status == status


def test_a_decimal_comma_that_is_not_read_is_asked_for():
    assert "give --decimal-comma" in findings("$129,9 - 88,2 = 41,7$")[-1].message
