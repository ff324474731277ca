"""Inverses and determinants of families of matrices and of expressions; the slips of matrix identities."""

import pytest
from test_check_conventions import statuses

import symgrad as sg

FAMILY = r"""
<!-- symgrad: x_j: n; \mu_i: n; \Sigma_i: n n, symmetric; \alpha_i: scalar; m: scalar; k: scalar -->

$p(x_j|\mu_i,\Sigma_i) = |\Sigma_i|^{-1/2} \exp(-\frac12 (x_j-\mu_i)^T \Sigma_i^{-1} (x_j-\mu_i))$

$E = \sum_{j=1}^m \ln \sum_{l=1}^k \alpha_l p(x_j|\mu_l,\Sigma_l)$

$\frac{\alpha_i p(x_j|\mu_i,\Sigma_i)}{\sum_{l=1}^k \alpha_l p(x_j|\mu_l,\Sigma_l)} = \gamma_{ji}$

"""
RIGHT_OF_FAMILY = [
    r"\frac{\partial E}{\partial \alpha_i} = "
    r"\sum_{j=1}^m \frac{p(x_j|\mu_i,\Sigma_i)}{\sum_{l=1}^k \alpha_l p(x_j|\mu_l,\Sigma_l)}",
    r"\frac{\partial p(x_j|\mu_i,\Sigma_i)}{\partial \mu_i} = p(x_j|\mu_i,\Sigma_i) \Sigma_i^{-1} (x_j-\mu_i)",
    r"\frac{\partial E}{\partial \mu_i} = \sum_{j=1}^m \gamma_{ji} \Sigma_i^{-1} (x_j-\mu_i)",
    r"\frac{\partial E}{\partial \Sigma_i} = \sum_{j=1}^m \gamma_{ji} "
    r"[-\frac12\Sigma_i^{-1} + \frac12\Sigma_i^{-1}(x_j-\mu_i)(x_j-\mu_i)^T\Sigma_i^{-1}]",
    r"\frac{\partial E}{\partial p(x_j|\mu_i,\Sigma_i)} = "
    r"\frac{\alpha_i}{\sum_{l=1}^k \alpha_l p(x_j|\mu_l,\Sigma_l)}",
]
WRONG_OF_FAMILY = [
    RIGHT_OF_FAMILY[2].replace(r"\Sigma_i^{-1}", r"\Sigma_i"),
    RIGHT_OF_FAMILY[3].replace(r"-\frac12\Sigma", r"-\Sigma"),
    RIGHT_OF_FAMILY[4].replace(r"= ", r"= \sum_{j=1}^m "),
]


@pytest.mark.parametrize("claim", RIGHT_OF_FAMILY)
def test_a_family_of_matrices_is_inverted_and_differentiated_by(tmp_path, claim):
    assert statuses(tmp_path, f"{FAMILY}${claim}$")[-1] in ("proved", "agrees")


@pytest.mark.parametrize("claim", WRONG_OF_FAMILY)
def test_a_slip_in_the_gradient_of_a_family_is_found(tmp_path, claim):
    assert statuses(tmp_path, f"{FAMILY}${claim}$")[-1] == "refuted"


def test_what_solves_for_a_quantity_in_terms_of_what_depends_on_it_defines_nothing(tmp_path):
    claim = RIGHT_OF_FAMILY[2]
    solution = r"\mu_i = \frac{\sum_{j=1}^m \gamma_{ji} x_j}{\sum_{j=1}^m \gamma_{ji}}"
    assert statuses(tmp_path, f"{FAMILY}${claim}$\n\n${solution}$\n\n${claim}$")[-1] == "proved"


@pytest.mark.parametrize(
    ("claim", "status"),
    [
        (r"\frac{\partial r^T (X^T X)^{-1} r}{\partial r} = 2 (X^T X)^{-1} r", "proved"),
        (r"\frac{\partial r^T (X^T X)^{-1} r}{\partial r} = (X^T X)^{-1} r", "refuted"),
        (
            r"\frac{\partial r^T (X^T X)^{-1} r}{\partial X} = -2 X (X^T X)^{-1} r r^T (X^T X)^{-1}",
            "proved",
        ),
        (r"\frac{\partial r^T (X^T X)^{-1} r}{\partial X} = -2 X (X^T X)^{-1} r r^T", "refuted"),
        (r"\frac{\partial r^T A^{-1} c}{\partial A} = -A^{-T} r c^T A^{-T}", "proved"),
        (r"\frac{\partial r^T A^{-1} c}{\partial A} = -A^{-T} c r^T A^{-T}", "refuted"),
        (r"\frac{\partial r^T A^{-1} c}{\partial A} = -A^{-T} {r c}^T A^{-T}", "proved"),  # as it is printed
        (r"\frac{\partial r^T A r}{\partial r} = 2 A r", "refuted"),  # S is said to be symmetric, and A isn't
        (r"\frac{\partial r^T S r}{\partial r} = 2 S r", "proved"),
        (r"\frac{\partial \ln \det S}{\partial S} = S^{-1}", "proved"),
        (r"\frac{\partial \ln \det S}{\partial S} = S", "refuted"),
    ],
)
def test_matrix_identities(tmp_path, claim, status):
    shapes = "<!-- symgrad: X: m n; A: n n; S: n n, symmetric; r: n; c: n -->"
    assert statuses(tmp_path, f"{shapes}\n\n${claim}$")[-1] == status


