"""Indices that say which entry is meant, where formulas hold, and costs of which a part is unknown."""

import pytest

import symgrad as sg


def check(tmp_path, text):
    (tmp_path / "a.md").write_text(text, encoding="utf-8")
    return list(sg.check_document(tmp_path / "a.md", 20.0))


SOFTMAX = r"""<!-- symgrad: f: K; p: K; y_i: index -->

$$L_i = -\log\left(\frac{e^{f_{y_i}}}{\sum_j e^{f_j}}\right)$$

$$p_k = \frac{e^{f_k}}{\sum_j e^{f_j}}$$

"""
HINGE = r"""<!-- symgrad: x_i: D; w_j: D; y_i: index -->

$$L_i = \sum_{j \neq y_i} \max(0, w_j^T x_i - w_{y_i}^T x_i + \Delta)$$

"""
LAYER = r"""<!-- symgrad: y: index -->

$z^L_j = \sum_k w^L_{jk} a^{L-1}_k + b^L_j$, $a^L_j = \frac{e^{z^L_j}}{\sum_k e^{z^L_k}}$, $C = -\ln a^L_y$

"""


@pytest.mark.parametrize(
    ("text", "claim", "status"),
    [
        (SOFTMAX, r"\frac{\partial L_i}{\partial f_k} = p_k - \mathbb{1}(y_i = k)", "proved"),
        (SOFTMAX, r"\frac{\partial L_i}{\partial f_k} = p_k + \mathbb{1}(y_i = k)", "refuted"),
        (SOFTMAX, r"\frac{\partial L_i}{\partial f_k} = p_k", "undecided"),  # right where k isn't y_i
        (
            HINGE,
            r"\nabla_{w_{y_i}} L_i = "
            r"-\left(\sum_{j \neq y_i} \mathbb{1}(w_j^T x_i - w_{y_i}^T x_i + \Delta > 0)\right) x_i",
            "proved",
        ),
        (
            HINGE,
            r"\nabla_{w_{y_i}} L_i = -\left(\sum_j \mathbb{1}(w_j^T x_i - w_{y_i}^T x_i + \Delta > 0)\right) x_i",
            "refuted",
        ),
        (LAYER, r"\frac{\partial C}{\partial b^L_j} = a^L_j - y_j", "proved"),
        (LAYER, r"\frac{\partial C}{\partial b^L_j} = y_j - a^L_j", "refuted"),
        (LAYER, r"\frac{\partial C}{\partial w^L_{jk}} = a^{L-1}_k (a^L_j - y_j)", "proved"),
    ],
)
def test_an_index_may_be_a_label(tmp_path, text, claim, status):
    assert check(tmp_path, f"{text}$${claim}$$\n")[-1].status == status


def test_an_error_has_the_label_of_its_loss(tmp_path):
    error = r"$\delta^L_j = \partial C / \partial z^L_j$" + "\n\n"
    assert check(tmp_path, LAYER + error + r"$\delta^L_j = a^L_j - y_j$")[-1].status == "proved"
    assert check(tmp_path, LAYER + error + r"$\delta^L_j = a^L_j + y_j$")[-1].status == "refuted"


def test_each_sample_has_a_label_of_its_own(tmp_path):
    total = (
        SOFTMAX
        + r"$$C = \sum_i L_i$$"
        + "\n\n"
        + r"$$\frac{\partial C}{\partial f_k} = n (p_k - \mathbb{1}(y_i = k))$$"
    )
    assert check(tmp_path, total)[-1].status == "undecided"


def test_a_chain_may_name_what_stands_before_its_end(tmp_path):
    text = r"""<!-- symgrad: u: V; y: V; j^*: index -->

$$p(w_j|w_I) = y_j = \frac{\exp(u_j)}{\sum_{j'=1}^{V} \exp(u_{j'})}$$

$$\log y_{j^*} = u_{j^*} - \log \sum_{j'=1}^{V} \exp(u_{j'}) := -E$$

$$\frac{\partial E}{\partial u_j} = y_j - t_j := e_j, \quad\text{ where } t_j = \mathbb{1}(j = j^*)$$

$$\frac{\partial E}{\partial u_j} = 2 e_j$$

$$\frac{\partial E}{\partial u_j} = e_j$$
"""
    found = check(tmp_path, text)
    assert [f.kind for f in found] == ["definition", "definition", "claim", "definition", "claim", "claim"]
    assert [f.status for f in found if f.kind == "claim"] == ["proved", "refuted", "proved"]


