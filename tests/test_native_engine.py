"""The native engine: whole training loops as compiled C, against PyTorch, the NumPy engine, and without a compiler."""

import os
import shutil
import stat
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import sympy

import symgrad as sg
from symgrad.codegen.native import compiler
from symgrad.codegen.native.affine_step import affine_step
from symgrad.codegen.native.unsupported import NativeError
from symgrad.derivation import derive
from symgrad.equations import Model
from symgrad.training import native_engine, numpy_engine
from symgrad.training.engine import Task
from symgrad.training.optimizers import adam, adamw, momentum, nesterov, rmsprop, sgd

HAS_COMPILER = any(map(shutil.which, ("gcc", "clang", "cc")))
needs_compiler = pytest.mark.skipif(not HAS_COMPILER, reason="no C compiler")
OPTIMIZERS = [sgd(), momentum(), nesterov(), adam(), adamw(), rmsprop()]


@sg.model
def line(x, y, w, b):
    yhat = w * x + b
    L = (yhat - y) ** 2
    return L


@sg.model
def neuron(x, y, w1, b1, w2, b2):
    a1 = sg.sigmoid(w1 * x + b1)
    a2 = sg.sigmoid(w2 * a1 + b2)
    L = (a2 - y) ** 2
    return L


@sg.model
def perceptron(X: "n 2", Y: "n 1", W1: "2 h", b1: "h", W2: "h 1", b2: "1"):
    A1 = sg.tanh(X @ W1 + b1)
    P = A1 @ W2 + b2
    L = sg.mse(P, Y)
    return L


@sg.model
def classifier(X: "n d", y: "n int", W1: "d h", b1: "h", W2: "h k", b2: "k"):
    A1 = sg.relu(X @ W1 + b1)
    U = A1 @ W2 + b2
    L = sg.cross_entropy(U, y)
    return L


@sg.model
def deep(X: "n d", Y: "n k", W1: "d h", b1: "h", W2: "h g", b2: "g", W3: "g k", b3: "k", alpha=0.001):
    A1 = sg.tanh(X @ W1 + b1)
    A2 = sg.gelu(A1 @ W2 + b2)
    L = sg.cross_entropy(A2 @ W3 + b3, Y) + alpha * sg.l2(W1, W2, W3)
    return L


@sg.model
def images(X: "n d", Y: "n k", W1: "d h", b1: "h", W2: "h g", b2: "g", W3: "g k", b3: "k"):
    A1 = sg.relu(X @ W1 + b1)
    A2 = sg.relu(A1 @ W2 + b2)
    L = sg.cross_entropy(A2 @ W3 + b3, Y)
    return L


def task(model, params, columns, batch=None, optimizer=None, kind=np.float64, running=False):
    rng = np.random.default_rng(0)
    arrays = {name: np.array(rng.normal(size=shape) * 0.4, kind) for name, shape in params.items()}
    samples = max(len(column) for column in columns.values() if np.ndim(column))
    return Task(model, arrays, columns, samples, batch or samples, optimizer or sgd(), running=running)


def line_task(**options):
    x = np.random.default_rng(1).normal(size=100)
    return task(line, {"w": (), "b": ()}, {"x": x, "y": 3 * x - 1}, **options)


def neuron_task(**options):
    x = np.random.default_rng(2).normal(size=30)
    return task(neuron, dict.fromkeys(("w1", "b1", "w2", "b2"), ()), {"x": x, "y": (x > 0.3) * 1.0}, **options)


def perceptron_task(**options):
    X = np.random.default_rng(3).normal(size=(50, 2))
    params = {"W1": (2, 16), "b1": (16,), "W2": (16, 1), "b2": (1,)}
    return task(perceptron, params, {"X": X, "Y": X[:, :1] * X[:, 1:]}, **options)


def classifier_task(kind=np.float64, **options):
    rng = np.random.default_rng(4)
    columns = {"X": rng.normal(size=(70, 64)).astype(kind), "y": rng.integers(0, 10, 70)}
    params = {"W1": (64, 64), "b1": (64,), "W2": (64, 10), "b2": (10,)}
    return task(classifier, params, columns, kind=kind, **options)


def deep_task(**options):
    rng = np.random.default_rng(5)
    columns = {"X": rng.normal(size=(40, 80)), "Y": np.eye(10)[rng.integers(0, 10, 40)], "alpha": np.array(0.001)}
    params = {"W1": (80, 40), "b1": (40,), "W2": (40, 30), "b2": (30,), "W3": (30, 10), "b3": (10,)}
    return task(deep, params, columns, **options)


