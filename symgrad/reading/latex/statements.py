"""A formula as the statements in it: the rows of an aligned block, and what stands between commas and words."""

from __future__ import annotations

import contextlib
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from symgrad.reading.latex.macros import Macros, expanded
from symgrad.reading.latex.parse import parsed
from symgrad.reading.latex.token import Token
from symgrad.reading.latex.tokens import split, tokens
from symgrad.reading.latex.tree import Chain, Span, Tree
from symgrad.reading.latex.written import UnreadError

OPENING = frozenset(("OPEN", "LBRACE", "BEGIN", "ABS_OPEN"))
CLOSING = frozenset(("CLOSE", "RBRACE", "END", "ABS_CLOSE"))
EQUALITIES = frozenset(("=", "≈", ":=", "←", "≡"))
_LISTED = re.compile(  # y_{n,c'}, and what is under a sum
    r"""_\{(\s*[a-z]['"]*(?:\s*,\s*[a-z]['"]*)+)\s*\}|\\sum\s*(?:\\limits\s*)?_\{([a-z]{2,4})\}"""
)
_EQUALITY = re.compile(r"=|\\(?:approx|equiv|coloneqq?|gets|leftarrow|triangleq|doteq|simeq|cong)(?![A-Za-z])|[≈≡←]")
_NUMBERED = re.compile(r"[A-Za-z]\d+")
_BETWEEN = frozenset(("⇒", "⇔", "∴", "∵", "⇐"))  # they part statements
_QUALIFIES = frozenset(  # a word after which a statement says only where it holds
    [
        "if",
        "for",
        "when",
        "otherwise",
        "unless",
        "provided",
        "since",
        "because",
        "as",
        "using",
        "by",
        "from",
        "se",
        "para",
        "quando",
        "wenn",
        "für",
        "falls",
        "si",
        "pour",
        "quand",
        "cuando",
        "para",
        "all",
        "any",
        "each",
        "every",
    ]
)


@dataclass(frozen=True)
class Statement:
    """One statement of a formula and where it stands in it; `error` says why it can't be read.

    One that can't be read `matters` if it sets something equal: a sign by itself, as in "⊙ multiplies", says nothing.
    """

    tree: Tree | None
    span: Span
    error: UnreadError | None = None
    matters: bool = True
    conditions: tuple[Tree, ...] = ()  # where it holds: the i = j of "if i = j: …"

    @property
    def chain(self) -> Chain | None:
        """The statement as sides and relations, if it is one."""
        return self.tree if isinstance(self.tree, Chain) else None


def statements(
    text: str,
    macros: Macros,
    decimal_comma: bool = False,
    words: frozenset[str] = frozenset(),
    subscripted: frozenset[str] = frozenset(),
    spaced: frozenset[str] = frozenset(),
) -> list[Statement]:
    r"""The statements of a formula, in their order; one that can't be read is there with its error.

    `words` are names of several letters or digits that the document writes without a command: z1, net.  Those that
    are `subscripted` elsewhere, w5 beside w_5, are the same names; those that are `spaced` may have blanks in them.

    >>> [statement.span for statement in statements(r"a = b, \quad c = d", {})]
    [Span(start=0, end=5), Span(start=13, end=18)]
    """
    try:
        found = merged(_closed_up(tokens(expanded(text, macros), decimal_comma), spaced), words, subscripted)
    except UnreadError as error:
        return [Statement(None, Span(0, len(text)), error, _EQUALITY.search(text) is not None)]
    result = []
    for part, where in _parts(found):
        span = Span(min(token.start for token in part), max(token.end for token in part))  # macros may swap arguments
        try:
            result.append(Statement(parsed(part), span, conditions=tuple(_conditions(where))))
        except UnreadError as error:
            result.append(Statement(None, span, error, any(t.text in EQUALITIES for t in part if t.kind == "RELATION")))
    return result


