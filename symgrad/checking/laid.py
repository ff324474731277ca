"""Terms of vectors and matrices that are written out, as arrays of terms of numbers: 2[x, 3] is [2x, 2 · 3]."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from symgrad.checking.evaluate import Function
from symgrad.checking.printed import key_of
from symgrad.checking.values import Misfit
from symgrad.reading.latex import terms as t
from symgrad.tensors.elementwise import ELEMENTWISE
from symgrad.verification.numbers import Array

MOST_READINGS = 8  # of one side: a product of two vectors is their dot product, or that of each entry
MOST_ENTRIES = 400  # of one array


@dataclass
class Layout:
    """Lays terms out, in all ways in which their products can be read; raises Misfit for what has no entries.

    `arrays` are the numbers of names, `scalars` names that have one number.  Vectors have one axis, whether they are
    written as a row or as a column.  A loose layout also reads A B and A² as products of entries.
    """

    arrays: Mapping[str, Array]
    scalars: Container[str]
    functions: Mapping[str, Function]
    is_loose: bool = False
    is_doubtful: bool = field(default=False, init=False)  # whether a product may be none of those: [1, 2, 3] * [1, 1]

    def readings(self, term: t.Term) -> list[Array]:
        """Arrays of terms of numbers, of no axis for one number."""
        found = list(itertools.islice(self._read(term), MOST_READINGS + 1))
        if not found or len(found) > MOST_READINGS or max(array.size for array in found) > MOST_ENTRIES:
            raise Misfit("it can't be laid out")
        return found

    def _read(self, term: t.Term) -> Iterator[Array]:
        if not self.has_array(term):
            if not self._is_known(term):
                raise Misfit("not all of its names have a number")
            yield _one(term)
            return
        known = self.arrays.get(key_of(term))
        if known is not None:
            yield np.vectorize(_number, otypes=[object])(known)
            return
        match term:
            case t.Entries():
                yield self._entries(term)
            case t.Transposed():
                yield from (array.T for array in self._read(term.body))
            case t.Add():
                for arrays in itertools.product(*map(self.readings, term.terms)):
                    yield from _sums(arrays, term.signs)
            case t.Mul():
                yield from self._products(term)
            case t.Div():
                for over, under in itertools.product(self.readings(term.over), self.readings(term.under)):
                    yield from _each(lambda a, b: t.Div(t.NOWHERE, a, b), over, under)
            case t.Power():
                yield from self._powers(term)
            case t.Apply(arguments=(argument,)) if self._is_entrywise(term.function):
                for array in self.readings(argument):
                    self.is_doubtful |= array.ndim == 2 and array.shape[0] == array.shape[1]  # exp of a matrix
                    yield _of_each(lambda entry: t.with_parts(term, lambda _: entry), array)
            case t.Apply(function="softmax", arguments=(argument,)) if "softmax" not in self.functions:
                yield from (_softmax(array) for array in self.readings(argument) if array.ndim == 1)
            case t.Norm(kind="‖" | "‖2"):
                vectors = (array for array in self.readings(term.body) if array.ndim == 1)
                yield from (_one(t.Apply(t.NOWHERE, "sqrt", (_total(_squares(array)),))) for array in vectors)

    def has_array(self, term: t.Term) -> bool:
        """Whether a vector or a matrix stands in a term."""
        return any(self._is_array(node) for node in t.walk(term))

    def _is_array(self, node: t.Term) -> bool:
        entries = isinstance(node, t.Entries) and (len(node.rows) > 1 or len(node.rows[0]) > 1)
        return entries or key_of(node) in self.arrays

    def _is_known(self, term: t.Term) -> bool:
        if isinstance(term, t.Ref | t.Partial):
            return key_of(term) in self.scalars
        return all(map(self._is_known, t.parts(term)))

    def _entries(self, term: t.Entries) -> Array:
        if len(term.rows) == 1 and len(term.rows[0]) == 1:
            return _only(self.readings(term.rows[0][0]))
        if len({len(row) for row in term.rows}) != 1:
            raise Misfit("its rows aren't of one length")
        found = np.empty((len(term.rows), len(term.rows[0])), dtype=object)
        for place in np.ndindex(found.shape):
            found[place] = _only(self.readings(term.rows[place[0]][place[1]])).item()
        return found.ravel() if 1 in found.shape else found

    def _products(self, term: t.Mul) -> Iterator[Array]:
        some: list[Array] = self.readings(term.factors[0])
        for sign, factor in zip(term.operators, term.factors[1:], strict=True):
            pairs = itertools.product(some, self.readings(factor))
            some = [array for one, other in pairs for array in self._times(one, sign, other)]
            if len(some) > MOST_READINGS:
                raise Misfit("it may be too many products")
        yield from some

    def _times(self, one: Array, sign: str, other: Array) -> Iterator[Array]:
        """What two arrays' product may be; a star may be a convolution, and a cross the cross product."""
        if one.ndim == 0 or other.ndim == 0 or sign == "⊙":
            yield from _each(_product, one, other)
            return
        if sign not in ("", "·", "×", "*"):
            raise Misfit("a product of another kind")
        self.is_doubtful |= sign == "*" or (sign == "×" and one.ndim == other.ndim == 1)
        if one.shape[-1] == other.shape[0]:
            yield _contracted(one, other)
        if one.shape == other.shape and (self.is_loose or sign in ("×", "*")):
            yield from _each(_product, one, other)
        if one.ndim == other.ndim == 1:
            yield _of_pairs(_product, one[:, None], other[None, :])

    def _powers(self, term: t.Power) -> Iterator[Array]:
        for base, exponent in itertools.product(self.readings(term.base), self.readings(term.exponent)):
            is_square = base.ndim == 2 and base.shape[0] == base.shape[1]
            self.is_doubtful |= is_square
            if not is_square or self.is_loose:
                yield from _each(lambda a, b: t.Power(t.NOWHERE, a, b), base, exponent)
            if (is_square or base.ndim == 1) and t.placeless(term.exponent) == t.Num(t.NOWHERE, "2"):
                yield _contracted(base, base)

    def _is_entrywise(self, name: str) -> bool:
        function = self.functions.get(name)
        if function is None:
            return name in ELEMENTWISE
        plain = (t.Num, t.Ref, t.Add, t.Mul, t.Div, t.Power, t.Apply)
        nodes = list(t.walk(function.body))
        calls = [node.function for node in nodes if isinstance(node, t.Apply)]
        return all(isinstance(node, plain) for node in nodes) and all(call in ELEMENTWISE for call in calls)


