"""A model whose cost counts each sample as often as its weight says.

Samples meet in sums over their axis alone: on data that have a sample w times, its term is there w times, and the
number of samples is the sum of the weights.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import count

from sympy import Expr, Indexed, IndexedBase, Mul, Sum, Symbol

from symgrad.equations import Equation, Index, Model, Quantity, Size, base_name
from symgrad.errors import InputError


def weighted(model: Model, target: str) -> tuple[Model, str]:
    """The model with the weight of each sample as one more input, and this input's name.

    A model of numbers has its result times the weight. Raises InputError where samples meet in anything but sums.

    >>> from symgrad.estimators.linear import linear
    >>> print(str(weighted(linear, "y")[0]).splitlines()[-1])
    L = alpha*Sum(w[i]**2, i)/2 + Sum((yhat[i] - y[i])**2*weight[i], i)/(2*Sum(weight[l], l))
    """
    name = _new("weight", model)
    if not model.has_axes:
        cost = Equation(_new(f"weighted_{model.result}", model), Symbol(name) * Symbol(model.result))
        inputs, equations = (*model.inputs, Quantity(name)), (*model.equations, cost)
        return replace(model, inputs=inputs, equations=equations, result=cost.name), name
    samples = next(iter(model.quantities[target].axes), None)
    if not isinstance(samples, Size):
        raise InputError(f"{model.name} can't be weighted by samples: {target} has no axis of samples")
    letters = {index.name for equation in model.equations for index in equation.rhs.atoms(Index) | {*equation.indices}}
    letter = next(letter for letter in (*"ijlmpqrs", *(f"i{n}" for n in range(len(letters)))) if letter not in letters)
    weighing = _Weighing(model, samples, IndexedBase(name), Index(letter, samples))
    equations = tuple(
        replace(equation, rhs=weighing.weighted(equation.rhs, {*equation.indices})) for equation in model.equations
    )
    return replace(model, inputs=(*model.inputs, Quantity(name, (samples,))), equations=equations), name


def _new(name: str, model: Model) -> str:
    return next(new for new in (f"{name}{'_' * n}" for n in count()) if new not in model.quantities)


@dataclass(frozen=True)
class _Weighing:
    """Puts the weights into sums over samples; `index` is one that no equation has."""

    model: Model
    samples: Size
    weight: IndexedBase
    index: Index

    def weighted(self, expr: Expr, known: set[Index]) -> Expr:
        """An expression with the weights; `known` are the indices of the sums around it, and of its equation."""
        if isinstance(expr, Sum):
            inner = self.weighted(expr.function, known.union(expr.variables))
            own = [self.weight[index] for index in expr.variables if index.size == self.samples]
            return expr.func(Mul(inner, *own), *expr.limits)
        if isinstance(expr, Indexed):
            axes = self.model.quantities[base_name(expr)].axes
            for place, axis in zip(expr.indices, axes, strict=True):
                if axis == self.samples and place not in known:
                    raise self._error(f"{expr} is used otherwise than in a sum over the samples")
                if axis != self.samples:
                    self.weighted(place, known)
            return expr
        if expr == self.samples:
            return Sum(self.weight[self.index], (self.index, 0, self.samples - 1))
        if isinstance(expr, Index) and expr.size == self.samples:
            raise self._error(f"its equations use the place {expr} of a sample")
        args = [self.weighted(arg, known) for arg in expr.args]
        return expr if args == list(expr.args) else expr.func(*args)

    def _error(self, why: str) -> InputError:
        return InputError(f"{self.model.name} can't be weighted by samples: {why}")
