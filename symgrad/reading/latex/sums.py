"""What a sum's sign reaches to, and which letters a formula leaves free."""

from __future__ import annotations

from dataclasses import replace

from symgrad.reading.latex import terms as t
from symgrad.reading.latex.symbols import plain
from symgrad.reading.latex.tree import Group, Name, Row, Span, Sum, Tree, only

DOTS = "?dots"  # what stands for the terms that are left out in x_1 + … + x_n


def signed_bodies(tree: Sum) -> Sum:
    """Σ -log p, where the sign belongs to what is summed, with that in parentheses."""
    terms: list[Tree] = []
    signs: list[str] = []
    for term, sign in zip(tree.terms, tree.signs, strict=True):
        before = only(terms[-1]) if terms else None
        items = before.items if isinstance(before, Row) else (before,) if before is not None else ()
        named = plain(items[-1]) if items else None
        if named is None or named[0].kind != "big":
            terms.append(term)
            signs.append(sign)
            continue
        span = Span(terms[-1].span.start, term.span.end)
        body = Group("(", (Sum((term,), (sign,), term.span),), (), term.span)
        terms[-1] = Row((*items, body), span)
    return Sum(tuple(terms), tuple(signs), tree.span)


def last_big(term: t.Term) -> t.Big | None:
    """The sum that ends a product."""
    if isinstance(term, t.Big):
        return term if term.kind == "sum" and term.over else None
    if isinstance(term, t.Mul):
        return last_big(term.factors[-1])
    return None


def with_last_big(term: t.Term, big: t.Big) -> t.Term:
    """A product with another sum at its end."""
    if isinstance(term, t.Mul):
        return t.Mul(term.span, (*term.factors[:-1], with_last_big(term.factors[-1], big)), term.operators)
    return big


def free_letters(term: t.Term) -> set[str]:
    """The letters of indices that a term uses and no sum of it binds."""
    match term:
        case t.Ref():
            return {letter for at in term.at for letter in at.letters}
        case t.Delta():
            return {letter for at in term.at for letter in at.letters}
        case t.Big():
            return free_letters(term.body) - {over.letter for over in term.over}
    found: set[str] = set()
    if isinstance(term, t.Picked | t.Apply):
        found |= {letter for at in term.at for letter in at.letters}
    for part in t.parts(term):
        found |= free_letters(part)
    return found


def sums_entries(big: t.Big) -> bool:
    """Whether a sum is over the entries of what it names, Σ_w w²."""
    names = {ref.name for ref in t.refs(big.body)}
    return len(big.over) == 1 and big.over[0].first is None and names == {big.over[0].letter}


def is_dots(tree: Tree) -> bool:
    """Whether a term is dots by themselves."""
    tree = only(tree)
    return isinstance(tree, Name) and tree.kind == "dots"


def dotted(terms: list[t.Term], signs: list[str]) -> tuple[int, int, str, t.Term] | None:
    """In x_1 + x_2 + … + x_n: where it begins and ends, the letter that it runs to, and the last term.

    None where the terms aren't all of one form, the first one with 1 for the letter.
    """
    places = [at for at, term in enumerate(terms) if isinstance(term, t.Ref) and term.name == DOTS]
    last = places[-1] + 1
    letters = sorted(free_letters(terms[last])) if last < len(terms) else []
    for letter in letters:
        numbers = [_with_letter(terms[last], letter, t.At("", number)) for number in (1, 2)]
        first = next((at for at in range(places[0]) if t.placeless(terms[at]) == numbers[0]), None)
        if first is None or places[0] - first > 2 or any(sign != "+" for sign in signs[first : last + 1]):
            continue
        second = terms[first + 1 : places[0]]
        between = [terms[at] for at in range(places[0], last) if at not in places]
        if all(t.placeless(term) == numbers[1] for term in second) and all(
            any(_with_letter(terms[last], letter, t.At(other)) == t.placeless(term) for other in free_letters(term))
            for term in between
        ):
            return first, last, letter, terms[last]
    return None


def _with_letter(term: t.Term, letter: str, at: t.At) -> t.Term:
    """A term without its places in the text, another index standing for a letter."""

    def change(part: t.Term) -> t.Term:
        if not isinstance(part, t.Ref):
            return part
        return replace(part, at=tuple(at if place == t.At(letter) else place for place in part.at))

    return t.placeless(t.rewritten(term, change))
