"""What is trained: five models with their data, start values and settings, all made from fixed seeds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from symgrad.bench.training import models
from symgrad.equations import Model
from symgrad.errors import InputError

Array: TypeAlias = NDArray[Any]


@dataclass(frozen=True)
class Case:
    """A model with its data and start values, and how it is trained: plain gradient descent.

    `sizes` are the widths of a perceptron's layers, input first; () for a model of scalars. `limit` names the
    implementation that the others are compared with.
    """

    name: str
    title: str
    model: Model
    data: Mapping[str, Array]
    start: Mapping[str, Array]
    rate: float
    batch: int
    shuffle: bool
    limit: str
    sizes: tuple[int, ...] = ()
    activation: str = ""

    @property
    def samples(self) -> int:
        """The number of samples."""
        return len(next(iter(self.data.values())))

    @property
    def steps(self) -> int:
        """The steps of an epoch; the last one may have fewer samples."""
        return -(-self.samples // self.batch)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of every number in this case."""
        return next(iter(self.data.values())).dtype

    def orders(self, epochs: int) -> NDArray[np.intp] | None:
        """A new order of the samples for each epoch, (epochs, samples); None where they stay as they are."""
        if not self.shuffle:
            return None
        generator = np.random.default_rng(0)
        return np.array([generator.permutation(self.samples) for _ in range(epochs)], dtype=np.intp)

    def copy(self) -> dict[str, Array]:
        """The start values, to be changed in place."""
        return {name: array.copy() for name, array in self.start.items()}


def line() -> Case:
    """Linear regression on 100 points, all in each step."""
    generator = np.random.default_rng(1)
    x = generator.normal(size=100)
    y = 2 * x + 1 + 0.1 * generator.normal(size=100)
    start = {"w": np.array(0.0), "b": np.array(0.0)}
    title = "linear regression, w and b, 100 points, full batch"
    return Case("line", title, models.line(), {"x": x, "y": y}, start, 0.1, 100, False, "C, sums hoisted")


def neuron() -> Case:
    """A 1-1-1 network of sigmoids on 100 samples, one in each step."""
    generator = np.random.default_rng(2)
    x = generator.normal(size=100)
    y = 1 / (1 + np.exp(-2 * x - 1))
    start = {name: np.array(value) for name, value in {"w1": 0.5, "b1": 0.1, "w2": -0.3, "b2": 0.2}.items()}
    title = "1-1-1 network of sigmoids, one of 100 samples a step"
    return Case("neuron", title, models.neuron(), {"x": x, "y": y}, start, 0.5, 1, False, "C")


def curve() -> Case:
    """A 2-16-1 network of tanh on 200 points, all in each step."""
    generator = np.random.default_rng(3)
    X = generator.normal(size=(200, 2))
    Y = np.sin(X[:, :1]) * X[:, 1:]
    title = "2-16-1 network of tanh, squared error, 200 points, full batch"
    return perceptron("curve", title, X, Y, (2, 16, 1), "tanh", "mse", rate=0.05, batch=200, limit="C")


def digits() -> Case:
    """A 64-64-10 classifier on 1797 samples of 8 by 8 grey values, 32 in each step, shuffled.

    The samples are noisy copies of ten patterns, and a tenth of them has a label at random.
    """
    X, Y = patterns(1797, 64, np.dtype(float))
    title = "64-64-10 network of ReLU, softmax cross-entropy, 1797 samples, batch 32, shuffled"
    return perceptron("digits", title, X, Y, (64, 64, 10), "relu", "cross_entropy", rate=0.05, batch=32, limit="C")


def images() -> Case:
    """A 784-256-128-10 classifier in float32 on 6400 samples of 28 by 28 grey values, 128 in each step, shuffled."""
    X, Y = patterns(6400, 784, np.dtype(np.float32))
    sizes = (784, 256, 128, 10)
    title = "784-256-128-10 network of ReLU, softmax cross-entropy, float32, 6400 samples, batch 128, shuffled"
    limit = "bare products"
    return perceptron("images", title, X, Y, sizes, "relu", "cross_entropy", rate=0.01, batch=128, limit=limit)


def perceptron(
    name: str,
    title: str,
    X: Array,
    Y: Array,
    sizes: Sequence[int],
    activation: str,
    loss: str,
    *,
    rate: float,
    batch: int,
    limit: str,
) -> Case:
    """A case of a perceptron: weights at random with the variance 1/inputs (2/inputs for ReLU), biases 0."""
    generator = np.random.default_rng(4)
    start: dict[str, Array] = {}
    for k, (before, after) in enumerate(pairwise(sizes), start=1):
        scale = np.sqrt((2 if activation == "relu" else 1) / before)
        start[f"W{k}"] = (scale * generator.normal(size=(before, after))).astype(X.dtype)
        start[f"b{k}"] = np.zeros(after, X.dtype)
    model = models.perceptron(sizes, activation, loss)
    shuffle = batch < len(X)
    return Case(name, title, model, {"X": X, "Y": Y}, start, rate, batch, shuffle, limit, tuple(sizes), activation)


def patterns(samples: int, pixels: int, dtype: np.dtype[Any]) -> tuple[Array, Array]:
    """Noisy copies of ten patterns (samples, pixels) and their one-hot labels (samples, 10), a tenth at random."""
    generator = np.random.default_rng(5)
    kinds = generator.uniform(size=(10, pixels))
    labels = generator.integers(10, size=samples)
    X = np.clip(kinds[labels] + generator.normal(scale=0.5, size=(samples, pixels)), 0, 1)
    shown = np.where(generator.uniform(size=samples) < 0.1, generator.integers(10, size=samples), labels)
    return X.astype(dtype), np.eye(10, dtype=dtype)[shown]


CASES: Mapping[str, Callable[[], Case]] = {case.__name__: case for case in (line, neuron, curve, digits, images)}


def chosen(names: Sequence[str]) -> list[Case]:
    """The cases of these names, or all; raises InputError for an unknown one.

    >>> [case.name for case in chosen(["line"])]
    ['line']
    """
    for name in names:
        if name not in CASES:
            raise InputError(f"{name!r} is no case of this benchmark; the cases are {', '.join(CASES)}")
    return [CASES[name]() for name in names or CASES]
