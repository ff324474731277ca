"""One token of a formula."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Token:
    """One token: its kind is a terminal of the grammar; `accents` and `font` belong to letters."""

    kind: str
    text: str
    start: int
    end: int
    font: str = ""
    accents: tuple[str, ...] = ()
    blank: bool = False  # whether blanks stand before it
