"""A claim about a derivation, in any form in which a person writes one, and its verdict."""

from __future__ import annotations

import ast
import dataclasses
import re
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

from sympy import Derivative, Expr, Float, Indexed, IndexedBase, Subs, Symbol, exp
from sympy.concrete.expr_with_limits import ExprWithLimits
from sympy.core.numbers import ComplexInfinity, ImaginaryUnit, Infinity, NaN, NegativeInfinity

from symgrad.derivation import Derivation
from symgrad.equations import Equation, base_name, functions_in, names_in
from symgrad.errors import ClaimError, ShapeError, SymgradError
from symgrad.expressions import exact
from symgrad.indices import Reduction, canonical
from symgrad.reading.arithmetic import Reader, in_index_form, parsed, scalar
from symgrad.reading.call import NotTranslatable, call_symbolically
from symgrad.reading.equations import primed
from symgrad.reading.indexed import index_form
from symgrad.tensors.functions import as_choices
from symgrad.tensors.tensor import Scope, Tensor
from symgrad.verification.budget import Budget, OutOfTime
from symgrad.verification.context import Context
from symgrad.verification.decide import decide
from symgrad.verification.misfit import refitted
from symgrad.verification.verdict import Verdict

LARGEST_EXPONENT = 10_000_000
MOST_SHOWN = 120  # characters of a function's formula; a longer one goes by the function's name


def verify(derivation: Derivation, quantity: str, claim: Any, seconds: float) -> Verdict:
    """The verdict on a claim about ∂result/∂quantity, about a partial such as "dz2_dw1", or about an expression.

    The claim is a SymPy expression, a number, a Python function of the model's names, or text in Python's spelling,
    where a = b = c claims every side.  Names such as dyhat_dz2 in it are partials.  A claim in index form names its
    free indices on the left: verify(d, "W[m, j]", "Sum(X[i, m]*dL_dZ[i, j], i)").  `seconds` is the time budget.
    """
    budget = Budget(seconds)
    context = Context(derivation, {**derivation.written})
    name, letters = _left(quantity)
    try:
        name = context.full_name(name)
        reading = _Reading(context, name, letters)
        correct = budget.run(lambda: reading.correct)
        if isinstance(claim, str) and len(_sides(claim)) > 1:
            return _chained(reading, claim, budget)
        equation = budget.run(lambda: reading.claim(claim))
        if isinstance(equation.rhs, Indexed | Symbol) and base_name(equation.rhs) == name:
            raise ClaimError(f"{name} = {name} claims nothing: write what it is equal to")
        text = claim.strip() if isinstance(claim, str) else context.text(equation)
        if callable(claim) and len(text) > MOST_SHOWN:
            text = f"{getattr(claim, '__name__', 'the function')}(…)"
        return decide(context, equation, correct, f"{name} = {text}", budget)
    except ShapeError as error:
        return Verdict("malformed", name, str(error), diagnosis=_refit(reading, claim, budget))
    except NotTranslatable as error:
        from symgrad.verification.sample import sampled

        return sampled(context, reading.correct, claim, str(error), budget)
    except OutOfTime:
        return Verdict("undecided", name, f"reading it took longer than {seconds:g} s")
    except SymgradError as error:
        return Verdict("malformed", name, str(error))


def _left(text: str) -> tuple[str, tuple[str, ...] | None]:
    """The name and the free indices of a left-hand side such as "W[m, j]"."""
    match = re.fullmatch(r"\s*(\w+)\s*\[([\w\s,]+)\]\s*", text)
    return (match[1], tuple(part.strip() for part in match[2].split(","))) if match else (text, None)


def _sides(text: str) -> list[str]:
    """The sides of a = b = c; an = inside parentheses, or of >= and <=, separates none."""
    sides, depth, start = [], 0, 0
    text = text.replace("==", "=")
    for place, mark in enumerate(text):
        depth += (mark in "([{") - (mark in ")]}")
        if mark == "=" and depth == 0 and text[place - 1 : place] not in ("<", ">", "!"):
            sides.append(text[start:place].strip())
            start = place + 1
    return [*sides, text[start:].strip()]


def _refit(reading: _Reading, claim: Any, budget: Budget) -> str:
    """What would make the shapes in a text fit, and the claim right."""
    if not isinstance(claim, str) or len(_sides(claim)) > 1:
        return ""
    try:
        return budget.run(lambda: refitted(parsed(claim), reading.tree, reading.context, reading.correct))
    except OutOfTime:
        return ""


def _chained(reading: _Reading, claim: str, budget: Budget) -> Verdict:
    """Every side of a = b = c against the derivation; the first one that fails is the verdict."""
    sides = _sides(claim)
    verdicts: list[Verdict] = []
    for before, side in zip([reading.name, *sides], sides, strict=False):
        if _left(side)[0] != reading.name:
            equation = budget.run(partial(reading.claim, side))
            verdicts.append(decide(reading.context, equation, reading.correct, f"{before} = {side}", budget))
    if not verdicts:
        raise ClaimError(f"{claim!r} claims nothing: write {reading.name} = …")
    failed = next((verdict for verdict in verdicts if verdict.status != "proved"), None)
    if failed is None:
        return dataclasses.replace(verdicts[-1], claim=claim)
    if failed.status == "refuted" and verdicts[-1].status == "proved":
        why = "; ".join(part for part in (failed.diagnosis, "the last side is right, this one isn't") if part)
        return dataclasses.replace(failed, diagnosis=why)
    return failed


