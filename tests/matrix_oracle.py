"""What an index expression and a matrix form are worth on arrays: the one entry by entry, the other with NumPy's @."""

import itertools
from functools import reduce

import numpy as np
from sympy import Float, Indexed, KroneckerDelta, Piecewise, S, Sum

from symgrad.notation.matrix import tree
from symgrad.tensors.functions import Determinant, Elementary, MatrixInverse


def by_entries(expr, indices, arrays, sizes):
    """The array of an expression's values over its free indices."""
    lengths = [int(index.size.subs(sizes)) for index in indices]
    result = np.empty(lengths)
    for place in itertools.product(*map(range, lengths)):
        result[place] = _value(expr, dict(zip(indices, place, strict=True)), arrays, sizes)
    return result


def _value(expr, at, arrays, sizes):
    if isinstance(expr, Sum):
        ranges = [range(int((last + 1).subs(sizes))) for _, _, last in expr.limits]
        names = [index for index, _, _ in expr.limits]
        places = (dict(zip(names, place, strict=True)) for place in itertools.product(*ranges))
        return sum(_value(expr.function, {**at, **place}, arrays, sizes) for place in places)
    if isinstance(expr, Indexed):
        return arrays[str(expr.base.label)][tuple(int(index.subs(at)) for index in expr.indices)]
    if isinstance(expr, MatrixInverse):
        return np.linalg.inv(arrays[str(expr.args[0].label)])[tuple(int(index.subs(at)) for index in expr.args[1:3])]
    if isinstance(expr, Determinant):
        return np.linalg.det(arrays[str(expr.args[0].label)])
    if isinstance(expr, KroneckerDelta):
        return float(expr.subs(at))
    if isinstance(expr, Piecewise):
        return next(_value(v, at, arrays, sizes) for v, c in expr.args if c is S.true or _holds(c, at, arrays, sizes))
    if expr.is_Symbol:
        return float(sizes[expr] if expr in sizes else arrays[expr.name])
    if not expr.args:
        return float(expr)
    values = [_value(arg, at, arrays, sizes) for arg in expr.args]
    if expr.is_Add or expr.is_Mul:
        return reduce(lambda a, b: a + b if expr.is_Add else a * b, values)
    return _applied(expr.func, values)


def _holds(condition, at, arrays, sizes):
    return bool(condition.func(*(_value(side, at, arrays, sizes) for side in condition.args)))


def _applied(function, values):
    if issubclass(function, Elementary):
        return float(function.definition(_number(values[0])))
    return float(function(*map(_number, values)))


def _number(value):
    return Float(value, 17)


class Evaluator:
    """Evaluates matrix forms strictly: shapes have to be equal, only a number may stand for an array of it."""

    def __init__(self, arrays, sizes):
        self.arrays, self.sizes, self.at = arrays, sizes, {}

    def __call__(self, node):
        value = getattr(self, type(node).__name__.lower())(node)
        expected = tuple(int(size.subs(self.sizes)) for size in node.shape)
        assert value.shape == expected, f"{type(node).__name__} of shape {value.shape} says {expected}"
        return value

    def scalar(self, node):
        return np.full((1, 1), _value(node.value, self.at, self.arrays, self.sizes))

    def name(self, node):
        part = self.arrays[node.name][tuple(int(place.subs(self.at)) for place in node.at)]
        return np.asarray(part).reshape([int(size.subs(self.sizes)) for size in node.shape])

    def ones(self, node):
        return np.ones((int(node.size.subs(self.sizes)), 1))

    def unit(self, node):
        return np.eye(int(node.size.subs(self.sizes)))[:, [int(node.place)]]

    def identity(self, node):
        return np.eye(int(node.size.subs(self.sizes)))

    def transpose(self, node):
        return self(node.body).T

    def product(self, node):
        return reduce(np.matmul, map(self, node.factors))

    def scale(self, node):
        value = _value(node.coefficient, self.at, self.arrays, self.sizes) * self(node.body)
        for scalar in node.scalars:
            assert scalar.is_scalar
            value = self(scalar).item() * value
        return value

    def _entrywise(self, parts):
        values = [self(part) for part in parts]
        whole = {part.shape for part in parts if not (isinstance(part, tree.Scalar) and part.value.is_number)}
        assert len(whole) <= 1, f"{parts} have different shapes"
        shape = max((value.shape for value in values), default=(1, 1))
        return [np.broadcast_to(value, shape) for value in values]

    def plus(self, node):
        return reduce(np.add, self._entrywise(node.terms))

    def hadamard(self, node):
        return reduce(np.multiply, self._entrywise(node.factors))

    def power(self, node):
        return self(node.base) ** _value(node.exponent, {}, self.arrays, self.sizes)

    def apply(self, node):
        return np.vectorize(lambda *values: _applied(node.function, values))(*self._entrywise(node.arguments))

    def indicator(self, node):
        left, right = self._entrywise((node.left, node.right))
        return RELATIONS[node.relation](left, right).astype(float)

    def diag(self, node):
        return np.diag(self(node.vector)[:, 0])

    def diagonal(self, node):
        return np.diag(self(node.body))[:, None]

    def trace(self, node):
        return np.trace(self(node.body)).reshape(1, 1)

    def squarednorm(self, node):
        return (self(node.body) ** 2).sum().reshape(1, 1)

    def sumnorm(self, node):
        assert node.body.shape[1] == 1
        return np.abs(self(node.body)).sum().reshape(1, 1)

    def inverse(self, node):
        return np.linalg.inv(self(node.body))

    def det(self, node):
        return np.linalg.det(self(node.body)).reshape(1, 1)

    def each(self, node):
        total = 0.0
        for place in range(int(node.index.size.subs(self.sizes))):
            self.at[node.index] = place
            total = total + self(node.body)
        del self.at[node.index]
        return total


RELATIONS = {
    ">": np.greater,
    "<": np.less,
    ">=": np.greater_equal,
    "<=": np.less_equal,
    "==": np.equal,
    "!=": np.not_equal,
}


def by_matrices(form, indices, arrays, sizes):
    """The array of a matrix form's values over the free indices, the batch indices in front one by one."""
    evaluate = Evaluator(arrays, sizes)
    lengths = [int(index.size.subs(sizes)) for index in indices]
    result = np.empty(lengths)
    lead = indices[: max(len(indices) - 2, 0)]
    for place in itertools.product(*map(range, lengths[: len(lead)])):
        evaluate.at = dict(zip(lead, place, strict=True))
        value = evaluate(form)
        part = tuple(lengths[len(lead) :])
        if isinstance(form, tree.Scalar):
            result[place] = value.item()
            continue
        assert value.shape in ((*part, 1, 1)[:2], (1, *part)[:2])
        result[place] = value.reshape(part)
    return result
