"""A word of the vocabulary on plain arrays: a model of one line, compiled and run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from sympy import Indexed, Integer

from symgrad.codegen.program import evaluate
from symgrad.equations import Equation, Model, Quantity, names_in
from symgrad.indices import canonical
from symgrad.tensors.tensor import Scope, Tensor
from symgrad.tensors.vocabulary import Word


def computed(word: Word, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """The word's value on numbers and arrays of fixed shapes; raises ShapeError as a model would."""
    scope = Scope()
    values: dict[str, Any] = {}

    def opened(value: Any) -> Tensor:
        array = np.asarray(value)
        quantity = Quantity(f"x{len(values)}", tuple(Integer(size) for size in array.shape))
        values[quantity.name] = array
        if array.dtype.kind in "iu" and array.ndim:
            scope.integers.add(quantity.name)
        indices = tuple(scope.fresh(size) for size in quantity.axes)
        return Tensor(quantity.at(indices), indices, scope)

    options = {name: opened(value) if isinstance(value, np.ndarray) else value for name, value in kwargs.items()}
    result = word.build(*word.each(args, opened), **options)
    expr, indices = canonical(result.expr, result.indices, scope.written)
    rows = {name for entry in expr.atoms(Indexed) for at in entry.indices for name in names_in(at)}
    inputs = tuple(
        Quantity(name, tuple(Integer(size) for size in value.shape), name in rows) for name, value in values.items()
    )
    model = Model(word.name, inputs, (Equation("result", expr, indices),), "result", written=scope.written)
    return evaluate(model, (), values)