_NOT_READ = (Derivative, Subs, ImaginaryUnit, NaN, Infinity, NegativeInfinity, ComplexInfinity)


@dataclass(frozen=True)
class _Reading:
    """The claims about one quantity; `letters` are its free indices, where the left-hand side names them."""

    context: Context
    name: str
    letters: tuple[str, ...] | None

    @cached_property
    def correct(self) -> Equation:
        """The correct equation: a partial's, or that of the expression which the left-hand side writes."""
        if self.context.is_partial(self.name):
            return self.context.partial(self.name)
        return self._checked(self._text(self.name))

    def claim(self, claim: Any) -> Equation:
        """The claim as an equation in the model's names; raises ClaimError, NotTranslatable."""
        if isinstance(claim, str):
            return self._checked(self._text(claim))
        if isinstance(claim, Expr):
            expr = as_choices(primed(claim))
            expr = expr.xreplace({number: exact(number) for number in expr.atoms(Float) if number.is_finite})
            return self._checked(self._indexed(expr) if expr.has(Indexed) else Equation(self.name, expr))
        if callable(claim):
            scope = Scope(self.context.written)
            result = call_symbolically(claim, lambda name: self.context.meaning(name, scope), scope)
            if not isinstance(result, Tensor):
                raise ClaimError(f"the function returned {result!r}, which isn't one quantity")
            return self._checked(self._equation(result))
        return self._checked(Equation(self.name, exact(claim)))

    def _text(self, text: str) -> Equation:
        return self.tree(parsed(text))

    def tree(self, tree: ast.expr) -> Equation:
        """A text's syntax tree as an equation; raises ClaimError, ShapeError."""
        scope = Scope(self.context.written)
        if in_index_form(tree, self.context.model.quantities.__contains__):
            return self._indexed(Reader(scalar, scope).quantity(tree).expr)
        if not self.context.model.has_axes:
            return self._equation(Reader(scalar, scope).quantity(tree))
        return self._equation(Reader(lambda name: self.context.meaning(name, scope), scope).quantity(tree))

    def _equation(self, value: Tensor) -> Equation:
        return Equation(self.name, *canonical(value.expr, value.indices, self.context.written))

    def _indexed(self, expr: Expr) -> Equation:
        axes = {name: quantity.axes for name, quantity in self.context.model.quantities.items()}
        for name in names_in(expr):
            if name not in axes and self.context.is_partial(name):
                axes[name] = self.context.partial(name).quantity.axes
        correct = self.context.partial(self.name) if self.context.is_partial(self.name) else None
        if correct is not None:
            axes[self.name] = correct.quantity.axes
            if correct.indices and self.letters is None:
                letters = ", ".join("ijklmpqr"[: len(correct.indices)])
                raise ClaimError(
                    f"the claim is in index form; name the free indices on the left, as in {self.name}[{letters}]"
                )
        symbols = tuple(Symbol(letter) for letter in self.letters or ())
        return index_form(IndexedBase(self.name)[symbols] if symbols else Symbol(self.name), expr, axes)

    def _checked(self, claim: Equation) -> Equation:
        """The claim, if its names are the model's and its axes those of the derivative; raises ClaimError."""
        expr, context = claim.rhs, self.context
        for node in (*expr.atoms(*_NOT_READ), *(n for n in expr.atoms(ExprWithLimits) if not isinstance(n, Reduction))):
            raise ClaimError(f"the claim has {node}, which can't be compared with a derivation")
        _check_size(expr)
        also = names_in(context.partials[self.name].rhs) if self.name in context.partials else ()
        for name in names_in(expr):
            if context.is_partial(name):
                context.partial(name)  # so that it has a value at a point
            elif name not in context.model.quantities and name not in also:
                raise ClaimError(
                    f"the claim uses {name}, which {context.model.name} doesn't have; {context.hint(name)}"
                )
        for name in functions_in(expr) - set(context.model.functions):
            raise ClaimError(f"the claim applies {name}, which isn't an abstract function of {context.model.name}")
        plain = {s: Symbol(s.name) for s in expr.free_symbols if type(s) is Symbol}
        return dataclasses.replace(claim, rhs=expr.xreplace(plain))


def _check_size(expr: Expr) -> None:
    """Refuses a tower of exponentials of numbers, on which SymPy would spend hours; looks at the innermost first."""
    for node in sorted(expr.atoms(exp), key=lambda node: node.count_ops()):
        if node.args[0].is_number and abs(node.args[0].evalf(5)) > LARGEST_EXPONENT:
            raise ClaimError(f"the claim has {node}, which is too large, or too small, to compute with")
