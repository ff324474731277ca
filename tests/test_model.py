"""A Python function, or SymPy's equations, read as a model; and what is said of one that can't be."""

import math
import runpy

import numpy as np
import pytest
import sympy
from sympy import Eq, Function, Rational, symbols

import symgrad as sg
from symgrad.errors import InputError, ModelError, ShapeError

x, y, w, z, L = symbols("x y w z L")
f = Function("f")


@sg.model
def network(x, y, w1, b1, w2, b2, f):
    """A 1-1-1 network."""
    z1 = w1 * x + b1
    o1 = f(z1)
    z2 = w2 * o1 + b2
    yhat = f(z2)
    L = (yhat - y) ** 2 / 2
    return L


@sg.model
def nested(x, w, f):
    z = w * x
    L = f(f(z))
    return L


@pytest.fixture
def read(tmp_path):
    """Reads a model from the lines of a function's body."""

    def reader(arguments, *lines):
        body = "\n".join(f"    {line}" for line in lines)
        path = tmp_path / "written.py"
        head = "import math\nimport numpy as np\nimport symgrad as sg\n\n\n@sg.model\n"
        path.write_text(f"{head}def written({arguments}):\n{body}\n", encoding="utf-8")
        return runpy.run_path(str(path))["written"]

    return reader


def test_each_assignment_is_one_equation_under_its_own_name():
    assert str(network).splitlines() == [
        "z1 = w1*x + b1",
        "o1 = f(z1)",
        "z2 = w2*o1 + b2",
        "yhat = f(z2)",
        "L = (yhat - y)**2/2",
    ]
    assert (network.name, network.doc, network.result) == ("network", "A 1-1-1 network.", "L")
    assert [quantity.name for quantity in network.inputs] == ["x", "y", "w1", "b1", "w2", "b2"]
    assert network.functions == ("f",)


def test_a_model_and_its_equations_are_frozen():
    with pytest.raises(AttributeError):
        network.result = "yhat"
    with pytest.raises(AttributeError):
        network.equations[0].name = "q"


def test_a_loop_over_a_fixed_range_unrolls_to_numbered_names(read):
    model = read("x, w", "h = x", "for _ in range(3):", "    h = sg.tanh(w * h)", "return h")
    assert str(model).splitlines() == ["h = x", "h1 = tanh(w*h)", "h2 = tanh(w*h1)", "h3 = tanh(w*h2)"]
    assert model.result == "h3"


def test_a_list_that_a_loop_fills_reads_the_same(read):
    body = ["hs = [x]", "for _ in range(2):", "    h = hs[-1]**2", "    hs.append(h)", "L = hs[-1]", "return L"]
    assert str(read("x", *body)).splitlines() == ["h1 = x**2", "h2 = h1**2", "L = h2"]


def test_a_sum_that_a_loop_adds_up_names_each_partial_sum(read):
    model = read("x", "total = 0", "for k in range(1, 4):", "    total += x**k", "return total")
    assert model(2.0) == 2 + 4 + 8
    assert model.result == "total3"


@pytest.mark.parametrize(
    ("line", "value"),
    [("math.exp(x)", math.exp(0.5)), ("np.tanh(x)", math.tanh(0.5)), ("math.pi*x", math.pi / 2), ("abs(-x)", 0.5)],
)
def test_maths_and_numpys_functions_are_read_as_symgrads(read, line, value):
    assert read("x", f"L = {line}", "return L")(0.5) == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize(
    ("line", "exactly"),
    [
        ("1/3*x", Rational(1, 3)),
        ("0.1*x + 0.2*x", Rational(3, 10)),
        ("x/10", Rational(1, 10)),
        ("1e-3*x", Rational(1, 1000)),
    ],
)
def test_numbers_in_a_model_are_exact(read, line, exactly):
    assert sg.derive(read("x", f"L = {line}", "return L")).at(x=1)["L"] == exactly


def test_a_returned_expression_is_the_loss(read):
    assert str(read("x", "return x**2")) == "L = x**2"


