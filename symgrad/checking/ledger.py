"""What a document has said of numbers so far."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from sympy import Expr

from symgrad.checking.printed import array_of, assigned, key_of, printed_number
from symgrad.checking.sentences import Sentence, is_number
from symgrad.expressions import exact
from symgrad.reading.latex import terms as t
from symgrad.verification.numbers import Array
from symgrad.verification.verdict import Verdict


@dataclass
class Ledger:
    """The numbers that a document has given to names so far, and those of its numbers that it has rounded.

    `exact` holds what a rounded number stands for, where it was computed from exact numbers; `computed` are the names
    whose number was checked, `several` those that have had more than one.  `arrays` are the vectors and matrices of
    numbers, `mistaken` the numbers that are wrong, with the quantity of each and what it is.  `left` and `last` are the
    left-hand side and the last side of the line before, `formulas` the formulas of names and derivatives, `steps` those
    of what updates give, `written` all parts of the document's formulas.
    """

    values: dict[str, str] = field(default_factory=dict)
    rounded: set[str] = field(default_factory=set)
    exact: dict[str, Expr] = field(default_factory=dict)
    computed: set[str] = field(default_factory=set)
    several: set[str] = field(default_factory=set)
    arrays: dict[str, Array] = field(default_factory=dict)
    mistaken: dict[str, tuple[str, str]] = field(default_factory=dict)
    formulas: dict[str, t.Term] = field(default_factory=dict)
    steps: dict[str, t.Term] = field(default_factory=dict)
    written: Callable[[], frozenset[t.Term]] = frozenset
    left: t.Term | None = None
    last: t.Term | None = None

    def learn(self, sentence: Sentence, verdict: Verdict | None) -> None:
        """What a sentence says of numbers, its own being right or wrong."""
        given = assigned(sentence)
        if given is not None:
            name, number = given
            if name in self.values and exact(self.values[name]) != exact(number):
                self.several.add(name)
            self.values[name] = number
            if verdict:
                self.computed.add(name)
        array, key = array_of(sentence.sides[-1]), key_of(sentence.left)
        if array is not None and key:
            if key in self.arrays and not np.array_equal(self.arrays[key], array):
                self.several.add(key)
            self.arrays[key] = array
        if verdict and verdict.correct is not None:
            last = printed_number(sentence.sides[-1])
            if last is not None:
                is_exact = verdict.status == "proved" and not self._uses_rounded(sentence)
                self.compute(last, verdict.correct.rhs, is_exact)

    def compute(self, number: str, value: Expr, is_exact: bool) -> None:
        """A printed number is a value, perhaps rounded; the value itself may be that of numbers that were rounded."""
        if "." in number and value != exact(number):
            plain = number.removeprefix("-")
            self.rounded.add(plain)
            if is_exact:
                self.exact[plain] = abs(value)

    def _uses_rounded(self, sentence: Sentence) -> bool:
        nodes = [node for side in sentence.sides[:-1] for node in t.walk(side)]
        used = {node.text for node in nodes if isinstance(node, t.Num)}
        used |= {self.values[n.name].removeprefix("-") for n in nodes if isinstance(n, t.Ref) and n.name in self.values}
        return bool(used & self.rounded)

    def passed(self, sentence: Sentence) -> None:
        """The sentence that the next one may go on from."""
        self.left = self.last = None
        if sentence.kind == "update" and isinstance(sentence.sides[1], t.Add):
            self.steps[key_of(sentence.left)] = sentence.sides[1]
        if len(sentence.sides) < 2 or sentence.kind in ("other", "unread", "update"):
            return
        self.left, self.last = sentence.left, sentence.sides[-1]
        key = key_of(sentence.left)
        formula = next((side for side in sentence.sides[1:] if not is_number(side)), None)
        if key and formula is not None:
            self.formulas[key] = formula

    def continued(self, sides: Sequence[t.Term]) -> tuple[t.Term, ...]:
        """The sides of a line, behind what they go on from: the line before, or the formula of the same quantity."""
        first, *rest = sides
        key = key_of(first)
        if (
            self.last is not None
            and self.left is not None
            and (self.left is first or (key and key_of(self.left) == key))
        ):
            return (first, self.last, *rest)
        if key in self.formulas and rest and is_number(rest[0]) and printed_number(rest[0]) is None:
            return (first, self.formulas[key], *rest)
        return tuple(sides)
