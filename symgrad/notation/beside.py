"""An author's Python gradient function as LaTeX, beside the derived one."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from sympy import Expr

from symgrad.derivation import Derivation
from symgrad.errors import ClaimError
from symgrad.names import partial_name
from symgrad.notation.latex import Printer, aligned
from symgrad.notation.marked import MARK, marked
from symgrad.notation.names import latex_name

_MODULE = re.compile(r"\\mathrm\{\w+\}\.")
_NAME = re.compile(r"\\mathrm\{((?:\w|\\_)+)\}")
_ROW = re.compile(r"\\begin|\\end| \\\\ ")


def beside(derivation: Derivation, quantity: str, function: Callable[..., Any], wrong: Expr | None = None) -> str:
    """The function's lines as latexify reads them, in the names of the mathematics, then the derived gradient.

    The factor `wrong` is set in red where the function has it.

    Raises ClaimError where latexify can't read the function, or isn't installed (it has no release for Python 3.14).
    """
    try:
        import latexify
    except ImportError as error:
        raise ClaimError("showing a Python function as LaTeX needs latexify-py: pip install latexify-py") from error
    try:
        function = function if wrong is None else marked(function, wrong)
        text = str(latexify.get_latex(function, use_math_symbols=True, use_signature=False))
    except (latexify.exceptions.LatexifyError, OSError, TypeError) as error:
        raise ClaimError(f"latexify can't read {function.__name__}: {error}") from error
    left = latex_name(partial_name(derivation.model.result, quantity))
    *assignments, value = _lines(_renamed(text))
    written = [*(line.replace(" = ", " &= ", 1) for line in assignments), f"{left} &= {value}"]
    derived = f"{left} &= {Printer(derivation.written).latex(derivation.gradient[quantity])}"
    heads = [r"\text{written: }", *[""] * len(assignments), r"\text{derived: }"]
    return aligned([f"{head} && {row}" for head, row in zip(heads, [*written, derived], strict=True)])


def _renamed(text: str) -> str:
    """latexify's LaTeX with each upright identifier as the quantity that it names, and plain delimiters."""
    text = re.sub(r"\\mathopen\{\}|\\mathclose\{\}", "", _MODULE.sub("", text))
    return _in_red(_NAME.sub(lambda match: latex_name(match[1].replace(r"\_", "_")), text))


def _in_red(text: str) -> str:
    """The marked parts in red: what stands in the parentheses after each mark."""
    mark = rf"{latex_name(MARK)} \left("
    before, found, after = text.partition(mark)
    if not found:
        return text
    depth = 1
    for bracket in re.finditer(r"\\left|\\right", after):
        depth += 1 if bracket[0] == r"\left" else -1
        if depth == 0:
            inner, rest = after[: bracket.start()], after[bracket.end() + 1 :]
            return rf"{before}\textcolor{{red}}{{{inner.strip()}}}{_in_red(rest)}"
    return text


def _lines(text: str) -> list[str]:
    """A function's assignments and, last, what it returns: the rows of the outermost array, if there is one."""
    head, tail = r"\begin{array}{l}", r"\end{array}"
    if not text.startswith(head):
        return [text]
    body, depth, start, rows = text.removeprefix(head).removesuffix(tail).strip(), 0, 0, []
    for mark in _ROW.finditer(body):
        depth += {r"\begin": 1, r"\end": -1}.get(mark[0], 0)
        if depth == 0 and mark[0] == r" \\ ":
            rows.append(body[start : mark.start()])
            start = mark.end()
    return [*rows, body[start:]]
