"""One plain step of gradient descent on numbers with as few operations as by hand.

A sweep is linear in the adjoint of the result, which is 1: begun with the learning rate instead, what it gives is what
a step subtracts. Names that are used once are written out, and what is used twice gets a name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from sympy import Add, Expr, Mul, Pow, S, Symbol, preorder_traversal

from symgrad.codegen.inplace.names import Names
from symgrad.equations import Equation


@dataclass(frozen=True)
class Sweep:
    """The equations before the loop, in each step, and the amount that each parameter is lessened by."""

    before: tuple[Equation, ...]
    equations: tuple[Equation, ...]
    steps: Mapping[str, Expr]


def plain_sweep(
    equations: Sequence[Equation],
    gradients: Mapping[str, str],
    adjoints: set[str],
    kept: set[str],
    rate: Expr,
    names: Names,
) -> Sweep | None:
    """The sweep that begins with the rate; None where an adjoint isn't a sum of terms with one other each.

    `gradients` names the gradient of each parameter, `kept` the equations that are to stay under their name.
    """
    before: dict[Expr, Symbol] = {}
    begun = [_begun(equation, adjoints, rate, before, names) for equation in equations]
    if any(equation is None for equation in begun):
        return None
    short = _written_out(_named([one for one in begun if one is not None], names), kept | set(gradients.values()))
    short = _shared(short, names)
    by_name = {equation.name: equation for equation in short}
    steps: dict[str, Expr] = {}
    for name, gradient in gradients.items():
        # Written out in the update, unless something else needs it, or a parameter in it has moved by then.
        expr = by_name[gradient].rhs
        used = sum(gradient in equation.uses for equation in short)
        moved = not expr.free_symbols.isdisjoint(map(Symbol, steps))
        steps[name] = Symbol(gradient) if used or moved else expr
    gone = {gradients[name] for name, expr in steps.items() if expr != Symbol(gradients[name])}
    return Sweep(
        tuple(Equation(symbol.name, expr) for expr, symbol in before.items()),
        tuple(equation for equation in short if equation.name not in gone),
        steps,
    )


def _begun(
    equation: Equation, adjoints: set[str], rate: Expr, before: dict[Expr, Symbol], names: Names
) -> Equation | None:
    """An adjoint times the rate: it goes to the terms without another adjoint, the others have it already."""
    if equation.name not in adjoints:
        return equation
    terms = []
    for term in Add.make_args(equation.rhs):
        factors = Mul.make_args(term)
        own = [factor for factor in factors if factor.is_Symbol and factor.name in adjoints]
        others = [factor for factor in factors if factor not in own]
        if len(own) > 1 or any(symbol.name in adjoints for factor in others for symbol in factor.free_symbols):
            return None
        if own:
            terms.append(term)
            continue
        number, rest = term.as_coeff_Mul()
        factor = number * rate
        if not factor.is_Symbol:
            factor = before.setdefault(factor, Symbol(names.new("c0")))
        terms.append(factor if rest is S.One else Mul(factor, *Mul.make_args(rest), evaluate=False))
    return Equation(equation.name, terms[0] if len(terms) == 1 else Add(*terms, evaluate=False))


def _named(equations: list[Equation], names: Names) -> list[Equation]:
    """The equations with a name for each sum that occurs in several places."""
    count = Counter(
        node
        for equation in equations
        for node in preorder_traversal(equation.rhs)
        if isinstance(node, Add) and not node.is_number
    )
    table: dict[Expr, Expr] = {}
    done = []
    for equation in equations:
        for node in preorder_traversal(equation.rhs):
            if count[node] > 1 and node != equation.rhs and node not in table:
                table[node] = Symbol(names.new("e0"))
                done.append(Equation(table[node].name, node))
        done.append(Equation(equation.name, _replaced(equation.rhs, table)))
    return done


def _written_out(equations: list[Equation], kept: set[str]) -> list[Equation]:
    """The equations without those that another one uses once, which has them in their place."""
    done: list[Equation] = []
    known: dict[Expr, Expr] = {}
    uses = Counter(
        symbol for equation in equations for symbol in preorder_traversal(equation.rhs) if isinstance(symbol, Symbol)
    )
    squared = {
        power.base for equation in equations for power in equation.rhs.atoms(Pow) if isinstance(power.base, Symbol)
    }
    for equation in equations:
        rhs, symbol = _replaced(equation.rhs, known), Symbol(equation.name)
        alias = rhs.is_Symbol and equation.name not in kept
        if alias or (uses[symbol] == 1 and symbol not in squared and equation.name not in kept):
            known[symbol] = rhs
        else:
            done.append(Equation(equation.name, rhs))
    return done


def _shared(equations: list[Equation], names: Names) -> list[Equation]:
    """The equations with a name for each product of two quantities that several of them have as factors."""
    factors = {equation.name: _factors(equation.rhs) for equation in equations}
    symbols = [sorted({one.name for one in found if isinstance(one, Symbol)}) for found in factors.values()]
    pairs = Counter(pair for found in symbols for pair in combinations(found, 2))
    pair, count = max(pairs.items(), key=lambda item: item[1], default=((), 0))
    if count < 2:
        return equations
    name, product = Symbol(names.new("e0")), [Symbol(one) for one in pair]
    done: list[Equation] = []
    for equation in equations:
        rest, rhs = factors[equation.name], equation.rhs
        if all(factor in rest for factor in product):
            if not any(one.name == name.name for one in done):
                done.append(Equation(name.name, Mul(*product)))
            for factor in product:
                rest.remove(factor)
            rhs = Mul(name, *rest, evaluate=False) if rest else name
        done.append(Equation(equation.name, rhs))
    return _shared(done, names)


def _factors(expr: Expr) -> list[Expr]:
    """The factors of a product, and of products in it that weren't multiplied out."""
    return [factor for arg in expr.args for factor in _factors(arg)] if isinstance(expr, Mul) else [expr]


def _replaced(expr: Expr, table: Mapping[Expr, Expr]) -> Expr:
    """The expression with others put in place of some of its parts, and nothing multiplied out."""
    if expr in table:
        return table[expr]
    args = [_replaced(arg, table) for arg in expr.args]
    if all(new is old for new, old in zip(args, expr.args, strict=True)):
        return expr
    return expr.func(*args, evaluate=False) if isinstance(expr, Add | Mul) else expr.func(*args)