PROBABILITIES = r"""$$y_c = \frac{e^{z_c}}{\sum_d e^{z_d}}$$

"""
APART = r"\frac{\partial y_i}{\partial z_j} = -y_i y_j"


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (rf"$$\text{{if }} i \neq j: {APART}$$", "proved"),
        (rf"$${APART} \quad \text{{if }} i \neq j$$", "proved"),
        (r"The words where $i \neq j$" + f"\n\n$${APART}$$", "proved"),
        (r"<!-- symgrad: i \neq j -->" + f"\n\n$${APART}$$", "proved"),
        (rf"$$\text{{if }} i = j: {APART}$$", "undecided"),
        (r"Not so $i \neq j$. Then" + f"\n\n$${APART}$$", "undecided"),
        (rf"$${APART}$$", "undecided"),
        (r"$$\text{if } i = j: \frac{\partial y_i}{\partial z_j} = y_i (1 - y_j)$$", "proved"),
        (r"$$\text{if } i \neq j: \frac{\partial y_i}{\partial z_j} = y_i y_j$$", "refuted"),
    ],
)
def test_where_a_formula_holds(tmp_path, text, status):
    found = check(tmp_path, PROBABILITIES + text)[-1]
    assert found.status == status
    assert status != "proved" or any("it was read where i" in choice for choice in found.choices)


BATCH = r"""<!-- symgrad: w: d; b: scalar; x: d; y^{(i)}: scalar -->

$$\hat{y} = w^T x + b$$

$$l^{(i)}(w, b) = \frac{1}{2} (\hat{y}^{(i)} - y^{(i)})^2$$

"""


@pytest.mark.parametrize(
    ("slope", "status"), [(r"x^{(i)} (w^T x^{(i)} + b - y^{(i)})", "proved"), (r"(w^T x^{(i)} + b - y^{(i)})", "")]
)
def test_each_sample_has_its_loss_and_a_batch_its_number_of_samples(tmp_path, slope, status):
    step = r"w \leftarrow w - \frac{\eta}{|\mathcal{B}|} \sum_{i \in \mathcal{B}} "
    text = rf"$${step} \partial_w l^{{(i)}}(w, b) = {step.partition('w ')[2].partition('arrow ')[2]} {slope}$$"
    found = check(tmp_path, BATCH + text)[-1]
    assert (found.status == "proved") == (status == "proved")


ONE = r"""<!-- symgrad: \theta: n; x: n; y: scalar; J = \frac12 (\theta^T x - y)^2 -->

$z = \theta^T x$, $e = y$, $s = \alpha \sum_{i=1}^m y^{(i)}$

"""


@pytest.mark.parametrize(
    ("step", "status"),
    [
        (r"+ \alpha (y^{(i)} - \theta^T x^{(i)}) x_j^{(i)}", "proved"),
        (r"- \alpha (y^{(i)} - \theta^T x^{(i)}) x_j^{(i)}", ""),
        (r"+ \alpha (y^{(i)} - \theta^T x^{(i)})", ""),
    ],
)
def test_a_step_may_be_written_out_for_any_sample(tmp_path, step, status):
    assert check(tmp_path, rf"{ONE}$\theta_j := \theta_j {step}$")[-1].status == status


DECAY = r"""<!-- symgrad: w: d; C_0: scalar -->

$C = C_0 + \frac{\lambda}{2n} \sum_w w^2$

"""


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (DECAY + r"$\frac{\partial C}{\partial w} = \frac{\partial C_0}{\partial w} + \frac{\lambda}{n} w$", "proved"),
        (DECAY + r"$w \rightarrow w' = w - \frac{\eta \lambda}{n} w - \eta \frac{\partial C_0}{\partial w}$", "proved"),
        (DECAY + r"$w \rightarrow w' = w - \frac{\eta \lambda}{2n} w - \eta \frac{\partial C_0}{\partial w}$", ""),
        (
            DECAY.replace("{2n}", "n").replace("w^2", "|w|")
            + r"$\frac{\partial C}{\partial w} = \frac{\partial C_0}{\partial w} + \frac{\lambda}{n} {\rm sgn}(w)$",
            "proved",
        ),
    ],
)
def test_a_penalty_on_all_weights(tmp_path, text, status):
    assert check(tmp_path, text)[-1].status == status


@pytest.mark.parametrize(
    ("claim", "status"),
    [
        (r"\frac{s'(z)}{s(z)} + \frac{s'(z)}{1 - s(z)}", "refuted"),
        (r"\frac{s'(z)}{s(z)} - \frac{s'(z)}{1 - s(z)}", "proved"),
    ],
)
def test_an_unknown_function_may_have_to_be_a_probability(claim, status):
    assert sg.verify(["l = \\log(s(z)) + \\log(1 - s(z))"], rf"\frac{{dl}}{{dz}} = {claim}").status == status
