"""Scalar and index expressions as NumPy source: one line per operation, in the order in which they were written."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sympy import (
    Abs,
    Add,
    Dummy,
    Expr,
    Function,
    Indexed,
    Integer,
    KroneckerDelta,
    Max,
    Min,
    Mod,
    Mul,
    Piecewise,
    S,
    Sum,
    Symbol,
    exp,
    floor,
    log,
    preorder_traversal,
)
from sympy.logic.boolalg import And, BooleanFalse, BooleanTrue, Or
from sympy.printing.numpy import SciPyPrinter

from symgrad.adjoint import never_negative
from symgrad.codegen.helpers import HELPERS
from symgrad.codegen.layout import Reach, affine, natural_order, reach
from symgrad.codegen.softmax import softmax_in, softmax_of
from symgrad.equations import Equation, Index, Size
from symgrad.errors import DerivativeError, SymgradError
from symgrad.expressions import Order, Written, ordered, product
from symgrad.indices import Largest, refreshed, relabelled, sigma
from symgrad.infix import ATOM, MATMUL, POWER, PRODUCT, SUM, Infix, Piece
from symgrad.tensors.elementwise import Elementwise
from symgrad.tensors.functions import Determinant, MatrixInverse, sigmoid

LETTERS = "abcdefghijklmnopqrstuvwxyz"
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
class NumpySource(Infix):
    """Prints expressions as NumPy source, and collects the modules and helper functions that the text needs.

    Axes are laid out by name: the text is an array whose dimensions are the indices in `axes`, in that order, where
    one that the expression doesn't use may be missing or of size 1.  `shapes` gives each quantity's axes, `equations`
    its definition, for the stable forms of a logarithm.
    """

    axes: tuple[Index, ...] = ()
    shapes: Mapping[str, tuple[Expr, ...]] = field(default_factory=dict)
    equations: Mapping[str, Equation] = field(default_factory=dict)
    imports: set[str] = field(default_factory=set)
    helpers: set[str] = field(default_factory=set)

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
        return Piece(self._spread(f"np.arange({self.text(index.size)})", [index]), ATOM)

    def _spread(self, text: str, used: Sequence[Index]) -> str:
        """An array over some of the axes, in their order, with a new axis of size 1 for each later one it lacks."""
        first = self.axes.index(used[0]) if used else len(self.axes)
        slots = [":" if axis in used else "None" for axis in self.axes[first:]]
        return text if "None" not in slots else f"{text}[{', '.join(slots)}]"

    def _arranged(self, text: str, order: Sequence[Index]) -> Piece:
        """An array over the indices in `order`, its dimensions put into the order of the axes."""
        wanted = sorted(order, key=self.axes.index)
        if list(order) != wanted:
            places = [list(order).index(index) for index in wanted]
            text += _transposition(places)
        return Piece(self._spread(text, wanted), ATOM)

    # Entries

    def entry(self, expr: Indexed) -> Piece:
        name = str(expr.base.label)
        sizes = self.shapes.get(name) or tuple(getattr(index, "size", None) for index in expr.indices)
        return self._read(name, expr.indices, sizes)

    def _read(self, text: str, at: tuple[Expr, ...], sizes: tuple[Expr, ...]) -> Piece:
        """The part of an array that indices read: whole axes, slices, rows by whole numbers, or shifted windows."""
        if self._broadcasts(at, sizes):
            return Piece(text, ATOM)
        if len(set(at)) < len(at) and all(isinstance(index, Index) for index in at):
            return self._diagonal(text, at)
        reaches = [self._reach(index, size) for index, size in zip(at, sizes, strict=True)]
        if any(one.padded for one in reaches):
            pads = ", ".join(f"({self._extent(one.before)}, {self._extent(one.after)})" for one in reaches)
            text = f"np.pad({text}, ({pads}))" if len(at) > 1 else f"np.pad({text}, {pads})"
        shifted = [
            (index + one.before, size + one.before + (one.after if never_negative(one.after) else Symbol("more")))
            for index, size, one in zip(at, sizes, reaches, strict=True)
        ]
        joint, arrays = _joint([index for index, _ in shifted])
        slots: list[str] = []
        order: list[Index] = []
        for place, (index, size) in enumerate(shifted):
            slots.append(self.over(joint).text(index) if place in arrays else self._slot(index, size, order))
            if place in arrays:
                order.extend(i for i in joint if i not in order)
        picked = [place for place, (index, _) in enumerate(shifted) if place in arrays or (joint and index.is_Integer)]
        if picked and picked != list(range(picked[0], picked[-1] + 1)):
            order = [*joint, *(index for index in order if index not in joint)]  # NumPy puts such dimensions first
        while slots and slots[-1] == ":":
            slots.pop()
        return self._arranged(f"{text}[{', '.join(slots)}]" if slots else text, order)

    def _broadcasts(self, at: tuple[Expr, ...], sizes: tuple[Expr, ...]) -> bool:
        """Whether an array with axes of size 1 fits the layout as it is."""
        if len(at) != len(self.axes):
            return False
        fits = zip(at, self.axes, sizes, strict=True)
        return all((index == axis and axis.size == size) or (index == 0 and size == 1) for index, axis, size in fits)

    def _extent(self, size: Expr) -> str:
        """How many zeros to add: none where the sizes of a particular call need none."""
        return self.text(size) if never_negative(size) else f"max({self.text(size)}, 0)"

    @staticmethod
    def _reach(index: Expr, size: Expr) -> Reach:
        if index.is_Integer or (isinstance(index, Index) and index.size == size) or index.has(Indexed):
            return Reach(S.Zero, S.Zero)
        return reach(index, size)

    def _slot(self, at: Expr, size: Expr, order: list[Index]) -> str:
        """A number or a slice of a subscript; adds the index that a slice keeps as a dimension to `order`."""
        if at.is_Integer or not _indices_of(at):
            return self.text(at)
        line = affine(at)
        assert line  # what isn't affine in one index is read by an array
        index, slope, offset = line
        order.append(index)
        if slope == 1 and offset == 0 and index.size == size:
            return ":"
        stop = (offset + slope * (index.size - 1) + 1).expand()
        all_of_it = index.size == floor((size - offset + slope - 1) / slope)
        end = "" if stop == size or all_of_it else self.text(stop)
        return f"{self.text(offset) if offset != 0 else ''}:{end}{f':{slope}' if slope != 1 else ''}"

    def _diagonal(self, text: str, at: tuple[Expr, ...]) -> Piece:
        if len(at) == 2:
            return self._arranged(f"np.diagonal({text})", [at[0]])
        letters = {index: chr(ord("a") + place) for place, index in enumerate(dict.fromkeys(at))}
        spec = "".join(letters[index] for index in at)
        return self._arranged(f'np.einsum("{spec}->{"".join(letters.values())}", {text})', list(letters))

    # Products and their sums

    def sum(self, expr: Add) -> Piece:
        return self._stacked(expr) or super().sum(expr)

    def _stacked(self, expr: Add) -> Piece | None:
        """Σ δ(k, goal) y_k over every place k of the first axis: the y_k in a stack."""
        goal = self.axes[0] if self.axes else None
        layers: dict[Expr, Expr] = {}
        for term in expr.args:
            factors = _factors(term, self.written)
            deltas = [f for f in factors if isinstance(f, KroneckerDelta) and goal in f.args]
            rest = self._rejoined([factor for factor in factors if factor not in deltas])
            if len(deltas) != 1 or goal in rest.free_symbols:
                return None
            (place,) = set(deltas[0].args) - {goal}
            layers[place] = rest
        places = [Integer(place) for place in range(len(expr.args))]
        if goal is None or goal.size != len(places) or sorted(layers, key=str) != sorted(places, key=str):
            return None
        inner = self.over(self.axes[1:])
        if any(_indices(layer, inner.axes) != set(inner.axes) for layer in layers.values()):
            return None
        return Piece(f"np.stack([{', '.join(inner.text(layers[place]) for place in places)}])", ATOM)

    def product(self, expr: Mul) -> Piece:
        factors = list(ordered(expr, self.written))
        factors = self._with_denominators(factors)
        mean = self._mean(factors)
        if mean is not None:
            return mean
        normalised = self._softmax(factors)
        if normalised is not None:
            piece, rest = normalised
            return self._times([piece, *map(self.piece, rest)]) if rest else piece
        flags = [factor for factor in factors if _is_flag(factor)]
        others = [factor for factor in factors if factor not in flags]
        if flags and not all(factor.is_number for factor in others):
            body = self.piece(others[0] if len(others) == 1 else self._rejoined(others))
            return self._times([body, *(Piece(f"({self._test(flag)})", ATOM) for flag in flags)])
        return super().product(expr)

    def _test(self, flag: Expr) -> str:
        """The condition under which a flag is 1."""
        if isinstance(flag, KroneckerDelta):
            left, right = sorted(flag.args, key=lambda arg: not arg.free_symbols)
            return f"{self.text(left)} == {self.text(right)}"
        return self.text(flag.args[0][1])

    def _rejoined(self, factors: list[Expr]) -> Expr:
        return product(factors, dict(self.written))

    @staticmethod
    def _times(pieces: list[Piece]) -> Piece:
        texts = [piece.text if piece.level >= PRODUCT else f"({piece.text})" for piece in pieces]
        return Piece("*".join(texts), PRODUCT)

    def _mean(self, factors: list[Expr]) -> Piece | None:
        """A sum over axes among the factors, divided by their lengths, as a mean, times the other factors."""
        for total in factors:
            if not isinstance(total, Sum):
                continue
            lengths = [1 / index.size for index in total.variables]
            left = [factor for factor in factors if factor is not total]
            for length in lengths:
                if length in left:
                    left.remove(length)
            if len(left) + 1 + len(lengths) == len(factors) and not self._is_product(total):
                mean = self._reduced(total, "mean")
                if left == [S.NegativeOne]:
                    return Piece(f"-{mean.text}", PRODUCT)
                return self._times([*([self.piece(self._rejoined(left))] if left else []), mean])
        return None

    def _is_product(self, total: Sum) -> bool:
        """Whether a sum is one that a matrix product computes."""
        return self._contraction(list(_factors(total.function, self.written)), tuple(total.variables)) is not None

    def _with_denominators(self, factors: list[Expr]) -> list[Expr]:
        """The factors with one over Σ exp(u) moved into the sum of products with exp(u) that it normalises."""
        for total in factors:
            for other in factors:
                inner = _factors(other.function, self.written) if isinstance(other, Sum) else ()
                if any((f := softmax_of(factor, total)) and f.index in other.variables for factor in inner):
                    moved = sigma(self._rejoined([*inner, total]), *other.variables)
                    return [moved if factor is other else factor for factor in factors if factor is not total]
        return factors

    def _softmax(self, factors: list[Expr]) -> tuple[Piece, list[Expr]] | None:
        """exp(u)/Σ exp(u) among the factors as one stable function, and the other factors."""
        for factor in factors:
            for other in factors:
                found = softmax_of(factor, other)
                if found is not None:
                    rest = [item for item in factors if item not in (factor, other)]
                    return self._along("softmax", found.argument, found.index), rest
        return None

    def _along(self, name: str, argument: Expr, index: Index, reduces: bool = False) -> Piece:
        """A helper function of an array along one index."""
        self.helpers.add(name)
        order = natural_order(argument, self.axes, (index,))
        call = f"{name}({self.over(order).text(argument)}, axis={_place(order, index)})"
        return self._arranged(call, [i for i in order if i != index] if reduces else order)

    def sigma(self, expr: Sum) -> Piece:
        over = tuple(expr.variables)
        return self._contraction(list(_factors(expr.function, self.written)), over) or self._reduced(expr, "sum")

    def _contraction(self, factors: list[Expr], over: tuple[Index, ...]) -> Piece | None:
        """A sum of a product that is not a plain sum along axes: rows added up, matrix products, an einsum."""
        return (
            self._scattered(factors, over)
            or (self._matmul(factors, over[0]) if len(over) == 1 else self._nested(factors, over))
            or self._einsum(factors, over)
        )

    def _nested(self, factors: list[Expr], over: tuple[Index, ...]) -> Piece | None:
        """A chain of matrix products: Aᵀ B C as one product inside another."""
        if len(factors) < 3:
            return None
        for index in reversed(over):
            pair = [factor for factor in factors if index in factor.free_symbols]
            rest = [factor for factor in factors if index not in factor.free_symbols]
            outer = {s for factor in pair for s in factor.free_symbols if isinstance(s, Index)} - {index}
            if len(pair) == 2 and rest and len(outer) == 2:
                inner = sigma(self._rejoined(pair), index)
                return self._contraction([*rest, inner], tuple(other for other in over if other != index))
        return None

    def reduction(self, expr: Largest) -> Piece:
        """A maximum over indices."""
        return self._reduced(expr, "max")

    def _reduced(self, expr: Expr, method: str) -> Piece:
        over = tuple(expr.variables)
        order = natural_order(expr.function, self.axes, over)
        piece = self.over(order).piece(expr.function)
        places = tuple(order.index(index) for index in over)
        rest = [index for index in order if index not in over]
        axis = "" if not rest else f"axis={places[0] if len(places) == 1 else places}"
        if self._keeps_places(order, over):
            axis, rest = f"{axis}, keepdims=True", list(self.axes)
        if piece.level == ATOM and not piece.text.startswith("np."):
            return self._arranged(f"{piece.text}.{method}({axis})", rest)
        return self._arranged(f"np.{method}({piece.text}{', ' if axis else ''}{axis})", rest)

    def _keeps_places(self, order: Sequence[Index], over: tuple[Index, ...]) -> bool:
        """Whether the axes stand where the summed array has them, with other ones in the places that are summed."""
        if len(order) != len(self.axes) or len(over) == len(order):
            return False
        pairs = zip(order, self.axes, strict=True)
        return all(mine == axis or (mine in over and axis not in order) for mine, axis in pairs)

    def _matmul(self, factors: list[Expr], index: Index) -> Piece | None:
        """A sum over one index as a matrix product, if the factors fall into two groups with axes of their own."""
        if len(factors) < 2:
            return None
        used = [frozenset(i for i in factor.free_symbols if i in self.axes) for factor in factors]
        seed = max(range(len(factors)), key=lambda place: len(used[place]))
        left = [f for f, u in zip(factors, used, strict=True) if u <= used[seed]]
        right = [f for f, u in zip(factors, used, strict=True) if not u <= used[seed]]
        if not right and len(used[seed]) >= 1:  # a matrix and vectors: the vectors on the other side
            left = [f for f, u in zip(factors, used, strict=True) if u]
            right = [f for f, u in zip(factors, used, strict=True) if not u]
        if not right and not used[seed] and len(factors) == 2:
            left, right = factors[:1], factors[1:]
        if not left or not right:
            return None
        sides = [frozenset(i for f in group for i in f.free_symbols if i in self.axes) for group in (left, right)]
        if min(map(self.axes.index, sides[1] - sides[0]), default=99) < min(
            map(self.axes.index, sides[0] - sides[1]), default=99
        ):
            left, right, sides = right, left, sides[::-1]
        batch = sorted(sides[0] & sides[1], key=self.axes.index)
        mine, theirs = (sorted(side - set(batch), key=self.axes.index) for side in sides)
        for one, other, row, rest in ((left, right, mine, theirs), (right, left, theirs, mine)):
            order = [*rest[:-1], *row, *rest[-1:]]  # NumPy broadcasts a matrix against a stack of matrices
            if not batch and len(row) == 1 and len(rest) > 1 and order == sorted(order, key=self.axes.index):
                first, second = self._operand(one, (*row, index)), self._operand(other, (*rest[:-1], index, rest[-1]))
                return None if first is None or second is None else self._matrix(f"{first} @ {second}", order)
        order = [*batch, *mine, *theirs]
        fits = len(theirs) <= 1 and (len(mine) == 1 == len(theirs) if batch else True)
        if not fits or order != sorted(order, key=self.axes.index):
            return None
        first = self._operand(left, (*batch, *mine, index))
        second = self._operand(right, (*batch, index, *theirs))
        return None if first is None or second is None else self._matrix(f"{first} @ {second}", order)

    def _matrix(self, text: str, order: list[Index]) -> Piece:
        spread = self._spread("", order)
        return Piece(f"({text}){spread}" if spread else text, ATOM if spread else MATMUL)

    def _operand(self, factors: list[Expr], order: tuple[Index, ...]) -> str | None:
        """The product of factors as one operand, its dimensions in the given order; None if it can't have them all."""
        expr = factors[0] if len(factors) == 1 else self._rejoined(factors)
        natural = natural_order(expr, order, ())
        own = natural_order(expr, (), order)
        if set(natural) != set(order):
            return None
        if own != order and set(own) == set(order) and (len(factors) > 1 or not isinstance(expr, Indexed | Sum)):
            inner = self.over(own).piece(expr)
            text = inner.text if inner.level == ATOM else f"({inner.text})"
            return text + _transposition([own.index(index) for index in order])
        return self.over(order).within(expr, POWER)

    def _einsum(self, factors: list[Expr], over: tuple[Index, ...]) -> Piece | None:
        """A sum of a product over several indices, or with more than two groups, as one einsum."""
        axes = [axis for axis in self.axes if any(axis in factor.free_symbols for factor in factors)]
        if len(factors) < 2 or any(len(_indices(factor, (*axes, *over))) == len((*axes, *over)) for factor in factors):
            return None  # an elementwise product holds all of it already: its sum is simpler
        if len(axes) + len(over) > len(LETTERS):
            return None
        found = self._tensordot(factors, axes, over)
        if found is not None:
            return found
        letters = {index: letter for index, letter in zip((*axes, *over), LETTERS, strict=False)}
        orders = [natural_order(factor, (), (*axes, *over)) for factor in factors]
        if any(set(order) != _indices(factor, (*axes, *over)) for order, factor in zip(orders, factors, strict=True)):
            return None
        spec = ",".join("".join(letters[index] for index in order) for order in orders)
        names = ", ".join(self.over(order).text(factor) for order, factor in zip(orders, factors, strict=True))
        optimize = ", optimize=True" if len(factors) > 2 else ""
        out = "".join(letters[axis] for axis in axes)
        return Piece(self._spread(f'np.einsum("{spec}->{out}", {names}{optimize})', axes), ATOM)

    def _tensordot(self, factors: list[Expr], axes: list[Index], over: tuple[Index, ...]) -> Piece | None:
        """A sum over several indices that two factors share, as one product of flattened matrices."""
        if len(factors) != 2 or any(not _indices(factor, over) >= set(over) for factor in factors):
            return None
        free = [_indices(factor, axes) for factor in factors]
        if free[0] & free[1]:
            return None
        if axes and axes[0] in free[1]:
            factors, free = factors[::-1], free[::-1]
        orders = [natural_order(factor, (), (*axes, *over)) for factor in factors]
        out = [index for order in orders for index in order if index in axes]
        texts = [self.over(order).text(factor) for order, factor in zip(orders, factors, strict=True)]
        summed_over = tuple(tuple(order.index(index) for index in over) for order in orders)
        return self._arranged(f"np.tensordot({texts[0]}, {texts[1]}, {summed_over})", out)

    def _scattered(self, factors: list[Expr], over: tuple[Index, ...]) -> Piece | None:
        """Σᵢ y[i] δ(k[i], v): rows added up at the places that whole numbers name."""
        deltas = [f for f in factors if isinstance(f, KroneckerDelta) and any(isinstance(a, Indexed) for a in f.args)]
        if len(deltas) != 1 or len(factors) < 2:
            return None
        place, goal = sorted(deltas[0].args, key=lambda arg: not isinstance(arg, Indexed))
        if goal not in self.axes or set(place.indices) != set(over):
            return None
        body = self._rejoined([factor for factor in factors if factor is not deltas[0]])
        rest = tuple(axis for axis in self.axes if axis in body.free_symbols)
        values = self.over((*place.indices, *rest)).text(body)
        self.helpers.add("scatter_add")
        index = self.over(tuple(place.indices)).text(place)
        return self._arranged(f"scatter_add({index}, {values}, {self.text(goal.size)})", (goal, *rest))

    def piecewise(self, expr: Piecewise) -> Piece:
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
            return self._read(f"np.linalg.inv({expr.args[0].label})", expr.args[1:3], (expr.args[3],) * 2)
        if isinstance(expr, Determinant):
            return Piece(f"np.linalg.det({expr.args[0].label})", ATOM)
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
        meaning = self._meaning(of)
        found = softmax_in(meaning)
        if found is not None:
            return self._along("log_softmax", found.argument, found.index)
        if isinstance(meaning, Sum) and isinstance(meaning.function, exp) and len(meaning.variables) == 1:
            return self._along("logsumexp", meaning.function.args[0], meaning.variables[0], reduces=True)
        if isinstance(meaning, sigmoid):
            return Piece(f"-np.logaddexp(0, -{self.within(meaning.args[0], POWER)})", SUM)
        if isinstance(meaning, Add) and 1 - meaning == self._complement(of):
            inner = self._meaning(1 - meaning)
            if isinstance(inner, sigmoid):
                return Piece(f"-np.logaddexp(0, {self.text(inner.args[0])})", SUM)
        if isinstance(meaning, Abs) and isinstance(meaning.args[0], Determinant):
            return Piece(f"np.linalg.slogdet({meaning.args[0].args[0].label})[1]", ATOM)
        return Piece(f"np.log({self.text(of)})", ATOM)

    @staticmethod
    def _complement(of: Expr) -> Expr:
        return 1 - of

    def _meaning(self, expr: Expr) -> Expr:
        """A quantity's right-hand side at the entry's indices; any other expression as it is."""
        name = str(expr.base.label) if isinstance(expr, Indexed) else getattr(expr, "name", "")
        equation = self.equations.get(name)
        if equation is None:
            return expr
        at = dict(zip(equation.indices, expr.indices if isinstance(expr, Indexed) else (), strict=True))
        written = dict(self.written)
        return relabelled(refreshed(equation.rhs, itertools.count(), written), at, written)

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
    for helper in source.helpers:
        exec(HELPERS[helper], names)
    found: Callable[[Any], Any] = eval(f"lambda {z.name}: {text}", names)
    np = names["np"]

    def call(value: Any) -> Any:
        result = found(np.asarray(value, dtype=None if np.asarray(value).dtype.kind == "f" else float))
        return result.item() if isinstance(value, int | float) else result

    return call


