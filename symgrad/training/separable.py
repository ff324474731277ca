"""Whether a cost is a mean over samples of something of each sample's own, so that parts of a batch may be averaged.

Read off the equations: each expression's place in this small algebra, where n is the number of samples.

- ("free", k):    n^k times something that knows no sample
- ("mean", k):    n^k times a mean over the samples, plus something free
- ("sample i", k): n^k times something of the sample with the index i
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from sympy import Add, Expr, Indexed, Mul, Pow, Rational, S, Sum, Symbol

from symgrad.equations import Index, Model, Size
from symgrad.indices import Largest
from symgrad.tensors.functions import OfMatrix


@dataclass(frozen=True)
class _Part:
    """How an expression depends on the samples; `index` is the sample's own where the kind is "sample"."""

    kind: Literal["free", "mean", "sample"]
    power: Expr = S.Zero
    index: Index | None = None


class _Mixed(Exception):
    """An expression that mixes samples; the text says how."""


def why_not_separable(model: Model, columns: Iterable[str]) -> str:
    """Why the cost of a batch is not the mean of the costs of its parts, weighted by their sizes; "" where it is.

    `columns` are the inputs that have an entry for each sample along their first axis. A model of scalars has a cost
    for each sample, and their mean is always separable.

    >>> import symgrad as sg
    >>> @sg.model
    ... def regression(X: "n d", y: "n", w: "d"):
    ...     L = sg.sum((X @ w - y) ** 2)
    ...     return L
    >>> why_not_separable(regression, ["X", "y"])
    'its cost is a sum over the samples, not their mean'
    """
    if not model.has_axes:
        return ""
    data = [quantity for quantity in model.inputs if quantity.name in set(columns) and quantity.axes]
    firsts = list(dict.fromkeys(quantity.axes[0] for quantity in data))
    if not firsts:
        return ""
    if len(firsts) > 1:
        named = ", ".join(f"{quantity.name} has {quantity.axes[0]}" for quantity in data)
        return f"its data have first axes of different names ({named})"
    if not isinstance(firsts[0], Size):
        return f"the number of its samples is fixed to {firsts[0]}"
    samples: Size = firsts[0]
    reading = _Reading(model, samples, {quantity.name for quantity in data})
    for quantity in model.inputs:
        many = sum(axis.has(samples) for axis in quantity.axes)
        if many != (quantity in data):
            return f"{quantity.name} has the axis of the samples, {samples}, " + (
                "more than once" if quantity in data else "but isn't given as data"
            )
    for equation in model.equations:
        try:
            reading.known[equation.name] = reading.of_equation(equation.rhs, equation.indices)
        except _Mixed as mixed:
            return f"in the equation of {equation.name}, {mixed}"
    result = reading.known[model.result]
    if result.power == 0:
        return ""
    if result == _Part("mean", S.One):
        return "its cost is a sum over the samples, not their mean"
    return f"its cost is scaled by {samples}**{result.power}, where {samples} is the number of samples"


