"""A model called inside another: its equations join the outer ones, each still a named quantity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sympy import Expr
from sympy.concrete.expr_with_limits import ExprWithLimits

from symgrad.equations import Equation, Model, Size
from symgrad.errors import InputError, ModelError, ShapeError
from symgrad.indices import carried, inlined, reduced
from symgrad.tensors.tensor import Scope, Tensor, as_tensor, shape_text


def called(model: Model, values: Mapping[str, Any]) -> Tensor:
    """The result of a model on quantities of another; its own quantities get their name and the next free number.

    Raises InputError for a missing input and ShapeError for axes that don't fit.
    """
    scope = next(value.scope for value in values.values() if isinstance(value, Tensor))
    if scope.define is None:
        raise ModelError(f"{model.name} is called on quantities outside of a model")
    given = {**model.defaults, **values}
    missing = [quantity.name for quantity in model.inputs if quantity.name not in given]
    if missing:
        raise InputError(f"{model.name} needs a value for {', '.join(missing)}")
    tensors = {quantity.name: as_tensor(given[quantity.name], scope).refreshed() for quantity in model.inputs}
    sizes = _sizes(model, tensors)
    scope.written.update(model.written)
    definitions = {name: (tensor.indices, tensor.expr) for name, tensor in tensors.items()}
    for equation in model.equations:
        tensor = _opened(equation, sizes, definitions, scope)
        if equation.name == model.result:
            return tensor
        named = scope.define(equation.name, tensor)
        definitions[equation.name] = named.indices, named.expr
    raise ModelError(f"{model.name} has no equation for its result {model.result}")


def _sizes(model: Model, tensors: Mapping[str, Tensor]) -> dict[Expr, Expr]:
    """What each symbolic size of the inner model is in the outer one; raises ShapeError."""
    sizes: dict[Expr, Expr] = {}
    for quantity in model.inputs:
        tensor = tensors[quantity.name]
        if len(quantity.axes) != tensor.ndim:
            axes = " ".join(map(str, quantity.axes))
            raise ShapeError(f"{model.name}: {quantity.name} has axes ({axes}), got {shape_text(tensor.indices)}")
        for axis, size in zip(quantity.axes, tensor.shape, strict=True):
            known = sizes.setdefault(axis, size) if isinstance(axis, Size) else axis
            if known != size:
                raise ShapeError(f"{model.name}: axis {axis} is {known}, but {size} in {quantity.name}")
    return sizes


def _opened(equation: Equation, sizes: dict[Expr, Expr], definitions: Any, scope: Scope) -> Tensor:
    """An inner equation's right-hand side in outer quantities, on fresh indices of outer sizes."""
    table: dict[Expr, Expr] = {index: scope.fresh(index.size.xreplace(sizes)) for index in equation.indices}
    body = _resized(equation.rhs, {**sizes, **table}, scope)
    names = {name: definition for name, definition in definitions.items() if name in equation.uses}
    expr = inlined(body, names, scope.counter, scope.written) if names else body
    return Tensor(expr, tuple(table[index] for index in equation.indices), scope)


def _resized(expr: Expr, table: dict[Expr, Expr], scope: Scope) -> Expr:
    """The expression with sizes and indices replaced, sums over axes of the new sizes."""
    if isinstance(expr, ExprWithLimits):
        fresh = {index: scope.fresh(index.size.xreplace(table)) for index in expr.variables}
        return reduced(type(expr), _resized(expr.function, {**table, **fresh}, scope), fresh.values())
    if not expr.args:
        return table.get(expr, expr)
    return carried(expr, tuple(_resized(arg, table, scope) for arg in expr.args), scope.written)
