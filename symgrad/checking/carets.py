"""The line of a formula that matters, and carets under the part that is wrong."""

from __future__ import annotations

import unicodedata

from symgrad.checking.wording import harmless


def excerpt(tex: str, wrong: tuple[int, int] | None) -> tuple[str, ...]:
    r"""The line with the wrong part and the carets below it; without a wrong part the first line, alone.

    >>> print("\n".join(excerpt("y = a x\n  + b_2 x", (12, 15))))
    + b_2 x
      ^~~
    """
    if wrong is None:
        return tuple(harmless(line.strip()) for line in tex.splitlines() if line.strip())[:1]
    start, end = (min(max(offset, 0), len(tex)) for offset in wrong)
    start += len(tex[start:end]) - len(tex[start:end].lstrip())
    first = tex.rfind("\n", 0, start) + 1
    line = tex[first:].split("\n", 1)[0].rstrip()
    shown = line.lstrip()
    before = line[len(line) - len(shown) : start - first]
    part = line[start - first : end - first]
    return harmless(shown), " " * width(harmless(before)) + "^".ljust(width(harmless(part)), "~")


def width(text: str) -> int:
    """How many columns of a terminal a text fills.

    >>> width("x̂"), width("損失")
    (1, 4)
    """
    return sum(map(_width, text))


def _width(mark: str) -> int:
    if unicodedata.category(mark) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(mark) in "WF" else 1