def images_task(**options):
    rng = np.random.default_rng(7)
    columns = {"X": rng.uniform(size=(110, 60)), "Y": np.eye(10)[rng.integers(0, 10, 110)]}
    params = {"W1": (60, 40), "b1": (40,), "W2": (40, 30), "b2": (30,), "W3": (30, 10), "b3": (10,)}
    return task(images, params, columns, **options)


def by_torch(torch, name, theta, columns):
    """The cost of a batch by PyTorch."""
    functional = torch.nn.functional
    if name == "line":
        return ((theta["w"] * columns["x"] + theta["b"] - columns["y"]) ** 2).mean()
    if name == "neuron":
        a1 = torch.sigmoid(theta["w1"] * columns["x"] + theta["b1"])
        return ((torch.sigmoid(theta["w2"] * a1 + theta["b2"]) - columns["y"]) ** 2).mean()
    first = columns["X"] @ theta["W1"] + theta["b1"]
    if name == "perceptron":
        return functional.mse_loss(torch.tanh(first) @ theta["W2"] + theta["b2"], columns["Y"])
    if name == "classifier":
        return functional.cross_entropy(torch.relu(first) @ theta["W2"] + theta["b2"], columns["y"])
    if name == "images":
        second = torch.relu(torch.relu(first) @ theta["W2"] + theta["b2"])
        return functional.cross_entropy(second @ theta["W3"] + theta["b3"], columns["Y"])
    second = functional.gelu(torch.tanh(first) @ theta["W2"] + theta["b2"])
    squares = sum((theta[one] ** 2).sum() for one in ("W1", "W2", "W3"))
    return functional.cross_entropy(second @ theta["W3"] + theta["b3"], columns["Y"]) + columns["alpha"] * squares


CASES = {
    "line": (line_task, {}, 0.05),
    "line in batches": (line_task, {"batch": 7}, 0.05),
    "one sample a step": (neuron_task, {"batch": 1}, 0.5),
    "perceptron": (perceptron_task, {}, 0.05),
    "classifier": (classifier_task, {"batch": 32}, 0.02),
    "deep": (deep_task, {"batch": 16}, 0.02),
    "deep, all samples": (deep_task, {}, 0.02),
    "images": (images_task, {"batch": 32}, 0.05),
    "images, running": (images_task, {"batch": 32, "running": True}, 0.05),
}


@needs_compiler
@pytest.mark.parametrize("case", CASES)
def test_a_hundred_steps_are_those_of_pytorch(case):
    torch = pytest.importorskip("torch")
    make, options, rate = CASES[case]
    given = make(**options)
    epochs = -(-100 // given.steps)
    rng = np.random.default_rng(6)
    orders = np.array([rng.permutation(given.samples) for _ in range(epochs)])
    track = native_engine.NativeEngine(given).run(np.full((epochs, given.steps), rate), orders)

    theta = {name: torch.tensor(value, requires_grad=True) for name, value in given.params.items()}
    columns = {name: torch.tensor(value) for name, value in given.columns.items()}
    descent = torch.optim.SGD(theta.values(), lr=rate)
    for epoch in range(epochs):
        total = 0.0
        for start in range(0, given.samples, given.batch):
            rows = torch.tensor(orders[epoch][start : start + given.batch])
            descent.zero_grad()
            batch = {name: column[rows] if column.ndim else column for name, column in columns.items()}
            cost = by_torch(torch, given.model.name, theta, batch)
            total += len(rows) * cost.item()
            cost.backward()
            descent.step()
        loss = total / given.samples if given.running else by_torch(torch, given.model.name, theta, columns).item()
        assert track.losses[epoch] == pytest.approx(loss, rel=1e-9)
        for name, value in theta.items():
            np.testing.assert_allclose(track.points[name][epoch], value.detach().numpy(), rtol=1e-9, atol=1e-12)


@needs_compiler
@pytest.mark.parametrize("batch", [None, 16, 1])
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda one: one.name)
def test_every_optimizer_moves_as_in_the_numpy_engine(optimizer, batch):
    given = perceptron_task(batch=batch, optimizer=optimizer)
    engines = [module.engine(given) for module in (native_engine, numpy_engine)]
    rates = np.random.default_rng(7).uniform(0.0005, 0.002, (6, given.steps))
    orders = np.array([np.random.default_rng(epoch).permutation(given.samples) for epoch in range(6)])
    native, numpy = (engine.run(rates, orders, norms=True) for engine in engines)
    np.testing.assert_allclose(native.losses, numpy.losses, rtol=1e-11)
    np.testing.assert_allclose(native.norms, numpy.norms, rtol=1e-10)
    for name in given.params:
        np.testing.assert_allclose(native.points[name], numpy.points[name], rtol=1e-9, atol=1e-12)
    one, two = (engine.snapshot() for engine in engines)
    assert one.steps == two.steps and one.slots.keys() == two.slots.keys()
    for slot, values in two.slots.items():
        for name, value in values.items():
            np.testing.assert_allclose(one.slots[slot][name], value, rtol=1e-9, atol=1e-12)


