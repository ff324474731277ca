"""Arithmetic in Python's spelling, read without running it: `0.7 - alpha*dL_dw`, `f'(z1)*x`.

Only numbers, names, + - * / **, parentheses and function calls are read; decimals are exact.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from sympy import Expr, Function, Integer, Symbol, pi

from symgrad.errors import ClaimError
from symgrad.expressions import Order, exact, product, total
from symgrad.tensors.elementwise import ELEMENTWISE

_PRIME = re.compile(r"(\w)('+)(?=\()")
_MARK = "_prime"
_JUXTAPOSED = re.compile(r"\)\s*[\w(]|\d\s*(?!e\d)[A-Za-z(]|[A-Za-z_]\s+\w")
_CONSTANTS = {"pi": pi}
MOST_DIGITS = 1_000  # of one number: a short text can write one that Python would compute for hours


def spelled(text: str) -> str:
    """The text with f'(z) in a spelling that Python has."""
    return _PRIME.sub(lambda match: match[1] + _MARK * len(match[2]), " ".join(text.split()))


def unspelled(text: str) -> str:
    """The text with the primes as they were written."""
    return text.replace(_MARK, "'")


def parsed(text: str) -> ast.expr:
    """The text's syntax tree; raises ClaimError, quoting the text, where it isn't arithmetic."""
    source = spelled(text)
    if not source:
        raise ClaimError("there is nothing to read where an expression is meant")
    try:
        tree = ast.parse(source, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        hint = "; write * between factors" if _JUXTAPOSED.search(source) else ""
        raise ClaimError(f"can't read {text!r} as arithmetic: {getattr(error, 'msg', error)}{hint}") from None
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            node.kind = ast.get_source_segment(source, node)  # all its digits: a float has only the first seventeen
    return tree


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
        if node.kind and abs(Decimal(node.kind).adjusted()) > MOST_DIGITS:
            raise ClaimError(f"the number {node.kind} is too large, or too small, to compute with")
        number = exact(node.kind or node.value)
        if not number.is_Integer:
            written[number] = (number,)
        return number
    if isinstance(node, ast.Name):
        return names.get(node.id, _CONSTANTS.get(node.id, Symbol(node.id)))
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
    if isinstance(node.op, ast.BitXor):
        raise ClaimError(f"can't read {ast.unparse(node)!r}: write ** for a power")
    if rule is None:
        raise ClaimError(f"can't read {ast.unparse(node)!r}: {type(node.op).__name__} is not an operation of a model")
    return rule()


def _power(base: Expr, exponent: Expr) -> Expr:
    if base.is_zero and exponent.is_negative:
        raise ClaimError("a division by zero")
    if base.is_number and exponent.is_number and abs(exponent) * _digits(base) > MOST_DIGITS:
        raise ClaimError("a power of a number in it is too large to compute")
    return base**exponent


def _digits(number: Expr) -> int:
    """About how many digits a number's numerator and denominator have; 1 for one that isn't rational."""
    if not number.is_Rational or abs(number) in (0, 1):
        return 0 if number.is_Rational else 1
    return 1 + int((int(number.p).bit_length() + int(number.q).bit_length()) * 0.30103)


def _call(name: str, arguments: list[Any]) -> Expr:
    stem = name.removesuffix(_MARK)
    if name in ELEMENTWISE and len(arguments) == 1:
        return ELEMENTWISE[name].build(arguments[0])
    marks = (len(name) - len(name.replace(_MARK, ""))) // len(_MARK)
    stem = name.replace(_MARK, "")
    return Function(stem + "'" * marks)(*arguments)
