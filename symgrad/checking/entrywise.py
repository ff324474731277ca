"""Lines of numbers with vectors and matrices that are written out, entry by entry: [1, 2] + [3, 4] = [4, 6]."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from symgrad.checking.arithmetic import check_numbers, compared
from symgrad.checking.evaluate import Function
from symgrad.checking.laid import Layout
from symgrad.checking.ledger import Ledger
from symgrad.checking.printed import array_of, entry_text, is_misprint, is_rounding, key_of, printed_number
from symgrad.checking.sentences import is_number
from symgrad.checking.values import Misfit
from symgrad.expressions import exact
from symgrad.reading.latex import terms as t
from symgrad.verification.budget import Budget, OutOfTime
from symgrad.verification.numbers import Array
from symgrad.verification.verdict import Verdict

MOST_CHECKED = 100  # entries
MOST_WAYS = 16  # of reading a line

Way = tuple[Array, ...]  # the entries of each side, in one reading of each


def check_line(
    sides: Sequence[t.Term], functions: Mapping[str, Function], ledger: Ledger, seconds: float
) -> Verdict | None:
    """The verdict on a chain's numbers, those of its vectors and matrices entry by entry; None for none."""
    numbers = check_numbers(sides, functions, ledger, seconds)
    if numbers is not None and not numbers:
        return numbers
    try:
        arrays = Budget(seconds).run(lambda: _check_arrays(sides, functions, ledger, seconds))
    except (OutOfTime, RecursionError):
        return numbers
    return numbers if arrays is None or (numbers is not None and arrays) else arrays


def _check_arrays(
    sides: Sequence[t.Term], functions: Mapping[str, Function], ledger: Ledger, seconds: float
) -> Verdict | None:
    sides = _chain(sides, ledger)
    known = _known(ledger)
    inserted = _all_inserted(sides)
    for name, array in inserted:
        slip = _slip(name, array, known.get(name))
        if slip is not None:
            return slip
    layout = Layout({**known, **dict(inserted)}, ledger.values, functions)
    if not any(map(layout.has_array, sides)):
        return None
    comparison = _Comparison(functions, ledger, seconds)
    found = comparison.of_chain(layout, sides)
    if found is None or found:
        return found
    return None if comparison.of_chain(replace(layout, is_loose=True), sides) else found


def arrays_anew(sides: Sequence[t.Term], ledger: Ledger) -> Iterator[str]:
    """What was chosen where a line has other arrays than its names have had: they are taken for another example's."""
    known = _known(ledger)
    for name, array in _all_inserted(_chain(sides, ledger)):
        before = known.get(name)
        if before is not None and not (before.shape == array.shape and all(map(_is_same, array.flat, before.flat))):
            yield f"other numbers than before were read as those of {name}"


def _is_same(number: str, known: str) -> bool:
    return exact(number) == exact(known) or is_rounding(number, known) or is_rounding(known, number)


def _known(ledger: Ledger) -> dict[str, Array]:
    """The arrays of names that have had one only."""
    return {n: array for n, array in ledger.arrays.items() if n not in ledger.several and n not in ledger.values}


def _all_inserted(sides: Sequence[t.Term]) -> list[tuple[str, Array]]:
    return [pair for one, other in itertools.pairwise(sides) for pair in _inserted(one, other)]


def _chain(sides: Sequence[t.Term], ledger: Ledger) -> Sequence[t.Term]:
    """The sides that are compared: without the name that the line gives its numbers to, and behind what it goes on."""
    first, *rest = sides
    if ledger.left is first and ledger.last is not None:
        return (ledger.last, *rest)
    key = key_of(first)
    if key in ledger.formulas and rest and is_number(rest[0]) and array_of(rest[0]) is None:
        return (ledger.formulas[key], *rest)
    return rest if key else sides


def _inserted(symbolic: t.Term, numeric: t.Term) -> Iterator[tuple[str, Array]]:
    """The vectors and matrices that stand where a formula has names."""
    array = array_of(numeric)
    if array is not None and array.ndim == 1 and isinstance(symbolic, t.Transposed):
        symbolic = symbolic.body
    key = key_of(symbolic)
    if array is not None and key:
        yield key, array
        return
    if type(symbolic) is not type(numeric) or isinstance(symbolic, t.Entries):
        return
    one, other = list(t.parts(symbolic)), list(t.parts(numeric))
    if len(one) == len(other):
        for first, second in zip(one, other, strict=True):
            yield from _inserted(first, second)


