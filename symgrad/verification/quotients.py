"""Equality of scalar expressions, decided by polynomial arithmetic over algebraically independent atoms.

Both sides become quotients of polynomials in atoms: symbols, exponentials of independent arguments, logarithms,
abstract f(z) and f′(z), and so on.  A zero numerator is a proof, for all values where both sides are defined.  It is
complete for rational expressions in symbols, exponentials (tanh, sigmoid, softplus' derivative and the hyperbolic
functions included), sine and cosine, abstract functions, and square roots of atoms; elsewhere it may stay silent.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from sympy import (
    QQ,
    Add,
    Dummy,
    Expr,
    Function,
    Integer,
    Mul,
    Pow,
    Rational,
    S,
    cos,
    cosh,
    exp,
    expand,
    expand_trig,
    log,
    sin,
    sinh,
    tan,
    tanh,
)
from sympy.polys.rings import PolyElement, PolyRing, ring

from symgrad.tensors.functions import Elementary, relu

MOST_TERMS = 20_000
MOST_ANGLES = 12  # of a sum of angles, and times an angle: beyond them the polynomials are long


class GaveUp(Exception):
    """The expressions grew too large, or divide by zero: no proof, and nothing else either."""


IN_EXPONENTIALS = {
    tanh: lambda z: (exp(2 * z) - 1) / (exp(2 * z) + 1),
    sinh: lambda z: (exp(z) - exp(-z)) / 2,
    cosh: lambda z: (exp(z) + exp(-z)) / 2,
    tan: lambda z: sin(z) / cos(z),
}


def equal(left: Expr, right: Expr) -> bool:
    """Whether the two expressions are proved equal; False means no more than that no proof was found.

    >>> from sympy import Symbol
    >>> z = Symbol("z")
    >>> equal(1 - tanh(z) ** 2, 4 / (exp(z) + exp(-z)) ** 2)
    True
    """
    try:
        return _Quotients().vanishes(left - right if left != right else S.Zero)
    except GaveUp:
        return False


@dataclass
class _Quotients:
    """One proof's atoms, and the ring over them."""

    atoms: dict[Expr, int] = field(default_factory=dict)
    denominators: dict[Expr, int] = field(default_factory=dict)

    def vanishes(self, difference: Expr) -> bool:
        """Whether the numerator of the difference is the zero polynomial, modulo the atoms' relations."""
        if difference.is_zero:
            return True
        plain = _in_whole_angles(self._spelled_out(difference))
        self._collect(plain)
        if not self.atoms:
            number = plain.is_zero
            return bool(number)
        atoms = list(self.atoms)
        polynomials, *generators = ring([f"a{place}" for place in range(len(atoms))], QQ)
        numerator, denominator = self._quotient(plain, polynomials, dict(zip(atoms, generators, strict=True)))
        relations = self._relations(dict(zip(atoms, generators, strict=True)), polynomials)
        if relations:
            numerator, denominator = numerator.rem(relations), denominator.rem(relations)
        if denominator == 0:
            raise GaveUp  # 0/0, such as 1/(sin² + cos² - 1), equals nothing
        return bool(numerator == 0)

    def _spelled_out(self, expr: Expr) -> Expr:
        """The expression with each function by its definition, down to exponentials, and arguments expanded."""
        if not expr.args:
            return expr
        args = tuple(self._spelled_out(arg) if isinstance(arg, Expr) else arg for arg in expr.args)
        if expr.func in IN_EXPONENTIALS:
            return self._spelled_out(IN_EXPONENTIALS[expr.func](args[0]))
        if isinstance(expr, Elementary) and not isinstance(expr, relu):
            return self._spelled_out(expr.definition(args[0]))
        if isinstance(expr, Function):
            return expr.func(*(expand(arg) if isinstance(arg, Expr) else arg for arg in args))
        if isinstance(expr, Pow) and not args[1].is_Rational:
            return exp(expand(args[1] * log(args[0]))) if args[0] is not S.Exp1 else exp(expand(args[1]))
        return expr if args == expr.args else expr.func(*args)

    def _collect(self, expr: Expr) -> None:
        """Registers the atoms of the expression, exponentials by the monomials of their arguments."""
        if expr.is_Rational:
            return
        if isinstance(expr, Add | Mul):
            for arg in expr.args:
                self._collect(arg)
        elif isinstance(expr, Pow) and expr.exp.is_Integer:
            self._collect(expr.base)
        elif isinstance(expr, exp):
            for coefficient, monomial in self._monomials(expr):
                if isinstance(monomial, log) and coefficient.is_Integer:
                    self._collect(monomial.args[0])
                    continue
                self.atoms.setdefault(exp(monomial), len(self.atoms))
                known = self.denominators.get(exp(monomial), 1)
                self.denominators[exp(monomial)] = (
                    int(Integer(known).lcm(coefficient.q)) if known else int(coefficient.q)
                )
        elif isinstance(expr, Pow) and expr.exp.is_Rational:
            self.atoms.setdefault(Pow(expr.base, Rational(1, expr.exp.q)), len(self.atoms))
            self._collect(expr.base)
        elif isinstance(expr, sin | cos):
            self.atoms.setdefault(sin(expr.args[0]), len(self.atoms))
            self.atoms.setdefault(cos(expr.args[0]), len(self.atoms))
        else:
            self.atoms.setdefault(expr, len(self.atoms))

    @staticmethod
    def _monomials(expr: Expr) -> list[tuple[Rational, Expr]]:
        pairs = []
        for term in Add.make_args(expand(expr.args[0])):
            coefficient, monomial = term.as_coeff_Mul()
            if not coefficient.is_Rational:
                coefficient, monomial = S.One, term
            pairs.append((coefficient, monomial))
        return pairs

    def _quotient(self, expr: Expr, over: PolyRing, generator: dict[Expr, Any]) -> tuple[PolyElement, PolyElement]:
        """The expression as numerator and denominator."""
        if expr.is_Rational:
            return over(QQ(int(expr.p), int(expr.q))), over(1)
        if isinstance(expr, Add):
            numerator, denominator = over(0), over(1)
            for arg in expr.args:
                top, bottom = self._quotient(arg, over, generator)
                if bottom == denominator:
                    numerator = numerator + top
                else:
                    numerator, denominator = numerator * bottom + top * denominator, denominator * bottom
                self._bounded(numerator, denominator)
            return numerator, denominator
        if isinstance(expr, Mul):
            numerator, denominator = over(1), over(1)
            for arg in expr.args:
                top, bottom = self._quotient(arg, over, generator)
                numerator, denominator = numerator * top, denominator * bottom
                self._bounded(numerator, denominator)
            return numerator, denominator
        if isinstance(expr, exp):
            return self._exponential(expr, over, generator)
        if isinstance(expr, Pow) and expr.exp.is_Rational:
            root = expr.base if expr.exp.is_Integer else Pow(expr.base, Rational(1, expr.exp.q))
            top, bottom = self._quotient(root, over, generator) if expr.exp.is_Integer else (generator[root], over(1))
            return self._raised(top, bottom, int(expr.exp.p))
        return generator[expr], over(1)

    def _exponential(self, expr: Expr, over: PolyRing, generator: dict[Expr, Any]) -> tuple[PolyElement, PolyElement]:
        numerator, denominator = over(1), over(1)
        for coefficient, monomial in self._monomials(expr):
            if isinstance(monomial, log) and coefficient.is_Integer:
                top, bottom = self._raised(*self._quotient(monomial.args[0], over, generator), int(coefficient))
            else:
                steps = int(coefficient * self.denominators[exp(monomial)])
                top, bottom = self._raised(generator[exp(monomial)], over(1), steps)
            numerator, denominator = numerator * top, denominator * bottom
        return numerator, denominator

    def _raised(self, top: PolyElement, bottom: PolyElement, power: int) -> tuple[PolyElement, PolyElement]:
        if abs(power) * max(len(top), len(bottom)) > MOST_TERMS:
            raise GaveUp
        top, bottom = (bottom, top) if power < 0 else (top, bottom)
        return top ** abs(power), bottom ** abs(power)

    def _bounded(self, *polynomials: PolyElement) -> None:
        if any(len(polynomial) > MOST_TERMS for polynomial in polynomials):
            raise GaveUp

    def _relations(self, generator: dict[Expr, Any], over: PolyRing) -> list[PolyElement]:
        """sin² + cos² = 1 for each argument, and rᵏ = u for a root r of a polynomial u."""
        relations = []
        for atom, letter in generator.items():
            if isinstance(atom, cos):
                relations.append(letter**2 + generator[sin(atom.args[0])] ** 2 - 1)
            elif isinstance(atom, Pow) and not atom.exp.is_Integer and atom.exp.is_Rational:
                top, bottom = self._quotient(atom.base, over, generator)
                relations.append(bottom * letter ** int(atom.exp.q) - top)
        return relations


def _in_whole_angles(expr: Expr) -> Expr:
    """The expression with sines and cosines of sums and multiples of angles expanded into those of the angles."""
    found = expr.atoms(sin, cos)
    shares: dict[Expr, int] = {}
    for node in found:
        for term in Add.make_args(expand(node.args[0])):
            number, angle = term.as_coeff_Mul()
            if number.is_Rational:
                shares[angle] = math.lcm(shares.get(angle, 1), int(number.q))
    parts = {angle: Dummy() for angle in shares}
    back = {part: angle / shares[angle] for angle, part in parts.items()}
    table = {}
    for node in found:
        pairs = [term.as_coeff_Mul() for term in Add.make_args(expand(node.args[0]))]
        if len(pairs) > MOST_ANGLES or any(abs(n * shares.get(angle, 1)) > MOST_ANGLES for n, angle in pairs):
            continue
        inner = Add(*(n * shares[angle] * parts[angle] if angle in parts else n * angle for n, angle in pairs))
        table[node] = expand_trig(node.func(inner)).xreplace(back)
    return expr.xreplace(table) if table else expr
