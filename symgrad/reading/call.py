"""A plain Python function read as expressions, by calling it on quantities."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from sympy import Expr

from symgrad.errors import ClaimError, ModelError, SymgradError
from symgrad.reading.source import Source, number_hooks
from symgrad.tensors.tensor import Scope, Tensor, as_tensor


class NotTranslatable(Exception):
    """A Python function that needs numbers, so that it can only be sampled."""


def call_symbolically(function: Callable[..., Any], meaning: Callable[[str], Any], scope: Scope) -> Any:
    """A Python function's result on quantities, each argument being what `meaning` says of its name.

    The result is a quantity, or a dict, tuple or list of quantities.  An argument that nothing is known of takes its
    default.  Raises ClaimError for one without, NotTranslatable where the body needs numbers.
    """
    values: dict[str, Any] = {}
    for parameter in inspect.signature(function).parameters.values():
        try:
            found = meaning(parameter.name)
        except ClaimError as error:
            if parameter.default is inspect.Parameter.empty:
                raise ClaimError(f"the function asks for {parameter.name}: {error}") from None
            found = parameter.default
        values[parameter.name] = Tensor(found, (), scope) if isinstance(found, Expr) else found
    try:
        result = _run_plainly(function, values, scope)
    except (SymgradError, TypeError, ValueError, AttributeError, ArithmeticError, LookupError) as error:
        raise NotTranslatable(f"the function can't be read as an expression ({error})") from error
    return _quantities(result, scope)


def _quantities(result: Any, scope: Scope) -> Any:
    if isinstance(result, dict):
        return {name: _quantities(value, scope) for name, value in result.items()}
    if isinstance(result, tuple | list):
        return tuple(_quantities(value, scope) for value in result)
    try:
        return as_tensor(result, scope)
    except SymgradError:
        raise ClaimError(f"the function returned {result!r}, which isn't one number") from None


def _run_plainly(function: Callable[..., Any], values: dict[str, Any], scope: Scope) -> Any:
    try:
        source = Source.of(function)
    except (ModelError, SyntaxError):
        return function(**values)  # a lambda, or a function without source: its own arithmetic, on quantities
    hooks = {
        "len": lambda value: value.shape[0] if isinstance(value, Tensor) and value.indices else len(value),
        **number_hooks(scope),
        "_symgrad_define": lambda name, value, depth: value,
        "_symgrad_unpack": lambda names, value, depth: value,
        "_symgrad_result": lambda name, value: value,
    }
    return source.run(hooks, lambda: values)
