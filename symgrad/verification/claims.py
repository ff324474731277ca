"""A claim about a derivation, in any form in which a person writes one, and its verdict."""

from __future__ import annotations

import dataclasses
import difflib
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sympy import Derivative, Expr, Float, S, Subs, Symbol, exp
from sympy.concrete.expr_with_limits import ExprWithLimits
from sympy.core.numbers import ComplexInfinity, ImaginaryUnit, Infinity, NaN, NegativeInfinity

from symgrad.derivation import Derivation, derive
from symgrad.equations import Model, functions_in, names_in
from symgrad.errors import ClaimError, SymgradError
from symgrad.expressions import Order, exact
from symgrad.indices import Definitions, inlined
from symgrad.infix import Infix
from symgrad.names import parsed, partial_name, split_partial
from symgrad.reading.arithmetic import read
from symgrad.reading.call import NotTranslatable, call_symbolically
from symgrad.reading.equations import primed
from symgrad.verification.diagnose import Case, diagnose
from symgrad.verification.prove import equal
from symgrad.verification.refute import MOST_BITS, compare
from symgrad.verification.verdict import Counterexample, Verdict

LARGEST_EXPONENT = 10_000_000


def verify(derivation: Derivation, quantity: str, claim: Any) -> Verdict:
    """The verdict on a claim about ∂result/∂quantity, about a partial such as "dz2_dw1", or about an expression.

    The claim is a SymPy expression, a number, a Python function of the model's names, or text in Python's spelling,
    where a = b = c claims every side.  Names such as dyhat_dz2 in it are partials.
    """
    name = quantity
    try:
        context = _Context(derivation.model, {**derivation.written})
        name = context.full_name(quantity)
        reference = context.reference(name)
        if isinstance(claim, str) and "=" in claim:
            return context.chained(name, reference, claim)
        label = f"{name} = {claim.strip()}" if isinstance(claim, str) else ""
        return context.verdict(name, reference, context.read(claim, names_in(reference)), label)
    except NotTranslatable as error:
        return _sampled(derivation, name, claim, str(error))
    except SymgradError as error:
        return Verdict("malformed", name, str(error))


_NOT_READ = (Derivative, Subs, ExprWithLimits, ImaginaryUnit, NaN, Infinity, NegativeInfinity, ComplexInfinity)


