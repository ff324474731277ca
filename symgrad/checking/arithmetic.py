"""Lines of numbers in a document: ŷ - y = 129.9 - 88.2 = 41.7, with what is known of its letters."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from symgrad.checking.evaluate import Function
from symgrad.checking.ledger import Ledger
from symgrad.checking.printed import is_misprint, is_rounding, key_of, printed_number
from symgrad.checking.rounding import digits_of, put, within_rounding
from symgrad.checking.sentences import Sentence, is_number, named
from symgrad.checking.speller import Speller
from symgrad.checking.substituted import Substitution
from symgrad.checking.values import Misfit
from symgrad.checking.world import World
from symgrad.errors import SymgradError
from symgrad.expressions import exact
from symgrad.names import partial_name
from symgrad.reading.latex import terms as t
from symgrad.verification.budget import Budget, OutOfTime
from symgrad.verification.numeric import verify_numbers
from symgrad.verification.verdict import Verdict


def learned(symbolic: t.Term, numeric: t.Term) -> Iterator[tuple[str, str]]:
    """The numbers that stand where a formula has names."""
    if isinstance(symbolic, t.Ref) and not symbolic.at:
        number = printed_number(numeric)
        if number is not None:
            yield symbolic.name, number
        return
    if isinstance(symbolic, t.Partial) and isinstance(symbolic.of, t.Ref) and len(symbolic.by) == 1:
        number = printed_number(numeric)
        by = symbolic.by[0]
        if number is not None and isinstance(by, t.Ref) and not by.at and not symbolic.of.at:
            yield partial_name(symbolic.of.name, by.name), number
        return
    if isinstance(symbolic, t.Entries) and isinstance(numeric, t.Entries):
        for row, numbers in zip(symbolic.rows, numeric.rows, strict=False):
            for first, second in zip(row, numbers, strict=False):
                yield from learned(first, second)
        return
    if type(symbolic) is not type(numeric):
        return
    one, other = list(t.parts(symbolic)), list(t.parts(numeric))
    same = len(one) == len(other)
    if isinstance(symbolic, t.Add) and isinstance(numeric, t.Add) and same:
        for sign, first, mark, second in zip(symbolic.signs, one, numeric.signs, other, strict=True):
            for name, number in learned(first, second):  # a + b beside 5 - 2: b is -2
                opposite = number.removeprefix("-") if number.startswith("-") else f"-{number}"
                whole = isinstance(first, t.Ref | t.Partial)
                if sign == mark or whole:
                    yield name, number if sign == mark else opposite
        return
    if isinstance(symbolic, t.Apply) and isinstance(numeric, t.Apply):
        same = same and symbolic.function == numeric.function
    if same:
        for first, second in zip(one, other, strict=True):
            yield from learned(first, second)


def check_numbers(
    sides: Sequence[t.Term], functions: Mapping[str, Function], ledger: Ledger, seconds: float
) -> Verdict | None:
    """The verdict on the numbers of a chain, its formulas at the values that stand there; None without two sides."""
    if len(sides) > 1 and is_number(sides[1]):
        slip = _of_sibling(sides, ledger)
        if slip is not None:
            return slip
    sides = ledger.continued(sides)
    first = _first_number(sides)
    if first is None:
        return None
    inserted = _inserted(sides, first)
    slip = _slip(inserted, ledger)
    if slip is not None:
        return slip
    values = {**ledger.values, **dict(inserted)}
    values.update(_points(sides, functions))
    return compared(sides, first, values, functions, ledger, seconds)


def compared(
    sides: Sequence[t.Term],
    first: int,
    values: Mapping[str, str],
    functions: Mapping[str, Function],
    ledger: Ledger,
    seconds: float,
) -> Verdict | None:
    """The verdict on a chain's sides at some values, the first that is numbers being given; None without two sides."""
    speller = Speller(functions)
    texts: list[str] = []
    for place, side in enumerate(sides):
        before = dict(speller.names)
        try:
            text = speller.text(side)
        except (Misfit, SymgradError):
            continue
        unknown = [name for name in speller.names if name not in values and name not in before]
        fresh = [name for name in speller.names if name not in values]
        if unknown or (fresh and place < first and any(name in text for name in fresh)):
            speller.names = before
            continue
        if place == 0 and isinstance(side, t.Ref | t.Partial) and not is_number(side) and not _is_call(side, functions):
            speller.names = before
            continue  # a name that the line gives its number to
        texts.append(text)
    if len(texts) < 2:
        return None
    given: dict[str, Any] = {name: exact(values[name]) for name in speller.names if name in values}
    found = verify_numbers(texts, {**given, **speller.called}, seconds=seconds)
    named_part = re.match(r"-?[\d.]+ stands for .*[^\d.\s-].* [=≈]", found.diagnosis) and ";" not in found.diagnosis
    if found.status == "refuted" and within_rounding(texts, {**given, **speller.called}, not named_part, seconds):
        reason = "every number is right to its printed digits, those of the side before being rounded"
        return Verdict("agrees", found.claim, reason, correct=found.correct)
    if found.status == "refuted" and ledger.rounded:
        widened = _widened(texts, values, speller, ledger, seconds)
        if widened is not None and widened.status == "proved":
            return widened
    return found


