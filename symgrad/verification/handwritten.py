"""A hand-written backward pass, called by name: its arguments found in the model, its gradients named."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from symgrad.equations import Model
from symgrad.errors import ClaimError, ModelError
from symgrad.names import partial_name
from symgrad.reading.source import Source
from symgrad.tensors.tensor import Scope
from symgrad.verification.context import Context
from symgrad.verification.numbers import Array, NoValue
from symgrad.verification.values import Values

_UPSTREAM = ("dout", "grad_output", "grad_out", "upstream")  # how people call the adjoint of a result with axes


@dataclass(frozen=True)
class Handwritten:
    """A function of the model's names that returns gradients: a dict, a tuple or one array.

    `upstream` is the input that holds the adjoint of a result with axes, if it has them.
    """

    context: Context
    function: Callable[..., Any]
    upstream: str = ""

    def meaning(self, name: str, scope: Scope) -> Any:
        """What a name stands for in its formulas; raises ClaimError where nothing has it."""
        return self.context.meaning(self._resolved(name), scope)

    def _resolved(self, name: str) -> str:
        """The model's name for what people call the adjoint of the result."""
        is_upstream = self.upstream and name in _UPSTREAM and name not in self.context.model.quantities
        return self.upstream if is_upstream else name

    def arguments(self, values: Values, dtype: str = "float64") -> dict[str, Any]:
        """Copies of what the function asks for, by name; raises ClaimError for a name that the model doesn't have.

        Whole numbers stay whole; what has no axes is a number.
        """
        found: dict[str, Any] = {}
        for parameter in inspect.signature(self.function).parameters.values():
            if parameter.kind is parameter.VAR_KEYWORD:
                rest = (q.name for q in self.context.model.inputs if q.name not in found)
                found |= {name: self._handed(name, values, dtype) for name in rest}
            elif parameter.kind is not parameter.VAR_POSITIONAL:
                name = self._known(parameter.name, values)
                if name is not None:
                    found[parameter.name] = self._handed(name, values, dtype)
                elif parameter.default is parameter.empty:
                    model, hint = self.context.model, self.context.hint(parameter.name)
                    asks = f"{_called(self.function)} asks for {parameter.name}"
                    raise ClaimError(f"{asks}, which {model.name} doesn't have; {hint}")
        return found

    def _known(self, name: str, values: Values) -> str | None:
        """The quantity, the size or the adjoint that an argument is; None if it is none."""
        name = self._resolved(name)
        if name in self.context.sizes or name in values.arrays:
            return name
        adjoint = partial_name(self.context.model.result, name[1:])
        return adjoint if name.startswith("d") and adjoint in values.arrays else None

    def _handed(self, name: str, values: Values, dtype: str) -> Any:
        if name in self.context.sizes:
            return values.size(self.context.sizes[name])
        quantity = self.context.model.quantities.get(name)
        whole = quantity is not None and quantity.integer
        array = np.array(values.arrays[name], dtype=int if whole else dtype)
        return array if array.ndim else array[()]

    def gradient(self, values: Values, by: str) -> Array:
        """One of its gradients at a point; raises NoValue where it fails there."""
        try:
            return np.asarray(self.named(self.function(**self.arguments(values)))[by], dtype=float)
        except Exception as error:  # a user's function may raise anything at shapes that it wasn't written for
            raise NoValue from error

    def named(self, result: Any) -> dict[str, Any]:
        """The gradients by the quantity that they are by; raises ClaimError where that can't be told."""
        model = self.context.model
        if isinstance(result, Mapping):
            return {quantity_of(str(key), model): value for key, value in result.items()}
        parts = tuple(result) if isinstance(result, tuple | list) else (result,)
        names = _returned(self.function)
        if len(names) == len(parts):
            return {quantity_of(name, model): part for name, part in zip(names, parts, strict=True)}
        inputs = [quantity.name for quantity in model.inputs if not quantity.integer]
        if len(inputs) != len(parts):
            raise ClaimError(
                f"{_called(self.function)} returned {len(parts)} arrays, and {model.name} has {len(inputs)} inputs "
                f"({', '.join(inputs)}); return a dict, such as {{{inputs[0]!r}: …}}"
            )
        return dict(zip(inputs, parts, strict=True))


def _called(function: Callable[..., Any]) -> str:
    return getattr(function, "__name__", "the function")


def quantity_of(name: str, model: Model) -> str:
    """The quantity that a gradient's name is by: W of W, dW, dL_dW, grad_W and W_grad; raises ClaimError."""
    if name in model.quantities:
        return name
    patterns = (
        rf"d{re.escape(model.result)}_d(\w+)",
        r"d\w+?_d(\w+)",
        r"d_?(\w+)",
        r"grad_?(\w+)",
        r"(\w+)_grad",
        r"∂(\w+)",
    )
    for pattern in patterns:
        match = re.fullmatch(pattern, name)
        if match and match[1] in model.quantities:
            return match[1]
    raise ClaimError(
        f"which gradient of {model.name} is {name!r}? Name it after its quantity, such as d{model.inputs[0].name}; "
        f"the quantities are {', '.join(model.quantities)}"
    )


def _returned(function: Callable[..., Any]) -> tuple[str, ...]:
    """The names in a function's last return statement; none where it returns other things."""
    try:
        tree = Source.of(function).tree
    except (ModelError, SyntaxError):
        return ()
    returns = [node.value for node in ast.walk(tree) if isinstance(node, ast.Return) and node.value is not None]
    last = returns[-1] if returns else None
    parts = last.elts if isinstance(last, ast.Tuple | ast.List) else [last]
    return tuple(part.id for part in parts if isinstance(part, ast.Name)) if parts else ()


def plain(value: Any) -> Any:
    """A gradient as an array of numbers; raises ClaimError for anything else."""
    try:
        array = np.asarray(value)
    except (TypeError, ValueError) as error:
        raise ClaimError(f"expected an array of numbers, got {value!r}") from error
    if array.dtype.kind not in "fiub":
        raise ClaimError(f"expected an array of numbers, got {value!r}")
    return array
