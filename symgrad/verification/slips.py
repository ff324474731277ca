"""The catalogue of slips: what people get wrong in a derivative, one entry each.

An entry makes, from the correct formula, the formulas that the slip would give, each with words for it.  The same
table explains a refuted claim (the slip that gives the claim's values is named) and mutates correct formulas for the
benchmark.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeAlias

from sympy import Add, Dummy, Expr, Indexed, IndexedBase, Mul, Pow, Rational, S, Symbol
from sympy.core.function import AppliedUndef

from symgrad.adjoint import Contribution, contracted
from symgrad.derivation import Derivation, Step
from symgrad.equations import Equation, Index, Quantity, Size, base_name, needed
from symgrad.expressions import ordered, total
from symgrad.indices import canonical
from symgrad.names import partial_name
from symgrad.verification.context import Context, aligned
from symgrad.verification.parts import places

CONSTANTS = tuple(Rational(text) for text in ("2", "1/2", "3", "1/3", "4", "1/4"))


@dataclass(frozen=True)
class Mutant:
    """What a slip makes of the correct formula, and words for it.

    `adjoint` is the one on the way in which it was made, if it was; `wrong` is the factor that is wrong in the result.
    """

    equation: Equation
    text: str
    adjoint: Equation | None = None
    wrong: Expr | None = None


@dataclass(frozen=True)
class Target:
    """A derivative that slips are made in, in the forms in which people write it, the last in named quantities only.

    `sweep` is what gave it and `quantity` what it is by, where a sweep did.
    """

    context: Context
    forms: tuple[Equation, ...]
    sweep: Derivation | None = None
    quantity: str = ""

    @staticmethod
    def of(context: Context, correct: Equation) -> Target:
        """The target of a correct equation: through adjoints where there are axes, and in named quantities."""
        named = replace(correct, rhs=context.without_partials(correct.rhs))
        forms = (correct, named) if context.model.has_axes and correct.rhs != named.rhs else (named,)
        return Target(context, forms, *context.source(correct.name))

    @property
    def correct(self) -> Equation:
        """The correct equation in its first form."""
        return self.forms[0]

    @property
    def named(self) -> Equation:
        """The correct equation in named quantities only."""
        return self.forms[-1]

    @cached_property
    def step(self) -> Equation:
        """The correct equation in its users' adjoints, as the sweep gives it."""
        if self.sweep is None or self.quantity == self.sweep.model.result:
            return self.correct
        step = self.sweep.step(self.quantity)
        return Equation(self.correct.name, step.adjoint, step.indices)

    @cached_property
    def way(self) -> tuple[Equation, ...]:
        """The adjoints that the step is written in, and those that these are written in."""
        if self.sweep is None:
            return ()
        names = needed(self.step.uses, self.sweep.equations)
        return tuple(eq for eq in self.sweep.equations if eq.name in names and eq.name != self.correct.name)

    def text(self, part: Expr) -> str:
        """A part of a formula in Python's spelling."""
        return self.context.part_text(part)

    def shaped(self, axes: tuple[Expr, ...]) -> list[str]:
        """The model's quantities that have the given axes."""
        return [name for name, quantity in self.context.model.quantities.items() if quantity.axes == axes]


def _factors(target: Target, expr: Expr) -> list[Expr]:
    """The factors of a product, one of a power once: what can be missing or replaced."""
    factors = ordered(expr, target.context.written) if isinstance(expr, Mul) else (expr,)
    return [f.base if isinstance(f, Pow) and f.exp.is_Integer and f.exp > 1 else f for f in factors]


def _is_name(part: Expr) -> bool:
    return isinstance(part, Indexed) or (isinstance(part, Symbol) and not isinstance(part, Index | Size | Dummy))


def _axes(target: Target, name: str) -> tuple[Expr, ...] | None:
    quantities = target.context.model.quantities
    if name in quantities:
        return quantities[name].axes
    known = target.context.adjoints.get(name)
    return None if known is None else known.quantity.axes


def _renamed(part: Expr, name: str) -> Expr:
    """The entry of another quantity at the same indices."""
    return IndexedBase(name)[part.indices] if isinstance(part, Indexed) else Symbol(name)


# --- the entries


Entry: TypeAlias = Callable[[Target], Iterator[Mutant]]


def sign(target: Target) -> Iterator[Mutant]:
    """Everything negative."""
    yield Mutant(replace(target.named, rhs=-target.named.rhs), "the sign is wrong")


