"""A plain Python function read as an expression, by calling it on quantities."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Mapping
from typing import Any

from sympy import Expr, Symbol

from symgrad.errors import ClaimError, ModelError, SymgradError
from symgrad.expressions import Order, exact
from symgrad.names import split_partial
from symgrad.reading.source import AbstractFunction, Source, number_hooks
from symgrad.tensors.tensor import Scope, Tensor


class NotTranslatable(Exception):
    """A Python function that needs numbers, so that it can only be sampled."""


def call_symbolically(
    function: Callable[..., Any], names: Mapping[str, Expr | None], written: dict[Expr, Order]
) -> Expr:
    """A Python function's value as an expression, each argument the quantity of its name (None: abstract function).

    An argument such as dL_dz is that partial; f_prime is the derivative of an abstract f.  Raises ClaimError for an
    argument that isn't among the names, NotTranslatable where the body needs numbers.
    """
    scope = Scope(written)
    values: dict[str, Any] = {}
    for parameter in inspect.signature(function).parameters.values():
        name = parameter.name
        stem = name.removesuffix("_prime")
        if name in names:
            known = names[name]
            values[name] = AbstractFunction(name, scope) if known is None else Tensor(known, (), scope)
        elif stem != name and stem in names and names[stem] is None:
            values[name] = AbstractFunction(stem + "'", scope)
        elif split_partial(name):
            values[name] = Tensor(Symbol(name), (), scope)
        elif parameter.default is not inspect.Parameter.empty:
            values[name] = parameter.default
        else:
            close = difflib.get_close_matches(name, list(names), 1)
            hint = f"did you mean {close[0]}?" if close else f"its names are {', '.join(names)}"
            raise ClaimError(f"the function asks for {name}, which the model doesn't have; {hint}")
    try:
        result = _run_plainly(function, values, scope)
    except (SymgradError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise NotTranslatable(f"the function can't be read as an expression ({error})") from error
    if isinstance(result, Tensor):
        return result.expr
    try:
        return exact(result)
    except SymgradError:
        raise ClaimError(f"the function returned {result!r}, which isn't one number") from None


def _run_plainly(function: Callable[..., Any], values: dict[str, Any], scope: Scope) -> Any:
    try:
        source = Source.of(function)
    except (ModelError, SyntaxError):
        return function(**values)  # a lambda, or a function without source: its own arithmetic, on quantities
    hooks = {
        **number_hooks(scope),
        "_symgrad_define": lambda name, value, depth: value,
        "_symgrad_unpack": lambda names, value, depth: value,
        "_symgrad_result": lambda name, value: value,
    }
    return source.run(hooks, lambda: values)
