"""A normal form of index expressions, in which equal ones are the same: sums of monomials over bound indices.

Products of sums are multiplied out, sums over several indices are ordered and their indices renamed, δ's are
contracted, functions are spelled out in exponentials, choices in indicators, and a denominator's leading monomial is
divided out.  Two expressions with one normal form are equal for all sizes of their axes, wherever both are defined
and off the kinks of a choice.  For polynomials in entries, δ's and sums of them it is complete.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
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
from sympy.concrete.expr_with_limits import ExprWithLimits
from sympy.core.relational import Relational
from sympy.logic.boolalg import BooleanFalse, BooleanTrue

from symgrad.adjoint import decided
from symgrad.equations import Index, Size, is_place
from symgrad.facts import SumFact
from symgrad.indices import Largest, declared_sum, reduced, relabelled, sigma
from symgrad.naming.terms import Term
from symgrad.tensors.functions import Elementary, MatrixInverse
from symgrad.verification.ordering import key, key_of, level, orders, pair_key
from symgrad.verification.quotients import IN_EXPONENTIALS, GaveUp

MOST_TERMS = 20_000


class Positive(Function):  # type: ignore[misc]  # SymPy has no type stubs
    """1 where a quantity is above 0, 0 where it is below."""

    nargs = 1


class NotNegative(Function):  # type: ignore[misc]  # SymPy has no type stubs
    """1 where a whole number is at least 0, 0 elsewhere."""

    nargs = 1


_SPELLED: dict[Any, Any] = {
    **IN_EXPONENTIALS,
    Abs: lambda z: z * (2 * Positive(z) - 1),
    sign: lambda z: 2 * Positive(z) - 1,
    Max: lambda *args: functools.reduce(lambda a, b: b + (a - b) * Positive(a - b), args),
    Min: lambda *args: functools.reduce(lambda a, b: a + (b - a) * Positive(a - b), args),
}
ONE = Term(S.One)


@dataclass
class Normal:
    """Normal forms under one model's facts; `axes` knows the sizes of each quantity's axes."""

    facts: tuple[SumFact, ...] = ()
    axes: Mapping[str, tuple[Expr, ...]] = field(default_factory=dict)
    signs_apart: bool = False  # whether the sign of a product is that of its factors, or of the whole
    kinks: bool = False  # whether some form is right only off the kinks of a choice
    _terms: dict[Expr, tuple[Term, ...]] = field(default_factory=dict)
    _counter: Iterator[int] = field(default_factory=itertools.count)

    def form(self, expr: Expr) -> Expr:
        """The normal form; raises GaveUp.

        >>> from sympy import IndexedBase
        >>> i, j = (Index(name, Size("n")) for name in "ij")
        >>> x, y = IndexedBase("x"), IndexedBase("y")
        >>> Normal().form(sigma(x[i], i) * sigma(y[j] - x[j], j) - sigma(x[i] * y[j], j, i))
        -Sum(x[1.0]*x[1.1], (1.0, 0, n - 1), (1.1, 0, n - 1))
        """
        return Add(*(_joined(term) for term in self.terms(expr)))

    def terms(self, expr: Expr) -> tuple[Term, ...]:
        """The normal form's monomials, in order; none for 0."""
        known = self._terms.get(expr)
        if known is None:
            known = self._terms[expr] = self._like(self._flat(expr))
        return known

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
            return [_power(self._largest(expr))]
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
            return [_power(expr)] if expr.args[0] != expr.args[1] else [ONE]
        if isinstance(expr, Indexed):
            return [_power(expr.base[tuple(_first(index) for index in expr.indices)])]
        if isinstance(expr, Function):
            return [_power(expr.func(*(self.form(arg) for arg in expr.args)))]
        return [_power(expr)]

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
            monomial = _joined(Term(S.One, term.powers, term.over))
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
        base = Add(*(_joined(term) for term in rest))
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

    def _fresh(self, size: Expr) -> Index:
        return Index(f"${next(self._counter)}", size)  # a name that nothing else has

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
            inner = self.terms(base.args[0]) if isinstance(base, exp) else (_power(log(plain)),)
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
            equal = [_power(KroneckerDelta(condition.lhs, condition.rhs))]
            if not whole:
                equal = [_power(Function("_equal")(self.form(gap * gap)))]
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
        holds = [_power(Positive(Add(*(_joined(term) for term in rest))))]
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
                holds = self._times(holds, [_power(base)])
            elif self.signs_apart:
                signs = self._both_signs(signs, [_power(Positive(base))])
            else:
                others = others.times(_power(base))
        if others != ONE:
            signs = self._both_signs(signs, [_power(Positive(_joined(others)))])
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
            return self._less(ONE, [_power(NotNegative(expand(-gap - 1)))])
        return [_power(NotNegative(gap))]

    # --- monomials

    def _times(self, left: Iterable[Term], right: Iterable[Term]) -> list[Term]:
        """The product, each monomial with bound indices of its own."""
        found: list[Term] = []
        right = list(right)
        for one in left:
            for other in right:
                found += self._settled(one.times(self._apart(other) if one.over or other.powers else other))
                if len(found) > MOST_TERMS:
                    raise GaveUp
        return found

    def _apart(self, term: Term) -> Term:
        return self._renamed(term, {index: self._fresh(index.size) for index in term.over})

    def _renamed(self, term: Term, table: Mapping[Expr, Expr]) -> Term:
        """The term with indices replaced, each base in normal form again."""
        if not table:
            return term
        result = Term(term.coefficient)
        for base, power in term.powers:
            result = result.times(Term(S.One, ((self._moved(base, table), power),)))
        return Term(result.coefficient, result.powers, tuple(table.get(index, index) for index in term.over))

    def _moved(self, base: Expr, table: Mapping[Expr, Expr]) -> Expr:
        if base.free_symbols.isdisjoint(table):
            return base
        moved = relabelled(base, table, {})
        if isinstance(base, Indexed):
            return moved
        return self._again(moved) if base.has(ExprWithLimits) else moved

    def _again(self, base: Expr) -> Expr:
        """A base whose indices have changed, its own bound indices named in order again."""
        if isinstance(base, Add | Sum):
            return self.form(base)
        args = [self._again(arg) if isinstance(arg, Expr) and arg.has(ExprWithLimits) else arg for arg in base.args]
        return base if isinstance(base, Largest) else base.func(*args)

    def _summed(self, term: Term) -> list[Term]:
        """A monomial under its sums, those done that can be."""
        for index in term.over:
            rest = tuple(other for other in term.over if other != index)
            if index.size == 1:
                moved = self._renamed(Term(term.coefficient, term.powers, rest), {index: S.Zero})
                return self._summed(moved)
            if not term.using(index):
                return self._times(self._summed(Term(term.coefficient, term.powers, rest)), self.terms(index.size))
        return self._settled(term)

    def _settled(self, term: Term) -> list[Term]:
        """The monomials that one becomes by the rules for δ, indicators, facts, inverses and denominators."""
        todo, done = [term], []
        while todo:
            term = todo.pop()
            changed = self._step(term)
            if changed is None:
                done.append(term)
            else:
                todo += changed
            if len(todo) + len(done) > MOST_TERMS:
                raise GaveUp
        return done

    def _step(self, term: Term) -> list[Term] | None:
        for base, power in term.powers:
            if isinstance(base, Positive | NotNegative | KroneckerDelta) and power != 1 and power > 0:
                return [self._with(term, {base: S.One})]
            if isinstance(base, KroneckerDelta):
                found = self._contracted(term, base)
                if found is not None:
                    return found
            if power <= -1 and isinstance(base, Sum):
                found = self._cancelled(term, base, power)
                if found is not None:
                    return found
            if power < 0 and power.is_Integer and isinstance(base, Add) and _is_sign(base):
                left = self._with(term, {base: S.Zero})
                return self._times([left], self.terms(base)) if power % 2 == 1 else [left]
            if power <= -1 and isinstance(base, Add):
                found = self._divided(term, base, power)
                if found is not None:
                    return found
        for index in term.over:
            inside = term.using(index)
            if len(inside) == 1:
                found = self._declared(term, index, *inside[0])
            elif len(inside) == 2:
                found = self._inverted(term, index, inside)
            else:
                continue
            if found is not None:
                return found
        return None

    @staticmethod
    def _with(term: Term, powers: Mapping[Expr, Expr]) -> Term:
        """The term with other exponents for some bases; 0 takes one away."""
        changed = {**dict(term.powers), **powers}
        return Term(term.coefficient, tuple((b, e) for b, e in changed.items() if e != 0), term.over)

    def _contracted(self, term: Term, delta: KroneckerDelta) -> list[Term] | None:
        """δ_ij with a bound i puts j in its place; with free ones, the first name for both in the other factors."""
        if delta.args[0] == delta.args[1]:
            return [self._with(term, {delta: S.Zero})]
        if all(arg.is_Integer for arg in delta.args):
            return []
        for index, other in (delta.args, delta.args[::-1]):
            if index in term.over and self._on_axis(other, index.size):
                left = self._with(term, {delta: S.Zero})
                rest = Term(left.coefficient, left.powers, tuple(i for i in term.over if i != index))
                return self._summed(self._renamed(rest, {index: other}))
        first, second = sorted(delta.args, key=key)
        if isinstance(second, Index) and self._on_axis(first, second.size):
            others = self._with(term, {delta: S.Zero})
            if any(second in base.free_symbols for base, _ in others.powers) and second not in term.over:
                moved = self._renamed(others, {second: first})
                return [moved.times(Term(S.One, ((delta, S.One),)))]
        return None

    @staticmethod
    def _on_axis(place: Expr, size: Expr) -> bool:
        if isinstance(place, Index):
            return bool(place.size == size)
        return bool(place.is_Integer and place >= 0 and (size - place).is_positive)

    def _cancelled(self, term: Term, base: Sum, power: Expr) -> list[Term] | None:
        """(Σ f)·(Σ f)⁻¹ is 1."""
        (pattern,) = self.terms(base)
        for images in itertools.permutations(term.over, len(pattern.over)):
            if any(one.size != other.size for one, other in zip(images, pattern.over, strict=True)):
                continue
            inside = [pair for pair in term.powers if not pair[0].free_symbols.isdisjoint(images)]
            moved = self._renamed(pattern, dict(zip(pattern.over, images, strict=True)))
            if dict(inside) == dict(moved.powers) and len(inside) == len(moved.powers):
                left = self._with(term, {**dict.fromkeys(dict(inside), S.Zero), base: power + 1})
                over = tuple(index for index in term.over if index not in images)
                return [Term(left.coefficient, left.powers, over).times(Term(1 / pattern.coefficient))]
        return None

    def _divided(self, term: Term, base: Add, power: Expr) -> list[Term] | None:
        """m/(c·m + r) is (1 - r/(c·m + r))/c for the denominator's leading monomial m; 1/(m(c·m + r)) in two parts."""
        parts = self.terms(base)
        plain = [part for part in parts if not part.over and part.powers]
        if not plain:
            return None
        leading = max(plain, key=lambda part: (sum(e for _, e in part.powers), key_of(part)))
        others = [part for part in parts if part != leading]
        mine = dict(term.powers)
        if all(mine.get(b, S.Zero) >= e for b, e in leading.powers):
            left = self._over(term, leading)
            found = [self._with(left, {base: power + 1})]
            for part in others:
                found += self._times([Term(-left.coefficient, left.powers, left.over)], [part])
            return found
        if len(others) == 1 and not others[0].over and any(mine.get(b, S.Zero) < 0 for b, _ in leading.powers):
            left = self._over(term, others[0])
            negative = Term(-left.coefficient, left.powers, left.over)
            return [self._with(left, {base: power + 1}), negative.times(leading)]
        return None

    def _over(self, term: Term, divisor: Term) -> Term:
        """The term over one without sums."""
        return term.times(Term(1 / divisor.coefficient, tuple((b, -e) for b, e in divisor.powers)))

    def _declared(self, term: Term, index: Index, base: Expr, power: Expr) -> list[Term] | None:
        """A sum that a fact gives."""
        total = declared_sum(base, index, self.facts, self.axes) if isinstance(base, Indexed) and power == 1 else None
        if total is None:
            return None
        left = self._with(term, {base: S.Zero})
        over = tuple(other for other in term.over if other != index)
        return self._times([Term(left.coefficient, left.powers, over)], self.terms(total))

    def _inverted(self, term: Term, index: Index, inside: list[tuple[Expr, Expr]]) -> list[Term] | None:
        """Σ_j A_ij (A⁻¹)_jk is δ_ik, and so from the other side."""
        for (matrix, one), (inverse, other) in (inside, inside[::-1]):
            if not (isinstance(inverse, MatrixInverse) and isinstance(matrix, Indexed) and one == other == 1):
                continue
            if matrix.base != inverse.args[0] or len(matrix.indices) != 2:
                continue
            (a, b), (c, d) = matrix.indices, inverse.args[1:3]
            pair = (a, d) if b == c == index else (c, b) if a == d == index else None
            if pair is not None and not any(index in place.free_symbols for place in pair):
                left = self._with(term, {matrix: S.Zero, inverse: S.Zero})
                over = tuple(i for i in term.over if i != index)
                delta = [_power(KroneckerDelta(*pair))] if pair[0] != pair[1] else [ONE]
                return self._times([Term(left.coefficient, left.powers, over)], delta)
        return None

    # --- like monomials

    def _like(self, terms: Iterable[Term]) -> tuple[Term, ...]:
        """The monomials in order, like ones added."""
        found: dict[Term, Expr] = {}
        for term in terms:
            alike = self._canonical(Term(S.One, term.powers, term.over))
            found[alike] = found.get(alike, S.Zero) + term.coefficient
        kept = [Term(number, alike.powers, alike.over) for alike, number in found.items() if number != 0]
        return tuple(sorted(kept, key=key_of))

    def _canonical(self, term: Term) -> Term:
        """The monomial with its bound indices named by how they are used, and its factors in order."""
        if not term.over:
            return Term(term.coefficient, tuple(sorted(term.powers, key=pair_key)))
        depth = 1 + max((level(base) for base, _ in term.powers), default=0)
        best: Term | None = None
        for order in orders(term):
            table = {index: Index(f"{depth}.{place}", index.size) for place, index in enumerate(order)}
            moved = self._renamed(term, table)
            named = Term(S.One, tuple(sorted(moved.powers, key=pair_key)), tuple(sorted(moved.over, key=key)))
            if best is None or key_of(named) < key_of(best):
                best = named
        assert best is not None  # there is at least one order
        return best


def _first(index: Expr) -> Expr:
    return Integer(0) if isinstance(index, Index) and index.size == 1 else index


def _power(base: Expr) -> Term:
    return Term(S.One, ((base, S.One),))


def _joined(term: Term) -> Expr:
    """The monomial as an expression."""
    body = Mul(*(base**power for base, power in term.powers))
    return Mul(term.coefficient, sigma(body, *term.over) if term.over else body)


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


def _is_sign(base: Add) -> bool:
    """Whether a sum is 2·[u > 0] - 1, the sign of u, which is its own inverse."""
    return len(base.args) == 2 and isinstance(base + 1, Mul) and isinstance((base + 1) / 2, Positive)
