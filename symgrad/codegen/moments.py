"""Sufficient statistics: a cost that is a sum of squares, each a sum of (function of the data)·(function of the
parameters), needs only moments of the data, so that an epoch costs the same however many samples there are.

The moments Σx, Σx², Σxy, … enter as the triangle R of a QR decomposition of the functions of the data, C = QR: the sum
of squares Σ(Cφ)² is |Rφ|² (Golub and Van Loan, Matrix Computations, 4th ed. 2013, section 5.3), without the
cancellation that sums of products suffer. Where there is a constant among the functions, the others are shifted by
their means first.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import Add, Expr, Indexed, IndexedBase, Integer, Mul, Pow, S, Sum, Symbol

from symgrad.codegen.numpy import NumpySource, namespace
from symgrad.equations import Equation, Index, Model, Quantity, base_name, names_in, needed
from symgrad.indices import inlined, reduced

Array = NDArray[np.float64]
Columns = Mapping[str, NDArray[Any]]
Chunks = Callable[[], Iterator[Array]]

ROWS = 2**16  # samples that are looked at together
MOST = 512  # functions of the data: their triangle has half the square of that
WORTH = 4  # samples for each function of the data, below which moments don't pay
CLOSE = 1e-9  # how far the sums of squares may be from the plain ones


@dataclass(frozen=True)
class Moments:
    """A model of the parameters and of moments with the same value and gradient, and the moments' values."""

    model: Model
    values: dict[str, NDArray[np.float64]]
    samples: int

    @property
    def summary(self) -> str:
        """What was done, in a sentence."""
        count = sum(value.size for value in self.values.values())
        return (
            f"{self.samples} samples enter through {count} moments, computed once (the triangle of a QR "
            "decomposition): an epoch costs the same for any number of samples"
        )


class _NoMomentsError(Exception):
    """The model has no such form; never leaves this module."""


def moments(model: Model, params: Sequence[str], columns: Columns) -> Moments | None:
    """The model rewritten in moments of the columns; None where it has no such form, or it wouldn't pay or be exact.

    `columns` hold one entry a sample along the first axis, numbers the same for all. They are read in chunks, so that
    they may be larger than memory (`numpy.memmap`). The result of a model of scalars becomes its mean.

    >>> from symgrad.equations import Model
    >>> line = Model.from_equations([("r", Symbol("w")*Symbol("x") - Symbol("y")), ("L", Symbol("r")**2)])
    >>> x = np.arange(100.0)
    >>> found = moments(line, ["w"], {"x": x, "y": 2*x})
    >>> round(float(found.model(w=3.0, **found.values)), 6), float((x**2).mean())  # (w - 2)² mean(x²)
    (3283.5, 3283.5)
    """
    varying = {name: column for name, column in columns.items() if column.ndim}
    if not varying or any(name in varying for name in params):
        return None
    samples = len(next(iter(varying.values())))
    try:
        parts = _Parts.of(model, params, columns, varying)
        found = _rows(parts, samples) if model.has_axes else _scalars(parts, samples)
    except _NoMomentsError:
        return None
    return found


