"""Layers and time steps: an equation for any l is written out for a few of them."""

from __future__ import annotations

import contextlib
import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from symgrad.reading.latex import terms as t
from symgrad.reading.latex.terms import Term

_LAYER = re.compile(r"\{([A-Za-z]+)([+-]\d+)?\}")


class NoLayer(Exception):
    """A layer before the first, or after the last one."""


def letters(term: Term) -> set[str]:
    """The letters of layers that a term leaves open."""
    found: set[str] = set()
    for node in t.walk(term):
        name = node.name if isinstance(node, t.Ref) else node.function if isinstance(node, t.Apply) else ""
        found |= {match[1] for match in _LAYER.finditer(name) if match[1] != "END"}
    bound = {over.letter for node in t.walk(term) if isinstance(node, t.Big) for over in node.over}
    return found - bound


def has_layers(term: Term) -> bool:
    """Whether a term names a layer that is still open, or the last one."""
    return any(
        _LAYER.search(node.name if isinstance(node, t.Ref) else node.function)
        for node in t.walk(term)
        if isinstance(node, t.Ref | t.Apply)
    )


def template(name: str) -> str:
    """A name without its layer, for what all layers have in common.

    >>> template("a_{l-1}")
    'a_{}'
    """
    return _LAYER.sub("{}", name)


def declared(names: tuple[str, ...], depth: int) -> Iterator[tuple[str, ...]]:
    """A name and the lengths of its axes for each layer that there is, the inputs' among them.

    >>> list(declared(("W_{l}", "n_{l}", "n_{l-1}"), 2))
    [('W_1', 'n_1', 'n_0'), ('W_2', 'n_2', 'n_1')]
    """
    found = sorted({match[1] for name in names for match in _LAYER.finditer(name)} - {"END"})
    for places in itertools.product(range(depth + 1), repeat=len(found)):
        with contextlib.suppress(NoLayer):
            yield tuple(_named(name, dict(zip(found, places, strict=True)), depth) for name in names)


def instances(sides: tuple[Term, ...], depth: int) -> Iterator[tuple[tuple[Term, ...], Mapping[str, int]]]:
    """The sides for each layer that there is; a layer before the first one, 0, is where the inputs are."""
    open_letters = sorted(set().union(*(letters(side) for side in sides)))
    for places in itertools.product(range(1, depth + 1), repeat=min(len(open_letters), 2)):
        at = dict(zip(open_letters, places, strict=False))
        try:
            yield tuple(filled(side, at, depth) for side in sides), at
        except NoLayer:
            continue


def filled(term: Term, at: Mapping[str, int], depth: int) -> Term:
    """A term with its layers named; sums over layers are written out.  Raises NoLayer."""
    if isinstance(term, t.Big) and any(_runs_over_layers(over, term.body) for over in term.over):
        return _written_out(term, at, depth)
    term = t.with_parts(term, lambda part: filled(part, at, depth))
    if isinstance(term, t.Ref):
        name = _named(term.name, at, depth)
        return term if name == term.name else replace(term, name=name)
    if isinstance(term, t.Apply):
        function = _named(term.function, at, depth)
        return term if function == term.function else replace(term, function=function)
    return term


def _named(name: str, at: Mapping[str, int], depth: int) -> str:
    def number(match: re.Match[str]) -> str:
        if match[1] == "END":
            place = depth + int(match[2] or 0)
        elif match[1] in at:
            place = at[match[1]] + int(match[2] or 0)
        else:
            return match[0]
        if not 0 <= place <= depth:
            raise NoLayer
        return str(place)

    return _LAYER.sub(number, name)


def _runs_over_layers(over: t.Over, body: Term) -> bool:
    return over.letter in letters(body)


def _written_out(term: t.Big, at: Mapping[str, int], depth: int) -> Term:
    """A sum or product over layers as its terms."""
    over = next(over for over in term.over if _runs_over_layers(over, term.body))
    rest = tuple(other for other in term.over if other is not over)
    first, last = _bound(over.first, at, depth, 1), _bound(over.last, at, depth, depth)
    found = []
    for place in range(first, last + 1):
        inner = filled(term.body, {**at, over.letter: place}, depth)
        found.append(replace(term, over=rest, body=inner) if rest else inner)
    if term.kind not in ("sum", "prod") or not found:
        raise NoLayer
    if len(found) == 1:
        return found[0]
    if term.kind == "sum":
        return t.Add(term.span, tuple(found), ("+",) * len(found))
    return t.Mul(term.span, tuple(found), ("",) * (len(found) - 1))


def _bound(term: Term | None, at: Mapping[str, int], depth: int, otherwise: int) -> int:
    match term:
        case None:
            return otherwise
        case t.Num():
            if not term.text.isdigit():
                raise NoLayer
            return int(term.text)
        case t.Ref():
            if term.name in at:
                return at[term.name]
            return depth if term.name[:1].isupper() or term.name == "n" else otherwise
        case t.Add():
            total = 0
            for sign, part in zip(term.signs, term.terms, strict=True):
                total += (1 if sign == "+" else -1) * _bound(part, at, depth, otherwise)
            return total
    raise NoLayer
