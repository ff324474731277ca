"""A Python function's source, rewritten so that running it on quantities keeps names and exact numbers."""

from __future__ import annotations

import ast
import difflib
import inspect
import math
import textwrap
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import FunctionType
from typing import Any

import sympy
from sympy import Function, Rational

from symgrad.errors import ModelError
from symgrad.expressions import exact
from symgrad.tensors.elementwise import ELEMENTWISE
from symgrad.tensors.tensor import Scope, Tensor, as_tensor


@dataclass(frozen=True)
class Source:
    """A function's parsed source, rewritten so that running it records its equations."""

    function: FunctionType
    tree: ast.FunctionDef
    first: int
    lines: tuple[str, ...]

    @staticmethod
    def of(function: Any) -> Source:
        if not isinstance(function, FunctionType):
            raise ModelError(f"a model is a Python function, got {function!r}")
        try:
            lines, first = inspect.getsourcelines(function)
        except (OSError, TypeError) as error:
            raise ModelError(
                f"the source of {function.__name__} can't be found; put it in a file or a notebook cell, "
                "or use Model.from_equations"
            ) from error
        text = textwrap.dedent("".join(lines))
        tree = ast.parse(text).body[0]
        if not isinstance(tree, ast.FunctionDef):
            raise ModelError(f"a model is a function written with def, got: {text.strip().splitlines()[0]}")
        return Source(function, tree, max(first, 1), tuple(text.splitlines()))

    @property
    def arguments(self) -> list[ast.arg]:
        spec = self.tree.args
        if spec.vararg or spec.kwarg:
            raise ModelError(f"{self.function.__name__}: name every input; * and ** arguments can't be quantities")
        return [*spec.posonlyargs, *spec.args, *spec.kwonlyargs]

    @property
    def called(self) -> frozenset[str]:
        """The arguments that the body calls: abstract functions."""
        names = {argument.arg for argument in self.arguments}
        calls = (node.func for node in ast.walk(self.tree) if isinstance(node, ast.Call))
        return frozenset(call.id for call in calls if isinstance(call, ast.Name) and call.id in names)

    def run(self, hooks: Mapping[str, Any], open_inputs: Callable[[], dict[str, Any]]) -> Any:
        """Runs the rewritten function on the opened inputs, with `hooks` for its assignments and numbers."""
        tree = _Rewriter({argument.arg for argument in self.arguments}).visit(self.tree)
        tree.decorator_list, tree.returns = [], None
        tree.args.defaults, tree.args.kw_defaults = [], [None] * len(tree.args.kwonlyargs)
        for argument in self.arguments:
            argument.annotation = None
        if not any(isinstance(node, ast.Return) and node.value for node in ast.walk(tree)):
            raise ModelError(self.at(tree.lineno, "it returns nothing; end it with `return L`, L being its result"))
        module = ast.fix_missing_locations(ast.Module([tree], []))
        names = {**symbolic_names(self.function), **hooks}
        # The user's own function is run, as calling it would; only its assignments are observed.
        exec(compile(module, f"<model {self.function.__name__}>", "exec"), names)
        inputs = open_inputs()
        keyword = {argument.arg for argument in self.tree.args.kwonlyargs}
        return names[self.tree.name](
            *(value for name, value in inputs.items() if name not in keyword),
            **{name: value for name, value in inputs.items() if name in keyword},
        )

    def located(self, message: str, error: BaseException) -> str:
        """The message with the line of the model in which the error arose."""
        ours = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith("<model ")]
        if not ours or ours[-1].lineno is None or f"<model {self.function.__name__}>" != ours[-1].filename:
            return message
        return self.at(ours[-1].lineno, message)

    def at(self, number: int, message: str) -> str:
        """The message with a line of the function, counted from its first."""
        quoted = self.lines[number - 1].strip()
        return f"{self.function.__name__}, line {self.first + number - 1}: `{quoted}`: {message}"


