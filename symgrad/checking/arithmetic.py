"""Lines of numbers in a document: ŷ - y = 129.9 - 88.2 = 41.7, with what is known of its letters."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import numpy as np
from sympy import Expr

from symgrad.checking.evaluate import Evaluator, Function
from symgrad.checking.sentences import Sentence, is_number, named
from symgrad.checking.substituted import Substitution
from symgrad.checking.values import Algebra, Misfit, Sizes, Value
from symgrad.checking.world import World
from symgrad.errors import SymgradError
from symgrad.expressions import exact
from symgrad.names import partial_name
from symgrad.reading.latex import terms as t
from symgrad.tensors.elementwise import ELEMENTWISE
from symgrad.verification.budget import Budget, OutOfTime
from symgrad.verification.numbers import Array
from symgrad.verification.numeric import verify_numbers
from symgrad.verification.verdict import Verdict

SUM, PRODUCT, POWER, ATOM = 1, 2, 3, 4
LONG = 7  # digits: more than a person computes with by hand
_DECIMAL = re.compile(r"(?<![\w.])\d*\.\d+(?![\w.])")


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


@dataclass
class Speller:
    """Spells terms as Python does, with the functions that they call; raises Misfit for what has no number."""

    functions: Mapping[str, Function]
    called: dict[str, Callable[..., Any]] = field(default_factory=dict)
    names: dict[str, None] = field(default_factory=dict)

    def text(self, term: t.Term, level: int = 0) -> str:
        """A term's spelling, in parentheses where it binds less tightly than the level."""
        text, own = self._spelled(term)
        return text if own >= level else f"({text})"

    def _spelled(self, term: t.Term) -> tuple[str, int]:
        match term:
            case t.Num():
                return (term.text, ATOM if not term.text.startswith("-") else SUM)
            case t.Ref(at=()):
                self.names[term.name] = None
                return term.name, ATOM
            case t.Add():
                signs = [sign if place or sign == "-" else "" for place, sign in enumerate(term.signs)]
                parts = [self.text(part, PRODUCT) for part in term.terms]
                joined = "".join(
                    f" {s} {p}" if place else f"{s}{p}" for place, (s, p) in enumerate(zip(signs, parts, strict=True))
                )
                return joined, SUM
            case t.Mul():
                return "*".join(self.text(factor, POWER) for factor in term.factors), PRODUCT
            case t.Div():
                return f"{self.text(term.over, PRODUCT)}/{self.text(term.under, POWER)}", PRODUCT
            case t.Power():
                return f"{self.text(term.base, ATOM)}**{self.text(term.exponent, ATOM)}", POWER
            case t.Norm(kind="|" | "‖" | "‖2"):
                return f"abs({self.text(term.body)})", ATOM
            case t.Entries() if len(term.rows) == 1 and len(term.rows[0]) == 1:
                return self._spelled(term.rows[0][0])
            case t.Apply():
                return self._applied(term), ATOM
            case t.Partial():
                return self._derivative(term), ATOM
        raise Misfit("it has no single number")

    def _applied(self, term: t.Apply) -> str:
        arguments = ", ".join(self.text(argument) for argument in term.arguments)
        function = self.functions.get(term.function)
        if function is not None:
            name = term.function + "_prime" * term.primes
            self.called[name] = self._function(term.function, function, term.primes)
            return f"{name}({arguments})"
        if term.function in ELEMENTWISE and not term.primes:
            return f"{term.function}({arguments})"
        raise Misfit(f"nothing says what {term.function} is")

    def _derivative(self, term: t.Partial) -> str:
        of = term.of
        name = of.function if isinstance(of, t.Apply) else of.name if isinstance(of, t.Ref) and not of.at else ""
        function = self.functions.get(name)
        by = [by.name for by in term.by if isinstance(by, t.Ref) and not by.at]
        if function is not None and len(function.parameters) == 1 and by in ([], [function.parameters[0]]):
            argument = (
                self.text(of.arguments[0])
                if isinstance(of, t.Apply)
                else self.text(t.Ref(of.span, function.parameters[0]))
            )
            self.called[f"grad_{name}"] = self._function(name, function, 1)
            return f"grad_{name}({argument})"
        if name and len(by) == 1:
            self.names[partial_name(name, by[0])] = None
            return partial_name(name, by[0])
        raise Misfit("a derivative without a number")

    def _function(self, name: str, function: Function, primes: int) -> Callable[..., Expr]:
        def apply(*arguments: Any) -> Expr:
            evaluator = Evaluator(Algebra(Sizes()), lambda _: (), self.functions)
            span = t.NOWHERE
            given = tuple(t.Ref(span, f"argument{place}_") for place in range(len(arguments)))
            evaluator.local = {
                ref.name: Value(getattr(argument, "expr", argument))
                for ref, argument in zip(given, arguments, strict=True)
            }
            return evaluator.value(t.Apply(span, name, given, primes)).expr

        return apply


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
            value = f"{float(verdict.correct.rhs):.{_digits(number) + 1}g}"
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
    unit = exact("1") / 10 ** len(short.partition(".")[2])
    return bool(abs(exact(short) - exact(long)) < unit) if "." in short else False


