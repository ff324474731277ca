"""The reverse sweep: the adjoint of each named quantity, one step a quantity, from the result back to the inputs.

The adjoint of a quantity is the sum, over the equations that use it, of the user's adjoint times the local
derivative (Griewank and Walther, Evaluating Derivatives, 2nd ed. 2008, section 3.2).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sympy import Expr, Pow, S, Symbol
from sympy.concrete.expr_with_limits import ExprWithLimits

from symgrad.adjoint import Contribution, contracted
from symgrad.calculus.differential import differential
from symgrad.equations import Equation, Index, Model, Size, base_name, names_in
from symgrad.errors import DerivativeError, InputError
from symgrad.expressions import Order, Written, total
from symgrad.gradients import Gradient
from symgrad.indices import canonical, summed
from symgrad.names import partial_name
from symgrad.naming.known import Known
from symgrad.naming.settle import Settling
from symgrad.naming.terms import cost

if TYPE_CHECKING:  # the rooms above, imported only when a convenience method is called
    from symgrad.codegen.dialect import Backend
    from symgrad.codegen.program import Program, Reduction
    from symgrad.notation.steps import Line
    from symgrad.notation.style import Layout, Notation
    from symgrad.notation.worked import Evaluation
    from symgrad.verification.verdict import Verdict


@dataclass(frozen=True)
class Step:
    """The adjoint of one quantity and why: `adjoint` is written in the users' adjoints, dL_dz for ∂L/∂z."""

    quantity: str
    contributions: tuple[Contribution, ...]
    adjoint: Expr
    indices: tuple[Index, ...]
    reason: str


@dataclass(frozen=True)
class Derivation:
    """The steps of one reverse sweep, in order; the gradient of the model's result by each quantity in `wrt`."""

    model: Model
    wrt: tuple[str, ...]
    steps: tuple[Step, ...]
    written: Written = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def _step(self) -> dict[str, Step]:
        return {step.quantity: step for step in self.steps}

    def step(self, quantity: str) -> Step:
        """The step of one quantity; raises InputError where the sweep has none."""
        try:
            return self._step[quantity]
        except KeyError:
            raise InputError(f"no step for {quantity!r}; the sweep has {', '.join(self._step)}") from None

    @cached_property
    def equations(self) -> tuple[Equation, ...]:
        """The adjoints as named equations, in an order in which they can be computed."""
        result = self.model.result
        return tuple(
            Equation(partial_name(result, step.quantity), step.adjoint, step.indices)
            for step in self.steps
            if step.quantity != result
        )

    @cached_property
    def gradient(self) -> Gradient:
        """∂result/∂quantity by name, in the named quantities."""
        return Gradient(self)

    @cached_property
    def expanded(self) -> Gradient:
        """∂result/∂quantity by name, in the inputs only."""
        return Gradient(self, inputs_only=True)

    def latex(self, notation: Notation = "auto", layout: Layout = "denominator") -> str:
        """Every step as LaTeX: chain rule, local derivatives, combined result.

        Quantities with axes are written in "matrix" or "index" form, or "auto", the first where there is one; raises
        SymgradError, naming the step, where "matrix" is asked for and there is none.
        """
        from symgrad.notation.steps import derivation_latex
        from symgrad.notation.style import Style

        return derivation_latex(self, Style(notation, layout))

    def markdown(self, notation: Notation = "auto", layout: Layout = "denominator") -> str:
        """The equations, the steps with their reasons, and the gradient, as Markdown with LaTeX."""
        from symgrad.notation.steps import derivation_markdown
        from symgrad.notation.style import Style

        return derivation_markdown(self, Style(notation, layout))

    def lines(self, notation: Notation = "auto", layout: Layout = "denominator") -> tuple[Line, ...]:
        """Every line that the derivation prints: local derivatives, chain rules, combined results."""
        from symgrad.notation.steps import lines
        from symgrad.notation.style import Style

        return lines(self, Style(notation, layout))

    def chain(self, quantity: str) -> tuple[Line, ...]:
        """The chain rule opened from the result down to a quantity, as an article does: ∂L/∂w = ∂L/∂ŷ ∂ŷ/∂w, …."""
        from symgrad.chain import chain
        from symgrad.notation.steps import chain_line

        return tuple(chain_line(row) for row in chain(self, quantity))

    def _repr_latex_(self) -> str:
        return f"$$\n{self.latex()}\n$$"

    def _repr_markdown_(self) -> str:
        return self.markdown()

    def __str__(self) -> str:
        from symgrad.notation.steps import derivation_text

        return derivation_text(self)

    def at(self, **values: Any) -> Evaluation:
        """The values of every quantity and gradient at exact inputs, with the substitution as a person writes it."""
        from symgrad.notation.worked import evaluation

        return evaluation(self, values)

    def beside(self, quantity: str, function: Callable[..., Any]) -> str:
        """A hand-written Python gradient function as LaTeX, a wrong factor in red, above the derived gradient."""
        from symgrad.notation.beside import beside

        return beside(self, quantity, function, self.verify(quantity, function).wrong)

    def compile(self, reduction: Reduction = "none", backend: Backend = "numpy") -> Program:
        """The forward equations and these steps as one function, of NumPy, or compiled by JAX or as C."""
        from symgrad.codegen.program import compile_derivation

        return compile_derivation(self, reduction, backend)

    def verify(self, quantity: str, claim: Any, seconds: float = 5.0) -> Verdict:
        """The verdict on a claim about ∂result/∂quantity, a partial such as "dz2_dw1", or an expression.

        The claim is text in Python's spelling (a = b = c claims every side), a SymPy expression, a number or a Python
        function of the model's names.  One in index form names its free indices on the left: "W[m, j]".  No verdict
        takes longer than `seconds`.
        """
        from symgrad.verification.claims import verify

        return verify(self, quantity, claim, seconds)


