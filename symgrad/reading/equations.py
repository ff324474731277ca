"""SymPy equations to a model: sorted by dependency, functions given one spelling."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from typing import Any

from sympy import Derivative, Eq, Expr, Function, Subs, Symbol, sympify
from sympy.core.function import AppliedUndef

from symgrad.equations import Equation, Model, Quantity, names_in
from symgrad.errors import ModelError
from symgrad.expressions import Order


def model_from_equations(equations: Any, result: str | None, name: str) -> Model:
    """A model from `Eq`s or (left, right) pairs; what no equation defines is an input, in order of appearance.

    Raises ModelError for a cycle, a second definition, or a left-hand side that isn't a name.
    """
    by_name: dict[str, Equation] = {}
    for item in equations:
        equation = _equation(item)
        if equation.name in by_name:
            raise ModelError(f"{name}: {equation.name} is defined twice: {by_name[equation.name]} and {equation}")
        by_name[equation.name] = equation
    if not by_name:
        raise ModelError(f"{name}: a model needs at least one equation")
    sorter = TopologicalSorter({key: sorted(eq.uses & by_name.keys()) for key, eq in by_name.items()})
    try:
        order = list(sorter.static_order())
    except CycleError as error:
        cycle = " -> ".join(reversed(error.args[1]))
        raise ModelError(f"{name}: the equations form a cycle: {cycle}; a quantity can't depend on itself") from None
    if result is None:
        used = frozenset().union(*(equation.uses for equation in by_name.values()))
        ends = [key for key in by_name if key not in used]
        if len(ends) != 1:
            raise ModelError(f"{name}: say which quantity is the result; nothing uses {', '.join(ends)}")
        result = ends[0]
    inputs: dict[str, None] = {}
    written: dict[Expr, Order] = {}
    for equation in by_name.values():
        inputs.update(dict.fromkeys(atom for atom in names_in(equation.rhs) if atom not in by_name))
    return Model(
        name,
        tuple(Quantity(key) for key in inputs),
        tuple(by_name[key] for key in order),
        result,
        {},
        written,
    )


def _equation(item: Any) -> Equation:
    if isinstance(item, Eq):
        left, right = item.lhs, item.rhs
    elif isinstance(item, tuple | list) and len(item) == 2:
        left, right = item
    else:
        raise ModelError(f"expected Eq(name, expression) or a pair (name, expression), got {item!r}")
    if isinstance(left, str):
        left = Symbol(left)
    if not isinstance(left, Symbol):
        raise ModelError(f"the left-hand side of {left} = {right} isn't a name; write one quantity on the left")
    rhs = right if isinstance(right, Expr) else sympify(right, strict=True)
    return Equation(left.name, primed(rhs))


def primed(expr: Expr) -> Expr:
    """The expression with SymPy's Derivative of an abstract function written as f'(z).

    >>> f, z = Function("f"), Symbol("z")
    >>> primed(f(z).diff(z)), primed(f(2 * z).diff(z))
    (f'(z), 2*f'(2*z))
    """
    if not expr.has(Derivative, Subs):
        return expr
    expr = expr.replace(lambda node: isinstance(node, Subs), lambda node: _primed_subs(node))
    return expr.replace(lambda node: isinstance(node, Derivative), _primed_derivative)


def _primed_subs(node: Subs) -> Expr:
    inner = primed(node.expr)
    if inner.has(Derivative):
        return node
    return inner.xreplace(dict(zip(node.variables, node.point, strict=True)))


def _primed_derivative(node: Derivative) -> Expr:
    applied, counts = node.expr, node.variable_count
    plain = isinstance(applied, AppliedUndef) and len(applied.args) == 1 and len(counts) == 1
    if plain and applied.args[0] == counts[0][0] and counts[0][1].is_Integer:
        return Function(applied.func.__name__ + "'" * int(counts[0][1]))(*applied.args)
    return node
