"""Every optimiser against PyTorch's, step for step, and against minima that are known."""

import numpy as np
import pytest
from katex import assert_katex

import symgrad as sg
from symgrad.errors import InputError, SymgradError
from symgrad.training.directions import Hessian
from symgrad.training.optimizers import Optimizer

NAMES = ("sgd", "momentum", "nesterov", "adam", "adamw", "rmsprop")


@sg.model
def network(X: "n d", y: "n", W: "d h", b: "h", v: "h", c):
    A = sg.tanh(X @ W + b)
    yhat = A @ v + c
    L = sg.mean((yhat - y) ** 2, axis="n") / 2
    return L


@sg.model
def rosenbrock(x, y, a=1, b=100):
    f = (a - x) ** 2 + b * (y - x**2) ** 2
    return f


@sg.model
def line(x, y, w, b):
    yhat = w * x + b
    L = (yhat - y) ** 2 / 2
    return L


RNG = np.random.default_rng(5)
DATA = {"X": RNG.normal(size=(20, 3)), "y": RNG.normal(size=20)}
START = {"W": RNG.normal(size=(3, 4)), "b": RNG.normal(size=4), "v": RNG.normal(size=4), "c": 0.3}
SMALL = {"x": [-1.0, 0.5, 2.0], "y": [0.0, 1.0, 3.0]}


def torch_optimizer(torch, name, params, rate, decay):
    made = {
        "sgd": lambda **more: torch.optim.SGD(params, rate, **more),
        "momentum": lambda **more: torch.optim.SGD(params, rate, momentum=0.9, **more),
        "nesterov": lambda **more: torch.optim.SGD(params, rate, momentum=0.9, nesterov=True, **more),
        "adam": lambda **more: torch.optim.Adam(params, rate, **more),
        "adamw": lambda **more: torch.optim.AdamW(params, rate, **more),
        "rmsprop": lambda **more: torch.optim.RMSprop(params, rate, **more),
    }
    return made[name](**({} if decay is None else {"weight_decay": decay}))


def torch_params(name, rate, *, decay=None, clip=None, batch=20, epochs=100, maximize=False):
    torch = pytest.importorskip("torch")
    X, y = (torch.tensor(DATA[key]) for key in ("X", "y"))
    params = {key: torch.tensor(value, dtype=torch.float64, requires_grad=True) for key, value in START.items()}
    optimizer = torch_optimizer(torch, name, list(params.values()), rate, decay)
    for _ in range(epochs):
        for at in range(0, 20, batch):
            optimizer.zero_grad()
            yhat = torch.tanh(X[at : at + batch] @ params["W"] + params["b"]) @ params["v"] + params["c"]
            loss = ((yhat - y[at : at + batch]) ** 2).mean() / 2
            (-loss if maximize else loss).backward()
            if clip:
                clip(torch.nn.utils, params.values())
            optimizer.step()
    return {key: value.detach().numpy() for key, value in params.items()}


