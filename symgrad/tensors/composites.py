"""Composite functions of the field, by their textbook definitions; a compiled program computes them stably."""

from __future__ import annotations

from typing import Any

from sympy import Piecewise

from symgrad.tensors import elementwise as e
from symgrad.tensors.reductions import mean, sum_
from symgrad.tensors.tensor import Tensor, as_tensor


def softmax(z: Tensor, axis: Any = -1) -> Tensor:
    """exp(z)/Σ exp(z) along an axis."""
    return _exp(z) / sum_(_exp(z), axis, keepdims=True)


def _exp(z: Tensor) -> Tensor:
    found: Tensor = e.exp(z)
    return found


def logsumexp(z: Tensor, axis: Any = -1, keepdims: bool = False) -> Tensor:
    """log Σ exp(z) along an axis."""
    found: Tensor = e.log(sum_(_exp(z), axis, keepdims))
    return found


def log_softmax(z: Tensor, axis: Any = -1) -> Tensor:
    """z - log Σ exp(z) along an axis."""
    return z - logsumexp(z, axis, keepdims=True)


def cross_entropy(logits: Tensor, target: Any, axis: Any = -1) -> Tensor:
    """-Σ target log softmax(logits) along an axis, its mean over the others; `target` holds probabilities."""
    per_row = -sum_(as_tensor(target, logits.scope) * log_softmax(logits, axis), axis)
    return mean(per_row) if per_row.ndim else per_row


def mse(prediction: Tensor, target: Any) -> Tensor:
    """The mean squared difference."""
    return mean((prediction - target) ** 2)


def huber(prediction: Tensor, target: Any, delta: Any = 1) -> Tensor:
    """The mean of r²/2 where |r| ≤ δ, and δ(|r| - δ/2) elsewhere; Huber 1964."""
    residual = prediction - target
    size = e.abs(residual)
    limit = as_tensor(delta, prediction.scope)
    return mean(_either(size, limit, residual**2 / 2, limit * (size - limit / 2)))


def _either(size: Tensor, limit: Tensor, near: Tensor, far: Tensor) -> Tensor:
    return size.combine(lambda p: Piecewise((p[2], p[0] <= p[1]), (p[3], True)), limit, near, far)


def hinge(score: Tensor, target: Any) -> Tensor:
    """The mean of max(0, 1 - target·score); targets are -1 and 1."""
    found: Tensor = mean(e.relu(1 - as_tensor(target, score.scope) * score))
    return found


def l1(weights: Tensor) -> Tensor:
    """The sum of absolute values."""
    return sum_(e.abs(weights))


def l2(weights: Tensor) -> Tensor:
    """The sum of squares."""
    return sum_(weights**2)
