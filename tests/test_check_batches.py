"""Documents in the notation of deeplearning.ai: dZ of a batch, NumPy's calls, layers in brackets, recurrent steps."""

import pytest

import symgrad as sg
from symgrad.reading.latex.tokens import tokens
from symgrad.reading.latex.written import Written

BATCH = r"""<!-- symgrad: W: k n; b: k; X: n m; Y: k m; \sigma: sigmoid -->

$Z = W X + b$

$A = \sigma(Z)$

$J = -\frac1m \sum_{i,j} (Y_{ij} \log A_{ij} + (1 - Y_{ij}) \log (1 - A_{ij}))$

$dW = \frac1m dZ X^T$

$db = \frac1m np.sum(dZ, axis=1)$

"""
STEPS = r"""<!-- symgrad: x_t: d; h_t: m; y: k; W: m d; U: m m; V: k m -->
$h_t = \tanh(W x_t + U h_{t-1})$

$y = V h_n$

"""


def check(tmp_path, text):
    (tmp_path / "a.md").write_text(text, encoding="utf-8")
    return list(sg.check_document(tmp_path / "a.md", 20.0))


@pytest.mark.parametrize(
    ("claim", "status"),
    [
        (r"dZ = A - Y", "proved"),
        (r"dZ = \frac1m (A - Y)", "refuted"),
        (r"db = \frac1m np.sum(dZ, axis=1, keepdims=True)", "proved"),
        (r"db = np.sum(dZ, axis=1, keepdims=True)", "refuted"),
        (r"db = \frac1m np.sum(dZ, axis=0, keepdims=True)", "malformed"),
        (r"dX = np.dot(W.T, dZ)", "proved"),
        (r"dX = \frac1m np.dot(W.T, dZ)", "refuted"),
    ],
)
def test_where_gradients_are_divided_by_m_dz_is_of_the_sum_of_losses(tmp_path, claim, status):
    *_, mean, found = check(tmp_path, f"{BATCH}${claim}$\n")
    assert (mean.status, found.status) == ("proved", status)
    assert status == "malformed" or any("the sum of m losses" in choice for choice in found.choices)


def test_dz_is_of_the_mean_where_most_gradients_are_not_divided(tmp_path):
    text = BATCH.replace(r"\frac1m dZ X^T", "dZ X^T").replace(r"\frac1m np", "np")
    *_, summed, right, wrong = check(tmp_path, text + "$dZ = \\frac1m (A - Y)$\n\n$dZ = A - Y$\n")
    assert [summed.status, right.status, wrong.status] == ["proved", "proved", "refuted"]


def test_axes_that_are_declared_anew_hold_from_there_on(tmp_path):
    text = r"""<!-- symgrad: W: k n; b: k; x: n; y: k -->
$z = W x + b$

$L = \frac12 \sum_i (z_i - y_i)^2$

$dW = dz x^T$

<!-- symgrad: x: n m; y: k m; z: k m -->
$z = W x + b$

$J = \frac{1}{2m} \sum_{i,j} (z_{ij} - y_{ij})^2$

$dz = \frac1m (z - y)$

$dz = z - y$
"""
    _, _, one, _, _, right, wrong = check(tmp_path, text)
    assert [one.status, right.status] == ["proved", "proved"]
    assert wrong.status == "undecided" and "J or L" in wrong.message


def test_the_argument_of_a_function_is_no_layers_quantity(tmp_path):
    text = r"""<!-- symgrad: W^{[l]}: n^{[l]} n^{[l-1]}; a^{[l]}: n^{[l]}; g(z) = \frac{1}{1 + e^{-z}} -->
$z^{[l]} = W^{[l]} a^{[l-1]}$

$\frac{d}{dz} g(z) = g(z)(1 - g(z))$

$\frac{d}{dz} g(z) = g(z)(1 + g(z))$
"""
    _, right, wrong = check(tmp_path, text)
    assert right.status == "proved" and any("any number" in choice for choice in right.choices)
    assert wrong.status == "refuted" and "Argument" not in wrong.message + wrong.correct


def test_a_dot_that_is_no_dot_product_is_read_entry_by_entry(tmp_path):
    text = r"""<!-- symgrad: W: k n; x: n; g: elementwise; L = L(a) -->
$z = W x$

$a = g(z)$

$dz = da \cdot g'(z)$

$dz = da \cdot g(z)$
"""
    *_, right, wrong = check(tmp_path, text)
    assert right.status == "proved" and any("entry by entry" in choice for choice in right.choices)
    assert wrong.status != "proved"


