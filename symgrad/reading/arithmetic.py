"""Arithmetic in Python's spelling, read without running it: `0.7 - alpha*dL_dw`, `f'(z1)*x`, `X.T @ (P - Y)/n`.

Only numbers, names, operators, entries and calls of the vocabulary are read; decimals are exact.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeAlias

from sympy import Expr, Function, IndexedBase, Symbol, pi

from symgrad.errors import ClaimError, ModelError, SymgradError
from symgrad.expressions import exact
from symgrad.reading.indexed import Sum
from symgrad.reading.source import AbstractFunction
from symgrad.tensors.elementwise import ELEMENTWISE
from symgrad.tensors.tensor import Condition, Scope, Tensor, as_tensor
from symgrad.tensors.vocabulary import VOCABULARY

_PRIME = re.compile(r"(\w)('+)(?=\()")
_MARK = "_prime"
_JUXTAPOSED = re.compile(r"\)\s*[\w(]|\d\s*(?!e\d)[A-Za-z(]|[A-Za-z_]\s+\w")
_CONSTANTS = {"pi": pi}
_MODULES = ("np", "numpy", "sg", "symgrad", "math", "jnp", "torch")
_METHODS = ("sum", "mean", "var", "std", "max", "min", "clip", "transpose", "swapaxes", "reshape", "squeeze")
Meaning: TypeAlias = Callable[[str], Expr | Tensor]
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


def scalar(name: str) -> Expr:
    """A name as a quantity without axes."""
    return Symbol(name)


def in_index_form(tree: ast.expr, is_quantity: Callable[[str], bool]) -> bool:
    """Whether a text is in index form: it has an entry at an index, as X[i, m] is, or a Sum over one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript):
            places = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            if any(isinstance(place, ast.Name) and not is_quantity(place.id) for place in places):
                return True
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Sum":
            return True
    return False