def test_defaults_are_kept_exactly_and_used(read):
    model = read("x, lam=0.1", "L = lam*x**2", "return L")
    assert model.defaults == {"lam": Rational(1, 10)}
    assert model(x=3.0) == pytest.approx(0.9)
    assert model(x=3.0, lam=1) == 9


def test_a_default_may_be_a_function(read):
    assert str(read("x, f=sg.tanh", "L = f(x)", "return L")) == "L = tanh(x)"


def test_keyword_only_arguments_are_inputs(read):
    assert read("x, *, w", "L = w*x", "return L")(2, w=5) == 10


def test_a_model_inside_a_model_brings_its_equations(tmp_path):
    path = tmp_path / "two.py"
    path.write_text(
        "import symgrad as sg\n\n\n@sg.model\ndef square(u):\n    s = u*u\n    return s\n\n\n"
        "@sg.model\ndef outer(x):\n    a = square(x)\n    L = square(a)\n    return L\n"
    )
    model = runpy.run_path(str(path))["outer"]
    assert model(3.0) == 81
    assert sg.derive(model).expanded["x"] == 4 * x**3


# What can't be read: the message quotes the line, names the symbol, and says what to do.


@pytest.mark.parametrize(
    ("arguments", "lines", "parts"),
    [
        ("x", ["a = b + x", "b = a", "return b"], ["`a = b + x`", "b is used before it is defined", "a cycle"]),
        ("x", ["a = a + x", "return a"], ["`a = a + x`", "a is used before it is defined"]),
        ("x", ["a = x", "a = 2*a", "return a"], ["`a = 2*a`", "a is assigned twice", "give the second a new name"]),
        ("x", ["a = x", "a += 1", "return a"], ["`a += 1`", "a is assigned twice"]),
        ("x", ["x = 2*x", "return x"], ["`x = 2*x`", "x is an input", "a name of its own"]),
        ("x", ["a = q*x", "return a"], ["`a = q*x`", "the name q is unknown", "add it to the arguments"]),
        ("x, weight", ["a = weigth*x", "return a"], ["`a = weigth*x`", "did you mean weight?"]),
        ("x", ["if x > 0:", "    a = x", "return x"], ["`if x > 0:`", "x > 0", "sg.where(condition, a, b)"]),
        ("x", ["a = x if x > 0 else -x", "return a"], ["`a = x if x > 0 else -x`", "sg.where"]),
        ("x", ["a = x", "while a < 3:", "    a = 2*a", "return a"], ["`while a < 3:`", "a < 3", "sg.where"]),
        ("x, y", ["a = max(x, y)", "return a"], ["`a = max(x, y)`", "y > x"]),
        ("x, n", ["for i in range(n):", "    a = x", "return x"], ["`for i in range(n):`", "n has no value", "fixed"]),
        ("x", ["a = 2*x"], ["`def written(x):`", "returns nothing", "`return L`"]),
        ("x", ["a = 2*x", "return"], ["`def written(x):`", "returns nothing", "`return L`"]),
        ("x", ["a = 2*x", "return a, x"], ["`return a, x`", "one quantity, got 2 values"]),
        ("x", ["return 3"], ["`return 3`", "one quantity, got 3"]),
        ("x", ["a = float(x)", "return a"], ["`a = float(x)`", "x has no value yet"]),
        ("x", ["a = x/0", "return a"], ["`a = x/0`", "divides by zero"]),
        ("x", ["a = (x - x)**-1", "return a"], ["`a = (x - x)**-1`", "divides by zero"]),
        ("x", ["a = x*(-1)**0.5", "return a"], ["`a = x*(-1)**0.5`"]),
        ("x", ["a = x + 'q'", "return a"], ["`a = x + 'q'`"]),
        ("x", ["a = x.foo", "return a"], ["`a = x.foo`", "foo"]),
        ("x", ["a = x*np.array([1, 2])", "return a"], ["`a = x*np.array([1, 2])`", "make it an input"]),
        ("x, h2", ["h = x", "for _ in range(2):", "    h = h*h2", "return h"], ["`h = h*h2`", "h2 already exists"]),
        ("*xs", ["return xs[0]"], ["written", "name every input"]),
    ],
)
def test_an_error_quotes_the_line_names_the_symbol_and_says_what_to_do(read, arguments, lines, parts):
    with pytest.raises(ModelError) as caught:
        read(arguments, *lines)
    for part in parts:
        assert part in str(caught.value)


