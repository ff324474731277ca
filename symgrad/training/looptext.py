"""What the printed loops of both kinds of steps, on numbers and on arrays, have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

#: What a loop's own text calls things, where the model doesn't.
LOOP = ("run", "rates", "points", "batch", "batches", "keep_loss", "keep_norm", "keep_point", "state")


@dataclass(frozen=True)
class Text:
    """A printed loop, and what can be said about it."""

    source: str
    notes: tuple[str, ...]
    run: Callable[..., Any] = field(repr=False)


def indented(lines: Sequence[str]) -> list[str]:
    """Source lines, one level deeper."""
    return [f"    {line}" for line in lines]
