"""Arithmetic in Python's spelling, read without running it: `0.7 - alpha*dL_dw`, `f'(z1)*x`.

Only numbers, names, + - * / **, parentheses and function calls are read; decimals are exact.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from typing import Any

from sympy import Expr, Function, Integer, Symbol

from symgrad.errors import ClaimError
from symgrad.expressions import Order, exact, product, total
from symgrad.tensors.elementwise import ELEMENTWISE

_PRIME = re.compile(r"(\w)('+)(?=\()")
_MARK = "_prime"


def spelled(text: str) -> str:
    """The text with f'(z) in a spelling that Python has."""
    return _PRIME.sub(lambda match: match[1] + _MARK * len(match[2]), text.strip())


def unspelled(text: str) -> str:
    """The text with the primes as they were written."""
    return text.replace(_MARK, "'")


def parsed(text: str) -> ast.expr:
    """The text's syntax tree; raises ClaimError, quoting the text, where it isn't arithmetic."""
    try:
        return ast.parse(spelled(text), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ClaimError(f"can't read {text!r} as arithmetic: {error}") from None


def read(text: str, written: dict[Expr, Order], names: Mapping[str, Expr] | None = None) -> Expr:
    """The expression that a text writes; raises ClaimError for what isn't arithmetic.

    >>> read("0.5*(yhat - y)**2", {})
    (-y + yhat)**2/2
    """
    return build(parsed(text), written, names or {})


def build(node: ast.expr, written: dict[Expr, Order], names: Mapping[str, Expr]) -> Expr:
    """The expression of a syntax tree, `names` standing for themselves or for the expressions given."""

    def convert(part: ast.expr) -> Expr:
        return build(part, written, names)

    if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
        number = exact(node.value)
        if isinstance(node.value, float):
            written[number] = (number,)
        return number
    if isinstance(node, ast.Name):
        return names.get(node.id, Symbol(node.id))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        inner = convert(node.operand)
        return product((Integer(-1), inner), written) if isinstance(node.op, ast.USub) else inner
    if isinstance(node, ast.BinOp):
        return _operation(node, convert(node.left), convert(node.right), written)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute) and not node.keywords:
        name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
        return _call(name, [convert(argument) for argument in node.args])
    raise ClaimError(
        f"can't read {ast.unparse(node)!r}: only numbers, names, + - * / ** and function calls are arithmetic"
    )


def _operation(node: ast.BinOp, left: Expr, right: Expr, written: dict[Expr, Order]) -> Expr:
    rules: dict[type[ast.operator], Callable[[], Expr]] = {
        ast.Add: lambda: total((left, right), written),
        ast.Sub: lambda: total((left, product((Integer(-1), right), written)), written),
        ast.Mult: lambda: product((left, right), written),
        ast.Div: lambda: product((left, _power(right, Integer(-1))), written),
        ast.Pow: lambda: _power(left, right),
    }
    rule = rules.get(type(node.op))
    if rule is None:
        raise ClaimError(f"can't read {ast.unparse(node)!r}: {type(node.op).__name__} is not an operation of a model")
    return rule()


def _power(base: Expr, exponent: Expr) -> Expr:
    if base.is_zero and exponent.is_negative:
        raise ClaimError("a division by zero")
    if base.is_number and exponent.is_number and abs(exponent) > 10_000:
        raise ClaimError(f"the power {base}**{exponent} is too large to compute")
    return base**exponent


def _call(name: str, arguments: list[Any]) -> Expr:
    stem = name.removesuffix(_MARK)
    if name in ELEMENTWISE and len(arguments) == 1:
        return ELEMENTWISE[name].build(arguments[0])
    marks = (len(name) - len(name.replace(_MARK, ""))) // len(_MARK)
    stem = name.replace(_MARK, "")
    return Function(stem + "'" * marks)(*arguments)