@dataclass(frozen=True)
class _Parts:
    """A model's equations that don't depend on data, and its result with the others written out."""

    model: Model
    params: tuple[str, ...]
    columns: Columns
    varying: Columns
    free: tuple[Equation, ...]
    result: Expr

    @staticmethod
    def of(model: Model, params: Sequence[str], columns: Columns, varying: Columns) -> _Parts:
        """Sort the equations."""
        tied = set(varying)
        definitions: dict[str, tuple[tuple[Index, ...], Expr]] = {}
        free, counter = [], itertools.count()
        for equation in model.equations:
            if equation.uses.isdisjoint(tied):
                free.append(equation)
                continue
            tied.add(equation.name)
            rhs = inlined(equation.rhs, definitions, counter, dict(model.written))
            if sum(1 for _ in itertools.islice(_walk(rhs), 3000)) == 3000:
                raise _NoMomentsError
            definitions[equation.name] = equation.indices, rhs
        if model.result not in definitions or model.functions:
            raise _NoMomentsError
        return _Parts(model, tuple(params), columns, varying, tuple(free), definitions[model.result][1])

    def has_data(self, expr: Expr) -> bool:
        """Whether an expression uses a column that has an entry for each sample."""
        return not set(self.varying).isdisjoint(names_in(expr))

    def rewritten(
        self, equations: Sequence[Equation], moments: Sequence[Quantity], values: Columns, samples: int
    ) -> Moments:
        """The model of the free equations and of these."""
        kept = needed({self.model.result}, (*self.free, *equations))
        equations = tuple(equation for equation in (*self.free, *equations) if equation.name in kept)
        given = [q for q in self.model.inputs if q.name in kept or q.name in self.params]
        given = [q for q in given if q.name not in self.varying]
        extra = [quantity for quantity in moments if quantity.name in kept]
        defaults = {name: value for name, value in self.model.defaults.items() if any(name == q.name for q in given)}
        model = Model(
            self.model.name,
            (*given, *extra),
            equations,
            self.model.result,
            defaults,
            self.model.written,
            self.model.doc,
        )
        found = {name: np.asarray(value, dtype=np.float64) for name, value in values.items() if name in kept}
        constants = {q.name: np.asarray(self.columns[q.name]) for q in given if q.name in self.columns}
        return Moments(model, {**constants, **found}, samples)

    def name(self, wanted: str) -> str:
        """A name that the model doesn't have."""
        while wanted in self.model.quantities:
            wanted += "_"
        return wanted


def _walk(expr: Expr) -> Iterator[Expr]:
    stack = [expr]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(node.args)


# Models of scalars.


def _scalars(parts: _Parts, samples: int) -> Moments:
    squares: list[tuple[Expr, dict[Expr, Expr]]] = []
    rest: list[Expr] = []
    linear: dict[Expr, Expr] = {}
    for factor, term in _terms(parts, parts.result, S.One):
        if not parts.has_data(term):
            rest.append(factor * term)
        elif isinstance(term, Pow) and term.exp.is_Integer and term.exp > 0 and term.exp % 2 == 0:
            squares.append((factor, _separated(parts, term.base ** (term.exp / 2))))
        else:
            for data, free in _separated(parts, term).items():
                linear[data] = linear.get(data, S.Zero) + factor * free
    count = sum(len(square) for _, square in squares) + len(linear)
    if count > 48 or WORTH * count > samples:
        raise _NoMomentsError
    equations: list[Equation] = []
    values: dict[str, NDArray[Any]] = {}
    for which, (factor, square) in enumerate(squares, 1):
        term = _sum_of_squares(parts, square, f"{which}" if len(squares) > 1 else "", equations, values, samples)
        rest.append(factor * term)
    for place, (data, free) in enumerate(linear.items()):
        name = parts.name(f"mean{place}")
        values[name] = np.array(_mean(parts, data, samples))
        rest.append(Symbol(name) * free)
    return parts.rewritten(
        [*equations, Equation(parts.model.result, Add(*rest))], list(map(Quantity, values)), values, samples
    )


def _terms(parts: _Parts, expr: Expr, factor: Expr) -> Iterator[tuple[Expr, Expr]]:
    """The terms of a sum, each as a factor without data and the rest."""
    if isinstance(expr, Add):
        for arg in expr.args:
            yield from _terms(parts, arg, factor)
    elif isinstance(expr, Mul):
        outside = [arg for arg in expr.args if not parts.has_data(arg)]
        inside = [arg for arg in expr.args if parts.has_data(arg)]
        rest = Mul(*inside)
        if outside and isinstance(rest, Add | Pow):
            yield from _terms(parts, rest, factor * Mul(*outside))
        else:
            yield factor * Mul(*outside), rest
    else:
        yield factor, expr


