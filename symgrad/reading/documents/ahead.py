"""Looking ahead in a text without looking at the same stretch again and again."""

from __future__ import annotations

from dataclasses import dataclass, field
from re import Match, Pattern


@dataclass(slots=True)
class Ahead:
    """The next match of a pattern in a text, remembered, so that a reader that moves forward asks in linear time.

    >>> import re
    >>> ahead, mark = Ahead("a, b, c"), re.compile(",")
    >>> ahead.find(mark, 0).start(), ahead.find(mark, 1).start(), ahead.find(mark, 2).start()
    (1, 1, 4)
    """

    text: str
    _known: dict[Pattern[str], tuple[int, Match[str] | None]] = field(default_factory=dict)

    def find(self, pattern: Pattern[str], start: int) -> Match[str] | None:
        """The first match that begins at `start` or later, or None."""
        since, match = self._known.get(pattern, (-1, None))
        if since < 0 or start < since or (match is not None and match.start() < start):
            match = pattern.search(self.text, start)
            self._known[pattern] = (start, match)
        return match

    def offset(self, pattern: Pattern[str], start: int) -> int:
        """Where that match begins; the end of the text where there is none."""
        match = self.find(pattern, start)
        return len(self.text) if match is None else match.start()