def plain_words(text: str, macros: Macros, decimal_comma: bool = False) -> set[str]:
    """The names of several letters or digits that a formula has on its left, or with a subscript: z1 = …, net_h.

    >>> sorted(plain_words("z1 = w1*x + target_1", {}))
    ['target', 'z1']
    """
    try:
        found = tokens(expanded(text, macros), decimal_comma)
    except UnreadError:
        return set()
    result = set()
    for part, _ in _parts(found):
        for run in runs(part):
            word = "".join(token.text for token in run)
            place = part.index(run[0])
            after = part[place + len(run)] if place + len(run) < len(part) else None
            alone = place == 0 and _is_left(word, part[len(run) :])
            lettered = sum(token.kind == "NAME" for token in run)
            if place and part[place - 1].text in ("tr", "Tr", "det"):
                continue  # trABCD is of a product
            if word.startswith("d") and lettered == len(run) <= 3:
                continue  # dW is a derivative
            by = place and part[place - 1].kind == "PARTIAL" and _NUMBERED.fullmatch(word)  # ∂w5
            if (
                by
                or (alone and lettered < len(run) and run[0].kind == "NAME")
                or (alone and lettered >= 2)
                or (
                    lettered == len(run)
                    and (len(run) >= 4 or (len(run) == 3 and after is not None and after.kind == "SUB"))
                )
            ):
                result.add(word)
    return result


def spaced_words(text: str, macros: Macros, decimal_comma: bool = False) -> tuple[set[str], set[str]]:
    """The capitals that a formula has as a function on its left with blanks between them, and those without blanks.

    >>> spaced_words("L L(D) = 1", {}), spaced_words("x + LL(D)", {})
    (({'LL'}, set()), (set(), {'LL'}))
    """
    try:
        found = tokens(expanded(text, macros), decimal_comma)
    except UnreadError:
        return set(), set()
    lefts, touching = set(), set()
    for part, _ in _parts(found):
        capitals = list(itertools.takewhile(_is_capital, part))
        word = "".join(token.text for token in capitals)
        applied = part[len(capitals) : len(capitals) + 1]
        if len(word) > 1 and [t.text for t in applied] == ["("] and _is_left(word, part[len(capitals) :]):
            lefts.add(word)
        for run in runs(part):
            behind = part[part.index(run[-1]) + 1 :]
            if all(map(_is_capital, run)) and behind and behind[0].text == "(":
                touching.add("".join(token.text for token in run))
    return lefts - touching, touching


def _is_capital(token: Token) -> bool:
    plain = token.kind == "NAME" and not token.font and not token.accents
    return plain and len(token.text) == 1 and token.text.isupper()


def _closed_up(found: list[Token], spaced: frozenset[str]) -> list[Token]:
    """The tokens with L L as one word, where it is a spaced one."""
    result: list[Token] = []
    place = 0
    while place < len(found):
        capitals = list(itertools.takewhile(_is_capital, found[place:])) if spaced else []
        word = "".join(token.text for token in capitals)
        if word in spaced:
            result.append(Token("WORD", word, capitals[0].start, capitals[-1].end))
            place += len(capitals)
        else:
            result.append(found[place])
            place += 1
    return result


def _is_left(word: str, behind: Sequence[Token]) -> bool:
    """Whether what stands behind a word ends a left-hand side: a relation, or arguments and then one, MSE(y, t) =."""
    depths = list(itertools.accumulate((t.kind in OPENING) - (t.kind in CLOSING) for t in behind))
    if word.isupper() and behind and behind[0].text == "(" and 0 in depths:
        behind = behind[depths.index(0) + 1 :]
    return bool(behind) and behind[0].kind == "RELATION"


def subscripted_words(text: str, macros: Macros, decimal_comma: bool = False) -> set[str]:
    """The letters with a number below that a formula has, as they are written without the subscript.

    >>> subscripted_words("w_5 + x_{12}", {}) == {"w5", "x12"}
    True
    """
    try:
        found = tokens(expanded(text, macros), decimal_comma)
    except UnreadError:
        return set()
    result = set()
    for place, token in enumerate(found[:-2]):
        number = found[place + 2 if found[place + 2].kind != "LBRACE" else min(place + 3, len(found) - 1)]
        plain = token.kind == "NAME" and len(token.text) == 1 and not token.font and not token.accents
        if plain and found[place + 1].kind == "SUB" and number.kind == "NUMBER":
            result.add(token.text + number.text)
    return result


def listed_letters(text: str) -> set[str]:
    r"""The letters that a formula has in a subscript with commas between them, or under a sum: indices.

    >>> sorted(listed_letters(r"y_{n,c} + x_{i', j} + \sum_{pq} w_{k}"))
    ['c', 'i', 'j', 'n', 'p', 'q']
    """
    return {letter for pair in _LISTED.findall(text) for letter in "".join(pair) if letter.isalpha()}