def _is_one_edit(first: str, second: str) -> bool:
    same = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(first, second, strict=False))
    start = sum(1 for _ in same)
    return any(first[start + a :] == second[start + b :] for a, b in ((1, 1), (1, 0), (0, 1)))


def within_rounding(texts: list[str], given: Mapping[str, Any], inside: bool, seconds: float) -> bool:
    """Whether each side is what the one before it comes to, its new decimals being rounded in their last digit.

    Decimals inside a side may only be rounded if `inside`: if none of them stands for a part that has another value.

    A sum or a product of numbers that were rounded for it is itself right to no more digits.
    """
    for before, side in itertools.pairwise(texts):
        fresh = [number for number in dict.fromkeys(_DECIMAL.findall(side)) if number not in _DECIMAL.findall(before)]
        fresh = [number for number in fresh if _digits(number) > 2] or fresh  # 0.5 beside 0.2297 is exact
        if _DECIMAL.fullmatch(side.removeprefix("-")) and _is_last_digit(before, side, given, seconds):
            continue
        if not inside or not fresh or len(fresh) > 4 or _DECIMAL.fullmatch(side.removeprefix("-")):
            if verify_numbers([before, side], given, seconds=seconds).status != "proved":
                return False
            continue
        names = {f"fresh{place}": number for place, number in enumerate(fresh)}
        wide = side
        for name, number in names.items():
            wide = re.sub(rf"(?<![\w.]){re.escape(number)}(?![\w.])", name, wide)
        if not _meets(wide, names, before, given, seconds):
            return False
    return True


def _digits(number: str) -> int:
    return len(number.replace(".", "").lstrip("0"))


def _is_last_digit(before: str, side: str, given: Mapping[str, Any], seconds: float) -> bool:
    """Whether a long decimal is off by one in its last digit only, its factors having been as long and rounded."""
    digits = side.removeprefix("-").replace(".", "").lstrip("0")
    if len(digits) < LONG or not any(len(n.replace(".", "").lstrip("0")) >= LONG - 1 for n in _DECIMAL.findall(before)):
        return False
    wanted = verify_numbers([before, "0"], given, seconds=seconds)
    if wanted.correct is None:
        return False
    unit = exact("1") / 10 ** len(side.partition(".")[2])
    return bool(abs(wanted.correct.rhs - exact(side)) <= unit)


def _meets(wide: str, names: Mapping[str, str], before: str, given: Mapping[str, Any], seconds: float) -> bool:
    """Whether some numbers that round to the printed ones give a side the value of the side before it."""
    values = {}
    for sign in ("", "-", "+"):
        shifted = {name: _shifted(number, sign) for name, number in names.items()}
        found = verify_numbers([wide, "0"], {**given, **shifted}, seconds=seconds)
        if found.correct is None:
            return False
        values[sign] = found.correct.rhs
    wanted = verify_numbers([before, "0"], given, seconds=seconds)
    if wanted.correct is None:
        return False
    slack = max(abs(values["-"] - values[""]), abs(values["+"] - values[""]))
    return bool(abs(wanted.correct.rhs - values[""]) <= slack)


def _shifted(number: str, sign: str) -> Expr:
    half = exact("0.5") / 10 ** len(number.partition(".")[2])
    return exact(number) + (half if sign == "+" else -half if sign == "-" else 0)


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
        pattern = re.compile(rf"(?<![\w.]){re.escape(plain)}(?![\w.])")
        for place, text in enumerate(replaced):
            if pattern.search(text):
                name = names.setdefault(plain, f"rounded{len(names) + 1}")
                replaced[place] = pattern.sub(name, text)
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
