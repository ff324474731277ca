"""Documents on networks in layers and steps: whose entries, axes, errors and numbers a reader would know."""

import re

import pytest

import symgrad as sg
from symgrad.checking.declarations import declarations


def check(tmp_path, text):
    (tmp_path / "a.md").write_text(text, encoding="utf-8")
    return list(sg.check_document(tmp_path / "a.md"))


NETWORK = r"""
$$z_j^l = \sum_i w_{ij}^l a_i^{l-1} + b_j^l$$

$$z^l = (W^l)^T a^{l-1} + b^l$$

$$a_j^l = f(z_j^l)$$

$$C = \frac{1}{2} \sum_i (a_i^L - t_i)^2$$

$$\delta_j^l = \frac{\partial C}{\partial z_j^l}$$
"""


def test_a_small_letter_with_two_indices_is_an_entry_of_the_matrix(tmp_path):
    *_, right, wrong = check(
        tmp_path,
        NETWORK
        + r"""
$$\frac{\partial C}{\partial w_{jk}^L} = \delta_k^L a_j^{L-1}$$

$$\frac{\partial C}{\partial w_{jk}^L} = \delta_j^L a_k^{L-1}$$
""",
    )
    assert right.status == "proved"
    assert wrong.status == "refuted" and "swapped" in wrong.message


def test_a_step_along_a_named_error_is_judged_as_the_gradient_that_it_means(tmp_path):
    *_, right, wrong = check(
        tmp_path,
        NETWORK
        + r"""
$$w_{jk}^l \leftarrow w_{jk}^l - \eta \delta_k^l a_j^{l-1}$$

$$w_{jk}^l \leftarrow w_{jk}^l - \eta \delta_j^l a_k^{l-1}$$
""",
    )
    assert right.status == "proved"
    assert wrong.status == "refuted"


def test_a_jacobian_may_be_written_as_its_diagonal_which_is_said(tmp_path):
    text = r"""<!-- symgrad: h: m; y: k; W: k m; b: k -->
$y = W h + b$

$\frac{\partial y}{\partial h} = W$

$\frac{\partial y}{\partial b} = 1$

$\frac{\partial y}{\partial W} = h$
"""
    found = check(tmp_path, text)[1:]
    assert [finding.status for finding in found] == ["proved", "proved", "agrees"]
    assert "entry by entry" in found[1].choices[0] or "all entries" in found[1].choices[0]
    assert "three axes" in found[2].choices[-1]


def test_a_case_may_be_that_two_indices_are_the_same(tmp_path):
    text = r"""<!-- symgrad: y: k -->
$p = \text{softmax}(y)$

$L = -\ln(p_c)$

$$\frac{\partial L}{\partial y_i} =
\begin{cases} p_i & \text{if $i \neq c$} \\ p_i - 1 & \text{if $i = c$} \end{cases}$$
"""
    assert check(tmp_path, text)[-1].status == "proved"


def test_w5_is_w_5_where_both_are_written(tmp_path):
    text = r"""$h = w_5 x$

$E = h^2$

$$\frac{\partial E}{\partial w5} = 2 h x$$

$$\frac{\partial E}{\partial w5} = 2 h w_5$$
"""
    assert [finding.status for finding in check(tmp_path, text)[2:]] == ["proved", "refuted"]


def test_a_number_of_the_first_formula_in_the_second_is_found(tmp_path):
    text = r"""<!-- symgrad: t_1 = 0.01; t_2 = 0.99 -->
$E_1 = \frac{1}{2}(t_1 - y_1)^2 = \frac{1}{2}(0.01 - 0.75)^2 = 0.2738$

$E_2 = \frac{1}{2}(0.01 - 0.77)^2 = 0.2888$

$E = \frac{1}{2}(t_1 - y_1)^2 + \frac{1}{2}(t_2 - y_2)^2$
"""
    first, second, _ = check(tmp_path, text)
    assert first.status == "proved"
    assert second.status == "refuted" and second.message == "0.01 stands for t_2 = 0.99: it is t_1"


def test_a_letter_that_has_lost_its_number_is_found(tmp_path):
    text = r"""$net = w_1 i_1 + w_2 i_2$

$$\frac{\partial net}{\partial w_1} = i$$
"""
    found = check(tmp_path, text)[-1]
    assert found.status == "refuted" and "i_1" in found.message


