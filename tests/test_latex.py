"""Golden rows: every formula of the article in its order, as symgrad prints it; the right one where it slips."""

import pytest
from katex import assert_katex
from sympy import Abs, Function, Rational, Symbol, symbols

import symgrad as sg
from symgrad.expressions import exact, product, total
from symgrad.notation.latex import Printer, equation_latex
from symgrad.notation.names import latex_name
from symgrad.notation.steps import Line
from symgrad.notation.vector import definition_latex
from symgrad.notation.worked import worked_line
from symgrad.tensors.elementwise import ELEMENTWISE

x, y, w, b, alpha, yhat = symbols("x y w b alpha yhat")


@sg.model
def regression(x, y, w, b):
    yhat = w * x + b
    L = (yhat - y) ** 2 / 2
    return L


@sg.model
def network(x, y, w1, b1, w2, b2, f):
    z1 = w1 * x + b1
    o1 = f(z1)
    z2 = w2 * o1 + b2
    yhat = f(z2)
    L = (yhat - y) ** 2 / 2
    return L


@sg.model
def cost(y: "n", yhat: "n", L):
    C = sg.mean(L(y, yhat))
    return C


hill = sg.gradient(-(x**2), [x])
line = sg.derive(regression, ["w", "b"])
numbers = line.at(x=177, y=88.2, w=0.7, b=6)
sweep = sg.derive(network)


def climbed(point, rate, slope, left, at):
    """left = point + rate ∇f(point), in numbers."""
    written = {}
    gradient = Function("grad_f")(Symbol(point))
    number = exact(rate)
    written[number] = (number,)
    expr = total([Symbol(point), product([number, gradient], written)], written)
    return worked_line(latex_name(left), expr, {point: exact(at), f"grad_f({point})": exact(slope)}, written).latex


def updated(name, derivative):
    """name′ = name - α ∂𝓛/∂name, in symbols and in numbers."""
    written = {}
    step = product([-1 * alpha**0, alpha, Symbol(derivative)], written)
    expr = total([Symbol(name), step], written)
    values = {**numbers.values, "alpha": exact("0.00005")}
    return worked_line(latex_name(f"{name}_prime"), expr, values, written).latex


def loss_at(prediction):
    loss = regression.equation("L").rhs
    left = rf"\mathscr{{L}}(88.2, {prediction})"
    full = worked_line(left, loss, {"yhat": exact(prediction), "y": exact("88.2")}, regression.written)
    return Line((full.sides[0], *full.sides[2:])).latex


def equations(model):
    return [equation_latex(equation, model.written) for equation in model.equations]


def partial(derivation, name):
    return next(line.latex for line in derivation.lines() if line.sides[0] == latex_name(name))