@dataclass(frozen=True)
class _Context:
    """The model that a claim is about: what its names mean."""

    model: Model
    written: dict[Expr, Order]

    def __post_init__(self) -> None:
        if self.model.has_axes:
            raise ClaimError(f"{self.model.name} has quantities with axes, and claims about them can't be compared yet")

    def full_name(self, quantity: str) -> str:
        """The partial's name for a quantity; a partial or an expression stays as it is.  Raises ClaimError."""
        if self.is_partial(quantity) or not quantity.isidentifier():
            return quantity
        if quantity not in self.model.quantities:
            raise ClaimError(f"{self.model.name} has no quantity {quantity!r}; {self._hint(quantity)}")
        return partial_name(self.model.result, quantity)

    def is_partial(self, name: str) -> bool:
        """Whether a name is the partial of one of the model's quantities by another."""
        pair = split_partial(name)
        return pair is not None and all(part in self.model.quantities for part in pair)

    def _hint(self, name: str) -> str:
        close = [known for known in self.model.quantities if parsed(known) == parsed(name)]  # ŷ and y_hat for yhat
        close = close or difflib.get_close_matches(name, list(self.model.quantities), 1)
        return f"did you mean {close[0]}?" if close else f"it has {', '.join(self.model.quantities)}"

    def reference(self, name: str) -> Expr:
        """The correct expression: a partial's in named quantities, or the expression that a text writes."""
        return self.partial(name) if self.is_partial(name) else read(name, self.written, self._symbols)

    def partial(self, name: str, inputs_only: bool = False) -> Expr:
        """A partial derivative in named quantities, or in inputs only."""
        pair = split_partial(name)
        assert pair  # is_partial has said so
        of, by = pair
        if of == by:
            return S.One
        if of not in {equation.name for equation in self.model.equations}:
            return S.Zero
        sweep = derive(dataclasses.replace(self.model, result=of), by)
        self.written.update(sweep.written)
        found = sweep.expanded[by] if inputs_only else sweep.gradient[by]
        self.written.update(sweep.written)
        return found

    def read(self, claim: Any, also: tuple[str, ...] = ()) -> Expr:
        """The claim as an expression in the model's names and those in `also`; raises ClaimError, NotTranslatable."""
        if isinstance(claim, str):
            expr = read(claim, self.written, self._symbols)
        elif isinstance(claim, Expr):
            expr = primed(claim)
            expr = expr.xreplace({number: exact(number) for number in expr.atoms(Float) if number.is_finite})
        elif callable(claim):
            expr = call_symbolically(claim, {**self._symbols, **dict.fromkeys(self.model.functions)}, self.written)
        else:
            expr = exact(claim)
        for node in expr.atoms(*_NOT_READ):
            raise ClaimError(f"the claim has {node}, which can't be compared with a derivation")
        _check_size(expr)
        for name in names_in(expr):
            if name not in self.model.quantities and name not in also and not self.is_partial(name):
                raise ClaimError(f"the claim uses {name}, which {self.model.name} doesn't have; {self._hint(name)}")
        for name in functions_in(expr) - set(self.model.functions):
            raise ClaimError(f"the claim applies {name}, which isn't an abstract function of {self.model.name}")
        return expr.xreplace({atom: Symbol(atom.name) for atom in expr.free_symbols})

    @property
    def _symbols(self) -> dict[str, Expr]:
        return {name: Symbol(name) for name in self.model.quantities}

    def _text(self, expr: Expr) -> str:
        return Infix(self.written).text(expr)

    def named(self, expr: Expr) -> Expr:
        """The expression with partials written out in named quantities."""
        return self._with_partials(expr, {}, inputs_only=False)

    def in_inputs(self, expr: Expr) -> Expr:
        """The expression with partials and named quantities written out in the model's inputs."""
        definitions: dict[str, tuple[tuple[()], Expr]] = {}
        for equation in self.model.equations:
            definitions[equation.name] = (), inlined(equation.rhs, definitions, itertools.count(), self.written)
        return self._with_partials(expr, definitions, inputs_only=True)

    def _with_partials(self, expr: Expr, definitions: Definitions, inputs_only: bool) -> Expr:
        names = [name for name in names_in(expr) if name not in self.model.quantities and self.is_partial(name)]
        partials = {name: ((), self.partial(name, inputs_only)) for name in names}
        return inlined(expr, {**definitions, **partials}, itertools.count(), self.written)

    def same(self, left: Expr, right: Expr) -> bool:
        """Whether two expressions are proved equal in the model: as they are named, or written out in inputs."""
        return equal(self.named(left), self.named(right)) or equal(self.in_inputs(left), self.in_inputs(right))

    def verdict(self, name: str, correct: Expr, claimed: Expr, label: str = "") -> Verdict:
        """The verdict on one expression for another, which is correct."""
        label = label or f"{name} = {self._text(claimed)}"
        if self.same(claimed, correct):
            reason = "equal for all values where both sides are defined, by polynomial arithmetic"
            return Verdict("proved", label, reason, correct=correct, written=self.written)
        outcome = compare(self.in_inputs(claimed), self.in_inputs(correct))
        if isinstance(outcome, Counterexample):
            why = self._wrong_partial(claimed, correct) or diagnose(
                Case(self.named(claimed), self.named(correct), self.written, self.same)
            )
            reason = f"the correct expression is {self._text(correct)}"
            return Verdict("refuted", label, reason, outcome, why, correct, self.written)
        if outcome.points:
            reason = f"equal at {outcome.points} points to {MOST_BITS} bits; no proof was found"
            return Verdict("agrees", label, reason, correct=correct, written=self.written)
        return Verdict("undecided", label, "no point was found where both sides have a real value", correct=correct)

    def _wrong_partial(self, claimed: Expr, correct: Expr) -> str:
        """Whether another partial in the place of one in the claim makes it right."""
        for name in names_in(claimed):
            pair = split_partial(name)
            if name in self.model.quantities or not pair:
                continue
            for other in self.model.quantities:
                for meant in (partial_name(other, pair[1]), partial_name(pair[0], other)):
                    if meant != name and self.same(claimed.xreplace({Symbol(name): Symbol(meant)}), correct):
                        return f"the factor {name} stands where {meant} is meant"
        return ""

    def chained(self, name: str, correct: Expr, claim: str) -> Verdict:
        """Every side of a = b = c against the derivation; the first one that fails is the verdict."""
        sides = [side.strip() for side in claim.replace("==", "=").split("=")]
        verdict = None
        for before, side in zip([name, *sides], sides, strict=False):
            if side == name:
                continue
            verdict = self.verdict(name, correct, self.read(side, names_in(correct)), f"{before} = {side}")
            if verdict.status != "proved":
                return verdict
        if verdict is None:
            raise ClaimError(f"{claim!r} claims nothing: write {name} = …")
        return dataclasses.replace(verdict, claim=claim)


def _check_size(expr: Expr) -> None:
    """Refuses a tower of exponentials of numbers, on which SymPy would spend hours; looks at the innermost first."""
    for node in sorted(expr.atoms(exp), key=lambda node: node.count_ops()):
        if node.args[0].is_number and abs(node.args[0].evalf(5)) > LARGEST_EXPONENT:
            raise ClaimError(f"the claim has {node}, which is too large, or too small, to compute with")


def _sampled(derivation: Derivation, name: str, claim: Callable[..., Any], why: str) -> Verdict:
    """The verdict on a Python function that can't be translated: its values against the program's, in float64."""
    from symgrad.verification.sample import sampled

    return sampled(derivation, name, claim, why)
