"""Markdown's things that may go over several lines, inside which no line begins a list, a heading or a fence."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from re import Match

from symgrad.reading.documents.ahead import Ahead
from symgrad.reading.documents.delimiters import DOUBLED, ENVIRONMENT, Closing, closing
from symgrad.reading.documents.markup import COMMENT_END, RAW_END

_LINE = re.compile(
    rf"(?P<code>`+)|(?P<math>{DOUBLED}|\\[(\[]|{ENVIRONMENT}|(?<!\$)\$\$(?!\$))|\\.|(?P<comment><!--)"
    r"|<(?P<raw>script|style|pre|textarea)\b|(?P<liquid>\{%-?\s*(?:highlight|comment)\b)",
    re.IGNORECASE,
)
LIQUID_END = re.compile(r"\{%-?\s*end(?:highlight|comment)\b")
_BLANK = re.compile(r"\n[ \t>]*+(?=\n)")
_OTHER_BLOCK = re.compile(r"^[ \t>]*+(?:```|~~~|#{1,6}[ \t])", re.MULTILINE)
_PUNCTUATION = " \t.,;:>"


@dataclass
class Held:
    """Finds where such things end, in the whole text of a document."""

    text: str
    _ahead: Ahead = field(init=False)
    _beyond: Ahead = field(init=False)

    def __post_init__(self) -> None:
        self._ahead, self._beyond = Ahead(self.text), Ahead(self.text)

    def until(self, start: int, end: int) -> int:
        """The end of the last line of what is open at the end of a line; the line's own end if nothing is.

        >>> text = "a $$\\n- b\\n$$ c\\nd"
        >>> Held(text).until(0, 4)
        13
        """
        at = start
        while match := _LINE.search(self.text, at, end):
            at = match.end()
            if match["code"]:
                close = self.text.find(match[0], at, end)
                at = at if close < 0 else close + len(match[0])
            elif (found := self._closing(match, start)) is not None:
                at = found.end
                end = max(end, self._line_end(at))
        return end

    def _closing(self, match: Match[str], start: int) -> Closing | None:
        after = match.end()
        if match["math"]:
            found = closing(self._ahead, match[0], after)
            return found if found is not None and self._reaches(match, found, start) else None
        patterns = {"comment": COMMENT_END, "liquid": LIQUID_END, "raw": RAW_END[(match["raw"] or "pre").lower()]}
        pattern = patterns.get(match.lastgroup or "")
        close = self._ahead.find(pattern, after) if pattern else None
        return None if close is None else Closing(close.start(), close.end())

    def _reaches(self, match: Match[str], found: Closing, start: int) -> bool:
        """Whether a formula goes as far as that; over a blank line only if it begins its own line."""
        after = match.end()
        if self._ahead.offset(_OTHER_BLOCK, after) < found.start:
            return False
        if found.start < self._ahead.offset(_BLANK, after):
            return True
        if self.text[start : match.start()].strip(" \t") or match[0].endswith("("):
            return False
        return match[0] != "$$" or self._closes_far(found)

    def _closes_far(self, found: Closing) -> bool:
        """Whether dollars after a blank line close rather than open: they are odd in their paragraph and end it."""
        text = self.text
        rest = text[found.start : self._beyond.offset(_BLANK, found.end)]
        if rest.count("$$") % 2 == 0 or rest.split("\n", 1)[0][2:].strip(_PUNCTUATION):
            return False
        line = text.rfind("\n", 0, found.start)
        above = text.rfind("\n", 0, max(line, 0))
        begins = not (text[line + 1 : found.start] + text[above + 1 : max(line, 0)]).strip(" \t>")
        return not begins or not rest[2:].strip(_PUNCTUATION + "\n")

    def _line_end(self, at: int) -> int:
        end = self.text.find("\n", at)
        return len(self.text) if end < 0 else end