class _Reading:
    """What is known of each quantity so far, and where the next expression's place is."""

    def __init__(self, model: Model, samples: Size, data: set[str]) -> None:
        self.model, self.samples, self.data = model, samples, data
        self.known: dict[str, _Part] = {
            quantity.name: _Part("sample" if quantity.name in data else "free") for quantity in model.inputs
        }

    def of_equation(self, rhs: Expr, indices: tuple[Index, ...]) -> _Part:
        over = [index for index in indices if index.size.has(self.samples)]
        if len(over) > 1 or any(index.size != self.samples for index in over):
            raise _Mixed("samples are compared with each other")
        part = self.of(rhs)
        if over and part.kind == "mean":
            raise _Mixed("a mean over the batch is kept for each sample")
        if over:
            return _Part("sample", part.power)  # also where each sample has the same
        return part

    def of(self, expr: Expr) -> _Part:
        """The place of an expression; raises _Mixed where it has none."""
        if expr == self.samples:
            return _Part("free", S.One)
        if isinstance(expr, Index):
            if expr.size.has(self.samples):
                raise _Mixed("a sample's place in the batch counts")
            return _Part("free")
        if isinstance(expr, Indexed):
            return self._entry(expr)
        if isinstance(expr, Symbol):
            return self.known.get(expr.name, _Part("free"))
        if isinstance(expr, Sum):
            return self._sum(expr)
        if isinstance(expr, Largest):
            if any(index.size.has(self.samples) for index in expr.variables):
                raise _Mixed("an extreme over the samples is taken")
            return self._function([expr.function])
        if isinstance(expr, OfMatrix):
            if self.known[str(expr.args[0].label)].kind != "free":
                raise _Mixed(
                    f"a matrix made of samples, {expr.args[0].label}, is inverted or has its determinant taken"
                )
            return self._function(list(expr.args[1:]))
        if isinstance(expr, Add):
            return self._add([self.of(term) for term in expr.args])
        if isinstance(expr, Mul):
            return self._product([self.of(factor) for factor in expr.args])
        if isinstance(expr, Pow):
            return self._power(expr)
        return self._function(list(expr.args))

    def _entry(self, expr: Indexed) -> _Part:
        name = str(expr.base.label)
        axes, part = self.model.quantities[name].axes, self.known[name]
        own = [at for at, axis in zip(expr.indices, axes, strict=True) if axis.has(self.samples)]
        rest = self._function([at for at in expr.indices if at not in own])
        if not own:
            if part.kind == "mean" and rest.kind != "free":
                raise _Mixed("a sample picks from a mean over the batch")
            return part if rest.kind == "free" else _Part("sample", part.power, rest.index)
        (at,) = own
        if not (isinstance(at, Index) and at.size == self.samples):
            raise _Mixed(f"{name} is read at {at}, another place than the sample's own")
        return self._add([_Part("sample", part.power, at), _Part(rest.kind, part.power, rest.index)])

    def _sum(self, expr: Sum) -> _Part:
        over = [index for index in expr.variables if index.size.has(self.samples)]
        if any(index.size != self.samples for index in over):
            raise _Mixed("a sum runs over some of the samples")
        part = self.of(expr.function)
        for index in over:
            kind: Literal["free", "mean", "sample"] = part.kind
            kept = part.index
            if part.kind == "sample" and part.index == index:
                kind, kept = "mean", None
            part = _Part(kind, part.power + 1, kept)
        return part

    @staticmethod
    def _add(parts: list[_Part]) -> _Part:
        if len({part.power for part in parts}) > 1:
            raise _Mixed("terms grow differently with the number of samples")
        kinds = {part.kind for part in parts}
        if kinds == {"mean", "sample"} or len(kinds) == 3:
            raise _Mixed("a sample's own quantity meets a mean over the batch")
        indices = {part.index for part in parts if part.kind == "sample"}
        if len(indices) > 1:
            raise _Mixed("samples are compared with each other")
        return next((part for part in parts if part.kind != "free"), parts[0])

    @classmethod
    def _product(cls, parts: list[_Part]) -> _Part:
        power = sum((part.power for part in parts), S.Zero)
        if sum(part.kind == "mean" for part in parts) > 1:
            raise _Mixed("a mean over the batch is multiplied by another")
        return cls._add([_Part(part.kind, power, part.index) for part in parts])

    def _power(self, expr: Pow) -> _Part:
        base, exponent = self.of(expr.base), expr.exp
        if base.power == 0 or not isinstance(exponent, Rational):
            return self._function([expr.base, exponent])
        if base.kind == "mean":
            raise _Mixed("a mean over the batch is raised to a power")
        return _Part(base.kind, base.power * exponent, base.index)

    def _function(self, args: list[Expr]) -> _Part:
        """The place of a function of expressions, of which nothing is known."""
        parts = [self.of(arg) for arg in args if arg.free_symbols]
        if any(part.power != 0 for part in parts):
            raise _Mixed("a function is applied to the number of samples, or to a sum over them")
        if any(part.kind == "mean" for part in parts):
            raise _Mixed("a function is applied to a mean over the batch")
        return self._add([_Part("free"), *parts])
