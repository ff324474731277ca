"""The estimators: scikit-learn's own checks, and its linear models as the oracle."""

import pickle
import subprocess
import sys

import joblib
import numpy as np
import pytest

import symgrad as sg
from symgrad.errors import InputError, SymgradError

pytest.importorskip("sklearn")

from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_iris, make_moons
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from symgrad.estimators.weighting import weighted

Regressor, Classifier = sg.SymbolicRegressor, sg.SymbolicClassifier


@sg.model
def hidden(X: "n d", y: "n", W: "d h", c: "h", v: "h", b):
    A = sg.tanh(X @ W + c)
    yhat = A @ v + b
    L = sg.mean((yhat - y) ** 2) / 2
    return L


@sg.model
def hidden_classes(X: "n d", Y: "n k", W: "d h", c: "h", V: "h k", b: "k"):
    Z = sg.tanh(X @ W + c) @ V + b
    P = sg.softmax(Z, axis="k")
    L = -sg.mean(sg.sum(Y * sg.log(P), axis="k"))
    return L


@sg.model
def line(height, weight, w, b):
    guess = w * height + b
    L = (guess - weight) ** 2 / 2
    return L


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore:SCIPY_ARRAY_API")
@parametrize_with_checks(
    [
        Regressor(),
        Classifier(),
        Regressor(hidden, sizes={"h": 3}, max_iter=50),  # later, roundings alone lead to other optima
        Classifier(hidden_classes, sizes={"h": 3}, max_iter=100),
    ]
)
def test_every_check_of_scikit_learn_passes(estimator, check):
    check(estimator)


def test_without_a_model_it_is_linear_least_squares():
    X, y = load_diabetes(return_X_y=True)
    X = StandardScaler().fit_transform(X)
    mine, theirs = Regressor(tol=1e-8).fit(X, y), LinearRegression().fit(X, y)
    np.testing.assert_allclose(mine.predict(X), theirs.predict(X), rtol=1e-6)
    ridge = Regressor(constants={"alpha": 0.5}).fit(X, y)
    np.testing.assert_allclose(ridge.params_["w"], Ridge(alpha=0.5 * len(X)).fit(X, y).coef_, rtol=1e-6, atol=1e-6)
    both = np.stack([y, -2 * y], axis=1)
    np.testing.assert_allclose(Regressor().fit(X, both).predict(X), LinearRegression().fit(X, both).predict(X), 1e-6)


def test_without_a_model_it_is_softmax_regression():
    X, y = load_iris(return_X_y=True)
    X = StandardScaler().fit_transform(X)
    alpha = 0.01  # scikit-learn weighs the loss, summed over the samples, by C
    mine = Classifier(constants={"alpha": alpha}).fit(X, y)
    theirs = LogisticRegression(C=1 / (alpha * len(X)), tol=1e-10, max_iter=10_000).fit(X, y)
    np.testing.assert_allclose(mine.predict_proba(X), theirs.predict_proba(X), atol=1e-5)


def test_labels_may_be_texts_and_a_formula_is_the_log_odds_of_the_second():
    X, y = make_moons(200, noise=0.2, random_state=0)
    labels = np.where(y, "up", "down")
    flat = Classifier("a*x0 + b*x1 + c").fit(X, labels)
    curved = Classifier("a*x0 + b*x1 + c + d*x0**3 + e*x0**2", random_state=0).fit(X, labels)
    theirs = LogisticRegression(C=np.inf, tol=1e-10, max_iter=10_000).fit(X, labels)
    np.testing.assert_allclose(flat.predict_proba(X), theirs.predict_proba(X), atol=1e-4)
    assert set(flat.predict(X)) == {"up", "down"}
    assert curved.score(X, labels) > flat.score(X, labels) > 0.8


def test_a_formula_is_fitted_in_the_names_of_its_columns():
    pandas = pytest.importorskip("pandas")
    time = np.linspace(0, 3, 40)
    table = pandas.DataFrame({"unused": -time, "time": time})
    found = Regressor("a*exp(-b*time) + c", random_state=0).fit(table, 3 * np.exp(-2 * time) + 1)
    assert found.params_ == pytest.approx({"a": 3, "b": 2, "c": 1}, rel=1e-4)
    assert found.model_.latex()


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_hidden_layer_bends():
    x = np.linspace(-2, 2, 60)[:, None]
    y = np.abs(x[:, 0])
    network = Regressor(hidden, sizes={"h": 6}, random_state=0, max_iter=300)
    with pytest.warns(ConvergenceWarning, match="raise max_iter"):
        clone(network).set_params(max_iter=2).fit(x, y)
    network.fit(x, y)
    assert network.score(x, y) > 0.99 > 0.1 > Regressor().fit(x, y).score(x, y)
    assert network.loss_curve_[0] > network.loss_curve_[-1]
    again = pickle.loads(pickle.dumps(network))
    np.testing.assert_array_equal(again.predict(x), network.predict(x))
    np.testing.assert_array_equal(clone(network).fit(x, y).predict(x), network.predict(x))