@pytest.mark.parametrize(
    ("claim", "status"),
    [
        (r"\frac{\partial h_t}{\partial W} = (1 - h_t^2) x_t", "agrees"),
        (r"\frac{\partial h_t}{\partial W} = (1 - h_t) x_t", "malformed"),
        (r"\frac{\partial h_t}{\partial W} = (1 - h_t^2) h_t", "malformed"),
        (r"\frac{\partial y}{\partial V} = h_n", "agrees"),
        (r"\frac{\partial y}{\partial V} = 2 h_n", "malformed"),
    ],
)
def test_a_jacobian_of_three_axes_may_be_what_each_entry_is_multiplied_by(tmp_path, claim, status):
    *_, found = check(tmp_path, f"{STEPS}${claim}$\n")
    assert found.status == status
    assert status != "agrees" or any("three axes" in choice for choice in found.choices)


def test_a_change_that_is_defined_is_a_name(tmp_path):
    text = r"""<!-- symgrad: X: n d; W: d k; A: d r; B: r k; L = L(Q) -->
$\Delta W = A B$

$Q = X (W + \Delta W)$

$\frac{\partial L}{\partial B} = A^T X^T \frac{\partial L}{\partial Q}$

$\frac{\partial L}{\partial B} = A^T \frac{\partial L}{\partial Q}$
"""
    *_, right, wrong = check(tmp_path, text)
    assert right.status == "proved" and wrong.status in ("refuted", "malformed")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (r"g^{[1]\prime}(z)", "g ^ { [ 1 ] } ' ( z )"),
        (r"g[1]^{'}(z)", "g ^ [ 1 ] ' ( z )"),
        (r"{dz}^{[l]} + {dw}^2", "d { z } ^ { [ l ] } + { d w } ^ 2"),
        (r"np.sum(dZ, axis=1, keepdims=True)", "sum ( d Z , 1 )"),
        (r"a \text{ = b} \\\\ c", r"a = b \\ c"),
    ],
)
def test_spellings_of_one_thing(text, found):
    assert " ".join(token.text for token in tokens(Written.of(text))) == found


def test_a_bold_letter_that_only_stands_below_a_derivative_is_the_thin_one_wherever_that_stands(tmp_path):
    claim = r"$\frac{\partial L}{\partial \mathbf{\gamma}} = \frac{\partial L}{\partial y} \odot x$"
    for text in (f"{claim} where $y = \\gamma \\odot x$", f"$y = \\gamma \\odot x$, so {claim}"):
        found = check(tmp_path, r"<!-- symgrad: x: H; \gamma: H -->" + "\n" + text)
        (finding,) = (finding for finding in found if finding.kind == "claim")
        assert finding.status == "proved"
        assert finding.choices == ("bold gamma was read as the thin one",)


NORMALISED = r"""
<!-- symgrad: x: H; \gamma: H; \beta: H -->
$\mu = \frac{1}{H} \sum_{j=1}^H x_j$, $\sigma^2 = \frac1H \sum_{j=1}^H (x_j - \mu)^2$,
$\hat x = \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}}$, $y = \gamma \odot \hat x + \beta$.
"""


@pytest.mark.parametrize(
    "claim, status",
    [
        (r"\frac{\partial L}{\partial \gamma} = \sum_{i=1}^m \frac{\partial L}{\partial y_i} \odot \hat x_i", "proved"),
        (r"\frac{\partial L}{\partial \gamma} = \sum_{i=1}^m \frac{\partial L}{\partial y_i} \odot x_i", "undecided"),
        (
            r"\frac{\partial L}{\partial \gamma} = \sum_{i=2}^m \frac{\partial L}{\partial y_i} \odot \hat x_i",
            "undecided",
        ),
        (
            r"\frac{\partial L}{\partial \gamma} = \sum_{i=1}^m \frac{\partial L}{\partial y_i} \odot \hat x",
            "refuted",
        ),
        (r"\frac{\partial L}{\partial \mathbf{\beta}} = \sum_{i=1}^m \frac{\partial L}{\partial y_i}", "proved"),
        (
            r"\frac{\partial L}{\partial \mu_i} = "
            r"-(\sigma_i^2 + \epsilon)^{-\frac12} \sum_{j=1}^H \frac{\partial L}{\partial \hat x_j}",
            "proved",
        ),
        (
            r"\frac{\partial L}{\partial \mu_i} = "
            r"(\sigma_i^2 + \epsilon)^{-\frac12} \sum_{j=1}^H \frac{\partial L}{\partial \hat x_j}",
            "undecided",
        ),
    ],
)
def test_what_holds_for_one_sample_is_summed_over_samples_and_has_their_index(tmp_path, claim, status):
    last = check(tmp_path, NORMALISED + f"$${claim}$$")[-1]
    assert last.status == status
    assert bool(last.choices) == (status == "proved")
