"""SymPy equations to a model: sorted by dependency, functions given one spelling."""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

from sympy import Derivative, Eq, Expr, Function, Indexed, Subs, Symbol, SympifyError, sympify
from sympy.core.function import AppliedUndef

from symgrad.equations import Equation, Model, Quantity, base_name, names_in
from symgrad.errors import ModelError
from symgrad.reading.annotation import declared
from symgrad.reading.indexed import declared_shape, index_form
from symgrad.tensors.functions import as_choices


def model_from_equations(
    equations: Any, result: str | None, name: str, shapes: Mapping[str, str] | None = None
) -> Model:
    """A model from `Eq`s or (left, right) pairs; what no equation defines is an input, in order of appearance.

    Equations in index form, Z[i, j] = Sum(X[i, m]*W[m, j], m), need the axes of their inputs: `shapes`, "n d" for X,
    or those of the `IndexedBase`.  Raises ModelError for a cycle, a second definition, or a left-hand side that isn't
    a name or an entry.
    """
    sides: dict[str, tuple[Expr, Expr]] = {}
    for left, right in map(_sides, equations):
        key = base_name(left)
        if key in sides:
            raise ModelError(f"{name}: {key} is defined twice: {sides[key][0]} = {sides[key][1]} and {left} = {right}")
        sides[key] = left, right
    if not sides:
        raise ModelError(f"{name}: a model needs at least one equation")
    known = _declared(sides, shapes or {}, name)
    axes = {key: quantity.axes for key, quantity in known.items()}
    by_name: dict[str, Equation] = {}
    for key in _in_order(sides, name):
        left, right = sides[key]
        in_indices = isinstance(left, Indexed) or right.has(Indexed)
        by_name[key] = index_form(left, right, axes) if in_indices else Equation(key, right)
        axes[key] = by_name[key].quantity.axes
    used = dict.fromkeys(atom for key in sides for atom in names_in(by_name[key].rhs))
    for key in known.keys() - used.keys() - by_name.keys() if shapes else ():
        raise ModelError(f"{name}: shapes declares {key}, but no equation uses it")
    inputs = tuple(known.get(atom, Quantity(atom)) for atom in used if atom not in by_name)
    return Model(name, inputs, tuple(by_name.values()), result or _last(by_name, name))


def _declared(sides: Mapping[str, tuple[Expr, Expr]], shapes: Mapping[str, str], name: str) -> dict[str, Quantity]:
    """The quantities whose axes are known beforehand: by `shapes`, or by the shape of their `IndexedBase`."""
    known = {key: declared(key, text, name) for key, text in shapes.items()}
    for left, right in sides.values():
        for entry in (left, *right.atoms(Indexed)):
            shape = declared_shape(entry) if isinstance(entry, Indexed) else None
            if shape is not None:
                known.setdefault(base_name(entry), Quantity(base_name(entry), shape))
    return known


def _in_order(sides: Mapping[str, tuple[Expr, Expr]], name: str) -> list[str]:
    """The names in an order in which they can be computed; raises ModelError for a cycle."""
    sorter = TopologicalSorter({key: [k for k in names_in(right) if k in sides] for key, (_, right) in sides.items()})
    try:
        return list(sorter.static_order())
    except CycleError as error:
        cycle = " -> ".join(reversed(error.args[1]))
        raise ModelError(f"{name}: the equations form a cycle: {cycle}; a quantity can't depend on itself") from None


def _last(by_name: Mapping[str, Equation], name: str) -> str:
    """The one quantity that no equation uses."""
    used = frozenset().union(*(equation.uses for equation in by_name.values()))
    ends = [key for key in by_name if key not in used]
    if len(ends) != 1:
        raise ModelError(f"{name}: say which quantity is the result; nothing uses {', '.join(ends)}")
    return ends[0]


def _sides(item: Any) -> tuple[Expr, Expr]:
    if isinstance(item, Eq):
        left, right = item.lhs, item.rhs
    elif isinstance(item, tuple | list) and len(item) == 2:
        left, right = item
    else:
        raise ModelError(f"expected Eq(name, expression) or a pair (name, expression), got {item!r}")
    if isinstance(left, str):
        left = Symbol(left)
    if not isinstance(left, Symbol | Indexed):
        raise ModelError(f"the left-hand side of {left} = {right} isn't a name; write one quantity on the left")
    try:
        return left, as_choices(primed(right if isinstance(right, Expr) else sympify(right, strict=True)))
    except SympifyError:
        raise ModelError(f"the right-hand side of {left} = {right!r} isn't a SymPy expression or a number") from None


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
