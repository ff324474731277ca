"""Loops of scikit-learn: `MLPClassifier` and `MLPRegressor`, plain gradient descent from given weights."""

from __future__ import annotations

import warnings
from importlib.util import find_spec

import numpy as np

from symgrad.bench.training.cases import Case
from symgrad.bench.training.loops import Loop, Params


def perceptron(case: Case) -> Loop | str:
    """Its `fit`, which has the whole loop; a line is a perceptron without a hidden layer.

    It makes its own order of the samples.
    """
    if not find_spec("sklearn"):
        return "scikit-learn is not installed"
    if case.name == "neuron":
        return "its squared error has a linear output, not a sigmoid"
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    classifies = case.activation == "relu"
    kind = MLPClassifier if classifies else MLPRegressor
    X, Y = list(case.data.values())
    inputs = X.reshape(case.samples, -1)
    targets = Y.argmax(axis=1) if classifies else Y.ravel()
    params = list(case.start.values())

    def loop(epochs: int) -> Params:
        network = kind(
            hidden_layer_sizes=case.sizes[1:-1],
            activation=case.activation or "identity",
            solver="sgd",
            alpha=0,
            batch_size=case.batch,
            learning_rate_init=case.rate * (1 if classifies else 2),  # its squared error has a factor 1/2
            max_iter=1,
            shuffle=case.shuffle,
            random_state=0,
            tol=0,
            momentum=0,
            nesterovs_momentum=False,
            warm_start=True,
            n_iter_no_change=epochs + 2,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it has not converged
            network.fit(inputs, targets)
            for layer, (weight, bias) in enumerate(zip(params[::2], params[1::2], strict=True)):
                network.coefs_[layer][:] = weight
                network.intercepts_[layer][:] = bias
            network.max_iter = epochs
            network.fit(inputs, targets)
        found = [np.asarray(array) for pair in zip(network.coefs_, network.intercepts_, strict=True) for array in pair]
        return {name: array.reshape(like.shape) for (name, like), array in zip(case.start.items(), found, strict=True)}

    return loop
