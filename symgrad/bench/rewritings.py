"""Correct rewritings of a formula: other forms in which people write the same derivative."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator

import sympy
from sympy import Add, Dummy, Expr, Indexed, Integer, Mul, Pow, Sum, Symbol, exp, tanh

from symgrad.equations import Equation, Index, Size
from symgrad.indices import reduced, sigma
from symgrad.tensors.functions import sigmoid
from symgrad.verification.context import Context
from symgrad.verification.parts import places

Rewriting = Callable[[Context, Equation, random.Random], Expr]


def written_out(context: Context, correct: Equation, chance: random.Random) -> Expr:
    """Some of the names replaced by what they stand for."""
    stages = list(itertools.islice(context.stages(correct.rhs), 4))
    return chance.choice(stages)


def expanded(context: Context, correct: Equation, chance: random.Random) -> Expr:
    """Products of sums multiplied out, and a Σ of several terms made several Σs."""

    def walk(expr: Expr) -> Expr:
        if isinstance(expr, Indexed) or not expr.args:
            return expr
        if isinstance(expr, Sum):
            body = sympy.expand_mul(walk(expr.function))
            return Add(*(_summed(term, expr.variables) for term in Add.make_args(body)))
        return expr.func(*(walk(arg) if isinstance(arg, Expr) else arg for arg in expr.args))

    return sympy.expand_mul(walk(context.without_partials(correct.rhs)))


def _summed(term: Expr, over: tuple[Index, ...]) -> Expr:
    used = [index for index in over if index in term.free_symbols]
    absent = [index.size for index in over if index not in term.free_symbols]
    return Mul(*absent, sigma(term, *used) if used else term)


def reordered(context: Context, correct: Equation, chance: random.Random) -> Expr:
    """Other names for the bound indices, and the Σs in another order."""
    letters = iter("uvwabcdefgh")

    def walk(expr: Expr) -> Expr:
        if isinstance(expr, Indexed) or not expr.args:
            return expr
        if isinstance(expr, Sum):
            table = {index: Index(next(letters, index.name), index.size) for index in expr.variables}
            fresh = list(table.values())
            chance.shuffle(fresh)
            return reduced(type(expr), walk(expr.function).xreplace(table), fresh)
        return expr.func(*(walk(arg) if isinstance(arg, Expr) else arg for arg in expr.args))

    return walk(context.without_partials(correct.rhs))


def factored(context: Context, correct: Equation, chance: random.Random) -> Expr:
    """Common factors in front, fractions together."""
    expr = context.without_partials(correct.rhs)
    hidden = {node: Dummy() for node in sorted(expr.atoms(Sum), key=lambda node: -node.count_ops())}
    plain = sympy.together(sympy.factor_terms(expr.xreplace(hidden), sign=False))
    for node, symbol in hidden.items():
        plain = plain.xreplace({symbol: node})
    return plain


def exponentials(context: Context, correct: Equation, chance: random.Random) -> Expr:
    """tanh and the sigmoid in exponentials, once the names that stand for them are written out."""
    stages = list(itertools.islice(context.stages(correct.rhs), 6))
    found = next((stage for stage in stages if stage.has(tanh, sigmoid)), stages[0])
    spelled = found.replace(tanh, lambda z: (exp(z) - exp(-z)) / (exp(z) + exp(-z)))
    return spelled.replace(sigmoid, lambda z: exp(z) / (1 + exp(z)))


def by_one(context: Context, correct: Equation, chance: random.Random) -> Expr:
    """A fraction that is 1 as a factor, (1 + q²)/(1 + q²) for a quantity or an entry q of it."""
    entries = [part for part, _ in places(correct.rhs) if isinstance(part, Indexed | Symbol) and not _is_index(part)]
    fitting = [part for part in entries if all(at in correct.indices for at in getattr(part, "indices", ()))]
    q = chance.choice(sorted(fitting, key=str)) if fitting else Integer(3)
    return Mul(correct.rhs, 1 + q**2, Pow(1 + q**2, -1, evaluate=False), evaluate=False)


def _is_index(part: Expr) -> bool:
    return isinstance(part, Index | Size | Dummy)


def turned(context: Context, correct: Equation, chance: random.Random) -> Expr:
    """Each difference a - b as -(b - a)."""

    def walk(expr: Expr) -> Expr:
        if isinstance(expr, Indexed) or not expr.args:
            return expr
        args = [walk(arg) if isinstance(arg, Expr) else arg for arg in expr.args]
        if isinstance(expr, Add) and len(args) == 2:
            return Mul(-1, Add(*(-arg for arg in args)), evaluate=False)
        return reduced(type(expr), args[0], expr.variables) if isinstance(expr, Sum) else expr.func(*args)

    return walk(context.without_partials(correct.rhs))


REWRITINGS: tuple[Rewriting, ...] = (written_out, expanded, reordered, factored, exponentials, by_one, turned)


def rewritings(context: Context, correct: Equation, chance: random.Random) -> Iterator[tuple[str, Equation]]:
    """Each rewriting of a correct formula, by name."""
    for rewriting in REWRITINGS:
        yield rewriting.__name__, Equation(correct.name, rewriting(context, correct, chance), correct.indices)
