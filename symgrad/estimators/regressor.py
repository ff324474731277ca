"""A model as a scikit-learn regressor."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import RegressorMixin
from sklearn.utils.validation import validate_data

from symgrad.estimators.base import SymbolicEstimator, counted, given_model
from symgrad.estimators.formula import regression
from symgrad.estimators.linear import linear, linear_outputs


class SymbolicRegressor(RegressorMixin, SymbolicEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """A model, or a formula, fitted as a scikit-learn regressor; without either, linear least squares.

    Parameters
    ----------
    model
        A symgrad model, or a formula such as "a*exp(-b*x0) + c" in the columns' names (x0, x1, … where they have
        none), which is fitted by least squares.
    features
        Which inputs are the features: the name of a matrix, which takes all columns; a list of names, one for each
        column (columns of these names where there are any); or a mapping from an input to its column or columns.
        Left out: X, the inputs that are called as columns are, or x.
    target, prediction
        The input that is the target (left out: y or Y), and the quantity that predicts it (yhat or Yhat).
    start, sizes
        Start values by parameter, and lengths of axes that the data don't tell ({"h": 16}). Every input that is no
        feature, target or constant is a parameter; those without a start value are drawn.
    constants
        Values of inputs that stay as they are; else the model's defaults. alpha is the weight of a ridge of the linear
        model.
    optimizer, learning_rate, batch, backend
        As in `symgrad.fit`. L-BFGS, the default, needs no learning rate.
    max_iter, tol
        The most epochs, and the norm of the gradient at which the fit ends.
    random_state
        What draws the start values and the order of batches.

    Attributes
    ----------
    params_, loss_curve_, n_iter_, model_
        The parameters by name, the cost after each epoch from the start on, the number of epochs, the model.

    >>> import numpy as np
    >>> x = np.linspace(0, 2, 20)[:, None]
    >>> decay = SymbolicRegressor("a*exp(-b*x0)", random_state=0).fit(x, 3*np.exp(-2*x[:, 0]))
    >>> {name: round(value, 3) for name, value in decay.params_.items()}
    {'a': 3.0, 'b': 2.0}
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit the parameters to samples X (samples, columns) and targets y (samples,) or (samples, outputs).

        `sample_weight` (samples,) says how often each sample counts. Raises InputError where the model's roles can't
        be told, or its cost can't be weighted, and DivergenceError where numbers stop being finite.
        """
        X, y = validate_data(self, X, y, dtype=np.float64, multi_output=self._outputs != 1, y_numeric=True)
        X, y, weights = counted(X, y.astype(np.float64), sample_weight)
        start = self.start
        if self.model is None:
            model = linear if y.ndim == 1 else linear_outputs
            outputs = y.shape[1:]
            start = {
                ("W" if outputs else "w"): np.zeros((X.shape[1], *outputs)),
                "b": np.zeros(outputs),
                **(start or {}),
            }
        else:
            model = regression(self.model) if isinstance(self.model, str) else given_model(self.model)
        self._train(self._roles(model, ("yhat", "Yhat")), X, y, start or {}, weights)
        return self

    def predict(self, X: Any) -> NDArray[np.float64]:
        """The prediction for each sample, (samples,) or (samples, outputs)."""
        return self._computed(X)

    @property
    def _outputs(self) -> int:
        """1 for a target of one number a sample, 2 for a row of numbers, 0 where both will do."""
        if self.model is None:
            return 0
        quantities = getattr(self.model, "quantities", {})
        target = quantities.get(self.target or ("y" if "y" in quantities else "Y"))
        return 2 if target is not None and len(target.axes) > 1 else 1

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = self._outputs != 1
        tags.target_tags.single_output = self._outputs != 2
        return tags
