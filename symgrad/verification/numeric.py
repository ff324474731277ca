"""Lines of numbers: `(yhat - y)*x = (129.9 - 88.2)*177 = 7380.9`, each side against the exact value.

A printed decimal stands for every number that rounds to it; a whole number stands for itself.  A side is laid over
the one before it, so that a number that stands for the wrong value is named.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sympy import Expr, Rational, floor

from symgrad.equations import Equation
from symgrad.errors import ClaimError, SymgradError
from symgrad.expressions import exact
from symgrad.notation.numbers import decimal
from symgrad.notation.worked import substitute
from symgrad.reading.arithmetic import Reader, parsed, scalar, spelled, unspelled
from symgrad.tensors.tensor import Scope
from symgrad.verification.verdict import Verdict


@dataclass(frozen=True)
class _Side:
    """One side of a line: its text, its syntax tree, and the values of its names."""

    text: str
    tree: ast.expr
    values: Mapping[str, Expr]

    def value(self, node: ast.expr) -> Expr:
        expr = Reader(scalar, Scope()).quantity(node).expr
        missing = sorted(str(symbol) for symbol in expr.free_symbols if symbol.name not in self.values)
        if missing:
            raise ClaimError(f"no value is given for {missing[0]} in {self.text!r}")
        return substitute(expr, self.values)

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


def verify_numbers(sides: Sequence[str], values: Mapping[str, Any]) -> Verdict:
    """The verdict on a line of numbers: every side against the exact value of the first, at the given values.

    Each side is arithmetic in Python's spelling.  Refuted names the first link that fails, and in it the number.
    Malformed where a side can't be read or a name has no value.

    >>> verify_numbers(["w - alpha*g", "0.7 - 0.36"], {"w": "0.7", "alpha": "0.00005", "g": "7380.9"}).status
    'refuted'
    """
    claim = " = ".join(sides)
    try:
        if len(sides) < 2:
            raise ClaimError("a line of numbers has at least two sides, set equal")
        exactly = {name: exact(value) for name, value in values.items()}
        line = [_Side(spelled(side), parsed(side), exactly) for side in sides]
        truth = line[0].value(line[0].tree)
        for before, side in itertools.pairwise(line):
            fault = _fault(before, side, truth)
            if fault is not None:
                return Verdict("refuted", claim, _correct(truth), diagnosis=fault, correct=Equation("value", truth))
    except SymgradError as error:
        return Verdict("malformed", claim, str(error))
    return Verdict(
        "proved", claim, "every printed number is the exact value, or rounds it", correct=Equation("value", truth)
    )


def _correct(truth: Expr) -> str:
    text, full = decimal(truth)
    return f"the exact value is {text}" if full else f"the value is ≈ {text}"


def _fault(before: _Side, side: _Side, truth: Expr) -> str | None:
    """What is wrong with a side, or None."""
    value = side.value(side.tree)
    number = side.printed(side.tree)
    if value == truth or (number is not None and _rounds(truth, number)):
        return None
    misprints = list(_misprints(before, before.tree, side, side.tree))
    if not misprints and number is None:
        return None  # other numbers, but each the rounding of what it stands for
    if number is not None and value == -truth:
        return f"the sign is wrong: {number} for {decimal(truth)[0]}"
    if len(misprints) == 2 and [m.printed for m in misprints] == [decimal(m.value)[0] for m in reversed(misprints)]:
        return f"{misprints[0].printed} and {misprints[1].printed} are swapped"
    if misprints:
        return "; ".join(map(str, misprints))
    return f"{side.text} is {decimal(value)[0]}"


def _misprints(before: _Side, left: ast.expr, side: _Side, right: ast.expr) -> Iterator[Misprint]:
    """The parts of a side that don't stand for the value at the same place in the side before."""
    value, now = before.value(left), side.value(right)
    if value == now:
        return
    number = side.printed(right)
    if number is not None:
        if not _rounds(value, number):
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


def _places(number: str) -> int:
    """How many decimals a printed number has; a whole number has none, and stands for itself."""
    exponent = Decimal(number).as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0


def _rounds(value: Expr, number: str) -> bool:
    """Whether a value rounds to a printed decimal, halves either way."""
    if "." not in number:
        return bool(value == exact(number))
    return bool(abs(value - exact(number)) <= Rational(1, 2) / 10 ** _places(number))


def _truncates(value: Expr, number: str) -> bool:
    scale = 10 ** _places(number)
    return "." in number and bool(floor(abs(value) * scale) == abs(exact(number)) * scale)


def _rounded(value: Expr, places: int) -> Expr:
    half = floor(abs(value) * 10**places + Rational(1, 2)) / Rational(10**places)
    return half if value >= 0 else -half
