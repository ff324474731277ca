"""A normal form of index expressions, in which equal ones are the same: sums of monomials over bound indices.

Products of sums are multiplied out, sums over several indices are ordered and their indices renamed, δ's are
contracted, functions are spelled out in exponentials, choices in indicators, and a denominator's leading monomial is
divided out.  Two expressions with one normal form are equal for all sizes of their axes, wherever both are defined
and off the kinks of a choice.  For polynomials in entries, δ's and sums of them it is complete.
"""

from __future__ import annotations

import functools
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sympy import (
    ITE,
    Abs,
    Add,
    And,
    Expr,
    Function,
    Ge,
    Indexed,
    Integer,
    KroneckerDelta,
    Max,
    Min,
    Mul,
    Not,
    Or,
    Piecewise,
    Pow,
    S,
    Sum,
    Symbol,
    exp,
    expand,
    log,
    sign,
)
from sympy.core.relational import Relational
from sympy.logic.boolalg import BooleanFalse, BooleanTrue

from symgrad.affine import decided
from symgrad.equations import Index, Size, is_place
from symgrad.indices import Largest, reduced, relabelled
from symgrad.naming.terms import Term
from symgrad.tensors.functions import Elementary
from symgrad.verification.monomials import ONE, Monomials, NotNegative, Positive, joined, power_of
from symgrad.verification.ordering import key, level
from symgrad.verification.quotients import IN_EXPONENTIALS, GaveUp

_SPELLED: dict[Any, Any] = {
    **IN_EXPONENTIALS,
    Abs: lambda z: z * (2 * Positive(z) - 1),
    sign: lambda z: 2 * Positive(z) - 1,
    Max: lambda *args: functools.reduce(lambda a, b: b + (a - b) * Positive(a - b), args),
    Min: lambda *args: functools.reduce(lambda a, b: a + (b - a) * Positive(a - b), args),
}


