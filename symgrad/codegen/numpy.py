"""Scalar and index expressions as NumPy source: one line per operation, in the order in which they were written."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sympy import (
    Abs,
    Add,
    Dummy,
    Expr,
    Function,
    KroneckerDelta,
    Max,
    Min,
    Mod,
    Piecewise,
    S,
    Sum,
    Symbol,
    exp,
    floor,
    log,
)
from sympy.logic.boolalg import And, BooleanFalse, BooleanTrue, Or
from sympy.printing.numpy import SciPyPrinter

from symgrad.codegen.contractions import ContractionSource
from symgrad.codegen.helpers import HELPERS
from symgrad.codegen.meaning import meaning_of
from symgrad.codegen.softmax import softmax_in
from symgrad.equations import Equation, Index, Size
from symgrad.errors import DerivativeError, SymgradError
from symgrad.indices import Largest
from symgrad.infix import ATOM, MATMUL, POWER, SUM, Piece
from symgrad.tensors.elementwise import Elementwise
from symgrad.tensors.functions import Determinant, MatrixInverse, sigmoid

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
    "ITE": "np.where({0}, {1}, {2})",
    "sigmoid": "sigmoid({0})",
    "softplus": "np.logaddexp(0, {0})",
}


@dataclass(frozen=True)
class NumpySource(ContractionSource):
    """Prints expressions as NumPy source, and collects the modules and helper functions that the text needs.

    `equations` gives each quantity's definition, for the stable forms of a logarithm.
    """

    equations: Mapping[str, Equation] = field(default_factory=dict)
    imports: set[str] = field(default_factory=set)

    def constants(self) -> Mapping[Expr, str]:
        return {S.Pi: "np.pi", S.Exp1: "np.e", S.Infinity: "np.inf"}

    def root(self, base: Expr) -> Piece:
        return Piece(f"np.sqrt({self.text(base)})", ATOM)

    def piecewise(self, expr: Piecewise) -> Piece:
        if self.inside:
            return replace(self, inside=False).piecewise(expr)  # a branch may read beyond an axis where it doesn't hold
        *branches, (last, condition) = expr.args
        text = "0.0" if last.is_zero and all(value.is_number for value, _ in branches) else self.text(last)
        if condition is not S.true:
            text = f"np.where({self.text(condition)}, {text}, np.nan)"
        for value, test in reversed(branches):
            text = f"np.where({self.text(test)}, {self.text(value)}, {text})"
        return Piece(text, ATOM)

    def function(self, expr: Expr) -> Piece:
        if isinstance(expr, BooleanTrue | BooleanFalse):
            return Piece(str(bool(expr)), ATOM)
        if isinstance(expr, Largest):
            return self.reduction(expr)
        if isinstance(expr, KroneckerDelta):
            return Piece(f"np.where({self._test(expr)}, 1.0, 0.0)", ATOM)
        if isinstance(expr, Mod):
            return Piece(f"{self.within(expr.args[0], ATOM)} % {self.within(expr.args[1], ATOM)}", MATMUL)
        if isinstance(expr, floor) and all(isinstance(symbol, Size | Index) for symbol in expr.free_symbols):
            top, bottom = expr.args[0].as_numer_denom()
            return Piece(f"{self.within(top, ATOM)}//{self.within(bottom, ATOM)}", MATMUL)
        if isinstance(expr, MatrixInverse):
            at = (*expr.places, *expr.args[1:3])
            return self._read(
                f"np.linalg.inv({expr.args[0].label})", at, (*_lengths(expr.places), expr.size, expr.size)
            )
        if isinstance(expr, Determinant):
            text = f"np.linalg.det({expr.args[0].label})"
            return self._read(text, expr.places, _lengths(expr.places)) if expr.places else Piece(text, ATOM)
        if isinstance(expr, log):
            return self._logarithm(expr.args[0])
        template = FUNCTIONS.get(expr.func.__name__) or self._from_sympy(expr)
        if expr.func.__name__ in HELPERS:
            self.helpers.add(expr.func.__name__)
        args = [self.piece(arg) for arg in expr.args]
        if isinstance(expr, Max | Min | And | Or):
            return functools.reduce(lambda a, b: Piece(template.format(a, b), ATOM), args)
        return Piece(template.format(*args), ATOM)

    def _logarithm(self, of: Expr) -> Piece:
        """A logarithm in the form that keeps its digits: of a softmax, of a sum of exponentials, of a sigmoid."""
        meaning = meaning_of(of, self.equations, self.written)
        found = softmax_in(meaning)
        if found is not None:
            return self._along("log_softmax", found.argument, found.index)
        if isinstance(meaning, Sum) and isinstance(meaning.function, exp) and len(meaning.variables) == 1:
            return self._along("logsumexp", meaning.function.args[0], meaning.variables[0], reduces=True)
        if isinstance(meaning, exp):
            return self.piece(meaning.args[0])
        if isinstance(meaning, sigmoid):
            return Piece(f"-np.logaddexp(0, -{self.within(meaning.args[0], POWER)})", SUM)
        if isinstance(meaning, Add) and 1 - meaning == self._complement(of):
            inner = meaning_of(1 - meaning, self.equations, self.written)
            if isinstance(inner, sigmoid):
                return Piece(f"-np.logaddexp(0, {self.text(inner.args[0])})", SUM)
        if isinstance(meaning, Abs) and isinstance(meaning.args[0], Determinant) and not meaning.args[0].places:
            return Piece(f"np.linalg.slogdet({meaning.args[0].args[0].label})[1]", ATOM)
        return Piece(f"np.log({self.text(of)})", ATOM)

    @staticmethod
    def _complement(of: Expr) -> Expr:
        return 1 - of

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


def namespace(imports: set[str], helpers: Iterable[str] = ()) -> dict[str, Any]:
    """What a source needs: NumPy as `np`, other modules, helpers; raises SymgradError where a module is missing."""
    import importlib

    import numpy as np

    names: dict[str, Any] = {"np": np}
    for module in sorted(imports):
        try:
            names[module.partition(".")[0]] = importlib.import_module(module.partition(".")[0])
            importlib.import_module(module)
        except ImportError as error:
            raise SymgradError(f"this model needs {module}: pip install scipy") from error
    for helper in helpers:  # texts of a table of ours
        exec(HELPERS[helper], names)
    return names


@functools.lru_cache(maxsize=128)
def elementwise_function(function: Elementwise) -> Callable[[Any], Any]:
    """An elementwise function of the vocabulary for numbers and arrays."""
    z = Dummy("z")
    source = NumpySource({})
    text = source.text(function.build(z))
    names = namespace(source.imports, source.helpers)
    # The text is our own printer's, made from a table of function names.
    found: Callable[[Any], Any] = eval(f"lambda {z.name}: {text}", names)
    np = names["np"]

    def call(value: Any) -> Any:
        result = found(np.asarray(value, dtype=None if np.asarray(value).dtype.kind == "f" else float))
        return result.item() if isinstance(value, int | float) else result

    return call


def _lengths(places: Sequence[Expr]) -> tuple[Expr, ...]:
    """The lengths of the axes that places run along; one that is a number reads a single entry, of any length."""
    return tuple(place.size if isinstance(place, Index) else place + 1 for place in places)
