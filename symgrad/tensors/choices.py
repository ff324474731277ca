"""Elementwise choices: one of two values by a condition, the larger or the smaller, activations in two pieces."""

from __future__ import annotations

from typing import Any

from sympy import Expr, Integer, Ne, Piecewise, exp

from symgrad.errors import ModelError
from symgrad.expressions import product, total
from symgrad.tensors.functions import Choice
from symgrad.tensors.tensor import Tensor


def where(condition: Tensor, a: Any, b: Any) -> Tensor:
    """a where the condition holds, b elsewhere; the condition is a comparison, or a mask that holds where it isn't 0.

    >>> import symgrad as sg
    >>> sg.where([True, False], [1.0, 2.0], 0.0).tolist()
    [1.0, 0.0]
    """
    return condition.combine(lambda p: Choice((p[1], _truth(p[0])), (p[2], True)), a, b)


def _truth(mask: Expr) -> Expr:
    """The condition of a mask: the comparison that it was made from, or that it isn't 0."""
    if isinstance(mask, Piecewise) and len(mask.args) == 2 and [part.expr for part in mask.args] == [1, 0]:
        return mask.args[0].cond
    return Ne(mask, 0)


def maximum(a: Tensor, b: Tensor) -> Tensor:
    """The larger of two, entry by entry; where they tie, the derivative is the second's.

    >>> import symgrad as sg
    >>> sg.maximum([1.0, 4.0], 2.0).tolist()
    [2.0, 4.0]
    """
    return a.combine(lambda p: Choice((p[0], p[0] > p[1]), (p[1], True)), b)


def minimum(a: Tensor, b: Tensor) -> Tensor:
    """The smaller of two, entry by entry; where they tie, the derivative is the second's.

    >>> import symgrad as sg
    >>> sg.minimum([1.0, 4.0], 2.0).tolist()
    [1.0, 2.0]
    """
    return a.combine(lambda p: Choice((p[0], p[0] < p[1]), (p[1], True)), b)


def clip(z: Tensor, a_min: Any = None, a_max: Any = None) -> Tensor:
    """z kept between two bounds, of which one may be None; its derivative at either is 1.

    >>> import symgrad as sg
    >>> sg.clip([-2.0, 0.5, 3.0], 0, 1).tolist()
    [0.0, 0.5, 1.0]
    """
    if a_min is None and a_max is None:
        raise ModelError("clip needs a bound")
    if a_max is None:
        return z.combine(lambda p: Choice((p[1], p[0] < p[1]), (p[0], True)), a_min)
    if a_min is None:
        return z.combine(lambda p: Choice((p[1], p[0] > p[1]), (p[0], True)), a_max)
    return z.combine(lambda p: Choice((p[1], p[0] < p[1]), (p[2], p[0] > p[2]), (p[0], True)), a_min, a_max)


def leaky_relu(z: Tensor, slope: Any = 0.01) -> Tensor:
    """z where z > 0, and slope·z elsewhere; the slope may be a quantity that is learnt.

    >>> import symgrad as sg
    >>> sg.leaky_relu([-2.0, 3.0], 0.5).tolist()
    [-1.0, 3.0]
    """
    written = z.scope.written
    return z.combine(lambda p: Choice((p[0], p[0] > 0), (product((p[1], p[0]), written), True)), slope)


def elu(z: Tensor, alpha: Any = 1) -> Tensor:
    """z where z > 0, and α(exp(z) - 1) elsewhere; Clevert et al. 2015.

    >>> import symgrad as sg
    >>> sg.elu([0.0, 3.0]).tolist()
    [0.0, 3.0]
    """
    written = z.scope.written

    def below(x: Expr, factor: Expr) -> Expr:
        return product((factor, total((exp(x), Integer(-1)), written)), written)

    return z.combine(lambda p: Choice((p[0], p[0] > 0), (below(*p), True)), alpha)