def _one(term: t.Term) -> Array:
    found = np.empty((), dtype=object)
    found[()] = term
    return found


def _only(arrays: list[Array]) -> Array:
    if len(arrays) != 1 or arrays[0].ndim:
        raise Misfit("an entry isn't one number")
    return arrays[0]


def _number(text: str) -> t.Term:
    plain = t.Num(t.NOWHERE, text.removeprefix("-"))
    return t.Add(t.NOWHERE, (plain,), ("-",)) if text.startswith("-") else plain


def _product(one: t.Term, other: t.Term) -> t.Term:
    return t.Mul(t.NOWHERE, (one, other), ("·",))


def _total(terms: Array) -> t.Term:
    return t.Add(t.NOWHERE, tuple(terms), ("+",) * len(terms))


def _of_each(change: Callable[[t.Term], t.Term], array: Array) -> Array:
    return _one(change(array.item())) if not array.ndim else np.vectorize(change, otypes=[object])(array)


def _of_pairs(join: Callable[[t.Term, t.Term], t.Term], one: Array, other: Array) -> Array:
    if not one.ndim and not other.ndim:
        return _one(join(one.item(), other.item()))
    return np.asarray(np.frompyfunc(join, 2, 1)(one, other), dtype=object)


def _softmax(array: Array) -> Array:
    powers = _of_each(lambda entry: t.Apply(t.NOWHERE, "exp", (entry,)), array)
    return _of_each(lambda power: t.Div(t.NOWHERE, power, _total(powers)), powers)


def _squares(array: Array) -> Array:
    return _of_each(lambda entry: t.Power(t.NOWHERE, entry, t.Num(t.NOWHERE, "2")), array)


def _each(join: Callable[[t.Term, t.Term], t.Term], one: Array, other: Array) -> Iterator[Array]:
    """Two arrays entry by entry, where they fit: a number beside each entry, a vector beside each row, or column."""
    if one.shape == other.shape or not one.ndim or not other.ndim:
        yield _of_pairs(join, one, other)
        return
    if {one.ndim, other.ndim} != {1, 2}:
        return
    rows = one.shape[-1] == other.shape[-1]
    if rows:
        yield _of_pairs(join, one, other)
    if one.shape[0] == other.shape[0]:
        yield _of_pairs(join, *(array[:, None] if array.ndim == 1 else array for array in (one, other)))


def _sums(arrays: tuple[Array, ...], signs: tuple[str, ...]) -> Iterator[Array]:
    def signed(array: Array, sign: str) -> Array:
        return array if sign == "+" else _of_each(lambda entry: t.Add(t.NOWHERE, (entry,), ("-",)), array)

    def added(some: list[Array], other: tuple[Array, str]) -> list[Array]:
        def join(one: t.Term, two: t.Term) -> t.Term:
            return t.Add(t.NOWHERE, (one, two), ("+", other[1]))

        return [array for one in some for array in _each(join, one, other[0])]

    first = signed(arrays[0], signs[0])
    yield from functools.reduce(added, zip(arrays[1:], signs[1:], strict=True), [first])


def _contracted(one: Array, other: Array) -> Array:
    """The product of two arrays over the last axis of the one and the first of the other."""
    left, right = np.atleast_2d(one), other if other.ndim == 2 else other[:, None]
    found = np.empty((left.shape[0], right.shape[1]), dtype=object)
    for row, column in np.ndindex(found.shape):
        found[row, column] = _total(_of_pairs(_product, left[row], right[:, column]))
    return found.reshape(one.shape[:-1] + other.shape[1:])