@dataclass
class Normal(Monomials):
    """Normal forms under one model's facts.

    >>> from sympy import IndexedBase
    >>> from symgrad.indices import sigma
    >>> i, j = (Index(name, Size("n")) for name in "ij")
    >>> x, y = IndexedBase("x"), IndexedBase("y")
    >>> Normal().form(sigma(x[i], i) * sigma(y[j] - x[j], j) - sigma(x[i] * y[j], j, i))
    -Sum(x[1.0]*x[1.1], (1.0, 0, n - 1), (1.1, 0, n - 1))
    """

    signs_apart: bool = False  # whether the sign of a product is that of its factors, or of the whole
    kinks: bool = False  # whether some form is right only off the kinks of a choice

    # --- expressions into monomials

    def _flat(self, expr: Expr) -> list[Term]:
        if expr.is_Rational:
            return [Term(expr)] if expr != 0 else []
        if isinstance(expr, Index) and expr.size == 1:
            return []
        if isinstance(expr, Add):
            return [term for arg in expr.args for term in self.terms(arg)]
        if isinstance(expr, Mul | Pow | exp):
            return self._product(expr)
        if isinstance(expr, Sum):
            return self._sum(expr)
        if isinstance(expr, log):
            return self._logarithm(expr.args[0])
        if isinstance(expr, Piecewise):
            return self._choice(expr)
        if isinstance(expr, Largest):
            return [power_of(self._largest(expr))]
        if isinstance(expr, Positive):
            return self._positive(expr.args[0])
        if isinstance(expr, NotNegative):
            return self._not_negative(expr.args[0])
        if expr.func in _SPELLED:
            self.kinks = self.kinks or expr.func in (Abs, sign)
            return list(self.terms(_SPELLED[expr.func](*expr.args)))
        if isinstance(expr, Elementary):
            return list(self.terms(expr.definition(expr.args[0])))
        if isinstance(expr, KroneckerDelta):
            return [power_of(expr)] if expr.args[0] != expr.args[1] else [ONE]
        if isinstance(expr, Indexed):
            return [power_of(expr.base[tuple(_first(index) for index in expr.indices)])]
        if isinstance(expr, Function):
            return [power_of(expr.func(*(self.form(arg) for arg in expr.args)))]
        return [power_of(expr)]

    def _product(self, expr: Expr) -> list[Term]:
        coefficient, powers = self._gathered(expr)
        result = [Term(coefficient)]
        for base, exponent in powers.items():
            result = self._times(result, self._raised(base, exponent))
        return result

    def _gathered(self, expr: Expr) -> tuple[Expr, dict[Expr, Expr]]:
        """A product's rational number, and its factors in normal form with their exponents added."""
        coefficient: Expr = S.One
        powers: dict[Expr, Expr] = defaultdict(lambda: S.Zero)
        todo: list[tuple[Expr, Expr]] = [(expr, S.One)]
        while todo:
            node, exponent = todo.pop()
            if node.is_Rational and exponent.is_Integer:
                if node == 0 and exponent < 0:
                    raise GaveUp
                coefficient = coefficient * node**exponent
            elif isinstance(node, Mul) and exponent.is_Integer:
                todo += [(arg, exponent) for arg in node.args]
            elif isinstance(node, Pow) and node.exp.is_Rational and exponent.is_Integer:
                todo.append((node.base, node.exp * exponent))
            elif isinstance(node, Pow) and not node.exp.is_Rational:
                todo.append((exp(node.exp * log(node.base), evaluate=False), exponent))
            elif isinstance(node, exp):
                todo += self._exponential(node.args[0], exponent, powers)
            else:
                powers[self.form(node) if not isinstance(node, Indexed | Symbol) else node] += exponent
        return coefficient, {base: exponent for base, exponent in powers.items() if exponent != 0}

    def _exponential(self, argument: Expr, exponent: Expr, powers: dict[Expr, Expr]) -> list[tuple[Expr, Expr]]:
        """Adds exp(Σ c·m) as the powers exp(m)ᶜ; exp(log u)ᶜ is left to do as uᶜ, u being positive there."""
        todo, rest = [], []
        for part in Add.make_args(argument):
            number, body = part.as_coeff_Mul()
            if isinstance(body, log) and number.is_Rational:
                todo.append((body.args[0], number * exponent))
            else:
                rest.append(part)
        for term in self.terms(Add(*rest)):
            monomial = joined(Term(S.One, term.powers, term.over))
            if isinstance(monomial, log):
                todo.append((monomial.args[0], term.coefficient * exponent))
            else:
                powers[exp(monomial)] += term.coefficient * exponent
        return todo

    def _raised(self, base: Expr, exponent: Expr) -> list[Term]:
        """A factor in normal form, raised: multiplied out, or kept as a power of something without a common factor."""
        if isinstance(base, exp):
            return [Term(S.One, ((base, exponent),))]
        parts = list(self.terms(base))
        if not parts:
            if exponent > 0:
                return []
            raise GaveUp
        if len(parts) == 1 and not parts[0].over and self._splits(parts[0], exponent):
            only = parts[0]
            number = Term(only.coefficient**exponent) if exponent.is_Integer else self._root(only.coefficient, exponent)
            return [number.times(Term(S.One, tuple((factor, power * exponent) for factor, power in only.powers)))]
        if len(parts) == 1 and not exponent.is_Integer and self._is_square(parts[0], exponent):
            return self._absolute(parts[0], exponent)
        whole = math.ceil(exponent) if exponent > 0 else 0
        result = [ONE]
        for _ in range(whole):
            result = self._times(result, parts)
        left = exponent - whole
        return self._times(result, [self._kept(parts, left)]) if left != 0 else result

    def _splits(self, term: Term, exponent: Expr) -> bool:
        return bool(exponent.is_Integer) or (
            term.coefficient > 0 and all(_is_positive(base) for base, _ in term.powers)
        )

    @staticmethod
    def _is_square(term: Term, exponent: Expr) -> bool:
        """Whether a root of the monomial is a product of absolute values."""
        whole = all(
            _is_positive(b) or (e.is_Integer and e % 2 == 0 and (e * exponent).is_Integer) for b, e in term.powers
        )
        return bool(whole and term.coefficient > 0 and not term.over)

    def _absolute(self, term: Term, exponent: Expr) -> list[Term]:
        """√b² is |b|: b times its sign, whose square is 1."""
        result = [self._root(term.coefficient, exponent)]
        for base, power in term.powers:
            result = self._times(result, [Term(S.One, ((base, power * exponent),))])
            if not _is_positive(base) and (power * exponent) % 2 == 1:
                result = self._times(result, self.terms(2 * Positive(base) - 1))
        return result

    @staticmethod
    def _root(number: Expr, exponent: Expr) -> Term:
        root = number**exponent
        return Term(root) if root.is_Rational else Term(S.One, ((number, exponent),))

    def _kept(self, parts: Sequence[Term], exponent: Expr) -> Term:
        """A sum to a negative power: its common factors in front, what is left as one base."""
        common, rest = self._content(parts, exponent)
        base = Add(*(joined(term) for term in rest))
        number = common.coefficient**exponent
        outside = Term(number) if number.is_Rational else Term(S.One, ((common.coefficient, exponent),))
        outside = outside.times(Term(S.One, tuple((factor, power * exponent) for factor, power in common.powers)))
        return outside.times(Term(S.One, ((base, exponent),)))

    def _content(self, parts: Sequence[Term], exponent: Expr) -> tuple[Term, list[Term]]:
        """The largest number and factors that all the terms share and that may leave a power; and what is left."""
        shared: dict[Expr, Expr] = {}
        for base in {base for term in parts for base, _ in term.powers}:
            if any(not base.free_symbols.isdisjoint(term.over) for term in parts):
                continue
            if exponent.is_Integer or _is_positive(base):
                least = min(dict(term.powers).get(base, S.Zero) for term in parts)
                if least != 0:
                    shared[base] = least
        numerator = functools.reduce(math.gcd, (abs(int(term.coefficient.p)) for term in parts))
        denominator = functools.reduce(math.lcm, (int(term.coefficient.q) for term in parts))
        number = Integer(numerator) / Integer(denominator)
        if exponent.is_Integer and parts[0].coefficient < 0:
            number = -number
        inverse = Term(1 / number, tuple((base, -power) for base, power in shared.items()))
        return Term(number, tuple(shared.items())), list(self._like([term.times(inverse) for term in parts]))

    def _sum(self, expr: Sum) -> list[Term]:
        table = {index: self._fresh(index.size) for index in expr.variables}
        found = []
        for term in self.terms(relabelled(expr.function, table, {})):
            found += self._summed(Term(term.coefficient, term.powers, (*term.over, *table.values())))
        return found

    def _largest(self, expr: Largest) -> Expr:
        body = self.form(expr.function)
        depth = level(body) + 1
        table = {index: Index(f"{depth}.{place}", index.size) for place, index in enumerate(expr.variables)}
        return reduced(Largest, self.form(relabelled(body, table, {})), tuple(table.values()))

    def _logarithm(self, argument: Expr) -> list[Term]:
        """log Π bᵉ is Σ e log|b|: a logarithm that has a value is that of its argument's absolute value."""
        if isinstance(argument, Abs):
            argument = argument.args[0]
        if isinstance(argument, Elementary):
            argument = argument.definition(argument.args[0])
        coefficient, powers = self._gathered(argument)
        term = Term(coefficient)
        for base, exponent in powers.items():
            parts = self.terms(base)
            several = len(parts) > 1 or any(part.over for part in parts)
            raised = [self._kept(parts, exponent)] if several else self._raised(base, exponent)
            if len(raised) != 1:
                raise GaveUp  # the logarithm of 0
            term = term.times(raised[0])
        number = abs(term.coefficient)
        found = [Term(Integer(power), ((log(Integer(prime)), S.One),)) for prime, power in _primes(number)]
        for base, power in term.powers:
            plain = base if _is_positive(base) else Abs(base, evaluate=False)
            inner = self.terms(base.args[0]) if isinstance(base, exp) else (power_of(log(plain)),)
            found += self._times([Term(power)], inner)
        return found

    # --- choices

    def _choice(self, expr: Piecewise) -> list[Term]:
        """Σ value·[its condition holds and none before it did]."""
        found: list[Term] = []
        others = [ONE]
        for value, condition in expr.args:
            holds = self._holds(condition)
            taken = self._times(others, holds)
            found += self._times(taken, self.terms(value))
            others = list(self._like([*others, *self._times([Term(S.NegativeOne)], taken)]))
        if others:
            raise GaveUp  # no value where no condition holds
        return found

    def _holds(self, condition: Any) -> list[Term]:
        """A condition as an indicator: 1 where it holds, 0 where it doesn't."""
        if isinstance(condition, BooleanTrue | BooleanFalse):
            return [ONE] if condition == S.true else []
        if isinstance(condition, Not):
            return self._less(ONE, self._holds(condition.args[0]))
        if isinstance(condition, And | Or):
            parts = [self._holds(arg) for arg in condition.args]
            if isinstance(condition, And):
                return functools.reduce(self._times, parts)
            return self._less(ONE, functools.reduce(self._times, (self._less(ONE, part) for part in parts)))
        if isinstance(condition, ITE):
            test, yes, no = map(self._holds, condition.args)
            return list(self._like([*self._times(test, yes), *self._times(self._less(ONE, test), no)]))
        if not isinstance(condition, Relational):
            raise GaveUp
        gap = condition.lhs - condition.rhs
        whole = is_place(gap)
        if condition.rel_op in ("==", "!="):
            equal = [power_of(KroneckerDelta(condition.lhs, condition.rhs))]
            if not whole:
                equal = [power_of(Function("_equal")(self.form(gap * gap)))]
            return equal if condition.rel_op == "==" else self._less(ONE, equal)
        if condition.rel_op in ("<", "<="):
            gap = -gap
        if whole:
            return self._not_negative(gap if condition.rel_op in (">=", "<=") else gap - 1)
        return self._positive(gap)

    def _less(self, one: Term, terms: Iterable[Term]) -> list[Term]:
        return list(self._like([one, *self._times([Term(S.NegativeOne)], terms)]))

    def _positive(self, gap: Expr) -> list[Term]:
        """[gap > 0], off the kink gap = 0, by the sign of the gap's leading monomial."""
        self.kinks = True
        parts = self.terms(gap)
        if not parts:
            raise GaveUp
        if len(parts) == 1 and not parts[0].over:
            return self._sign_of(parts[0])
        common, rest = self._content(parts, S.One)
        outside = Term(abs(common.coefficient), common.powers)
        flipped = rest[0].coefficient * common.coefficient < 0
        if rest[0].coefficient < 0:
            rest = [Term(-term.coefficient, term.powers, term.over) for term in rest]
        holds = [power_of(Positive(Add(*(joined(term) for term in rest))))]
        holds = self._less(ONE, holds) if flipped else holds
        return self._both_signs(self._sign_of(outside), holds)

    def _sign_of(self, term: Term) -> list[Term]:
        """[c·Π bᵉ > 0]: every indicator among the factors holds, and the others have one sign together."""
        signs = [ONE] if term.coefficient > 0 else []
        holds = [ONE]
        others = ONE
        for base, power in term.powers:
            if _is_positive(base) or (power.is_Integer and power % 2 == 0):
                continue
            if isinstance(base, Positive | NotNegative):
                holds = self._times(holds, [power_of(base)])
            elif self.signs_apart:
                signs = self._both_signs(signs, [power_of(Positive(base))])
            else:
                others = others.times(power_of(base))
        if others != ONE:
            signs = self._both_signs(signs, [power_of(Positive(joined(others)))])
        return self._times(signs, holds)

    def _both_signs(self, one: Sequence[Term], other: Sequence[Term]) -> list[Term]:
        """[ab > 0] from [a > 0] and [b > 0]: both hold, or neither."""
        if list(one) == [ONE]:
            return list(other)
        if not one:
            return self._less(ONE, other)
        twice = self._times(self._times([Term(Integer(2))], one), other)
        less = self._times([Term(S.NegativeOne)], [*one, *other])
        return list(self._like([ONE, *twice, *less]))

    def _not_negative(self, gap: Expr) -> list[Term]:
        """[gap ≥ 0] for a whole number, exactly, by the sign of the gap's leading monomial."""
        gap = expand(gap)
        truth = decided(Ge(gap, 0, evaluate=False))
        if truth in (S.true, S.false):
            return [ONE] if truth == S.true else []
        leading = min(gap.free_symbols, key=key)
        if gap.coeff(leading).could_extract_minus_sign():
            return self._less(ONE, [power_of(NotNegative(expand(-gap - 1)))])
        return [power_of(NotNegative(gap))]


def _first(index: Expr) -> Expr:
    return Integer(0) if isinstance(index, Index) and index.size == 1 else index


def _primes(number: Expr) -> list[tuple[int, int]]:
    return [(int(prime), int(power)) for prime, power in number.factors().items() if prime != 1]


def _is_positive(expr: Expr) -> bool:
    """Whether an expression is above 0 wherever it has a value."""
    if isinstance(expr, exp | Size):
        return True
    if expr.is_Rational:
        return bool(expr > 0)
    if isinstance(expr, Add | Mul):
        return all(_is_positive(arg) for arg in expr.args)
    if isinstance(expr, Pow):
        return bool(expr.exp.is_Rational) and _is_positive(expr.base)
    return isinstance(expr, Sum) and _is_positive(expr.function)
