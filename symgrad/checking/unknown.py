"""Names in what stands for an unknown number: a linear function of what it depends on has any value and any slopes."""

from __future__ import annotations

import re

_REST = "rest__"
_SLOPE = "adjoint_"
_SLOPES = re.compile(rf"\b{_SLOPE}(\w+?)__(\w+?)_?\b")


def rest_name(name: str) -> str:
    """The name of what an unknown number has beside the linear function."""
    return _REST + name


def is_rest(name: str) -> bool:
    """Whether a name is that of such a rest."""
    return name.startswith(_REST)


def slope_name(of: str, name: str) -> str:
    """The name of an unknown number's slope along a quantity.

    >>> slope_name("o", "L"), sloped(slope_name("o", "L"))
    ('adjoint_o__L', ('o', 'L'))
    """
    return f"{_SLOPE}{of}__{name}"


def sloped(name: str) -> tuple[str, str] | None:
    """The quantity and the number whose slope a name stands for; None for any other name."""
    of, mark, number = name.removeprefix(_SLOPE).partition("__")
    return (of, number) if mark and name.startswith(_SLOPE) else None


def spelled(message: str) -> str:
    """A message with ∂L/∂o for such a slope."""
    return _SLOPES.sub(r"∂\2/∂\1", message)