class _Rewriter(ast.NodeTransformer):
    """Assignments report their names, decimals and divisions stay exact."""

    def __init__(self, inputs: set[str]) -> None:
        self.inputs = inputs
        self.depth = 0  # of loops
        self.level = 0  # of functions: a helper inside a model has names of its own

    def visit_For(self, node: ast.For) -> ast.AST:
        self.depth += 1
        self.generic_visit(node)
        self.depth -= 1
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        self.level += 1
        self.generic_visit(node)
        self.level -= 1
        return node

    def visit_NamedExpr(self, node: ast.NamedExpr) -> ast.AST:
        self.generic_visit(node)
        node.value = self._defined(node.target.id, node.value)
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        self.generic_visit(node)
        if self.level == 1 and all(isinstance(target, ast.Name) for target in node.targets):
            for target in node.targets:
                assert isinstance(target, ast.Name)  # the line above has said so
                node.value = self._defined(target.id, node.value)
        elif self.level == 1 and len(node.targets) == 1 and isinstance(node.targets[0], ast.Tuple):
            parts = [part.id if isinstance(part, ast.Name) else "" for part in node.targets[0].elts]
            node.value = _call(
                "_symgrad_unpack",
                ast.Tuple([ast.Constant(part) for part in parts], ast.Load()),
                node.value,
                ast.Constant(self.depth),
            )
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if node.value is None or not isinstance(node.target, ast.Name):
            return node
        return self.visit_Assign(ast.copy_location(ast.Assign([node.target], node.value), node))

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        if not isinstance(node.target, ast.Name):
            self.generic_visit(node)
            return node
        old = ast.Name(node.target.id, ast.Load())
        changed = ast.copy_location(ast.BinOp(old, node.op, node.value), node)
        return self.visit_Assign(ast.copy_location(ast.Assign([node.target], changed), node))

    def visit_Return(self, node: ast.Return) -> ast.AST:
        self.generic_visit(node)
        if node.value is not None and self.level == 1:
            name = node.value.id if isinstance(node.value, ast.Name) else ""
            node.value = _call("_symgrad_result", ast.Constant(name), node.value)
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.op, ast.Div):
            return ast.copy_location(_call("_symgrad_divide", node.left, node.right), node)
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if isinstance(node.value, float):
            return ast.copy_location(_call("_symgrad_decimal", ast.Constant(repr(node.value))), node)
        return node

    def _defined(self, name: str, value: ast.expr) -> ast.expr:
        return _call("_symgrad_define", ast.Constant(name), value, ast.Constant(self.depth))


def _call(name: str, *args: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(name, ast.Load()), list(args), [])


def number_hooks(scope: Scope) -> dict[str, Any]:
    """What keeps decimals and quotients of whole numbers exact while a function runs."""

    def decimal(text: str) -> Tensor:
        number = exact(text)
        scope.written[number] = (number,)  # to be printed as the decimal that it was written as
        return Tensor(number, (), scope)

    def divide(a: Any, b: Any) -> Any:
        return Tensor(Rational(a, b), (), scope) if isinstance(a, int) and isinstance(b, int) and b else a / b

    return {"_symgrad_decimal": decimal, "_symgrad_divide": divide}


def symbolic_names(function: FunctionType) -> dict[str, Any]:
    """The names that a function sees, with the math module's functions as symgrad's."""
    names = {**function.__globals__, **inspect.getclosurevars(function).nonlocals}
    ours = {
        id(getattr(math, name)): ELEMENTWISE[_MATH.get(name, name)]
        for name in dir(math)
        if _MATH.get(name, name) in ELEMENTWISE
    }
    replaced = {name: ours[id(value)] for name, value in names.items() if id(value) in ours}
    modules = {name: _SymbolicMath() for name, value in names.items() if value is math}
    return {**names, **replaced, **modules}


_MATH = {
    "fabs": "abs",
    "asin": "arcsin",
    "acos": "arccos",
    "atan": "arctan",
    "asinh": "arcsinh",
    "atanh": "arctanh",
}


class _SymbolicMath:
    """The math module as a symbolic run sees it."""

    pi, e = sympy.pi, sympy.E

    def __getattr__(self, name: str) -> Any:
        if _MATH.get(name, name) in ELEMENTWISE:
            return ELEMENTWISE[_MATH.get(name, name)]
        return getattr(math, name)


@dataclass(frozen=True)
class AbstractFunction:
    """A function without a definition yet: f(z) stays f(z), elementwise."""

    name: str
    scope: Scope

    def __call__(self, *args: Any) -> Tensor:
        first, *rest = (as_tensor(arg, self.scope) for arg in args)
        return first.combine(lambda parts: Function(self.name)(*parts), *rest)


def explained(error: Exception, source: Source) -> str:
    """What to do about a plain Python error inside a model."""
    if isinstance(error, UnboundLocalError):
        name = str(error).split("'")[1]  # Python's message quotes it; the error's own name is None
        return f"{name} is used before it is defined; put its equation first (a cycle isn't a model)"
    if isinstance(error, NameError):
        known = [argument.arg for argument in source.arguments]
        close = difflib.get_close_matches(str(error.name), known, 1)
        hint = f"did you mean {close[0]}?" if close else "add it to the arguments, or import it"
        return f"the name {error.name} is unknown; {hint}"
    if isinstance(error, TypeError) and "unsupported operand" in str(error):
        return "this operation has no derivative here; a model's are + - * / ** @ and symgrad's functions"
    return f"{type(error).__name__}: {error}"
