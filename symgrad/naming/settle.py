"""An expression settled: named quantities put back, facts used, like terms added, common factors in front."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from sympy import Add, Expr, Indexed, KroneckerDelta, S, Symbol, expand_mul
from sympy.concrete.expr_with_limits import ExprWithLimits

from symgrad.equations import Index, names_in
from symgrad.expressions import Order, ordered
from symgrad.indices import Definitions, bound_in_order, declared_sum, inlined, only_place, relabelled, sigma
from symgrad.naming.known import Definition, Known, matches
from symgrad.naming.terms import Term, combined, cost, split

DEPTH = 3  # how many definitions deep a sum is looked into
MOST_EXPANDED = 24  # terms


@dataclass(frozen=True)
class Settling:
    """The knowledge that settles expressions of one model."""

    known: Known
    counter: Iterator[int]
    written: dict[Expr, Order]

    def settled(self, expr: Expr, depth: int = DEPTH) -> Expr:
        """The expression with every name and fact put back that makes it shorter."""
        return self._settled(split(expr, self.counter, self.written), depth)

    def written_out(self, expr: Expr, definitions: Definitions) -> Expr:
        """The expression with quantities replaced by their definitions, multiplied out, and settled."""
        terms = []
        for term in self._spread(expr, definitions):
            parts = [replace(term, powers=())]
            for base, exponent in term.powers:
                choices = [Term(S.One, ((base, exponent),))]
                if exponent == 1 and isinstance(base, Symbol | Indexed):
                    choices = self._spread(inlined(base, definitions, self.counter, self.written))
                parts = [part.times(self._renamed(choice)) for part in parts for choice in choices]
            terms.extend(parts)
        return self._settled(terms, DEPTH)

    def _spread(self, expr: Expr, definitions: Definitions | None = None) -> list[Term]:
        """The terms of an expression, a sum among a product's factors multiplied out: any, or one that uses names."""
        found: list[Term] = []
        for term in split(expr, self.counter, self.written):
            sums = [base for base, exponent in term.powers if isinstance(base, Add) and exponent == 1]
            if definitions is not None:
                sums = [base for base in sums if not definitions.keys().isdisjoint(names_in(base))]
            if not sums:
                found.append(term)
                continue
            rest = replace(term, powers=tuple(power for power in term.powers if power[0] != sums[0]))
            found.extend(rest.times(self._renamed(part)) for part in self._spread(sums[0], definitions))
        return found

    def _renamed(self, term: Term) -> Term:
        """The term with summation indices of its own."""
        table = {index: Index(f"_{next(self.counter)}", index.size) for index in term.over}
        powers = tuple((relabelled(base, table, self.written), exponent) for base, exponent in term.powers)
        return Term(term.coefficient, powers, tuple(table.values()))

    def _settled(self, terms: list[Term], depth: int) -> Expr:
        terms = [done for term in terms for done in self._term(self._inner(term, depth), depth)]
        result = combined(terms, self.written)
        if len(terms) > 1 and any(isinstance(base, Add) for term in terms for base, _ in term.powers):
            flat = self._multiplied_out(terms, depth)
            if flat is not None and cost(flat) < cost(result):
                return flat
        return result

    def _inner(self, term: Term, depth: int) -> Term:
        """The term with the sums that stand inside its factors settled."""
        result = replace(term, powers=())
        for base, exponent in term.powers:
            if depth and isinstance(base, Add) and base.has(ExprWithLimits):
                settled = bound_in_order(self.settled(base, depth - 1), self.written)
                base = settled if isinstance(settled, Add) and cost(settled) < cost(base) else base
            result = result.times(Term(S.One, ((base, exponent),)))
        return result

    def _multiplied_out(self, terms: list[Term], depth: int) -> Expr | None:
        """The terms with sums of entries multiplied out, where that is short: y(1 - p) - (1 - y)p is y - p."""
        flat: list[Term] = []
        for term in terms:
            parts = [replace(term, powers=())]
            for base, exponent in term.powers:
                if isinstance(base, Add) and exponent.is_Integer and exponent.is_positive and exponent < 3:
                    choices = split(expand_mul(base**exponent), self.counter, self.written)
                else:
                    choices = [Term(S.One, ((base, exponent),))]
                parts = [part.times(choice) for part in parts for choice in choices]
                if len(parts) + len(flat) > MOST_EXPANDED:
                    return None
            flat.extend(parts)
        return combined([done for term in flat for done in self._term(term, depth)], self.written)

    def _term(self, term: Term, depth: int) -> list[Term]:
        """The terms that one term becomes."""
        while True:
            changed = self._contracted(term) or self._named(term) or self._cancelled(term)
            if changed is None:
                break
            term = changed
        for index in term.over:
            found = self._evaluated(term, index, depth)
            if found is not None:
                return [done for part in found for done in self._term(part, depth)]
        return [term]

    def _contracted(self, term: Term) -> Term | None:
        """The term with the sum over one index of a δ done: Σⱼ δᵢⱼ x[j] is x[i]."""
        for base, exponent in term.powers:
            if not (isinstance(base, KroneckerDelta) and exponent == 1):
                continue
            for index, other in (base.args, base.args[::-1]):
                if index in term.over and isinstance(other, Index) and other.size == index.size:
                    rest = Term(term.coefficient, (), tuple(i for i in term.over if i != index))
                    for factor, power in term.powers:
                        if factor != base:
                            moved = bound_in_order(relabelled(factor, {index: other}, self.written), self.written)
                            rest = rest.times(Term(S.One, ((moved, power),)))
                    return rest
        return None

    def _named(self, term: Term) -> Term | None:
        """The term with one definition's factors replaced by its name, if there is one."""
        names = frozenset(name for base, _ in term.powers for name in names_in(base))
        for definition in self.known.candidates(names):
            for table in matches(definition, term):
                found = self._divided(term, definition, table)
                if found is not None:
                    return found
        return None

    def _divided(self, term: Term, definition: Definition, table: dict[Expr, Expr]) -> Term | None:
        powers = dict(term.powers)
        core: dict[Expr, Expr] = {}
        for pattern, exponent in definition.core:  # two of its factors may be one and the same entry here
            base = bound_in_order(relabelled(pattern, table, self.written), self.written)
            core[base] = core.get(base, S.Zero) + exponent
        if not all(base in powers and not exponent.is_zero for base, exponent in core.items()):
            return None
        ratios = [powers[base] / exponent for base, exponent in core.items()]
        times = ratios[0] if len(core) == 1 else S.One
        if not times.is_Integer or any(ratio < 1 for ratio in ratios if len(core) > 1):
            return None
        bound = [table[index] for index in definition.term.over]
        if bound and (times != 1 or any(self._elsewhere(term, core, index) for index in bound)):
            return None
        entry = self._entry(definition, table)
        first = next(place for place, (base, _) in enumerate(term.powers) if base == next(iter(core)))
        left = [(base, exponent - times * core.get(base, S.Zero)) for base, exponent in term.powers]
        kept = Term(term.coefficient, tuple(left[:first]), tuple(index for index in term.over if index not in bound))
        rest = Term(S.One, tuple(left[first:]))
        outside = definition.rest if definition.term.over else Term(definition.term.coefficient)
        inverse = Term(
            outside.coefficient**-times, tuple((relabelled(b, table, self.written), -e) for b, e in outside.powers)
        )
        return kept.times(Term(S.One, ((entry, times),))).times(rest).times(inverse)

    @staticmethod
    def _elsewhere(term: Term, core: dict[Expr, Expr], index: Expr) -> bool:
        """Whether an index is used by the term outside the core."""
        return any(index in b.free_symbols and (b not in core or core[b] != e) for b, e in term.powers)

    def _entry(self, definition: Definition, table: dict[Expr, Expr]) -> Expr:
        equation = definition.equation
        return equation.quantity.at(tuple(table[index] for index in equation.indices))

    def _cancelled(self, term: Term) -> Term | None:
        """The term with Σ over an index cancelled against the same sum in its denominator."""
        for index in term.over:
            inside = term.using(index)
            shared = {i for base, _ in inside for i in term.over if i in base.free_symbols}
            if not inside or shared != {index}:
                continue
            body = Term(S.One, tuple(inside))
            whole = bound_in_order(sigma(_product(body), index), self.written)
            powers = dict(term.powers)
            if whole in powers:
                left = tuple(power for power in term.powers if power not in inside)
                over = tuple(i for i in term.over if i != index)
                return Term(term.coefficient, left, over).times(Term(S.One, ((whole, S.One),)))
        return None

    def _evaluated(self, term: Term, index: Index, depth: int) -> list[Term] | None:
        """The term with the sum over one index done, by a fact or a definition; None if nothing is known."""
        inside = term.using(index)
        if len(inside) != 1 or inside[0][1] != 1:
            return None
        base = inside[0][0]
        rest = Term(
            term.coefficient,
            tuple(power for power in term.powers if power != inside[0]),
            tuple(i for i in term.over if i != index),
        )
        if isinstance(base, Indexed):
            total = declared_sum(base, index, self.known.facts, self.known.axes)
            if total is None and depth:
                total = self._defined(base, index, depth)
        elif isinstance(base, Add) and depth:
            total = self._shorter(base, index, depth)
        else:
            total = None
        if total is None:
            return None
        return [rest.times(part) for part in split(total, self.counter, self.written)]

    def _defined(self, entry: Indexed, index: Index, depth: int) -> Expr | None:
        """The sum of an entry by its definition, where that comes to a number or a single quantity."""
        equation = self.known.equations.get(str(entry.base.label))
        if equation is None or only_place(entry, index) is None:
            return None
        body = relabelled(equation.rhs, dict(zip(equation.indices, entry.indices, strict=True)), self.written)
        parts: list[Term] = []
        for term in split(body, self.counter, self.written):
            found = self._summed(term, index, depth - 1)
            if found is None:
                return None
            parts.extend(found)
        result = self._settled(parts, depth - 1)
        return result if cost(result) <= 1 and not result.has(ExprWithLimits) else None

    def _summed(self, term: Term, index: Index, depth: int) -> list[Term] | None:
        """A definition's term summed over one index; None if that sum isn't known."""
        if not term.using(index):
            return [term.times(Term(S.One, ((index.size, S.One),)))]
        whole = replace(term, over=(*term.over, index))
        cancelled = self._cancelled(whole)
        return self._evaluated(whole, index, depth) if cancelled is None else [cancelled]

    def _shorter(self, base: Add, index: Index, depth: int) -> Expr | None:
        result = self.settled(_sum_of_each(base, index, self.written), depth - 1)
        return result if cost(result) < cost(base) else None


def _sum_of_each(body: Expr, index: Index, written: dict[Expr, Order]) -> Expr:
    """The sum over an index, term by term; the size for a term that doesn't depend on it."""
    parts = ordered(body, written) if isinstance(body, Add) else (body,)
    return Add(*(sigma(part, index) if index in part.free_symbols else index.size * part for part in parts))


def _product(term: Term) -> Expr:
    result: Expr = S.One
    for base, exponent in term.powers:
        result = result * base**exponent
    return result