def _slip(name: str, array: Array, known: Array | None) -> Verdict | None:
    """The verdict on an array that is a name's, but for a misprint in one entry."""
    if known is None or known.shape != array.shape:
        return None
    apart = np.argwhere(array != known)
    if len(apart) != 1 or array.size < 3:
        return None
    place = tuple(apart[0])
    if not is_misprint(array[place], known[place]):
        return None
    at = entry_text(place)
    diagnosis = f"{array[place]} stands for entry {at} of {name}, which is {known[place]}"
    return Verdict("refuted", "", f"{name} has other numbers before", diagnosis=diagnosis)


def _readings(layout: Layout, side: t.Term) -> list[Array]:
    try:
        return layout.readings(side)
    except Misfit:
        return []


@dataclass(frozen=True)
class _Comparison:
    """Compares the entries of sides, of each of which there are several readings."""

    functions: Mapping[str, Function]
    ledger: Ledger
    seconds: float

    def of_chain(self, layout: Layout, sides: Sequence[t.Term]) -> Verdict | None:
        """The verdict on a chain's sides; what isn't numbers only is refuted only for a slip in few of the entries."""
        laid = [(side, found) for side in sides if (found := _readings(layout, side))]
        whole = self.verdict([found for _, found in laid], layout.is_doubtful)
        if whole is None or whole or all(is_number(side) for side, _ in laid):
            return whole
        numbers = self.verdict([found for side, found in laid if is_number(side)], layout.is_doubtful)
        if numbers is not None and not numbers:
            return numbers
        return whole if self.is_slip([found for _, found in laid]) else None

    def verdict(self, sides: Sequence[Sequence[Array]], is_doubtful: bool) -> Verdict | None:
        """The verdict where one reading is right, or each one is wrong and none is doubtful."""
        wrong: list[Verdict | None] = []
        for way in _ways(sides):
            entries = self._of_entries(way)
            found = _joined(entries)
            if found:
                self._learn(way[-1], entries)
                return found
            wrong.append(found)
        return None if is_doubtful or not wrong or None in wrong else wrong[0]

    def _learn(self, last: Array, entries: Mapping[tuple[int, ...], Verdict | None]) -> None:
        """What the entries of a line's last side are rounded from."""
        for place, verdict in entries.items():
            number = printed_number(last.item(*place))
            if number is not None and verdict is not None and verdict.correct is not None:
                self.ledger.compute(number, verdict.correct.rhs, False)

    def is_slip(self, sides: Sequence[Sequence[Array]]) -> bool:
        """Whether the numbers are exact, and most of the entries are right in a reading: a slip in the others."""
        for way in _ways(sides):
            numbers = [n.text for array in way for term in array.flat for n in t.walk(term) if isinstance(n, t.Num)]
            right = sum(bool(found) for found in self._of_entries(way).values())
            if right >= max(2, way[0].size / 2) and not any("." in number for number in numbers):
                return True
        return False

    def _of_entries(self, way: Way) -> dict[tuple[int, ...], Verdict | None]:
        return {place: self._of_numbers([array.item(*place) for array in way]) for place in np.ndindex(way[0].shape)}

    def _of_numbers(self, sides: Sequence[t.Term]) -> Verdict | None:
        return compared(sides, 0, self.ledger.values, self.functions, self.ledger, self.seconds)


def _ways(sides: Sequence[Sequence[Array]]) -> Iterator[Way]:
    """The readings of a chain in which all its sides have one shape."""
    if len(sides) < 2:
        return
    ways = (way for way in itertools.product(*sides) if len({array.shape for array in way}) == 1)
    yield from (way for way in itertools.islice(ways, MOST_WAYS) if way[0].size <= MOST_CHECKED)


def _joined(entries: Mapping[tuple[int, ...], Verdict | None]) -> Verdict | None:
    """One verdict for all entries: that on the first that is refuted, if any is."""
    found = [verdict for verdict in entries.values() if verdict is not None]
    for place, verdict in entries.items():
        if verdict is not None and verdict.status == "refuted":
            at = f"in entry {entry_text(place)}: " if place else ""
            return replace(verdict, diagnosis=at + (verdict.diagnosis or verdict.reason), correct=None)
    if len(found) < len(entries) or not all(found):
        return None
    agrees = [verdict for verdict in found if verdict.status == "agrees"]
    return replace((agrees or found)[0], correct=None)
