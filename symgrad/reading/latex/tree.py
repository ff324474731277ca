"""A formula as it is written: names with their scripts, rows of what stands side by side, sums, chains of sides.

Nothing is decided here: whether f(z) applies a function, or what ^ raises, is for the document's symbols to say.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias


@dataclass(frozen=True)
class Span:
    """From which offset to which a part was written, in its formula."""

    start: int
    end: int


@dataclass(frozen=True)
class Number:
    """A number, its digits as they are written."""

    text: str
    span: Span


@dataclass(frozen=True)
class Name:
    """A letter or a word; `kind` says what only a command or a sign can be: function, big operator, ∂, ∇, dots."""

    text: str
    span: Span
    kind: str = "letter"  # letter, word, function, big, partial, nabla, dots
    font: str = ""  # bold, calligraphic, blackboard, …; empty for an ordinary letter
    accents: tuple[str, ...] = ()


@dataclass(frozen=True)
class Words:
    """Prose inside a formula, \\text{if }."""

    text: str
    span: Span


@dataclass(frozen=True)
class Scripted:
    """A base with what stands below and above it; `primes` counts its primes."""

    base: Tree
    below: tuple[Tree, ...]
    above: tuple[Tree, ...]
    primes: int
    span: Span


@dataclass(frozen=True)
class Group:
    """What stands between delimiters, its parts between commas; `opening` is {, (, [, |, ‖, ⟨, ⌊ or a brace's \\{."""

    opening: str
    items: tuple[Tree, ...]
    separators: tuple[str, ...]
    span: Span


@dataclass(frozen=True)
class Fraction:
    """A numerator over a denominator."""

    over: Tree
    under: Tree
    span: Span


@dataclass(frozen=True)
class Root:
    """A root; `degree` is None for a square root."""

    body: Tree
    degree: Tree | None
    span: Span


@dataclass(frozen=True)
class Bar:
    """A bar after which a place is named: f′(x)|_{x=1}; the scripts are on the Scripted around it."""

    span: Span


@dataclass(frozen=True)
class Table:
    """A matrix, or cases: the cells of each row."""

    kind: str
    rows: tuple[tuple[Tree, ...], ...]
    span: Span


@dataclass(frozen=True)
class Row:
    """Factors that stand side by side."""

    items: tuple[Tree, ...]
    span: Span


@dataclass(frozen=True)
class Product:
    """Rows with a sign between them: ·, ×, *, /, ⊙; the first has none.  `signs` has each row's own minus signs."""

    rows: tuple[Tree, ...]
    operators: tuple[str, ...]
    signs: tuple[str, ...]
    span: Span


@dataclass(frozen=True)
class Sum:
    """Terms with their signs: "+", "-", "±", or "" for a first one without."""

    terms: tuple[Tree, ...]
    signs: tuple[str, ...]
    span: Span


@dataclass(frozen=True)
class Chain:
    """Sides and the relations between them: a = b = c ≈ d; a side may be empty."""

    sides: tuple[Tree, ...]
    relations: tuple[str, ...]
    span: Span


@dataclass(frozen=True)
class Empty:
    """Nothing, where a side could stand."""

    span: Span


Tree: TypeAlias = (
    Number | Name | Words | Scripted | Group | Fraction | Root | Bar | Table | Row | Product | Sum | Chain | Empty
)


def children(tree: Tree) -> tuple[Tree, ...]:
    """The parts that a tree is made of, in the order in which they are written."""
    match tree:
        case Scripted():
            return (tree.base, *tree.below, *tree.above)
        case Group() | Row():
            return tree.items
        case Fraction():
            return (tree.over, tree.under)
        case Root():
            return (tree.body,) if tree.degree is None else (tree.degree, tree.body)
        case Table():
            return tuple(cell for row in tree.rows for cell in row)
        case Product():
            return tree.rows
        case Sum():
            return tree.terms
        case Chain():
            return tree.sides
    return ()


def walk(tree: Tree) -> Iterator[Tree]:
    """A tree and all its parts, from left to right."""
    stack = [tree]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(reversed(children(node)))


def styled(tree: Tree, font: str) -> Tree:
    """The tree with a font on every letter that has none of its own; scripts keep theirs."""
    match tree:
        case Name():
            return tree if tree.font else replace(tree, font=font)
        case Scripted():
            return replace(tree, base=styled(tree.base, font))
        case Group() | Row():
            return replace(tree, items=tuple(styled(item, font) for item in tree.items))
        case Product():
            return replace(tree, rows=tuple(styled(row, font) for row in tree.rows))
        case Sum():
            return replace(tree, terms=tuple(styled(term, font) for term in tree.terms))
        case Chain():
            return replace(tree, sides=tuple(styled(side, font) for side in tree.sides))
    return tree


def only(tree: Tree) -> Tree:
    """A tree without the rows, sums and braces that hold nothing else.

    >>> span = Span(0, 1)
    >>> only(Row((Name("x", span),), span)).text
    'x'
    """
    while True:
        if isinstance(tree, Row) and len(tree.items) == 1:
            tree = tree.items[0]
        elif isinstance(tree, Product) and len(tree.rows) == 1 and tree.signs == ("",):
            tree = tree.rows[0]
        elif isinstance(tree, Sum) and len(tree.terms) == 1 and tree.signs == ("",):
            tree = tree.terms[0]
        elif isinstance(tree, Chain) and len(tree.sides) == 1:
            tree = tree.sides[0]
        elif isinstance(tree, Group) and tree.opening == "{" and len(tree.items) == 1:
            tree = tree.items[0]
        elif isinstance(tree, Scripted) and not (tree.below or tree.above or tree.primes):
            tree = tree.base
        else:
            return tree