def test_a_misprinted_number_is_told_from_the_exact_ones_that_it_comes_from(tmp_path):
    text = r"""<!-- symgrad: x = 0.3; w = 0.7 -->
$h = x w$

$h = 0.21$

$E = h^3$

$E = 0.009216$
"""
    found = check(tmp_path, text)[-1]
    assert found.status == "refuted" and "0.009261" in found.message


LAYERS = r"""<!-- symgrad: z_j^{(l+1)} = \sum_i W_{ij}^{(l)} a_i^{(l)}; a_i^{(l)} = f(z_i^{(l)}) -->
$$J = \frac{1}{2} \sum_i (a_i^{(n_l)} - y_i)^2$$

$$\delta_i^{(n_l)} = \frac{\partial J}{\partial z_i^{(n_l)}} = (a_i^{(n_l)} - y_i) f'(z_i^{(n_l)})$$

$$\delta_i^{(n_{l-1})} = \frac{\partial J}{\partial z_i^{(n_{l-1})}}
= \sum_j \delta_j^{n_l} \frac{\partial z_j^{n_l}}{\partial z_i^{(n_{l-1})}}$$

with $z_j^{n_l} = \sum_k W_{kj}^{n_{l-1}} f(z_k^{n_{l-1}})$

$$= \sum_j \delta_j^{n_l} W_{ij}^{n_{l-1}} f'(z_i^{n_{l-1}})$$

$$= \sum_j \delta_j^{n_l} W_{ij}^{n_{l-1}} f'(z_j^{n_{l-1}})$$
"""


def test_n_l_is_the_last_layer_and_a_display_goes_on_from_the_one_before(tmp_path):
    _, last, below, _, right, wrong = check(tmp_path, LAYERS)
    assert [last.status, below.status, right.status] == ["proved"] * 3
    assert wrong.status in ("refuted", "undecided", "malformed")


def test_a_loss_may_be_an_unknown_function_of_named_quantities(tmp_path):
    text = r"""<!-- symgrad: W: k m; h: m; l: abstract -->
$o = W h$

$L = l(o, y)$

$$\frac{\partial L}{\partial h} = W^\top \frac{\partial L}{\partial o}$$

$$\frac{\partial L}{\partial h} = W^\top \frac{\partial L}{\partial o} + h$$
"""
    right, wrong = check(tmp_path, text)[2:]
    assert right.status == "proved"
    assert wrong.status not in ("proved", "agrees")


def test_a_sum_may_leave_out_one_index(tmp_path):
    text = r"""$L = \sum_j t_j y_j$

$$t_i y_i + \sum_{j \neq i} t_j y_j = L$$
"""
    assert check(tmp_path, text)[-1].status == "proved"


def test_dollars_that_stand_alone_hold_a_formula(tmp_path):
    assert [finding.tex.strip() for finding in check(tmp_path, "$\ny = x^2\n$\n\nIt costs $ 5 and $ 6.\n")] == [
        "y = x^2"
    ]


@pytest.mark.parametrize(
    ("text", "shapes"),
    [
        (r"W^{[l]}: n^{[l]} n^{[l-1]}", {"W^{[l]}": ("n_{l}", "n_{l-1}")}),
        (r"b^{[1]}: n^{[1]}", {"b^{[1]}": ("n_1",)}),
        ("l: abstract; y: one-hot", {}),
    ],
)
def test_lengths_of_layers_are_declared_as_they_are_written(text, shapes):
    found = declarations(text)
    assert found.shapes == shapes and not found.unread


@pytest.mark.parametrize("text", ["A: orthogonal", "x: sample", "W: from node i of layer l to node j"])
def test_what_is_no_length_is_said_to_be_unread(text):
    assert declarations(text).unread == (text,)


def test_an_unread_declaration_is_reported(tmp_path):
    (tmp_path / "a.md").write_text("<!-- symgrad: A: orthogonal -->\n$y = A x$\n", encoding="utf-8")
    (problem,) = sg.check_document(tmp_path / "a.md").problems
    assert re.search("can't read 'A: orthogonal'", problem.message)
