"""A quantity, or a derivative, at the numbers that a document has given: f = xy, x = 4, y = -3, so f = -12."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import sympy
from sympy import Expr, Symbol

from symgrad.checking.values import Misfit
from symgrad.checking.world import World
from symgrad.expressions import exact
from symgrad.reading.latex import terms as t

MOST_STEPS = 150  # definitions that are put into one another
_FUNCTIONS = {"exp": sympy.exp, "log": sympy.log, "sqrt": sympy.sqrt, "tanh": sympy.tanh}


@dataclass
class Substitution:
    """Expressions of scalars in a document's definitions, down to the names that it gives numbers; raises Misfit."""

    world: World
    number: int
    values: Mapping[str, str]
    used: set[str] = field(default_factory=set)
    steps: int = 0
    is_ambiguous: bool = False  # whether a name has several definitions, of which the last that has a number is taken
    is_at_a_point: bool = False  # whether the term itself says at which numbers: ∂f/∂x|_{x=2}

    def value(self, term: t.Term) -> Expr:
        """A term's exact number."""
        expr = self._down(self._expr(term, frozenset()))
        if expr.free_symbols or not expr.is_number:
            raise Misfit("not all of its names have a number")
        return expr

    def _down(self, expr: Expr) -> Expr:
        """An expression with the numbers of its names, or of what they are defined by."""
        for symbol in sorted(expr.free_symbols, key=str):
            name = str(symbol)
            if name in self.values:
                self.used.add(name)
                expr = expr.xreplace({symbol: exact(self.values[name])})
            else:
                expr = expr.xreplace({symbol: self._down(self._body(name, frozenset()))})
        return expr

    def _is_defined(self, name: str) -> bool:
        definition = self.world.visible(name, self.number)
        return definition is not None and definition.number < self.number

    def _body(self, name: str, held: frozenset[str]) -> Expr:
        found = [d for d in self.world.definitions.get(name, ()) if d.number < self.number]
        self.is_ambiguous |= len(found) > 1
        for definition in reversed(found):
            self.steps += 1
            if definition.at or definition.is_alias or self.steps > MOST_STEPS:
                break
            try:
                return self._expr(definition.body, held)
            except Misfit:
                continue
        raise Misfit(f"nothing says what {name} is")

    def _expr(self, term: t.Term, held: frozenset[str]) -> Expr:
        """A term as an expression in names; with held names, all others are written out down to them."""
        match term:
            case t.Num():
                return exact(term.text)
            case t.Ref(at=()):
                if not held or term.name in held or not self._is_defined(term.name):
                    return Symbol(term.name)
                return self._body(term.name, held)
            case t.Add():
                parts = [self._expr(part, held) for part in term.terms]
                signed = [part if sign == "+" else -part for sign, part in zip(term.signs, parts, strict=True)]
                return sympy.Add(*signed)
            case t.Mul():
                return sympy.Mul(*(self._expr(factor, held) for factor in term.factors))
            case t.Div():
                return self._expr(term.over, held) / self._expr(term.under, held)
            case t.Power(base=t.Norm() as norm, exponent=t.Num(text="2")):
                return self._expr(norm.body, held) ** 2
            case t.Power():
                return self._expr(term.base, held) ** self._expr(term.exponent, held)
            case t.Apply(primes=0 | 1, at=()):
                return self._applied(term, held)
            case t.Substituted():
                return self._at(term, held)
            case t.Partial(by=(t.Ref(at=()) as by,)):
                inner = frozenset((*held, by.name))
                derived = self._expr(term.of, inner)
                if Symbol(by.name) not in derived.free_symbols:
                    raise Misfit("nothing says how the one depends on the other")
                return sympy.diff(derived, Symbol(by.name))
        raise Misfit("it has no single number")

    def _at(self, term: t.Substituted, held: frozenset[str]) -> Expr:
        self.is_at_a_point = True
        point = {Symbol(name): self._expr(value, frozenset()) for name, value in term.values}
        expr = self._expr(term.body, held.union(map(str, point)))
        if not expr.free_symbols & point.keys():
            raise Misfit("nothing says how it depends on what is given")
        return expr.xreplace(point)

    def _applied(self, term: t.Apply, held: frozenset[str]) -> Expr:
        function = self.world.functions(self.number).get(term.function)
        arguments = [self._expr(argument, frozenset()) for argument in term.arguments]
        if function is not None and arguments == [Symbol(name) for name in function.parameters]:
            body = self._body(term.function, held.union(function.parameters) if term.primes else held)
            if term.primes and len(arguments) > 1:
                raise Misfit("a derivative of a function of several arguments, by none of them")
            return sympy.diff(body, arguments[0]) if term.primes else body
        if function is None and not term.primes and term.function in _FUNCTIONS and len(term.arguments) == 1:
            return _FUNCTIONS[term.function](self._expr(term.arguments[0], held))
        raise Misfit(f"nothing says what {term.function} is")