def test_an_error_gives_the_line_number_in_the_file(read):
    with pytest.raises(ModelError, match="written, line 9: `a = q"):
        read("x", "b = x", "a = q*x", "return a")


@pytest.mark.parametrize("thing", [math.sin, 3, int, "L = x"])
def test_only_a_python_function_is_a_model(thing):
    with pytest.raises(ModelError, match="a model is a"):
        sg.model(thing)


def test_a_lambda_is_not_a_model():
    with pytest.raises(ModelError, match="written with def"):
        sg.model(lambda x: x**2)


# From SymPy's equations.


def test_equations_come_in_any_order_and_the_last_one_is_the_result():
    model = sg.Model.from_equations([Eq(L, (z - y) ** 2), Eq(z, w * x)])
    assert [equation.name for equation in model.equations] == ["z", "L"]
    assert model.result == "L"
    assert {quantity.name for quantity in model.inputs} == {"x", "y", "w"}


def test_the_result_can_be_chosen():
    assert sg.Model.from_equations([(z, x), (L, w)], result="z").result == "z"


def test_an_equations_model_is_the_functions_model():
    equations = [(equation.lhs, equation.rhs) for equation in network.equations]
    same = sg.Model.from_equations(equations)
    assert sg.derive(same, "w1").gradient["w1"] == sg.derive(network, "w1").gradient["w1"]


def test_sympys_derivative_in_an_equation_is_f_prime():
    model = sg.Model.from_equations([(z, f(x).diff(x)), (L, z**2)])
    assert model.bind(f=sympy.sin)(0.3) == pytest.approx(math.cos(0.3) ** 2)


@pytest.mark.parametrize(
    ("equations", "message"),
    [
        ([Eq(z, L + x), Eq(L, z**2)], "cycle: z -> L -> z"),
        ([Eq(z, z + x)], "cycle: z -> z"),
        ([Eq(z, x), Eq(z, w)], "z is defined twice"),
        ([Eq(z + 1, x)], "isn't a name"),
        ([(z, x), (L, w)], "say which quantity is the result; nothing uses z, L"),
        ([], "at least one equation"),
        ([x], "expected Eq"),
        ([(z, "w*x")], "isn't a SymPy expression"),
        ([(z, sympy.I * x)], "no real value"),
        ([(z, x / sympy.Integer(0))], "divides by zero"),
        ([(z, sympy.nan)], "no real value"),
    ],
)
def test_equations_that_are_no_model_are_refused(equations, message):
    with pytest.raises(ModelError, match=message):
        sg.Model.from_equations(equations)


# Binding.


@pytest.mark.parametrize(
    "function",
    [
        sg.sigmoid,
        sg.tanh,
        sg.relu,
        sg.softplus,
        sg.identity,
        sg.leaky_relu,
        sympy.tanh,
        sympy.erf,
        sympy.Abs,
        lambda z: z**3 / 2,
        lambda z: np.tanh(z) + 1,
        lambda z: sg.where(z > 0, z, z / 10),
        lambda z: sympy.Max(z, 0),
    ],
)
def test_any_function_can_be_bound_also_inside_its_own_argument(function):
    bound = nested.bind(f=function)
    assert bound.functions == ()
    loss, gradients = bound.compile()(x=0.7, w=0.9)
    step = 1e-6
    assert gradients["x"] == pytest.approx((bound(0.7 + step, 0.9) - bound(0.7 - step, 0.9)) / (2 * step), rel=1e-6)
    assert loss == bound(0.7, 0.9)


def test_binding_leaves_the_model_as_it_was_and_keeps_the_written_order():
    bound = network.bind(f=lambda z: 1 / (1 + sg.exp(-z)))
    assert network.functions == ("f",)
    assert str(bound).splitlines()[4] == "L = (yhat - y)**2/2"


