"""What a regressor and a classifier share: their settings, and the fit of a model's parameters."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from symgrad.equations import Model
from symgrad.errors import InputError
from symgrad.estimators.roles import Roles, assigned
from symgrad.estimators.starting import start_values
from symgrad.estimators.weighting import weighted
from symgrad.training import fit


class SymbolicEstimator(BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """The settings of an estimator: a model, the roles of its inputs, and how it is fitted."""

    def __init__(
        self,
        model: Model | str | None = None,
        *,
        features: Any = None,
        target: str | None = None,
        prediction: str | None = None,
        start: Mapping[str, Any] | None = None,
        sizes: Mapping[str, int] | None = None,
        constants: Mapping[str, Any] | None = None,
        optimizer: Any = "lbfgs",
        learning_rate: Any = None,
        batch: int | str = "full",
        max_iter: int = 1000,
        tol: float = 1e-6,
        backend: str = "numpy",
        random_state: Any = None,
    ) -> None:
        self.model = model
        self.features = features
        self.target = target
        self.prediction = prediction
        self.start = start
        self.sizes = sizes
        self.constants = constants
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.batch = batch
        self.max_iter = max_iter
        self.tol = tol
        self.backend = backend
        self.random_state = random_state

    def _roles(self, model: Model, usual: Sequence[str]) -> Roles:
        names = getattr(self, "feature_names_in_", None)
        columns = [f"x{place}" for place in range(self.n_features_in_)] if names is None else [str(n) for n in names]
        roles = assigned(model, self.features, self.target, self.prediction, self.constants, usual, columns)
        beyond = [name for name in roles.parameters if re.fullmatch(r"x\d+", name)]
        if isinstance(self.model, str) and names is None and beyond:
            raise InputError(f"{self.model!r} uses {beyond[0]}, but the data has {len(columns)} columns, from x0 on")
        return roles

    def _train(
        self,
        roles: Roles,
        X: NDArray[np.float64],
        target: NDArray[Any],
        start: Mapping[str, Any],
        weights: NDArray[np.float64] | None,
    ) -> None:
        """Fit the parameters and keep them; warns where `max_iter` epochs weren't enough."""
        random = check_random_state(self.random_state)
        columns = {**roles.columns(X), roles.target: target}
        model, data = roles.model, {**columns, **roles.constants}
        if weights is not None:
            model, name = weighted(model, roles.target)
            # A model of numbers takes the mean over the samples that there are.
            data[name] = weights if model.has_axes else weights / weights.mean()
        run = fit(
            model,
            data,
            start_values(roles, columns, start, self.sizes, random),
            optimizer=self.optimizer,
            learning_rate=self.learning_rate,
            batch=self.batch,
            shuffle=self.batch != "full",
            seed=int(random.randint(2**31 - 1)),
            epochs=self.max_iter,
            stop_gradient=self.tol,
            backend=self.backend,
            record=False,
            progress=False,
        )
        if run.stopped_by == "epochs":
            warnings.warn(
                f"{type(self).__name__}: the gradient is still above tol={self.tol:g} after {self.max_iter} epochs; "
                "scale the data, or raise max_iter",
                ConvergenceWarning,
                stacklevel=3,
            )
        self.model_ = roles.model
        self.params_ = run.params
        self.loss_curve_ = run.history.loss
        self.n_iter_ = run.epochs
        self._fitted_roles = roles

    def _computed(self, X: Any) -> NDArray[np.float64]:
        """The prediction quantity, a row or a number for each sample."""
        check_is_fitted(self, "params_")
        X = validate_data(self, X, reset=False, dtype=np.float64)
        roles: Roles = self._fitted_roles
        values = {**roles.columns(X), **roles.constants, **self.params_}
        predictor = roles.predictor
        computed = predictor(**{quantity.name: values[quantity.name] for quantity in predictor.inputs})
        if np.ndim(computed) == 0:  # the same for every sample
            computed = np.full(len(X), computed)
        if len(computed) != len(X):
            raise InputError(
                f"{roles.prediction} has shape {np.shape(computed)} for {len(X)} samples; "
                "the prediction has a row or a number for each sample"
            )
        found: NDArray[np.float64] = computed
        return found


def counted(
    X: NDArray[np.float64], y: NDArray[Any], sample_weight: Any
) -> tuple[NDArray[np.float64], NDArray[Any], NDArray[np.float64] | None]:
    """The samples that have a weight, with these; raises ValueError for weights that are none, or none for a sample."""
    if sample_weight is None:
        return X, y, None
    weights = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
    count = weights > 0
    if not count.any():
        raise InputError("sample_weight is zero for every sample")
    return X[count], y[count], weights[count]


def given_model(model: Any) -> Model:
    """The model, where it is one; raises InputError for anything else."""
    if not isinstance(model, Model):
        raise InputError(f"model={model!r} is neither a model (a function under @sg.model) nor a formula (a text)")
    return model
