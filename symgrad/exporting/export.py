"""A model as the source of a program of its own, or as a function of another library."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from symgrad.codegen.program import Program
from symgrad.derivation import Derivation
from symgrad.equations import Model
from symgrad.errors import InputError
from symgrad.training.words import did_you_mean, listing

if TYPE_CHECKING:
    from symgrad.training.optimizers import Optimizer

Source = Model | Derivation | Program


def export(
    model: Source, to: str, *, wrt: str | Sequence[str] | None = None, optimizer: str | Optimizer | None = None
) -> str:
    """The source of a module with the model and its derived gradients, which needs no symgrad where it runs.

    `to` is "python" (NumPy alone: the model, its gradients, and a loop that trains by `optimizer`, "sgd" unless
    another is given), "torch" (an `autograd.Function`), "jax" (a `custom_vjp` function) or "c" (a function in double
    precision that needs the C library alone; of a model of scalars, it takes arrays of samples for what isn't in
    `wrt`). The gradients are those by `wrt`, one input or several; left out: by every input, or by those that a
    derivation or a program has. Raises InputError for what can't be exported.

    >>> import symgrad as sg
    >>> @sg.model
    ... def square(w):
    ...     L = w**2
    ...     return L
    >>> print(export(square, "jax").partition("def square_forward")[2])
    (w):
        L = w**2
        return L, (w,)
    <BLANKLINE>
    <BLANKLINE>
    def square_backward(saved, grad_L):
        w, = saved
        dL_dw = 2*w
        return grad_L*dL_dw,
    <BLANKLINE>
    <BLANKLINE>
    square.defvjp(square_forward, square_backward)
    <BLANKLINE>
    """
    found, by = _opened(model, wrt)
    if to not in _PRINTERS:
        raise InputError(f"to={to!r} is unknown{did_you_mean(to, _PRINTERS)}; there are {listing(_PRINTERS)}")
    if optimizer is not None and to != "python":
        raise InputError(f"optimizer={optimizer!r}: only the Python export has a training loop")
    return _PRINTERS[to](found, by, optimizer)


def to_torch(model: Source, wrt: str | Sequence[str] | None = None) -> Any:
    """The model as a PyTorch `autograd.Function` that computes its derived gradients: call its `apply` with tensors.

    It takes the inputs in their order. A model of scalars takes tensors of samples that broadcast, and has a result
    for each. Its source is `export(model, "torch")`. Raises SymgradError where PyTorch isn't installed.
    """
    from symgrad.exporting.torch_text import load

    return load(*_opened(model, wrt))


def to_jax(model: Source, wrt: str | Sequence[str] | None = None) -> Any:
    """The model as a JAX `custom_vjp` function that computes its derived gradients.

    It takes the inputs in their order; a model of scalars takes numbers, and `jax.vmap` maps it over samples. Its
    source is `export(model, "jax")`. Raises SymgradError where JAX isn't installed.
    """
    from symgrad.exporting.jax_text import load

    return load(*_opened(model, wrt))


def _opened(model: Any, wrt: str | Sequence[str] | None) -> tuple[Model, tuple[str, ...] | None]:
    by = (wrt,) if isinstance(wrt, str) else None if wrt is None else tuple(wrt)
    if isinstance(model, Program | Derivation):
        by = by or tuple(model.wrt)
        model = model.model
    if not isinstance(model, Model):
        raise InputError(f"{model!r} is not a model; decorate the function with @sg.model")
    return model, by


def _python(model: Model, wrt: tuple[str, ...] | None, optimizer: Any) -> str:
    from symgrad.exporting.python_text import python_text

    return python_text(model, wrt, optimizer)


def _torch(model: Model, wrt: tuple[str, ...] | None, _: Any) -> str:
    from symgrad.exporting.torch_text import torch_text

    return torch_text(model, wrt)


def _jax(model: Model, wrt: tuple[str, ...] | None, _: Any) -> str:
    from symgrad.exporting.jax_text import jax_text

    return jax_text(model, wrt)


def _c(model: Model, wrt: tuple[str, ...] | None, _: Any) -> str:
    from symgrad.exporting.c_text import c_text

    return c_text(model, wrt)


_PRINTERS: dict[str, Callable[[Model, tuple[str, ...] | None, Any], str]] = {
    "python": _python,
    "c": _c,
    "torch": _torch,
    "jax": _jax,
}
