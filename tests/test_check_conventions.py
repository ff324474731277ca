"""What authors leave unsaid, or write loosely: it is read as they mean it, and what it was taken for is said."""

import pytest

import symgrad as sg

LAYER = {"W": "q d", "x": "d"}
VECTORS = {r"\mu": "n", r"\sigma": "n"}


def statuses(tmp_path, text):
    path = tmp_path / "post.md"
    path.write_text(text, encoding="utf-8")
    return [finding.status for finding in sg.check_document(path)]


@pytest.mark.parametrize(
    ("definitions", "claim", "shapes"),
    [
        (["l = (y - o)^2", "L = l / T"], r"\frac{\partial L}{\partial o} = \frac{\partial l}{T \cdot \partial o}", {}),
        (["E = y^2 z"], r"\frac{\delta E}{\delta y} = 2 y z", {}),
        (["f(x, y) = x y"], r"\nabla f = [\frac{\partial f}{\partial x}, \frac{\partial f}{\partial y}] = [y, x]", {}),
        (["f(x, y) = \\max(x, y)"], r"\frac{\partial f}{\partial x} = \mathbb{1}(x >= y)", {}),
        (
            ["g = A_{11} + 5 A_{12}^2 + A_{21} A_{22}"],
            r"\nabla_A g = \begin{bmatrix} 1 & 10 A_{12} \\ A_{22} & A_{21} \end{bmatrix}",
            {"A": "2 2"},
        ),
        ([r"s = \mu^T \mu"], r"\frac{\partial^2 s}{\partial \mu \partial \mu^T} = 2 I", VECTORS),
        (
            [r"K = \sum_k \sigma_k^2 - \log \sigma_k^2"],
            r"\frac{\partial K}{\partial \log \sigma^2} = \sigma^2 - 1",
            VECTORS,
        ),
        ([r"z = \mu + \sigma"], r"\frac{\partial z}{\partial \mu} = 1", VECTORS),
        (["e^2 = (y - w x)^2"], r"\frac{\partial e^2}{\partial w} = -2 e x", {}),
        (["f_c(x) = c + x"], r"\frac{df}{dx} = 1", {}),
        ([r"L = \sum_{p}^{M} -\log (y_p)"], r"\frac{\partial L}{\partial y_p} = -\frac{1}{y_p}", {}),
        (
            [r"h = \left\{\begin{matrix} & x^2 & & if & x > 0 \\ & 0 & & if & x <= 0 \end{matrix}\right."],
            r"\frac{dh}{dx} = \begin{cases} 2x & \text{if $x > 0$,} \\ 0 & \text{otherwise}\end{cases}",
            {},
        ),
        ([r"E = \frac{1}{2}(t1 - \hat{y1})^2"], r"\frac{\partial E}{\partial \hat{y1}} = \hat{y1} - t1", {}),
        (
            [],
            r"\frac{\partial}{\partial b} \tanh(b x)"
            r" = \frac{\partial}{\partial (b x)} \tanh(b x) \frac{\partial}{\partial b} b x",
            {},
        ),
        (["f(x) = x^3"], r"\nabla^2 f(x) = 6 x", {}),
        (["f(x, y) = x^2 y"], r"\nabla^2 f = \begin{bmatrix} 2 y & 2 x \\ 2 x & 0 \end{bmatrix}", {}),
        (["L = w^T S w"], r"\frac{\partial L}{\partial w} = 2 S w", {"w": "n", "S": "n n, symmetric"}),
        (["o = W x", "L = l(o, y)"], r"\frac{\partial L}{\partial W} = \frac{\partial L}{\partial o} x^T", LAYER),
        ([r"y = \mu(x) + \sigma(x)"], r"\frac{\partial y}{\partial \mu} = 1", {}),
    ],
)
def test_a_formula_is_read_as_its_author_means_it(definitions, claim, shapes):
    assert sg.verify(definitions, claim, shapes).status == "proved"


