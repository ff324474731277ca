"""A statement as it was written, typeset: nothing is evaluated or reordered."""

from __future__ import annotations

import ast

from symgrad.errors import ClaimError
from symgrad.notation.latex import parenthesised
from symgrad.notation.names import latex_name
from symgrad.reading.arithmetic import parsed

_SUM, _PRODUCT, _POWER, _ATOM = range(4)  # how tightly a piece binds


def typeset(sides: tuple[str, ...]) -> str:
    r"""Sides in Python's spelling as one line of LaTeX.

    >>> print(typeset(("w - alpha*dL_dw", "0.7 - 0.00005*7380.9")))
    w - \alpha \frac{\partial \mathscr{L}}{\partial w} = 0.7 - 0.00005 \cdot 7380.9
    """
    return " = ".join(_piece(parsed(side))[0] for side in sides)


def _piece(node: ast.expr) -> tuple[str, int]:
    """A syntax tree's LaTeX, and how tightly it binds."""
    if isinstance(node, ast.Constant):
        return _plain(node.value), _ATOM
    if isinstance(node, ast.Name):
        return latex_name(node.id), _ATOM
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return f"-{_within(node.operand, _PRODUCT)}", _SUM
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        inside = ", ".join(_piece(argument)[0] for argument in node.args)
        if node.func.id == "abs":
            return rf"\left\lvert {inside} \right\rvert", _ATOM  # a bar would end a table's cell
        name = node.func.id.replace("_prime", "")
        primes = r"\prime" * node.func.id.count("_prime")
        raised = f"^{{{primes}}}" if primes else ""
        return f"{latex_name(name)}{raised}{parenthesised(inside)}", _ATOM
    if isinstance(node, ast.BinOp):
        return _operation(node)
    raise ClaimError(f"can't typeset {ast.unparse(node)!r}")


def _operation(node: ast.BinOp) -> tuple[str, int]:
    left, right = node.left, node.right
    if isinstance(node.op, ast.Div):
        return rf"\frac{{{_piece(left)[0]}}}{{{_piece(right)[0]}}}", _ATOM
    if isinstance(node.op, ast.Pow):
        return f"{_within(left, _ATOM)}^{{{_piece(right)[0]}}}", _POWER
    if isinstance(node.op, ast.Mult):
        first = _piece(left)[0] if isinstance(left, ast.UnaryOp) else _within(left, _PRODUCT)
        second = _within(right, _PRODUCT)
        dotted = second[0].isdigit() or (first[-1].isdigit() and second[0] == "(")
        return f"{first} \\cdot {second}" if dotted else f"{first} {second}", _PRODUCT
    sign = "+" if isinstance(node.op, ast.Add) else "-"
    return f"{_within(left, _SUM)} {sign} {_within(right, _PRODUCT)}", _SUM


def _within(node: ast.expr, level: int) -> str:
    text, own = _piece(node)
    return text if own >= level else parenthesised(text)


def _plain(value: object) -> str:
    """A number as it was written: 0.00005 and not 5e-05."""
    text = f"{value:.12f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
    return text
