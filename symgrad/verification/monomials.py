"""Monomials of index expressions, their arithmetic, and the rules that bring one to its normal form.

A monomial is a number, powers of factors, and the indices that are summed over.  Products keep bound indices apart;
the rules contract δ's, use facts, cancel inverses and divide a denominator's leading monomial out; like monomials
are those that a renaming of their bound indices makes the same.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from sympy import (
    Add,
    Expr,
    Function,
    Indexed,
    KroneckerDelta,
    Mul,
    S,
    Sum,
)
from sympy.concrete.expr_with_limits import ExprWithLimits

from symgrad.equations import Index
from symgrad.facts import SumFact
from symgrad.indices import Largest, declared_sum, relabelled, sigma
from symgrad.naming.terms import Term
from symgrad.tensors.functions import MatrixInverse
from symgrad.verification.ordering import key, key_of, level, orders, pair_key
from symgrad.verification.quotients import GaveUp

MOST_TERMS = 20_000


class Positive(Function):  # type: ignore[misc]  # SymPy has no type stubs
    """1 where a quantity is above 0, 0 where it is below."""

    nargs = 1


class NotNegative(Function):  # type: ignore[misc]  # SymPy has no type stubs
    """1 where a whole number is at least 0, 0 elsewhere."""

    nargs = 1


ONE = Term(S.One)


@dataclass
class Monomials:
    """The arithmetic of monomials under one model's facts; `axes` knows the sizes of each quantity's axes."""

    facts: tuple[SumFact, ...] = ()
    axes: Mapping[str, tuple[Expr, ...]] = field(default_factory=dict)
    _terms: dict[Expr, tuple[Term, ...]] = field(default_factory=dict, init=False, repr=False)
    _counter: Iterator[int] = field(default_factory=itertools.count, init=False, repr=False)

    def form(self, expr: Expr) -> Expr:
        """The normal form; raises GaveUp."""
        return Add(*(joined(term) for term in self.terms(expr)))

    def terms(self, expr: Expr) -> tuple[Term, ...]:
        """The normal form's monomials, in order; none for 0."""
        known = self._terms.get(expr)
        if known is None:
            known = self._terms[expr] = self._like(self._flat(expr))
        return known

    def _flat(self, expr: Expr) -> list[Term]:
        raise NotImplementedError  # what an expression is as monomials is for the normal form to say

    # --- products and sums

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

    def _fresh(self, size: Expr) -> Index:
        return Index(f"${next(self._counter)}", size)  # a name that nothing else has

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
            if matrix.base != inverse.args[0] or matrix.indices[:-2] != inverse.places or index in inverse.places:
                continue
            (a, b), (c, d) = matrix.indices[-2:], inverse.args[1:3]
            pair = (a, d) if b == c == index else (c, b) if a == d == index else None
            if pair is not None and not any(index in place.free_symbols for place in pair):
                left = self._with(term, {matrix: S.Zero, inverse: S.Zero})
                over = tuple(i for i in term.over if i != index)
                delta = [power_of(KroneckerDelta(*pair))] if pair[0] != pair[1] else [ONE]
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


def power_of(base: Expr) -> Term:
    """The monomial of one factor."""
    return Term(S.One, ((base, S.One),))


def joined(term: Term) -> Expr:
    """The monomial as an expression."""
    body = Mul(*(base**power for base, power in term.powers))
    return Mul(term.coefficient, sigma(body, *term.over) if term.over else body)


def _is_sign(base: Add) -> bool:
    """Whether a sum is 2·[u > 0] - 1, the sign of u, which is its own inverse."""
    return len(base.args) == 2 and isinstance(base + 1, Mul) and isinstance((base + 1) / 2, Positive)