def constant_factor(target: Target) -> Iterator[Mutant]:
    """A number, or the length of an axis, times the correct formula."""
    named = target.named
    for number in CONSTANTS:
        text = f"the claim is {number} times the correct expression: a constant factor is wrong"
        yield Mutant(replace(named, rhs=number * named.rhs), text)
    for size in target.context.sizes.values():
        text = "the claim is {} times the correct expression: a factor {} is {}"
        yield Mutant(replace(named, rhs=size * named.rhs), text.format(size, f"1/{size}", "missing"))
        yield Mutant(replace(named, rhs=named.rhs / size), text.format(f"1/{size}", f"1/{size}", "one too many"))


def missing_factor(target: Target) -> Iterator[Mutant]:
    """A factor of a product left out, f′ among them."""
    for form in target.forms:
        for part, put in places(form.rhs):
            if not isinstance(part, Mul):
                continue
            for factor in _factors(target, part):
                if not factor.is_number and not isinstance(factor, Size) and not _is_inverse_size(factor):
                    yield Mutant(replace(form, rhs=put(part / factor)), f"the factor {target.text(factor)} is missing")


def _is_inverse_size(factor: Expr) -> bool:
    return isinstance(factor, Pow) and isinstance(factor.base, Size)


def missing_number(target: Target) -> Iterator[Mutant]:
    """A number, or the length of an axis, left out inside the formula."""
    for form in target.forms:
        for part, put in places(form.rhs):
            if not isinstance(part, Mul):
                continue
            for factor in part.args:
                if (factor.is_Rational and factor != -1) or isinstance(factor, Size) or _is_inverse_size(factor):
                    left = put(part / abs(factor) if factor.is_Rational else part / factor)
                    yield Mutant(
                        replace(form, rhs=left), f"the factor {target.text(factor)} is missing in {target.text(part)}"
                    )


def extra_factor(target: Target) -> Iterator[Mutant]:
    """The formula times a quantity that doesn't belong there, once more or at all."""
    named = target.named
    axes = named.quantity.axes
    for name in [*target.shaped(axes), *(target.shaped(()) if axes else [])]:
        part = Quantity(name, target.context.model.quantities[name].axes).at(
            named.indices if _axes(target, name) else ()
        )
        yield Mutant(
            replace(named, rhs=named.rhs * part), f"the factor {target.text(part)} is one too many", wrong=part
        )
    for part in sorted(named.rhs.atoms(AppliedUndef), key=str):
        if "'" in part.func.__name__:
            yield Mutant(
                replace(named, rhs=named.rhs * part), f"the factor {target.text(part)} is one too many", wrong=part
            )


def replaced_quantity(target: Target) -> Iterator[Mutant]:
    """A quantity where another of the same shape is meant: another index or layer, z for f(z), y for ŷ."""
    for form in target.forms:
        for part, put in places(form.rhs):
            if isinstance(part, AppliedUndef) and all(_is_name(arg) for arg in part.args):
                names = [n for n in target.context.model.quantities if n != base_name(part.args[0])]
                others = [part.func(_renamed(part.args[0], name), *part.args[1:]) for name in names]
            elif _is_name(part):
                axes = _axes(target, base_name(part))
                same = [] if axes is None or base_name(part) in target.context.adjoints else target.shaped(axes)
                others = [_renamed(part, name) for name in same if name != base_name(part)]
            else:
                continue
            for other in others:
                what = "wrong index: " if _stem(other) == _stem(part) else ""
                text = f"{what}the factor {target.text(other)} stands where {target.text(part)} is meant"
                yield Mutant(replace(form, rhs=put(other)), text, wrong=other)


def replaced_adjoint(target: Target) -> Iterator[Mutant]:
    """The adjoint of another quantity of the same shape: dL/dA for dL/dZ."""
    adjoints = target.context.adjoints
    for part, put in places(target.correct.rhs):
        if _is_name(part) and base_name(part) in adjoints:
            axes = adjoints[base_name(part)].quantity.axes
            for name, known in adjoints.items():
                if known.quantity.axes == axes and name not in (base_name(part), target.correct.name):
                    text = f"{name} stands where {base_name(part)} is meant"
                    yield Mutant(replace(target.correct, rhs=put(_renamed(part, name))), text)


