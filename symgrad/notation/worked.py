"""A derivation at given numbers: exact values, and the substitution as a person writes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sympy import Expr
from sympy.core.function import AppliedUndef

from symgrad.derivation import Derivation
from symgrad.errors import InputError
from symgrad.expressions import exact
from symgrad.names import partial_name
from symgrad.notation.latex import Printer, aligned
from symgrad.notation.names import latex_name
from symgrad.notation.numbers import decimal, decimal_latex
from symgrad.notation.steps import Line

DIGITS = 50  # of a value that is not rational


@dataclass(frozen=True)
class Evaluation:
    """The values of a derivation's quantities and partials at given inputs.

    `values` is exact where the model is rational and has 50 digits where it isn't; only the display is rounded, and
    then the line says ≈ instead of =.
    """

    derivation: Derivation
    values: Mapping[str, Expr]

    def __getitem__(self, name: str) -> Expr:
        """The value of a quantity, or of a partial by its name: `["dL_dw"]`."""
        try:
            return self.values[name]
        except KeyError:
            raise InputError(f"no value for {name!r}; there are {', '.join(self.values)}") from None

    @property
    def gradient(self) -> dict[str, Expr]:
        """The gradient's values by name."""
        result = self.derivation.model.result
        return {name: self.values[partial_name(result, name)] for name in self.derivation.wrt}

    def line(self, name: str) -> Line:
        """A gradient's line: its expression, the numbers put in, the value."""
        partial = partial_name(self.derivation.model.result, name)
        return worked_line(latex_name(partial), self.derivation.gradient[name], self.values, self.derivation.written)

    def lines(self) -> tuple[Line, ...]:
        """A line for each equation, then one for each gradient."""
        model = self.derivation.model
        forward = (worked_line(latex_name(eq.name), eq.rhs, self.values, model.written) for eq in model.equations)
        return (*forward, *(self.line(name) for name in self.derivation.wrt))

    def latex(self) -> str:
        """Every line as one `aligned` block."""
        return aligned([line.aligned for line in self.lines()])

    def _repr_latex_(self) -> str:
        return f"$$\n{self.latex()}\n$$"

    def __str__(self) -> str:
        rows = []
        for name, value in self.values.items():
            text, full = decimal(value)
            rows.append(f"{name} {'=' if full else '≈'} {text}")
        return "\n".join(rows)


def worked_line(left: str, expr: Expr, values: Mapping[str, Expr], written: Any) -> Line:
    """left = expression = the expression with numbers = value; ≈ in place of = wherever a number is rounded."""
    symbolic = Printer(written).latex(expr)
    substituted = Printer(written, values).latex(expr)
    value = substitute(expr, values)
    put_in_full = all(decimal(number)[1] for number in _numbers(expr, values).values())
    last = symbolic
    sides = [left]
    for side, equal in ((substituted, put_in_full), (decimal_latex(value), decimal(value)[1] and put_in_full)):
        if side == last:
            continue
        sides, last = ([*sides, last], side) if equal else (sides, rf"{last} \approx {side}")
    return Line((*sides, last))


def substitute(expr: Expr, values: Mapping[str, Expr]) -> Expr:
    """The expression's value: rational if it can be, otherwise to 50 digits; raises InputError if it has none."""
    number = expr.xreplace(_numbers(expr, values))
    if not number.is_Rational:
        number = number.evalf(DIGITS)
    if not (number.is_Rational or number.is_Float):
        raise InputError(f"{expr} has no real value at these inputs: it becomes {number}")
    return number


def _numbers(expr: Expr, values: Mapping[str, Expr]) -> dict[Expr, Expr]:
    """The numbers that quantities, and applied functions such as f(x), are given, by the names that they go by."""
    named = expr.free_symbols | expr.atoms(AppliedUndef)
    return {node: values[str(node)] for node in named if str(node) in values}


def evaluation(derivation: Derivation, values: Mapping[str, Any]) -> Evaluation:
    """Every quantity and partial at the given inputs; raises InputError for a missing, unknown or abstract one."""
    model = derivation.model
    names = [quantity.name for quantity in model.inputs]
    if model.functions:
        raise InputError(
            f"{model.functions[0]} is abstract and has no values; bind it first: model.bind({model.functions[0]}=…)"
        )
    if model.has_axes:
        raise InputError(f"{model.name} has quantities with axes; compute it with model.compile()")
    given = {**model.defaults, **{name: exact(value) for name, value in values.items()}}
    unknown = [name for name in values if name not in names]
    missing = [name for name in names if name not in given]
    if unknown or missing:
        what = f"no input {unknown[0]!r}" if unknown else f"no value for {', '.join(missing)}"
        raise InputError(f"{model.name}: {what}; its inputs are {', '.join(names)}")
    found: dict[str, Expr] = dict(given)
    for equation in (*model.equations, *derivation.equations):
        found[equation.name] = substitute(equation.rhs, found)
    return Evaluation(derivation, found)
