"""Gradients, Jacobians and Hessians of plain expressions, by the same calculus as a model's derivation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from sympy import Expr, Matrix, S, Symbol, sympify

from symgrad.calculus.differential import collected, differential
from symgrad.equations import Model
from symgrad.errors import InputError
from symgrad.expressions import Order, Written, exact


@dataclass(frozen=True)
class VectorDerivative:
    """The first or second derivatives of an expression by a list of variables, as a matrix."""

    kind: Literal["gradient", "jacobian", "hessian"]
    of: tuple[Expr, ...]
    variables: tuple[Symbol, ...]
    matrix: Matrix
    written: Written = field(default_factory=dict, repr=False, compare=False)

    def at(self, *point: Any, **values: Any) -> VectorAt:
        """The matrix at exact values, in the order of the variables or by name; raises InputError."""
        names = [variable.name for variable in self.variables]
        given = {**dict(zip(names, point, strict=False)), **values}
        if len(point) > len(names) or set(given) != set(names):
            raise InputError(
                f"the point needs a value for each of {', '.join(names)}, got {', '.join(map(str, given))}"
            )
        return VectorAt(self, {name: exact(given[name]) for name in names})

    def latex(self, name: str = "f") -> str:
        r"""The matrix as an article prints it: ∇f(x), the partials, the expressions."""
        from symgrad.notation.vector import vector_latex

        return vector_latex(self, name)

    def _repr_latex_(self) -> str:
        return f"$${self.latex()}$$"


@dataclass(frozen=True)
class VectorAt:
    """A derivative's matrix at a point."""

    derivative: VectorDerivative
    values: Mapping[str, Expr]

    @property
    def matrix(self) -> Matrix:
        """The matrix of values, exact."""
        return self.derivative.matrix.xreplace({Symbol(name): value for name, value in self.values.items()})

    def latex(self, name: str = "f") -> str:
        """The values as an article prints them: ∇f(-4), the expressions, the numbers."""
        from symgrad.notation.vector import vector_at_latex

        return vector_at_latex(self, name)

    def _repr_latex_(self) -> str:
        return f"$${self.latex()}$$"


def gradient(expr: Any, variables: Any = None) -> VectorDerivative:
    """The column of partial derivatives of a scalar expression; all its symbols, by name, if none are given.

    >>> x = Symbol("x")
    >>> gradient(-(x**2), [x]).matrix
    Matrix([[-2*x]])
    """
    scalar = _expression(expr)
    over = _variables([scalar], variables)
    written: dict[Expr, Order] = {}
    partials = _partials(scalar, over, written)
    return VectorDerivative("gradient", (scalar,), over, Matrix(partials), written)


def jacobian(exprs: Any, variables: Any = None) -> Any:
    """The matrix of partial derivatives, a row for each expression; of a model's result, by one quantity, a model.

    >>> x, y = Symbol("x"), Symbol("y")
    >>> jacobian([x * y, x + y], [x, y]).matrix
    Matrix([
    [y, x],
    [1, 1]])
    """
    if isinstance(exprs, Model):
        from symgrad.higher import model_jacobian

        return model_jacobian(exprs, variables)
    scalars = tuple(_expression(expr) for expr in exprs)
    over = _variables(scalars, variables)
    written: dict[Expr, Order] = {}
    rows = [_partials(scalar, over, written) for scalar in scalars]
    return VectorDerivative("jacobian", scalars, over, Matrix(rows), written)


def hessian(expr: Any, variables: Any = None) -> Any:
    """The symmetric matrix of second partial derivatives of a scalar; of a model, by one quantity or two, a model.

    >>> x, y = Symbol("x"), Symbol("y")
    >>> hessian(x**2 * y, [x, y]).matrix
    Matrix([
    [2*y, 2*x],
    [2*x,   0]])
    """
    if isinstance(expr, Model):
        from symgrad.higher import model_hessian

        return model_hessian(expr, *([variables] if isinstance(variables, str) else variables))
    scalar = _expression(expr)
    over = _variables([scalar], variables)
    written: dict[Expr, Order] = {}
    rows = [_partials(partial, over, written) for partial in _partials(scalar, over, written)]
    return VectorDerivative("hessian", (scalar,), over, Matrix(rows), written)


def _partials(expr: Expr, over: tuple[Symbol, ...], written: dict[Expr, Order]) -> list[Expr]:
    found = collected(differential(expr, written), written)
    return [found.get(variable, S.Zero) for variable in over]


def _expression(value: Any) -> Expr:
    if isinstance(value, str):
        raise InputError(f"expected a SymPy expression, got the text {value!r}")
    return sympify(value, strict=True)


def _variables(exprs: Iterable[Expr], variables: Any) -> tuple[Symbol, ...]:
    if variables is None:
        found = set().union(*(expr.free_symbols for expr in exprs))
        return tuple(sorted(found, key=lambda symbol: symbol.name))
    given = [variables] if isinstance(variables, Symbol) else list(variables)
    for variable in given:
        if not isinstance(variable, Symbol):
            raise InputError(f"can't differentiate by {variable!r}: a variable is a SymPy symbol")
    return tuple(given)
