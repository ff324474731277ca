"""Where an index stands on an axis: i, i + a in a window, p + Sk with a stride; and how long the axis then must be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sympy import Expr, Integer

from symgrad.affine import bound, never_negative
from symgrad.checking.values import Sizes
from symgrad.equations import Index, Size
from symgrad.reading.latex import terms as t


def last_name(over: t.Over) -> str:
    """The length that a sum runs up to, the n of 1, …, n and of 0, …, n - 1; empty if it names none."""
    match over.first, over.last:
        case _, t.Ref(name=name, at=()):
            return name
        case t.Num(text="0"), t.Add(terms=(t.Ref(name=name, at=()), t.Num(text="1")), signs=("+", "-")):
            return name
    return ""


def from_zero(over: t.Over) -> bool:
    """Whether a sum runs from 0 to n - 1."""
    return isinstance(over.first, t.Num) and over.first.text == "0" and isinstance(over.last, t.Add)


def strides(term: t.Term) -> set[str]:
    """The letters that indices are multiplied by: the S of x_{p + Sk}; and the P of δ_{i, j - P}."""
    places = (at for node in t.walk(term) for at in getattr(node, "at", ()))
    found = {name for at in places for pair in at.more for name in pair}
    return {name for name in found if name[:1].isupper()}


def has_windows(term: t.Term) -> bool:
    """Whether a term has places of several letters, such as x_{i+a}."""
    return any(at.more for node in t.walk(term) for at in getattr(node, "at", ()))


def affine(
    at: t.At,
    axis: Expr,
    letters: dict[str, Index],
    sizes: Sizes,
    lengths: Mapping[str, Expr],
    starts: Mapping[str, int],
) -> Expr:
    """A place of several letters on an axis, counted from 0; a letter that is new is an index.

    An axis of which nothing is known becomes as long as its places need, n + k - 1 for i + a; else a new index runs
    as far as the axis allows.  The further letters count from where their sums start.
    """
    new: list[Expr] = [axis]
    found: Expr = Integer(at.shift)
    for place, (factor, letter) in enumerate((("1", at.letter), *at.more)):
        value: Expr
        if letter.isupper() and letter not in letters:
            value = lengths.get(letter, Size(letter))
        elif letter in letters:
            value = letters[letter]
        else:
            value = letters[letter] = Index(letter, sizes.fresh())
            new.append(value.size)
        sign, text = (-1, factor[1:]) if factor.startswith("-") else (1, factor)
        slope = sign * (Integer(int(text)) if text.isdigit() else lengths.get(text, Size(text)))
        found += slope * (value + (starts.get(letter, 0) if place else 0))
    known = sizes.of_indices(found.expand())
    if never_negative(bound(known, lower=True)):
        sizes.solve(bound(known, lower=False) + 1, axis, new)
    return found.expand()


def starts(terms: Iterable[t.Term]) -> Mapping[str, int]:
    """Where each index starts, 0 or 1: where its sums do, or at 1 if a - 1 stands beside another index: x_{i+a-1}."""
    nodes = [node for term in terms for node in t.walk(term)]
    guessed = {
        at.more[0][1]: 1
        for node in nodes
        for at in getattr(node, "at", ())
        if len(at.more) == 1 and (at.shift, at.more[0][0]) in ((-1, "1"), (1, "-1"))
    }
    said = [
        (over.letter, over.first.text)
        for node in nodes
        if isinstance(node, t.Big)
        for over in node.over
        if isinstance(over.first, t.Num)
    ]
    return guessed | {letter: int(text) for letter, text in said if text in ("0", "1")}
