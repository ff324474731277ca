r"""Expressions as LaTeX, in the order in which they were written and with the fractions that an article uses.

It holds no mathematics: what is printed is the expression that it is given.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from sympy import (
    Abs,
    Add,
    And,
    Expr,
    Indexed,
    KroneckerDelta,
    Matrix,
    Mod,
    Mul,
    Piecewise,
    Pow,
    S,
    Sum,
    Symbol,
    floor,
    latex,
)
from sympy.core.function import AppliedUndef
from sympy.core.relational import Relational

from symgrad.equations import Equation, Index
from symgrad.expressions import Written, ordered
from symgrad.indices import Largest
from symgrad.names import split_partial
from symgrad.notation.names import latex_name, partial_latex, subscript
from symgrad.notation.numbers import decimal_latex
from symgrad.tensors.functions import Determinant, MatrixInverse, OfMatrix

Partials: TypeAlias = Mapping[str, tuple[str, str]]

SUM, PRODUCT, UNARY, POWER, ATOM = 1, 2, 3, 4, 5  # how tightly a piece binds

FUNCTIONS: dict[str, str] = {
    "sin": r"\sin",
    "cos": r"\cos",
    "tan": r"\tan",
    "asin": r"\arcsin",
    "acos": r"\arccos",
    "atan": r"\arctan",
    "sinh": r"\sinh",
    "cosh": r"\cosh",
    "tanh": r"\tanh",
    "asinh": r"\operatorname{arsinh}",
    "acosh": r"\operatorname{arcosh}",
    "atanh": r"\operatorname{artanh}",
    "log": r"\log",
    "sigmoid": r"\sigma",
    "softplus": r"\operatorname{softplus}",
    "relu": r"\operatorname{ReLU}",
    "sign": r"\operatorname{sign}",
    "erf": r"\operatorname{erf}",
    "Max": r"\max",
    "Min": r"\min",
}
RELATIONS = {">": ">", "<": "<", ">=": r"\ge", "<=": r"\le", "==": "=", "!=": r"\ne"}
_TALL = re.compile(r"\\(frac|sum|begin)")


@dataclass(frozen=True)
class _Piece:
    text: str
    level: int


@dataclass(frozen=True)
class Printer:
    """Prints expressions; `values` stand in place of the quantities they are given for.

    `partials` are a model's partial derivatives by name, for names too long to read as one: dloss_dhidden.
    """

    written: Written = field(default_factory=dict)
    values: Mapping[str, Expr] = field(default_factory=dict)
    partials: Partials = field(default_factory=dict)

    def latex(self, expr: Expr) -> str:
        r"""The expression as LaTeX.

        >>> x, y = Symbol("x"), Symbol("yhat")
        >>> print(Printer().latex((x - y) ** 2 / 2))
        \frac{1}{2} (x - \hat{y})^2
        """
        return self._piece(expr).text

    def factor(self, expr: Expr) -> str:
        """The expression as a factor of a product: a sum in parentheses."""
        return self._within(expr, PRODUCT)

    def chain(self, factors: list[str]) -> str:
        """Factors that are already LaTeX, as a product."""
        return juxtaposed(factors)

    def _piece(self, expr: Expr) -> _Piece:
        if isinstance(expr, Symbol):
            return self._symbol(expr)
        if expr.is_Rational:
            return self._rational(expr)
        for kind, method in self._table().items():
            if isinstance(expr, kind):
                return method(expr)
        if expr.is_Float:
            return _number(decimal_latex(expr))
        return self._function(expr) if expr.is_Function else _Piece(latex(expr), ATOM)

    def _table(self) -> dict[type | tuple[type, ...], Callable[..., _Piece]]:
        return {
            Add: self._sum,
            Mul: self._product,
            Pow: self._power,
            Indexed: self._entry,
            Sum: self._sigma,
            Abs: lambda expr: _Piece(delimited("|", self.latex(expr.args[0]), "|"), ATOM),
            Largest: self._largest,
            MatrixInverse: self._inverse,
            Determinant: lambda expr: _Piece(rf"\det {self._matrix(expr)}", PRODUCT),
            Piecewise: self._piecewise,
            KroneckerDelta: lambda expr: _Piece(r"\delta" + subscript(self._places(expr.args)), ATOM),
            floor: lambda expr: _Piece(rf"\left\lfloor {self.latex(expr.args[0].together())} \right\rfloor", ATOM),
            Mod: lambda expr: _Piece(rf"({self.latex(expr.args[0])} \bmod {self._within(expr.args[1], ATOM)})", ATOM),
            And: lambda expr: _Piece(r" \land ".join(map(self.latex, expr.args)), 0),
            Relational: self._relation,
        }

    def _symbol(self, symbol: Symbol) -> _Piece:
        if symbol.name in self.values:
            return _number(decimal_latex(self.values[symbol.name]))
        if symbol.name in self.partials:
            return _Piece(partial_latex(*map(latex_name, self.partials[symbol.name])), ATOM)
        return _Piece(symbol.name if isinstance(symbol, Index) else latex_name(symbol.name), ATOM)

    def _rational(self, number: Expr) -> _Piece:
        if number.is_Integer or number in self.written or -number in self.written:
            return _number(decimal_latex(number))
        sign = "-" if number < 0 else ""
        return _Piece(rf"{sign}\frac{{{abs(number.p)}}}{{{number.q}}}", SUM if sign else ATOM)

    def _within(self, expr: Expr, level: int) -> str:
        piece = self._piece(expr)
        return piece.text if piece.level >= level else parenthesised(piece.text)

    def _sum(self, expr: Expr) -> _Piece:
        text = ""
        for term in ordered(expr, self.written):
            piece = self._within(term, SUM)
            if text:
                text += f" - {piece[1:].lstrip()}" if piece.startswith("-") else f" + {piece}"
            else:
                text = piece
        return _Piece(text, SUM)

    def _product(self, expr: Expr) -> _Piece:
        number: Expr = S.One
        over: list[Expr] = []
        under: list[Expr] = []
        for factor in ordered(expr, self.written):
            if factor.is_Rational:
                number = number * factor
            elif isinstance(factor, Pow) and factor.exp.is_Rational and factor.exp < 0 and factor.base is not S.Exp1:
                under.append(factor.base**-factor.exp)
            else:
                over.append(factor)
        sign = "-" if number < 0 else ""
        number = abs(number)
        if under:
            text = self._fraction(number, over, under)
        else:
            lead = [] if number is S.One else [self._rational(number).text]
            text = self._factors(lead, over)
        return _Piece(sign + text, SUM if sign else PRODUCT)

    def _factors(self, lead: list[str], factors: list[Expr]) -> str:
        last = len(factors) - 1
        texts = [
            self._within(factor, UNARY if isinstance(factor, Sum) and place < last else PRODUCT)
            for place, factor in enumerate(factors)
        ]
        return juxtaposed([*lead, *texts])

    def _fraction(self, number: Expr, over: list[Expr], under: list[Expr]) -> str:
        """One fraction if the numerator is short; otherwise the number over the denominator, then the factors."""
        bottom = ([str(number.q)] if number.q != 1 else []) + [
            self._within(factor, PRODUCT if len(under) > 1 or number.q != 1 else 0) for factor in under
        ]
        short = not any(isinstance(factor, Add | Sum | Piecewise) or self._is_partial(factor) for factor in over)
        top = [] if number.p == 1 and over and short else [str(number.p)]
        if short:
            top += [self._within(factor, PRODUCT) for factor in over]
        fraction = rf"\frac{{{juxtaposed(top)}}}{{{juxtaposed(bottom)}}}"
        return fraction if short else self._factors([fraction], over)

    def _power(self, expr: Expr) -> _Piece:
        base, exponent = expr.args
        if exponent.is_Rational and exponent < 0:
            return _Piece(rf"\frac{{1}}{{{self.latex(base**-exponent)}}}", ATOM)
        if exponent is S.Half:
            return _Piece(rf"\sqrt{{{self.latex(base)}}}", ATOM)
        raised = "^" + braced(self.latex(exponent))
        if base.is_Function and not isinstance(base, AppliedUndef | Abs) and base.func.__name__ in FUNCTIONS:
            head, argument = self._applied(base)
            return _Piece(f"{head}{raised}{argument}", POWER)
        if self._is_partial(base) or (isinstance(base, Symbol | Indexed) and "^" in self.latex(base)):  # (w′)²
            return _Piece(parenthesised(self.latex(base)) + raised, POWER)
        return _Piece(self._within(base, ATOM) + raised, POWER)

    def _is_partial(self, expr: Expr) -> bool:
        """Whether an expression is a partial derivative by its name, dL_dw."""
        name = expr.name if isinstance(expr, Symbol) else str(expr.base.label) if isinstance(expr, Indexed) else ""
        return name in self.partials or split_partial(name) is not None

    def _entry(self, expr: Indexed) -> _Piece:
        name = str(expr.base.label)
        at = self._places(expr.indices)
        pair = self.partials.get(name) or split_partial(name)
        if pair:
            return _Piece(partial_latex(latex_name(pair[0]), indexed(pair[1], at)), ATOM)
        return _Piece(indexed(name, at), ATOM)

    def _places(self, indices: Sequence[Expr]) -> str:
        """Indices as a subscript has them: ij, and with commas where one is more than a letter."""
        letters = all(isinstance(index, Index) for index in indices)
        return ("" if letters else ", ").join(map(self._at, indices))

    def _at(self, index: Expr) -> str:
        return self.latex(index if isinstance(index, Index) or index.has(Indexed) else _from_one(index) + 1)

    def _relation(self, expr: Relational) -> _Piece:
        sides = expr.args
        if expr.has(Index) and not expr.has(Indexed):
            left, right = map(_from_one, sides)
            constant = left.as_coeff_Add()[0]
            sides = (left - constant, right - constant)
        return _Piece(f"{self.latex(sides[0])} {RELATIONS[expr.rel_op]} {self.latex(sides[1])}", 0)

    def _sigma(self, expr: Sum) -> _Piece:
        text = self._within(expr.function, PRODUCT)
        for index, _, last in reversed(expr.limits):
            text = rf"\sum_{{{self.latex(index)}=1}}^{braced(self.latex(last + 1))} {text}"
        return _Piece(text, PRODUCT)

    def _largest(self, expr: Largest) -> _Piece:
        over = ", ".join(self.latex(index) for index in expr.variables)
        return _Piece(rf"\max_{{{over}}} {self._within(expr.function, PRODUCT)}", PRODUCT)

    def _inverse(self, expr: MatrixInverse) -> _Piece:
        inverse = parenthesised(self._matrix(expr) + "^{-1}")
        return _Piece(inverse + subscript(self._places(expr.args[1:3])), ATOM)

    def _matrix(self, expr: OfMatrix) -> str:
        """The matrix that an inverse or a determinant is of: A, or A_i of a family."""
        name: str = latex_name(str(expr.args[0].label), False)
        return name + subscript(self._places(expr.places)) if expr.places else name

    def _piecewise(self, expr: Piecewise) -> _Piece:
        branches = [(self.latex(value), condition) for value, condition in expr.args]
        if len(branches) == 2 and branches[1] == ("0", S.true):
            flag = rf"\mathbf{{1}}[{self.latex(expr.args[0][1])}]"
            return _Piece(
                flag if branches[0][0] == "1" else juxtaposed([self._within(expr.args[0][0], PRODUCT), flag]),
                PRODUCT,
            )
        rows = (
            rf"{value} & \text{{otherwise}}"
            if condition is S.true
            else rf"{value} & \text{{if }} {self.latex(condition)}"
            for value, condition in branches
        )
        return _Piece(r"\begin{cases} " + r" \\ ".join(rows) + r" \end{cases}", ATOM)

    def _function(self, expr: Expr) -> _Piece:
        if str(expr) in self.values:
            return _number(decimal_latex(self.values[str(expr)]))
        if expr.func.__name__ == "exp":
            return _Piece("e^" + braced(self.latex(expr.args[0])), POWER)
        head, argument = self._applied(expr)
        return _Piece(head + argument, ATOM)

    def _applied(self, expr: Expr) -> tuple[str, str]:
        """A function's name and its arguments in parentheses."""
        return _applied(expr.func, [self.latex(arg) for arg in expr.args])


