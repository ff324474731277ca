"""A Python function to a model: run once on symbols, each assignment is one equation."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sympy import Expr, Indexed, nan, zoo

from symgrad.equations import Equation, Model, Quantity, names_in
from symgrad.errors import ModelError, SymgradError
from symgrad.expressions import exact
from symgrad.indices import canonical
from symgrad.naming.forward import named_again
from symgrad.reading.annotation import declared
from symgrad.reading.source import AbstractFunction, Source, explained, number_hooks
from symgrad.tensors.tensor import Scope, Tensor, as_tensor


def model(function: Callable[..., Any]) -> Model:
    """Decorator: a Python function whose assignments are its equations becomes a `Model`.

    An annotation names a quantity's axes (`X: "n d"`); an argument that the body calls is an abstract function.
    Loops over a fixed range unroll: each pass defines h1, h2, …  Raises ModelError, quoting the line.

    >>> @model
    ... def square(x):
    ...     L = x**2
    ...     return L
    >>> print(square)
    L = x**2
    """
    source = Source.of(function)
    reading = _Reading(source)
    try:
        source.run(reading.hooks(), reading.open_inputs)
    except SymgradError as error:
        raise type(error)(source.located(str(error), error)) from error
    except (
        NameError,
        TypeError,
        ValueError,
        IndexError,
        AttributeError,
        RecursionError,
        ZeroDivisionError,
    ) as error:
        raise ModelError(source.located(explained(error, source), error)) from error
    return named_again(reading.model())


@dataclass
class _Reading:
    """The equations met so far while one model function runs."""

    source: Source
    scope: Scope = field(init=False)
    equations: list[Equation] = field(default_factory=list)
    inputs: dict[str, Quantity] = field(default_factory=dict)
    defaults: dict[str, Expr] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    passes: dict[str, int] = field(default_factory=dict)
    result: str = ""

    def __post_init__(self) -> None:
        self.scope = Scope(define=self.define_inner)

    def define_inner(self, name: str, value: Tensor) -> Tensor:
        """A quantity of a model that is called inside this one, under its name with the next free number."""
        taken = self.inputs.keys() | self.names.keys()
        number = next(n for n in itertools.count(1) if f"{name}{n}" not in taken)
        found: Tensor = self.define(f"{name}{number}", value, 0)
        return found

    def hooks(self) -> dict[str, Any]:
        return {
            **number_hooks(self.scope),
            "_symgrad_define": self.define,
            "_symgrad_unpack": self.unpack,
            "_symgrad_result": self.returned,
        }

    def open_inputs(self) -> dict[str, Any]:
        """The argument values of the symbolic run: quantities, and abstract or default functions."""
        values: dict[str, Any] = {}
        signature = inspect.signature(self.source.function)
        annotations = self.source.function.__annotations__
        for argument in self.source.arguments:
            default = signature.parameters[argument.arg].default
            if argument.arg in self.source.called:
                concrete = callable(default) and default is not inspect.Parameter.empty
                values[argument.arg] = default if concrete else AbstractFunction(argument.arg, self.scope)
                continue
            quantity = declared(argument.arg, annotations.get(argument.arg), self.source.function.__name__)
            self.inputs[argument.arg] = quantity
            if quantity.integer:
                self.scope.integers.add(quantity.name)
            if default is not inspect.Parameter.empty:
                self.defaults[argument.arg] = exact(default)
            values[argument.arg] = self.opened(quantity)
        return values

    def opened(self, quantity: Quantity) -> Tensor:
        """A named quantity as its entries at fresh indices."""
        indices = tuple(self.scope.fresh(size) for size in quantity.axes)
        return Tensor(quantity.at(indices), indices, self.scope)

    def define(self, name: str, value: Any, depth: int) -> Any:
        if isinstance(value, Expr):
            value = as_tensor(value, self.scope)
        if not isinstance(value, Tensor):
            return value
        if value.expr.has(zoo, nan):
            raise ModelError(f"{name} divides by zero")
        taken = self.inputs.keys() | self.names.keys()
        if depth:
            self.passes[name] = self.passes.get(name, 0) + 1
            full = f"{name}{self.passes[name]}"
            if full in taken:
                raise ModelError(
                    f"pass {self.passes[name]} of the loop defines {full}, but {full} already exists; rename one"
                )
        elif name in self.inputs:
            raise ModelError(f"{name} is an input and can't be assigned again; give the new quantity a name of its own")
        elif name in self.names:
            raise ModelError(f"{name} is assigned twice; a name stands for one quantity, so give the second a new name")
        else:
            full = name
        self.names[full] = name
        expr, indices = canonical(value.expr, value.indices, self.scope.written)
        equation = Equation(full, expr, indices)
        _ = equation.uses  # raises, while the line is known, where the right-hand side has no real value
        self.equations.append(equation)
        return self.opened(equation.quantity)

    def unpack(self, names: tuple[str, ...], values: Any, depth: int) -> Any:
        values = tuple(values)
        if len(values) != len(names):
            raise ModelError(f"{len(names)} names on the left but {len(values)} values on the right")
        return tuple(
            self.define(name, value, depth) if name else value for name, value in zip(names, values, strict=True)
        )

    def returned(self, name: str, value: Any) -> Any:
        if not isinstance(value, Tensor | Expr):
            what = f"{len(value)} values" if isinstance(value, tuple | list) else repr(value)
            raise ModelError(f"a model returns one quantity, got {what}")
        tensor = as_tensor(value, self.scope)
        used = names_in(tensor.expr)
        if (tensor.expr.is_Symbol or isinstance(tensor.expr, Indexed)) and set(used) <= self.names.keys():
            (self.result,) = used
        else:
            self.result = "L" if not name or name in self.inputs else name
            tensor = self.define(self.result, tensor, 0)
        return tensor

    def model(self) -> Model:
        function = self.source.function
        if not self.result:
            raise ModelError(f"{function.__name__} returned without a result; end it with `return L`")
        return Model(
            function.__name__,
            tuple(self.inputs.values()),
            tuple(self.equations),
            self.result,
            self.defaults,
            self.scope.written,
            inspect.getdoc(function) or "",
        )