def test_weights_are_those_of_scikit_learn():
    X, y = load_diabetes(return_X_y=True)
    X, weights = StandardScaler().fit_transform(X), np.random.default_rng(0).uniform(0, 3, len(y))
    theirs = LinearRegression().fit(X, y, weights)
    for mine in (Regressor(tol=1e-8), Regressor("a*x0 + b*x1 + c", tol=1e-8), Regressor(tol=1e-7, backend="native")):
        found = mine.fit(X, y, sample_weight=weights)
        columns = slice(0, 2) if mine.model else slice(None)
        expected = LinearRegression().fit(X[:, columns], y, weights) if mine.model else theirs
        np.testing.assert_allclose(found.predict(X), expected.predict(X[:, columns]), rtol=1e-6)
    X, y = load_iris(return_X_y=True)
    X, weights = StandardScaler().fit_transform(X), np.random.default_rng(0).uniform(0, 3, len(y))
    mine = Classifier(constants={"alpha": 0.01}).fit(X, y, weights)
    theirs = LogisticRegression(C=1 / (0.01 * weights.sum()), tol=1e-10, max_iter=10_000).fit(X, y, weights)
    np.testing.assert_allclose(mine.predict_proba(X), theirs.predict_proba(X), atol=1e-5)


@sg.model
def centred(X: "n d", y: "n", w: "d"):
    yhat = (X - sg.mean(X, axis="n")) @ w
    L = sg.sqrt(sg.mse(yhat, y)) + sg.sum((yhat - y) ** 4)
    return L


@sg.model
def largest(X: "n d", y: "n", w: "d"):
    yhat = X @ w
    L = sg.max((yhat - y) ** 2)
    return L


@sg.model
def successive(X: "n d", y: "n", w: "d"):
    yhat = X @ w
    e = yhat - y
    L = sg.sum((e[1:] - e[:-1]) ** 2)
    return L


def test_a_weighted_cost_is_that_of_samples_that_are_there_so_often():
    rng = np.random.default_rng(0)
    X, y, w, often = rng.normal(size=(7, 3)), rng.normal(size=7), rng.normal(size=3), rng.integers(0, 4, 7)
    model, name = weighted(centred, "y")
    repeated = centred(X=X.repeat(often, axis=0), y=y.repeat(often), w=w)
    assert model(X=X, y=y, w=w, **{name: often.astype(float)}) == pytest.approx(repeated, rel=1e-13)


@pytest.mark.parametrize("model", [largest, successive])
def test_a_cost_where_samples_meet_otherwise_than_in_sums_has_no_weights(model):
    with pytest.raises(InputError, match="otherwise than in a sum over the samples"):
        Regressor(model).fit(X2, Y2, sample_weight=Y2 + 1)


def test_it_works_in_pipelines_and_searches():
    X, y = load_diabetes(return_X_y=True)
    pipeline = make_pipeline(StandardScaler(), Regressor())
    grid = {"symbolicregressor__constants": [{"alpha": alpha} for alpha in (0, 0.1, 10)]}
    search = GridSearchCV(pipeline, grid, cv=3).fit(X, y)
    assert search.best_params_["symbolicregressor__constants"]["alpha"] < 10
    theirs = cross_val_score(make_pipeline(StandardScaler(), LinearRegression()), X, y, cv=3)
    np.testing.assert_allclose(cross_val_score(pipeline, X, y, cv=3), theirs, rtol=1e-6)


def test_inputs_are_columns_by_name_or_by_place():
    X = np.array([[1.0, 10.0], [2.0, 30.0], [3.0, 20.0]])
    y = 2 * X[:, 1] + 1
    roles = {"target": "weight", "prediction": "guess", "start": {"w": 0.0, "b": 0.0}}
    for features in ({"height": 1}, {"height": -1}):
        found = Regressor(line, features=features, **roles).fit(X, y)
        assert found.params_ == pytest.approx({"w": 2, "b": 1}, rel=1e-4)
    found = Regressor(line, features="height", **roles).fit(X[:, 1:], y)
    assert found.params_ == pytest.approx({"w": 2, "b": 1}, rel=1e-4)


