"""Lines of numbers: `(yhat - y)*x = (129.9 - 88.2)*177 = 7380.9`, each side against the exact value.

A printed decimal stands for every number that rounds to it; a whole number stands for itself.  A side is laid over
the one before it, so that a number that stands for the wrong value is named.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import sympy
from sympy import Expr, Rational, Symbol, floor
from sympy.core.function import AppliedUndef

from symgrad.equations import Equation, Model
from symgrad.errors import ClaimError, SymgradError
from symgrad.expressions import exact
from symgrad.indices import in_inputs
from symgrad.notation.numbers import decimal
from symgrad.reading.arithmetic import Reader, parsed, scalar, spelled, unspelled
from symgrad.tensors.tensor import Scope, Tensor
from symgrad.verification.budget import Budget, OutOfTime
from symgrad.verification.exactly import finite_over, has_value, sign
from symgrad.verification.verdict import Verdict

MOST_CORNERS = 64  # of the box of rounded inputs that are looked at
Values = Mapping[str, Expr]


@dataclass(frozen=True)
class _Side:
    """One side of a line: its text, its syntax tree, and the values of its names.

    `widths` says by how much each rounded input may be off.
    """

    text: str
    tree: ast.expr
    values: Values
    functions: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    widths: Values = field(default_factory=dict)

    def formula(self, node: ast.expr) -> Expr:
        """A part of the side as an expression; raises ClaimError for a name without a value."""
        expr = Reader(scalar, Scope(), self.functions).quantity(node).expr
        missing = sorted(str(s) for s in expr.free_symbols if s.name not in self.values)
        if missing:
            raise ClaimError(f"no value is given for {missing[0]} in {self.text!r}")
        for applied in sorted(expr.atoms(AppliedUndef), key=str):
            if str(applied) not in self.values:
                raise ClaimError(f"no function is given for {applied.func.__name__} in {self.text!r}")
        return expr

    def value(self, node: ast.expr, at: Values | None = None) -> Expr:
        """The exact value of a part, at the given values or at others; raises ClaimError where it has none."""
        formula = self.formula(node)
        applied = formula.atoms(sympy.Function)
        table = {item: value for item in applied for name, value in self.values.items() if str(item) == name}
        given = self.values if at is None else at
        number = formula.xreplace(table | {Symbol(name): value for name, value in given.items()})
        if not has_value(number):
            raise ClaimError(f"{self.source(node)} has no real value at these inputs: it becomes {number}")
        return number

    def rounds_to(self, node: ast.expr, number: str) -> bool:
        """Whether a part's value rounds to a printed number, its rounded inputs being anywhere in their intervals."""
        if _rounds(self.value(node), number):
            return True
        formula = self.formula(node)
        wide = [name for name in self.widths if Symbol(name) in formula.free_symbols]
        if not wide or 2 ** len(wide) > MOST_CORNERS:
            return False
        try:
            corners = [self.value(node, at) for at in self._corners(wide)]
        except ClaimError:
            return False
        if any(_rounds(corner, number) for corner in corners):
            return True
        sides = {sign(corner - exact(number)) for corner in corners}
        box = {name: (self.values[name], self.widths[name]) for name in wide}
        fixed = {Symbol(name): value for name, value in self.values.items() if name not in wide}
        return sides == {-1, 1} and finite_over(formula.xreplace(fixed), box)  # it takes every value between

    def _corners(self, wide: Sequence[str]) -> Iterator[Values]:
        for signs in itertools.product((-1, 1), repeat=len(wide)):
            yield {**self.values, **{n: self.values[n] + s * self.widths[n] for n, s in zip(wide, signs, strict=True)}}

    def source(self, node: ast.expr) -> str:
        return unspelled(ast.get_source_segment(self.text, node) or ast.unparse(node))

    def printed(self, node: ast.expr) -> str | None:
        """The text of a number as it is printed, with its sign; None for anything else."""
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant):
            inner = self.printed(node.operand)
            return None if inner is None else f"-{inner}"
        if isinstance(node, ast.Constant):
            return ast.get_source_segment(self.text, node) or str(node.value)
        return None


@dataclass(frozen=True)
class Misprint:
    """A printed part that isn't the value it stands for."""

    printed: str
    meant: str
    value: Expr
    truncated: bool = False

    def __str__(self) -> str:
        text, full = decimal(self.value)
        shown = f"{'=' if full else '≈'} {text}"
        stands = "" if self.meant == text else f"stands for {self.meant} {shown}"
        if self.truncated:
            rounded = decimal(_rounded(self.value, _places(self.printed)))[0]
            stands = f"{stands or 'is cut off from ' + text}, which rounds to {rounded}: it is truncated, not rounded"
            return f"{self.printed} {stands}"
        return f"{self.printed} {stands or 'is not ' + text}"