@needs_compiler
@pytest.mark.parametrize("change", [{"clip_norm": 0.05}, {"clip_value": 0.01}, {"weight_decay": 0.1}], ids=str)
def test_gradients_are_clipped_and_weights_decay_as_in_the_numpy_engine(change):
    given = replace(perceptron_task(optimizer=replace(adam(), **change), batch=16), maximize=True)
    rates = np.full((5, given.steps), 0.01)
    native, numpy = (module.engine(given).run(rates, None) for module in (native_engine, numpy_engine))
    np.testing.assert_allclose(native.losses, numpy.losses, rtol=1e-9)


@needs_compiler
@pytest.mark.parametrize("units, loops", [(16, 2), (64, 1)])
def test_sums_over_samples_have_a_loop_of_their_own_where_they_fit_the_registers(units, loops):
    X = np.random.default_rng(3).normal(size=(50, 2))
    params = {"W1": (2, units), "b1": (units,), "W2": (units, 1), "b2": (1,)}
    given = task(perceptron, params, {"X": X, "Y": X[:, :1] * X[:, 1:]})
    native = native_engine.engine(given)
    assert native.source.partition("void update")[0].count("i < n; i++)") == loops
    loss, gradients = native.evaluate(given.columns)
    other = numpy_engine.engine(given).evaluate(given.columns)
    assert loss == pytest.approx(other[0], rel=1e-13)
    for name, gradient in gradients.items():
        np.testing.assert_allclose(gradient, other[1][name], rtol=1e-11, atol=1e-13)


def test_single_precision_stays_single_and_close():
    given = classifier_task(kind=np.float32, batch=32, optimizer=adam())
    rates = np.full((3, given.steps), 1e-3)
    native, numpy = (module.engine(given).run(rates, None) for module in (native_engine, numpy_engine))
    assert native.points["W1"].dtype == np.float32
    np.testing.assert_allclose(native.losses, numpy.losses, rtol=1e-5)


@needs_compiler
@pytest.mark.parametrize("batch", [None, 16])
def test_epochs_split_over_calls_are_the_same_to_the_last_bit(batch):
    given = perceptron_task(batch=batch, optimizer=momentum())
    rates, orders = np.full((6, given.steps), 0.05), np.array([np.arange(50)[::-1]] * 6)
    whole = native_engine.engine(given).run(rates, orders)
    parts = native_engine.engine(given)
    tracks = [parts.run(rates[rows], orders[rows]) for rows in (slice(0, 1), slice(1, 4), slice(4, 6))]
    assert np.concatenate([track.losses for track in tracks]).tolist() == whole.losses.tolist()
    assert np.array_equal(np.concatenate([track.points["W1"] for track in tracks]), whole.points["W1"])


@needs_compiler
def test_runs_with_large_matrix_products_repeat_to_the_last_bit():
    rng = np.random.default_rng(0)
    data = {"X": rng.normal(size=(512, 256)), "y": rng.integers(4, size=512)}
    start = {"W1": rng.normal(size=(256, 128)), "b1": np.zeros(128), "W2": rng.normal(size=(128, 4)), "b2": np.zeros(4)}
    settings = {"learning_rate": 0.01, "epochs": 3, "batch": 128, "shuffle": True, "seed": 1, "backend": "native"}
    first, again = (sg.fit(classifier, data, start, progress=False, **settings) for _ in range(2))
    assert all(np.array_equal(first.params[name], again.params[name]) for name in start)