def given_anew(sides: Sequence[t.Term], ledger: Ledger) -> Iterator[str]:
    """What was chosen where a line has other numbers than its names have had: they are taken for another example's."""
    sides = ledger.continued(sides)
    first = _first_number(sides)
    for name, number in _inserted(sides, first) if first is not None else ():
        known = ledger.values.get(name)
        if known is None or name in ledger.several or exact(number) == exact(known):
            continue
        if not (is_rounding(number, known) or is_rounding(known, number)):
            yield f"{number} was read as another number for {name}, which is {known} before"


def _first_number(sides: Sequence[t.Term]) -> int | None:
    return next((place for place, side in enumerate(sides) if is_number(_flat(side))), None)


def _inserted(sides: Sequence[t.Term], first: int) -> list[tuple[str, str]]:
    """The numbers that the first side of numbers has for the names of the side before it."""
    if first == 0 or (first == 1 and key_of(sides[0])):
        return []
    return list(learned(sides[first - 1], sides[first]))


def check_value(sentence: Sentence, world: World, ledger: Ledger, seconds: float) -> Verdict | None:
    """The verdict on q = 6 where a document defines q by names that it has given numbers; None where it doesn't.

    It is refuted only if each of the numbers is exact and the only one that its name has had, and it is nearly right:
    any other number may be that of another example.
    """
    number = printed_number(sentence.sides[-1])
    if number is None or len(sentence.sides) != 2:
        return None
    own = key_of(sentence.left)
    values = {name: value for name, value in ledger.values.items() if name != own}
    verdict = _value(sentence, world, ledger, values, number, seconds)
    if verdict is None:  # numbers that were computed are rounded, and what they were computed from may not be
        kept = {
            name
            for name in values
            if name not in ledger.computed and values[name].removeprefix("-") not in ledger.rounded
        }
        given = {name: value for name, value in values.items() if name in kept}
        verdict = _value(sentence, world, ledger, given, number, seconds) if len(given) < len(values) else None
    return verdict


def _value(
    sentence: Sentence, world: World, ledger: Ledger, values: Mapping[str, str], number: str, seconds: float
) -> Verdict | None:
    """The verdict on a number for a quantity that these values give one; None for none that is certain."""
    found = Substitution(world, sentence.number, values)
    formula = ledger.steps.get(key_of(sentence.left), sentence.left)
    try:
        verdict = Budget(seconds).run(lambda: verify_numbers([str(found.value(formula)), number]))
    except (Misfit, SymgradError, OutOfTime, RecursionError):
        return None
    if not (found.used or found.is_at_a_point) or found.used & ledger.several:
        return None
    rounded = any(ledger.values[name].removeprefix("-") in ledger.rounded for name in found.used)
    if verdict.status == "refuted":
        certain = (found.is_at_a_point and not found.used) or _is_near(verdict, number)
        if rounded or found.is_ambiguous or found.used & ledger.computed or not certain:
            return None
        if verdict.correct is not None and len(verdict.diagnosis) > 80:
            value = f"{float(verdict.correct.rhs):.{digits_of(number) + 1}g}"
            return replace(verdict, diagnosis=f"{number} stands where the numbers of the document give {value}")
    return verdict if verdict.status in ("proved", "refuted") else None


def _is_near(verdict: Verdict, number: str) -> bool:
    """Whether a refuted number has only the wrong sign, or is off by less than a tenth."""
    if verdict.correct is None:
        return False
    value, printed = verdict.correct.rhs, exact(number)
    return bool(value == -printed or abs(value - printed) * 10 < abs(value))


