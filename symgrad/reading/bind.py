"""Abstract functions made concrete: f(z) and its primes become the function bound to f."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeAlias

from sympy import Dummy, Expr, Function, FunctionClass
from sympy.core.function import AppliedUndef

from symgrad.calculus.differential import collected, differential
from symgrad.equations import Model
from symgrad.errors import ModelError
from symgrad.expressions import Order
from symgrad.indices import relabelled
from symgrad.tensors.tensor import Scope, Tensor

Bindable: TypeAlias = Any  # a symgrad Elementwise, a SymPy function class, or a Python function of quantities


def applied(function: Bindable, arguments: tuple[Expr, ...], written: dict[Expr, Order]) -> Expr:
    """The scalar expression of a function at scalar expressions; raises ModelError if it can't take them."""
    if isinstance(function, str):
        return Function(function)(*arguments)
    if isinstance(function, FunctionClass):
        return function(*arguments)
    if not callable(function):
        raise ModelError(f"expected a function such as sg.sigmoid, got {function!r}")
    scope = Scope(written)
    try:
        result = function(*(Tensor(argument, (), scope) for argument in arguments))
    except TypeError as error:
        raise ModelError(f"{function!r} can't be applied to ({', '.join(map(str, arguments))}): {error}") from error
    if isinstance(result, Tensor):
        return result.expr
    if isinstance(result, Expr):
        return result
    raise ModelError(f"{function!r} returned {result!r}, which isn't an expression of its argument")


def bind(model: Model, functions: Mapping[str, Bindable]) -> Model:
    """The model with each named abstract function replaced; raises ModelError for a name that isn't one."""
    for name in functions:
        if name not in model.functions:
            have = f"its abstract functions are {', '.join(model.functions)}" if model.functions else "it has none"
            raise ModelError(f"{model.name} has no abstract function {name!r} to bind; {have}")
    written: dict[Expr, Order] = {}
    table: dict[Expr, Expr] = {}
    for equation in model.equations:
        for node in equation.rhs.atoms(AppliedUndef):
            name = node.func.__name__.rstrip("'")
            if name in functions:
                table[node] = _concrete(node, functions[name], written)
    old = dict(model.written)
    equations = tuple(replace(eq, rhs=_settled(eq.rhs, table, old)) for eq in model.equations)
    return replace(model, equations=equations, written={**old, **written})


def _settled(expr: Expr, table: dict[Expr, Expr], written: dict[Expr, Order]) -> Expr:
    """The replacement repeated, for a function inside its own argument: f(f(z))."""
    result = relabelled(expr, table, written)
    inner = {node: value for node, value in table.items() if result.has(node)}
    return _settled(result, inner, written) if inner and result != expr else result


def _concrete(node: Expr, function: Bindable, written: dict[Expr, Order]) -> Expr:
    name = node.func.__name__
    order = len(name) - len(name.rstrip("'"))
    if not order:
        return applied(function, node.args, written)
    z = Dummy("z")
    expr = applied(function, (z,), written)
    for _ in range(order):
        expr = collected(differential(expr, written), written).get(z, expr * 0)
    return expr.xreplace({z: node.args[0]})