def test_one_letter_for_two_is_said(tmp_path):
    claim = r"\frac{\partial \mathbf{a}^T \mathbf{X}^{-1} \mathbf{B}}{\partial \mathbf{X}} = "
    path = tmp_path / "post.md"
    wrong = rf"{claim} -\mathbf{{X}}^{{-T}} \mathbf{{a b}}^T \mathbf{{X}}^{{-T}}"
    path.write_text(f"<!-- symgrad: S: n n, symmetric -->\n\n${wrong}$", encoding="utf-8")
    (found,) = sg.check_document(path)
    assert found.status == "refuted"
    assert found.message == "the factor b stands where B is meant"


def test_dots_between_like_terms_are_a_sum_over_all(tmp_path):
    text = r"$s = \sum_{l=1}^k c_l^2$" + "\n\n" + r"$s = c_1^2 + c_2^2 + \ldots + c_k^2$"
    assert statuses(tmp_path, text)[-1] == "proved"
    assert statuses(tmp_path, text.replace("c_2^2", "c_2"))[-1] != "proved"


def test_capitals_with_blanks_are_the_name_that_stands_elsewhere_without(tmp_path):
    text = r"$L L(D) = \sum_j x_j^2$" + "\n\n" + r"$\frac{\partial LL(D)}{\partial x_j} = 2 x_j$"
    assert statuses(tmp_path, text)[-1] == "proved"


def test_inputs_may_have_the_letter_of_outputs(tmp_path):
    text = (
        r"$E = -\sum_j t_j \log o_j$"
        "\n\n"
        r"$o_j = \frac{e^{z_j}}{\sum_k e^{z_k}}$"
        "\n\n"
        r"$z_j = \sum_i w_{ij} o_i$"
        "\n\n"
        r"$\frac{\partial z_j}{\partial w_{ij}} = o_i$"
        "\n\n"
    )
    left = r"$\frac{\partial E}{\partial w_{ij}} = o_i "
    wrong = left + r"\frac{\partial E}{\partial o_j} \frac{\partial o_j}{\partial z_j}$"
    right = left + r"\sum_k \frac{\partial E}{\partial o_k} \frac{\partial o_k}{\partial z_j}$"
    assert statuses(tmp_path, text + wrong + "\n\n" + right)[3:] == ["proved", "refuted", "proved"]


LAYERS = r"""
$z^l = W^l a^{l-1} + b^l$

$a^l = \sigma^l(z^l)$

$\delta^l = \frac{\partial C}{\partial z^l}$

"""


@pytest.mark.parametrize(
    ("claim", "right"),
    [
        (r"\delta^l = ((W^{l+1})^T \delta^{l+1}) \cdot \sigma'(z^l)", True),
        (r"\delta^l = (W^{l+1} \delta^{l+1}) \cdot \sigma'(z^l)", False),
        (r"\delta^l = ((W^{l+1})^T \delta^{l+1}) \cdot \sigma(z^l)", False),
    ],
)
def test_a_dot_may_multiply_entries_and_an_activation_be_without_its_layer(tmp_path, claim, right):
    transposed = r"\delta^l = (W^{l+1})^T \delta^{l+1} \odot \sigma'(z^l)"  # so that W is a matrix
    assert (statuses(tmp_path, f"{LAYERS}${transposed}$\n\n${claim}$")[-1] == "proved") is right


def test_misprints_of_a_term_and_of_an_index(tmp_path):
    twice = r"$E_a = x^2$, $E_b = y^2$, $E = E_a + E_a = x^2 + y^2$"
    assert statuses(tmp_path, twice)[-1] == "malformed"
    assert statuses(tmp_path, twice.replace("E_a + E_a", "E_a + E_b"))[-1] != "malformed"
    product = r"$u = A v$, $u_i = \sum_j A_{ij} v_i$"
    assert statuses(tmp_path, product)[-1] == "refuted"
    assert statuses(tmp_path, product.replace("v_i$", "v_j$"))[-1] == "proved"


