"""Sides of a line that differ by the rounding of their numbers only."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from typing import Any

from sympy import Expr

from symgrad.expressions import exact
from symgrad.verification.numeric import verify_numbers

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
            wide = re.sub(rf"(?<![\w.]){re.escape(number)}(?![\w.])", name, wide)
        if not _meets(wide, names, before, given, seconds):
            return False
    return True


def digits_of(number: str) -> int:
    """How many digits a number has."""
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
