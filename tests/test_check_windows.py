"""Places of several letters, x_{i+a}: convolutions, strides, primed indices, several indices in one word."""

import pytest

import symgrad as sg

CONVOLUTION = r"y_{i,j} = \sum_{a=0}^{k-1}\sum_{b=0}^{k-1} x_{i+a,j+b} w_{a,b} + \beta"
TRUE_CONVOLUTION = r"y_{i,j} = \sum_{m}\sum_{n} x_{i-m,j-n} w_{m,n}"
FROM_ONE = r"y_i = \sum_{a=1}^{k} x_{i+a-1} w_a"
STRIDE = r"y_i = \sum_{a=0}^{k-1} x_{2i+a} w_a"
CHANNELS = r"Y_{f,i,j} = \sum_c\sum_{a=0}^{k-1}\sum_{b=0}^{k-1} X_{c,i+a,j+b} W_{f,c,a,b} + b_f"


@pytest.mark.parametrize(
    ("definition", "right", "wrong"),
    [
        (
            CONVOLUTION,
            r"\frac{\partial L}{\partial w_{a,b}} = \sum_i\sum_j x_{i+a,j+b}\frac{\partial L}{\partial y_{i,j}}",
            r"\frac{\partial L}{\partial w_{a,b}} = \sum_i\sum_j x_{i+b,j+a}\frac{\partial L}{\partial y_{i,j}}",
        ),
        (
            CONVOLUTION,
            r"\frac{\partial L}{\partial x_{i,j}} = \sum_{a=0}^{k-1}\sum_{b=0}^{k-1}"
            r"\frac{\partial L}{\partial y_{i-a,j-b}} w_{a,b}",
            r"\frac{\partial L}{\partial x_{i,j}} = \sum_{a=0}^{k-1}\sum_{b=0}^{k-1}"
            r"\frac{\partial L}{\partial y_{i+a,j+b}} w_{a,b}",
        ),
        (
            TRUE_CONVOLUTION,
            r"\frac{\partial L}{\partial x_{i,j}} = \sum_m\sum_n \frac{\partial L}{\partial y_{i+m,j+n}} w_{m,n}",
            r"\frac{\partial L}{\partial x_{i,j}} = \sum_m\sum_n \frac{\partial L}{\partial y_{i-m,j-n}} w_{m,n}",
        ),
        (
            FROM_ONE,
            r"\frac{\partial L}{\partial w_a} = \sum_i \frac{\partial L}{\partial y_i} x_{i+a-1}",
            r"\frac{\partial L}{\partial w_a} = \sum_i \frac{\partial L}{\partial y_i} x_{i+a}",
        ),
        (
            STRIDE,
            r"\frac{\partial L}{\partial w_a} = \sum_i \frac{\partial L}{\partial y_i} x_{a+2i}",
            r"\frac{\partial L}{\partial w_a} = \sum_i \frac{\partial L}{\partial y_i} x_{i+a}",
        ),
        (
            STRIDE.replace("2i", "Si"),
            r"\frac{\partial L}{\partial w_a} = \sum_i \frac{\partial L}{\partial y_i} x_{Si+a}",
            r"\frac{\partial L}{\partial w_a} = \sum_i \frac{\partial L}{\partial y_i} x_{i+a}",
        ),
        (
            CHANNELS,
            r"\frac{\partial L}{\partial X_{c,i,j}} = \sum_f\sum_{a=0}^{k-1}\sum_{b=0}^{k-1}"
            r"\frac{\partial L}{\partial Y_{f,i-a,j-b}} W_{f,c,a,b}",
            r"\frac{\partial L}{\partial X_{c,i,j}} = \sum_f\sum_{a=0}^{k-1}\sum_{b=0}^{k-1}"
            r"\frac{\partial L}{\partial Y_{f,i-a,j-b}} W_{f,c,b,a}",
        ),
    ],
)
def test_the_gradient_of_a_convolution_is_proved_and_one_with_other_indices_refuted(definition, right, wrong):
    assert [sg.verify([definition], claim).status for claim in (right, wrong)] == ["proved", "refuted"]


def test_a_wrong_window_does_not_make_axes_shorter_so_that_it_is_right():
    claim = r"\frac{\partial L}{\partial w_a} = \sum_i \frac{\partial L}{\partial y_i} x_{i}"
    assert sg.verify([STRIDE], claim).status != "proved"


BATCH_NORM = [
    r"\mu_c = \frac{1}{NHW}\sum_{mqp} x_{mcqp}",
    r"\hat{x}_{nckl} = x_{nckl} - \mu_c",
    r"y_{n,c,k,l} = \gamma_c \hat{x}_{n,c,k,l} + \beta_c",
]
SCALE = r"\frac{dL}{d\gamma_{c'}} = \sum_{n,k,l}\frac{dL}{dy_{n,c',k,l}}\hat{x}_{n,c',k,l}"


def test_indices_may_have_primes_and_stand_in_one_word():
    assert sg.verify(BATCH_NORM, SCALE, shapes={"x": "N C H W"})


def test_an_index_that_stands_on_one_side_only_is_named_with_the_one_that_is_meant():
    verdict = sg.verify(BATCH_NORM, SCALE.replace(r"\hat{x}_{n,c',k,l}", r"\hat{x}_{n,c,k,l}"), shapes={"x": "N C H W"})
    assert verdict.status == "refuted"
    assert verdict.diagnosis == "the index c stands on this side only: it is right with c'"


PADDING = r"""
<!-- symgrad: x: n; P: scalar -->
$$u_{i'} = x_{i'-P} \mathbb{1}(P \le i' < n + P)$$

$$\frac{\partial u_{i'}}{\partial x_i} = \delta_{i,i'-P}$$

$$\frac{\partial u_{i'}}{\partial x_i} = \delta_{i,i'+P}$$
"""


def test_padding_is_a_shifted_index_with_a_condition_on_it(tmp_path):
    (tmp_path / "a.md").write_text(PADDING)
    _, right, wrong = sg.check_document(tmp_path / "a.md")
    assert right.verdict and wrong.status == "refuted"


def test_an_index_itself_counts_from_where_its_sum_starts():
    claims = [rf"\frac{{\partial s}}{{\partial x_i}} = {value}" for value in ("i", "i - 1", "i + 1")]
    assert [sg.verify([r"s = \sum_{i=1}^n i x_i"], c).status for c in claims] == ["proved", "refuted", "refuted"]


def test_a_section_that_defines_a_name_with_other_indices_starts_anew(tmp_path):
    (tmp_path / "a.md").write_text(
        r"""
# Convolution
$$y_{n,f,i} = \sum_a x_{n,i+a} w_{f,a}$$

$$\frac{\partial L}{\partial x_{n,i}} = \sum_f \sum_a \frac{\partial L}{\partial y_{n,f,i-a}} w_{f,a}$$

# Normalisation
$$y_{n,c,i} = \gamma_c x_{n,i}$$

$$\frac{\partial L}{\partial x_{n,i}} = \sum_c \gamma_c \frac{\partial L}{\partial y_{n,c,i}}$$
"""
    )
    found = [finding for finding in sg.check_document(tmp_path / "a.md") if finding.kind == "claim"]
    assert [finding.status for finding in found] == ["proved", "proved"]


def test_the_last_layer_is_no_length():
    assert sg.verify([r"u^{(L+1)} = c x"], r"\frac{\partial u^{(L+1)}}{\partial c} = x")
