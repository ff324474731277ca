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
