"""How quantities with axes are written: in matrix or in index form, in denominator or numerator layout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from sympy import Expr

from symgrad.equations import Equation, Model
from symgrad.errors import InputError, SymgradError
from symgrad.expressions import Written
from symgrad.names import partial_name
from symgrad.notation.latex import Partials, Printer

Notation: TypeAlias = Literal["auto", "matrix", "index"]
Layout: TypeAlias = Literal["denominator", "numerator"]


@dataclass(frozen=True)
class Statement:
    """A statement's two sides as LaTeX, and the shapes of its factors where it is in matrix form: n×h = n×k · k×h."""

    left: str
    right: str
    shapes: str = ""


@dataclass(frozen=True)
class Style:
    """The notation, "auto" being matrix form where there is one, and the layout of a gradient.

    In denominator layout a gradient has its variable's shape, in numerator layout the transposed one.
    """

    notation: Notation = "auto"
    layout: Layout = "denominator"

    def __post_init__(self) -> None:
        if self.notation not in ("auto", "matrix", "index"):
            raise InputError(f'notation is "auto", "matrix" or "index", got {self.notation!r}')
        if self.layout not in ("denominator", "numerator"):
            raise InputError(f'layout is "denominator" or "numerator", got {self.layout!r}')

    def statement(self, equation: Equation, model: Model, written: Written) -> Statement:
        """An equation's sides; raises SymgradError, naming it, if matrix form is demanded and it has none."""
        printer = Printer(written, partials=partials_of(model))
        plain = Statement(printer.latex(equation.lhs), printer.latex(equation.rhs))
        if self.notation == "index" or not model.has_axes:
            return plain
        try:
            return self._in_matrix_form(equation, model, written)
        except SymgradError as error:
            if self.notation == "matrix":
                raise SymgradError(f"{equation.name} has no matrix form ({error}); use notation='auto'") from error
            return plain

    def _in_matrix_form(self, equation: Equation, model: Model, written: Written) -> Statement:
        from symgrad.notation.matrix.network import NoMatrixForm
        from symgrad.notation.matrix.numerator import in_numerator_layout
        from symgrad.notation.matrix.recover import recovered
        from symgrad.notation.matrix.show import MatrixPrinter, is_readable, shapes, size_text

        axes, partials = shapes_of(model), partials_of(model)
        left, right = (recovered(side, equation.indices, axes, written) for side in (equation.lhs, equation.rhs))
        if self.layout == "numerator" and equation.name in partials:
            left, right = in_numerator_layout(left, partials), in_numerator_layout(right, partials)
        if self.notation == "auto" and not is_readable(right, batches=max(len(equation.indices) - 2, 0)):
            raise NoMatrixForm("indices say it shorter")
        printer = MatrixPrinter(written, partials)
        factors = shapes(right)
        own = size_text(left)
        return Statement(printer.latex(left), printer.latex(right), f"{own} = {factors}" if factors != own else "")


def shapes_of(model: Model) -> Mapping[str, tuple[Expr, ...]]:
    """The axes of every quantity and of its adjoint, by name."""
    own = {name: quantity.axes for name, quantity in model.quantities.items()}
    return own | {partial_name(model.result, name): own[model.result] + axes for name, axes in own.items()}


def partials_of(model: Model) -> Partials:
    """The result's partial derivatives by each quantity, by name: dL_dW is ∂L/∂W."""
    return {partial_name(model.result, name): (model.result, name) for name in model.quantities}