def derive(model: Model, wrt: Any = None) -> Derivation:
    """The gradient of a model's result by one reverse sweep over its equations.

    `wrt` names the quantities (all inputs if left out).  Cost is linear in the number of equations.  Raises
    InputError for an unknown name and DerivativeError for an operation without a derivative.

    >>> from symgrad.equations import Model
    >>> x, w = Symbol("x"), Symbol("w")
    >>> derive(Model.from_equations([("L", (w * x - 1) ** 2 / 2)]), "w").gradient["w"]
    x*(w*x - 1)
    """
    targets = wanted(model, wrt)
    if model.quantities[model.result].axes:
        raise InputError(
            f"{model.name}: the result {model.result} has axes, so it has no gradient; "
            "return a scalar such as sg.sum(…), or use sg.jacobian or sg.vjp"
        )
    written = dict(model.written)
    shares = _shares(model, _active(model, targets), written)
    sweep = _Sweep(model, shares, written)
    order = [equation.name for equation in reversed(model.equations)] + [q.name for q in model.inputs]
    for name in order:
        if name == model.result or name in shares or name in targets:
            sweep.add(name)
    return Derivation(model, targets, tuple(sweep.steps.values()), written)


def wanted(model: Model, wrt: Any) -> tuple[str, ...]:
    """The names that `wrt` asks for: all inputs, or those named; raises InputError for an unknown one."""
    if wrt is None:
        return tuple(quantity.name for quantity in model.inputs if not quantity.integer)
    names = tuple(dict.fromkeys(str(item) for item in ([wrt] if isinstance(wrt, str | Symbol) else wrt)))
    for name in names:
        if name not in model.quantities:
            raise InputError(f"{model.name} has no quantity {name!r}; it has {', '.join(model.quantities)}")
        if model.quantities[name].integer:
            raise InputError(f"{model.name}: {name} holds whole numbers, so nothing can be differentiated by it")
    return names


def _active(model: Model, targets: tuple[str, ...]) -> set[str]:
    """The quantities that depend on a target, the targets included."""
    active = set(targets)
    for equation in model.equations:
        if not equation.uses.isdisjoint(active):
            active.add(equation.name)
    return active


def _shares(model: Model, active: set[str], written: dict[Expr, Order]) -> dict[str, list[Contribution]]:
    """The contributions to each active quantity that the result depends on."""
    shares: dict[str, list[Contribution]] = {}
    for equation in reversed(model.equations):
        if equation.name not in active or (equation.name != model.result and equation.name not in shares):
            continue
        for row in differential(equation.rhs, written, equation.lhs):
            name = base_name(row.entry)
            if name in active:
                shares.setdefault(name, []).append(Contribution(equation.name, row.coefficient, row.entry, row.over))
    return {name: _merged(found, written) for name, found in shares.items()}


def _merged(found: list[Contribution], written: dict[Expr, Order]) -> list[Contribution]:
    """One contribution for each user and entry: what an equation says twice about an entry is added."""
    if len(found) == 1:
        return found
    groups: dict[tuple[str, Expr], list[Contribution]] = {}
    for share in found:
        groups.setdefault((share.user, share.entry), []).append(share)
    merged = []
    for group in groups.values():
        if len(group) == 1:
            merged.append(group[0])
        elif group[0].entry.is_Symbol or not any(share.over for share in group):
            local = total((summed(share.local, share.over, written) for share in group), written)
            merged.append(Contribution(group[0].user, local, group[0].entry))
        else:
            merged.extend(group)
    return merged


INLINED = 2  # what a name saves a reader: an adjoint is written out where that is shorter by more than this


