"""The values of index expressions at a point: arrays laid over the expressions' indices, in floats or in balls."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np
from sympy import (
    ITE,
    Abs,
    Add,
    And,
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
    Not,
    Or,
    Piecewise,
    Pow,
    S,
    Sum,
    Symbol,
    floor,
    sign,
)
from sympy.core.function import AppliedUndef
from sympy.core.relational import Relational
from sympy.logic.boolalg import BooleanFalse, BooleanTrue

from symgrad.equations import Equation, Index, Size, is_place
from symgrad.indices import Largest
from symgrad.tensors.functions import Determinant, Elementary, MatrixInverse, OfMatrix
from symgrad.verification.numbers import Array, NoValue, Numbers

Laid = tuple[Array, tuple[Index, ...]]
MOST_ENTRIES = 50_000_000  # of one intermediate array


class Values:
    """The values of named quantities at one point, and of expressions in them.

    `stand_in` says what an abstract function is here: the expression of an application.
    """

    def __init__(
        self,
        numbers: Numbers,
        sizes: Mapping[Expr, int],
        arrays: Mapping[str, Array],
        stand_in: Callable[[Expr], Expr] | None = None,
    ) -> None:
        self.numbers, self.sizes, self.arrays, self.stand_in = numbers, dict(sizes), dict(arrays), stand_in
        self._found: dict[Expr, Laid] = {}
        self._lengths: dict[Expr, int] = {}

    def define(self, equations: Iterable[Equation]) -> None:
        """Adds the value of each equation's quantity, in order; raises NoValue where one has none."""
        for equation in equations:
            self.arrays[equation.name] = self.of(equation)

    def of(self, equation: Equation) -> Array:
        """The value of an equation's right-hand side, over its indices; raises NoValue."""
        with np.errstate(all="ignore"):  # what has no value in floats is met below
            array, order = self._laid(equation.rhs)
        array = self._spread(array, order, equation.indices)
        if not self.numbers.known(array):
            raise NoValue
        shape = tuple(self.size(index.size) for index in equation.indices)
        return np.broadcast_to(array, shape)

    def size(self, size: Expr) -> int:
        """The length of an axis here; raises NoValue where the sizes leave nothing of it."""
        if size not in self._lengths:
            value = size.xreplace({known: Integer(length) for known, length in self.sizes.items()})
            if not (value.is_Integer and value > 0):
                raise NoValue
            self._lengths[size] = int(value)
        return self._lengths[size]

    def _laid(self, expr: Expr) -> Laid:
        known = self._found.get(expr)
        if known is None:
            known = self._found[expr] = self._computed(expr)
        return known

    @staticmethod
    def _spread(array: Array, order: tuple[Index, ...], axes: tuple[Index, ...]) -> Array:
        """An array over some indices as one over `axes`, of length 1 where it doesn't use an axis."""
        if order == axes:
            return array
        places = {index: place for place, index in enumerate(order)}
        used = [places[index] for index in axes if index in places]
        if len(used) != np.ndim(array):
            raise NoValue  # what has an index that nothing binds
        return np.transpose(array, used).reshape([array.shape[places[i]] if i in places else 1 for i in axes])

    def _together(self, parts: Iterable[Laid], build: Callable[..., Array]) -> Laid:
        parts = list(parts)
        axes = tuple(dict.fromkeys(index for _, order in parts for index in order))
        self._bounded(axes)
        return np.asarray(build(*(self._spread(array, order, axes) for array, order in parts))), axes

    def _bounded(self, axes: tuple[Index, ...]) -> None:
        if math.prod(self.size(index.size) for index in axes) > MOST_ENTRIES:
            raise NoValue

    def _computed(self, expr: Expr) -> Laid:
        if expr.is_Rational:
            return self.numbers.array(Fraction(int(expr.p), int(expr.q))), ()
        if isinstance(expr, Index | Size | KroneckerDelta | floor | Mod):
            array, order = self._whole(expr)
            return self.numbers.array(array), order
        if isinstance(expr, Symbol):
            return self._named(expr.name), ()
        if isinstance(expr, Indexed):
            return self._entry(self._named(str(expr.base.label)), expr.indices)
        if expr is S.Pi or expr is S.Exp1:
            return np.asarray(self.numbers.pi() if expr is S.Pi else self._image("exp", self.numbers.array(1))), ()
        if isinstance(expr, Add):
            return self._together(map(self._laid, expr.args), _total)
        if isinstance(expr, Mul):
            return self._together(map(self._laid, expr.args), _product)
        if isinstance(expr, Sum):
            return self._sum(expr)
        if isinstance(expr, Largest):
            return self._largest(expr)
        if isinstance(expr, Pow):
            return self._power(expr)
        if isinstance(expr, Piecewise):
            return self._branches(expr)
        return self._function(expr)

    def _named(self, name: str) -> Array:
        if name not in self.arrays:
            raise NoValue
        return self.arrays[name]

    def _entry(self, array: Array, places: tuple[Expr, ...]) -> Laid:
        """The entries at index expressions; 0 beyond an axis, where only a branch that isn't taken reads."""
        if len(places) != array.ndim:
            raise NoValue  # a slip may put an array of other axes in a place
        laid = [self._whole(place) for place in places]
        axes = tuple(dict.fromkeys(index for _, order in laid for index in order))
        spread = [self._spread(at, order, axes) for at, order in laid]
        inside = functools.reduce(
            np.logical_and, ((at >= 0) & (at < length) for at, length in zip(spread, array.shape, strict=True))
        )
        kept = tuple(np.clip(at, 0, length - 1) for at, length in zip(spread, array.shape, strict=True))
        return np.where(inside, array[kept], self.numbers.array(0)), axes

    def _whole(self, expr: Expr) -> Laid:
        """The value of an index expression: whole numbers, exactly."""
        if isinstance(expr, Index):
            return np.arange(self.size(expr.size)), (expr,)
        if expr.is_Integer:
            return np.asarray(int(expr)), ()
        if isinstance(expr, Size):
            return np.asarray(self.size(expr)), ()
        if isinstance(expr, Add):
            return self._together(map(self._whole, expr.args), _total)
        if isinstance(expr, Mul) and all(arg.is_integer for arg in expr.args):
            return self._together(map(self._whole, expr.args), _product)
        if isinstance(expr, floor):
            return self._together(map(self._whole, expr.args[0].as_numer_denom()), np.floor_divide)
        if isinstance(expr, Mod):
            return self._together(map(self._whole, expr.args), np.mod)
        if isinstance(expr, KroneckerDelta):
            return self._together(map(self._whole, expr.args), lambda one, other: np.equal(one, other).astype(int))
        if isinstance(expr, Indexed | Symbol | Piecewise):
            array, order = self._laid(expr)
            return np.vectorize(lambda value: round(float(value)), otypes=[int])(array), order
        raise NoValue

    def _sum(self, expr: Sum) -> Laid:
        if self.numbers.kind is float and isinstance(expr.function, Mul):
            return self._contraction(expr)
        factors = [self._laid(factor) for factor in Mul.make_args(expr.function)]
        for index in sorted(expr.variables, key=lambda index: self._cost(factors, index)):
            using = [factor for factor in factors if index in factor[1]]
            factors = [factor for factor in factors if index not in factor[1]]
            if using:
                array, order = self._together(using, _product)
                left = tuple(other for other in order if other != index)
                factors.append((np.asarray(array.sum(axis=order.index(index))), left))
            else:
                factors.append((self.numbers.array(self.size(index.size)), ()))
        return self._together(factors, _product)

    def _cost(self, factors: list[Laid], index: Index) -> int:
        """How many products summing over an index first takes: the cheapest goes first."""
        axes = {other for _, order in factors if index in order for other in order}
        return math.prod(self.size(other.size) for other in axes)

    def _contraction(self, expr: Sum) -> Laid:
        """A sum of a product of floats, never multiplied out."""
        laid = [self._laid(factor) for factor in expr.function.args]
        axes = list(dict.fromkeys(index for _, order in laid for index in order))
        left = tuple(index for index in axes if index not in expr.variables)
        operands: list[Any] = []
        for array, order in laid:
            operands += [array, [axes.index(index) for index in order]]
        absent = [self.size(index.size) for index in expr.variables if index not in axes]
        total = np.einsum(*operands, [axes.index(index) for index in left], optimize=True)
        return np.asarray(total * float(np.prod(absent))), left

    def _largest(self, expr: Largest) -> Laid:
        array, order = self._laid(expr.function)
        left = tuple(index for index in order if index not in expr.variables)
        rows = np.transpose(array, [order.index(index) for index in (*left, *set(order).difference(left))])
        rows = rows.reshape(*rows.shape[: len(left)], -1)
        return functools.reduce(self._larger, np.moveaxis(rows, -1, 0)), left

    def _larger(self, one: Array, other: Array) -> Array:
        return np.where(np.asarray(self.numbers.sign(one - other)) > 0, one, other)

    def _power(self, expr: Pow) -> Laid:
        base = self._laid(expr.base)
        if expr.exp.is_Integer:
            return self._raised(base, int(expr.exp))
        if expr.exp.is_Rational and expr.exp.q == 2:
            return self._raised((self._image("sqrt", base[0]), base[1]), int(expr.exp.p))
        return self._together([base, self._laid(expr.exp)], self.numbers.power)

    def _raised(self, base: Laid, exponent: int) -> Laid:
        return np.asarray(self.numbers.power(base[0], np.asarray(exponent, dtype=self.numbers.kind))), base[1]

    def _function(self, expr: Expr) -> Laid:
        if isinstance(expr, MatrixInverse):
            inverses = self._each_matrix(expr, self.numbers.inverse)
            return self._entry(inverses, (*expr.places, *expr.args[1:3]))
        if isinstance(expr, Determinant):
            values = self._each_matrix(expr, self.numbers.determinant)
            return self._entry(values, expr.places) if expr.places else (values, ())
        if isinstance(expr, Abs | sign):
            array, order = self._laid(expr.args[0])
            signs = np.asarray(self.numbers.sign(array))
            return (array * signs if isinstance(expr, Abs) else self.numbers.array(signs)), order
        if isinstance(expr, Max | Min):
            parts = [self._laid(arg if isinstance(expr, Max) else -arg) for arg in expr.args]
            array, order = self._together(parts, lambda *args: functools.reduce(self._larger, args))
            return (array if isinstance(expr, Max) else -array), order
        if isinstance(expr, AppliedUndef):
            if self.stand_in is None:
                raise NoValue
            return self._laid(self.stand_in(expr))
        if isinstance(expr, Elementary):
            return self._laid(expr.definition(expr.args[0]))
        if isinstance(expr, Function) and len(expr.args) == 1:
            array, order = self._laid(expr.args[0])
            return self._image(expr.func.__name__, array), order
        raise NoValue

    def _each_matrix(self, expr: OfMatrix, function: Callable[[Array], Any]) -> Array:
        """A function of each matrix of a family; raises NoValue for what is no such family."""
        array = self._named(str(expr.args[0].label))
        family = array.shape[:-2]
        if array.ndim != len(expr.places) + 2:
            raise NoValue
        if not family:
            return np.asarray(function(array))
        found = [function(matrix) for matrix in array.reshape(-1, *array.shape[-2:])]
        return np.array(found, dtype=self.numbers.kind).reshape(*family, *np.shape(found[0]))

    def _image(self, name: str, array: Array) -> Array:
        """A function's values; raises NoValue for one that these numbers don't have."""
        if name not in self.numbers.functions:
            raise NoValue
        return np.asarray(self.numbers.functions[name](array))

    def _branches(self, expr: Piecewise) -> Laid:
        parts: list[Laid] = []
        for value, condition in expr.args:
            parts += [self._laid(value), self._truth(condition)]

        def chosen(*arrays: Array) -> Array:
            values, tests = arrays[::2], arrays[1::2]
            if not functools.reduce(np.logical_or, tests).all():
                raise NoValue
            result = values[-1]
            for value, test in reversed(list(zip(values[:-1], tests[:-1], strict=True))):
                result = np.where(test, value, result)
            return result

        return self._together(parts, chosen)

    def _truth(self, condition: Any) -> Laid:
        """Where a condition holds; one on whole numbers is exact, one on quantities has no value where they tie."""
        if isinstance(condition, BooleanTrue | BooleanFalse):
            return np.asarray(bool(condition)), ()
        if isinstance(condition, And | Or | Not):
            joined = {And: np.logical_and, Or: np.logical_or}.get(condition.func)
            if joined is None:
                array, order = self._truth(condition.args[0])
                return np.logical_not(array), order
            return self._together(map(self._truth, condition.args), lambda *tests: functools.reduce(joined, tests))
        if isinstance(condition, ITE):
            return self._together(map(self._truth, condition.args), np.where)
        if not isinstance(condition, Relational):
            raise NoValue
        compare = _COMPARISONS[condition.rel_op]
        if is_place(condition.lhs - condition.rhs):
            return self._together([self._whole(condition.lhs), self._whole(condition.rhs)], compare)
        if condition.rel_op in ("==", "!="):
            return self._equality(condition, compare)
        gap, order = self._laid(condition.lhs - condition.rhs)
        return compare(np.asarray(self.numbers.sign(gap)), 0), order

    def _equality(self, condition: Relational, compare: Callable[..., Array]) -> Laid:
        """Where two quantities are equal: certain for exact numbers that are, and for those that provably differ."""
        gap, order = self._laid(condition.lhs - condition.rhs)

        def side(value: Any) -> int:
            return 0 if value == 0 else int(self.numbers.sign(np.asarray(value)))

        return compare(np.vectorize(side, otypes=[int])(gap), 0), order