def verify_numbers(
    sides: str | Sequence[str],
    values: Mapping[str, Any] | None = None,
    rounded: Iterable[str] = (),
    seconds: float = 5.0,
) -> Verdict:
    """The verdict on a line of numbers: every side against the exact value of the first, at the given values.

    Each side is arithmetic in Python's spelling; a line may be one text, "129.9 - 88.2 = 41.7".  `values` may hold
    functions and models, for f(-2.56).  A name in `rounded` stands for every number that rounds to its value.  Halves
    round up (away from zero) or to even.  Refuted names the first link that fails, and in it the number.  Malformed
    where a side can't be read or a name has no value.

    >>> verify_numbers("w - alpha*g = 0.7 - 0.36", {"w": "0.7", "alpha": "0.00005", "g": "7380.9"}).status
    'refuted'
    >>> verify_numbers("f(-2.56) = -6.55", {"f": lambda x: -(x**2)}).status
    'proved'
    """
    texts = [part.strip() for part in sides.replace("==", "=").split("=")] if isinstance(sides, str) else list(sides)
    claim = " = ".join(texts)
    try:
        return Budget(seconds).run(lambda: _judged(texts, claim, values or {}, tuple(rounded)))
    except OutOfTime:
        return Verdict("undecided", claim, f"computing it took longer than {seconds:g} s")
    except SymgradError as error:
        return Verdict("malformed", claim, str(error))


def _judged(texts: Sequence[str], claim: str, given: Mapping[str, Any], rounded: tuple[str, ...]) -> Verdict:
    if len(texts) < 2:
        raise ClaimError("a line of numbers has at least two sides, set equal")
    functions = {name: _applied(value) for name, value in given.items() if callable(value)}
    values = {name: exact(value) for name, value in given.items() if name not in functions}
    widths = {name: _half_unit(name, given) for name in rounded}
    line = [_Side(spelled(text), parsed(text), values, functions, widths) for text in texts]
    truth = line[0].value(line[0].tree)
    correct = Equation("value", truth)
    for place, side in enumerate(line[1:], 1):
        fault = _fault(line[0], line[place - 1], side, truth)
        if fault is not None:
            later = "; the last side is right, this one isn't" if _is_right(line[0], line[-1], truth) else ""
            return Verdict("refuted", claim, _correct(truth), None, fault + later, correct)
    inputs = f", {', '.join(rounded)} being rounded" if rounded else ""
    return Verdict("proved", claim, f"every printed number is the exact value, or rounds it{inputs}", correct=correct)


def _applied(function: Any) -> Callable[..., Any]:
    """A function of quantities; a model as the function of its inputs that its result is."""
    if not isinstance(function, Model):
        found: Callable[..., Any] = function
        return found
    names = [quantity.name for quantity in function.inputs]
    if function.has_axes or function.functions:
        raise ClaimError(f"{function.name} isn't a function of numbers")

    def apply(*arguments: Tensor) -> Expr:
        if len(arguments) != len(names):
            raise ClaimError(f"{function.name} takes {', '.join(names)}")
        result = in_inputs(function, Symbol(function.result), {})
        table = {Symbol(name): argument.expr for name, argument in zip(names, arguments, strict=True)}
        return result.xreplace(table)

    return apply


def _half_unit(name: str, given: Mapping[str, Any]) -> Expr:
    """Half a unit in the last printed place of a value."""
    if name not in given:
        raise ClaimError(f"{name} is said to be rounded, but has no value")
    return unit_of(str(given[name])) / 2


def _correct(truth: Expr) -> str:
    text, full = decimal(truth)
    return f"the exact value is {text}" if full else f"the value is ≈ {text}"


def _is_right(first: _Side, side: _Side, truth: Expr) -> bool:
    number = side.printed(side.tree)
    return _same(side.value(side.tree), truth) or (number is not None and first.rounds_to(first.tree, number))


def _same(one: Expr, other: Expr) -> bool:
    return bool(one == other) or sign(one - other) == 0