def _stem(expr: Expr) -> str:
    name = base_name(expr) if _is_name(expr) else str(expr)
    return re.sub(r"\d+", "", name)


def swapped_quantities(target: Target) -> Iterator[Mutant]:
    """Two quantities of one shape in each other's place: y and ŷ, the two sides of a product."""
    for form in target.forms:
        entries = sorted({part for part, _ in places(form.rhs) if _is_name(part)}, key=str)
        names = list(dict.fromkeys(map(base_name, entries)))
        for one, other in itertools.combinations(names, 2):
            if _axes(target, one) is None or _axes(target, one) != _axes(target, other):
                continue
            table = {
                e: _renamed(e, other if base_name(e) == one else one) for e in entries if base_name(e) in (one, other)
            }
            text = f"{one} and {other} are swapped"
            yield Mutant(replace(form, rhs=form.rhs.xreplace(table)), text)


def transposed_factor(target: Target) -> Iterator[Mutant]:
    """A square matrix transposed, or not."""
    for form in target.forms:
        for part, put in places(form.rhs):
            if isinstance(part, Indexed) and len(part.indices) == 2 and part.indices[0] != part.indices[1]:
                axes = _axes(target, base_name(part))
                if axes is not None and axes[0] == axes[1]:
                    yield Mutant(
                        replace(form, rhs=put(part.base[part.indices[::-1]])), f"{part.base} must be transposed"
                    )


def forgotten_path(target: Target) -> Iterator[Mutant]:
    """Some users of a quantity left out of its adjoint: of a shared weight, a normalisation's mean, an off-diagonal."""
    for step in _steps(target):
        for left_out in _some(step.contributions):
            routes = " and ".join(dict.fromkeys(_route(target, share, step) for share in left_out))
            several = len(left_out) > 1
            text = f"the path{'s' * several} through {routes} {'are' if several else 'is'} forgotten"
            kept = [share for share in step.contributions if share not in left_out]
            yield _with_step(target, step, kept, text)


def derivative_elsewhere(target: Target) -> Iterator[Mutant]:
    """f′ left out, or taken at another quantity than the one that f is applied to: at f(z) instead of z."""
    for step in _steps(target):
        axes = target.context.model.quantities[step.quantity].axes
        for place, share in enumerate(step.contributions):
            user = target.context.model.equation(share.user)
            if share.over or not share.local.has(share.entry, user.lhs):
                continue
            others = [name for name in (share.user, *target.shaped(axes)) if _axes(target, name) == axes]
            changes = [(S.One, f"the derivative of {share.user} by {step.quantity} is missing")]
            for name in dict.fromkeys(others):
                if name != step.quantity:
                    other = _renamed(share.entry, name)
                    value = user.rhs.xreplace({share.entry: other})  # a derivative may be written in f's own value
                    local = share.local.xreplace({share.entry: other, user.lhs: value})
                    changes.append(
                        (local, f"the derivative of {share.user} is taken at {name}, not at {step.quantity}")
                    )
            for local, text in changes:
                before, after = step.contributions[:place], step.contributions[place + 1 :]
                yield _with_step(target, step, [*before, replace(share, local=local), *after], text)


def _steps(target: Target) -> Iterator[Step]:
    """The steps of the sweep that the target's adjoint is made of, its own first."""
    if target.sweep is None:
        return
    head = f"d{target.sweep.model.result}_d"
    names = {target.quantity, *(equation.name.removeprefix(head) for equation in target.way)}
    yield from reversed([step for step in target.sweep.steps if step.quantity in names and step.contributions])


def _with_step(target: Target, step: Step, shares: Sequence[Contribution], text: str) -> Mutant:
    """The mutant whose step has other contributions."""
    assert target.sweep is not None
    model, written = target.sweep.model, target.context.written
    goal = tuple(Index(f"~{place}", size) for place, size in enumerate(model.quantities[step.quantity].axes))
    terms = [contracted(share, model.equation(share.user), model.result, goal, written) for share in shares]
    name = partial_name(model.result, step.quantity)
    equation = Equation(name, *canonical(total(terms, written), goal, written))
    if step.quantity == target.quantity and len(goal) == len(target.correct.indices):
        return Mutant(aligned(replace(equation, name=target.correct.name), target.correct.indices), text)
    return Mutant(target.step, f"in {name}: {text}", equation)