def test_a_target_of_whole_numbers_gets_the_numbers_of_the_classes():
    @sg.model
    def numbered(X: "n d", y: "n int", W: "d k"):
        Z = X @ W
        P = sg.softmax(Z)
        L = -sg.mean(sg.log(P)[sg.positions(y, 0), y])
        return L

    X, y = load_iris(return_X_y=True)
    labels = np.array(["c", "a", "b"])[y]
    start = {"W": np.zeros((4, 3))}
    found = Classifier(numbered, start=start, max_iter=5000, tol=1e-3).fit(X - X.mean(axis=0), labels)
    assert found.score(X - X.mean(axis=0), labels) > 0.8


def test_a_model_pickles_the_same_whatever_was_asked_of_it():
    before = joblib.hash(hidden)
    hidden.compile(wrt="W")
    assert joblib.hash(hidden) == before
    assert pickle.loads(pickle.dumps(hidden)) == hidden


def test_without_scikit_learn_the_error_says_what_to_install():
    script = """
import sys
sys.modules["sklearn"] = None
import symgrad as sg
assert callable(sg.fit)
try:
    sg.SymbolicRegressor
except sg.SymgradError as error:
    print(error)
"""
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120)
    assert "pip install 'symgrad[sklearn]'" in ran.stdout, ran.stderr


X2, Y2 = np.arange(8.0).reshape(4, 2), np.arange(4.0)


@pytest.mark.parametrize(
    ("estimator", "message"),
    [
        (Regressor(3), "model=3 is neither a model"),
        (Regressor("a*x0 + ("), "can't read 'a\\*x0 \\+ \\('"),
        (Regressor("foo(x0)*a"), "no function called foo"),
        (Regressor("a*x0 + b*x5"), "uses x5, but the data has 2 columns"),
        (Regressor("a*x0 + y"), "it is computed from y"),
        (Regressor("2*x0"), "no parameters"),
        (Regressor(hidden), "the axis h of W has no length in the data; give it, such as sizes={'h': 8}"),
        (Regressor(hidden, sizes={"h": 0}), "h=0 must be a whole number"),
        (Regressor(hidden, sizes={"hh": 3}), "no axis 'hh'"),
        (Regressor(hidden, start={"V": 1}), "'V' is no parameter of hidden"),
        (Regressor(hidden, constants={"u": 1}), "no input called 'u'"),
        (Regressor(hidden, constants={"y": 1}), "y can only be one of"),
        (Regressor(hidden, target="t"), "target='t' is no input of hidden"),
        (Regressor(hidden, prediction="yhatt"), r"did you mean yhat\?"),
        (Regressor(line), "say which input is the target"),
        (Regressor(line, target="weight"), "say which inputs are the features"),
        (Regressor(line, target="weight", features="height"), "takes one column, but the data has 2"),
        (Regressor(line, target="weight", features={"height": [0, 1]}), "height is one number a sample in line"),
        (Regressor(line, target="weight", features={"height": 2}), "2 is no column"),
        (Regressor(line, target="weight", features={"height": 0}), "say which quantity is the prediction"),
        (Regressor(line, target="weight", features=["height"]), "1 inputs, but the data has 2 columns"),
        (Regressor(optimizer="adan"), r"did you mean adam\?"),
        (Classifier("a*x0"), "needs 2 classes, but the data has 4"),
        (Classifier(hidden_classes, prediction="Z", sizes={"h": 2}), "Z holds no probabilities"),
    ],
)
def test_what_cannot_be_used_is_said(estimator, message):
    with pytest.raises(SymgradError, match=message):
        estimator.fit(X2, Y2.astype(int))


def test_an_estimator_that_failed_is_not_fitted():
    estimator = Regressor(hidden)
    with pytest.raises(InputError):
        estimator.fit(X2, Y2)
    with pytest.raises(NotFittedError):
        estimator.predict(X2)


def test_a_parameter_cannot_have_the_axis_of_the_samples():
    @sg.model
    def own(X: "n d", y: "n", w: "d", u: "n"):
        yhat = X @ w + u
        L = sg.mean((yhat - y) ** 2)
        return L

    with pytest.raises(InputError, match="u has the samples' axis n"):
        Regressor(own).fit(X2, Y2)