def _separated(parts: _Parts, expr: Expr) -> dict[Expr, Expr]:
    """Functions of the data, each with the function of the parameters that multiplies it."""
    if not parts.has_data(expr):
        return {S.One: expr}
    constants = set(parts.columns) | {n for n in parts.model.defaults if n not in parts.params}
    if constants.issuperset(names_in(expr)) and not isinstance(expr, Add):
        number, data = expr.as_coeff_Mul()
        return {data: number}
    if isinstance(expr, Add):
        found: dict[Expr, Expr] = {}
        for arg in expr.args:
            for data, free in _separated(parts, arg).items():
                found[data] = found.get(data, S.Zero) + free
        return {data: free for data, free in found.items() if free != 0}
    if isinstance(expr, Mul):
        return _product([_separated(parts, arg) for arg in expr.args])
    if isinstance(expr, Pow) and expr.exp.is_Integer and 0 < expr.exp <= 8:
        return _product([_separated(parts, expr.base)] * int(expr.exp))
    raise _NoMomentsError


def _product(factors: Sequence[dict[Expr, Expr]]) -> dict[Expr, Expr]:
    result = {S.One: S.One}
    for factor in factors:
        step: dict[Expr, Expr] = {}
        for (a, f), (b, g) in itertools.product(result.items(), factor.items()):
            number, data = (a * b).as_coeff_Mul()
            step[data] = step.get(data, S.Zero) + number * f * g
        result = step
        if len(result) > 48:
            raise _NoMomentsError
    return result


def _sum_of_squares(
    parts: _Parts,
    square: dict[Expr, Expr],
    label: str,
    equations: list[Equation],
    values: dict[str, NDArray[Any]],
    samples: int,
) -> Expr:
    """The mean of a square, as a sum of squares with one term a row of the triangle."""
    keys = sorted(square, key=lambda data: (data != 1, bool(square[data].is_number)))
    triangle = _triangle(_features(parts, keys, samples), len(keys), keys[0] == 1) / np.sqrt(samples)
    terms: list[Expr] = []
    for row in range(len(keys)):
        later = range(row, len(keys))
        if all(square[keys[column]].is_number for column in later):
            known = sum(triangle[row, column] * float(square[keys[column]]) for column in later)
            name = parts.name(f"rest{label}_{row + 1}")
            values[name] = np.array(known**2)
            terms.append(Symbol(name))
            continue
        sides: list[Expr] = []
        for column in later:
            if keys[column] == 1 and row == 0:  # the norm of ones, over the root of their number
                sides.append(square[keys[column]])
                continue
            name = parts.name(f"r{label}_{row + 1}_{column + 1}")
            values[name] = np.array(triangle[row, column])
            sides.append(Symbol(name) * square[keys[column]])
        name = parts.name(f"e{label}_{row + 1}")
        equations.append(Equation(name, Add(*sides)))
        terms.append(Symbol(name) ** 2)
    return Add(*terms)


def _features(parts: _Parts, keys: Sequence[Expr], samples: int) -> Chunks:
    """Chunks of the matrix whose columns are the functions of the data."""
    source = NumpySource(parts.model.written)
    texts = [source.text(key) for key in keys]
    space = namespace(source.imports, source.helpers)
    # The texts are our own printer's, as in a compiled model.
    codes = [compile(text, "<symgrad moments>", "eval") for text in texts]
    constants = {name: np.float64(column) for name, column in parts.columns.items() if not column.ndim}
    constants |= {name: np.float64(value) for name, value in parts.model.defaults.items() if name not in constants}

    def chunks() -> Iterator[Array]:
        for start in range(0, samples, ROWS):
            part = {n: np.asarray(c[start : start + ROWS], dtype=np.float64) for n, c in parts.varying.items()}
            length = min(ROWS, samples - start)
            with np.errstate(all="ignore"):
                yield np.stack(
                    [np.broadcast_to(eval(code, space, {**constants, **part}), length) for code in codes], axis=1
                )

    return chunks


