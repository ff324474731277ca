"""The signs of derivatives in fractions: which ∂ or d stand above and below a line, and what with each."""

from __future__ import annotations

from symgrad.reading.latex.symbols import plain
from symgrad.reading.latex.tree import Fraction, Group, Name, Number, Product, Row, Scripted, Span, Tree, only, walk


def differentials(tree: Tree) -> tuple[str, list[Tree], int] | None:
    """The parts behind each ∂ (or d) of a numerator or denominator, its sign, and the order that is written."""
    tree = only(tree)
    items = list(tree.items) if isinstance(tree, Row) else [tree]
    inside = only(items[0].items[0]) if items and isinstance(items[0], Group) and len(items[0].items) == 1 else None
    if isinstance(inside, Row) and isinstance(items[0], Group) and items[0].opening == "{":  # {dL}(a, y)
        items = [*inside.items, *items[1:]]
    if isinstance(tree, Product):  # ∂ L · …: no derivative, but in ∂ Σ a · x all is summed
        summed = _behind_partial(tree)
        return None if summed is None else ("∂", [summed], 1)
    if not items or not is_d(items[0]):
        return None
    parts: list[list[Tree]] = []
    order = 0
    sign = ""
    for item in items:
        if (
            is_d(item)
            and (not parts or parts[-1] or _power_of(item) > 1 or True)
            and not (parts and not parts[-1] and sign == "d")
        ):
            base = only(item)
            base = only(base.base) if isinstance(base, Scripted) else base
            kind = "∂" if isinstance(base, Name) and base.kind == "partial" else "d"
            if sign and kind != sign:
                parts[-1].append(item)
                continue
            sign = kind
            parts.append([])
            order += _power_of(item)
        else:
            parts[-1].append(item)
    filled = [
        part[0] if len(part) == 1 else Row(tuple(part), Span(part[0].span.start, part[-1].span.end))
        for part in parts
        if part
    ]
    return sign, filled, order


def _behind_partial(tree: Product) -> Tree | None:
    """The product behind a ∂ that a sum begins with; None for anything else."""
    first = only(tree.rows[0])
    items = first.items if isinstance(first, Row) else ()
    named = plain(items[1]) if len(items) > 1 and is_d(items[0]) and _is_partial(items[0]) else None
    if named is None or named[0].kind != "big" or _power_of(items[0]) > 1 or any(tree.signs):
        return None
    rest = Row(items[1:], Span(items[1].span.start, first.span.end))
    return Product((rest, *tree.rows[1:]), tree.operators, tree.signs, Span(rest.span.start, tree.span.end))


def without_power(tree: Tree) -> tuple[Tree, int]:
    """∂x² in a second derivative: x, twice."""
    tree = only(tree)
    if isinstance(tree, Scripted) and tree.above:
        number = only(tree.above[-1])
        if isinstance(number, Number) and number.text.isdigit() and 2 <= int(number.text) <= 4:
            return Scripted(tree.base, tree.below, tree.above[:-1], tree.primes, tree.span), int(number.text)
    return tree, 1


def _power_of(tree: Tree) -> int:
    tree = only(tree)
    if isinstance(tree, Scripted) and tree.above:
        number = only(tree.above[0])
        if isinstance(number, Number) and number.text.isdigit():
            return min(int(number.text), 4)
    return 1


def is_d(tree: Tree) -> bool:
    """Whether a tree is ∂, or a d that may be a differential's."""
    tree = only(tree)
    if isinstance(tree, Scripted):
        tree = only(tree.base)
    return isinstance(tree, Name) and (tree.kind == "partial" or (tree.text == "d" and tree.kind in ("letter", "word")))


def is_sign(tree: Tree) -> bool:
    """Whether a tree is a derivative's sign, with what it applies to behind it."""
    tree = only(tree)
    over = differentials(tree.over) if isinstance(tree, Fraction) else None
    return over is not None and isinstance(tree, Fraction) and not over[1] and differentials(tree.under) is not None


def with_partial(tree: Tree) -> Tree | None:
    """δE with ∂ for its δ; None for anything else."""
    inside = only(tree)
    if not isinstance(inside, Row) or len(inside.items) < 2:
        return None
    first = only(inside.items[0])
    if not isinstance(first, Name) or first.text != "delta" or first.accents:
        return None
    return Row((Name("∂", first.span, "partial"), *inside.items[1:]), inside.span)


def is_quantity(tree: Tree) -> bool:
    """Whether a part of a fraction is a quantity without a ∂: a name, or a product with one."""
    parts = list(walk(tree))
    names = [part for part in parts if isinstance(part, Name)]
    return any(name.kind in ("letter", "word") for name in names) and not any(name.kind == "partial" for name in names)


def without_factors(tree: Fraction) -> tuple[Tree | None, Fraction]:
    """∂l / (T ∂o) as T and ∂l / ∂o; None and the fraction as it is where nothing stands before the lower ∂."""
    under = only(tree.under)
    rows = under.rows if isinstance(under, Product) and set(under.operators) <= {"·", "×"} else (under,)
    items = [item for row in rows for item in (row.items if isinstance(row, Row) else (row,))]
    first = next((place for place, item in enumerate(items) if is_d(item) and _is_partial(item)), 0)
    if not first or differentials(tree.over) is None or (isinstance(under, Product) and any(under.signs)):
        return None, tree
    factors = Row(tuple(items[:first]), Span(items[0].span.start, items[first - 1].span.end))
    by = Row(tuple(items[first:]), Span(items[first].span.start, items[-1].span.end))
    return factors, Fraction(tree.over, by, tree.span)


def is_subscripted(tree: Tree) -> bool:
    """Whether what a tree begins with is ∂_x, a derivative without a fraction."""
    inside = only(tree)
    first = only(inside.items[0]) if isinstance(inside, Row) else inside
    return isinstance(first, Scripted) and bool(first.below)


def _is_partial(tree: Tree) -> bool:
    inside = only(tree)
    name = only(inside.base) if isinstance(inside, Scripted) else inside
    return isinstance(name, Name) and name.kind == "partial"