def function_latex(function: type[Expr], arguments: Sequence[str]) -> str:
    r"""A function applied to arguments that are already LaTeX.

    >>> from sympy import tanh
    >>> print(function_latex(tanh, ["Z_1"]))
    \tanh(Z_1)
    """
    return "".join(_applied(function, arguments))


def _applied(function: type[Expr], arguments: Sequence[str]) -> tuple[str, str]:
    name = function.__name__
    argument = parenthesised(", ".join(arguments))
    if name in FUNCTIONS:
        return FUNCTIONS[name], argument
    if issubclass(function, AppliedUndef):
        stem, marks = name.partition("'")[0], name[len(name.partition("'")[0]) :]
        if marks.strip("'"):
            return rf"\partial_{marks[1:]} {latex_name(stem)}", argument
        primes = "^" + braced(r"\prime" * len(marks)) if marks else ""
        return latex_name(stem) + primes, argument
    slots = {Symbol(f"slot{place}"): text for place, text in enumerate(arguments)}
    return latex(function(*slots), symbol_names=slots), ""


def _from_one(place: Expr) -> Expr:
    """A place on an axis with the indices in it counted from 1, as they are printed."""
    indices = (symbol for symbol in place.free_symbols if isinstance(symbol, Index))
    return place.xreplace({index: index - 1 for index in indices}).expand()