ARTICLE = [
    (
        definition_latex(),
        r"\nabla f(x_1, \cdots, x_n) = \begin{bmatrix} \frac{\partial f}{\partial x_1} \\ \vdots \\ "
        r"\frac{\partial f}{\partial x_n} \end{bmatrix} \in \mathbb{R}^{n \times 1}",
    ),
    (
        hill.latex(),
        r"\nabla f(x) = \begin{bmatrix} \frac{\partial f}{\partial x} \end{bmatrix} = "
        r"\begin{bmatrix} -2 x \end{bmatrix}",
    ),
    (hill.at(-4).latex(), r"\nabla f(-4) = \begin{bmatrix} -2 x \end{bmatrix} = \begin{bmatrix} 8 \end{bmatrix}"),
    (
        worked_line(r"|\nabla f(-4)|", Abs(-2 * x), {"x": exact(-4)}, {}).sides[0] + f" = {abs(hill.at(-4).matrix[0])}",
        r"|\nabla f(-4)| = 8",
    ),
    (hill.at(4).latex(), r"\nabla f(4) = \begin{bmatrix} -2 x \end{bmatrix} = \begin{bmatrix} -8 \end{bmatrix}"),
    (climbed("x", 0.1, 8, "x_prime", -4), r"x^\prime = x + 0.1 \nabla f(x) = -4 + 0.1 \cdot 8 = -3.2"),
    (climbed("x", 0.1, 6.4, "x_prime", -3.2), r"x^\prime = x + 0.1 \nabla f(x) = -3.2 + 0.1 \cdot 6.4 = -2.56"),
    (climbed("x0", 0.01, 8, "x1", -4), r"x_1 = x_0 + 0.01 \nabla f(x_0) = -4 + 0.01 \cdot 8 = -3.92"),
    (climbed("x1", 0.01, 7.84, "x2", -3.92), r"x_2 = x_1 + 0.01 \nabla f(x_1) = -3.92 + 0.01 \cdot 7.84 = -3.8416"),
    (
        equation_latex(regression.equation("L"), regression.written, of=("y", "yhat")),
        r"\mathscr{L}(y, \hat{y}) = \frac{1}{2} (\hat{y} - y)^2",
    ),
    (equations(regression)[0], r"\hat{y} = w x + b"),
    (
        line.chain("w")[0].latex,
        r"\frac{\partial \mathscr{L}}{\partial w} = \frac{\partial \mathscr{L}}{\partial \hat{y}} "
        r"\frac{\partial \hat{y}}{\partial w} = (\hat{y} - y) \frac{\partial \hat{y}}{\partial w}",
    ),
    (partial(line, "dL_dyhat"), r"\frac{\partial \mathscr{L}}{\partial \hat{y}} = \hat{y} - y"),
    (partial(line, "dyhat_dw"), r"\frac{\partial \hat{y}}{\partial w} = x"),
    (
        numbers.line("w").latex,
        r"\frac{\partial \mathscr{L}}{\partial w} = (\hat{y} - y) x = (129.9 - 88.2) \cdot 177 = 7380.9",
    ),
    (
        updated("w", "dL_dw"),
        r"w^\prime = w - \alpha \frac{\partial \mathscr{L}}{\partial w} = 0.7 - 0.00005 \cdot 7380.9 = 0.330955",
    ),
    (
        numbers.line("b").latex,
        r"\frac{\partial \mathscr{L}}{\partial b} = \hat{y} - y = 129.9 - 88.2 = 41.7",
    ),
    (
        updated("b", "dL_db"),
        r"b^\prime = b - \alpha \frac{\partial \mathscr{L}}{\partial b} = 6 - 0.00005 \cdot 41.7 = 5.997915",
    ),
    (loss_at("129.9"), r"\mathscr{L}(88.2, 129.9) = \frac{1}{2} (129.9 - 88.2)^2 = 869.445"),
    (
        loss_at("64.57695"),
        r"\mathscr{L}(88.2, 64.57695) = \frac{1}{2} (64.57695 - 88.2)^2 = 279.02424565125",
    ),
    (
        equations(cost)[0],
        r"\mathscr{C} = \frac{1}{n} \sum_{i=1}^n \mathscr{L}(y_i, \hat{y}_i)",
    ),
    (equations(network)[0], "z_1 = w_1 x + b_1"),
    (equations(network)[1], "o_1 = f(z_1)"),
    (equations(network)[2], "z_2 = w_2 o_1 + b_2"),
    (equations(network)[3], r"\hat{y} = f(z_2)"),
    (
        sweep.chain("w1")[0].latex,
        r"\frac{\partial \mathscr{L}}{\partial w_1} = \frac{\partial \mathscr{L}}{\partial \hat{y}} "
        r"\frac{\partial \hat{y}}{\partial w_1} = (\hat{y} - y) \frac{\partial \hat{y}}{\partial w_1}",
    ),
    (
        sweep.chain("w1")[1].latex,
        r"\frac{\partial \hat{y}}{\partial w_1} = \frac{\partial \hat{y}}{\partial z_2} "
        r"\frac{\partial z_2}{\partial w_1} = f^\prime(z_2) \frac{\partial z_2}{\partial w_1}",
    ),
    (
        sweep.chain("w1")[2].latex,
        r"\frac{\partial z_2}{\partial w_1} = \frac{\partial z_2}{\partial o_1} "
        r"\frac{\partial o_1}{\partial w_1} = w_2 \frac{\partial o_1}{\partial w_1}",
    ),
    (
        sweep.chain("w1")[3].latex,
        r"\frac{\partial o_1}{\partial w_1} = \frac{\partial o_1}{\partial z_1} "
        r"\frac{\partial z_1}{\partial w_1} = f^\prime(z_1) \frac{\partial z_1}{\partial w_1}",
    ),
    (sweep.chain("w1")[4].latex, r"\frac{\partial z_1}{\partial w_1} = x"),
    (
        Line((latex_name("dL_dw1"), Printer(sweep.written).latex(sweep.gradient["w1"]))).latex,
        r"\frac{\partial \mathscr{L}}{\partial w_1} = (\hat{y} - y) f^\prime(z_2) w_2 f^\prime(z_1) x",
    ),
]


@pytest.mark.parametrize(("printed", "expected"), ARTICLE, ids=range(1, len(ARTICLE) + 1))
def test_a_formula_of_the_article(printed, expected):
    assert printed == expected


def test_katex_takes_every_formula_of_the_article():
    assert_katex([printed for printed, _ in ARTICLE])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("yhat", r"\hat{y}"),
        ("y_hat", r"\hat{y}"),
        ("ŷ", r"\hat{y}"),
        ("w1", "w_1"),
        ("w_1", "w_1"),
        ("alpha", r"\alpha"),
        ("α", r"\alpha"),
        ("lam", r"\lambda"),
        ("L", r"\mathscr{L}"),
        ("C", r"\mathscr{C}"),
        ("dL_dw", r"\frac{\partial \mathscr{L}}{\partial w}"),
        ("dropout_dense", r"\mathrm{dropout}_{\mathrm{dense}}"),
    ],
)
def test_a_name_in_source_is_the_name_in_the_mathematics(name, expected):
    assert latex_name(name) == expected


@pytest.mark.parametrize(
    ("expr", "expected"),
    [
        (1 / (1 + sg.exp(-x)), r"\frac{1}{e^{-x} + 1}"),
        (x**2 * Rational(2, 3), r"\frac{2}{3} x^2"),
        (sg.tanh(x) ** 2, r"\tanh^2(x)"),
        (sg.sqrt(x + 1), r"\sqrt{x + 1}"),
        (-(x**-2), r"-\frac{1}{x^2}"),
        (sg.relu(x).diff(x), r"\mathbf{1}[x > 0]"),
    ],
)
def test_an_expression_prints_as_a_textbook_sets_it(expr, expected):
    assert Printer().latex(expr) == expected


def test_katex_takes_every_function_of_the_vocabulary_and_its_derivative():
    z = Symbol("z")
    built = [row.build(z) for row in ELEMENTWISE.values()]
    slopes = [sg.gradient(expr, [z]).matrix[0] for expr in built]
    assert_katex([Printer().latex(expr) for expr in (*built, *slopes)])
