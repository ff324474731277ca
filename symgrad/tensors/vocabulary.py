"""The words that models are written in: one row each, for quantities and, where NumPy has the word, for arrays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from symgrad.errors import ModelError
from symgrad.tensors import composites, indexing, linalg, reductions
from symgrad.tensors.tensor import Scope, Tensor, as_tensor


@dataclass(frozen=True)
class Word:
    """A function of quantities; on plain numbers and arrays it computes what a model of it would.

    >>> float(mean([1.0, 2.0, 6.0]))
    3.0
    """

    name: str
    build: Callable[..., Tensor]
    arrays: int = 1  # how many leading arguments are quantities; -1: the first is a list of them

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        quantities = args[0] if self.arrays == -1 else args[: self.arrays] if self.arrays else args[1:]
        scope = next((value.scope for value in quantities if isinstance(value, Tensor)), None)
        if scope is None:
            from symgrad.codegen.eager import computed  # NumPy is loaded only for numbers

            return computed(self, args, kwargs)
        return self.build(*self.opened(args, scope), **kwargs)

    def opened(self, args: tuple[Any, ...], scope: Scope) -> list[Any]:
        """The arguments with every quantity among them as a tensor of one scope."""
        if self.arrays == -1:
            return [[as_tensor(value, scope) for value in args[0]], *args[1:]]
        if self.arrays == 0:
            return [args[0], *(as_tensor(value, scope) for value in args[1:])]
        return [as_tensor(value, scope) if place < self.arrays else value for place, value in enumerate(args)]

    def __repr__(self) -> str:
        return f"sg.{self.name}"


VOCABULARY: dict[str, Word] = {
    word.name: word
    for word in (
        Word("sum", reductions.sum_),
        Word("mean", reductions.mean),
        Word("var", reductions.var),
        Word("std", reductions.std),
        Word("max", reductions.max_),
        Word("min", reductions.min_),
        Word("norm", reductions.norm),
        Word("trace", linalg.trace),
        Word("diag", linalg.diag),
        Word("dot", linalg.dot, 2),
        Word("outer", linalg.outer, 2),
        Word("inv", linalg.inv),
        Word("det", linalg.det),
        Word("logdet", linalg.logdet),
        Word("einsum", linalg.einsum, 0),
        Word("windows", indexing.windows),
        Word("positions", indexing.positions),
        Word("concatenate", indexing.concatenate, -1),
        Word("stack", indexing.stack, -1),
        Word("softmax", composites.softmax),
        Word("log_softmax", composites.log_softmax),
        Word("logsumexp", composites.logsumexp),
        Word("cross_entropy", composites.cross_entropy, 2),
        Word("mse", composites.mse, 2),
        Word("huber", composites.huber, 2),
        Word("hinge", composites.hinge, 2),
        Word("l1", composites.l1),
        Word("l2", composites.l2),
    )
}

sum = VOCABULARY["sum"]
mean = VOCABULARY["mean"]
var = VOCABULARY["var"]
std = VOCABULARY["std"]
max = VOCABULARY["max"]
min = VOCABULARY["min"]
norm = VOCABULARY["norm"]
trace = VOCABULARY["trace"]
diag = VOCABULARY["diag"]
dot = VOCABULARY["dot"]
outer = VOCABULARY["outer"]
inv = VOCABULARY["inv"]
det = VOCABULARY["det"]
logdet = VOCABULARY["logdet"]
einsum = VOCABULARY["einsum"]
windows = VOCABULARY["windows"]
positions = VOCABULARY["positions"]
concatenate = VOCABULARY["concatenate"]
stack = VOCABULARY["stack"]
softmax = VOCABULARY["softmax"]
log_softmax = VOCABULARY["log_softmax"]
logsumexp = VOCABULARY["logsumexp"]
cross_entropy = VOCABULARY["cross_entropy"]
mse = VOCABULARY["mse"]
huber = VOCABULARY["huber"]
hinge = VOCABULARY["hinge"]
l1 = VOCABULARY["l1"]
l2 = VOCABULARY["l2"]


def apply_array_function(function: Any, args: Any, kwargs: Any) -> Any:
    """A NumPy function on quantities; raises ModelError for one that the vocabulary lacks."""
    word = VOCABULARY.get(function.__name__.removeprefix("a"), VOCABULARY.get(function.__name__))
    if word is None:
        raise ModelError(f"np.{function.__name__} has no meaning for a model's quantity; see symgrad's own functions")
    return word(*args, **kwargs)
