"""Loops in JAX, compiled as a whole: `fori_loop` over epochs and over the batches of one."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np

from symgrad.bench.training.cases import Case
from symgrad.bench.training.loops import Loop, Params


def scan(case: Case) -> Loop | str:
    """One call of a compiled function trains for all epochs; in an epoch `scan` runs over the full batches."""
    if not find_spec("jax"):
        return "JAX is not installed"
    import jax

    loss_of = _loss(case)
    full = case.samples // case.batch

    def step(params: Any, batch: Any) -> tuple[Any, None]:
        gradients = jax.grad(loss_of)(params, *batch)
        return [param - np.asarray(case.rate, case.dtype) * g for param, g in zip(params, gradients, strict=True)], None

    def epoch(params: Any, columns: Any, order: Any) -> Any:
        if full == 1 and order is None:
            return step(params, columns)[0]
        rows = columns if order is None else [column[order] for column in columns]
        whole = [row[: full * case.batch].reshape(full, case.batch, *row.shape[1:]) for row in rows]
        params, _ = jax.lax.scan(step, params, whole)
        rest = [row[full * case.batch :] for row in rows]
        return step(params, rest)[0] if len(rest[0]) else params

    @jax.jit
    def train(params: Any, columns: Any, orders: Any, epochs: Any) -> Any:
        def run(index: Any, params: Any) -> Any:
            return epoch(params, columns, None if orders is None else orders[index])

        return jax.lax.fori_loop(0, epochs, run, params)

    def loop(epochs: int) -> Params:
        with jax.enable_x64(True):
            params = [jax.numpy.asarray(array) for array in case.start.values()]
            columns = [jax.numpy.asarray(column) for column in case.data.values()]
            orders = case.orders(epochs)
            if orders is not None:  # a length that was compiled before: the rest isn't used
                room = 1 << (epochs - 1).bit_length()
                orders = np.concatenate([orders, np.zeros((room - epochs, case.samples), orders.dtype)]).astype(
                    np.int32
                )
            found = train(params, columns, orders, epochs)
            return {name: np.asarray(param) for name, param in zip(case.start, found, strict=True)}

    return loop


def _loss(case: Case) -> Callable[..., Any]:
    import jax
    from jax import numpy as jnp

    def line(params: Any, x: Any, y: Any) -> Any:
        w, b = params
        return ((w * x + b - y) ** 2).mean()

    def neuron(params: Any, x: Any, y: Any) -> Any:
        w1, b1, w2, b2 = params
        return ((jax.nn.sigmoid(w2 * jax.nn.sigmoid(w1 * x + b1) + b2) - y) ** 2).mean()

    def perceptron(params: Any, x: Any, y: Any) -> Any:
        for k in range(0, len(params) - 2, 2):
            x = activation(x @ params[k] + params[k + 1])
        z = x @ params[-2] + params[-1]
        if case.activation == "tanh":
            return ((z - y) ** 2).mean()
        return -(y * jax.nn.log_softmax(z)).sum(axis=1).mean()

    activation = jnp.tanh if case.activation == "tanh" else jax.nn.relu
    return perceptron if case.sizes else line if case.name == "line" else neuron
