"""The reverse sweep: the adjoint of each named quantity, one step a quantity, from the result back to the inputs.

The adjoint of a quantity is the sum, over the equations that use it, of the user's adjoint times the local
derivative (Griewank and Walther, Evaluating Derivatives, 2nd ed. 2008, section 3.2).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sympy import Expr, Integer, KroneckerDelta, S, Symbol

from symgrad.calculus.differential import differential
from symgrad.errors import InputError
from symgrad.expressions import Order, Written, ordered, product, total
from symgrad.indices import canonical, inlined, relabelled, summed
from symgrad.infix import Infix
from symgrad.model import Equation, Index, Model, Quantity, names_in
from symgrad.names import partial_name
from symgrad.naming import known_quantities, put_back

if TYPE_CHECKING:  # the rooms above, imported only when a convenience method is called
    from symgrad.codegen.program import Program, Reduction
    from symgrad.notation.steps import Line
    from symgrad.notation.worked import Evaluation
    from symgrad.verification.verdict import Verdict


@dataclass(frozen=True)
class Contribution:
    """One equation's share of an adjoint: the user's name, and its derivative by the quantity.

    For a quantity with axes, `local` is the coefficient of one entry, to be summed over the indices `over`.
    """

    user: str
    local: Expr
    entry: Expr
    over: tuple[Index, ...] = ()


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

    def latex(self) -> str:
        """Every step as LaTeX: chain rule, local derivatives, combined result."""
        from symgrad.notation.steps import derivation_latex

        return derivation_latex(self)

    def markdown(self) -> str:
        """The equations, the steps with their reasons, and the gradient, as Markdown with LaTeX."""
        from symgrad.notation.steps import derivation_markdown

        return derivation_markdown(self)

    def lines(self) -> tuple[Line, ...]:
        """Every line that the derivation prints: local derivatives, chain rules, combined results."""
        from symgrad.notation.steps import lines

        return lines(self)

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
        """A hand-written Python gradient function as LaTeX, above the derived gradient."""
        from symgrad.notation.beside import beside

        return beside(self, quantity, function)

    def compile(self, reduction: Reduction = "none") -> Program:
        """The forward equations and these steps as one NumPy function."""
        from symgrad.codegen.program import compile_derivation

        return compile_derivation(self, reduction)

    def verify(self, quantity: str, claim: Any) -> Verdict:
        """The verdict on a claim about ∂result/∂quantity, a partial such as "dz2_dw1", or a quantity itself."""
        from symgrad.verification.claims import verify

        return verify(self, quantity, claim)


@dataclass(frozen=True)
class Gradient(Mapping[str, Expr]):
    """A derivation's gradient by name, each expression combined from the steps when it is asked for."""

    derivation: Derivation
    inputs_only: bool = False
    _found: dict[str, Expr] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __getitem__(self, name: str) -> Expr:
        if name not in self._found:
            self.derivation.step(name)
            self._found.update(_combined(self.derivation, name))
            if self.inputs_only:
                self._found[name] = _in_inputs(self.derivation, self._found[name])
        return self._found[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.derivation.wrt)

    def __len__(self) -> int:
        return len(self.derivation.wrt)

    def __str__(self) -> str:
        printer, result = Infix(self.derivation.written), self.derivation.model.result
        return "\n".join(f"{partial_name(result, name)} = {printer.text(self[name])}" for name in self)


def derive(model: Model, wrt: Any = None) -> Derivation:
    """The gradient of a model's result by one reverse sweep over its equations.

    `wrt` names the quantities (all inputs if left out).  Cost is linear in the number of equations.  Raises
    InputError for an unknown name and DerivativeError for an operation without a derivative.

    >>> from symgrad.model import Model
    >>> x, w = Symbol("x"), Symbol("w")
    >>> derive(Model.from_equations([("L", (w * x - 1) ** 2 / 2)]), "w").gradient["w"]
    x*(w*x - 1)
    """
    targets = wanted(model, wrt)
    written = dict(model.written)
    active = _active(model, targets)
    shares = _shares(model, active, written)
    order = [equation.name for equation in reversed(model.equations)] + [q.name for q in model.inputs]
    counter = itertools.count()
    steps = []
    for name in order:
        if name == model.result or name in shares or name in targets:
            steps.append(_step(model, name, shares.get(name, ()), written, counter))
    return Derivation(model, targets, tuple(steps), written)


