"""Claims whose shapes don't fit: what would make them fit, and right."""

from __future__ import annotations

import ast
import copy
import itertools
from collections.abc import Callable, Iterator

from sympy import Expr, Mul, S

from symgrad.equations import Equation, Index
from symgrad.errors import SymgradError
from symgrad.indices import sigma
from symgrad.verification.context import Context
from symgrad.verification.diagnose import right


def misfit(context: Context, claim: Equation, correct: Equation) -> str:
    """What would give a claim the axes of the derivative, and make it right; empty where nothing simple does."""
    for indices, rhs, text in _refitted(claim, correct):
        fitted = Equation(claim.name, rhs, indices)
        if fitted.quantity.axes == correct.quantity.axes and right(context, fitted, correct):
            return text
    return ""


def _refitted(claim: Equation, correct: Equation) -> Iterator[tuple[tuple[Index, ...], Expr, str]]:
    """The claim summed over axes that the derivative lacks, transposed, and without axes of length 1."""
    axes = claim.quantity.axes
    yield claim.indices[::-1], claim.rhs, "right in the other layout: this is the transpose"
    for count in range(1, len(axes) - len(correct.quantity.axes) + 1):
        for over in itertools.combinations(claim.indices, count):
            left = tuple(index for index in claim.indices if index not in over)
            names = " and ".join(str(index.size) for index in over)
            if all(index.size == 1 for index in over):
                yield left, claim.rhs.xreplace(dict.fromkeys(over, S.Zero)), "an axis of length 1 is one too many"
            elif len(left) == len(correct.indices):
                yield left, sigma(claim.rhs, *over), f"the sum over {names} is forgotten"
                mean = sigma(claim.rhs, *over) / Mul(*(index.size for index in over))
                yield left, mean, f"the mean over {names} is forgotten"


def refitted(tree: ast.expr, read: Callable[[ast.expr], Equation], context: Context, correct: Equation) -> str:
    """Which transpose, or which order of factors, makes the shapes in a text fit and the claim right; or nothing."""
    for other, text in _changed(tree):
        try:
            claim = read(other)
        except SymgradError:
            continue
        if claim.quantity.axes == correct.quantity.axes and right(context, claim, correct):
            return f"{text}: {ast.unparse(other)} fits, and is right"
    return ""


def _changed(tree: ast.expr) -> Iterator[tuple[ast.expr, str]]:
    """The tree with one matrix transposed, or with one product's factors swapped, or with both."""
    once = list(_changed_once(tree))
    yield from once
    for first, one in once:
        yield from ((both, f"{one}, {other}") for both, other in _changed_once(first))


def _changed_once(tree: ast.expr) -> Iterator[tuple[ast.expr, str]]:
    for place, node in enumerate(ast.walk(tree)):
        if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult)):
            continue
        for side in ("left", "right"):
            changed = copy.deepcopy(tree)
            product = next(itertools.islice(ast.walk(changed), place, None))
            operand = getattr(product, side)
            is_transposed = isinstance(operand, ast.Attribute) and operand.attr == "T"
            setattr(product, side, operand.value if is_transposed else ast.Attribute(operand, "T", ast.Load()))
            what = "must not be transposed" if is_transposed else "must be transposed"
            yield changed, f"{ast.unparse(operand.value if is_transposed else operand)} {what}"
        changed = copy.deepcopy(tree)
        product = next(itertools.islice(ast.walk(changed), place, None))
        assert isinstance(product, ast.BinOp)  # the same place of the same tree
        product.left, product.right = product.right, product.left
        yield changed, f"{ast.unparse(node.left)} and {ast.unparse(node.right)} are in the wrong order"