def _mean(parts: _Parts, data: Expr, samples: int) -> float:
    """The mean of a function of the data; refused where its sum cancels too much to be exact."""
    sums = [(float(chunk.sum()), float(np.abs(chunk).sum())) for chunk in _features(parts, [data], samples)()]
    total, sizes = _exact_sum(s for s, _ in sums), _exact_sum(s for _, s in sums)
    if not np.isfinite(total) or abs(total) < 1e-4 * sizes:
        raise _NoMomentsError
    return total / samples


def _exact_sum(numbers: Iterator[float]) -> float:
    from math import fsum

    try:
        return fsum(numbers)
    except (OverflowError, ValueError):
        return float("nan")


# The triangle.


def _triangle(chunks: Chunks, width: int, constant_first: bool) -> Array:
    """R with |Rv| = |Cv| for every v, C being the chunks below one another; raises where that isn't exact enough."""
    shift = np.zeros(width)
    if constant_first:
        totals = [(len(chunk), chunk.mean(axis=0)) for chunk in chunks()]
        count = sum(length for length, _ in totals)
        shift = sum((length / count * mean for length, mean in totals), shift)
        shift[0] = 0.0
    triangle = np.zeros((0, width))
    for chunk in chunks():
        triangle = np.asarray(np.linalg.qr(np.vstack([triangle, chunk - shift]), mode="r"))
    if triangle.shape != (width, width) or not np.isfinite(triangle).all():
        raise _NoMomentsError
    _check(chunks, triangle, shift)
    back = np.eye(width)
    back[0] += shift  # C = (C - shift) · back
    signs = np.where(np.diag(triangle) < 0, -1.0, 1.0)
    return np.triu(triangle @ back) * signs[:, None]


def _check(chunks: Chunks, triangle: Array, shift: Array) -> None:
    """Compare |Rv| with |Cv|, for some v and for the one where the columns cancel most."""
    norms = np.linalg.norm(triangle, axis=0)
    scale = np.where(norms > 0, norms, 1.0)
    probes = np.random.default_rng(0).normal(size=(len(triangle), 3))
    probes[:, 0] = np.linalg.svd(triangle / scale)[2][-1]
    probes /= scale[:, None]
    plain, sizes = np.zeros(3), np.zeros(3)
    for chunk in chunks():
        plain += ((chunk - shift) @ probes).__pow__(2).sum(axis=0)
        sizes += (np.abs(chunk - shift) @ np.abs(probes)).__pow__(2).sum(axis=0)
    ours = np.square(triangle @ probes).sum(axis=0)
    tiny = np.sqrt(plain) <= 64 * np.finfo(np.float64).eps * np.sqrt(sizes)  # an exact fit: rounding, nothing else
    if not (tiny | (np.abs(ours - plain) <= CLOSE * plain)).all():
        raise _NoMomentsError


# Models with axes: the rows of the data are replaced by the rows of the triangle.


