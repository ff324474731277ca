"""Sums and products as NumPy source: matrix products, einsums, reductions along axes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sympy import (
    Add,
    Expr,
    Indexed,
    Integer,
    KroneckerDelta,
    Mul,
    Piecewise,
    S,
    Sum,
)

from symgrad.codegen.entries import EntrySource, transposition
from symgrad.codegen.layout import natural_order
from symgrad.codegen.softmax import softmax_of
from symgrad.equations import Index
from symgrad.expressions import Order, Written, ordered, product
from symgrad.indices import Largest, sigma
from symgrad.infix import ATOM, MATMUL, POWER, PRODUCT, Piece

LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class ContractionSource(EntrySource):
    """Prints sums over indices, and collects the helper functions that the text needs."""

    helpers: set[str] = field(default_factory=set)

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
                if len(left) == 1 and left[0].is_Rational and left[0].p == 1:
                    return Piece(f"{mean.text}/{left[0].q}", PRODUCT)
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
        over = tuple(index for index in expr.variables if index in expr.function.free_symbols)
        if over != tuple(expr.variables):
            lengths = [index.size for index in expr.variables if index not in over]
            return self.piece(self._rejoined([*lengths, sigma(expr.function, *over) if over else expr.function]))
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
            return text + transposition([own.index(index) for index in order])
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


def _place(order: Sequence[Index], index: Index) -> int:
    """The axis number of an index, counted from the end where it is the last."""
    return -1 if order[-1] == index else list(order).index(index)


def _factors(expr: Expr, written: Written) -> Order:
    return ordered(expr, written) if expr.is_Mul else (expr,)


def _indices(expr: Expr, among: Sequence[Index]) -> set[Index]:
    return {index for index in among if index in expr.free_symbols}


def _is_flag(expr: Expr) -> bool:
    """Whether an expression is 1 where a condition holds and 0 elsewhere."""
    if isinstance(expr, KroneckerDelta):
        return True
    return isinstance(expr, Piecewise) and len(expr.args) == 2 and expr.args[0][0] == 1 and expr.args[1] == (0, True)
