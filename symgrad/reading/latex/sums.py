"""What a sum's sign reaches to, and which letters a formula leaves free."""

from __future__ import annotations

from symgrad.reading.latex import terms as t
from symgrad.reading.latex.symbols import plain
from symgrad.reading.latex.tree import Group, Row, Span, Sum, Tree, only


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
    if isinstance(term, t.Picked):
        found |= {letter for at in term.at for letter in at.letters}
    for part in t.parts(term):
        found |= free_letters(part)
    return found