def _rows(parts: _Parts, samples: int) -> Moments:
    squares = []
    rest: list[Expr] = []
    for factor, term in _terms(parts, parts.result, S.One):
        if not parts.has_data(term):
            rest.append(factor * term)
        elif isinstance(term, Sum) and isinstance(term.function, Pow) and term.function.exp == 2:
            squares.append((factor, term))
        else:
            raise _NoMomentsError
    if len(squares) != 1:
        raise _NoMomentsError
    ((factor, square),) = squares
    sizes = {parts.model.quantities[name].axes[0] for name in parts.varying}
    if len(sizes) != 1:
        raise _NoMomentsError
    (size,) = sizes
    over = [index for index in square.variables if index.size == size]
    if len(over) != 1:
        raise _NoMomentsError
    (sample,) = over
    residual = square.function.base
    entries = _Entries(parts, sample)
    used = [name for name in parts.varying if name in names_in(residual)]
    terms = residual.args if isinstance(residual, Add) else (residual,)
    constant = any(not parts.has_data(term) for term in terms)
    widths = {name: int(np.prod(parts.varying[name].shape[1:], dtype=int)) for name in used}
    width = sum(widths.values()) + constant
    if width > MOST or WORTH * width > samples:
        raise _NoMomentsError
    row = Index(sample.name, Integer(width))
    one = parts.name("one")
    body = Add(*(entries.moved(term, row, one) for term in terms))

    def chunks() -> Iterator[Array]:
        for start in range(0, samples, ROWS):
            end = min(start + ROWS, samples)
            found = [np.ones((end - start, 1))] * constant
            found += [
                np.asarray(parts.varying[name][start:end], dtype=np.float64).reshape(end - start, -1) for name in used
            ]
            yield np.hstack(found)

    triangle = _triangle(chunks, width, constant) / np.sqrt(samples)
    values: dict[str, NDArray[Any]] = {one: triangle[:, 0].copy()} if constant else {}
    place = int(constant)
    renamed: dict[str, str] = {}
    for name in used:
        renamed[name] = parts.name(f"{name}_r")
        shape = (width, *parts.varying[name].shape[1:])
        values[renamed[name]] = np.ascontiguousarray(triangle[:, place : place + widths[name]]).reshape(shape)
        place += widths[name]
    body = body.xreplace(
        {
            entry: IndexedBase(renamed[base_name(entry)])[entry.indices]
            for entry in body.atoms(Indexed)
            if base_name(entry) in renamed
        }
    )
    error = parts.name("e")
    indices = tuple(row if index == sample else index for index in square.variables)
    outer = (factor * size).subs(size, Integer(samples)) if factor.has(size) else factor * samples
    outer = factor * size if not (factor * size).has(size) else outer
    if any(isinstance(symbol, Index) for symbol in outer.free_symbols):
        raise _NoMomentsError
    entry = IndexedBase(error)[indices]
    loss = outer * reduced(Sum, entry**2, indices) + Add(*rest)
    if any(symbol == size for symbol in loss.free_symbols | body.free_symbols):
        raise _NoMomentsError
    equations = [Equation(error, body, indices), Equation(parts.model.result, loss)]
    moments = [Quantity(one, (row.size,))] if constant else []
    axes = {name: parts.model.quantities[name].axes[1:] for name in used}
    moments += [Quantity(renamed[name], (row.size, *axes[name])) for name in used]
    return parts.rewritten(equations, moments, values, samples)


@dataclass(frozen=True)
class _Entries:
    """Terms of a residual, each linear in one entry of the data, or without any."""

    parts: _Parts
    sample: Index

    def moved(self, term: Expr, row: Index, one: str) -> Expr:
        """The term on a row of the triangle in place of a sample."""
        if not self.parts.has_data(term):
            if self.sample in term.free_symbols:
                raise _NoMomentsError
            return IndexedBase(one)[row] * term
        factors = term.args if isinstance(term, Mul) else (term,)
        inside = [factor for factor in factors if self.parts.has_data(factor)]
        outside = [factor for factor in factors if not self.parts.has_data(factor)]
        if len(inside) != 1 or any(self.sample in factor.free_symbols for factor in outside):
            raise _NoMomentsError
        return Mul(*outside, self._inner(inside[0], row, one))

    def _inner(self, factor: Expr, row: Index, one: str) -> Expr:
        if isinstance(factor, Indexed):
            first, *others = factor.indices
            plain = all(isinstance(at, Index) or at.is_Integer for at in others)
            if first != self.sample or not plain or self.sample in others:
                raise _NoMomentsError
            return factor.base[(row, *others)]
        if isinstance(factor, Sum) and not isinstance(factor.function, Add):
            if self.sample in factor.variables:
                raise _NoMomentsError
            return reduced(Sum, self.moved(factor.function, row, one), factor.variables)
        raise _NoMomentsError