def _of_sibling(sides: Sequence[t.Term], ledger: Ledger) -> Verdict | None:
    """The verdict on a line whose formula stands elsewhere, and which has the number of the formula before: t₁ for t₂.

    The formula is that of the name with another number, E₁ for E₂, if the document has it with this number, too.
    """
    name, at, parameters = named(sides[0])
    number = re.search(r"\d+$", name)
    if number is None or at or parameters or name in ledger.formulas:
        return None
    for other, formula in ledger.formulas.items():
        before = re.search(r"\d+$", other)
        if before is None or other[: before.start()] != name[: number.start()]:
            continue

        def renumbered(term: t.Term, before: str = before[0]) -> t.Term:
            if not isinstance(term, t.Ref):
                return term
            return replace(term, name=_renumbered(term.name, before, number[0]))

        own = t.placeless(t.rewritten(formula, renumbered))
        if own == t.placeless(formula) or own not in ledger.written():
            continue
        for quantity, printed in learned(own, sides[1]):
            known, twin = ledger.values.get(quantity), _renumbered(quantity, number[0], before[0])
            if known is None or twin == quantity or quantity in ledger.several or twin not in ledger.values:
                continue
            if exact(printed) == exact(ledger.values[twin]) != exact(known):
                diagnosis = f"{printed} stands for {quantity} = {known}: it is {twin}"
                return Verdict("refuted", "", f"{quantity} is {known} before", diagnosis=diagnosis)
    return None


def _renumbered(name: str, before: str, after: str) -> str:
    return re.sub(rf"(?<!\d){before}(?!\d)", after, name)


def _slip(inserted: Sequence[tuple[str, str]], ledger: Ledger) -> Verdict | None:
    """The verdict on a number that stands for a name whose number is known to be another one, but nearly the same."""
    for name, number in inserted:
        known = ledger.values.get(name)
        if known is None or name in ledger.several or not is_misprint(number, known):
            continue
        if name not in ledger.computed and "_d" in name and name.startswith("d"):
            continue  # a derivative that is only stated: either may be the slip
        if exact(number) == -exact(known):
            diagnosis = f"the sign is wrong: {number} stands for {name} = {known}"
        else:
            diagnosis = f"{number} stands for {name} = {known}"
        return Verdict("refuted", "", f"{name} is {known} before", diagnosis=diagnosis)
    return None


def _flat(side: t.Term) -> t.Term:
    if isinstance(side, t.Entries) and len(side.rows) == 1 and len(side.rows[0]) == 1:
        return side.rows[0][0]
    return side


def _is_call(side: t.Term, functions: Mapping[str, Function]) -> bool:
    return isinstance(side, t.Partial) and isinstance(side.of, t.Apply) and side.of.function in functions


def _points(sides: Sequence[t.Term], functions: Mapping[str, Function]) -> dict[str, str]:
    """The parameters of functions that a line takes at numbers: x = -4 in ∇f(-4) = [-2x]."""
    found: dict[str, str] = {}
    for node in t.walk(sides[0]):
        if isinstance(node, t.Apply) and node.function in functions:
            for parameter, argument in zip(functions[node.function].parameters, node.arguments, strict=False):
                number = printed_number(argument)
                if number is not None:
                    found[parameter] = number
    return found


def _widened(
    texts: list[str], values: Mapping[str, str], speller: Speller, ledger: Ledger, seconds: float
) -> Verdict | None:
    """The line with its numbers that an earlier line has rounded standing for all that round to them."""
    names: dict[str, str] = {}
    replaced = list(texts[:-1])
    for number in sorted(ledger.rounded, key=len, reverse=True):
        plain = number.removeprefix("-")
        name = f"rounded{len(names) + 1}"
        wider = [put(name, plain, text) for text in replaced]
        if wider != replaced:
            names[plain], replaced = name, wider
    wide = {
        name
        for name, value in values.items()
        if value.removeprefix("-") in {n.removeprefix("-") for n in ledger.rounded}
    }
    wide &= set(speller.names)
    if not names and not wide:
        return None
    given: dict[str, Any] = {name: values[name] for name in speller.names if name in values}
    given |= {name: number for number, name in names.items()}
    printed = {name: str(given[name]).removeprefix("-") for name in [*names.values(), *sorted(wide)]}
    if all(number in ledger.exact for number in printed.values()):  # the printed numbers, or those before rounding
        for some in itertools.product((False, True), repeat=min(len(printed), 4)):
            precise = {n for n, is_exact in zip(printed, some, strict=False) if is_exact}
            unrounded = {n: ledger.exact[printed[n]] * (-1 if str(given[n]).startswith("-") else 1) for n in precise}
            found = verify_numbers([*replaced, texts[-1]], {**given, **unrounded, **speller.called}, seconds=seconds)
            if found.status == "proved":
                return found
        return None
    return verify_numbers(
        [*replaced, texts[-1]], {**given, **speller.called}, rounded=[*names.values(), *sorted(wide)], seconds=seconds
    )