@needs_compiler
def test_a_snapshot_is_where_it_goes_on_and_batches_may_come_from_elsewhere():
    given = perceptron_task(batch=16, optimizer=adam())
    engines = [module.engine(given) for module in (native_engine, numpy_engine)]
    for size in (16, 50, 3):
        batch = {name: column[:size] for name, column in given.columns.items()}
        losses = [engine.step(batch, 0.01) for engine in engines]
        assert losses[0] == pytest.approx(losses[1], rel=1e-11)
    (loss, gradients), (expected_loss, expected) = (engine.evaluate(given.columns) for engine in engines)
    assert loss == pytest.approx(expected_loss, rel=1e-11)
    for name in expected:
        np.testing.assert_allclose(gradients[name], expected[name], rtol=1e-9, atol=1e-13)
    state = engines[1].snapshot()
    engines[0].run(np.full((2, given.steps), 0.01), None)
    engines[0].restore(state)
    one, two = (engine.run(np.full((2, given.steps), 0.01), None).losses for engine in engines)
    np.testing.assert_allclose(one, two, rtol=1e-11)


@needs_compiler
def test_numbers_that_stop_being_finite_are_seen_in_the_track():
    track = native_engine.engine(line_task()).run(np.full((2000, 1), 10.0), None)
    assert not np.isfinite(track.losses[-1]) and not np.isfinite(track.points["w"][-1])
    broken = native_engine.engine(classifier_task())
    state = broken.snapshot()
    state.params["W1"][0, 0] = np.nan
    broken.restore(state)
    assert np.isnan(broken.evaluate(classifier_task().columns)[0])


@needs_compiler
def test_a_place_beyond_its_axis_is_refused_before_c_reads_there():
    given = classifier_task()
    with pytest.raises(sg.SymgradError, match="y holds 10, but axis k of U has the rows 0 to 9"):
        native_engine.engine(replace(given, columns={**given.columns, "y": given.columns["y"] + 1}))
    with pytest.raises(sg.SymgradError, match="y holds -1"):
        native_engine.engine(given).evaluate({"X": given.columns["X"], "y": given.columns["y"] - 1})


@needs_compiler
def test_an_operation_without_c_is_left_to_numpy_with_one_warning():
    @sg.model
    def covariance(S: "d d", c):
        L = sg.trace(sg.inv(S)) * c
        return L

    given = Task(covariance, {"S": 2 * np.eye(3)}, {"c": np.array([1.0])}, 1, 1, sgd())
    given = replace(given, columns={"c": np.array(1.0)})
    with pytest.warns(UserWarning, match="covariance, so NumPy does: .*MatrixInverse") as caught:
        engine = native_engine.engine(given)
    assert len(caught) == 1 and isinstance(engine, numpy_engine.NumPyEngine)
    with pytest.warns(UserWarning, match="covariance, so NumPy does"):
        program = covariance.compile("S", backend="native")
    assert "np.linalg.inv" in program.source


def test_without_a_compiler_numpy_computes_and_one_warning_says_why(monkeypatch):
    monkeypatch.setenv("CC", "no-such-compiler")
    compiler.find_compiler.cache_clear()
    try:
        with pytest.warns(UserWarning, match=r"no C compiler was found \(no-such-compiler\)") as caught:
            engine = native_engine.engine(perceptron_task())
        assert len(caught) == 1 and isinstance(engine, numpy_engine.NumPyEngine)
    finally:
        monkeypatch.undo()
        compiler.find_compiler.cache_clear()


PROCESS = """
import numpy as np
import symgrad as sg
from symgrad.training.engine import Task
from symgrad.training.native_engine import engine
from symgrad.training.optimizers import sgd
model = sg.Model.from_equations([("L", (sg.tanh(sg.exp(sg.Symbol("w")) * sg.Symbol("x")) - 1)**2)])
print(engine(Task(model, {"w": np.array(0.5)}, {"x": np.arange(9.0)}, 9, 9, sgd())).explain())
""".replace("sg.Symbol", "Symbol").replace("import numpy", "from sympy import Symbol\nimport numpy", 1)


@needs_compiler
def test_a_second_process_finds_the_compiled_library_in_a_folder_of_its_owner_alone(tmp_path):
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
    said = [
        subprocess.run([sys.executable, "-c", PROCESS], env=environment, capture_output=True, text=True, check=True)
        for _ in range(2)
    ]
    assert "compiled in" in said[0].stdout and "loaded from the cache in" in said[1].stdout
    folder = tmp_path / "symgrad" / "native"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    (file,) = folder.iterdir()
    file.write_bytes(b"damaged")
    again = subprocess.run([sys.executable, "-c", PROCESS], env=environment, capture_output=True, text=True, check=True)
    assert file.suffix == ".so" and "compiled in" in again.stdout


