"""Terms as Python spells them, with the functions that they call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sympy import Expr

from symgrad.checking.evaluate import Evaluator, Function
from symgrad.checking.values import Algebra, Misfit, Sizes, Value
from symgrad.names import partial_name
from symgrad.reading.latex import terms as t
from symgrad.tensors.elementwise import ELEMENTWISE

SUM, PRODUCT, POWER, ATOM = 1, 2, 3, 4


@dataclass
class Speller:
    """Spells terms as Python does, with the functions that they call; raises Misfit for what has no number."""

    functions: Mapping[str, Function]
    called: dict[str, Callable[..., Any]] = field(default_factory=dict)
    names: dict[str, None] = field(default_factory=dict)

    def text(self, term: t.Term, level: int = 0) -> str:
        """A term's spelling, in parentheses where it binds less tightly than the level."""
        text, own = self._spelled(term)
        return text if own >= level else f"({text})"

    def _spelled(self, term: t.Term) -> tuple[str, int]:
        match term:
            case t.Num():
                return (term.text, ATOM if not term.text.startswith("-") else SUM)
            case t.Ref(at=()):
                self.names[term.name] = None
                return term.name, ATOM
            case t.Add():
                signs = [sign if place or sign == "-" else "" for place, sign in enumerate(term.signs)]
                parts = [self.text(part, PRODUCT) for part in term.terms]
                joined = "".join(
                    f" {s} {p}" if place else f"{s}{p}" for place, (s, p) in enumerate(zip(signs, parts, strict=True))
                )
                return joined, SUM
            case t.Mul():
                return "*".join(self.text(factor, POWER) for factor in term.factors), PRODUCT
            case t.Div():
                return f"{self.text(term.over, PRODUCT)}/{self.text(term.under, POWER)}", PRODUCT
            case t.Power():
                return f"{self.text(term.base, ATOM)}**{self.text(term.exponent, ATOM)}", POWER
            case t.Norm(kind="|" | "‖" | "‖2"):
                return f"abs({self.text(term.body)})", ATOM
            case t.Entries() if len(term.rows) == 1 and len(term.rows[0]) == 1:
                return self._spelled(term.rows[0][0])
            case t.Apply():
                return self._applied(term), ATOM
            case t.Partial():
                return self._derivative(term), ATOM
        raise Misfit("it has no single number")

    def _applied(self, term: t.Apply) -> str:
        arguments = ", ".join(self.text(argument) for argument in term.arguments)
        function = self.functions.get(term.function)
        if function is not None:
            name = term.function + "_prime" * term.primes
            self.called[name] = self._function(term.function, function, term.primes)
            return f"{name}({arguments})"
        if term.function in ELEMENTWISE and not term.primes:
            return f"{term.function}({arguments})"
        raise Misfit(f"nothing says what {term.function} is")

    def _derivative(self, term: t.Partial) -> str:
        of = term.of
        name = of.function if isinstance(of, t.Apply) else of.name if isinstance(of, t.Ref) and not of.at else ""
        function = self.functions.get(name)
        by = [by.name for by in term.by if isinstance(by, t.Ref) and not by.at]
        if function is not None and len(function.parameters) == 1 and by in ([], [function.parameters[0]]):
            argument = (
                self.text(of.arguments[0])
                if isinstance(of, t.Apply)
                else self.text(t.Ref(of.span, function.parameters[0]))
            )
            self.called[f"grad_{name}"] = self._function(name, function, 1)
            return f"grad_{name}({argument})"
        if name and len(by) == 1:
            self.names[partial_name(name, by[0])] = None
            return partial_name(name, by[0])
        raise Misfit("a derivative without a number")

    def _function(self, name: str, function: Function, primes: int) -> Callable[..., Expr]:
        def apply(*arguments: Any) -> Expr:
            evaluator = Evaluator(Algebra(Sizes()), lambda _: (), self.functions)
            span = t.NOWHERE
            given = tuple(t.Ref(span, f"argument{place}_") for place in range(len(arguments)))
            evaluator.local = {
                ref.name: Value(getattr(argument, "expr", argument))
                for ref, argument in zip(given, arguments, strict=True)
            }
            return evaluator.value(t.Apply(span, name, given, primes)).expr

        return apply
