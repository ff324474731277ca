"""Index expressions as sums of terms: a number, powers of factors, and the indices that are summed over.

Products of sums become one sum over both indices, bound indices never clash, and joining a term splits it again into
the smallest sums.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from sympy import Add, Expr, Indexed, Mul, Pow, S, Sum, Symbol, exp
from sympy.concrete.expr_with_limits import ExprWithLimits

from symgrad.equations import Index, Size
from symgrad.expressions import Order, ordered, product, total
from symgrad.indices import bound_in_order, relabelled, sigma


@dataclass(frozen=True)
class Term:
    """A coefficient, powers (base, exponent) in their written order, and the indices summed over."""

    coefficient: Expr
    powers: tuple[tuple[Expr, Expr], ...] = ()
    over: tuple[Index, ...] = ()

    def times(self, other: Term) -> Term:
        """The product of two terms whose summation indices are different."""
        powers = dict(self.powers)
        for base, exponent in other.powers:
            powers[base] = powers.get(base, S.Zero) + exponent
        return Term(
            self.coefficient * other.coefficient,
            tuple((base, exponent) for base, exponent in powers.items() if not exponent.is_zero),
            self.over + other.over,
        )

    def using(self, index: Index) -> list[tuple[Expr, Expr]]:
        """The powers whose base mentions an index."""
        return [(base, exponent) for base, exponent in self.powers if index in base.free_symbols]


def split(expr: Expr, counter: Iterator[int], written: dict[Expr, Order]) -> list[Term]:
    """The terms of an expression; a sum inside a product stays one factor."""
    if isinstance(expr, Add):
        return [term for part in ordered(expr, written) for term in split(part, counter, written)]
    return [_single(expr, counter, written)]


def _single(expr: Expr, counter: Iterator[int], written: dict[Expr, Order]) -> Term:
    if expr.is_Rational:
        return Term(expr)
    if isinstance(expr, Mul):
        result = Term(S.One)
        for factor in ordered(expr, written):
            result = result.times(_single(factor, counter, written))
        return result
    if isinstance(expr, Sum):
        table = {index: Index(f"_{next(counter)}", index.size) for index in expr.variables}
        inner = _single(relabelled(expr.function, table, written), counter, written)
        return replace(inner, over=(*inner.over, *table.values()))
    if isinstance(expr, Pow) and expr.exp.is_Rational:
        if isinstance(expr.base, Mul) and expr.exp.is_Integer:
            inner = _single(expr.base, counter, written)
            if not inner.over:
                powers = tuple((base, exponent * expr.exp) for base, exponent in inner.powers)
                return Term(inner.coefficient**expr.exp, powers)
        return Term(S.One, ((bound_in_order(expr.base, written), expr.exp),))
    if isinstance(expr, exp):
        return _exponential(expr, written)
    return Term(S.One, ((bound_in_order(expr, written), S.One),))


def _exponential(expr: Expr, written: dict[Expr, Order]) -> Term:
    """SymPy multiplies exponentials by adding their arguments; here each has its own factor again."""
    result = Term(S.One)
    for part in ordered(expr.args[0], written) if isinstance(expr.args[0], Add) else (expr.args[0],):
        number, rest = part.as_coeff_Mul()
        if not number.is_Integer or rest is S.One:
            number, rest = S.One, part
        result = result.times(Term(S.One, ((bound_in_order(exp(rest), written), number),)))
    return result


def joined(term: Term, written: dict[Expr, Order]) -> Expr:
    """The term as an expression, each sum over as few factors as possible."""
    factors = [base**exponent for base, exponent in term.powers]
    outside: list[Expr] = [term.coefficient]
    outside += [index.size for index in term.over if all(index not in factor.free_symbols for factor in factors)]
    inside: list[Expr] = []
    for factor in factors:
        (inside if not factor.free_symbols.isdisjoint(term.over) else outside).append(factor)
    return product((*outside, *_sums(inside, term.over, written)), written)


def _sums(factors: list[Expr], over: tuple[Index, ...], written: dict[Expr, Order]) -> Iterator[Expr]:
    while factors:
        group = [factors.pop(0)]
        indices = set(over) & group[0].free_symbols
        grown = True
        while grown:
            near = [factor for factor in factors if not factor.free_symbols.isdisjoint(indices)]
            factors = [factor for factor in factors if factor.free_symbols.isdisjoint(indices)]
            group += near
            indices |= {index for factor in near for index in over if index in factor.free_symbols}
            grown = bool(near)
        yield sigma(product(group, written), *(index for index in over if index in indices))


def combined(terms: Iterable[Term], written: dict[Expr, Order]) -> Expr:
    """The sum of the terms, like ones added, with the factors that all share in front."""
    like: dict[Expr, tuple[Term, Expr]] = {}
    for term in terms:
        key = bound_in_order(joined(replace(term, coefficient=S.One), written), written)
        known = like.get(key)
        like[key] = (term, term.coefficient + known[1]) if known else (term, term.coefficient)
    kept = _fused([replace(term, coefficient=n) for term, n in like.values() if not n.is_zero], written)
    kept.sort(key=lambda term: bool(term.coefficient.is_negative))  # p - y rather than -y + p
    if not kept:
        return S.Zero
    if len(kept) == 1:
        return joined(kept[0], written)
    common = _common(kept)
    rest = [_divided(term, common) for term in kept]
    return product((joined(common, written), total(_grouped(rest, written), written)), written)


def _fused(terms: list[Term], written: dict[Expr, Order]) -> list[Term]:
    """The terms, two sums that differ in one factor made one: Σ a c - Σ b c is Σ (a - b) c."""
    for place, first in enumerate(terms):
        for later, second in enumerate(terms[place + 1 :], place + 1):
            one = _fused_pair(first, second, written)
            if one is not None:
                rest = [term for at, term in enumerate(terms) if at not in (place, later)]
                return _fused([*rest[:place], one, *rest[place:]], written)
    return terms


def _fused_pair(first: Term, second: Term, written: dict[Expr, Order]) -> Term | None:
    if not first.over or len(first.over) != len(second.over):
        return None
    for order in itertools.permutations(second.over):
        if any(mine.size != theirs.size for mine, theirs in zip(first.over, order, strict=True)):
            continue
        table = dict(zip(order, first.over, strict=True))
        moved = [(bound_in_order(relabelled(base, table, written), written), power) for base, power in second.powers]
        common = [power for power in first.powers if power in moved]
        left = [power for power in first.powers if power not in common]
        right = [power for power in moved if power not in common]
        if len(left) == len(right) == 1 and len(common) + 1 == len(first.powers):
            pair = (Term(first.coefficient, tuple(left)), Term(second.coefficient, tuple(right)))
            shared = [base for base, _ in common if not base.free_symbols.isdisjoint(first.over)]
            indices = [{s for s in part.powers[0][0].free_symbols if isinstance(s, Index)} for part in pair]
            if shared and indices[0] == indices[1] and not indices[0].isdisjoint(first.over):
                parts = sorted((joined(part, written) for part in pair), key=lambda e: bool(e.as_coeff_Mul()[0] < 0))
                return Term(S.One, ((total(parts, written), S.One), *common), first.over)
    return None


def _grouped(terms: list[Term], written: dict[Expr, Order]) -> list[Expr]:
    """The terms, those that share a denominator brought together over it."""
    shared = Counter(base for term in terms for base, exponent in term.powers if exponent.is_negative)
    base = next(
        (base for base, times in shared.most_common() if 1 < times < len(terms) and not isinstance(base, Size)), None
    )
    if base is None:
        return [joined(term, written) for term in terms]
    over = [term for term in terms if dict(term.powers).get(base, S.Zero).is_negative]
    first = terms.index(over[0])
    others = [joined(term, written) for term in terms if term not in over]
    return [*others[:first], combined(over, written), *others[first:]]


def _common(terms: list[Term]) -> Term:
    """The largest term that divides all: powers outside every sum, and the number's size and sign."""
    powers = []
    for base, _ in terms[0].powers:
        found = [dict(term.powers).get(base, S.Zero) for term in terms]
        free = all(base.free_symbols.isdisjoint(term.over) for term in terms)
        if free and all(value.is_positive for value in found):
            powers.append((base, min(found)))
        elif free and all(value.is_negative for value in found):
            powers.append((base, max(found)))
    numbers = [term.coefficient for term in terms]
    number: Expr = abs(numbers[0]) if all(abs(value) == abs(numbers[0]) for value in numbers) else S.One
    if all(value.is_negative for value in numbers):
        number = -number
    return Term(number, tuple(powers))


def _divided(term: Term, by: Term) -> Term:
    inverse = Term(1 / by.coefficient, tuple((base, -exponent) for base, exponent in by.powers))
    quotient = inverse.times(term)
    order = {base: place for place, (base, _) in enumerate(term.powers)}
    return replace(quotient, powers=tuple(sorted(quotient.powers, key=lambda power: order.get(power[0], 0))))


def cost(expr: Expr) -> int:
    """How long an expression is: its quantities and sizes, two for each summed index, more for a long product there."""
    if isinstance(expr, Indexed) or (isinstance(expr, Symbol) and not isinstance(expr, Index)):
        return 1
    if isinstance(expr, ExprWithLimits):
        factors = sum(1 for factor in Mul.make_args(expr.function) if factor.free_symbols)
        return 2 * len(expr.variables) + 3 * max(factors - 2, 0) + cost(expr.function)
    return sum(cost(arg) for arg in expr.args)
