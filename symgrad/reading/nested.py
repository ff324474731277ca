"""A model called inside another: its equations join the outer ones, each still a named quantity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sympy import Expr, Indexed, Symbol, preorder_traversal
from sympy.concrete.expr_with_limits import ExprWithLimits

from symgrad.equations import Equation, Model, Size
from symgrad.errors import InputError, ModelError, ShapeError
from symgrad.indices import carried, inlined, reduced
from symgrad.tensors.functions import OfMatrix
from symgrad.tensors.indexing import is_whole
from symgrad.tensors.tensor import Scope, Tensor, as_tensor, shape_text


def called(model: Model, values: Mapping[str, Any]) -> Tensor:
    """The result of a model on quantities of another; its own quantities get their name and the next free number.

    So does an argument that isn't an entry of a quantity, where the model uses it more than once.  Raises InputError
    for a missing input, ShapeError for axes that don't fit, and ModelError for rows that aren't whole numbers.
    """
    scope = next(value.scope for value in values.values() if isinstance(value, Tensor))
    define = scope.define
    if define is None:
        raise ModelError(f"{model.name} is called on quantities outside of a model")
    names = [quantity.name for quantity in model.inputs]
    for name in values:
        if name not in names:
            raise InputError(f"{model.name} has no input {name!r}; it takes {', '.join((*names, *model.functions))}")
    given = {**model.defaults, **values}
    missing = [name for name in names if name not in given]
    if missing:
        raise InputError(f"{model.name} needs a value for {', '.join(missing)}")
    tensors = {quantity.name: as_tensor(given[quantity.name], scope).refreshed() for quantity in model.inputs}
    sizes = _sizes(model, tensors)
    scope.written.update(model.written)
    for quantity in model.inputs:
        tensor = tensors[quantity.name]
        if quantity.integer and not is_whole(tensor.expr, scope):
            raise ModelError(f"{model.name}: {quantity.name} holds whole numbers, but {tensor.expr} may not")
        if _needs_name(model, quantity.name, tensor):
            tensors[quantity.name] = define(quantity.name, tensor)
    definitions = {name: (tensor.indices, tensor.expr) for name, tensor in tensors.items()}
    for equation in model.equations:
        tensor = _opened(equation, sizes, definitions, scope)
        if equation.name == model.result:
            return tensor
        named = define(equation.name, tensor)
        definitions[equation.name] = named.indices, named.expr
    raise ModelError(f"{model.name} has no equation for its result {model.result}")


def _needs_name(model: Model, name: str, tensor: Tensor) -> bool:
    """Whether an argument becomes a quantity: it would be written out twice, or its inverse is taken."""
    if isinstance(tensor.expr, Indexed) and tensor.expr.indices == tensor.indices:
        return False
    nodes = [node for equation in model.equations for node in preorder_traversal(equation.rhs)]
    if any(isinstance(node, OfMatrix) and str(node.args[0].label) == name for node in nodes):
        return True
    uses = sum(1 for node in nodes if isinstance(node, Symbol) and node.name == name)
    return uses > 1 and not tensor.expr.is_Atom and not isinstance(tensor.expr, Indexed)


def _sizes(model: Model, tensors: Mapping[str, Tensor]) -> dict[Expr, Expr]:
    """What each symbolic size of the inner model is in the outer one; raises ShapeError."""
    sizes: dict[Expr, Expr] = {}
    owners: dict[Expr, str] = {}
    for quantity in model.inputs:
        tensor = tensors[quantity.name]
        axes = f"({', '.join(map(str, quantity.axes))})"
        got = f"{quantity.name} {shape_text(tensor.indices)}"
        if len(quantity.axes) != tensor.ndim:
            raise ShapeError(f"{model.name}: {quantity.name} has the axes {axes}, got {got}")
        for axis, size in zip(quantity.axes, tensor.shape, strict=True):
            known = sizes.setdefault(axis, size) if isinstance(axis, Size) else axis
            if known != size:
                owner = f" and {owners[axis]}" if axis in owners else f", declared {axes}"
                raise ShapeError(f"{model.name} on {got}{owner}: axis {axis} is {size} and {known}")
            owners.setdefault(axis, got)
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