class _Sweep:
    """The steps so far, and what settles the next one."""

    def __init__(self, model: Model, shares: dict[str, list[Contribution]], written: dict[Expr, Order]) -> None:
        self.model, self.shares, self.written = model, shares, written
        self.steps: dict[str, Step] = {}
        self.dividing: dict[str, bool] = {}
        self.counter = itertools.count()

    @cached_property
    def settling(self) -> Settling:
        """The model's names and facts, put together when the first step needs them."""
        return Settling(Known.of(self.model, self.counter, self.written), self.counter, self.written)

    @cached_property
    def open(self) -> set[Index]:
        """The indices that the result itself leaves open: those of one entry, whose gradient is a Jacobian's row."""
        return {s for s in self.model.equation(self.model.result).rhs.free_symbols if isinstance(s, Index)}

    def add(self, name: str) -> None:
        """The step of one quantity, all of whose users have theirs."""
        shares = tuple(self.shares.get(name, ()))
        target = tuple(Index(f"_{next(self.counter)}", size) for size in self.model.quantities[name].axes)
        if name == self.model.result:
            adjoint: Expr = S.One
        else:
            adjoint = total((self._share(share, target) for share in shares), self.written)
            adjoint = self._settled(adjoint, shares)
        self.dividing[name] = _divides(adjoint)
        expr, indices = canonical(adjoint, target, self.written)
        if self.model.has_axes:
            astray = expr.free_symbols.difference(indices, self.open)
            if any(isinstance(symbol, Index) for symbol in astray):
                raise DerivativeError(f"{self.model.name}, {name}: an index left its sum in {expr}")
        self.steps[name] = Step(name, shares, expr, indices, _reason(self.model, name, shares))

    def _share(self, share: Contribution, target: tuple[Index, ...]) -> Expr:
        return contracted(share, self.model.equation(share.user), self.model.result, target, self.written)

    def _settled(self, adjoint: Expr, shares: tuple[Contribution, ...]) -> Expr:
        """The adjoint with names and facts put back; the users' adjoints written out where that is shorter."""
        users = [user for user in dict.fromkeys(share.user for share in shares) if user != self.model.result]
        axes = self.model.has_axes and (
            any(self.model.quantities[name].axes for name in users) or adjoint.has(Index, ExprWithLimits)
        )
        quotient = self._quotient(adjoint, users)
        if not (axes or quotient):
            return adjoint
        named = self.settling.settled(adjoint) if axes else adjoint
        lengths = {user: cost(self.steps[user].adjoint) for user in users}
        trivial = [user for user in users if lengths[user] <= 1] if axes else []
        if adjoint.is_zero or not (trivial or quotient):
            return named
        best, least = named, cost(named) + sum(length if length > 1 else INLINED + 1 for length in lengths.values())
        for chosen in self._choices(users, trivial, quotient):
            full = self.settling.written_out(adjoint, self._definitions(chosen))
            left = sum(length for user, length in lengths.items() if user not in chosen)
            if cost(full) + INLINED * len(chosen) + left < least:
                best, least = full, cost(full) + INLINED * len(chosen) + left
        return best

    def _quotient(self, adjoint: Expr, users: list[str]) -> bool:
        """Whether the adjoint, or a user's, divides by a quantity, against which another may cancel."""
        return any(self.dividing[user] for user in users) or _divides(adjoint)

    def _choices(self, users: list[str], trivial: list[str], quotient: bool) -> Iterator[tuple[str, ...]]:
        """Users whose adjoints to try writing out: all, the statistics of a normalisation, those that say nothing.

        Not one that the others' adjoints would bring back anyway.
        """
        result = self.model.result
        brought = {name for user in users for name in names_in(self.steps[user].adjoint)}
        free = tuple(user for user in users if partial_name(result, user) not in brought or user in trivial)
        reduced = tuple(user for user in free if self._is_statistic(user, users))
        tries = [free, reduced] if quotient else []
        yield from dict.fromkeys(choice for choice in (*tries, tuple(trivial)) if choice)

    def _is_statistic(self, user: str, users: list[str]) -> bool:
        """Whether a user has fewer entries than another: a mean or a variance among whole arrays."""
        mine = {size for size in self.model.quantities[user].axes if size != 1}
        return any(mine < set(self.model.quantities[other].axes) for other in users)

    def _definitions(self, users: tuple[str, ...]) -> dict[str, tuple[tuple[Index, ...], Expr]]:
        steps = (self.steps[user] for user in users)
        return {partial_name(self.model.result, step.quantity): (step.indices, step.adjoint) for step in steps}


def _divides(expr: Expr) -> bool:
    """Whether an expression divides by a quantity; a size doesn't count."""
    stack = [expr]
    while stack:
        node = stack.pop()
        if isinstance(node, Pow) and node.exp.is_negative and not isinstance(node.base, Size):
            return True
        stack.extend(node.args)
    return False


def _reason(model: Model, name: str, shares: tuple[Contribution, ...]) -> str:
    users = tuple(dict.fromkeys(share.user for share in shares))
    if name == model.result:
        return f"{name} is the result itself"
    if not users:
        return f"{model.result} does not depend on {name}, so the derivative is 0"
    if users == (model.result,):
        return f"{model.result} uses {name} directly"
    if len(users) == 1:
        return f"{name} acts on {model.result} only through {users[0]}: one path, so one product"
    return f"{name} acts on {model.result} through {', '.join(users[:-1])} and {users[-1]}: the paths are added"
