r"""The line with which a page of matrices begins: its layout, and the signs in it that need a word."""

from __future__ import annotations

import re

LAYOUTS = {
    "denominator": "Each gradient has the shape of its variable (denominator layout)",
    "numerator": "Each gradient has the transposed shape of its variable (numerator layout)",
}
_SIGNS = {
    r"\\mathbf\{1\}(?!\[)": r"$\mathbf{1}$ is a column of ones",
    r"\\mathbf\{1\}\[": r"$\mathbf{1}[\cdot]$ is 1 where its condition holds and 0 elsewhere",
    r"\\mathbf\{e\}": r"$\mathbf{e}_k$ is the $k$-th unit vector",
    r"\\odot": r"$\odot$ multiplies entry by entry",
    r"\\(exp|log|sqrt|tanh|sigma)\b": "functions act entry by entry",
    r"\\oslash": r"$\oslash$ divides entry by entry",
    r"\\operatorname\{rowsum\}": r"$\operatorname{rowsum}$ is the column of a matrix's row sums",
}


def legend(layout: str, formulas: str) -> str:
    r"""A sentence on the layout and on the signs that the formulas use.

    >>> legend("denominator", r"G^\top \mathbf{1}")
    'Each gradient has the shape of its variable (denominator layout); $\\mathbf{1}$ is a column of ones.'
    """
    used = (words for sign, words in _SIGNS.items() if re.search(sign, formulas))
    return "; ".join((LAYOUTS[layout], *used)) + "."
