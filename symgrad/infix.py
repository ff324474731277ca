"""Expressions as infix source text, in the order in which they were written: what Python and a reader share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sympy import Add, Expr, Indexed, Mul, Number, Piecewise, Pow, S, Sum, Symbol
from sympy.core.relational import Relational

from symgrad.expressions import Written, exact, ordered
from symgrad.tensors.functions import Determinant, MatrixInverse

SUM, MATMUL, PRODUCT, POWER, ATOM = 1, 2, 3, 4, 5  # how tightly a piece of text binds


@dataclass(frozen=True)
class Piece:
    """A piece of text and how tightly it binds; in a template `{0:tight}` puts a sum or a sign in parentheses."""

    text: str
    level: int

    def __format__(self, spec: str) -> str:
        return f"({self.text})" if spec == "tight" and self.level < POWER else self.text


_METHODS: dict[type, str] = {
    Symbol: "symbol",
    Add: "sum",
    Mul: "product",
    Pow: "power",
    Indexed: "entry",
    Sum: "sigma",
    Number: "number",
    Piecewise: "piecewise",
    Relational: "relation",
}


@dataclass(frozen=True)
class Infix:
    """Prints expressions as text; a subclass says how it spells functions, entries and sums over indices.

    >>> x, y = Symbol("x"), Symbol("yhat")
    >>> Infix({y - x: (y, -x)}).text((y - x) ** 2 / 2)
    '(yhat - x)**2/2'
    """

    written: Written = field(default_factory=dict)

    def text(self, expr: Expr) -> str:
        """The expression as text."""
        return self.piece(expr).text

    def piece(self, expr: Expr) -> Piece:
        """The expression as text, with how tightly it binds."""
        method = _METHODS.get(type(expr)) or next((_METHODS[kind] for kind in _METHODS if isinstance(expr, kind)), None)
        if method is not None:
            found: Piece = getattr(self, method)(expr)
            return found
        return self.number(expr) if expr.is_number and expr.is_Atom else self.function(expr)

    def symbol(self, symbol: Symbol) -> Piece:
        """A quantity, a size or an index by its name."""
        return Piece(symbol.name, ATOM)

    def entry(self, expr: Indexed) -> Piece:
        """An entry of a quantity with axes."""
        return Piece(f"{expr.base.label}[{', '.join(self.text(index) for index in expr.indices)}]", ATOM)

    def sigma(self, expr: Sum) -> Piece:
        """A sum over indices."""
        over = ", ".join(index.name for index in expr.variables)
        return Piece(f"Sum({self.text(expr.function)}, {over})", ATOM)

    def piecewise(self, expr: Piecewise) -> Piece:
        """A choice between branches."""
        branches = ", ".join(f"({self.text(value)}, {self.text(condition)})" for value, condition in expr.args)
        return Piece(f"Piecewise({branches})", ATOM)

    def function(self, expr: Expr) -> Piece:
        """An applied function, or an operation that has no sign of its own."""
        if isinstance(expr, MatrixInverse):
            return Piece(f"inv({self._inverted(expr)})[{self.text(expr.args[1])}, {self.text(expr.args[2])}]", ATOM)
        if isinstance(expr, Determinant):
            return Piece(f"det({self._inverted(expr)})", ATOM)
        args = ", ".join(self.text(arg) for arg in expr.args)
        return Piece(f"{expr.func.__name__}({args})" if expr.args else str(expr), ATOM)

    def _inverted(self, expr: MatrixInverse | Determinant) -> str:
        """The matrix that an inverse or a determinant is of: A, or A[i] of a family."""
        places = f"[{', '.join(map(self.text, expr.places))}]" if expr.places else ""
        return f"{expr.args[0].label}{places}"

    def constants(self) -> Mapping[Expr, str]:
        """How numbers that have a name are spelled."""
        return {S.Pi: "pi", S.Exp1: "e", S.Infinity: "oo"}

    def within(self, expr: Expr, level: int) -> str:
        """The expression as text, in parentheses if it binds less tightly than the level."""
        piece = self.piece(expr)
        return piece.text if piece.level >= level else f"({piece.text})"

    def number(self, expr: Expr) -> Piece:
        """A number: a fraction, or a decimal where it was written as one."""
        if expr in self.constants():
            return Piece(self.constants()[expr], ATOM)
        if expr.is_Rational and not expr.is_Integer and expr not in self.written and -expr not in self.written:
            return Piece(f"{expr.p}/{expr.q}", PRODUCT)
        return Piece(self._digits(expr), ATOM if expr.is_nonnegative else PRODUCT)

    def _digits(self, expr: Expr) -> str:
        """All digits of a number; a large whole one that was written with an exponent, 1e30, has one again."""
        if not expr.is_Integer:
            return repr(float(expr))
        short = f"{float(expr):g}" if abs(expr) < 10**300 else ""
        powered = "e" in short and exact(short) == expr and (expr in self.written or -expr in self.written)
        return short if powered else str(expr)

    def relation(self, expr: Relational) -> Piece:
        """A comparison."""
        return Piece(f"{self.text(expr.lhs)} {expr.rel_op} {self.text(expr.rhs)}", 0)

    def sum(self, expr: Add) -> Piece:
        """A sum, its terms in their written order."""
        text = ""
        for term in ordered(expr, self.written):
            piece = self.within(term, SUM)
            text += (f" - {piece[1:]}" if piece.startswith("-") else f" + {piece}") if text else piece
        return Piece(text, SUM)

    def product(self, expr: Mul) -> Piece:
        """A product, its factors in their written order, divisors at the end."""
        over, under, sign = [], [], ""
        for factor in sorted(ordered(expr, self.written), key=lambda item: not item.is_Number):
            if factor.is_Rational and factor.is_negative:
                sign, factor = "-", -factor
            if factor.is_Rational and factor.p == 1 and factor not in self.written:
                under.extend([str(factor.q)] if factor.q != 1 else [])
            elif isinstance(factor, Pow) and factor.exp.is_Rational and factor.exp < 0:
                under.append(self.within(factor.base**-factor.exp, POWER))
            else:
                over.append(self.within(factor, PRODUCT))
        text = sign + ("*".join(over) or "1")
        if under:
            text += f"/({'*'.join(under)})" if len(under) > 1 else f"/{under[0]}"
        return Piece(text, PRODUCT)

    def power(self, expr: Pow) -> Piece:
        """A power, a quotient, or a root."""
        base, exponent = expr.args
        if exponent.is_Rational and exponent < 0:
            return Piece(f"1/{self.within(base**-exponent, POWER)}", PRODUCT)
        if exponent is S.Half:
            return self.root(base)
        return Piece(f"{self.within(base, ATOM)}**{self.within(exponent, ATOM)}", POWER)

    def root(self, base: Expr) -> Piece:
        """A square root."""
        return Piece(f"sqrt({self.text(base)})", ATOM)