def assert_same(run, expected, tolerance=1e-12):
    for name, value in expected.items():
        np.testing.assert_allclose(run.params[name], value, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name", NAMES)
def test_a_hundred_steps_agree_with_pytorch(name):
    run = sg.fit(network, DATA, START, learning_rate=0.01, epochs=100, optimizer=name)
    assert_same(run, torch_params(name, 0.01))


@pytest.mark.parametrize("name", NAMES)
def test_batches_with_weight_decay_agree_with_pytorch(name):
    run = sg.fit(network, DATA, START, learning_rate=0.01, epochs=20, batch=8, optimizer=name, weight_decay=0.1)
    assert_same(run, torch_params(name, 0.01, decay=0.1, batch=8, epochs=20))


def test_ascent_agrees_with_pytorch():
    run = sg.fit(network, DATA, START, learning_rate=0.001, epochs=20, optimizer="adam", maximize=True)
    assert_same(run, torch_params("adam", 0.001, epochs=20, maximize=True))


@pytest.mark.parametrize("name", ["sgd", "adam"])
def test_clipped_values_agree_with_pytorch(name):
    def clip(utils, params):
        utils.clip_grad_value_(params, 0.05)

    run = sg.fit(network, DATA, START, learning_rate=0.1, epochs=50, optimizer=name, clip_value=0.05)
    assert_same(run, torch_params(name, 0.1, clip=clip, epochs=50))


def test_a_clipped_norm_agrees_with_pytorch_up_to_its_millionth():
    # PyTorch divides by the norm + 1e-6, so that its steps are a little shorter.
    def clip(utils, params):
        utils.clip_grad_norm_(params, 0.2)

    run = sg.fit(network, DATA, START, learning_rate=0.1, epochs=50, clip_norm=0.2)
    assert_same(run, torch_params("sgd", 0.1, clip=clip, epochs=50), tolerance=1e-5)


def test_a_clipped_step_is_as_long_as_the_bound():
    run = sg.fit(line, {"x": 100.0, "y": 0.0}, {"w": 3, "b": 4}, learning_rate=0.5, epochs=1, clip_norm=2)
    assert np.hypot(run.params["w"] - 3, run.params["b"] - 4) == pytest.approx(0.5 * 2)


# --- equations --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_an_optimiser_is_a_model_that_prints_and_derives(name):
    optimizer = getattr(sg.optimizers, name)()
    assert isinstance(optimizer, Optimizer)
    assert_katex([optimizer.latex(), optimizer.model.latex()])
    assert r"\mathrm" not in optimizer.latex()
    assert sg.derive(optimizer.model, "theta").gradient is not None


def test_new_values_have_their_own_names_where_old_ones_are_needed_later():
    def read(equations, slots=("m",)):
        return Optimizer("own", sg.model(equations), slots, {}).latex()

    def late(theta, gradient, m, step, learning_rate):
        theta_next = theta - learning_rate * m
        m_next = (m + gradient) / 2  # noqa: F841  # an equation
        return theta_next

    def early(theta, gradient, m, step, learning_rate):
        m_next = (m + gradient) / 2
        theta_next = theta - learning_rate * (m + m_next)
        return theta_next

    assert r"\theta &\leftarrow \theta - \eta m" in read(late)
    assert r"\theta_{\mathrm{next}} &= \theta - \eta (m + m_{\mathrm{next}})" in read(early)


def test_adam_reads_as_in_its_paper():
    assert sg.optimizers.adam().latex() == "\n".join(
        [
            r"\begin{aligned}",
            r"m &\leftarrow \beta_1 m + (1 - \beta_1) g \\",
            r"v &\leftarrow \beta_2 v + (1 - \beta_2) g^2 \\",
            r"\hat{m} &= \frac{m}{1 - \beta_1^{t}} \\",
            r"\hat{v} &= \frac{v}{1 - \beta_2^{t}} \\",
            r"\theta &\leftarrow \theta - \frac{\eta \hat{m}}{\sqrt{\hat{v}} + \epsilon}",
            r"\end{aligned}",
        ]
    )


def test_an_optimiser_of_ones_own_is_its_equations():
    torch = pytest.importorskip("torch")

    @sg.model
    def adagrad(theta, gradient, s, step, learning_rate, epsilon):
        s_next = s + gradient**2
        theta_next = theta - learning_rate * gradient / (sg.sqrt(s_next) + epsilon)
        return theta_next

    own = Optimizer("adagrad", adagrad, ("s",), {"epsilon": 1e-10})
    assert r"s &\leftarrow s + g^2" in own.latex()
    run = sg.fit(line, SMALL, {"w": 1, "b": 2}, learning_rate=0.1, epochs=50, optimizer=own)
    w, b = (torch.tensor(value, dtype=torch.float64, requires_grad=True) for value in (1.0, 2.0))
    x, y = (torch.tensor(column, dtype=torch.float64) for column in SMALL.values())
    theirs = torch.optim.Adagrad([w, b], 0.1)
    for _ in range(50):
        theirs.zero_grad()
        ((w * x + b - y) ** 2 / 2).mean().backward()
        theirs.step()
    assert [run.params["w"], run.params["b"]] == pytest.approx([w.item(), b.item()], rel=1e-12)
    with pytest.raises(
        SymgradError, match=r"adagrad: the model's inputs are theta, .*, epsilon, not theta, gradient, s"
    ):
        Optimizer("adagrad", adagrad, ("s",), {})
    with pytest.raises(SymgradError, match="no equation for epsilon_next"):
        Optimizer("adagrad", adagrad, ("s", "epsilon"), {})


# --- whole vectors ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "most"), [("lbfgs", 60), ("newton", 40)])
def test_rosenbrocks_valley_is_followed_to_its_end(name, most):
    run = sg.fit(rosenbrock, None, {"x": -1.2, "y": 1}, optimizer=name, epochs=200, stop_gradient=1e-9)
    assert (run.params["x"], run.params["y"]) == pytest.approx((1, 1), abs=1e-8)
    assert run.stopped_by == "gradient" and run.epochs <= most
    assert (np.diff(run.history["loss"]) < 0).all()


@pytest.mark.parametrize("name", ["lbfgs", "newton"])
def test_least_squares_are_reached(name):
    run = sg.fit(line, SMALL, {"w": 0, "b": 0}, optimizer=name, epochs=50)
    assert [run.params["w"], run.params["b"]] == pytest.approx(np.polyfit(SMALL["x"], SMALL["y"], 1), rel=1e-7)


def test_newtons_first_step_on_a_quadratic_is_its_last():
    assert sg.fit(line, SMALL, {"w": 5, "b": 5}, optimizer="newton", epochs=9, stop_gradient=1e-12).epochs == 1


def test_weight_decay_is_ridge_regression():
    run = sg.fit(line, SMALL, {"w": 0, "b": 0}, optimizer="newton", epochs=9, weight_decay=0.3)
    x, y = map(np.array, SMALL.values())
    design = np.stack([x, np.ones(3)], axis=1)
    expected = np.linalg.solve(design.T @ design / 3 + 0.3 * np.eye(2), design.T @ y / 3)
    assert [run.params["w"], run.params["b"]] == pytest.approx(expected, rel=1e-7)


@pytest.mark.parametrize("name", ["lbfgs", "newton"])
def test_a_maximum_is_climbed(name):
    @sg.model
    def hill(x, y):
        f = -((x - 2) ** 2) - sg.cosh(y + 1)
        return f

    run = sg.fit(hill, None, {"x": 0, "y": 1}, optimizer=name, epochs=50, maximize=True)
    assert (run.params["x"], run.params["y"], run.loss) == pytest.approx((2, -1, -1), abs=1e-6)


def test_lbfgs_takes_about_as_many_steps_as_scipys():
    optimize = pytest.importorskip("scipy.optimize")

    @sg.model
    def logistic(X: "n d", y: "n", w: "d"):
        z = X @ w
        L = sg.mean(sg.softplus(z) - y * z, axis="n") + 0.01 * sg.sum(w**2)
        return L

    rng = np.random.default_rng(0)
    data = {"X": rng.normal(size=(200, 8)) * 3.0 ** np.arange(-4, 4), "y": rng.integers(0, 2, 200)}
    program = logistic.compile(wrt=["w"])

    def cost(w):
        loss, gradients = program(**data, w=w)
        return float(loss), gradients["w"]

    theirs = optimize.minimize(cost, np.zeros(8), jac=True, method="L-BFGS-B", options={"gtol": 1e-8, "ftol": 0})
    ours = sg.fit(logistic, data, {"w": np.zeros(8)}, optimizer="lbfgs", epochs=300, stop_gradient=1e-6)
    assert ours.stopped_by == "gradient"
    assert ours.loss == pytest.approx(theirs.fun, rel=1e-10)
    assert ours.epochs < 2 * theirs.nit


def test_a_networks_hessian_is_that_of_finite_differences():
    params = {name: np.asarray(value) for name, value in START.items()}
    matrix = Hessian(network, list(START)).at(DATA, params)
    program = network.compile(wrt=list(START))

    def gradients(at):
        found = program(**DATA, **at)[1]
        return np.concatenate([np.ravel(found[name]) for name in START])

    rows = []
    for name, value in params.items():
        for place in np.ndindex(value.shape):
            nudge = np.zeros(value.shape)
            nudge[place] = 1e-6
            up, down = gradients({**params, name: value + nudge}), gradients({**params, name: value - nudge})
            rows.append((up - down) / 2e-6)
    np.testing.assert_allclose(matrix, np.array(rows), atol=1e-8)


def test_a_saddle_is_left_downhill():
    @sg.model
    def saddle(x, y):
        f = x**2 - y**2 + y**4
        return f

    run = sg.fit(saddle, None, {"x": 1, "y": 0.1}, optimizer="newton", epochs=50)
    assert run.loss == pytest.approx(-0.25)


def test_a_step_out_of_the_domain_is_shortened():
    @sg.model
    def barrier(x):
        f = x - sg.log(x)
        return f

    for name in ("lbfgs", "newton"):
        run = sg.fit(barrier, None, {"x": 1e-3}, optimizer=name, epochs=100)
        assert run.params["x"] == pytest.approx(1, abs=1e-6)


# --- what can't be used -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"optimizer": "adamm"}, r"optimizer='adamm' is unknown \(did you mean adam\?\); there are sgd, momentum"),
        ({"optimizer": 3}, "optimizer=3 is neither a name, such as 'adam', nor one of sg.optimizers"),
        ({"optimizer": "lbfgs"}, "learning_rate=0.1: lbfgs searches for the length of each step; leave it out"),
        ({"learning_rate": None}, "learning_rate is missing; sgd needs one"),
        ({"optimizer": "lbfgs", "learning_rate": None, "batch": 2}, "batch=2: lbfgs needs the whole data"),
        ({"optimizer": "lbfgs", "learning_rate": None, "clip_norm": 1}, "lbfgs can't clip gradients"),
        ({"clip_norm": 1, "clip_value": 1}, "clip_norm and clip_value are both given"),
        ({"clip_norm": 0}, "clip_norm=0 must be above 0"),
        ({"weight_decay": -1}, "weight_decay=-1 must be a finite number, 0 or above"),
        ({"backend": "nmpy"}, r"backend='nmpy' is unknown \(did you mean numpy\?\)"),
    ],
)
def test_a_bad_optimiser_is_quoted(setting, message):
    with pytest.raises(InputError, match=message):
        sg.fit(line, SMALL, {"w": 0, "b": 0}, **{"learning_rate": 0.1, "epochs": 1, **setting})


def test_a_bad_setting_of_an_optimiser_is_quoted():
    with pytest.raises(SymgradError, match=r"beta1=1 must be at least 0 and below 1"):
        sg.optimizers.adam(beta1=1)
    with pytest.raises(SymgradError, match="memory=0"):
        sg.optimizers.lbfgs(memory=0)
