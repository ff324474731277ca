"""Scalar and index expressions as NumPy source: one line per operation, in the order in which they were written."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from sympy import Add, Dummy, Expr, Function, Indexed, KroneckerDelta, Mul, Number, Piecewise, Pow, S, Sum, Symbol
from sympy.core.relational import Relational
from sympy.logic.boolalg import And, BooleanFalse, BooleanTrue, Not, Or
from sympy.printing.numpy import SciPyPrinter

from symgrad.errors import DerivativeError, SymgradError
from symgrad.expressions import Written, ordered
from symgrad.model import Index, Size
from symgrad.tensors.elementwise import Elementwise

SUM, PRODUCT, POWER, ATOM = 1, 2, 3, 4  # how tightly a piece of source binds

FUNCTIONS: dict[str, str] = {
    "exp": "np.exp({0})",
    "log": "np.log({0})",
    "sin": "np.sin({0})",
    "cos": "np.cos({0})",
    "tan": "np.tan({0})",
    "asin": "np.arcsin({0})",
    "acos": "np.arccos({0})",
    "atan": "np.arctan({0})",
    "sinh": "np.sinh({0})",
    "cosh": "np.cosh({0})",
    "tanh": "np.tanh({0})",
    "asinh": "np.arcsinh({0})",
    "acosh": "np.arccosh({0})",
    "atanh": "np.arctanh({0})",
    "Abs": "np.abs({0})",
    "sign": "np.sign({0})",
    "floor": "np.floor({0})",
    "ceiling": "np.ceil({0})",
    "Max": "np.maximum({0}, {1})",
    "Min": "np.minimum({0}, {1})",
    "relu": "np.maximum({0}, 0)",
    "sigmoid": "np.exp(-np.logaddexp(0, -{0:unary}))",  # no overflow, and exact to the last digits far below 0
    "softplus": "np.logaddexp(0, {0})",
}


class _Piece(str):
    """Source text for a template: `{0}` as it is, `{0:unary}` in parentheses where a sign would bind too tightly."""

    level: int

    def __new__(cls, text: str, level: int) -> _Piece:
        self = super().__new__(cls, text)
        self.level = level
        return self

    def __format__(self, spec: str) -> str:
        return f"({self!s})" if spec == "unary" and self.level < PRODUCT else str(self)


class NumpySource:
    """Prints expressions as NumPy source; `imports` collects the modules that the text needs besides NumPy.

    Axes are laid out by name: `emit(expr, axes)` is an array whose dimensions are the given indices, in that order,
    where one that the expression doesn't use may be missing or of size 1.
    """

    def __init__(self, written: Written) -> None:
        self.written = written
        self.imports: set[str] = set()

    def text(self, expr: Expr, axes: tuple[Index, ...] = ()) -> str:
        """The expression as source."""
        return str(self._emit(expr, axes))

    def _emit(self, expr: Expr, axes: tuple[Index, ...]) -> _Piece:
        if isinstance(expr, Symbol):
            return self._index(expr, axes) if isinstance(expr, Index) else _Piece(expr.name, ATOM)
        if isinstance(expr, Add):
            return self._sum(expr, axes)
        if isinstance(expr, Mul):
            return self._product(expr, axes)
        if isinstance(expr, Pow):
            return self._power(expr, axes)
        if isinstance(expr, Indexed):
            return self._entry(expr, axes)
        if isinstance(expr, Number) or expr.is_number and expr.is_Atom:
            return self._number(expr)
        if isinstance(expr, Sum):
            return self._contraction(expr, axes)
        if isinstance(expr, Piecewise):
            return self._piecewise(expr, axes)
        if isinstance(expr, Relational):
            sides = (self._within(side, SUM, axes) for side in expr.args)
            return _Piece(expr.rel_op.join(f" {side} " for side in sides).strip(), 0)
        if isinstance(expr, And | Or | Not):
            name = {And: "np.logical_and", Or: "np.logical_or", Not: "np.logical_not"}[expr.func]
            parts = [self.text(arg, axes) for arg in expr.args]
            return _Piece(functools.reduce(lambda a, b: f"{name}({a}, {b})", parts) if parts[1:] else f"{name}({parts[0]})", ATOM)
        if isinstance(expr, BooleanTrue | BooleanFalse):
            return _Piece(str(bool(expr)), ATOM)
        if isinstance(expr, KroneckerDelta):
            left, right = (self._within(arg, SUM, axes) for arg in expr.args)
            return _Piece(f"({left} == {right})", ATOM)
        return self._function(expr, axes)

    def _within(self, expr: Expr, level: int, axes: tuple[Index, ...]) -> str:
        piece = self._emit(expr, axes)
        return str(piece) if piece.level >= level else f"({piece})"

    def _number(self, expr: Expr) -> _Piece:
        if expr.is_Integer:
            return _Piece(str(expr), ATOM if expr >= 0 else PRODUCT)
        if expr.is_Rational:
            if expr in self.written:
                return _Piece(repr(float(expr)), ATOM if expr >= 0 else PRODUCT)
            return _Piece(f"{expr.p}/{expr.q}", PRODUCT)
        return _Piece({S.Pi: "np.pi", S.Exp1: "np.e", S.Infinity: "np.inf"}.get(expr) or repr(float(expr)), ATOM)

    def _sum(self, expr: Expr, axes: tuple[Index, ...]) -> _Piece:
        text = ""
        for term in ordered(expr, self.written):
            negative = term.could_extract_minus_sign() if term.is_Number else _negative(term)
            if text and negative:
                text += f" - {self._within(-term, PRODUCT, axes)}"
            else:
                text += f"{' + ' if text else ''}{self._within(term, SUM, axes)}"
        return _Piece(text, SUM)

    def _product(self, expr: Expr, axes: tuple[Index, ...]) -> _Piece:
        over, under, sign = [], [], ""
        for factor in sorted(ordered(expr, self.written), key=lambda item: not item.is_Number):
            if factor is S.NegativeOne:
                sign = "-"
            elif factor.is_Rational and factor.p in (1, -1) and factor.q != 1 and factor not in self.written:
                sign = "-" if factor.p < 0 else sign
                under.append(str(factor.q))
            elif isinstance(factor, Pow) and factor.exp.is_Rational and factor.exp < 0:
                under.append(self._within(factor.base**-factor.exp, POWER, axes))
            else:
                over.append(self._within(factor, PRODUCT, axes))
        text = sign + ("*".join(over) or "1")
        for divisor in under:
            text += f"/{divisor}"
        return _Piece(text, PRODUCT)

    def _power(self, expr: Expr, axes: tuple[Index, ...]) -> _Piece:
        base, exponent = expr.args
        if base is S.Exp1:
            return _Piece(f"np.exp({self.text(exponent, axes)})", ATOM)
        if exponent is S.Half:
            return _Piece(f"np.sqrt({self.text(base, axes)})", ATOM)
        if exponent.is_Rational and exponent < 0:
            return _Piece(f"1/{self._within(base**-exponent, POWER, axes)}", PRODUCT)
        return _Piece(f"{self._within(base, ATOM, axes)}**{self._within(exponent, ATOM, axes)}", POWER)

    def _index(self, index: Index, axes: tuple[Index, ...]) -> _Piece:
        after = len(axes) - 1 - axes.index(index)
        return _Piece(f"np.arange({self.text(index.size)}){'[:' + ', None' * after + ']' if after else ''}", ATOM)

    def _entry(self, expr: Indexed, axes: tuple[Index, ...]) -> _Piece:
        name = str(expr.base.label)
        at = expr.indices
        if not all(index in axes for index in at) or len(set(at)) != len(at):
            fixed = "".join(str(index) if index.is_Integer else self.text(index, axes) for index in at)
            if all(index.is_Integer for index in at):
                return _Piece(f"{name}[{', '.join(str(index) for index in at)}]", ATOM)
            raise SymgradError(f"the entry {expr} can't be laid out over the axes {axes}: {fixed}")
        wanted = sorted(at, key=axes.index)
        text = name
        if list(at) != wanted:
            order = tuple(at.index(index) for index in wanted)
            text += ".T" if order == tuple(reversed(range(len(at)))) else f".transpose{order}"
        first = axes.index(wanted[0])
        slots = [":" if index in at else "None" for index in axes[first:]]
        return _Piece(text if "None" not in slots else f"{text}[{', '.join(slots)}]", ATOM)

    def _contraction(self, expr: Sum, axes: tuple[Index, ...]) -> _Piece:
        over = tuple(expr.variables)
        factors = ordered(expr.function, self.written) if expr.function.is_Mul else (expr.function,)
        pieces = [factor for factor in factors if isinstance(factor, Indexed)]
        if len(pieces) == len(factors) > 1:
            letters = {index: chr(ord("a") + place) for place, index in enumerate((*axes, *over))}
            used = [axis for axis in axes if any(axis in piece.indices for piece in pieces)]
            spec = ",".join("".join(letters[index] for index in piece.indices) for piece in pieces)
            names = ", ".join(str(piece.base.label) for piece in pieces)
            text = f'np.einsum("{spec}->{"".join(letters[axis] for axis in used)}", {names})'
            first = axes.index(used[0]) if used else len(axes)
            slots = [":" if axis in used else "None" for axis in axes[first:]]
            return _Piece(text if "None" not in slots else f"{text}[{', '.join(slots)}]", ATOM)
        inner = self.text(expr.function, (*axes, *over))
        places = tuple(range(-len(over), 0))
        return _Piece(f"np.sum({inner}, axis={places[0] if len(places) == 1 else places})", ATOM)

    def _piecewise(self, expr: Piecewise, axes: tuple[Index, ...]) -> _Piece:
        *branches, (last, condition) = expr.args
        text = self.text(last, axes)
        if condition is not S.true:
            text = f"np.where({self.text(condition, axes)}, {text}, np.nan)"
        for value, test in reversed(branches):
            text = f"np.where({self.text(test, axes)}, {self.text(value, axes)}, {text})"
        return _Piece(text, ATOM)

    def _function(self, expr: Expr, axes: tuple[Index, ...]) -> _Piece:
        name = expr.func.__name__
        args = [self._emit(arg, axes) for arg in expr.args]
        if name in FUNCTIONS:
            template = FUNCTIONS[name]
            if name in ("Max", "Min") and len(args) > 2:
                return _Piece(functools.reduce(lambda a, b: template.format(a, b), args), ATOM)
            return _Piece(template.format(*args), ATOM)
        return _Piece(self._from_sympy(expr).format(*args), ATOM)

    def _from_sympy(self, expr: Expr) -> str:
        """The template of a function that only SymPy's SciPy printer knows."""
        if not isinstance(expr, Function):
            raise DerivativeError(f"no NumPy form is known for the operation {type(expr).__name__} in {expr}")
        printer = SciPyPrinter({"fully_qualified_modules": True, "allow_unknown_functions": False})
        slots = [Symbol(f"slot{place}") for place in range(len(expr.args))]
        try:
            text: str = printer.doprint(expr.func(*slots))
        except Exception as error:  # the printer has no exception type of its own for what it can't print
            name = expr.func.__name__
            hint = f"; bind it first: model.bind({name.rstrip(chr(39))}=sg.sigmoid)" if not hasattr(expr, "fdiff") else ""
            raise SymgradError(f"{name} in {expr} has no NumPy form{hint}") from error
        self.imports.update(module for module in printer.module_imports if module.startswith("scipy"))
        text = text.replace("numpy.", "np.").replace("{", "{{").replace("}", "}}")
        for place, slot in enumerate(slots):
            text = text.replace(slot.name, f"{{{place}}}")
        return text


