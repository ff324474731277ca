"""What the names in a claim mean: a model's quantities, its sizes, and every partial derivative."""

from __future__ import annotations

import dataclasses
import difflib
import itertools
from collections.abc import Iterator, Set
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sympy import Expr, Indexed, S, Symbol, preorder_traversal

from symgrad.derivation import Derivation, derive
from symgrad.equations import Equation, Index, Model, Quantity, Size, names_in
from symgrad.errors import ClaimError
from symgrad.expressions import Order
from symgrad.higher import model_jacobian
from symgrad.indices import bound_in_order, inlined, refreshed, relabelled
from symgrad.infix import Infix
from symgrad.names import parsed, partial_name
from symgrad.naming.known import Known
from symgrad.naming.settle import Settling
from symgrad.reading.source import AbstractFunction
from symgrad.tensors.tensor import Scope, Tensor
from symgrad.verification.numbers import Numbers
from symgrad.verification.points import Point
from symgrad.verification.values import POLYNOMIALS, Body, Values, stand_in


@dataclass(frozen=True)
class Context:
    """The model that a claim is about; `written` takes the orders in which its expressions are written."""

    derivation: Derivation
    written: dict[Expr, Order]
    partials: dict[str, Equation] = field(default_factory=dict)  # those asked for so far
    adjoints: dict[str, Equation] = field(default_factory=dict)  # what they are written in, in order
    sources: dict[str, tuple[Derivation, str]] = field(default_factory=dict)  # a partial's sweep, and what it is by
    counter: Iterator[int] = field(default_factory=itertools.count)  # for the names of bound indices

    @property
    def model(self) -> Model:
        """The model."""
        return self.derivation.model

    @cached_property
    def sizes(self) -> dict[str, Size]:
        """The symbolic sizes of its axes, by name."""
        axes = (symbol for q in self.model.quantities.values() for axis in q.axes for symbol in axis.free_symbols)
        return {str(symbol): symbol for symbol in axes}

    def meaning(self, name: str, scope: Scope) -> Expr | Tensor | AbstractFunction:
        """What a name stands for in a claim; raises ClaimError where nothing has it."""
        stem = name.removesuffix("_prime")
        if name in self.model.quantities:
            return self._opened(self.model.quantities[name], scope)
        if name in self.sizes:
            return self.sizes[name]
        if stem in self.model.functions:
            return AbstractFunction(stem + "'" * (stem != name), scope)
        if self.is_partial(name):
            return self._opened(self.partial(name).quantity, scope)
        if name.startswith("d") and name[1:] in self.model.quantities:
            return self._opened(self.partial(self.full_name(name[1:])).quantity, scope)
        raise ClaimError(f"{self.model.name} has no {name}; {self.hint(name)}")

    def _opened(self, quantity: Quantity, scope: Scope) -> Tensor:
        indices = tuple(scope.fresh(size) for size in quantity.axes)
        return Tensor(quantity.at(indices), indices, scope)

    def full_name(self, quantity: str) -> str:
        """The partial's name for a quantity; a partial, or anything that isn't a name, as it is.  Raises ClaimError."""
        if self.is_partial(quantity) or not quantity.isidentifier():
            return quantity
        if quantity not in self.model.quantities:
            raise ClaimError(f"{self.model.name} has no quantity {quantity!r}; {self.hint(quantity)}")
        return partial_name(self.model.result, quantity)

    def is_partial(self, name: str) -> bool:
        """Whether a name is the partial of one of the model's quantities by another."""
        return self.pair(name) is not None

    def pair(self, name: str) -> tuple[str, str] | None:
        """The two quantities of a partial's name, however long they are."""
        if name[:1] != "d":
            return None
        parts = name[1:].split("_d")
        pairs = [("_d".join(parts[:cut]), "_d".join(parts[cut:])) for cut in range(1, len(parts))]
        return next((pair for pair in pairs if all(part in self.model.quantities for part in pair)), None)

    def hint(self, name: str) -> str:
        """What a name that nothing has may have been meant to be."""
        close = [known for known in self.model.quantities if parsed(known) == parsed(name)]  # ŷ and y_hat for yhat
        close = close or difflib.get_close_matches(name, list(self.model.quantities), 1)
        return f"did you mean {close[0]}?" if close else f"it has {', '.join(self.model.quantities)}"

    def partial(self, name: str) -> Equation:
        """A partial derivative as an equation in named quantities, and in adjoints where there are axes."""
        if name not in self.partials:
            pair = self.pair(name)
            assert pair  # is_partial has said so
            self.partials[name] = self._partial(name, *pair)
        return self.partials[name]

    def _partial(self, name: str, of: str, by: str) -> Equation:
        model = self.model
        if not model.has_axes and of == by:
            return Equation(name, S.One)
        if of not in {equation.name for equation in model.equations}:
            if model.has_axes:
                raise ClaimError(f"{of} is an input of {model.name}, so {name} isn't one of its derivatives")
            return Equation(name, S.Zero)
        if model.quantities[of].axes:
            found = model_jacobian(dataclasses.replace(model, result=of), by)
            self.written.update(found.written)
            return found.equation(name)
        same = of == model.result and any(step.quantity == by for step in self.derivation.steps)
        sweep = self.derivation if same else derive(dataclasses.replace(model, result=of), by)
        for equation in sweep.equations:
            self.adjoints.setdefault(equation.name, equation)
        self.sources[name] = sweep, by
        gradient = sweep.gradient[by]
        self.written.update(sweep.written)
        return Equation(name, gradient, sweep.step(by).indices)

    def source(self, name: str) -> tuple[Derivation | None, str]:
        """The sweep that gave a partial derivative, and what it is by."""
        return self.sources.get(name, (None, ""))

    # --- what an expression says, in other names

    def stages(self, expr: Expr) -> Iterator[Expr]:
        """The expression in ever fewer names: as it is, without partials, then without one equation after another."""
        expr = refreshed(expr, self.counter, self.written)
        yield expr
        expr = self.without_partials(expr)
        yield expr
        copies = [equation for equation in self.model.equations if isinstance(equation.rhs, Indexed | Symbol)]
        for equation in (*reversed(copies), *reversed(self.model.equations)):  # W = w first: it makes nothing longer
            if equation.name in names_in(expr):
                expr = inlined(expr, {equation.name: (equation.indices, equation.rhs)}, self.counter, self.written)
                yield expr

    def without_partials(self, expr: Expr) -> Expr:
        """The expression with partials and adjoints written out in named quantities."""
        while True:
            names = [name for name in names_in(expr) if name not in self.model.quantities]
            known = {name: self.adjoints.get(name) or self.partials.get(name) for name in names}
            known |= {name: self.partial(name) for name in names if known[name] is None and self.is_partial(name)}
            definitions = {name: (found.indices, found.rhs) for name, found in known.items() if found is not None}
            if not definitions:
                return expr
            expr = inlined(expr, definitions, self.counter, self.written)

    def named(self, expr: Expr) -> Expr:
        """The expression with the model's named quantities put back wherever it writes one out."""
        if not expr.args or isinstance(expr, Indexed):
            return expr
        args = tuple(self.named(arg) if isinstance(arg, Expr) else arg for arg in expr.args)
        found = self._settling.settled(expr if args == expr.args else expr.func(*args))
        return bound_in_order(found, self.written)

    @cached_property
    def _settling(self) -> Settling:
        return Settling(Known.of(self.model, self.counter, self.written), self.counter, self.written)

    def text(self, equation: Equation) -> str:
        """An equation's right-hand side in Python's spelling, arrays as NumPy's."""
        if not self.model.has_axes:
            return Infix(self.written).text(equation.rhs)
        from symgrad.codegen.program import array_text

        return array_text(equation, self.model, self.written, [*self.adjoints.values(), *self.partials.values()])

    def part_text(self, part: Expr) -> str:
        """A part of a formula in Python's spelling, its indices being its axes in the order in which they occur."""
        indices = tuple(dict.fromkeys(node for node in preorder_traversal(part) if node in part.free_symbols))
        return self.text(Equation("part", part, tuple(index for index in indices if isinstance(index, Index))))

    # --- values

    def at(self, point: Point, numbers: Numbers, body: Body = POLYNOMIALS[0], names: Set[str] | None = None) -> Values:
        """The value of every quantity and of every adjoint that was asked for; raises NoValue where one has none.

        With `names`, only of these.
        """
        arrays = {name: numbers.array(entries) for name, entries in point.inputs.items()}
        return self.evaluated(Values(numbers, point.sizes, arrays, stand_in(body)), names)

    def evaluated(self, values: Values, names: Set[str] | None = None) -> Values:
        """The values of the inputs, completed by those of other quantities; raises NoValue where one has none."""
        known = (*self.model.equations, *self.adjoints.values(), *self.partials.values())
        values.define(equation for equation in known if names is None or equation.name in names)
        return values


def aligned(claim: Equation, to: tuple[Index, ...]) -> Equation:
    """The same equation over other names of its indices, none of which its sums bind."""
    table: dict[Any, Any] = dict(zip(claim.indices, to, strict=True))
    apart = refreshed(claim.rhs, itertools.count(), {})
    return Equation(claim.name, relabelled(apart, table, {}), to)
