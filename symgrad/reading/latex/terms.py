"""What a formula says, in the symbols of its document: terms, whose shapes and values others know.

A product keeps how it is written, because whether it is one of matrices or of entries is for the shapes to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from symgrad.reading.latex.tree import Span

NOWHERE = Span(-1, -1)


@dataclass(frozen=True)
class Term:
    """Base of all terms: where it is written."""

    span: Span


@dataclass(frozen=True)
class Num(Term):
    """A number as it is written."""

    text: str


@dataclass(frozen=True)
class At:
    """A place on an axis: an index's letter and what is added to it, or a number (letter "").

    `more` are further indices that are added, each with its factor: (("1", "a"),) in i + a, (("S", "k"),) in p + Sk;
    a length, (("-P", ""),) in i - P, has no index.
    """

    letter: str
    shift: int = 0
    more: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return place_text(self.letter, self.shift, self.more)

    @property
    def letters(self) -> tuple[str, ...]:
        """All its letters but the factors; none for a number."""
        return letters_of(self.letter, self.more)


def letters_of(letter: str, more: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    """The indices of a place; none for a number."""
    return (letter, *(other for _, other in more if other)) if letter else ()


def place_text(letter: str, shift: int, more: tuple[tuple[str, str], ...]) -> str:
    """How a place on an axis is written.

    >>> place_text("p", -1, (("S", "k"), ("-P", "")))
    'p+Sk-P-1'
    """
    if not letter:
        return str(shift)
    plain = {"1": "+", "-1": "-"}
    signs = (plain.get(factor, factor if factor.startswith("-") else f"+{factor}") for factor, _ in more)
    terms = (f"{sign}{other}" for sign, (_, other) in zip(signs, more, strict=True))
    return letter + "".join(terms) + (f"{shift:+d}" if shift else "")


@dataclass(frozen=True)
class Ref(Term):
    """A quantity, or its entries at some places; `latex` is how it is written."""

    name: str
    at: tuple[At, ...] = ()
    latex: str = ""


@dataclass(frozen=True)
class Add(Term):
    """Terms with their signs, "+" or "-"."""

    terms: tuple[Term, ...]
    signs: tuple[str, ...]


@dataclass(frozen=True)
class Mul(Term):
    """Factors with the sign between them: "" where they stand side by side, ·, ×, *, ⊙."""

    factors: tuple[Term, ...]
    operators: tuple[str, ...]


@dataclass(frozen=True)
class Div(Term):
    """A quotient."""

    over: Term
    under: Term


@dataclass(frozen=True)
class Power(Term):
    """A power."""

    base: Term
    exponent: Term


@dataclass(frozen=True)
class Apply(Term):
    """A function of its arguments, with its primes; `at` are the places written below it."""

    function: str
    arguments: tuple[Term, ...]
    primes: int = 0
    at: tuple[At, ...] = ()


@dataclass(frozen=True)
class Over:
    """What a sum runs over: a letter, and its bounds where they are written."""

    letter: str
    first: Term | None = None
    last: Term | None = None


@dataclass(frozen=True)
class Big(Term):
    """A sum, a product or a maximum over indices; over all entries where it names none.

    `rest` are the terms behind it that it may have been meant to include.
    """

    kind: str
    over: tuple[Over, ...]
    body: Term


@dataclass(frozen=True)
class Partial(Term):
    """The derivative of one term by others, one after the other; `nabla` where it is written as a gradient."""

    of: Term
    by: tuple[Term, ...]
    nabla: bool = False


@dataclass(frozen=True)
class Transposed(Term):
    """A transpose."""

    body: Term


@dataclass(frozen=True)
class Inverse(Term):
    """A matrix' inverse, or a number's."""

    body: Term


@dataclass(frozen=True)
class Norm(Term):
    """A norm: "2", "1", "F", or "" for |x| of a number and ‖x‖ of an array."""

    body: Term
    kind: str


@dataclass(frozen=True)
class Choice(Term):
    """Values with the conditions under which they hold; None for otherwise."""

    branches: tuple[tuple[Term, Comparison | None], ...]


@dataclass(frozen=True)
class Comparison(Term):
    """A comparison of two terms: <, >, ≤, ≥, =, ≠."""

    left: Term
    relation: str
    right: Term


@dataclass(frozen=True)
class Entries(Term):
    """A matrix written out."""

    rows: tuple[tuple[Term, ...], ...]


@dataclass(frozen=True)
class Substituted(Term):
    """A term at given values: f′(x)|_{x=1}, ∇f(−4)."""

    body: Term
    values: tuple[tuple[str, Term], ...]


@dataclass(frozen=True)
class Picked(Term):
    """Entries of a term that is no name: (Wx)_i."""

    body: Term
    at: tuple[At, ...]


@dataclass(frozen=True)
class Delta(Term):
    """Kronecker's delta of two places."""

    at: tuple[At, At]


def parts(term: Term) -> Iterator[Term]:
    """The terms that a term is made of."""
    for name in term.__match_args__:
        yield from _terms(getattr(term, name))


def _terms(value: Any) -> Iterator[Term]:
    if isinstance(value, Term):
        yield value
    elif isinstance(value, Over):
        yield from _terms((value.first, value.last))
    elif isinstance(value, tuple):
        for item in value:
            yield from _terms(item)


def walk(term: Term) -> Iterator[Term]:
    """A term and all that it is made of, the whole before its parts."""
    stack = [term]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(reversed(list(parts(node))))


def depth(term: Term) -> int:
    """How many levels a term has.

    >>> depth(Transposed(NOWHERE, Num(NOWHERE, "1")))
    2
    """
    level, row = 0, [term]
    while row:
        level, row = level + 1, [part for node in row for part in parts(node)]
    return level


def refs(term: Term) -> Iterator[Ref]:
    """The quantities in a term, as they occur."""
    return (node for node in walk(term) if isinstance(node, Ref))


def with_parts(term: Term, part: Callable[[Term], Term]) -> Term:
    """A term with each term that it is directly made of replaced; the term itself where none changes."""
    table: dict[str, Any] = {}
    for name in term.__match_args__:
        value = getattr(term, name)
        new = _with_parts(value, part)
        if new is not value:
            table[name] = new
    return replace(term, **table) if table else term


def _with_parts(value: Any, part: Callable[[Term], Term]) -> Any:
    if isinstance(value, Term):
        return part(value)
    if isinstance(value, Over):
        first, last = (None if v is None else part(v) for v in (value.first, value.last))
        return value if first is value.first and last is value.last else Over(value.letter, first, last)
    if isinstance(value, tuple):
        new = tuple(_with_parts(item, part) for item in value)
        return new if any(a is not b for a, b in zip(new, value, strict=True)) else value
    return value


def rewritten(term: Term, change: Callable[[Term], Term]) -> Term:
    """A term with a change made to each of its parts, the innermost first; the term itself where nothing changes."""
    return change(with_parts(term, lambda part: rewritten(part, change)))


def renamed(term: Term, names: Mapping[str, str]) -> Term:
    """A term with other names of its quantities."""

    def named(part: Term) -> Term:
        return replace(part, name=names[part.name]) if isinstance(part, Ref) and part.name in names else part

    return rewritten(term, named)


def placeless(term: Term) -> Term:
    """A term without the places at which it is written, and without its spelling, to be compared with others."""
    return rewritten(term, _without_place)


def _without_place(term: Term) -> Term:
    return replace(term, span=NOWHERE, latex="") if isinstance(term, Ref) else replace(term, span=NOWHERE)
