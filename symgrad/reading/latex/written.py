"""A formula's text after its macros have been expanded, each character still knowing where it was written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from symgrad.errors import SymgradError


class UnreadError(SymgradError):
    """A formula that can't be read; `start` and `end` are the offsets of what is in the way."""

    def __init__(self, message: str, start: int, end: int) -> None:
        super().__init__(message)
        self.start, self.end = start, end


class MalformedError(UnreadError):
    """A formula that lacks a sign: what it says can be seen, and isn't what is written."""


@dataclass(frozen=True)
class Written:
    """Characters, and the offset at which each was written in the document's formula."""

    text: str
    offsets: Sequence[int]

    @staticmethod
    def of(text: str) -> Written:
        """A text in which nothing has been expanded."""
        return Written(text, range(len(text)))

    def offset(self, place: int) -> int:
        """Where the character at a place was written; the end of the text is written after its last character."""
        if place < len(self.offsets):
            return self.offsets[place]
        return self.offsets[-1] + 1 if len(self.offsets) else 0
