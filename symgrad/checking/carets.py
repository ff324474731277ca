"""The line of a formula that matters, and carets under the part that is wrong."""

from __future__ import annotations

import unicodedata

from symgrad.checking.wording import harmless

LONGEST = 400  # characters of a line that are shown


def excerpt(tex: str, wrong: tuple[int, int] | None) -> tuple[str, ...]:
    r"""The line with the wrong part and the carets below it; without a wrong part the first line, alone.

    >>> print("\n".join(excerpt("y = a x\n  + b_2 x", (12, 15))))
    + b_2 x
      ^~~
    """
    if wrong is None:
        first_line = next((line.strip() for line in tex.splitlines() if line.strip()), None)
        return () if first_line is None else (harmless(_cut(first_line, 0)[0]),)
    start, end = (min(max(offset, 0), len(tex)) for offset in wrong)
    start += len(tex[start:end]) - len(tex[start:end].lstrip())
    first = tex.rfind("\n", 0, start) + 1
    line = tex[first:].split("\n", 1)[0].rstrip()
    shown = line.lstrip()
    indent = len(line) - len(shown)
    shown, left = _cut(shown, start - first - indent)
    before = shown[: start - first - indent - left]
    part = shown[len(before) : end - first - indent - left]
    return harmless(shown), " " * width(harmless(before)) + "^".ljust(width(harmless(part)), "~")


def _cut(line: str, at: int) -> tuple[str, int]:
    """A line, or the part of a long one around a place, and how much further left the place stands in it."""
    if len(line) <= LONGEST:
        return line, 0
    start = max(0, at - LONGEST // 4)
    end = start + LONGEST
    part = f"{'…' if start else ''}{line[start:end]}{'…' if end < len(line) else ''}"
    return part, start - bool(start)


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
