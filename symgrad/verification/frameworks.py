"""A PyTorch autograd.Function and a JAX custom_vjp as functions of arrays by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from symgrad.errors import ClaimError
from symgrad.verification.numbers import Array

Run = Callable[[dict[str, Array], Array | None], dict[str, Any]]


def adapted(backward: Any, upstream: str) -> Callable[..., Any]:
    """The backward pass as a function of arrays by name: a torch autograd.Function and a JAX custom_vjp become one.

    `upstream` names the adjoint of a result with axes; it is empty for a scalar.
    """
    kind = {f"{base.__module__}.{base.__name__}" for base in getattr(backward, "__mro__", type(backward).__mro__)}
    if "torch.autograd.function.Function" in kind:
        return _from_torch(backward, upstream)
    if any(name.startswith("jax.") and name.endswith(".custom_vjp") for name in kind):
        return _from_jax(backward, upstream)
    if not callable(backward):
        raise ClaimError(f"a backward pass is a function of the model's names, got {backward!r}")
    found: Callable[..., Any] = backward
    return found


def _by_name(names: list[str], upstream: str, run: Run) -> Callable[..., Any]:
    """A function whose signature asks for the names, and for the result's adjoint where the result has axes."""
    asked = [*names, *([upstream] if upstream else [])]

    def call(**arrays: Any) -> dict[str, Any]:
        return run({name: arrays[name] for name in names}, arrays.get(upstream))

    parameters = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in asked]
    call.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # what inspect.signature reads
    return call


def _from_torch(function: Any, upstream: str) -> Callable[..., Any]:
    import torch

    names = [name for name in inspect.signature(function.forward).parameters if name != "ctx"]

    def run(arrays: dict[str, Array], adjoint: Array | None) -> dict[str, Any]:
        tensors = {name: torch.tensor(array) for name, array in arrays.items()}
        moving = [name for name, tensor in tensors.items() if tensor.is_floating_point()]
        for name in moving:
            tensors[name].requires_grad_()
        out = function.apply(*tensors.values())
        outer = None if adjoint is None else torch.tensor(adjoint)
        grads = torch.autograd.grad(out, [tensors[name] for name in moving], outer, allow_unused=True)
        return {name: grad.numpy() for name, grad in zip(moving, grads, strict=True) if grad is not None}

    return _by_name(names, upstream, run)


def _from_jax(function: Any, upstream: str) -> Callable[..., Any]:
    import jax

    names = list(inspect.signature(function.fun).parameters)

    def run(arrays: dict[str, Array], adjoint: Array | None) -> dict[str, Any]:
        with jax.enable_x64(any(array.dtype == np.float64 for array in arrays.values())):
            out, pull = jax.vjp(function, *arrays.values())
            grads = pull(jax.numpy.ones_like(out) if adjoint is None else jax.numpy.asarray(adjoint))
            arrays = {name: np.asarray(grad) for name, grad in zip(names, grads, strict=True)}
        return {name: array for name, array in arrays.items() if array.dtype.kind == "f"}

    return _by_name(names, upstream, run)
