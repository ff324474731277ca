"""Numbers, and arrays of them, as they are printed, and the names that they are given to."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from decimal import Decimal

import numpy as np

from symgrad.checking.sentences import Sentence, named
from symgrad.expressions import exact
from symgrad.names import partial_name
from symgrad.reading.latex import terms as t
from symgrad.verification.numbers import Array
from symgrad.verification.numeric import unit_of


def key_of(left: t.Term) -> str:
    """What a left-hand side is about: a name, or one quantity's derivative by another."""
    name, at, parameters = named(left)
    if name and not parameters:
        return "_".join((name, *map(str, at)))
    if isinstance(left, t.Partial) and isinstance(left.of, t.Ref) and len(left.by) == 1:
        by = left.by[0]
        if isinstance(by, t.Ref):
            return partial_name(left.of.name, "_".join((by.name, *map(str, by.at))))
    return ""


def printed_number(term: t.Term) -> str | None:
    """A number as it is printed, with its sign; one with a power of ten, 3 × 10^{-4}, as the decimal that it is."""
    match term:
        case t.Num():
            return term.text
        case t.Add(terms=(only,), signs=("-",)) if not isinstance(only, t.Add):
            number = printed_number(only)
            return None if number is None else f"-{number}"
        case t.Power(base=t.Num(text="10")):
            return _scaled("1", printed_number(term.exponent))
        case t.Mul(factors=(t.Num() as digits, t.Power(base=t.Num(text="10")) as power)):
            return _scaled(digits.text, printed_number(power.exponent))
    return None


def _scaled(digits: str, exponent: str | None) -> str | None:
    if exponent is None or not re.fullmatch(r"-?\d\d?", exponent):
        return None
    return format(Decimal(digits).scaleb(int(exponent)), "f")


def assigned(sentence: Sentence) -> tuple[str, str] | None:
    """The name and the number of w = 0.7."""
    if len(sentence.sides) < 2:
        return None
    name, at, _ = named(sentence.left)
    number = printed_number(sentence.sides[-1])
    if not name:
        if isinstance(sentence.left, t.Partial) and isinstance(sentence.left.of, t.Ref) and len(sentence.left.by) == 1:
            by = sentence.left.by[0]
            if isinstance(by, t.Ref) and not by.at and number is not None:
                return partial_name(sentence.left.of.name, by.name), number
        return None
    return None if number is None or at else (name, number)


def array_of(term: t.Term) -> Array | None:
    """The numbers of a vector or a matrix that is written out, as texts; of one row or column, those of a vector."""
    if isinstance(term, t.Transposed):
        turned = array_of(term.body)
        return turned if turned is None else turned.T
    if not isinstance(term, t.Entries):
        return None
    rows = [[printed_number(entry) for entry in row] for row in term.rows]
    if len({len(row) for row in rows}) != 1 or any(entry is None for row in rows for entry in row):
        return None
    array = np.array(rows, dtype=object)
    return array.ravel() if 1 in array.shape else array


def entry_text(place: Sequence[int]) -> str:
    """An entry's place, counted from 1.

    >>> entry_text((0, 2))
    '[1, 3]'
    """
    return f"[{', '.join(str(index + 1) for index in place)}]"


def is_misprint(number: str, known: str) -> bool:
    """Whether two numbers differ by a sign, or in one of three or more digits, neither being the other one rounded."""
    one, other = exact(number), exact(known)
    if one == other or is_rounding(number, known) or is_rounding(known, number):
        return False
    first, second = (text.replace(".", "").removeprefix("-").strip("0") for text in (number, known))
    if first == second:
        return len(first) >= 3 and one == -other
    return min(len(first), len(second)) >= 3 and one * other > 0 and _is_one_edit(first, second)


def is_rounding(short: str, long: str) -> bool:
    """Whether a number is another one with fewer digits, rounded or cut off."""
    return "." in short and bool(abs(exact(short) - exact(long)) < unit_of(short))


def _is_one_edit(first: str, second: str) -> bool:
    same = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(first, second, strict=False))
    start = sum(1 for _ in same)
    return any(first[start + a :] == second[start + b :] for a, b in ((1, 1), (1, 0), (0, 1)))