def runs(found: Sequence[Token]) -> Iterator[list[Token]]:
    """The stretches of plain letters and digits that touch one another, of two or more."""
    run: list[Token] = []
    for before, token, after in zip([None, *found], [*found, None], [*found[1:], None, None], strict=True):
        raised = before is not None and before.kind in ("SUP", "SUB")  # X^T dP: only one letter is raised
        if raised and before is not None and before.kind == "SUB" and after is not None and after.kind == "NUMBER":
            raised = False  # E_y1: it may be that of y1
        plain = (
            token is not None
            and not raised
            and not token.font
            and not token.accents
            and (
                (token.kind == "NAME" and len(token.text) == 1)
                or (token.kind == "NUMBER" and token.text.isdigit() and run)
            )
        )
        if plain and token is not None and (not run or run[-1].end == token.start):
            run.append(token)
            continue
        if len(run) > 1:
            yield run
        run = [token] if plain and token is not None and token.kind == "NAME" else []


def merged(found: list[Token], words: frozenset[str], subscripted: frozenset[str] = frozenset()) -> list[Token]:
    """The tokens with each of the words as one; w2 is a word where w1 is, or w_2, or both x1 and y1."""
    if not words and not subscripted:
        return found
    numbered = {word[0] for word in words if _NUMBERED.fullmatch(word)}
    before = {id(token): place for place, token in enumerate(found)}
    table = {}
    for run in runs(found):
        word = "".join(token.text for token in run)
        place = before[id(run[0])]
        lowered = place > 0 and found[place - 1].kind == "SUB"
        likely = word[0] in numbered or (not lowered and (len(numbered) > 1 or word in subscripted))
        beside = _NUMBERED.fullmatch(word) and likely
        if word in words or beside:
            table[id(run[0])] = run
    result: list[Token] = []
    skip = 0
    for token in found:
        if skip:
            skip -= 1
            continue
        word_here = table.get(id(token))
        if word_here is None:
            result.append(token)
            continue
        run = word_here
        skip = len(run) - 1
        if "".join(part.text for part in run) in subscripted:
            letter, number = run[0], run[1]
            result += [letter, Token("SUB", "_", letter.end, letter.end), number]
            continue
        result.append(Token("WORD", "".join(part.text for part in run), run[0].start, run[-1].end))
    return result


def _conditions(where: Sequence[list[Token]]) -> Iterator[Tree]:
    """The conditions under which a statement holds, those that can be read."""
    for part in where:
        with contextlib.suppress(UnreadError):
            yield parsed(part)


_Part: TypeAlias = tuple[list[Token], list[list[Token]]]  # a statement's tokens, and those of where it holds


def _parts(found: Sequence[Token]) -> Iterator[_Part]:
    """The tokens of each statement, without what parts them."""
    for row in _rows(_unbraced(list(found))):
        yield from _within(row)


def _unbraced(found: list[Token]) -> list[Token]:
    """Without braces around the whole formula."""
    while len(found) > 2 and found[0].kind == "LBRACE" and found[-1].kind == "RBRACE":
        depths = itertools.accumulate((token.kind == "LBRACE") - (token.kind == "RBRACE") for token in found[:-1])
        if 0 in depths:
            break
        found = found[1:-1]
    return found


def _rows(found: list[Token]) -> list[list[Token]]:
    """The rows of an aligned block; one that goes on with = or + belongs to the row above."""
    result: list[list[Token]] = []
    for row in split(found):
        row = _trimmed(row)
        if not row:
            continue
        first = row[0]
        above = result[-1] if result else None
        goes_on = first.kind == "RELATION" and first.text in EQUALITIES | {"≤", "≥", "<", ">", "∝"}
        goes_on |= first.kind == "OPERATOR" or _depth(above or []) > 0
        goes_on |= first.kind == "SIGN" and not _relations(row)
        goes_on |= above is not None and above[-1].kind in ("RELATION", "SIGN", "OPERATOR")
        if above is not None and goes_on:
            above.extend(row)
        else:
            result.append(row)
    return result


def _depth(row: list[Token]) -> int:
    return sum((token.kind in OPENING) - (token.kind in CLOSING) for token in row)


