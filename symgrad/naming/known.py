"""What is known of a model: its definitions, indexed by the quantities they use, and its declared facts."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias

from sympy import Add, Expr, Indexed, Integer, S, Symbol, preorder_traversal

from symgrad.equations import Equation, Index, Model, names_in
from symgrad.expressions import Order
from symgrad.facts import SumFact
from symgrad.indices import bound_in_order, entry_like
from symgrad.naming.terms import Term, split

Entry: TypeAlias = tuple[str, tuple[Expr, ...]]  # what it is an entry of, and its indices
MOST_TRIED = 64  # ways to lay a definition over a term


@dataclass(frozen=True)
class Definition:
    """An equation as a pattern: one term, or a sum as a whole."""

    equation: Equation
    term: Term
    names: frozenset[str]

    @property
    def core(self) -> tuple[tuple[Expr, Expr], ...]:
        """The powers that depend on the summed indices, or all of them where nothing is summed."""
        if not self.term.over:
            return self.term.powers
        return tuple((b, e) for b, e in self.term.powers if not b.free_symbols.isdisjoint(self.term.over))

    @property
    def rest(self) -> Term:
        """The number and the powers that stand outside the sum."""
        core = self.core
        return Term(self.term.coefficient, tuple(power for power in self.term.powers if power not in core))


@dataclass(frozen=True)
class Known:
    """A model's definitions by the name of a quantity that each one needs, its equations, and its facts."""

    by_name: dict[str, tuple[Definition, ...]]
    equations: dict[str, Equation]
    facts: tuple[SumFact, ...]
    axes: dict[str, tuple[Expr, ...]]

    @staticmethod
    def of(model: Model, counter: Iterator[int], written: dict[Expr, Order]) -> Known:
        """What is known of a model."""
        position = {name: place for place, name in enumerate(model.quantities)}
        by_name: dict[str, list[Definition]] = {}
        for equation in model.equations:
            if equation.rhs.is_number or isinstance(equation.rhs, Symbol | Indexed):
                continue
            if isinstance(equation.rhs, Add):
                term = Term(S.One, ((bound_in_order(equation.rhs, written), S.One),))
            else:
                (term,) = split(equation.rhs, counter, written)
            definition = Definition(equation, term, frozenset(n for b, _ in term.powers for n in names_in(b)))
            if definition.core and definition.names:
                by_name.setdefault(max(definition.names, key=position.__getitem__), []).append(definition)
        return Known(
            {name: tuple(found) for name, found in by_name.items()},
            {equation.name: equation for equation in model.equations},
            model.facts,
            {name: quantity.axes for name, quantity in model.quantities.items()},
        )

    def among(self, names: set[str]) -> Known:
        """What is known of some of the equations only."""
        by_name = {
            key: kept
            for key, found in self.by_name.items()
            if (kept := tuple(definition for definition in found if definition.equation.name in names))
        }
        return replace(self, by_name=by_name)

    def candidates(self, names: frozenset[str]) -> Iterator[Definition]:
        """The definitions whose quantities are all among the names."""
        for name in names:
            for definition in self.by_name.get(name, ()):
                if definition.names <= names:
                    yield definition


def matches(definition: Definition, term: Term) -> Iterator[dict[Expr, Expr]]:
    """The ways to read the definition's indices as the term's, suggested by the entries that both use.

    A suggestion is not yet a match: the caller compares the factors.
    """
    single: dict[Expr, Expr] = {i: Integer(0) for i in definition.equation.indices if i.size == 1}
    wanted = [i for i in (*definition.equation.indices, *definition.term.over) if i not in single]
    if not wanted:
        yield single
        return
    entries = [e for base, _ in definition.core for e in _entries(base)]
    ours = [e for base, _ in term.powers for e in _entries(base)]
    cover: list[Entry] = []
    covered: set[Expr] = set()
    for name, at in sorted(entries, key=lambda entry: -len(set(wanted).intersection(entry[1]))):
        if set(wanted).intersection(at) - covered:
            cover.append((name, at))
            covered |= set(wanted).intersection(at)
    if covered != set(wanted):
        return
    choices = [[other for other in ours if other[0] == name] for name, _ in cover]
    for combination in itertools.islice(itertools.product(*choices), MOST_TRIED):
        table = _unified(cover, combination, wanted, definition.term.over, term.over)
        if table is not None:
            yield {**single, **table}


def _entries(base: Expr) -> list[Entry]:
    found = dict.fromkeys(entry for node in preorder_traversal(base) if (entry := entry_like(node)) is not None)
    return list(found)


def _unified(
    pattern: list[Entry],
    found: tuple[Entry, ...],
    wanted: list[Index],
    bound: tuple[Index, ...],
    over: tuple[Index, ...],
) -> dict[Expr, Expr] | None:
    table: dict[Expr, Expr] = {}
    for (_, ours), (_, theirs) in zip(pattern, found, strict=True):
        for index, other in zip(ours, theirs, strict=True):
            if index not in wanted:
                if index != other:
                    return None
            elif table.setdefault(index, other) != other:
                return None
    images = [table[index] for index in bound if index in table]
    if len(images) != len(bound) or len(set(images)) != len(images) or not set(images) <= set(over):
        return None
    return table
