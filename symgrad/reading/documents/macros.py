"""LaTeX's definitions of commands, found whole."""

from __future__ import annotations

import re
from collections.abc import Iterator

_NAME = r"\\(?:[A-Za-z@]+\*?|[^A-Za-z@\s])"
_COMMAND = rf"(?:\{{\s*{_NAME}\s*\}}|{_NAME})\s*"
MACRO = (
    rf"\\(?:(?:(?:re)?new|provide)command|DeclareMathOperator)(?![A-Za-z@])\*?\s*{_COMMAND}"
    rf"(?:\[\d\]\s*(?:\[[^\[\]\n]*\]\s*)?)?\{{"
    rf"|\\def(?![A-Za-z@])\s*{_NAME}[^{{}}\\\n]*\{{"
)
_LEADING = re.compile(rf"\s*({MACRO})")
_BRACES = re.compile(r"\\.|[{}]", re.DOTALL)


def brace_end(text: str, start: int, stop: int | None = None) -> int | None:
    """Where the group ends whose opening brace stands just before `start`, behind its closing brace; None if nowhere.

    >>> brace_end("{a{b}}c", 1)
    6
    """
    depth = 1
    for match in _BRACES.finditer(text, start, len(text) if stop is None else stop):
        depth += {"{": 1, "}": -1}.get(match[0], 0)
        if depth == 0:
            return match.end()
    return None


def leading_macros(text: str, start: int, stop: int) -> Iterator[tuple[int, int]]:
    r"""The definitions that a formula begins with.

    >>> list(leading_macros(r"\def\R{1} x", 0, 11))
    [(0, 9)]
    """
    while (match := _LEADING.match(text, start, stop)) and (end := brace_end(text, match.end(), stop)):
        yield match.start(1), end
        start = end