def _negative(term: Expr) -> bool:
    return bool(term.is_Mul and term.args[0].is_Number and term.args[0].is_negative)


def namespace(imports: set[str]) -> dict[str, Any]:
    """NumPy as `np`, and the other modules that a source needs; raises SymgradError where one isn't installed."""
    import importlib

    import numpy as np

    names: dict[str, Any] = {"np": np}
    for module in sorted(imports):
        try:
            names[module.partition(".")[0]] = importlib.import_module(module.partition(".")[0])
            importlib.import_module(module)
        except ImportError as error:
            raise SymgradError(f"this model needs {module}: pip install scipy") from error
    return names


@functools.lru_cache(maxsize=128)
def elementwise_function(function: Elementwise) -> Callable[[Any], Any]:
    """An elementwise function of the vocabulary for numbers and arrays."""
    z = Dummy("z")
    source = NumpySource({})
    text = source.text(function.build(z))
    names = namespace(source.imports)
    # The text is our own printer's, made from a table of function names.
    found: Callable[[Any], Any] = eval(f"lambda {z.name}: {text}", names)
    np = names["np"]

    def call(value: Any) -> Any:
        result = found(np.asarray(value, dtype=None if np.asarray(value).dtype.kind == "f" else float))
        return result.item() if isinstance(value, int | float) else result

    return call


def sizes_source(sizes: Mapping[Size, tuple[str, int]]) -> list[str]:
    """Lines that read each symbolic size off an input's shape."""
    return [f"{size} = {name}.shape[{place}]" for size, (name, place) in sizes.items()]
