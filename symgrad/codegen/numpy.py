"""Scalar and index expressions as NumPy source: one line per operation, in the order in which they were written."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sympy import (
    Dummy,
    Expr,
    Function,
    Indexed,
    KroneckerDelta,
    Max,
    Min,
    Piecewise,
    S,
    Sum,
    Symbol,
)
from sympy.logic.boolalg import And, BooleanFalse, BooleanTrue, Or
from sympy.printing.numpy import SciPyPrinter

from symgrad.errors import DerivativeError, SymgradError
from symgrad.expressions import ordered
from symgrad.infix import ATOM, Infix, Piece
from symgrad.model import Index, Size
from symgrad.tensors.elementwise import Elementwise

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
    "And": "np.logical_and({0}, {1})",
    "Or": "np.logical_or({0}, {1})",
    "Not": "np.logical_not({0})",
    "sigmoid": "np.exp(-np.logaddexp(0, -{0:tight}))",  # no overflow, and exact to the last digits far below 0
    "softplus": "np.logaddexp(0, {0})",
}


@dataclass(frozen=True)
class NumpySource(Infix):
    """Prints expressions as NumPy source; `imports` collects the modules that the text needs besides NumPy.

    Axes are laid out by name: the text is an array whose dimensions are the indices in `axes`, in that order, where
    one that the expression doesn't use may be missing or of size 1.
    """

    imports: set[str] = field(default_factory=set)
    axes: tuple[Index, ...] = ()

    def over(self, axes: tuple[Index, ...]) -> NumpySource:
        """The same printer for arrays laid out over other axes."""
        return replace(self, axes=axes) if axes != self.axes else self

    def constants(self) -> Mapping[Expr, str]:
        return {S.Pi: "np.pi", S.Exp1: "np.e", S.Infinity: "np.inf"}

    def symbol(self, symbol: Symbol) -> Piece:
        return self._index(symbol) if isinstance(symbol, Index) else Piece(symbol.name, ATOM)

    def root(self, base: Expr) -> Piece:
        return Piece(f"np.sqrt({self.text(base)})", ATOM)

    def _index(self, index: Index) -> Piece:
        after = len(self.axes) - 1 - self.axes.index(index)
        return Piece(f"np.arange({self.text(index.size)}){'[:' + ', None' * after + ']' if after else ''}", ATOM)

    def entry(self, expr: Indexed) -> Piece:
        name, at = str(expr.base.label), expr.indices
        if all(index.is_Integer for index in at):
            return Piece(f"{name}[{', '.join(map(str, at))}]", ATOM)
        if not all(index in self.axes for index in at) or len(set(at)) != len(at):
            raise SymgradError(f"the entry {expr} can't be laid out over the axes {self.axes}")
        wanted = sorted(at, key=self.axes.index)
        text = name
        if list(at) != wanted:
            order = tuple(at.index(index) for index in wanted)
            text += ".T" if order == tuple(reversed(range(len(at)))) else f".transpose{order}"
        return Piece(self._spread(text, wanted), ATOM)

    def _spread(self, text: str, used: list[Index]) -> str:
        """An array over some of the axes, with a new axis of size 1 for each later one that it lacks."""
        first = self.axes.index(used[0]) if used else len(self.axes)
        slots = [":" if axis in used else "None" for axis in self.axes[first:]]
        return text if "None" not in slots else f"{text}[{', '.join(slots)}]"

    def sigma(self, expr: Sum) -> Piece:
        over = tuple(expr.variables)
        factors = ordered(expr.function, self.written) if expr.function.is_Mul else (expr.function,)
        if len(factors) > 1 and all(isinstance(factor, Indexed) for factor in factors):
            letters = {index: chr(ord("a") + place) for place, index in enumerate((*self.axes, *over))}
            used = [axis for axis in self.axes if any(axis in factor.indices for factor in factors)]
            spec = ",".join("".join(letters[index] for index in factor.indices) for factor in factors)
            names = ", ".join(str(factor.base.label) for factor in factors)
            text = f'np.einsum("{spec}->{"".join(letters[axis] for axis in used)}", {names})'
            return Piece(self._spread(text, used), ATOM)
        inner = self.over((*self.axes, *over)).text(expr.function)
        places = tuple(range(-len(over), 0))
        return Piece(f"np.sum({inner}, axis={places[0] if len(places) == 1 else places})", ATOM)

    def piecewise(self, expr: Piecewise) -> Piece:
        *branches, (last, condition) = expr.args
        text = self.text(last)
        if condition is not S.true:
            text = f"np.where({self.text(condition)}, {text}, np.nan)"
        for value, test in reversed(branches):
            text = f"np.where({self.text(test)}, {self.text(value)}, {text})"
        return Piece(text, ATOM)

    def function(self, expr: Expr) -> Piece:
        if isinstance(expr, BooleanTrue | BooleanFalse):
            return Piece(str(bool(expr)), ATOM)
        if isinstance(expr, KroneckerDelta):
            return Piece(f"({self.text(expr.args[0])} == {self.text(expr.args[1])})", ATOM)
        template = FUNCTIONS.get(expr.func.__name__) or self._from_sympy(expr)
        args = [self.piece(arg) for arg in expr.args]
        if isinstance(expr, Max | Min | And | Or):
            return functools.reduce(lambda a, b: Piece(template.format(a, b), ATOM), args)
        return Piece(template.format(*args), ATOM)

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
            hint = (
                f"; bind it first: model.bind({name.rstrip(chr(39))}=sg.sigmoid)" if not hasattr(expr, "fdiff") else ""
            )
            raise SymgradError(f"{name} in {expr} has no NumPy form{hint}") from error
        self.imports.update(module for module in printer.module_imports if module.startswith("scipy"))
        text = text.replace("numpy.", "np.").replace("{", "{{").replace("}", "}}")
        for place, slot in enumerate(slots):
            text = text.replace(slot.name, f"{{{place}}}")
        return text


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
