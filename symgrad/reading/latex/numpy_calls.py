"""NumPy's calls in formulas, np.sum(dZ, axis=1, keepdims=True), as the functions that they are."""

from __future__ import annotations

from symgrad.reading.latex.token import Token

NUMPY = {  # what is called behind np., in the words of formulas
    **{name: name for name in ("sum", "mean", "dot", "multiply", "exp", "log", "sqrt", "tanh", "abs", "diag")},
    "matmul": "dot",
}
_OPENS, _CLOSES = ("OPEN", "LBRACE"), ("CLOSE", "RBRACE")


def keywords(found: list[Token]) -> list[Token]:
    """The tokens with the axis of a sum as its second argument, sum(dZ, 1); keepdims says nothing of its entries."""
    result: list[Token] = []
    calls: list[bool] = []  # for each parenthesis that is open, whether it is that of a sum or a mean
    place = 0
    while place < len(found):
        token = found[place]
        if token.kind in _OPENS:
            calls.append(bool(place) and found[place - 1].kind == "FUNCTION" and found[place - 1].text in _REDUCTIONS)
        elif token.kind in _CLOSES and calls:
            calls.pop()
        name, value = _keyword(found, place) if calls and calls[-1] and token.kind == "SEPARATOR" else ("", place)
        if name == "axis":
            result.append(token)
            place = value
        elif name:
            place = next(at for at in range(value, len(found)) if found[at].kind in ("SEPARATOR", *_CLOSES))
        else:
            result.append(token)
            place += 1
    return result


_REDUCTIONS = ("sum", "mean")
_KEYWORDS = ("axis", "keepdims", "keepdim", "dim")


def _keyword(found: list[Token], place: int) -> tuple[str, int]:
    """The keyword behind a comma, and the place of its value; no keyword for any other argument."""
    end = place + 1
    while end < len(found) and found[end].kind == "NAME" and len(found[end].text) == 1:
        end += 1
    word = "".join(token.text for token in found[place + 1 : end])
    follows = end + 1 < len(found) and (found[end].kind, found[end].text) == ("RELATION", "=")
    closed = any(token.kind in _CLOSES for token in found[end:])
    return ("axis" if word == "dim" else word, end + 1) if word in _KEYWORDS and follows and closed else ("", place)
