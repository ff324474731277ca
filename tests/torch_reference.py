"""A model's forward equations computed by PyTorch, entry by entry, and its gradients by PyTorch's autograd.

Nothing of symgrad's derivatives or code generation is used: an index is a range along a dimension of its own, a
sum is a sum over that dimension, and the rest is a table of functions.
"""

import math

import numpy as np
import pytest
import sympy
from sympy.concrete.expr_with_limits import ExprWithLimits

from symgrad.equations import Index
from symgrad.indices import Largest
from symgrad.tensors.functions import Determinant, MatrixInverse, relu, sigmoid, softplus

torch = pytest.importorskip("torch")


FUNCTIONS = {
    sympy.exp: torch.exp,
    sympy.log: torch.log,
    sympy.tanh: torch.tanh,
    sympy.sin: torch.sin,
    sympy.cos: torch.cos,
    sympy.erf: torch.erf,
    sympy.Abs: torch.abs,
    sympy.sign: torch.sign,
    sympy.floor: torch.floor,
    sigmoid: torch.sigmoid,
    softplus: lambda z: torch.logaddexp(z, torch.zeros_like(z)),
    relu: torch.relu,
    sympy.StrictGreaterThan: torch.gt,
    sympy.GreaterThan: torch.ge,
    sympy.StrictLessThan: torch.lt,
    sympy.LessThan: torch.le,
    sympy.And: lambda *parts: math.prod(parts[1:], start=parts[0]),
    sympy.Not: torch.logical_not,
}


class Forward:
    """The values of a model's quantities as tensors, from those of its inputs."""

    def __init__(self, model, inputs):
        self.values = dict(inputs)
        self.sizes = {
            axis: length
            for quantity in model.inputs
            for axis, length in zip(quantity.axes, inputs[quantity.name].shape, strict=True)
        }
        for equation in model.equations:
            places = {index: place for place, index in enumerate(equation.indices)}
            value = self.entry(equation.rhs, places, len(places))
            self.values[equation.name] = value.expand([self.size(index.size) for index in equation.indices])
        self.result = self.values[model.result]

    def size(self, expr):
        return int(expr.xreplace(self.sizes))

    def entry(self, expr, places, rank):
        """An expression's values; index i runs along dimension places[i] of rank dimensions."""
        if expr.is_Number or expr.is_NumberSymbol:
            return torch.tensor(float(expr), dtype=torch.float64)
        if expr in self.sizes:
            return torch.tensor(float(self.sizes[expr]), dtype=torch.float64)
        if isinstance(expr, Index):
            shape = [-1 if place == places[expr] else 1 for place in range(rank)]
            return torch.arange(self.size(expr.size), dtype=torch.float64).reshape(shape)
        if expr.is_Symbol:
            return self.values[expr.name]
        if isinstance(expr, sympy.Indexed):
            return self.read(self.values[str(expr.base.label)], expr.indices, places, rank)
        if isinstance(expr, MatrixInverse):
            return self.read(torch.linalg.inv(self.values[str(expr.args[0].label)]), expr.args[1:3], places, rank)
        if isinstance(expr, Determinant):
            return torch.linalg.det(self.values[str(expr.args[0].label)])
        if isinstance(expr, ExprWithLimits):
            bound = [limit[0] for limit in expr.limits]
            inner = {**places, **{index: rank + place for place, index in enumerate(bound)}}
            body = self.entry(expr.function, inner, rank + len(bound))
            body = body.reshape([1] * (rank + len(bound) - body.ndim) + list(body.shape))
            shape = [*body.shape[:rank], *(self.size(index.size) for index in bound)]
            over = tuple(range(rank, rank + len(bound)))
            return body.expand(shape).amax(over) if isinstance(expr, Largest) else body.expand(shape).sum(over)
        if isinstance(expr, sympy.Piecewise):
            (value, condition), *rest = expr.args
            first = self.entry(value, places, rank)
            if condition == True or not rest:  # noqa: E712 (SymPy's own truth value)
                return first
            chosen = self.entry(condition, places, rank)
            return torch.where(chosen, first, self.entry(sympy.Piecewise(*rest, evaluate=False), places, rank))
        parts = [self.entry(arg, places, rank) for arg in expr.args]
        if isinstance(expr, sympy.Add):
            return sum(parts[1:], start=parts[0])
        if isinstance(expr, sympy.Mul):
            return math.prod(parts[1:], start=parts[0])
        if isinstance(expr, sympy.Pow):
            return torch.sqrt(parts[0]) if expr.exp == sympy.S.Half else parts[0] ** parts[1]
        if isinstance(expr, sympy.KroneckerDelta):
            return (parts[0] == parts[1]).double()
        return FUNCTIONS[type(expr)](*parts)

    def read(self, array, indices, places, rank):
        at = [self.entry(index, places, rank).long() for index in indices]
        inside = [index.clamp(0, size - 1) for index, size in zip(at, array.shape, strict=True)]
        return array[tuple(inside)]


def loss_and_gradients(model, values, wrt):
    """The result and its gradients by name, by PyTorch in float64."""
    inputs = {}
    for quantity in model.inputs:
        tensor = torch.from_numpy(np.array(values[quantity.name]))
        inputs[quantity.name] = tensor if quantity.integer else tensor.double().requires_grad_()
    result = Forward(model, inputs).result
    found = torch.autograd.grad(result, [inputs[name] for name in wrt], materialize_grads=True)
    return result.item(), {name: gradient.numpy() for name, gradient in zip(wrt, found, strict=True)}
