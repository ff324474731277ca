"""A formula as the statements in it: the rows of an aligned block, and what stands between commas and words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from symgrad.reading.latex.macros import Macros, expanded
from symgrad.reading.latex.parse import parsed
from symgrad.reading.latex.tokens import Token, split, tokens
from symgrad.reading.latex.tree import Chain, Span, Tree
from symgrad.reading.latex.written import UnreadError

OPENING = frozenset(("OPEN", "LBRACE", "BEGIN", "ABS_OPEN"))
CLOSING = frozenset(("CLOSE", "RBRACE", "END", "ABS_CLOSE"))
EQUALITIES = frozenset(("=", "≈", ":=", "←", "≡"))
_BETWEEN = frozenset(("⇒", "⇔", "∴", "∵", "⇐"))  # they part statements
_QUALIFIES = frozenset(  # a word after which a statement says only where it holds
    "if for when otherwise unless provided since because as using by from se para quando wenn für falls si pour quand "
    "cuando para all any each every".split()
)


@dataclass(frozen=True)
class Statement:
    """One statement of a formula and where it stands in it; `error` says why it can't be read."""

    tree: Tree | None
    span: Span
    error: UnreadError | None = None

    @property
    def chain(self) -> Chain | None:
        """The statement as sides and relations, if it is one."""
        return self.tree if isinstance(self.tree, Chain) else None


def statements(text: str, macros: Macros, decimal_comma: bool = False) -> list[Statement]:
    r"""The statements of a formula, in their order; one that can't be read is there with its error.

    >>> [statement.span for statement in statements(r"a = b, \quad c = d", {})]
    [Span(start=0, end=5), Span(start=14, end=19)]
    """
    try:
        found = tokens(expanded(text, macros), decimal_comma)
    except UnreadError as error:
        return [Statement(None, Span(0, len(text)), error)]
    result = []
    for part in _parts(found):
        span = Span(part[0].start, part[-1].end)
        try:
            result.append(Statement(parsed(part), span))
        except UnreadError as error:
            result.append(Statement(None, span, error))
    return result


def _parts(found: Sequence[Token]) -> Iterator[list[Token]]:
    """The tokens of each statement, without what parts them."""
    for row in _rows(list(found)):
        yield from _within(row)


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
    while row and (row[0].kind in ("QUAD", "WORDS") or (row[0].kind == "SEPARATOR" and row[0].text in ",;:")):
        row.pop(0)
    return row


def _within(row: list[Token]) -> Iterator[list[Token]]:
    """The statements of one row: what commas, wide blanks, words and arrows part, where each has a relation."""
    pieces: list[tuple[list[Token], str]] = [([], "")]  # with what stands before each
    depth = 0
    for token in row:
        depth += (token.kind in OPENING) - (token.kind in CLOSING)
        if depth == 0 and token.kind == "WORDS" and pieces[-1][0]:
            pieces.append(([], token.text))
        elif depth == 0 and token.kind in ("QUAD", "SEPARATOR") and token.text != "|" and pieces[-1][0]:
            pieces.append(([], token.text))
        elif depth == 0 and token.kind == "RELATION" and token.text in _BETWEEN:
            pieces.append(([], ","))
        elif token.kind not in ("QUAD",) and not (token.kind == "WORDS" and depth == 0):
            pieces[-1][0].append(token)
    first = True
    whole: list[Token] = []
    for piece, before in pieces:
        words = before.lower().split()
        if not first and words and words[0].strip("(,.:") in _QUALIFIES:
            break  # the rest says where the statement holds
        if not piece:
            continue
        related = bool(_relations(piece))
        if whole and not related:
            if before == "," and not _is_remark(piece):
                whole += piece if _relations(whole) == [] else []
            continue
        if whole and (_relations(whole) or related):
            if _relations(whole):
                yield whole
            whole = list(piece)
        else:
            whole = [*whole, *piece]
        first = False
    if whole:
        yield whole


def _is_remark(piece: list[Token]) -> bool:
    """Whether a piece is dots, or an equation's number."""
    return all(token.kind in ("DOTS", "NUMBER", "OPEN", "CLOSE", "SEPARATOR") for token in piece)