def _some(shares: tuple[Contribution, ...]) -> Iterator[tuple[Contribution, ...]]:
    """One contribution, or several but not all: the few that a person may forget together."""
    for count in range(1, min(len(shares), 4)):
        yield from itertools.combinations(shares, count)


def _route(target: Target, share: Contribution, step: Step) -> str:
    """The user that a path goes through; of two paths through one user, through which entries."""
    times = sum(other.user == share.user for other in step.contributions)
    if times == 1:
        return share.user
    user = target.context.model.quantities[share.user]
    if not user.axes:
        return f"one of the {times} places where {share.user} uses {step.quantity}"
    same = not share.over and getattr(share.entry, "indices", ()) == target.context.model.equation(share.user).indices
    return f"{share.user} at {'the same entry' if same else 'the other entries'} of {step.quantity}"


def missing_term(target: Target) -> Iterator[Mutant]:
    """A term of a sum left out, or with the wrong sign."""
    for form in target.forms:
        for part, put in places(form.rhs):
            if not isinstance(part, Add):
                continue
            for term in ordered(part, target.context.written):
                inside = f" in {target.text(part)}"
                yield Mutant(replace(form, rhs=put(part - term)), f"the term {target.text(term)} is missing{inside}")
                yield Mutant(
                    replace(form, rhs=put(part - 2 * term)),
                    f"the sign of the term {target.text(term)} is wrong{inside}",
                )


def other_layout(target: Target) -> Iterator[Mutant]:
    """The transpose: a gradient in the other layout."""
    named = target.named
    if len(named.indices) == 2 and named.indices[0].size == named.indices[1].size:
        swap = dict(zip(named.indices, named.indices[::-1], strict=True))
        yield Mutant(replace(named, rhs=named.rhs.xreplace(swap)), "right in the other layout: this is the transpose")


def wrong_power(target: Target) -> Iterator[Mutant]:
    """A power with another exponent, x for x², or of another part: (1 - a)² for 1 - a²."""
    for form in target.forms:
        for part, put in places(form.rhs):
            changes: list[Expr] = []
            if isinstance(part, Pow) and part.exp.is_Integer and part.exp > 1:
                changes = [part.base, part * part.base]
                if isinstance(part.base, Add):
                    changes.append(Add(*(_spread_power(term, part.exp) for term in part.base.args)))
            elif isinstance(part, Add) and len(part.args) == 2:
                whole = [_without_power(term) for term in part.args]
                powers = {power for _, power in whole if power > 1}
                changes = [Add(*(term for term, _ in whole)) ** power for power in powers]
            for change in changes:
                wrong = target.text(change)
                yield Mutant(replace(form, rhs=put(change)), f"{wrong} stands where {target.text(part)} is meant")


def _spread_power(term: Expr, power: Expr) -> Expr:
    """A term's power, its sign kept: -b² of -b."""
    number, body = term.as_coeff_Mul()
    return body**power if number > 0 else -(body**power)


def _without_power(term: Expr) -> tuple[Expr, Expr]:
    """A term without its whole exponent, and that exponent: -b and 2 of -b²."""
    number, body = term.as_coeff_Mul()
    if isinstance(body, Pow) and body.exp.is_Integer and abs(number) == 1:
        return number * body.base, body.exp
    return term, S.One


def slip_on_the_way(target: Target) -> Iterator[Mutant]:
    """Any of these slips in an adjoint that the formula is written in."""
    entries: tuple[Entry, ...] = (
        missing_factor,
        missing_number,
        missing_term,
        replaced_quantity,
        transposed_factor,
        sign,
    )
    for equation in target.way if target.context.model.has_axes else ():
        inner = Target(target.context, (equation,))
        for entry in entries:
            for mutant in entry(inner):
                yield Mutant(target.step, f"in {equation.name}: {mutant.text}", mutant.equation)


CATALOGUE: tuple[Entry, ...] = (
    sign,
    constant_factor,
    forgotten_path,
    missing_factor,
    wrong_power,
    extra_factor,
    replaced_quantity,
    derivative_elsewhere,
    replaced_adjoint,
    swapped_quantities,
    transposed_factor,
    missing_number,
    missing_term,
    other_layout,
    slip_on_the_way,
)


def mutants(target: Target) -> Iterator[tuple[str, Mutant]]:
    """Every slip that fits, with the name of its entry."""
    for entry in CATALOGUE:
        for mutant in entry(target):
            yield entry.__name__, mutant
