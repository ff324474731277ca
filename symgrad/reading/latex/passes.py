"""Passes over a formula's tokens: each writes one thing that is spelled in many ways in one way."""

from __future__ import annotations

from symgrad.reading.latex import commands as c
from symgrad.reading.latex.numpy_calls import NUMPY
from symgrad.reading.latex.token import Token
from symgrad.reading.latex.written import UnreadError

DEEPEST = 60  # braces, delimiters and environments inside one another


def functions(found: list[Token]) -> list[Token]:
    """The tokens with a function that is spelled in plain letters, softmax(z), as one."""
    result: list[Token] = []
    place = 0
    while place < len(found):
        end = place
        while end < len(found) and _is_plain(found[end]) and (end == place or _touches(found, end)):
            end += 1
        word = "".join(token.text for token in found[place:end])
        if word[:2] == "np" and word[2:] in NUMPY:  # np.sum, the full stop of which counts for nothing
            result.append(Token("FUNCTION", NUMPY[word[2:]], found[place].start, found[end - 1].end))
        elif len(word) > 2 and word in c.WORDS_THAT_APPLY:
            result.append(Token("FUNCTION", word, found[place].start, found[end - 1].end))
        elif word.startswith("tr") and (word == "tr" or word[2:].isupper()):  # the trace, trAB
            result.append(Token("FUNCTION", "tr", found[place].start, found[place + 1].end))
            result += found[place + 2 : end]
        else:
            result += found[place : max(end, place + 1)]
        place = max(end, place + 1)
    return result


def _touches(found: list[Token], place: int) -> bool:
    """Whether nothing stands before a token, or the full stop of np.sum."""
    gap = found[place].start - found[place - 1].end
    numpy = found[place - 1].text == "p" and place > 1 and found[place - 2].text == "n"
    return gap == 0 or (gap == 1 and numpy and not found[place].blank)


def _is_plain(token: Token) -> bool:
    return token.kind == "NAME" and len(token.text) == 1 and not token.font and not token.accents


def fractions(found: list[Token]) -> list[Token]:
    """The tokens with {a \\over b} as \\frac{a}{b}."""
    while (place := next((at for at, token in enumerate(found) if token.kind == "OVER"), None)) is not None:
        mark = found[place]
        start, end = _enclosing(found, place)
        brace = Token("LBRACE", "{", mark.start, mark.start), Token("RBRACE", "}", mark.end, mark.end)
        inside = [Token("FRAC", "frac", mark.start, mark.end), brace[0], *found[start:place], brace[1]]
        found = [*found[:start], *inside, brace[0], *found[place + 1 : end], brace[1], *found[end:]]
    return found


def _enclosing(found: list[Token], place: int) -> tuple[int, int]:
    """From where to where the group reaches that a place is in."""
    depth, start, end = 0, 0, len(found)
    for at in range(place - 1, -1, -1):
        depth += (found[at].kind == "RBRACE") - (found[at].kind == "LBRACE")
        if depth < 0:
            start = at + 1
            break
    depth = 0
    for at in range(place + 1, len(found)):
        depth += (found[at].kind == "LBRACE") - (found[at].kind == "RBRACE")
        if depth < 0:
            end = at
            break
    return start, end


def primes(found: list[Token]) -> list[Token]:
    """The tokens with f^\\prime and f^{\\prime\\prime} written as f' and f'', and g^{[1]\\prime} as g^{[1]}'."""
    found = _primes_outside(found)
    result: list[Token] = []
    place = 0
    while place < len(found):
        if found[place].kind == "SUP" and place + 1 < len(found):
            after = place + 1
            braced = found[after].kind == "LBRACE"
            end = after + braced
            while end < len(found) and found[end].kind == "PRIME":
                end += 1
            if end > after + braced and (not braced or (end < len(found) and found[end].kind == "RBRACE")):
                result += found[after + braced : end]
                place = end + braced
                continue
        result.append(found[place])
        place += 1
    return result