def wanted(model: Model, wrt: Any) -> tuple[str, ...]:
    """The names that `wrt` asks for: all inputs, or those named; raises InputError for an unknown one."""
    if wrt is None:
        return tuple(quantity.name for quantity in model.inputs)
    names = tuple(dict.fromkeys(str(item) for item in ([wrt] if isinstance(wrt, str | Symbol) else wrt)))
    for name in names:
        if name not in model.quantities:
            raise InputError(f"{model.name} has no quantity {name!r}; it has {', '.join(model.quantities)}")
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
    known = known_quantities(model)
    shares: dict[str, list[Contribution]] = {}
    for equation in reversed(model.equations):
        if equation.name not in active or (equation.name != model.result and equation.name not in shares):
            continue
        for row in differential(equation.rhs, written, equation.lhs):
            (name,) = names_in(row.entry)
            if name in active:
                local = put_back(row.coefficient, known, written)
                shares.setdefault(name, []).append(Contribution(equation.name, local, row.entry, row.over))
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


def _step(
    model: Model,
    name: str,
    shares: list[Contribution] | tuple[()],
    written: dict[Expr, Order],
    counter: Iterator[int],
) -> Step:
    quantity = model.quantities[name]
    if not (quantity.axes or any(share.over or model.equation(share.user).indices for share in shares)):
        terms = (_scalar_term(model, share, written) for share in shares)
        adjoint = S.One if name == model.result else total(terms, written)
        return Step(name, tuple(shares), adjoint, (), _reason(model, name, shares))
    if name == model.result:
        ones = tuple(Index(f"_{next(counter)}", size) for size in quantity.axes)
        return Step(name, (), *canonical(S.One, ones, written), reason=_reason(model, name, shares))
    target = tuple(Index(f"_{next(counter)}", size) for size in quantity.axes)
    adjoint = total((_contracted(model, share, target, written) for share in shares), written)
    expr, indices = canonical(adjoint, target, written)
    return Step(name, tuple(shares), expr, indices, _reason(model, name, shares))


def _scalar_term(model: Model, share: Contribution, written: dict[Expr, Order]) -> Expr:
    if share.user == model.result:
        return share.local
    return product((Symbol(partial_name(model.result, share.user)), share.local), written)


def _contracted(model: Model, share: Contribution, target: tuple[Index, ...], written: dict[Expr, Order]) -> Expr:
    """The user's adjoint times the local derivative, summed over all but the target's indices."""
    equation = model.equation(share.user)
    body = share.local
    if share.user != model.result:
        adjoint = Quantity(partial_name(model.result, share.user), equation.quantity.axes).at(equation.indices)
        body = product((adjoint, body), written)
    over = [*equation.indices, *share.over]
    table: dict[Expr, Expr] = {}
    deltas = []
    for place, goal in zip(getattr(share.entry, "indices", ()), target, strict=True):
        if place in over:
            over.remove(place)
            table[place] = goal
        else:
            deltas.append((place, goal))
    body = relabelled(body, table, written)
    for place, goal in deltas:
        body = product((body, KroneckerDelta(place.xreplace(table), goal)), written)
    return summed(body, tuple(over), written)


def _reason(model: Model, name: str, shares: list[Contribution] | tuple[()]) -> str:
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


def _combined(derivation: Derivation, name: str) -> dict[str, Expr]:
    """The gradient by `name`, and by what it passes through, in named quantities: adjoints multiplied out as chains."""
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
        expr, indices = canonical(adjoint, step.indices, written) if step.indices else (adjoint, ())
        found[step.quantity] = expr
        definitions[partial_name(derivation.model.result, step.quantity)] = indices, expr
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


def _in_inputs(derivation: Derivation, expr: Expr) -> Expr:
    """The expression with every equation substituted, so that only inputs are left."""
    written = derivation.written
    assert isinstance(written, dict)
    counter = itertools.count()
    definitions: dict[str, tuple[tuple[Index, ...], Expr]] = {}
    for equation in derivation.model.equations:
        definitions[equation.name] = equation.indices, inlined(equation.rhs, definitions, counter, written)
    return inlined(expr, definitions, counter, written)