def test_what_is_transposed_above_an_e_isnt_lost(tmp_path):
    text = r"$p = e^{b^T x}$" + "\n\n" + r"$\frac{\partial p}{\partial b} = x e^{b^T x}$"
    assert statuses(tmp_path, text)[-1] == "proved"
    assert statuses(tmp_path, text[:-1].replace(r"x e^{b^T x}", r"x e^T x") + "$")[-1] == "malformed"


def test_a_solution_is_where_the_gradient_before_it_vanishes(tmp_path):
    text = r"""<!-- symgrad: X: m n; y: m; w: n -->
$$\partial_w \|y - X w\|^2 = 2 X^T (X w - y)$$

$$w^* = (X^T X)^{-1} X^T y$$

$$w = (X^T X)^{-1} X^T y$$
"""
    assert statuses(tmp_path, text) == ["proved", "agrees", "agrees"]
    assert statuses(tmp_path, text.replace("w^* =", "w^* = 2"))[1] == "undecided"


SQUARES = r"""<!-- symgrad: X: m n; y: m; \theta: n; J(\theta) = \frac12 \sum_i ((X \theta)_i - y_i)^2 -->

"""


@pytest.mark.parametrize(
    ("right", "status"),
    [
        (r"\nabla_\theta \frac12 (X \theta - y)^T (X \theta - y)", "proved"),
        (r"\frac12 \nabla_\theta (X \theta - y)^T (X \theta - y)", "proved"),
        (r"\frac12 \nabla_\theta (tr \theta^T X^T X \theta - 2 tr y^T X \theta)", "proved"),
        (r"\nabla_\theta (X \theta - y)^T (X \theta - y)", "refuted"),
    ],
)
def test_a_gradient_is_that_of_all_factors_of_an_inner_product(tmp_path, right, status):
    assert statuses(tmp_path, rf"{SQUARES}$$\nabla_\theta J(\theta) = {right}$$")[-1] == status


def test_a_matrix_may_be_declared_with_other_lengths_further_down(tmp_path):
    text = r"""<!-- symgrad: A: 2 2 -->
$f(A) = A_{11} + 5 A^2_{12}$

$\nabla_A f(A) = \begin{bmatrix} 1 & 10 A_{12} \\ 0 & 0 \end{bmatrix}$

<!-- symgrad: A: n n; B: n n -->
$tr A = \sum_{i=1}^n A_{ii}$

$\nabla_A tr A B = B^T$
"""
    assert statuses(tmp_path, text) == ["", "proved", "", "proved"]
    assert statuses(tmp_path, text.replace("10 A", "5 A").replace("B^T$", "2 B^T$"))[1::2] == ["refuted", "refuted"]


def test_the_letters_behind_a_trace_are_those_of_its_product(tmp_path):
    text = "$tr ABC = tr CAB$\n\n$trABCD = trDABC$\n\n$trABCD = trBDCA$\n"
    assert statuses(tmp_path, text) == ["proved", "proved", "refuted"]


def test_a_trace_makes_the_two_axes_of_a_product_as_long(tmp_path):
    shapes = "<!-- symgrad: A: 2 2 -->\n\n"
    assert statuses(tmp_path, shapes + r"$\nabla_A \operatorname{tr}(A B) = B^T$")[-1] == "proved"
    assert statuses(tmp_path, shapes + r"$\nabla_A \operatorname{tr}(A B) = 2 B^T$")[-1] == "refuted"


NETWORK = r"""
<!-- symgrad: W: m n; V: k m; x: n; f: elementwise; y: k -->
$z = W x$, $a = f(z)$, $o = V a$, $L = \frac12 \|o - y\|^2$, $\delta = V^T (o - y) \odot f'(z)$
"""


@pytest.mark.parametrize(
    "others, status",
    [
        (r"$\frac{\partial L}{\partial V} = (o - y) a^T$", "refuted"),  # in the shape of V
        (r"$\frac{\partial L}{\partial V} = a (o - y)^T$", "proved"),
        (r"$W \leftarrow W - \eta \frac{\partial L}{\partial W}$", "refuted"),  # the gradient has the shape of W
        (r"$\frac{\partial o}{\partial a} = V$", "proved"),  # of a vector by a vector: Jacobians have rows
    ],
)
def test_gradients_by_matrices_have_one_layout_in_a_document(tmp_path, others, status):
    assert statuses(tmp_path, NETWORK + r"$\frac{\partial L}{\partial W} = x \delta^T$. " + others)[5] == status
