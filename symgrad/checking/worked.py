"""Worked examples: what a quantity is at the vectors and numbers that a document gives, beside the numbers inserted."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from sympy import Integer

from symgrad.checking.judge import Judge, Judged
from symgrad.checking.ledger import Ledger
from symgrad.checking.printed import array_of, entry_text, key_of, printed_number
from symgrad.checking.rounding import put, value_of, within_rounding
from symgrad.checking.sentences import Sentence, is_number
from symgrad.checking.speller import Speller
from symgrad.checking.unknown import sloped
from symgrad.checking.values import Misfit
from symgrad.checking.world import CycleError
from symgrad.equations import Equation, Index, Size, names_in
from symgrad.errors import SymgradError
from symgrad.expressions import exact
from symgrad.names import partial_name
from symgrad.reading.latex import terms as t
from symgrad.verification.budget import Budget, OutOfTime
from symgrad.verification.context import Context
from symgrad.verification.numbers import FLOATS, Array, NoValue
from symgrad.verification.numeric import unit_of
from symgrad.verification.values import Values
from symgrad.verification.verdict import Verdict

DIGITS = 12  # of what is computed in floats
SHOWN = 6  # of the number that is right
FAR = 5  # units of the last printed digit, which no rounding on the way explains
NEAR = 0.01  # how far apart, relatively, a number with the wrong sign may be from the right one, for its rounding


def check_worked(sentence: Sentence, judge: Judge, ledger: Ledger, seconds: float) -> Judged | None:
    """The verdict on numbers for a quantity that a document's vectors and numbers give a value; None for none.

    They are refuted only where the sign is wrong, or where one of them is a number that was found wrong before: other
    deviations may be those of numbers that were rounded on the way.  A letter with a number, the c of p_c where c = 1,
    is a place that is counted from 0 or from 1: numbers that are right for one of them are right.
    """
    side = next((side for side in sentence.sides[1:] if is_number(side)), None)
    if not ledger.arrays or side is None:
        return None
    try:
        found = Budget(seconds).run(lambda: _Example(judge, ledger).values(sentence.left, sentence.number))
        judged = [(_compared(sentence, side, value, ledger, seconds), readings) for value, readings in found]
    except (Misfit, NoValue, SymgradError, CycleError, OutOfTime, RecursionError, ValueError):
        return None
    for verdict, readings in judged:
        if verdict:
            return Judged(verdict, readings=readings)
    first = judged[0][0]
    return None if first is None or any(verdict is None for verdict, _ in judged) else Judged(first)


def _compared(sentence: Sentence, side: t.Term, found: Array, ledger: Ledger, seconds: float) -> Verdict | None:
    entries = array_of(side)
    if entries is None:
        return _of_number(sentence, Speller({}).text(side), found.item(), ledger, seconds)
    verdict = _of_entries(found, entries) if entries.shape == found.shape else None
    if verdict:
        for number, value in zip(entries.flat, found.flat, strict=True):
            ledger.compute(number, exact(f"{value:.{DIGITS}g}"), False)
    return verdict


def _of_number(sentence: Sentence, text: str, found: float, ledger: Ledger, seconds: float) -> Verdict | None:
    value = f"{found:.{DIGITS}g}"
    if within_rounding([value, text], {}, True, seconds):
        return Verdict("agrees", "", "every number is right to its printed digits, where numbers were rounded before")
    name, wrong = key_of(sentence.left), ""
    inserted = value_of(text, {}, seconds)
    if inserted is not None and found and abs(float(inserted) + found) < NEAR * abs(found):
        wrong = "the sign is wrong"
    for printed, (other, correct) in ledger.mistaken.items():
        mended = put(f"({correct})", printed, text)
        if mended != text and within_rounding([value, mended], {}, True, seconds):
            wrong = f"{printed} stands for {other}, which is {float(correct):.4g}"
    if not wrong:
        return None
    last = printed_number(sentence.sides[-1])
    if last is not None and name:
        ledger.mistaken[last] = name, value
    right = Equation("value", exact(f"{found:.{SHOWN}g}"))
    return Verdict("refuted", "", f"the numbers of the document give {found:.4g}", diagnosis=wrong, correct=right)


@dataclass(frozen=True)
class _Example:
    """What a document's quantities are at its numbers; raises NoValue where they give none."""

    judge: Judge
    ledger: Ledger

    def values(self, term: t.Term, number: int) -> list[tuple[Array, tuple[str, ...]]]:
        """What a term is: computed from what its definitions come down to, not from numbers on the way.

        It has two values, each with how it was read, where its places may be counted from 0 or from 1.
        """
        context, side = self.judge.meaning(term, number)
        values = Values(FLOATS, {}, {})
        self._need(context, side, values, set())
        letters = sorted((free for free in side.rhs.free_symbols - {*side.indices} if isinstance(free, Index)), key=str)
        places = {letter: self._place(str(letter)) for letter in letters}
        starts = [
            start
            for start in ((1, 0) if letters else (1,))
            if all(0 <= place - start < values.size(letter.size) for letter, place in places.items())
        ]
        found = []
        for start in starts:
            at = {letter: Integer(place - start) for letter, place in places.items()}
            readings = tuple(f"{letter} was counted from {start}" for letter in letters) if len(starts) > 1 else ()
            found.append((values.of(replace(side, rhs=side.rhs.xreplace(at))), readings))
        if not found:
            raise NoValue
        return found

    def _place(self, letter: str) -> int:
        """The place that a letter is; raises NoValue where the document doesn't say it, or says several."""
        number = self.ledger.values.get(letter, "")
        if not number.isdigit() or letter in self.ledger.several:
            raise NoValue
        return int(number)

    def _need(self, context: Context, equation: Equation, values: Values, above: set[str]) -> None:
        """Gives a value to all names that an equation uses, and their axes a length."""
        for name in names_in(equation.rhs):
            if name in values.arrays:
                continue
            own = next((each for each in context.model.equations if each.name == name), None)
            try:
                if own is None or name in above:
                    raise NoValue
                self._need(context, own, values, above | {name})
                values.define([own])
            except NoValue:
                self._give(context, name, values)

    def _give(self, context: Context, name: str, values: Values) -> None:
        """The numbers that the document says; a name that it has given several has none."""
        pair = sloped(name)
        known = name if pair is None else partial_name(pair[1], pair[0])
        if known in self.ledger.several:
            raise NoValue
        given = self.ledger.arrays.get(known, self.ledger.values.get(known))
        if given is None:
            raise NoValue
        array = np.asarray(given, float)
        axes = context.model.quantities[name].axes
        if len(axes) != array.ndim:
            raise NoValue
        for axis, length in zip(axes, array.shape, strict=True):
            if isinstance(axis, Size):
                values.sizes.setdefault(axis, length)
            if values.size(axis) != length:
                raise NoValue
        values.arrays[name] = array


def _of_entries(found: Array, entries: Array) -> Verdict | None:
    """The verdict on the numbers of an array: that some are wrong is said where most are right."""
    printed = entries.astype(float)
    units = np.vectorize(_unit, otypes=[float])(entries)
    apart = np.abs(found - printed)
    right = apart <= units / 2 + 10.0**-DIGITS * np.maximum(np.abs(printed), 1)
    if right.all():
        return Verdict("agrees", "", "each entry is, to its printed digits, what the numbers of the document give")
    wrong = (apart > FAR * units) & (apart > 2 * NEAR * np.abs(found))
    if not wrong.any() or np.count_nonzero(right & (printed != 0)) < max(2, entries.size / 2):
        return None
    place = tuple(np.argwhere(wrong)[0])
    given = f"the numbers of the document give {found[place]:.4g}"
    diagnosis = f"in entry {entry_text(place)}: {entries[place]} stands where {given}"
    return Verdict("refuted", "", "most of its entries are right, this one isn't", diagnosis=diagnosis)


def _unit(number: str) -> float:
    """A unit in a printed number's last place; 0 for a whole number, which stands for itself."""
    return 0.0 if number.removeprefix("-").isdigit() else float(unit_of(number))
