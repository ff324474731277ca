"""The gradient of a derivation, combined from its steps by name: in the named quantities, or in the inputs only."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sympy import Expr, Integer

from symgrad.equations import Index
from symgrad.expressions import Order, ordered, product, total
from symgrad.indices import in_inputs, inlined
from symgrad.infix import Infix
from symgrad.names import partial_name

if TYPE_CHECKING:
    from symgrad.derivation import Derivation


@dataclass(frozen=True)
class Gradient(Mapping[str, Expr]):
    """A derivation's gradient by name, each expression combined from the steps when it is asked for."""

    derivation: Derivation
    inputs_only: bool = False
    _found: dict[str, Expr] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __getitem__(self, name: str) -> Expr:
        if name not in self._found:
            self.derivation.step(name)
            combined = _combined(self.derivation, name)
            if self.inputs_only:
                written = self.derivation.written
                assert isinstance(written, dict)
                self._found[name] = in_inputs(self.derivation.model, combined[name], written)
            else:
                self._found.update(combined)
        return self._found[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.derivation.wrt)

    def __len__(self) -> int:
        return len(self.derivation.wrt)

    def __str__(self) -> str:
        printer, result = Infix(self.derivation.written), self.derivation.model.result
        return "\n".join(f"{partial_name(result, name)} = {printer.text(self[name])}" for name in self)


def _combined(derivation: Derivation, name: str) -> dict[str, Expr]:
    """The gradient by `name`, and by what it passes through, in named quantities: adjoints multiplied out as chains."""
    if derivation.model.has_axes:
        return {name: derivation.step(name).adjoint}  # adjoints of whole arrays keep their names
    written = derivation.written
    assert isinstance(written, dict)
    found: dict[str, Expr] = {}
    counter = itertools.count()
    definitions: dict[str, tuple[tuple[Index, ...], Expr]] = {}
    for step in derivation.steps:
        adjoint = step.adjoint
        if step.quantity != derivation.model.result:
            adjoint = inlined(adjoint, definitions, counter, written)
            adjoint = _factored(adjoint, written) if adjoint.is_Add else adjoint
        found[step.quantity] = adjoint
        definitions[partial_name(derivation.model.result, step.quantity)] = (), adjoint
        if step.quantity == name:
            break
    return found


def _factored(expr: Expr, written: dict[Expr, Order]) -> Expr:
    """A sum with the leading factors that all its terms share put in front: a (1 + b) for a + a b."""
    terms = [ordered(term, written) if term.is_Mul else (term,) for term in ordered(expr, written)]
    common = []
    for factors in zip(*terms, strict=False):
        if any(factor != factors[0] for factor in factors) or factors[0].is_number:
            break
        common.append(factors[0])
    if not common:
        return expr
    rest = [product(term[len(common) :], written) if len(term) > len(common) else Integer(1) for term in terms]
    return product((*common, total(rest, written)), written)
