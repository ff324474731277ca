"""Tokens to a tree, by the grammar in grammar.lark (LALR: no formula makes it backtrack, or recurse)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Any

from lark import Lark, Token, Transformer, v_args
from lark.exceptions import UnexpectedInput, UnexpectedToken, VisitError
from lark.lexer import Lexer

from symgrad.reading.latex.token import Token as Lexeme
from symgrad.reading.latex.tree import (
    Bar,
    Chain,
    Empty,
    Fraction,
    Group,
    Name,
    Number,
    Product,
    Root,
    Row,
    Scripted,
    Span,
    Sum,
    Table,
    Tree,
    Words,
    only,
    styled,
)
from symgrad.reading.latex.written import UnreadError

DEEPEST = 80  # levels of a tree: what works on it later does so recursively


def parsed(found: Sequence[Lexeme]) -> Tree:
    """The tree of one statement's tokens; raises UnreadError at the token that doesn't fit.

    >>> from symgrad.reading.latex.tokens import tokens
    >>> from symgrad.reading.latex.written import Written
    >>> type(parsed(tokens(Written.of("a = b + c")))).__name__
    'Chain'
    """
    found = [t for t in found if not (t.kind in ("OPEN", "CLOSE") and t.text == ".") and t.kind != "QUAD"]
    try:
        tree: Any = _parser().parse(found)  # our lexer takes tokens, not text
    except UnexpectedToken as error:
        raise _unexpected(error, found) from None
    except VisitError as error:
        if isinstance(error.orig_exc, UnreadError):
            raise error.orig_exc from None
        raise
    except UnexpectedInput:
        raise UnreadError("the formula can't be read", found[0].start, found[-1].end) from None
    return _built(tree)


def _unexpected(error: UnexpectedToken, found: Sequence[Lexeme]) -> UnreadError:
    token = error.token
    if token.type == "$END":
        last = found[-1] if found else None
        start, end = (last.start, last.end) if last else (0, 0)
        after = f" after {last.text!r}" if last else ""
        return UnreadError(f"the formula ends too early{after}", start, end)
    start, end = token.value.start, token.value.end
    return UnreadError(f"{token.value.text!r} doesn't fit here", start, end)


class _Tokens(Lexer):
    """Hands tokens over to the parser as they are."""

    def __init__(self, conf: Any) -> None:
        pass

    def lex(self, data: Any) -> Iterator[Token]:  # type: ignore[override]  # a list of tokens, not a text
        for token in data:
            yield Token(token.kind, token)


@cache
def _parser() -> Lark:
    grammar = files("symgrad.reading.latex").joinpath("grammar.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", lexer=_Tokens, transformer=_Builder(), maybe_placeholders=False)


_Measured = tuple[Tree, int]  # a tree and its depth


def _built(measured: _Measured) -> Tree:
    return measured[0]


def _of(token: Token) -> Lexeme:
    found: Lexeme = token.value
    return found


def _span(parts: Sequence[Any]) -> Span:
    """From the first part to the last one; parts are tokens and measured trees."""
    ends = [_of(p) if isinstance(p, Token) else p[0].span for p in parts]
    return Span(ends[0].start, ends[-1].end) if ends else Span(0, 0)


def _deep(tree: Tree, parts: Sequence[Any]) -> _Measured:
    depth = 1 + max((part[1] for part in parts if not isinstance(part, Token)), default=0)
    if depth > DEEPEST:
        raise UnreadError("the formula is nested too deeply to be read", tree.span.start, tree.span.end)
    return tree, depth


def _trees(parts: Sequence[Any]) -> tuple[Tree, ...]:
    return tuple(part[0] for part in parts if not isinstance(part, Token))


@v_args(inline=False)
class _Builder(Transformer[Any, Any]):
    """The tree of each rule, built from those of its parts."""

    def start(self, parts: list[Any]) -> _Measured:
        found: _Measured = parts[0]
        return found

    def empty(self, parts: list[Any]) -> _Measured:
        return Empty(Span(-1, -1)), 0

    def chain(self, parts: list[Any]) -> _Measured:
        if len(parts) == 1:
            found: _Measured = parts[0]
            return found
        relations = tuple(_of(part).text for part in parts if isinstance(part, Token))
        placed = _placed(parts)
        return _deep(Chain(_trees(placed), relations, _span(placed)), placed)

    def sum(self, parts: list[Any]) -> _Measured:
        terms: list[Tree] = []
        signs: list[str] = []
        sign = ""
        for part in parts:
            if isinstance(part, Token):
                sign = _times(sign, _of(part).text)
            else:
                terms.append(part[0])
                signs.append(sign)
                sign = ""
        if signs == [""]:
            found: _Measured = parts[0]
            return found
        return _deep(Sum(tuple(terms), tuple(signs), _span(parts)), parts)

    def product(self, parts: list[Any]) -> _Measured:
        if len(parts) == 1:
            found: _Measured = parts[0]
            return found
        rows: list[Tree] = []
        operators: list[str] = []
        signs: list[str] = []
        sign = ""
        for part in parts:
            if not isinstance(part, Token):
                rows.append(part[0])
                signs.append(sign)
                sign = ""
            elif part.type == "OPERATOR":
                operators.append(_of(part).text)
            else:
                sign = _times(sign, _of(part).text)
        return _deep(Product(tuple(rows), tuple(operators), tuple(signs), _span(parts)), parts)

    def row(self, parts: list[Any]) -> _Measured:
        if len(parts) == 1:
            found: _Measured = parts[0]
            return found
        return _deep(Row(_trees(parts), _span(parts)), parts)

    def scripted(self, parts: list[Any]) -> _Measured:
        base, *scripts = parts
        below: list[Tree] = []
        above: list[Tree] = []
        primes = 0
        for kind, script in (part[2:] for part in scripts):
            if kind == "prime":
                primes += 1
            elif kind == "below":
                below.append(script)
            else:
                above.append(script)
        end = max(part[0].span.end for part in scripts)
        row = only(base[0])
        if isinstance(row, Row) and all(isinstance(only(item), Name | Scripted) for item in row.items):
            *front, last = row.items  # {a b}^T is printed as a b^T, and read so
            inner = Scripted(last, tuple(below), tuple(above), primes, Span(last.span.start, end))
            whole = Row((*front, inner), Span(row.span.start, end))
            return _deep(whole, [base, *(p[:2] for p in scripts)])
        span = Span(base[0].span.start, end)
        return _deep(Scripted(base[0], tuple(below), tuple(above), primes, span), [base, *(p[:2] for p in scripts)])

    def above(self, parts: list[Any]) -> Any:
        return (*parts[1], "above", parts[1][0])

    def below(self, parts: list[Any]) -> Any:
        return (*parts[1], "below", parts[1][0])

    def prime(self, parts: list[Any]) -> Any:
        tree = Words("'", _span(parts))
        return tree, 1, "prime", tree

    def factorial(self, parts: list[Any]) -> Any:
        tree = Words("!", _span(parts))
        return tree, 1, "above", tree

    def percent(self, parts: list[Any]) -> Any:
        tree = Words("%", _span(parts))
        return tree, 1, "above", tree

    def number(self, parts: list[Any]) -> _Measured:
        return Number(_of(parts[0]).text, _span(parts)), 1

    def name(self, parts: list[Any]) -> _Measured:
        token = _of(parts[0])
        kinds = {"NAME": "letter", "WORD": "word", "FUNCTION": "function", "BIG": "big"}
        kind = kinds.get(token.kind, token.kind.lower())
        return Name(token.text, Span(token.start, token.end), kind, token.font, token.accents), 1

    def words(self, parts: list[Any]) -> _Measured:
        return Words(_of(parts[0]).text, _span(parts)), 1

    def bar(self, parts: list[Any]) -> _Measured:
        return Bar(_span(parts)), 1

    def mark(self, parts: list[Any]) -> _Measured:
        token = next(_of(part) for part in parts if part.type in ("OPERATOR", "SIGN"))
        return Words(token.text, _span(parts)), 1

    def items(self, parts: list[Any]) -> Any:
        return parts

    def group(self, parts: list[Any]) -> _Measured:
        opening, inside, closing = parts
        kind = "|" if opening.type == "ABS_OPEN" else _of(opening).text
        if opening.type == "ABS_OPEN":
            kind = _of(opening).text[0]
        placed = _placed([opening, *inside, closing])[1:-1]
        separators = tuple(_of(part).text for part in placed if isinstance(part, Token))
        tree = Group(kind, _trees(placed), separators, _span([opening, closing]))
        return _deep(tree, placed)

    def fraction(self, parts: list[Any]) -> _Measured:
        _, over, under = parts
        return _deep(Fraction(over[0], under[0], _span(parts)), parts)

    def root(self, parts: list[Any]) -> _Measured:
        body = parts[-1]
        if len(parts) == 2:
            return _deep(Root(body[0], None, _span(parts)), parts)
        degree = parts[2][0]
        return _deep(Root(body[0], degree[0], _span([parts[0], body])), [body, degree])

    def styled(self, parts: list[Any]) -> _Measured:
        mark, (tree, depth) = _of(parts[0]), parts[1]
        if mark.kind == "FONT":
            return (tree if mark.text == "upright" else styled(tree, mark.text)), depth
        inside = only(tree)
        if mark.text == "vec" and isinstance(inside, Number) and inside.text == "1":
            return Name("1", tree.span, "letter", "bold"), depth
        if isinstance(inside, Row) and isinstance(inside.items[0], Name) and inside.items[0].kind == "partial":
            sign, *items = inside.items  # an accent over ∂x is one of the x
            return Row((sign, _under(Row(tuple(items), inside.span), mark)), inside.span), depth
        return _under(tree, mark), depth

    def cells(self, parts: list[Any]) -> Any:
        row = []
        for part in parts:
            if isinstance(part, Token):
                continue
            placed = [item for item in part if not isinstance(item, Token)]
            row.append(placed[0] if len(placed) == 1 else _listed(part))
        return row

    def table(self, parts: list[Any]) -> _Measured:
        begin, *rows, end = parts
        cells = [row for row in rows if not isinstance(row, Token)]
        flat = [cell for row in cells for cell in row]
        span = _span([begin, end])
        filled = tuple(
            tuple(cell[0] if cell[0].span.start >= 0 else Empty(span) for cell in row)
            for row in cells
            if any(not isinstance(cell[0], Empty) for cell in row)
        )
        return _deep(Table(_of(begin).text, filled, span), flat)


def _placed(parts: list[Any]) -> list[Any]:
    """The parts of a list, an empty one standing where its neighbour ends."""
    result: list[Any] = []
    for place, part in enumerate(parts):
        if not isinstance(part, Token) and isinstance(part[0], Empty):
            before = result[-1] if result else None
            if before is not None:
                at = _of(before).end if isinstance(before, Token) else before[0].span.end
            else:
                after = next((p for p in parts[place + 1 :] if isinstance(p, Token)), None)
                at = _of(after).start if after is not None else 0
            part = (Empty(Span(at, at)), 0)
        result.append(part)
    return result


def _listed(parts: list[Any]) -> _Measured:
    placed = _placed(parts)
    separators = tuple(_of(part).text for part in placed if isinstance(part, Token))
    return _deep(Group("{", _trees(placed), separators, _span(placed)), placed)


def _times(sign: str, other: str) -> str:
    """Two signs in a row as one."""
    if "±" in (sign, other):
        return "±"
    return other if sign in ("", "+") else {"+": "-", "-": "+"}[other]


def _innermost(tree: Tree) -> Name | None:
    """The letter that an accent belongs to: that in braces, or under scripts."""
    while True:
        if isinstance(tree, Name):
            return tree
        if isinstance(tree, Group) and tree.opening == "{" and len(tree.items) == 1:
            tree = tree.items[0]
        elif isinstance(tree, Scripted):
            tree = tree.base
        else:
            return None


def _under(tree: Tree, mark: Lexeme) -> Tree:
    """A letter under an accent; raises UnreadError for anything else."""
    tree = _as_word(only(tree))
    if _innermost(tree) is None:
        raise UnreadError(f"an accent ({mark.text}) over more than one letter", mark.start, mark.end)
    return _accented(tree, mark.text)


def _as_word(tree: Tree) -> Tree:
    """What stands under an accent, y1, as one word; anything else as it is."""
    inside = only(tree)
    if not isinstance(inside, Row):
        return tree
    first, *rest = inside.items
    letters = isinstance(first, Name) and len(first.text) == 1 and not first.font and not first.accents
    if not letters or not all(isinstance(part, Number) and part.text.isdigit() for part in rest):
        return tree
    return Name("".join(part.text for part in inside.items if isinstance(part, Name | Number)), tree.span, "word")


def _accented(tree: Tree, accent: str) -> Tree:
    if isinstance(tree, Name):
        return replace(tree, accents=(*tree.accents, accent))
    if isinstance(tree, Group):
        return replace(tree, items=(_accented(tree.items[0], accent),))
    assert isinstance(tree, Scripted)  # _innermost found a letter below it
    return replace(tree, base=_accented(tree.base, accent))
