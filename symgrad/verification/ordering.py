"""An order of monomials and of their bound indices that doesn't depend on the indices' names."""

from __future__ import annotations

import functools
import itertools
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from sympy import Add, Expr, Mul
from sympy.concrete.expr_with_limits import ExprWithLimits

from symgrad.equations import Index
from symgrad.naming.terms import Term
from symgrad.verification.quotients import GaveUp

MOST_ORDERS = 720  # ways to name the bound indices of one monomial that nothing else tells apart


def orders(term: Term) -> Iterator[tuple[Index, ...]]:
    """The orders in which bound indices may be named: by use, then every order of those that use can't tell."""
    colours = {index: key(index.size) for index in term.over}
    for _ in range(len(term.over) if len(term.over) > 1 else 0):
        names = {colour: place for place, colour in enumerate(sorted(set(colours.values())))}
        marks = {index: Index(f"~{names[colours[index]]}", index.size) for index in term.over}
        before = len(names)
        colours = {index: colours[index] + _use(term, index, marks) for index in term.over}
        if len(set(colours.values())) == before:
            break
    groups: dict[str, list[Index]] = defaultdict(list)
    for index in term.over:
        groups[colours[index]].append(index)
    ways = math.prod(math.factorial(len(group)) for group in groups.values())
    if ways > MOST_ORDERS:
        raise GaveUp
    for choice in itertools.product(*(itertools.permutations(groups[colour]) for colour in sorted(groups))):
        yield tuple(itertools.chain.from_iterable(choice))


@functools.lru_cache(maxsize=100_000)
def level(expr: Expr) -> int:
    """How deep sums and maxima stand inside each other."""
    inner = max((level(arg) for arg in expr.args if isinstance(arg, Expr)), default=0)
    return inner + 1 if isinstance(expr, ExprWithLimits) else inner


@functools.lru_cache(maxsize=100_000)
def key(expr: Any) -> str:
    """A text that orders expressions, the same at every run."""
    if isinstance(expr, Index):
        return f"{expr.name}:{key(expr.size)}"
    if not getattr(expr, "args", ()):
        return str(expr)
    keys = [key(arg) for arg in expr.args]
    return f"{type(expr).__name__}({','.join(sorted(keys) if isinstance(expr, Add | Mul) else keys)})"


def pair_key(pair: tuple[Expr, Expr]) -> str:
    """A text that orders powers."""
    return f"{key(pair[0])}^{pair[1]}"


def key_of(term: Term) -> str:
    """A text that orders monomials."""
    return "*".join(map(pair_key, term.powers)) + "".join(map(key, term.over))


def _use(term: Term, index: Index, marks: Mapping[Index, Index]) -> str:
    """How a monomial uses one bound index, the others by their colours."""
    table = {**marks, index: Index("~", index.size)}
    uses = [f"{key(base.xreplace(table))}^{power}" for base, power in term.powers if index in base.free_symbols]
    return "|" + ";".join(sorted(uses))