def _total(*arrays: Array) -> Array:
    return functools.reduce(np.add, arrays)


def _product(*arrays: Array) -> Array:
    return functools.reduce(np.multiply, arrays)


_COMPARISONS: dict[str, Callable[..., Array]] = {
    "<": np.less,
    ">": np.greater,
    "<=": np.less_equal,
    ">=": np.greater_equal,
    "==": np.equal,
    "!=": np.not_equal,
}


def _cubic(slot: Expr, shift: int) -> Expr:
    return slot**3 + slot + shift


def _square(slot: Expr, shift: int) -> Expr:
    return slot**2 + shift


def _bounded(slot: Expr, shift: int) -> Expr:
    return (slot**2 + slot + 2 + shift) ** -1


Body = Callable[[Expr, int], Expr]
POLYNOMIALS: tuple[Body, ...] = (_cubic, _square)
BOUNDED: Body = _bounded  # between 0 and 1, where log(1 - f) has a value


def stand_in(body: Body) -> Callable[[Expr], Expr]:
    """A rational function for each abstract one, and its derivative for each prime: exact at rational numbers."""

    def applied(node: Expr) -> Expr:
        name, _, marks = node.func.__name__.partition("'")
        slots = [Dummy() for _ in node.args]
        mixed = Add(*(Integer(place + 1) * slot for place, slot in enumerate(slots)))
        found = body(mixed, sum(map(ord, name)) % 3)  # shifted so that two functions of one model are not the same one
        if marks.isdigit():
            found = found.diff(slots[int(marks) - 1])
        else:
            for _ in range(len(node.func.__name__) - len(name)):
                found = found.diff(slots[0])
        return found.xreplace(dict(zip(slots, node.args, strict=True)))

    return applied