def _relations(row: Sequence[Token]) -> list[Token]:
    """The relations that stand outside of all delimiters."""
    depth, found = 0, []
    for token in row:
        depth += (token.kind in OPENING) - (token.kind in CLOSING)
        if token.kind == "RELATION" and depth == 0:
            found.append(token)
    return found


def _trimmed(row: list[Token]) -> list[Token]:
    """Without the blanks, commas and words at its ends."""
    row = list(row)
    while row and (row[-1].kind in ("QUAD", "WORDS") or (row[-1].kind == "SEPARATOR" and row[-1].text in ",;:")):
        row.pop()
    while row and (row[0].kind == "QUAD" or _is_prose(row[0]) or (row[0].kind == "SEPARATOR" and row[0].text in ",;:")):
        row.pop(0)
    return row


def _is_prose(token: Token) -> bool:
    """Whether a word before a statement says nothing of where it holds."""
    return token.kind == "WORDS" and token.text.lower().split()[:1] not in (["if"], ["when"])


def _within(row: list[Token]) -> Iterator[_Part]:
    """The statements of one row: what commas, wide blanks, words and arrows part, where each has a relation."""
    pieces: list[tuple[list[Token], str]] = [([], "")]  # with what stands before each
    depth = 0
    for place, token in enumerate(row):
        depth += (token.kind in OPENING) - (token.kind in CLOSING)
        if token.kind == "QUAD" and [(n.kind, n.text) for n in row[place + 1 : place + 2]] == [("RELATION", "∈")]:
            continue  # A = … \quad ∈ ℝ^{n×d}
        below = bool(pieces[-1][0]) and pieces[-1][0][-1].kind in ("SUB", "SUP")  # L_\text{data}
        if (depth == 0 and token.kind == "WORDS" and pieces[-1][0] and not below) or (
            depth == 0 and token.kind in ("QUAD", "SEPARATOR") and token.text != "|" and pieces[-1][0]
        ):
            pieces.append(([], token.text))
        elif depth == 0 and token.kind == "RELATION" and (token.text in _BETWEEN or _leads(token, pieces)):
            pieces.append(([], ","))
        elif token.kind == "WORDS" and depth == 0 and not below:
            pieces[-1] = (pieces[-1][0], token.text)
        elif token.kind != "QUAD":
            pieces[-1][0].append(token)
    first = True
    whole: list[Token] = []
    where: list[list[Token]] = []
    for piece, before in _qualified(pieces):
        words = before.lower().split()
        qualifies = bool(words) and words[0].strip("(,.:") in _QUALIFIES
        if qualifies and not first:
            where += [_without_colon(piece)] if _relations(piece) else []
            break  # the rest says where the statement holds
        if qualifies and piece is not pieces[-1][0] and _relations(piece):
            where.append(_without_colon(piece))
            continue  # if i = j: …
        if not piece:
            continue
        related = bool(_relations(piece))
        if whole and not related:
            if before == "," and not _is_remark(piece):
                whole += piece if _relations(whole) == [] else []
            continue
        if whole and (_relations(whole) or related):
            if _relations(whole):
                yield whole, where
                where = []
            whole = list(piece)
        else:
            whole = [*whole, *piece]
        first = False
    if whole:
        yield whole, where


def _without_colon(piece: list[Token]) -> list[Token]:
    """A condition without the colon behind it."""
    return piece[:-1] if piece and piece[-1].text == ":" else piece


def _qualified(pieces: list[tuple[list[Token], str]]) -> Iterator[tuple[list[Token], str]]:
    """The pieces with an "if" in plain letters between wide blanks as the word before the next piece."""
    word = ""
    for piece, before in pieces:
        if "".join(token.text for token in piece) == "if" and before in ("quad", "qquad"):
            word = "if"
            continue
        yield piece, word or before
        word = ""


def _leads(token: Token, pieces: list[tuple[list[Token], str]]) -> bool:
    """Whether an arrow leads from one equation to the next, rather than from a set to another."""
    before = [relation.text for piece, _ in pieces for relation in _relations(piece)]
    return token.text == "→" and ("=" in before or not any(piece for piece, _ in pieces))


def _is_remark(piece: list[Token]) -> bool:
    """Whether a piece is dots, or an equation's number."""
    return all(token.kind in ("DOTS", "NUMBER", "OPEN", "CLOSE", "SEPARATOR") for token in piece)