def indexed(name: str, at: str) -> str:
    r"""An entry's LaTeX: a name that has a subscript of its own goes in parentheses.

    >>> print(indexed("yhat", "i"), indexed("W1", "ij"))
    \hat{y}_i (W_1)_{ij}
    """
    text = latex_name(name, script=len(at) == 1)
    return (f"({text})" if "_" in text else text) + subscript(at)


def parenthesised(text: str) -> str:
    """The text in parentheses, tall ones around a fraction."""
    return delimited("(", text, ")")


def braced(text: str) -> str:
    """The text as one LaTeX argument, without braces around a single character or command."""
    return text if len(text) == 1 or text == r"\prime" else f"{{{text}}}"


def delimited(left: str, text: str, right: str) -> str:
    """The text between delimiters, tall ones around a fraction."""
    return rf"\left{left} {text} \right{right}" if _TALL.search(text) else f"{left}{text}{right}"


def _number(text: str) -> _Piece:
    return _Piece(text, SUM if text.startswith("-") else PRODUCT if r"\cdot" in text else ATOM)


def juxtaposed(factors: list[str]) -> str:
    r"""Factors side by side, with a dot where a number follows a factor or stands before a number."""
    text = ""
    for factor in factors:
        if not text:
            text = factor
        elif factor[0].isdigit() or (_ends_in_number(text) and (factor[0].isdigit() or factor.startswith("("))):
            text += rf" \cdot {factor}"
        else:
            text += f" {factor}"
    return text


def _ends_in_number(text: str) -> bool:
    return text[-1].isdigit() and not re.search(r"[_^]\d+$", text)


def equation_latex(equation: Equation, written: Written, align: bool = False, of: tuple[str, ...] = ()) -> str:
    """An equation as LaTeX, its left-hand side a function `of` the named quantities where they are given.

    `align` puts an alignment mark before the equals sign.
    """
    printer = Printer(written)
    left = printer.latex(equation.lhs) + (parenthesised(", ".join(map(latex_name, of))) if of else "")
    return f"{left} {'&' if align else ''}= {printer.latex(equation.rhs)}"


def aligned(rows: list[str]) -> str:
    """Rows with alignment marks as an `aligned` block."""
    return "\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}"


def matrix_latex(matrix: Matrix, printer: Printer) -> str:
    r"""A matrix as a bmatrix.

    >>> print(matrix_latex(Matrix([Symbol("x")]), Printer()))
    \begin{bmatrix} x \end{bmatrix}
    """
    rows = (" & ".join(printer.latex(entry) for entry in matrix.row(row)) for row in range(matrix.rows))
    return r"\begin{bmatrix} " + r" \\ ".join(rows) + r" \end{bmatrix}"