@needs_compiler
def test_a_folder_that_is_a_link_is_not_loaded_from(tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "symgrad").mkdir()
    (tmp_path / "symgrad" / "native").symlink_to(tmp_path / "elsewhere")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(NativeError, match="belongs to somebody else"):
        compiler.cache_folder()


@sg.model
def quadratic(x, y, a, b, c):
    L = 3 * (a * x**2 + b * x + a * b * c - y) ** 2 / 2 + (a - 1) ** 2
    return L


@needs_compiler
@pytest.mark.parametrize("kind", ["line", "quadratic", "shifted"])
def test_squares_of_all_samples_are_a_few_squares_with_the_same_numbers(kind):
    x = np.random.default_rng(8).normal(size=60)
    if kind == "quadratic":
        given = task(quadratic, dict.fromkeys("abc", ()), {"x": x, "y": x**2 - 1}, optimizer=adam())
    else:  # data far from 0: squares of sums of products would lose half of the digits
        shift = 1e4 if kind == "shifted" else 0.0
        y = 3 * x + np.random.default_rng(9).normal(size=60)
        given = task(line, {"w": (), "b": ()}, {"x": x + shift, "y": y}, optimizer=adam())
    native, numpy = (module.engine(given) for module in (native_engine, numpy_engine))
    assert "a QR decomposition" in native.explain()
    rates = np.full((200, 1), 0.01)
    one, two = native.run(rates, None), numpy.run(rates, None)
    np.testing.assert_allclose(one.losses, two.losses, rtol=1e-9)
    for name in given.params:
        np.testing.assert_allclose(one.points[name], two.points[name], rtol=1e-8, atol=1e-12)
    part = {name: column[:7] for name, column in given.columns.items()}
    native.restore(numpy.snapshot())
    assert native.evaluate(part)[0] == pytest.approx(numpy.evaluate(part)[0], rel=1e-12)
    assert native.evaluate(given.columns)[0] == pytest.approx(numpy.evaluate(given.columns)[0], rel=1e-9)


@sg.model
def bowl(x, y, w, b, k):
    L = (w * x + b - y) ** 2 + 0.3 * k
    return L


@sg.model
def hill(x, y, w, b, k):
    L = -((w * x + b - y) ** 2) - 0.3 * k
    return L


@needs_compiler
@pytest.mark.parametrize("model", [bowl, hill], ids=lambda model: model.name)
@pytest.mark.parametrize(
    "rates", [np.linspace(0.1, 0.01, 50)[:, None], np.broadcast_to(0.1, (50, 1))], ids=["falling", "constant"]
)
def test_a_plain_step_on_a_parabola_is_one_affine_map_with_the_same_numbers(model, rates):
    x, noise = (np.random.default_rng(seed).normal(size=60) for seed in (8, 9))
    given = task(model, dict.fromkeys("wbk", ()), {"x": x, "y": 3 * x + noise})
    given = replace(given, maximize=model is hill)
    native, numpy = native_engine.NativeEngine(given), numpy_engine.engine(given)
    assert "affine_step" in native.source
    one, two = native.run(rates, None, norms=True), numpy.run(rates, None, norms=True)
    np.testing.assert_allclose(one.losses, two.losses, rtol=1e-12)
    np.testing.assert_allclose(one.norms, two.norms, rtol=1e-10)
    for name in given.params:
        np.testing.assert_allclose(one.points[name], two.points[name], rtol=1e-12)
    assert "affine_step" not in native_engine.NativeEngine(replace(given, optimizer=momentum())).source


def test_a_gradient_of_what_depends_on_the_parameters_has_no_affine_step():
    w, d, z = map(sympy.Symbol, ("w", "d", "z"))
    given = derive(Model.from_equations([("z", w + d), ("L", sympy.tanh(z))]), "w")
    assert given.step("w").adjoint.is_Symbol  # the adjoint of z, by its name
    assert affine_step(given, {"d"}, climbs=False) is None


@sg.model
def parabola(x):
    f = -(x**2)
    return f


