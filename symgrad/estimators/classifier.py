"""A model as a scikit-learn classifier."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from symgrad.errors import InputError
from symgrad.estimators.base import SymbolicEstimator, counted, given_model
from symgrad.estimators.formula import two_classes
from symgrad.estimators.linear import softmax_regression
from symgrad.estimators.roles import Roles


class SymbolicClassifier(ClassifierMixin, SymbolicEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """A model, or a formula, fitted as a scikit-learn classifier; without either, softmax regression.

    The prediction (left out: P, p, yhat or Yhat) holds probabilities: a row for each sample, or one number, that of
    the second of two classes. The target is given to the model as rows with a 1 at the right class where it has two
    axes, as the number of the class where it is declared as whole numbers ("n int"), and as 0 or 1 otherwise. A
    formula, such as "a*x0 + b*x1**2 + c", is the log-odds of the second class. The other parameters are those of
    `SymbolicRegressor`; `classes_` are the labels.

    >>> import numpy as np
    >>> x = np.array([[-2.0], [-1], [-0.5], [0.5], [1], [2]])
    >>> classifier = SymbolicClassifier(constants={"alpha": 0.1}).fit(x, list("aaabbb"))
    >>> classifier.predict([[-3], [3]]).tolist()
    ['a', 'b']
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit the parameters to samples X (samples, columns) and labels y (samples,).

        `sample_weight` (samples,) says how often each sample counts; a label counts that any of its samples has.
        Raises InputError where the model's roles can't be told, or its cost can't be weighted, and DivergenceError
        where numbers stop being finite.
        """
        X, y = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(y)
        X, y, weights = counted(X, y, sample_weight)
        self.classes_, numbers = np.unique(y, return_inverse=True)
        start = self.start
        if self.model is None:
            model, count = softmax_regression, len(self.classes_)
            start = {"W": np.zeros((X.shape[1], count)), "b": np.zeros(count), **(start or {})}
        else:
            model = two_classes(self.model) if isinstance(self.model, str) else given_model(self.model)
        roles = self._roles(model, ("P", "p", "yhat", "Yhat"))
        self._train(roles, X, self._encoded(roles, numbers), start or {}, weights)
        self._probabilities(X)
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """The probability of each class for each sample, (samples, classes)."""
        check_is_fitted(self, "params_")
        return self._probabilities(X)

    def predict(self, X: Any) -> NDArray[Any]:
        """The most probable label of each sample, (samples,)."""
        most = self.predict_proba(X).argmax(axis=1)
        labels: NDArray[Any] = self.classes_[most]
        return labels

    def _encoded(self, roles: Roles, numbers: NDArray[np.intp]) -> NDArray[Any]:
        quantity = roles.model.quantities[roles.target]
        count = len(self.classes_)
        if len(quantity.axes) > 1:
            return np.eye(count)[numbers]
        if not quantity.integer and count != 2:
            raise InputError(
                f"{roles.target} is 0 or 1 in {roles.model.name}, which needs 2 classes, but the data has {count} "
                f"class{'es' if count > 1 else ''}; for more, give {roles.target} an axis of classes, or declare it "
                "as whole numbers"
            )
        return numbers if quantity.integer else numbers.astype(np.float64)

    def _probabilities(self, X: Any) -> NDArray[np.float64]:
        """The prediction as probabilities; raises InputError where it can't be."""
        computed = self._computed(X)
        name, count = self._fitted_roles.prediction, len(self.classes_)
        if computed.ndim == 1:
            computed = np.stack([1 - computed, computed], axis=1)
        if computed.shape[1:] != (count,):
            raise InputError(f"{name} has shape {computed.shape}, but there are {count} classes")
        if (computed < 0).any() or not np.allclose(computed.sum(axis=1), 1, atol=1e-6):
            raise InputError(
                f"{name} holds no probabilities: they are between 0 and 1, and a row of them sums to 1; name the "
                "quantity that does, such as the softmax: prediction='P'"
            )
        return computed
