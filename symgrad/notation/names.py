"""The name of a quantity as LaTeX: yhat is ŷ, w1 is w₁, dL_dw is ∂𝓛/∂w."""

from __future__ import annotations

import re
import unicodedata

from symgrad.names import GREEK, SPELLED, parsed, split_partial

_GREEK_OF_LETTER = {
    unicodedata.lookup(
        f"GREEK {'SMALL' if name[0].islower() else 'CAPITAL'} LETTER {name.upper().replace('LAMBDA', 'LAMDA')}"
    ): name
    for name in GREEK
}
_PRIMES = re.compile("(_prime)+$")
_SCRIPT = frozenset("LC")  # the loss and the cost


def latex_name(name: str, script: bool = True) -> str:
    r"""A quantity's name as LaTeX; `script` writes a loss L and a cost C as script letters.

    >>> print(latex_name("yhat"), latex_name("w_1"), latex_name("alpha"), latex_name("L"))
    \hat{y} w_1 \alpha \mathscr{L}
    >>> print(latex_name("w_prime"), latex_name("grad_f"))
    w^\prime \nabla f
    >>> print(latex_name("dL_dw1"))
    \frac{\partial \mathscr{L}}{\partial w_1}
    """
    stem = _PRIMES.sub("", name)
    if stem and stem != name:
        marks = r"\prime" * name[len(stem) :].count("_prime")
        return latex_name(stem, script) + "^" + (marks if marks == r"\prime" else f"{{{marks}}}")
    if name.startswith("grad_") and name != "grad_":
        return rf"\nabla {latex_name(name.removeprefix('grad_'), script)}"
    pair = split_partial(name)
    if pair:
        return partial_latex(latex_name(pair[0], script), latex_name(pair[1], script))
    return _plain(*parsed(name), script)


def partial_latex(of: str, by: str) -> str:
    r"""The partial-derivative fraction of two LaTeX names.

    >>> print(partial_latex("z", "x"))
    \frac{\partial z}{\partial x}
    """
    return rf"\frac{{\partial {of}}}{{\partial {by}}}"


def _letters(text: str) -> str:
    text = SPELLED.get(text, text)
    text = _GREEK_OF_LETTER.get(text, text)
    if text in GREEK:
        return rf"\{text}"
    if len(text) == 1 and text.isascii():
        return text
    return r"\mathrm{" + text + "}" if text.isascii() else r"\text{" + text + "}"


def _plain(base: str, accents: tuple[str, ...], subscripts: tuple[str, ...], script: bool) -> str:
    text = rf"\mathscr{{{base}}}" if script and base in _SCRIPT and not accents else _letters(base)
    for accent in accents:
        text = rf"\{accent}{{{text}}}"
    return text + subscript(",".join(part if len(part) <= 2 else _letters(part) for part in subscripts))


def subscript(text: str) -> str:
    """A LaTeX subscript, without braces around a single character."""
    return "" if not text else f"_{text}" if len(text) == 1 else f"_{{{text}}}"
