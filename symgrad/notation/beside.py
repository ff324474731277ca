"""An author's Python gradient function as LaTeX, beside the derived one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from symgrad.derivation import Derivation
from symgrad.errors import ClaimError
from symgrad.names import partial_name
from symgrad.notation.latex import Printer, aligned
from symgrad.notation.names import latex_name


def beside(derivation: Derivation, quantity: str, function: Callable[..., Any]) -> str:
    """Two rows: the function as latexify reads it, and the derived gradient.

    Raises ClaimError where latexify can't read the function, or isn't installed (it has no release for Python 3.14).
    """
    try:
        import latexify
    except ImportError as error:
        raise ClaimError("showing a Python function as LaTeX needs latexify-py: pip install latexify-py") from error
    try:
        written = str(latexify.get_latex(function, use_math_symbols=True))
    except (latexify.exceptions.LatexifyError, OSError, TypeError) as error:
        raise ClaimError(f"latexify can't read {function.__name__}: {error}") from error
    ours = Printer(derivation.written).latex(derivation.gradient[quantity])
    left = latex_name(partial_name(derivation.model.result, quantity))
    return aligned([rf"\text{{written: }} && {written}", rf"\text{{derived: }} && {left} &= {ours}"])
