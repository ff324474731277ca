"""The grammar of names: a base with accents and subscripts (y_hat, w1), and partials (dL_dw for ∂L/∂w)."""

from __future__ import annotations

import re
import unicodedata

GREEK = [
    "alpha",
    "beta",
    "gamma",
    "delta",
    "epsilon",
    "zeta",
    "eta",
    "theta",
    "iota",
    "kappa",
    "lambda",
    "mu",
    "nu",
    "xi",
    "pi",
    "rho",
    "sigma",
    "tau",
    "upsilon",
    "phi",
    "chi",
    "psi",
    "omega",
    "Gamma",
    "Delta",
    "Theta",
    "Lambda",
    "Xi",
    "Pi",
    "Sigma",
    "Upsilon",
    "Phi",
    "Psi",
    "Omega",
]
SPELLED = {"lam": "lambda", "eps": "epsilon"}  # lambda is a Python keyword
_ACCENTS = ("hat", "bar", "tilde", "dot", "vec")
_COMBINING = {
    "\u0302": "hat",
    "\u0304": "bar",
    "\u0305": "bar",
    "\u0303": "tilde",
    "\u0307": "dot",
    "\u20d7": "vec",
}
_PARTIAL = re.compile(r"d(?P<of>.+?)_d(?P<by>.+)")


def partial_name(of: str, by: str) -> str:
    """The name of the partial derivative ∂of/∂by as a quantity.

    >>> partial_name("L", "w1")
    'dL_dw1'
    """
    return f"d{of}_d{by}"


def split_partial(name: str) -> tuple[str, str] | None:
    """The two names in a partial's name, or None if it isn't one.

    >>> split_partial("dL_dw1"), split_partial("dropout_dense")
    (('L', 'w1'), None)
    """
    match = _PARTIAL.fullmatch(name)
    if match and all(_short(part) for part in match.group("of", "by")):
        return match["of"], match["by"]
    return None


def parsed(name: str) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """A name's base, its accents and its subscripts."""
    head, *rest = name.strip("_").split("_")
    accents = [_COMBINING[mark] for mark in unicodedata.normalize("NFD", head) if mark in _COMBINING]
    head = "".join(mark for mark in unicodedata.normalize("NFD", head) if mark not in _COMBINING)
    while rest and rest[0] in _ACCENTS:
        accents.append(rest.pop(0))
    match = re.fullmatch(r"(.*?)(\d*)", head)
    assert match  # the pattern matches every string
    base, digits = match.groups()
    if not base:
        base, digits = head, ""
    for accent in _ACCENTS:
        stem = base.removesuffix(accent)
        if stem != base and _is_letter(stem):
            base = stem
            accents.append(accent)
            break
    return base, tuple(accents), tuple(part for part in (digits, *rest) if part)


def _is_letter(text: str) -> bool:
    return len(text) == 1 or text in GREEK or text in SPELLED


def _short(name: str) -> bool:
    """Whether a name reads as one letter with accents and subscripts, or as a word without an underscore."""
    return _is_letter(parsed(name)[0]) or len(parsed(name)[0]) <= 3
