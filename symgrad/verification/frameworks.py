"""A PyTorch autograd.Function and a JAX custom_vjp as functions of arrays by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from symgrad.errors import ClaimError
from symgrad.verification.context import Context
from symgrad.verification.numbers import Array

Run = Callable[[dict[str, Array], Array | None], dict[str, Any]]


def adapted(backward: Any, context: Context) -> Callable[..., Any]:
    """The backward pass as a function of arrays by name: a torch autograd.Function and a JAX custom_vjp become one."""
    kind = {f"{base.__module__}.{base.__name__}" for base in getattr(backward, "__mro__", type(backward).__mro__)}
    if "torch.autograd.function.Function" in kind:
        return _from_torch(backward, context)
    if any(name.startswith("jax.") and name.endswith(".custom_vjp") for name in kind):
        return _from_jax(backward, context)
    if not callable(backward):
        raise ClaimError(f"a backward pass is a function of the model's names, got {backward!r}")
    found: Callable[..., Any] = backward
    return found


def _by_name(names: list[str], context: Context, run: Run) -> Callable[..., Any]:
    """A function whose signature asks for the names, and for the result's adjoint where the result has axes."""
    seed = f"{context.model.result}_bar"
    asked = [*names, *([seed] if seed in context.model.quantities else [])]

    def call(**arrays: Any) -> dict[str, Any]:
        return run({name: arrays[name] for name in names}, arrays.get(seed))

    parameters = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in asked]
    call.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # what inspect.signature reads
    return call


def _from_torch(function: Any, context: Context) -> Callable[..., Any]:
    import torch

    names = [name for name in inspect.signature(function.forward).parameters if name != "ctx"]

    def run(arrays: dict[str, Array], seed: Array | None) -> dict[str, Any]:
        tensors = {name: torch.tensor(array) for name, array in arrays.items()}
        moving = [name for name, tensor in tensors.items() if tensor.is_floating_point()]
        for name in moving:
            tensors[name].requires_grad_()
        out = function.apply(*tensors.values())
        adjoint = None if seed is None else torch.tensor(seed)
        grads = torch.autograd.grad(out, [tensors[name] for name in moving], adjoint, allow_unused=True)
        return {name: grad.numpy() for name, grad in zip(moving, grads, strict=True) if grad is not None}

    return _by_name(names, context, run)


def _from_jax(function: Any, context: Context) -> Callable[..., Any]:
    import jax

    names = list(inspect.signature(function.fun).parameters)

    def run(arrays: dict[str, Array], seed: Array | None) -> dict[str, Any]:
        with jax.enable_x64(any(array.dtype == np.float64 for array in arrays.values())):
            out, pull = jax.vjp(function, *arrays.values())
            grads = pull(jax.numpy.ones_like(out) if seed is None else jax.numpy.asarray(seed))
            return {
                name: np.asarray(grad)
                for name, grad in zip(names, grads, strict=True)
                if np.asarray(grad).dtype.kind == "f"
            }

    return _by_name(names, context, run)