def _primes_outside(found: list[Token]) -> list[Token]:
    """The tokens with the primes at the end of a superscript, behind a layer in brackets, behind the superscript."""
    result: list[Token] = []
    waiting: list[Token] = []
    for place, token in enumerate(found):
        end = place
        while end < len(found) and found[end].kind == "PRIME":
            end += 1
        behind = place and found[place - 1].kind in ("CLOSE", "PRIME") and end < len(found)
        if token.kind == "PRIME" and behind and found[end].kind == "RBRACE" and _is_layer(found, place - 1):
            waiting.append(token)
            continue
        result.append(token)
        if token.kind == "RBRACE":
            result, waiting = [*result, *waiting], []
    return result


def _is_layer(found: list[Token], place: int) -> bool:
    """Whether brackets, perhaps with primes behind them, end at a place, and are all that a superscript begins with."""
    while found[place].kind == "PRIME":
        place -= 1
    start = next((at for at in range(place, -1, -1) if found[at].kind == "OPEN"), -1)
    return [token.kind for token in found[max(start - 2, 0) : max(start, 0)]] == ["SUP", "LBRACE"]


def bracketed(found: list[Token]) -> list[Token]:
    """The tokens with g[1]'(z), the layer of a function beside it, as g^{[1]}'(z), which nothing else can mean."""
    result: list[Token] = []
    for place, token in enumerate(found):
        kinds = [behind.kind for behind in found[place : place + 6]]
        result.append(token)
        layered = kinds[:2] == ["NAME", "OPEN"] and kinds[3:] == ["CLOSE", "PRIME", "OPEN"]
        if layered and found[place + 1].text == "[" and kinds[2] in ("NUMBER", "NAME"):
            result.append(Token("SUP", "^", token.end, token.end))
    return result


def differentials(found: list[Token]) -> list[Token]:
    """The tokens with {dz}^{[l]}, whose superscript is that of z, as d{z}^{[l]}."""
    result = list(found)
    for place in range(len(found) - 4):
        kinds = [token.kind for token in found[place : place + 5]]
        sign = found[place + 1]
        is_d = sign.kind == "PARTIAL" or (sign.kind, sign.text) == ("NAME", "d")
        below = kinds[4] == "SUB" or [token.kind for token in found[place + 4 : place + 7]] == ["SUP", "LBRACE", "OPEN"]
        if (kinds[0], *kinds[2:4]) == ("LBRACE", "NAME", "RBRACE") and is_d and below:  # not {dw}^2, a square
            result[place : place + 2] = [sign, Token("LBRACE", "{", sign.end, sign.end)]
    return result


def powers(found: list[Token]) -> list[Token]:
    r"""The tokens with X^{\odot 2}, a power of each entry, as X^{2}, which is read so."""
    return [
        token
        for place, token in enumerate(found)
        if not (token.kind == "OPERATOR" and token.text in "⊙∘" and _begins_power(found, place))
    ]


def _begins_power(found: list[Token], place: int) -> bool:
    before = [token.kind for token in found[max(place - 2, 0) : place]]
    return before == ["SUP", "LBRACE"] and place + 1 < len(found) and found[place + 1].kind != "RBRACE"


def filled(found: list[Token]) -> list[Token]:
    """The tokens without {} behind something, which only parts it from what follows."""
    result: list[Token] = []
    skip = False
    for place, token in enumerate(found):
        kinds = [behind.kind for behind in found[place : place + 3]]
        if skip or (kinds[:2] == ["LBRACE", "RBRACE"] and result and result[-1].kind in _CLOSES):
            skip = not skip
            if not skip or kinds[2:] not in (["SUB"], ["SUP"]):
                continue
            skip = False
        result.append(token)
    return result


def rows(found: list[Token]) -> list[Token]:
    r"""The tokens with \\\\\\\\, a row's end as Markdown escapes it, as one end."""
    return [
        token
        for place, token in enumerate(found)
        if token.kind != "ROWSEP" or not place or found[place - 1].kind != "ROWSEP"
    ]


