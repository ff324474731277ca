"""Gradients, Jacobians and Hessians as an article prints them."""

from __future__ import annotations

from symgrad.notation.latex import Printer, matrix_latex
from symgrad.notation.names import latex_name, partial_latex
from symgrad.notation.numbers import decimal_latex
from symgrad.vector import VectorAt, VectorDerivative

_SIGN = {"gradient": r"\nabla ", "jacobian": r"J_", "hessian": r"\nabla^2 "}


def vector_latex(derivative: VectorDerivative, name: str) -> str:
    r"""∇f(x) = the partials = the expressions.

    >>> from sympy import Symbol
    >>> from symgrad.vector import gradient
    >>> print(vector_latex(gradient(Symbol("x") ** 2), "f"))
    \nabla f(x) = \begin{bmatrix} \frac{\partial f}{\partial x} \end{bmatrix} = \begin{bmatrix} 2 x \end{bmatrix}
    """
    printer = Printer(derivative.written)
    arguments = ", ".join(printer.latex(variable) for variable in derivative.variables)
    value = matrix_latex(derivative.matrix, printer)
    return f"{_head(derivative, name, arguments)} = {_partials(derivative, name)} = {value}"


def vector_at_latex(at: VectorAt, name: str) -> str:
    r"""∇f(-4) = the expressions = the numbers.

    >>> from sympy import Symbol
    >>> from symgrad.vector import gradient
    >>> print(vector_at_latex(gradient(-Symbol("x") ** 2).at(-4), "f"))
    \nabla f(-4) = \begin{bmatrix} -2 x \end{bmatrix} = \begin{bmatrix} 8 \end{bmatrix}
    """
    derivative = at.derivative
    arguments = ", ".join(decimal_latex(value) for value in at.values.values())
    expressions = matrix_latex(derivative.matrix, Printer(derivative.written))
    return f"{_head(derivative, name, arguments)} = {expressions} = {matrix_latex(at.matrix, Printer())}"


def definition_latex(name: str = "f", variable: str = "x", size: str = "n") -> str:
    r"""The gradient's definition for a function of any number of variables.

    >>> print(definition_latex()[:34])
    \nabla f(x_1, \cdots, x_n) = \begi
    """
    first, last = rf"{latex_name(variable)}_1", f"{latex_name(variable)}_{size}"
    of = latex_name(name)
    rows = r" \\ ".join([partial_latex(of, first), r"\vdots", partial_latex(of, last)])
    column = rf"\begin{{bmatrix}} {rows} \end{{bmatrix}}"
    return rf"\nabla {of}({first}, \cdots, {last}) = {column} \in \mathbb{{R}}^{{{size} \times 1}}"


def _head(derivative: VectorDerivative, name: str, arguments: str) -> str:
    return f"{_SIGN[derivative.kind]}{latex_name(name)}({arguments})"


def _partials(derivative: VectorDerivative, name: str) -> str:
    of = latex_name(name)
    by = [latex_name(variable.name) for variable in derivative.variables]
    if derivative.kind == "gradient":
        rows = [[partial_latex(of, variable)] for variable in by]
    elif derivative.kind == "jacobian":
        rows = [[partial_latex(f"{of}_{row}", variable) for variable in by] for row in range(1, len(derivative.of) + 1)]
    else:
        rows = [[_second(of, first, second) for second in by] for first in by]
    body = r" \\ ".join(" & ".join(row) for row in rows)
    return rf"\begin{{bmatrix}} {body} \end{{bmatrix}}"


def _second(of: str, first: str, second: str) -> str:
    below = rf"\partial {first}^2" if first == second else rf"\partial {first} \, \partial {second}"
    return rf"\frac{{\partial^2 {of}}}{{{below}}}"