@sg.model
def powers(x, y, w, k=3, p=0.5):
    L = sg.abs(k * sg.tanh(w * x) - y) ** 1.5 + p
    return L


@sg.model
def normalised(X: "n d", T: "n d", g: "d", c: "d"):
    mu = sg.mean(X, axis=0)
    v = sg.mean((X - mu) ** 2, axis=0)
    L = sg.mse((X - mu) / sg.sqrt(v + 0.001) * g + c, T)
    return L


@sg.model
def pairs(X: "n d", w: "d"):
    K = (X * w) @ X.T
    L = sg.sum(K**2) / X.shape[0]
    return L


@sg.model
def embedded(words: "n int", y: "n", E: "v d", w: "d"):
    L = sg.mse(sg.tanh(E[words]) @ w, y)
    return L


@sg.model
def reserved(double: "n int_", y: "n", float: "int_", gradient):
    register = double @ float + gradient
    L = sg.mse(register, y)
    return L


def odd_tasks():
    rng = np.random.default_rng(9)
    x, y, X = rng.normal(size=23), rng.normal(size=23), rng.normal(size=(23, 5))
    constants = {"k": np.array(3.0), "p": np.array(0.5)}
    yield replace(task(parabola, {"x": ()}, {"none": np.zeros(1)}), columns={}, maximize=True)
    for batch in (23, 50, 1):
        yield task(powers, {"w": ()}, {"x": x, "y": y, **constants}, batch)
    for batch in (23, 7):
        yield task(normalised, {"g": (5,), "c": (5,)}, {"X": X, "T": X[::-1].copy()}, batch)
        yield task(pairs, {"w": (5,)}, {"X": X}, batch)
        yield task(embedded, {"E": (9, 3), "w": (3,)}, {"words": rng.integers(0, 9, 23), "y": y}, batch, rmsprop())
        yield task(reserved, {"float": (5,), "gradient": ()}, {"double": X, "y": y}, batch)


@needs_compiler
@pytest.mark.parametrize("given", list(odd_tasks()), ids=lambda one: f"{one.model.name}-{one.batch}")
def test_odd_tasks_have_the_numbers_of_the_numpy_engine(given):
    rates = np.full((3, given.steps), 1e-3)
    orders = np.array([np.random.default_rng(epoch).permutation(given.samples) for epoch in range(3)])
    one, two = (native_engine.NativeEngine(given), numpy_engine.engine(given))
    native, numpy = (engine.run(rates, orders, norms=True) for engine in (one, two))
    np.testing.assert_allclose(native.losses, numpy.losses, rtol=1e-11)
    np.testing.assert_allclose(native.norms, numpy.norms, rtol=1e-9)
    for name in given.params:
        assert native.points[name].shape == numpy.points[name].shape
        np.testing.assert_allclose(native.points[name], numpy.points[name], rtol=1e-10, atol=1e-14)


@sg.model
def ridge(X: "n d", y: "n", w: "d", b, alpha=0.1):
    yhat = X @ w + b
    L = sg.mean((yhat - y) ** 2) + alpha * sg.l2(w)
    return L


@needs_compiler
def test_rows_of_samples_enter_through_their_moments():
    X = np.random.default_rng(11).normal(size=(300, 4)) + 2
    noise = np.random.default_rng(12).normal(size=300)
    columns = {"X": X, "y": X @ np.arange(4.0) + noise, "alpha": np.array(0.1)}
    given = task(ridge, {"w": (4,), "b": ()}, columns, optimizer=momentum())
    native, numpy = (module.engine(given) for module in (native_engine, numpy_engine))
    assert "300 samples enter through" in native.explain()
    rates = np.full((100, 1), 0.01)
    one, two = native.run(rates, None, norms=True), numpy.run(rates, None, norms=True)
    np.testing.assert_allclose(one.losses, two.losses, rtol=1e-9)
    np.testing.assert_allclose(one.norms, two.norms, rtol=1e-7)
    np.testing.assert_allclose(one.points["w"], two.points["w"], rtol=1e-9)
    part = {name: column[:7] for name, column in columns.items() if column.ndim}
    assert native.evaluate(part)[0] == pytest.approx(numpy.evaluate(part)[0], rel=1e-12)
    assert native.step(part, 0.01) == pytest.approx(numpy.step(part, 0.01), rel=1e-9)
    np.testing.assert_allclose(native.snapshot().params["w"], numpy.snapshot().params["w"], rtol=1e-9)