def cases(found: list[Token]) -> list[Token]:
    r"""The tokens with \left\{ and a table, \right. behind it, as cases: the brace then is the table's own."""
    result: list[Token] = []
    ends: set[int] = set()  # of tables that have a brace
    for place, token in enumerate(found):
        if token.kind == "BEGIN" and place and (found[place - 1].kind, found[place - 1].text) == ("OPEN", "\\{"):
            end = _end_of_table(found, place)
            if [(behind.kind, behind.text) for behind in found[end + 1 : end + 2]] == [("CLOSE", ".")]:
                result[-1] = Token("BEGIN", "cases", found[place - 1].start, token.end)
                ends.add(end)
                continue
        if place in ends:
            token = Token("END", "cases", token.start, token.end)
        if place - 1 not in ends:
            result.append(token)
    return result


def _end_of_table(found: list[Token], place: int) -> int:
    depth = 0
    for at in range(place, len(found)):
        depth += (found[at].kind == "BEGIN") - (found[at].kind == "END")
        if depth == 0:
            return at
    return len(found)


_CLOSES = frozenset(
    ("NAME", "NUMBER", "WORD", "CLOSE", "RBRACE", "END", "PRIME", "DOTS", "BAR)", "PERCENT", "BANG", "WORDS")
)


def bars(found: list[Token]) -> list[Token]:
    """The tokens with each bar opening, closing, or before the place at which something is evaluated."""
    result: list[Token] = []
    stack: list[str] = []
    depth = 0
    for place, token in enumerate(found):
        kind = token.kind
        if kind in ("OPEN", "LBRACE", "BEGIN"):
            stack.append(kind)
        elif kind in ("CLOSE", "RBRACE", "END"):
            while stack and stack[-1].startswith("BAR"):
                stack.pop()
            if stack:
                stack.pop()
        elif kind == "BAR":
            kind = _bar(token, found, place, stack)
            if kind == "ABS_OPEN":
                stack.append("BAR" + token.text[0])
            elif kind == "ABS_CLOSE" and stack:
                stack.pop()
        depth = len(stack)
        if depth > DEEPEST:
            raise UnreadError(f"more than {DEEPEST} delimiters stand inside one another", token.start, token.end)
        result.append(Token(kind, token.text, token.start, token.end, token.font, token.accents, token.blank))
    return result


def _bar(token: Token, found: list[Token], place: int, stack: list[str]) -> str:
    mark = token.text[0]
    side = token.text[1:]
    pending = bool(stack) and stack[-1] == "BAR" + mark
    after = found[place + 1].kind if place + 1 < len(found) else ""
    before = found[place - 1] if place else None
    if side == "(":
        return "ABS_OPEN"
    if side == ")" and pending:
        return "ABS_CLOSE"
    if side == ")" or (after == "SUB" and not pending and before is not None and before.kind in _CLOSES):
        return "EVAL"
    if side == "m":
        return "SEPARATOR"
    closes = before is not None and before.kind in _CLOSES
    if pending and closes:
        return "ABS_CLOSE"
    if closes and not _has_partner(found, place, mark, any(kind in ("OPEN", "LBRACE") for kind in stack)):
        return "SEPARATOR"
    return "ABS_OPEN"


def _has_partner(found: list[Token], place: int, mark: str, inside: bool) -> bool:
    """Whether a bar behind a factor opens a norm: an odd number of bars follow it, up to the end of its parentheses."""
    if inside and not _is_factor(found, place):
        return False
    bars = depth = 0
    for token in found[place + 1 :]:
        depth += (token.kind in ("OPEN", "LBRACE", "BEGIN")) - (token.kind in ("CLOSE", "RBRACE", "END"))
        if inside and depth < 0:
            break
        bars += token.kind == "BAR" and token.text[0] == mark
    return bars % 2 == 1


def _is_factor(found: list[Token], place: int) -> bool:
    """Whether a number or a fraction of numbers stands before a bar, which no condition or divergence begins with."""
    back = place - 1
    while back >= 0 and found[back].kind in ("LBRACE", "RBRACE", "NUMBER"):
        back -= 1
    return found[place - 1].kind in ("RBRACE", "NUMBER") and (
        back < 0 or found[back].kind not in ("NAME", "SUB", "SUP", "WORD")
    )