@dataclass(frozen=True)
class Reader:
    """Reads syntax trees as quantities, each name being what `meaning` says.

    >>> Reader(scalar, Scope()).quantity(parsed("0.5*(yhat - y)**2")).expr
    (-y + yhat)**2/2
    """

    meaning: Meaning
    scope: Scope
    functions: Mapping[str, Callable[..., Any]] = field(default_factory=dict)  # what a name that is called applies

    def quantity(self, node: ast.expr) -> Tensor:
        """The quantity that a tree writes; raises ClaimError."""
        value = self._value(node)
        if isinstance(value, Condition):
            return value.mask
        if not isinstance(value, Tensor):
            raise ClaimError(f"can't read {ast.unparse(node)!r} as a quantity")
        return value

    def _value(self, node: ast.expr) -> Any:
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
            return self._number(node)
        if isinstance(node, ast.Name):
            constant = _CONSTANTS.get(node.id)
            found = self.meaning(node.id) if constant is None else constant
            return Tensor(found, (), self.scope) if isinstance(found, Expr) else found
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
            inner = self.quantity(node.operand)
            return -inner if isinstance(node.op, ast.USub) else inner
        if isinstance(node, ast.BinOp):
            return self._operation(node)
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            return self._comparison(node)
        if isinstance(node, ast.Call):
            return self._call(node)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in _MODULES:
            if node.attr in _CONSTANTS:
                return Tensor(_CONSTANTS[node.attr], (), self.scope)
        elif isinstance(node, ast.Attribute) and node.attr in ("T", "mT"):
            inner = self.quantity(node.value)
            return inner.T if node.attr == "T" else inner.swapaxes(-1, -2)
        if isinstance(node, ast.Subscript):
            return self._entry(node)
        raise ClaimError(
            f"can't read {unspelled(ast.unparse(node))!r}: only numbers, names, + - * / ** @, entries and calls of "
            "symgrad's functions are read"
        )

    def _number(self, node: ast.Constant) -> Tensor:
        text = node.kind or str(node.value)
        if node.kind and abs(Decimal(node.kind).adjusted()) > MOST_DIGITS:
            raise ClaimError(f"the number {node.kind} is too large, or too small, to compute with")
        number = exact(text if node.kind else node.value)
        if not number.is_Integer:
            self.scope.written[number] = (number,)
        return Tensor(number, (), self.scope)

    def _operation(self, node: ast.BinOp) -> Tensor:
        if isinstance(node.op, ast.BitXor):
            raise ClaimError(f"can't read {ast.unparse(node)!r}: write ** for a power")
        left, right = self.quantity(node.left), self.quantity(node.right)
        rules: dict[type[ast.operator], Callable[[], Tensor]] = {
            ast.Add: lambda: left + right,
            ast.Sub: lambda: left - right,
            ast.Mult: lambda: left * right,
            ast.MatMult: lambda: left @ right,
            ast.Div: lambda: left / _divisor(right),
            ast.Pow: lambda: left ** _exponent(left, right),
        }
        rule = rules.get(type(node.op))
        if rule is None:
            what = type(node.op).__name__
            raise ClaimError(f"can't read {ast.unparse(node)!r}: {what} is not an operation of a model")
        found: Tensor = self._quoting(node, rule)
        return found

    def _comparison(self, node: ast.Compare) -> Any:
        left, right = self.quantity(node.left), self.quantity(node.comparators[0])
        rules: dict[type[ast.cmpop], Callable[[], Any]] = {
            ast.Gt: lambda: left > right,
            ast.GtE: lambda: left >= right,
            ast.Lt: lambda: left < right,
            ast.LtE: lambda: left <= right,
        }
        rule = rules.get(type(node.ops[0]))
        if rule is None:
            raise ClaimError(f"can't read {ast.unparse(node)!r}: a comparison is >, >=, < or <=")
        return self._quoting(node, rule)

    def _call(self, node: ast.Call) -> Any:
        if isinstance(node.func, ast.Name):
            return self._applied(node, node.func.id)
        if isinstance(node.func, ast.Attribute):
            owner = node.func.value
            if isinstance(owner, ast.Name) and owner.id in _MODULES:
                return self._applied(node, node.func.attr)
            if node.func.attr in _METHODS:
                method = getattr(self.quantity(owner), node.func.attr)
                args, options = self._arguments(node)
                return self._quoting(node, lambda: method(*args, **options))
        raise ClaimError(f"can't read {unspelled(ast.unparse(node))!r}: it isn't a function of the vocabulary")

    def _applied(self, node: ast.Call, name: str) -> Any:
        if name in VOCABULARY and name not in self.functions:
            args, options = self._arguments(node)
            return self._quoting(node, lambda: VOCABULARY[name](*args, **options))
        if node.keywords:
            raise ClaimError(f"can't read {unspelled(ast.unparse(node))!r}: {name} isn't a function of the vocabulary")
        parts = [self.quantity(arg) for arg in node.args]
        if name in self.functions:
            return self._quoting(node, lambda: as_tensor(self.functions[name](*parts), self.scope))
        if name == "Sum":
            return Tensor(Sum(*(part.expr for part in parts)), (), self.scope)
        if name in ELEMENTWISE and len(parts) == 1:
            return ELEMENTWISE[name](parts[0])
        stem = name.replace(_MARK, "")
        marks = (len(name) - len(stem)) // len(_MARK)
        if not parts:
            return Tensor(Function(stem + "'" * marks)(), (), self.scope)
        return AbstractFunction(stem + "'" * marks, self.scope)(*parts)

    def _arguments(self, node: ast.Call) -> tuple[list[Any], dict[str, Any]]:
        options = {word.arg: self._argument(word.value) for word in node.keywords if word.arg}
        if len(options) < len(node.keywords):
            raise ClaimError(f"can't read {ast.unparse(node)!r}: write every argument out")
        return [self._argument(arg) for arg in node.args], options

    def _argument(self, node: ast.expr) -> Any:
        """A quantity, or what plainly isn't one: an axis, a shape, a flag, a list of quantities."""
        if isinstance(node, ast.List):
            return [self._argument(item) for item in node.elts]
        try:
            literal = ast.literal_eval(node)
        except (ValueError, TypeError, SyntaxError, RecursionError):
            if isinstance(node, ast.Tuple):
                return tuple(self._argument(item) for item in node.elts)
            return self._value(node)
        return self._value(node) if isinstance(literal, float) else literal

    def _entry(self, node: ast.Subscript) -> Tensor:
        places = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if isinstance(node.value, ast.Attribute) and node.value.attr == "shape":
            return Tensor(self._shape(node, node.value), (), self.scope)
        if isinstance(node.value, ast.Name):
            inner = self._value(node.value)
            if not inner.indices and inner.expr == Symbol(node.value.id):  # in index form
                at = [self.quantity(place).expr for place in places]
                return Tensor(IndexedBase(node.value.id)[tuple(at)], (), self.scope)
        else:
            inner = self.quantity(node.value)
        key = tuple(self._place(place) for place in places)
        found: Tensor = self._quoting(node, lambda: inner[key if len(key) > 1 else key[0]])
        return found

    def _shape(self, node: ast.Subscript, of: ast.Attribute) -> Expr:
        place = self._place(node.slice)
        shape = self.quantity(of.value).shape
        if not isinstance(place, int) or not -len(shape) <= place < len(shape):
            raise ClaimError(f"can't read {ast.unparse(node)!r}: the shape is {shape}")
        return shape[place]

    def _place(self, node: ast.expr) -> Any:
        if isinstance(node, ast.Slice):
            return slice(*(None if part is None else self._place(part) for part in (node.lower, node.upper, node.step)))
        if isinstance(node, ast.Name):
            return self.quantity(node)
        try:
            return ast.literal_eval(node)
        except (ValueError, TypeError, SyntaxError):
            raise ClaimError(f"can't read the subscript {ast.unparse(node)!r}") from None

    def _quoting(self, node: ast.expr, rule: Callable[[], Any]) -> Any:
        """What the rule returns, an error of it quoting the part of the text that it arose in."""
        try:
            return rule()
        except ClaimError:
            raise
        except (SymgradError, TypeError, ValueError, IndexError, AttributeError) as error:
            text = unspelled(ast.unparse(node))
            if isinstance(error, ModelError) and text in str(error):
                raise
            kind = type(error) if isinstance(error, SymgradError) else ClaimError
            raise kind(f"{text}: {error}") from error


def _divisor(divisor: Tensor) -> Tensor:
    if divisor.expr.is_zero:
        raise ClaimError("a division by zero")
    return divisor


def _exponent(base: Tensor, exponent: Tensor) -> Tensor:
    number, power = base.expr, exponent.expr
    if number.is_zero and power.is_negative:
        raise ClaimError("a division by zero")
    if number.is_number and power.is_number and abs(power) * _digits(number) > MOST_DIGITS:
        raise ClaimError("a power of a number in it is too large to compute")
    return exponent


def _digits(number: Expr) -> int:
    """About how many digits a number's numerator and denominator have; 1 for one that isn't rational."""
    if not number.is_Rational or abs(number) in (0, 1):
        return 0 if number.is_Rational else 1
    return 1 + int((int(number.p).bit_length() + int(number.q).bit_length()) * 0.30103)