def test_a_function_may_get_another_name():
    assert str(nested.bind(f="g")).splitlines()[1] == "L = g(g(z))"


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (3, "expected a function"),
        (math.sin, "use sg.exp, sg.tanh … instead of math's"),
        (lambda a, b: a, "can't be applied to"),
        (lambda z: "z", "isn't an expression of its argument"),
        (lambda z: z if z > 0 else 0, "sg.where"),
    ],
)
def test_what_cannot_be_bound_says_why(function, message):
    with pytest.raises(ModelError, match=message):
        nested.bind(f=function)


def test_binding_an_unknown_function_names_the_known_ones():
    with pytest.raises(ModelError, match="no abstract function 'g' to bind; its abstract functions are f"):
        nested.bind(g=sg.tanh)


# Calling.


def test_a_call_takes_numbers_or_arrays_by_position_or_by_name():
    bound = nested.bind(f=sg.tanh)
    assert bound(1.0, 2.0) == bound(w=2.0, x=1.0) == math.tanh(math.tanh(2.0))
    assert bound([0.5, 1], 2) == pytest.approx([math.tanh(math.tanh(1)), math.tanh(math.tanh(2))])
    assert bound(Rational(1, 2), 4) == bound(1.0, 2.0)


def test_a_function_can_be_given_in_the_call():
    assert nested(1.0, 2.0, f=sg.tanh) == nested.bind(f=sg.tanh)(1.0, 2.0)


@pytest.mark.parametrize(
    ("args", "kwargs", "error", "message"),
    [
        ((1,), {}, InputError, "needs a value for w"),
        ((1, 2, 3), {}, InputError, r"takes 2 values \(x, w\), got 3"),
        ((1,), {"x": 2}, InputError, "x is given twice"),
        ((1, 2), {"v": 3}, InputError, "no input 'v'"),
        (("one", 2), {}, InputError, "x isn't a number"),
        (("1", 2), {}, InputError, "x isn't a number"),
        ((None, 2), {}, InputError, "x isn't a number"),
        (([None, 1], 2), {}, InputError, "x isn't a number"),
        ((1j, 2), {}, InputError, "x isn't a number"),
        ((np.datetime64("2021-02-07"), 2), {}, InputError, "x isn't a number"),
        ((x, 2), {}, InputError, "x isn't a number"),
        ((np.ones(2), np.ones(3)), {}, ShapeError, r"different shapes: x \(2,\), w \(3,\)"),
    ],
)
def test_a_call_that_does_not_fit_says_what_is_wrong(args, kwargs, error, message):
    with pytest.raises(error, match=message):
        nested.bind(f=sg.tanh)(*args, **kwargs)


def test_a_call_with_an_abstract_function_says_how_to_bind_it():
    with pytest.raises(ModelError, match=r"while f is abstract; use model.bind\(f=sg.sigmoid\)"):
        nested(1, 2)


def test_a_large_whole_decimal_keeps_its_digits_in_the_program():
    @sg.model
    def scaled(x):
        y = 1234567.0 * x + 1e30 * x**2
        return y

    assert scaled.compile()(x=0.0)[1]["x"] == 1234567.0
    assert "1e+30" in scaled.compile().source


@pytest.mark.parametrize("row", [3, -1])
def test_a_row_that_does_not_exist_is_named_with_those_that_do(row):
    @sg.model
    def lookup(w: "n int", y: "n", E: "v d", u: "d"):
        H = E[w]
        L = sg.mean((H @ u - y) ** 2)
        return L

    given = {"w": np.array([0, 2, row]), "y": np.zeros(3), "E": np.ones((3, 2)), "u": np.ones(2)}
    said = rf"w holds {row}, but axis v of E has the rows 0 to 2"
    with pytest.raises(InputError, match=said):
        lookup(**given)
    with pytest.raises(InputError, match=said):
        lookup.compile(["E"])(**given)
    batches = [{name: given[name][part] for name in "wy"} for part in (slice(2), slice(2, 3))]
    for data in (batches, {name: given[name] for name in "wy"}):
        with pytest.raises(InputError, match=said):
            sg.fit(lookup, data, {"E": given["E"], "u": given["u"]}, epochs=1, learning_rate=0.1)
