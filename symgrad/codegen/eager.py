"""A word of the vocabulary on plain arrays: a model of one line, compiled and run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from symgrad.codegen.program import evaluate
from symgrad.equations import Equation, Model, Quantity
from symgrad.indices import canonical
from symgrad.tensors.tensor import Scope, Tensor
from symgrad.tensors.vocabulary import Word


def computed(word: Word, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """The word's value on numbers and arrays of fixed shapes; raises ShapeError as a model would."""
    from sympy import Integer

    scope = Scope()
    values: dict[str, Any] = {}

    def opened(value: Any) -> Tensor:
        array = np.asarray(value)
        quantity = Quantity(f"x{len(values)}", tuple(Integer(size) for size in array.shape))
        values[quantity.name] = array
        indices = tuple(scope.fresh(size) for size in quantity.axes)
        return Tensor(quantity.at(indices), indices, scope)

    if word.arrays == -1:
        first: list[Any] = [[opened(value) for value in args[0]], *args[1:]]
    elif word.arrays == 0:
        first = [args[0], *(opened(value) for value in args[1:])]
    else:
        first = [opened(value) if place < word.arrays else value for place, value in enumerate(args)]
    result = word.build(*first, **kwargs)
    expr, indices = canonical(result.expr, result.indices, scope.written)
    inputs = tuple(Quantity(name, tuple(Integer(size) for size in value.shape)) for name, value in values.items())
    model = Model(word.name, inputs, (Equation("result", expr, indices),), "result", written=scope.written)
    return evaluate(model, (), values)