def _transposition(places: Sequence[int]) -> str:
    """What puts dimensions into another order: the shortest of NumPy's spellings."""
    rank = len(places)
    if list(places) == list(range(rank)):
        return ""
    if rank == 2:
        return ".T"
    if list(places) == [*range(rank - 2), rank - 1, rank - 2]:
        return ".swapaxes(-1, -2)"
    return f".transpose({', '.join(map(str, places))})"


def _place(order: Sequence[Index], index: Index) -> int:
    """The axis number of an index, counted from the end where it is the last."""
    return -1 if order[-1] == index else list(order).index(index)


def _factors(expr: Expr, written: Written) -> Order:
    return ordered(expr, written) if expr.is_Mul else (expr,)


def _indices(expr: Expr, among: Sequence[Index]) -> set[Index]:
    return {index for index in among if index in expr.free_symbols}


def _indices_of(at: Expr) -> list[Index]:
    """The indices in a position of a subscript, as they occur."""
    return [node for node in preorder_traversal(at) if isinstance(node, Index)]


def _joint(at: list[Expr]) -> tuple[tuple[Index, ...], set[int]]:
    """The positions of a subscript that arrays read, and the indices that these run over together."""
    arrays = {place for place, index in enumerate(at) if _is_array(index)}
    while True:
        joint = tuple(dict.fromkeys(i for place in sorted(arrays) for i in _indices_of(at[place])))
        more = {place for place, index in enumerate(at) if not set(joint).isdisjoint(_indices_of(index))}
        if more <= arrays:
            return joint, arrays
        arrays |= more


def _is_array(at: Expr) -> bool:
    """Whether a position of a subscript needs an array of whole numbers: neither a number nor a rising slice."""
    if isinstance(at, Indexed) or at.has(Indexed):
        return True
    line = affine(at)
    return bool(_indices_of(at)) and (line is None or line[1] <= 0)


def _is_flag(expr: Expr) -> bool:
    """Whether an expression is 1 where a condition holds and 0 elsewhere."""
    if isinstance(expr, KroneckerDelta):
        return True
    return isinstance(expr, Piecewise) and len(expr.args) == 2 and expr.args[0][0] == 1 and expr.args[1] == (0, True)