def _fault(first: _Side, before: _Side, side: _Side, truth: Expr) -> str | None:
    """What is wrong with a side, or None."""
    if _is_right(first, side, truth):
        return None
    value, number = side.value(side.tree), side.printed(side.tree)
    misprints = list(_misprints(before, before.tree, side, side.tree))
    if not misprints and (number is None or before is not first):
        return None  # other numbers, but each the rounding of what it stands for
    if number is not None and _same(value, -truth):
        return f"the sign is wrong: {number} for {decimal(truth)[0]}"
    if len(misprints) == 2 and [m.printed for m in misprints] == [decimal(m.value)[0] for m in reversed(misprints)]:
        return f"{misprints[0].printed} and {misprints[1].printed} are swapped"
    if misprints:
        return "; ".join(map(str, misprints))
    return f"{side.text} is {decimal(value)[0]}"


def _misprints(before: _Side, left: ast.expr, side: _Side, right: ast.expr) -> Iterator[Misprint]:
    """The parts of a side that don't stand for the value at the same place in the side before."""
    value, now = before.value(left), side.value(right)
    if _same(value, now):
        return
    number = side.printed(right)
    if number is not None:
        if not before.rounds_to(left, number):
            yield Misprint(number, before.source(left), value, _truncates(value, number))
        return
    pairs = _aligned(left, right)
    if pairs is None:
        yield Misprint(side.source(right), before.source(left), value)
        return
    for first, second in pairs:
        yield from _misprints(before, first, side, second)


def _aligned(left: ast.expr, right: ast.expr) -> list[tuple[ast.expr, ast.expr]] | None:
    """The parts of two trees that stand in the same places, or None where the trees are built differently."""
    if isinstance(left, ast.UnaryOp) and isinstance(right, ast.UnaryOp) and type(left.op) is type(right.op):
        return [(left.operand, right.operand)]
    if isinstance(left, ast.Call) and isinstance(right, ast.Call) and ast.dump(left.func) == ast.dump(right.func):
        return list(zip(left.args, right.args, strict=False))
    if not (isinstance(left, ast.BinOp) and isinstance(right, ast.BinOp)):
        return None
    if isinstance(left.op, ast.Pow) and isinstance(right.op, ast.Pow):
        return [(left.left, right.left), (left.right, right.right)]
    for operators in ((ast.Add, ast.Sub), (ast.Mult, ast.Div)):
        if isinstance(left.op, operators) and isinstance(right.op, operators):
            for split in (_flat, _with_coefficient):
                first, second = list(split(left, operators)), list(split(right, operators))
                if [mark for _, mark in first] == [mark for _, mark in second]:
                    return [(a, b) for (a, _), (b, _) in zip(first, second, strict=True)]
    return None


def _flat(
    node: ast.expr, operators: tuple[type, type], flipped: bool = False
) -> Iterator[tuple[ast.expr, bool | Rational]]:
    """The terms of a sum, or factors of a product, and whether each is subtracted, or divided by."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, operators):
        yield from _flat(node.left, operators, flipped)
        yield from _flat(node.right, operators, flipped ^ isinstance(node.op, operators[1]))
    else:
        yield node, flipped


def _with_coefficient(node: ast.expr, operators: tuple[type, type]) -> Iterator[tuple[ast.expr, bool | Rational]]:
    """The factors of a product, its whole numbers as one coefficient at the end: 1/2*a and a/2 are built alike."""
    coefficient = Rational(1)
    for part, inverse in _flat(node, operators):
        if operators[0] is ast.Mult and isinstance(part, ast.Constant) and isinstance(part.value, int):
            coefficient *= Rational(part.value) ** (-1 if inverse else 1)
        else:
            yield part, inverse
    yield ast.Constant(1), coefficient


def unit_of(number: str) -> Expr:
    """One unit in the last place of a printed number."""
    return Rational(10) ** -_places(number)


def _places(number: str) -> int:
    """How many decimals a printed number has; a whole number has none, and stands for itself."""
    exponent = Decimal(number).as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0


def _rounds(value: Expr, number: str) -> bool:
    """Whether a value rounds to a printed decimal; a half rounds up (away from zero) or to even."""
    printed = exact(number)
    if number.removeprefix("-").isdigit():
        return _same(value, printed)
    unit = unit_of(number)
    side = sign(abs(value - printed) - unit / 2)
    if side != 0:
        return side < 0
    return bool(abs(printed) > abs(value)) or bool((printed / unit) % 2 == 0)


def _truncates(value: Expr, number: str) -> bool:
    unit, printed = unit_of(number), exact(number)
    return "." in number and bool(value * printed >= 0) and bool(floor(abs(value) / unit) == abs(printed) / unit)


def _rounded(value: Expr, places: int) -> Expr:
    half = floor(abs(value) * Rational(10) ** places + Rational(1, 2)) / Rational(10) ** places
    return half if value >= 0 else -half
