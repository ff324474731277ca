"""Scalar expressions as plain Python on floats: several times faster than NumPy for one sample at a time.

Where NumPy answers inf or nan this text raises ArithmeticError or ValueError; the caller then asks NumPy.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from sympy import Expr, Max, Min, Mod, Piecewise, Pow, S, Symbol
from sympy.logic.boolalg import And, BooleanFalse, BooleanTrue, Not, Or

from symgrad.equations import Equation
from symgrad.errors import SymgradError
from symgrad.infix import ATOM, PRODUCT, Infix, Piece
from symgrad.tensors.functions import relu, sigmoid

FUNCTIONS = {
    "exp": "exp",
    "log": "log",
    "sin": "sin",
    "cos": "cos",
    "tan": "tan",
    "asin": "asin",
    "acos": "acos",
    "atan": "atan",
    "sinh": "sinh",
    "cosh": "cosh",
    "tanh": "tanh",
    "asinh": "asinh",
    "acosh": "acosh",
    "atanh": "atanh",
    "Abs": "abs",
}

#: The names of `math` that NumPy spells in another way.
IN_NUMPY = {
    "asin": "arcsin",
    "acos": "arccos",
    "atan": "arctan",
    "asinh": "arcsinh",
    "acosh": "arccosh",
    "atanh": "arctanh",
    "pow": "power",
}


@dataclass(frozen=True)
class MathSource(Infix):
    """Prints scalar expressions; `used` collects the functions of `math` that the text needs.

    >>> from sympy import exp
    >>> source = MathSource()
    >>> source.text(exp(Symbol("z"))**2), source.used
    ('exp(2.0*z)', {'exp'})
    """

    used: set[str] = field(default_factory=set)
    temporaries: list[str] = field(default_factory=list)

    def power(self, expr: Pow) -> Piece:
        base, exponent = expr.args
        if exponent == 2:
            name, first = self._named(base)
            return Piece(f"{first}*{name}", PRODUCT)
        if exponent == 3:
            name, first = self._named(base)
            return Piece(f"{first}*{name}*{name}", PRODUCT)
        if exponent.is_Integer or exponent is S.Half or exponent is -S.Half:
            return super().power(expr)
        return Piece(f"{self._math('pow')}({self.text(base)}, {self.text(exponent)})", ATOM)

    def root(self, base: Expr) -> Piece:
        return Piece(f"{self._math('sqrt')}({self.text(base)})", ATOM)

    def constants(self) -> dict[Expr, str]:
        return {S.Pi: "3.141592653589793", S.Exp1: "2.718281828459045"}

    def number(self, expr: Expr) -> Piece:
        if expr.is_Integer:
            return Piece(self.whole(int(expr)), ATOM if expr >= 0 else PRODUCT)
        if expr.is_Rational:
            return Piece(f"{expr.p}/{expr.q}", PRODUCT)
        return Piece(repr(float(expr)), ATOM if expr.is_nonnegative else PRODUCT)

    def whole(self, value: int) -> str:
        # Python computes two floats in half the time that a float and a whole number take.
        return f"{value}.0" if abs(value) < 2**53 else str(value)

    def piecewise(self, expr: Piecewise) -> Piece:
        *branches, (last, condition) = expr.args
        text = self.text(last)
        if condition is not S.true:
            text = f"{text} if {self.text(condition)} else {self._nan()}"
        for value, test in reversed(branches):
            text = f"{self.text(value)} if {self.text(test)} else {text}"
        return Piece(f"({text})", ATOM)

    def function(self, expr: Expr) -> Piece:
        if isinstance(expr, BooleanTrue | BooleanFalse):
            return Piece(str(bool(expr)), ATOM)
        if isinstance(expr, And | Or):
            word = " and " if isinstance(expr, And) else " or "
            return Piece(f"({word.join(self.within(arg, ATOM) for arg in expr.args)})", ATOM)
        if isinstance(expr, Not):
            return Piece(f"(not {self.within(expr.args[0], ATOM)})", ATOM)
        if isinstance(expr, sigmoid):
            return Piece(f"1.0/(1.0 + {self._math('exp')}({self.text(-expr.args[0])}))", PRODUCT)
        if isinstance(expr, relu):
            return self._choice([expr.args[0], S.Zero], ">")
        if isinstance(expr, Max | Min):
            return self._choice(list(expr.args), ">" if isinstance(expr, Max) else "<")
        if isinstance(expr, Mod):
            return Piece(f"{self.within(expr.args[0], ATOM)} % {self.within(expr.args[1], ATOM)}", PRODUCT)
        name = FUNCTIONS.get(expr.func.__name__)
        if name is None or len(expr.args) != 1:
            raise SymgradError(f"{expr} has no form in Python's math")
        return Piece(f"{self._math(name) if name != 'abs' else name}({self.text(expr.args[0])})", ATOM)

    def _choice(self, args: list[Expr], sign: str) -> Piece:
        """The larger or the smaller one; nan where one is nan, as in NumPy, which Python's max hides."""
        text = self.text(args[0])
        for arg in args[1:]:
            name, first = self._named_text(text)
            other, second = ("0.0", "0.0") if arg == 0 else self._named_text(self.text(arg))
            test = f"{first} {sign} {second} or {name} != {name}"
            text = f"({name} if {test} else {other})"
        return Piece(text, ATOM)

    def _named(self, expr: Expr) -> tuple[str, str]:
        """An expression by a name, and as it stands where it is first used."""
        if isinstance(expr, Symbol):
            return expr.name, expr.name
        return self._named_text(self.text(expr))

    def _named_text(self, text: str) -> tuple[str, str]:
        if text.isidentifier():
            return text, text
        name = f"_{len(self.temporaries)}"
        self.temporaries.append(name)
        return name, f"({name} := {text})"

    def _math(self, name: str) -> str:
        self.used.add(name)
        return name

    def _nan(self) -> str:
        return self._math("nan")


def statements(equations: Iterable[Equation], source: MathSource) -> list[str]:
    """Scalar equations as assignments; raises SymgradError for what `math` doesn't have."""
    return [f"{equation.name} = {source.text(equation.rhs)}" for equation in equations]
