"""A Python function with one of its factors marked, for what reads its source."""

from __future__ import annotations

import ast
import linecache
from collections.abc import Callable, Iterator
from typing import Any

from sympy import Expr, Symbol

from symgrad.errors import SymgradError
from symgrad.reading.arithmetic import Reader
from symgrad.reading.source import Source
from symgrad.tensors.tensor import Scope, Tensor

MARK = "markedwrong"


def marked(function: Callable[..., Any], wrong: Expr) -> Callable[..., Any]:
    """The function with MARK(…) around the last part of it that has a value; as it is, where no part has it.

    It is for reading: its source can be inspected, but MARK isn't defined.  Raises ModelError where the function has
    no source.
    """
    source = Source.of(function)
    found = list(_parts(source.tree, wrong))
    if not found:
        return function
    last = _Marking(max(found, key=lambda part: (part.lineno, part.col_offset)))
    last.visit(source.tree)
    source.tree.decorator_list = []
    text = ast.unparse(ast.fix_missing_locations(source.tree))
    name = f"<symgrad marked {function.__name__}>"
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    names: dict[str, Any] = dict(source.function.__globals__)
    exec(compile(text, name, "exec"), names)  # the user's own function, to be read again
    copy: Callable[..., Any] = names[source.tree.name]
    return copy


class _Marking(ast.NodeTransformer):
    """Puts the mark around one part."""

    def __init__(self, part: ast.expr) -> None:
        self.part = part

    def visit(self, node: ast.AST) -> ast.AST:
        if node is self.part:
            return ast.Call(ast.Name(MARK, ast.Load()), [self.part], [])
        return self.generic_visit(node)


def _parts(tree: ast.FunctionDef, wrong: Expr) -> Iterator[ast.expr]:
    """The parts of a function's formulas that have a value; not the names that it gives to such a part."""
    scope = Scope()
    known: dict[str, Tensor] = {}
    reader = Reader(lambda name: known.get(name, Symbol(name)), scope)

    def value(node: ast.expr) -> Expr | None:
        try:
            return reader.quantity(node).expr
        except SymgradError:
            return None

    for statement in tree.body:
        formula = getattr(statement, "value", None)
        if not isinstance(statement, ast.Assign | ast.Return) or not isinstance(formula, ast.expr):
            continue
        for node in ast.walk(formula):
            named = isinstance(node, ast.Name) and node.id in known
            if isinstance(node, ast.expr) and not named and value(node) == wrong:
                yield node
        for target in statement.targets if isinstance(statement, ast.Assign) else ():
            found = value(formula)
            if isinstance(target, ast.Name) and found is not None:
                known[target.id] = Tensor(found, (), scope)