@pytest.mark.parametrize(
    ("definitions", "claim", "shapes"),
    [
        (["e^2 = (y - w x)^2"], r"\frac{\partial e^2}{\partial w} = 2 e x", {}),
        (["f(x) = x^3"], r"\nabla^2 f(x) = 3 x^2", {}),
        (["o = W x", "L = l(o, y)"], r"L = o^T \frac{\partial L}{\partial o} + y \frac{\partial L}{\partial y}", LAYER),
        (["h = x w^3", r"g = \frac{\partial h}{\partial w}"], r"\frac{\partial g}{\partial w} = 0", {}),
        (["o = W x", "L = l(o, y)"], r"\frac{\partial L}{\partial W} = 2 \frac{\partial L}{\partial o} x^T", LAYER),
        (
            [r"K = \sum_k \sigma_k^2 - \log \sigma_k^2"],
            r"\frac{\partial K}{\partial \log \sigma} = \sigma^2 - 1",
            VECTORS,
        ),
        (["g = A_{12}^2"], r"\nabla_A g = \begin{bmatrix} 0 & A_{12} \\ 0 & 0 \end{bmatrix}", {"A": "2 2"}),
    ],
)
def test_a_wrong_formula_is_refuted_in_the_same_notation(definitions, claim, shapes):
    assert sg.verify(definitions, claim, shapes).status == "refuted"


@pytest.mark.parametrize(
    ("definitions", "claim", "shapes", "why"),
    [
        (
            [r"C = \frac{1}{M} \sum_{p}^{M} \left(\log s_p - \sum_{j}^{N} s_j\right)"],
            r"\frac{\partial C}{\partial s_n} = \frac{1}{s_n} - 1",
            {},
            "M and N are both lengths",
        ),
        (
            [r"J = \log (u_o^T v) + \sum_{k=1}^K \log (u_k^T v)"],
            r"\frac{\partial J}{\partial u_o} = \frac{1}{u_o^T v} v",
            {"v": "d"},
            "none of those",
        ),
        ([r"L = \mu^T\mu", r"J = 2 L"], r"d\mu = 2 \mu", VECTORS, "J or L"),
        (["h = f(x, w)"], r"\frac{\partial^2 h}{\partial w^2} = 0", {}, "nothing is known"),
        ([r"L = \mu^T\mu"], r"\sigma = e^{\frac{1}{2} \log \sigma^2}", VECTORS, "positive"),
        ([r"y = x^2"], r"y = 2 z", {}, "says no more"),
    ],
)
def test_what_may_be_meant_otherwise_is_not_called_wrong(definitions, claim, shapes, why):
    verdict = sg.verify(definitions, claim, shapes)
    assert verdict.status == "undecided" and why in verdict.reason


def test_a_derivative_sign_that_is_missing_is_said(tmp_path):
    path = tmp_path / "post.md"
    path.write_text(r"$$\frac{\partial A x}{x} = A$$", encoding="utf-8")
    (finding,) = sg.check_document(path)
    assert finding.status == "malformed" and "∂ stands only above" in finding.message
    assert finding.tex[slice(*finding.wrong)] == "{x}"


def test_a_formula_is_never_proved_by_itself(tmp_path):
    broken = r"K = \sum_k (\mu_k \odot \Sigma_k)"  # a product of numbers and of what has no axes
    text = f"<!-- symgrad: \\mu: n; \\Sigma: n n n -->\n\n$${broken}$$\n\n$$K = 2 \\sum_k \\mu_k$$"
    assert statuses(tmp_path, text)[-1] != "proved"


def test_a_section_may_start_anew_with_the_letters_of_another_one(tmp_path):
    slopes = r"$$\frac{\partial z}{\partial w} = o$$ $$\frac{\partial z}{\partial w} = 2 o$$"
    assert statuses(tmp_path, f"# One\n$$o = 3 z$$\n\n# Two\n$$z = w o$$\n\n{slopes}")[-2:] == ["proved", "refuted"]


def test_what_holds_for_one_sample_holds_for_each(tmp_path):
    network = r"$z = w_1 x_1 + w_2 x_2 + b$, $a = \tanh(z)$, $e = (a - y)(1 - a^2)$"
    loss = r"$J = \frac{1}{m}\sum_{i=1}^m (a^{(i)} - y^{(i)})^2$"
    slope = r"$\frac{\partial J}{\partial w_2} = \frac{2}{m}\sum_{i=1}^m e^{(i)} x_%d^{(i)}$"
    text = "\n\n".join((network, loss, slope % 2, slope % 1))
    assert statuses(tmp_path, text)[-2:] == ["proved", "refuted"]


def test_an_equation_by_entries_says_again_what_its_matrices_say(tmp_path):
    text = "$y = w^T x$\n\n$u = A v$\n\n$u_i = \\sum_j A_{ij} v_%s$"
    assert statuses(tmp_path, text % "j")[-1] == "proved"
    assert statuses(tmp_path, text % "i")[-1] == "refuted"


