r"""A document's own commands: \newcommand, \def and \DeclareMathOperator, read and expanded within bounds."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from symgrad.reading.latex.written import UnreadError, Written

MOST_EXPANSIONS = 2_000  # of one formula: a macro that calls itself twice would never end
MOST_CHARACTERS = 100_000  # of one formula, expanded

_DEFINITION = re.compile(
    r"\\(?:(?:re|provide)?newcommand|providecommand)\s*\*?\s*\{?\s*(?P<command>\\(?:[A-Za-z@]+|.))\s*\}?\s*"
    r"(?:\[(?P<count>\d)\])?\s*(?:\[(?P<default>[^\]]*)\])?\s*"
    r"|\\(?:g|e|x)?def\s*(?P<defined>\\(?:[A-Za-z@]+|.))(?P<slots>(?:#\d)*)\s*"
    r"|\\DeclareMathOperator\s*(?P<star>\*?)\s*\{?\s*(?P<operator>\\[A-Za-z@]+)\s*\}?\s*"
)
_COMMAND = re.compile(r"\\(?:[A-Za-z@]+|.)", re.DOTALL)


@dataclass(frozen=True)
class Macro:
    """What a command stands for: a body with #1, #2, …; `default` is the first argument's, if that may be left out."""

    arguments: int
    body: str
    default: str | None = None


Macros = Mapping[str, Macro]


@dataclass(frozen=True)
class Defined(Macros):
    r"""The commands of a document that hold at one place of it; those of all places share one history.

    >>> first = Defined().defining([(r"\R", Macro(0, "x"))])
    >>> second = first.defining([(r"\R", Macro(0, "y"))])
    >>> first[r"\R"].body, second[r"\R"].body
    ('x', 'y')
    """

    history: dict[str, list[tuple[int, Macro]]] = field(default_factory=dict)
    time: int = 0

    def defining(self, macros: Iterable[tuple[str, Macro]]) -> Defined:
        """The commands behind some definitions, which replace earlier ones; only the last place may define."""
        time = self.time
        for name, macro in macros:
            time += 1
            self.history.setdefault(name, []).append((time, macro))
        return Defined(self.history, time)

    def __getitem__(self, name: str) -> Macro:
        found = self.history[name]
        which = bisect_right(found, self.time, key=lambda entry: entry[0])
        if which == 0:
            raise KeyError(name)
        return found[which - 1][1]

    def __iter__(self) -> Iterator[str]:
        return (name for name, found in self.history.items() if found[0][0] <= self.time)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __bool__(self) -> bool:
        return self.time > 0


def definitions(text: str) -> Iterator[tuple[str, Macro, int, int]]:
    r"""The commands that a text defines, with the stretch of text that defines each.

    >>> [(name, macro.body) for name, macro, *_ in definitions(r"\newcommand{\pd}[2]{\frac{\partial #1}{\partial #2}}")]
    [('\\pd', '\\frac{\\partial #1}{\\partial #2}')]
    """
    start = 0
    while (match := _DEFINITION.search(text, start)) is not None:
        body, end = _argument(text, match.end())
        start = max(end, match.end())
        if match["operator"]:
            yield match["operator"], Macro(0, rf"\operatorname{{{body}}}"), match.start(), end
        elif match["defined"]:
            yield match["defined"], Macro(match["slots"].count("#"), body), match.start(), end
        else:
            yield match["command"], Macro(int(match["count"] or 0), body, match["default"]), match.start(), end


def expanded(text: str, macros: Macros) -> Written:
    """A formula with its macros expanded; raises UnreadError for one that grows beyond bounds.

    >>> expanded(r"a\\R b", {r"\\R": Macro(0, "x")}).text
    'ax  b'
    """
    if len(text) > MOST_CHARACTERS:
        raise UnreadError(f"the formula has more than {MOST_CHARACTERS} characters", 0, MOST_CHARACTERS)
    if not macros or not any(macros.get(match[0]) for match in _COMMAND.finditer(text)):
        return Written.of(text)
    characters: list[str] = []
    offsets: list[int] = []
    stack = [Written.of(text)]  # what is still to be read, the next part last
    places = [0]
    expansions = 0
    while stack:
        part, place = stack[-1], places[-1]
        if place >= len(part.text):
            stack.pop()
            places.pop()
            continue
        match = _COMMAND.match(part.text, place) if part.text[place] == "\\" else None
        macro = macros.get(match[0]) if match else None
        if match is None or macro is None:
            end = match.end() if match else place + 1
            characters.extend(part.text[place:end])
            offsets.extend(part.offset(at) for at in range(place, end))
            places[-1] = end
            if len(characters) > MOST_CHARACTERS:
                raise UnreadError("the formula is too long once its macros are expanded", 0, len(text))
            continue
        expansions += 1
        origin = part.offset(place)
        if expansions > MOST_EXPANSIONS:
            raise UnreadError(f"the macro {match[0]} expands without end", origin, origin + len(match[0]))
        given: list[Written] = []
        end = match.end()
        for number in range(macro.arguments):
            if number == 0 and macro.default is not None:
                optional, end = _optional(part, end)
                given.append(optional or Written(macro.default, [origin] * len(macro.default)))
            else:
                found, after = _argument(part.text, end)
                begin = part.text.find(found, end) if found else end
                given.append(Written(found, [part.offset(at) for at in range(begin, begin + len(found))]))
                end = after
        places[-1] = end
        stack.append(_filled(macro.body, given, origin))
        places.append(0)
        if len(stack) > MOST_EXPANSIONS or sum(len(item.text) for item in stack) > 10 * MOST_CHARACTERS:
            raise UnreadError(f"the macro {match[0]} expands without end", origin, origin + len(match[0]))
    return Written("".join(characters), offsets)


def _filled(body: str, given: list[Written], origin: int) -> Written:
    """A macro's body with its arguments; a blank ends a command before a letter."""
    characters: list[str] = []
    offsets: list[int] = []
    for piece in re.split(r"(#\d)", body):
        number = int(piece[1:]) if re.fullmatch(r"#\d", piece) else 0
        if 1 <= number <= len(given):
            part = given[number - 1]
            if re.search(r"\\[A-Za-z]+$", "".join(characters[-40:])) and part.text[:1].isalpha():
                characters.append(" ")
                offsets.append(origin)
            characters.extend(part.text)
            offsets.extend(part.offset(at) for at in range(len(part.text)))
        else:
            characters.extend(piece)
            offsets.extend([origin] * len(piece))
    characters.append(" ")
    offsets.append(origin)
    return Written("".join(characters), offsets)


def _argument(text: str, start: int) -> tuple[str, int]:
    """One argument of a command: what stands in braces, a command, or a character; and where it ends."""
    while start < len(text) and text[start].isspace():
        start += 1
    if start >= len(text):
        return "", start
    if text[start] != "{":
        match = _COMMAND.match(text, start)
        end = match.end() if match else start + 1
        return text[start:end], end
    depth = 0
    place = start
    while place < len(text):
        if text[place] == "\\":
            place += 2
            continue
        depth += (text[place] == "{") - (text[place] == "}")
        place += 1
        if depth == 0:
            return text[start + 1 : place - 1], place
    return text[start + 1 :], len(text)


def _optional(part: Written, start: int) -> tuple[Written | None, int]:
    if part.text[start : start + 1] != "[":
        return None, start
    end = part.text.find("]", start)
    if end < 0:
        return None, start
    return Written(part.text[start + 1 : end], [part.offset(at) for at in range(start + 1, end)]), end + 1
