"""Composite functions of the field, by their textbook definitions; a compiled program computes them stably."""

from __future__ import annotations

from typing import Any

from symgrad.tensors import elementwise as e
from symgrad.tensors.arranging import moveaxis, positions
from symgrad.tensors.functions import Choice
from symgrad.tensors.indexing import is_whole, item
from symgrad.tensors.reductions import mean, places, sum_
from symgrad.tensors.tensor import Tensor, as_tensor


def softmax(z: Tensor, axis: Any = -1, mask: Any = None) -> Tensor:
    """exp(z)/Σ exp(z) along an axis; an entry where the mask is 0 (or its comparison fails) has no weight.

    >>> import symgrad as sg
    >>> sg.softmax([5.0, 5.0]).tolist()
    [0.5, 0.5]
    """
    weight = _exp(z) if mask is None else _exp(z) * as_tensor(mask, z.scope)
    return weight / sum_(weight, axis, keepdims=True)


def _exp(z: Tensor) -> Tensor:
    found: Tensor = e.exp(z)
    return found


def logsumexp(z: Tensor, axis: Any = -1, keepdims: bool = False) -> Tensor:
    """log Σ exp(z) along an axis.

    >>> import symgrad as sg
    >>> round(float(sg.logsumexp([1000.0, 1000.0])) - 1000, 9)  # log 2
    0.693147181
    """
    found: Tensor = e.log(sum_(_exp(z), axis, keepdims))
    return found


def log_softmax(z: Tensor, axis: Any = -1) -> Tensor:
    """z - log Σ exp(z) along an axis.

    >>> import symgrad as sg
    >>> sg.exp(sg.log_softmax([5.0, 5.0])).round(9).tolist()
    [0.5, 0.5]
    """
    return z - logsumexp(z, axis, keepdims=True)


def cross_entropy(logits: Tensor, target: Tensor, axis: Any = -1) -> Tensor:
    """-Σ target log softmax(logits) along an axis, its mean over the others.

    The target holds probabilities, or, declared as whole numbers ("n int"), the position of the right class.

    >>> import symgrad as sg
    >>> round(float(sg.cross_entropy([[0.0, 0.0]], [[1.0, 0.0]])), 9)  # log 2
    0.693147181
    """
    if target.ndim < logits.ndim and is_whole(target.expr, target.scope):
        per_row = logsumexp(logits, axis) - _picked(logits, target, axis)
    else:
        per_row = -sum_(target * log_softmax(logits, axis), axis)
    return mean(per_row) if per_row.ndim else per_row


def _picked(logits: Tensor, target: Tensor, axis: Any) -> Tensor:
    """The logit of each row's class: logits[i, target[i]]."""
    logits = moveaxis(logits, places(logits, axis)[0], -1)
    rank = logits.ndim - 1
    rows = [item(positions(logits, at), (slice(None), *[None] * (rank - at - 1))) for at in range(rank)]
    return item(logits, (*rows, target))


def binary_cross_entropy(logits: Tensor, target: Tensor) -> Tensor:
    """The mean of -(target log σ(logits) + (1 - target) log(1 - σ(logits))), written as softplus(z) - target z.

    >>> import symgrad as sg
    >>> round(float(sg.binary_cross_entropy([0.0], [1.0])), 9)  # log 2
    0.693147181
    """
    found: Tensor = mean(e.softplus(logits) - target * logits)
    return found


def mse(prediction: Tensor, target: Tensor) -> Tensor:
    """The mean squared difference.

    >>> import symgrad as sg
    >>> float(sg.mse([1.0, 2.0], [1.0, 4.0]))
    2.0
    """
    return mean((prediction - target) ** 2)


def huber(prediction: Tensor, target: Tensor, delta: Any = 1) -> Tensor:
    """The mean of r²/2 where |r| ≤ δ, and δ(|r| - δ/2) elsewhere; Huber 1964.

    >>> import symgrad as sg
    >>> float(sg.huber([3.0], [0.0]))
    2.5
    """
    residual = prediction - target
    size = abs(residual)
    limit = as_tensor(delta, prediction.scope)
    return mean(_either(size, limit, residual**2 / 2, limit * (size - limit / 2)))


def _either(size: Tensor, limit: Tensor, near: Tensor, far: Tensor) -> Tensor:
    return size.combine(lambda p: Choice((p[2], p[0] <= p[1]), (p[3], True)), limit, near, far)


def hinge(score: Tensor, target: Tensor) -> Tensor:
    """The mean of max(0, 1 - target·score); targets are -1 and 1.

    >>> import symgrad as sg
    >>> float(sg.hinge([0.5, -2.0], [1.0, -1.0]))
    0.25
    """
    found: Tensor = mean(e.relu(1 - target * score))
    return found


def l1(*weights: Tensor) -> Tensor:
    """The sum of absolute values, of all the quantities given.

    >>> import symgrad as sg
    >>> float(sg.l1([1.0, -2.0], [-4.0]))
    7.0
    """
    return _added([sum_(abs(weight)) for weight in weights])


def l2(*weights: Tensor) -> Tensor:
    """The sum of squares, of all the quantities given.

    >>> import symgrad as sg
    >>> float(sg.l2([1.0, -2.0], [-4.0]))
    21.0
    """
    return _added([sum_(weight**2) for weight in weights])


def _added(terms: list[Tensor]) -> Tensor:
    first, *rest = terms
    for term in rest:
        first = first + term
    return first