def test_a_small_letter_may_name_a_row_of_a_matrix_and_a_loss_what_it_depends_on(tmp_path):
    given = r"<!-- symgrad: Q: N d; K: N d; V: N d; q_i=Q_{i:}; k_j=K_{j:}; o_i=O_{i:}; \phi=\phi(O) -->"
    attention = r"$S = Q K^T$, $P = \mathrm{softmax}(S)$, $O = P V$"
    claims = r"$dP_{ij} = do_i^T V_{j:}$ $dk_j = \sum_i dS_{ij} q_i$ $dV = P\, dO$"
    assert statuses(tmp_path, f"{given}\n\n{attention}\n\n{claims}")[-3:] == ["proved", "proved", "refuted"]


def test_the_wrong_entry_of_a_matrix_is_named():
    verdict = sg.verify(["f(x, y) = x^3 y"], r"\nabla^2 f = \begin{bmatrix} 6 x y & 3 x^2 \\ 3 x & 0 \end{bmatrix}")
    assert verdict.diagnosis == "in entry [2, 1]: the factor x is missing"


def test_the_correct_formula_names_nothing_that_the_document_does_not():
    verdict = sg.verify([r"\sigma(x) = \frac{1}{1 + e^{-x}}"], r"\frac{\partial}{\partial x} \sigma(x) = 1 - \sigma(x)")
    assert verdict.status == "refuted" and "expression1" not in str(verdict)


@pytest.mark.parametrize(
    ("claim", "status"),
    [
        (
            r"\begin{cases} S_i(T)(1 - S_j(T)) & \text{if } i = j \\ -S_i(T) S_j(T) & \text{otherwise}\end{cases}",
            "proved",
        ),
        (
            r"\begin{cases} S_i(T)(1 - S_j(T)) & \text{if } i = j \\ S_i(T) S_j(T) & \text{otherwise}\end{cases}",
            "refuted",
        ),
    ],
)
def test_an_entry_of_a_function_that_a_comment_names(tmp_path, claim, status):
    text = rf"<!-- symgrad: S: softmax; T: n -->{chr(10)}$$\frac{{\partial}}{{\partial T_j}} S_i(T) = {claim}$$"
    (tmp_path / "a.md").write_text(text)
    assert [finding.status for finding in sg.check_document(tmp_path / "a.md")] == [status]


def test_what_a_name_writes_out_has_its_derivatives(tmp_path):
    text = r"""<!-- symgrad: h: d; U: d k; c: k -->
$$u = h U + c$$

$$\frac{\partial L}{\partial U} = \frac{\partial L}{\partial u} \cdot \frac{\partial}{\partial U}(h U + c)$$

$$\frac{\partial L}{\partial U} = \frac{\partial L}{\partial u} \cdot h$$
"""
    (tmp_path / "a.md").write_text(text)
    _, right, wrong = sg.check_document(tmp_path / "a.md")
    assert (right.status, wrong.status) == ("proved", "malformed")


def test_what_may_vary_with_the_terms_of_a_sum_cannot_be_drawn_out_of_it():
    definitions = [r"z = \sum_j w_j x_j + b", r"C = -\frac{1}{n} \sum_x y \ln z"]
    right, wrong = (
        sg.verify(definitions, rf"\frac{{\partial C}}{{\partial w_j}} = -\frac{{1}}{{n}} {claim}")
        for claim in (r"\sum_x \frac{y x_j}{z}", r"y \sum_x \frac{x_j}{z}")
    )
    assert right and wrong.status == "undecided" and "y may be another one for each x" in wrong.reason


@pytest.mark.parametrize(
    ("conditions", "status"),
    [
        ((r"i \neq c", "i = c"), "proved"),
        ((r"i \neq c", r"\text{otherwise}"), "proved"),
        ((r"i \neq c", "i = p"), "unread"),
        ((r"i \neq c", "i = k"), "unread"),
        ((r"i \neq c", "p > c"), "unread"),
    ],
)
def test_the_last_case_is_what_the_others_leave(tmp_path, conditions, status):
    first, last = conditions
    cases = rf"\begin{{cases}} p_i & \text{{if }} {first} \\ p_i - 1 & \text{{if }} {last} \end{{cases}}"
    cases = cases.replace(r"\text{if } \text{otherwise}", r"\text{otherwise}")
    text = rf"""<!-- symgrad: y: k; p: k; c: index -->
$p = \text{{softmax}}(y)$, $L = -\ln (p_c)$, $\frac{{\partial L}}{{\partial y_i}} = {cases}$"""
    assert statuses(tmp_path, text)[-1] == status
