"""Sides of a line that differ by the rounding of their numbers only."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from typing import Any

from sympy import Expr

from symgrad.expressions import exact
from symgrad.verification.numeric import unit_of, verify_numbers

LONG = 7  # digits: more than a person computes with by hand
_DECIMAL = re.compile(r"(?<![\w.])\d*\.\d+(?![\w.])")


def within_rounding(texts: list[str], given: Mapping[str, Any], inside: bool, seconds: float) -> bool:
    """Whether each side is what the one before it comes to, its new decimals being rounded in their last digit.

    Decimals inside a side may only be rounded if `inside`: if none of them stands for a part that has another value.

    A sum or a product of numbers that were rounded for it is itself right to no more digits.
    """
    for before, side in itertools.pairwise(texts):
        fresh = [number for number in dict.fromkeys(_DECIMAL.findall(side)) if number not in _DECIMAL.findall(before)]
        fresh = [number for number in fresh if digits_of(number) > 2] or fresh  # 0.5 beside 0.2297 is exact
        if _DECIMAL.fullmatch(side.removeprefix("-")) and _is_last_digit(before, side, given, seconds):
            continue
        if not inside or not fresh or len(fresh) > 4 or _DECIMAL.fullmatch(side.removeprefix("-")):
            if verify_numbers([before, side], given, seconds=seconds).status != "proved":
                return False
            continue
        names = {f"fresh{place}": number for place, number in enumerate(fresh)}
        wide = side
        for name, number in names.items():
            wide = put(name, number, wide)
        if not _meets(wide, names, before, given, seconds):
            return False
    return True


def put(name: str, number: str, text: str) -> str:
    """A text with a name for a number, wherever that stands by itself."""
    return re.sub(rf"(?<![\w.]){re.escape(number)}(?![\w.])", name, text)


def value_of(text: str, given: Mapping[str, Any], seconds: float) -> Expr | None:
    """The exact value of arithmetic; None where it has none."""
    found = verify_numbers([text, "0"], given, seconds=seconds).correct
    return None if found is None else found.rhs


def digits_of(number: str) -> int:
    """How many digits a number has."""
    return len(number.removeprefix("-").replace(".", "").lstrip("0"))


def _is_last_digit(before: str, side: str, given: Mapping[str, Any], seconds: float) -> bool:
    """Whether a long decimal is off by one in its last digit only, its factors having been as long and rounded."""
    if digits_of(side) < LONG or not any(digits_of(number) >= LONG - 1 for number in _DECIMAL.findall(before)):
        return False
    wanted = value_of(before, given, seconds)
    return wanted is not None and bool(abs(wanted - exact(side)) <= unit_of(side))


def _meets(wide: str, names: Mapping[str, str], before: str, given: Mapping[str, Any], seconds: float) -> bool:
    """Whether some numbers that round to the printed ones give a side the value of the side before it."""
    values = []
    for halves in (-1, 0, 1):
        shifted = {name: exact(number) + halves * unit_of(number) / 2 for name, number in names.items()}
        values.append(value_of(wide, {**given, **shifted}, seconds))
    wanted = value_of(before, given, seconds)
    low, own, high = values
    if wanted is None or low is None or own is None or high is None:
        return False
    return bool(abs(wanted - own) <= max(abs(low - own), abs(high - own)))
