"""The words that models are written in: one row each, for quantities, SymPy expressions, numbers and arrays."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sympy import Expr

from symgrad.errors import ModelError
from symgrad.tensors import arranging, choices, composites, linalg, reductions
from symgrad.tensors.tensor import Condition, Scope, Tensor, as_tensor

ALL, LIST, AFTER_FIRST = 99, -1, 0  # which arguments of a word are quantities, where it isn't the first few


@dataclass(frozen=True)
class Word:
    """A function of quantities; on plain numbers and arrays it computes what a model of it would.

    >>> float(mean([1.0, 2.0, 6.0]))
    3.0
    """

    name: str
    build: Callable[..., Tensor]
    arrays: int = 1  # how many leading arguments are quantities; LIST: the first is a list of them

    def __post_init__(self) -> None:
        object.__setattr__(self, "__doc__", self.build.__doc__)  # for help(), as for a plain function
        object.__setattr__(self, "__signature__", inspect.signature(self.build))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        args, kwargs = self._by_place(args, kwargs)
        flat = [*(args[0] if self.arrays == LIST and args else ()), *args, *kwargs.values()]
        scope = next((value.scope for value in flat if isinstance(value, Tensor | Condition)), None)
        if scope is not None:
            return self.build(*self.each(args, lambda value: as_tensor(value, scope)), **kwargs)
        if any(isinstance(value, Expr) and not value.is_number for value in flat):
            own = Scope()
            return self.build(*self.each(args, lambda value: as_tensor(value, own)), **kwargs).expr
        from symgrad.codegen.eager import computed  # NumPy is loaded only for numbers

        return computed(self, args, kwargs)

    def _by_place(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments with the quantities among them by place, also where they were given by name."""
        named = dict(kwargs)
        names = [parameter.name for parameter in inspect.signature(self.build).parameters.values()]
        for name in names[len(args) : self.arrays if 0 < self.arrays < ALL else 0]:
            if name not in named:
                break
            args = (*args, named.pop(name))
        return args, named

    def each(self, args: tuple[Any, ...], opened: Callable[[Any], Tensor]) -> list[Any]:
        """The arguments with every quantity among them opened."""
        if self.arrays == LIST:
            return [[opened(value) for value in args[0]], *args[1:]]
        first = 1 if self.arrays == AFTER_FIRST else 0
        last = self.arrays or ALL
        return [opened(value) if first <= place < last else value for place, value in enumerate(args)]

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
        Word("solve", linalg.solve, 2),
        Word("det", linalg.det),
        Word("logdet", linalg.logdet),
        Word("einsum", linalg.einsum, AFTER_FIRST),
        Word("transpose", arranging.transpose),
        Word("swapaxes", arranging.swapaxes),
        Word("moveaxis", arranging.moveaxis),
        Word("expand_dims", arranging.expand_dims),
        Word("squeeze", arranging.squeeze),
        Word("reshape", arranging.reshape),
        Word("concatenate", arranging.concatenate, LIST),
        Word("stack", arranging.stack, LIST),
        Word("shift", arranging.shift),
        Word("tril", arranging.tril),
        Word("triu", arranging.triu),
        Word("windows", arranging.windows),
        Word("positions", arranging.positions),
        Word("where", choices.where, 3),
        Word("maximum", choices.maximum, 2),
        Word("minimum", choices.minimum, 2),
        Word("clip", choices.clip),
        Word("leaky_relu", choices.leaky_relu),
        Word("elu", choices.elu),
        Word("softmax", composites.softmax),
        Word("log_softmax", composites.log_softmax),
        Word("logsumexp", composites.logsumexp),
        Word("cross_entropy", composites.cross_entropy, 2),
        Word("binary_cross_entropy", composites.binary_cross_entropy, 2),
        Word("mse", composites.mse, 2),
        Word("huber", composites.huber, 2),
        Word("hinge", composites.hinge, 2),
        Word("l1", composites.l1, ALL),
        Word("l2", composites.l2, ALL),
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
solve = VOCABULARY["solve"]
det = VOCABULARY["det"]
logdet = VOCABULARY["logdet"]
einsum = VOCABULARY["einsum"]
transpose = VOCABULARY["transpose"]
swapaxes = VOCABULARY["swapaxes"]
moveaxis = VOCABULARY["moveaxis"]
expand_dims = VOCABULARY["expand_dims"]
squeeze = VOCABULARY["squeeze"]
reshape = VOCABULARY["reshape"]
concatenate = VOCABULARY["concatenate"]
stack = VOCABULARY["stack"]
shift = VOCABULARY["shift"]
tril = VOCABULARY["tril"]
triu = VOCABULARY["triu"]
windows = VOCABULARY["windows"]
positions = VOCABULARY["positions"]
where = VOCABULARY["where"]
maximum = VOCABULARY["maximum"]
minimum = VOCABULARY["minimum"]
clip = VOCABULARY["clip"]
leaky_relu = VOCABULARY["leaky_relu"]
elu = VOCABULARY["elu"]
softmax = VOCABULARY["softmax"]
log_softmax = VOCABULARY["log_softmax"]
logsumexp = VOCABULARY["logsumexp"]
cross_entropy = VOCABULARY["cross_entropy"]
binary_cross_entropy = VOCABULARY["binary_cross_entropy"]
mse = VOCABULARY["mse"]
huber = VOCABULARY["huber"]
hinge = VOCABULARY["hinge"]
l1 = VOCABULARY["l1"]
l2 = VOCABULARY["l2"]

_NUMPY = {"amax": "max", "amin": "min", "concat": "concatenate", "diagonal": "diag", "permute_dims": "transpose"}


def apply_array_function(function: Any, args: Any, kwargs: Any) -> Any:
    """A NumPy function on quantities; raises ModelError for one that the vocabulary lacks."""
    name = function.__name__
    if name == "sliding_window_view":
        return windows(*args, **{"axis": None, **kwargs}) if len(args) < 3 else windows(*args, **kwargs)
    word = VOCABULARY.get(_NUMPY.get(name, name))
    if word is None:
        raise ModelError(f"np.{name} has no meaning for a model's quantity; see symgrad's own functions")
    return word(*args, **kwargs)
