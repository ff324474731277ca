"""Formulas between delimiters, found in one pass over a text: the part that all formats share."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from re import Pattern
from typing import Literal

from symgrad.reading.documents.ahead import Ahead

_NUMBERED = ("equation", "align", "alignat", "xalignat", "gather", "multline", "flalign", "eqnarray", "IEEEeqnarray")
_NAMES = (*_NUMBERED, "displaymath", "dmath", "math")
ENVIRONMENT = rf"\\begin\{{(?:{'|'.join(_NAMES)})\*?\}}"
OPENER = rf"\\[(\[]|{ENVIRONMENT}|\$+"
DOUBLED = r"\\\\[(\[]"  # kramdown takes one of the two backslashes away
BLANK = re.compile(r"\n[ \t]*+(?=\n)")


def _unescaped(mark: str, backslashes: int = 2) -> Pattern[str]:
    return re.compile(rf"(?<!\\)(?:\\{{{backslashes}}})*({mark})")


_OPENERS = {opener: _unescaped(re.escape(opener)) for opener in ("\\(", "\\[")} | {
    opener: _unescaped(re.escape(opener), 4) for opener in ("\\\\(", "\\\\[")
}
_CLOSERS = {"$$": _unescaped(r"\$\$"), "\\(": _unescaped(r"\\\)"), "\\[": _unescaped(r"\\\]")} | {
    "\\\\(": _unescaped(r"\\\\\)", 4),
    "\\\\[": _unescaped(r"\\\\\]", 4),
}
for _name in (name + star for name in _NAMES for star in ("", "*")):
    _OPENERS[f"\\begin{{{_name}}}"] = _unescaped(re.escape(f"\\begin{{{_name}}}"))
    _CLOSERS[f"\\begin{{{_name}}}"] = _unescaped(re.escape(f"\\end{{{_name}}}"))

_ARGUMENTS = {
    "alignat": re.compile(r"\s*\{\d+\}"),
    "xalignat": re.compile(r"\s*\{\d+\}"),
    "IEEEeqnarray": re.compile(r"\s*\{[^{}\n]*\}"),
    "dmath": re.compile(r"\[[^\[\]\n]*\]"),
}

_WORDS = r"\\(?:text[a-z]*|[mhf]box|intertext|shortintertext|tag)\*?\{"
_HAS_WORDS = re.compile(_WORDS)
_GROUPING = re.compile(rf"(?P<words>{_WORDS})|\\.|[{{}}]|\n[ \t]*+(?=\n)", re.DOTALL)
_TO_DOLLAR = re.compile(r"(?:[^\\$\n]++|\\.|\n(?![ \t]*\n))*+", re.DOTALL)
_IN_DOLLARS = re.compile(rf"(?P<words>{_WORDS})|\\.|[$}}]|\n[ \t]*+(?=\n)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula's offsets: with its delimiters from `start` to `end`, its body from `first` to `last`."""

    kind: Literal["display", "inline"]
    start: int
    end: int
    first: int
    last: int
    environment: str = ""


@dataclass(frozen=True, slots=True)
class Closing:
    """Where a closing delimiter begins and ends."""

    start: int
    end: int


def closing(ahead: Ahead, opener: str, at: int) -> Closing | None:
    """What closes an opening delimiter other than a single dollar, or None if it is opened anew before that.

    >>> closing(Ahead(r"\\[ x \\]"), r"\\[", 2)
    Closing(start=5, end=7)
    """
    match = ahead.find(_CLOSERS[opener], at)
    if match is None:
        return None
    again = ahead.find(_OPENERS[opener], at) if opener in _OPENERS else None
    return None if again is not None and again.start(1) < match.start(1) else Closing(match.start(1), match.end(1))


@dataclass
class Delimiters:
    """Finds the formula that a delimiter opens.

    With `tex`, dollars are TeX's: blanks may stand inside them, and a paragraph's end ends them. Without it they
    follow pandoc's rule, which tells a formula from a price.
    """

    text: str
    tex: bool = False
    ahead: Ahead = field(init=False)

    def __post_init__(self) -> None:
        self.ahead = Ahead(self.text)

    def formula(self, opener: str, start: int) -> Formula | None:
        """The formula that an opening delimiter at an offset begins, or None if nothing closes it."""
        first = start + len(opener)
        if opener == "$":
            last = self._dollar(first)
            return None if last is None else Formula("inline", start, last + 1, first, last)
        if opener.startswith("$$$"):
            return None
        end = closing(self.ahead, opener, first)
        if end is None or (self.tex and opener == "$$" and self.paragraph_end(first) < end.start):
            return None
        name = opener[len("\\begin{") : -1] if opener.startswith("\\begin") else ""
        argument = _ARGUMENTS.get(name.rstrip("*"))
        if argument is not None and (given := argument.match(self.text, first, end.start)):
            first = given.end()
        inline = opener.endswith("(") or name in ("math", "math*")
        return Formula("inline" if inline else "display", start, end.end, first, end.start, name)

    def paragraph_end(self, start: int) -> int:
        """Where the blank line after an offset is, or the end of the text."""
        return self.ahead.offset(BLANK, start)

    def _dollar(self, first: int) -> int | None:
        text = self.text
        plain = None if self._words else _TO_DOLLAR.match(text, first)
        end = plain.end() if plain else self._dollar_in_words(first)
        if end is None or not text.startswith("$", end):
            return None
        if self.tex:
            return end
        spaced = (text[first].isspace() or text[end - 1].isspace()) and not self._stands_alone(first, end)
        return None if spaced or text[end + 1 : end + 2].isdecimal() else end

    def _stands_alone(self, first: int, end: int) -> bool:
        """Whether dollars with blanks inside them have their lines to themselves, and an equation between them."""
        before = self.text.rfind("\n", 0, first - 1) + 1
        after = self.text.find("\n", end)
        outside = self.text[before : first - 1] + self.text[end + 1 : after if after >= 0 else len(self.text)]
        inside = self.text[first], self.text[end - 1]
        return not outside.strip() and all(map(str.isspace, inside)) and "=" in self.text[first:end]

    def _dollar_in_words(self, first: int) -> int | None:
        at = first
        while match := _IN_DOLLARS.search(self.text, at):
            mark = match[0]
            if mark == "$":
                return match.start()
            if mark[0] == "\n" or (mark == "}" and match.end() in self._word_ends):
                return None  # a formula that begins inside \text{…} ends there
            at = self._words.get(match.start(), match.end()) if match["words"] else match.end()
        return None

    @cached_property
    def _words(self) -> dict[int, int]:
        """Where each \\text{…} begins and ends: dollars in it open and close formulas of its own."""
        found: dict[int, int] = {}
        open_braces: list[int] = []
        if _HAS_WORDS.search(self.text):
            for match in _GROUPING.finditer(self.text):
                if match["words"] or match[0] == "{":
                    open_braces.append(match.start() if match["words"] else -1)
                elif match[0][0] == "\n":
                    open_braces.clear()
                elif match[0] == "}" and open_braces and (start := open_braces.pop()) >= 0:
                    found[start] = match.end()
        return found

    @cached_property
    def _word_ends(self) -> frozenset[int]:
        return frozenset(self._words.values())
