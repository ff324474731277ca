"""A Python function to a model: run once on symbols, each assignment is one equation."""

from __future__ import annotations

import ast
import difflib
import inspect
import textwrap
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any

from sympy import Expr, Function, Indexed, Rational

from symgrad.errors import ModelError, SymgradError
from symgrad.expressions import exact
from symgrad.indices import canonical
from symgrad.model import Equation, Model, Quantity, axis, names_in
from symgrad.tensors.tensor import Scope, Tensor, as_tensor


def model(function: Callable[..., Any]) -> Model:
    """Decorator: a Python function whose assignments are its equations becomes a `Model`.

    An annotation names a quantity's axes (`X: "n d"`); an argument that the body calls is an abstract function.
    Loops over a fixed range unroll: each pass defines h1, h2, …  Raises ModelError, quoting the line.

    >>> @model
    ... def square(x):
    ...     L = x**2
    ...     return L
    >>> print(square)
    L = x**2
    """
    source = _Source.of(function)
    reading = _Reading(source)
    try:
        source.run(reading)
    except SymgradError as error:
        raise type(error)(source.located(str(error), error)) from error
    except (NameError, TypeError, ValueError, IndexError, AttributeError, RecursionError, ZeroDivisionError) as error:
        raise ModelError(source.located(_explained(error, source), error)) from error
    return reading.model()


@dataclass(frozen=True)
class _Source:
    """A function's parsed source, rewritten so that running it records its equations."""

    function: FunctionType
    tree: ast.FunctionDef
    first: int
    lines: tuple[str, ...]

    @staticmethod
    def of(function: Any) -> _Source:
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
        return _Source(function, tree, max(first, 1), tuple(text.splitlines()))

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

    def run(self, reading: _Reading) -> Any:
        tree = _Rewriter({argument.arg for argument in self.arguments}).visit(self.tree)
        tree.decorator_list, tree.returns = [], None
        tree.args.defaults, tree.args.kw_defaults = [], [None] * len(tree.args.kwonlyargs)
        for argument in self.arguments:
            argument.annotation = None
        if not any(isinstance(node, ast.Return) and node.value for node in ast.walk(tree)):
            raise ModelError(f"{self.function.__name__} returns nothing; end it with `return L`, L being its result")
        module = ast.fix_missing_locations(ast.Module([tree], []))
        closure = inspect.getclosurevars(self.function).nonlocals
        names = {**self.function.__globals__, **closure, **reading.hooks()}
        # The user's own function is run, as calling it would; only its assignments are observed.
        exec(compile(module, f"<model {self.function.__name__}>", "exec"), names)
        inputs = reading.open_inputs()
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
        number = ours[-1].lineno
        quoted = self.lines[number - 1].strip()
        return f"{self.function.__name__}, line {self.first + number - 1}: `{quoted}`: {message}"


class _Rewriter(ast.NodeTransformer):
    """Assignments report their names, decimals and divisions stay exact."""

    def __init__(self, inputs: set[str]) -> None:
        self.inputs = inputs
        self.depth = 0

    def visit_For(self, node: ast.For) -> ast.AST:
        self.depth += 1
        self.generic_visit(node)
        self.depth -= 1
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        self.generic_visit(node)
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        self.generic_visit(node)
        names = [target.id if isinstance(target, ast.Name) else None for target in node.targets]
        if len(names) == 1 and names[0] is not None:
            node.value = self._defined(names[0], node.value)
        elif len(node.targets) == 1 and isinstance(node.targets[0], ast.Tuple):
            parts = [part.id if isinstance(part, ast.Name) else "" for part in node.targets[0].elts]
            node.value = _call("_symgrad_unpack", ast.Constant(tuple(parts)), node.value, ast.Constant(self.depth))
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
        if node.value is not None:
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


@dataclass
class _Reading:
    """The equations met so far while one model function runs."""

    source: _Source
    scope: Scope = field(default_factory=Scope)
    equations: list[Equation] = field(default_factory=list)
    inputs: dict[str, Quantity] = field(default_factory=dict)
    defaults: dict[str, Expr] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    passes: dict[str, int] = field(default_factory=dict)
    result: str = ""

    def hooks(self) -> dict[str, Any]:
        return {
            "_symgrad_define": self.define,
            "_symgrad_unpack": self.unpack,
            "_symgrad_divide": self.divide,
            "_symgrad_decimal": self.decimal,
            "_symgrad_result": self.returned,
        }

    def open_inputs(self) -> dict[str, Any]:
        """The argument values of the symbolic run: quantities, and abstract or default functions."""
        values: dict[str, Any] = {}
        signature = inspect.signature(self.source.function)
        for argument in self.source.arguments:
            default = signature.parameters[argument.arg].default
            if argument.arg in self.source.called:
                concrete = callable(default) and default is not inspect.Parameter.empty
                values[argument.arg] = default if concrete else AbstractFunction(argument.arg, self.scope)
                continue
            quantity = Quantity(argument.arg, self.axes(argument.arg))
            self.inputs[argument.arg] = quantity
            if default is not inspect.Parameter.empty:
                self.defaults[argument.arg] = exact(default)
            values[argument.arg] = self.opened(quantity)
        return values

    def axes(self, name: str) -> tuple[Expr, ...]:
        annotation = self.source.function.__annotations__.get(name, "")
        if not isinstance(annotation, str):
            return ()
        text = annotation.strip("\"' ")
        words = text.split()
        if not all(word.isidentifier() or word.isdigit() for word in words):
            raise ModelError(f"{self.source.function.__name__}: {name}: {annotation!r} doesn't name axes, as in \"n d\"")
        return () if text in ("float", "int") else tuple(axis(word) for word in words)

    def opened(self, quantity: Quantity) -> Tensor:
        """A named quantity as its entries at fresh indices."""
        indices = tuple(self.scope.fresh(size) for size in quantity.axes)
        return Tensor(quantity.at(indices), indices, self.scope)

    def define(self, name: str, value: Any, depth: int) -> Any:
        if isinstance(value, Expr):
            value = as_tensor(value, self.scope)
        if not isinstance(value, Tensor):
            return value
        taken = self.inputs.keys() | self.names.keys()
        if depth:
            self.passes[name] = self.passes.get(name, 0) + 1
            full = f"{name}{self.passes[name]}"
            if full in taken:
                raise ModelError(f"pass {self.passes[name]} of the loop defines {full}, but {full} already exists; rename one")
        elif name in self.inputs:
            raise ModelError(f"{name} is an input and can't be assigned again; give the new quantity a name of its own")
        elif name in self.names:
            raise ModelError(f"{name} is assigned twice; a name stands for one quantity, so give the second a new name")
        else:
            full = name
        self.names[full] = name
        expr, indices = canonical(value.expr, value.indices, self.scope.written)
        equation = Equation(full, expr, indices)
        self.equations.append(equation)
        return self.opened(equation.quantity)

    def unpack(self, names: tuple[str, ...], values: Any, depth: int) -> Any:
        values = tuple(values)
        if len(values) != len(names):
            raise ModelError(f"{len(names)} names on the left but {len(values)} values on the right")
        return tuple(self.define(name, value, depth) if name else value for name, value in zip(names, values, strict=True))

    def divide(self, a: Any, b: Any) -> Any:
        if isinstance(a, int) and isinstance(b, int) and b:
            return Tensor(Rational(a, b), (), self.scope)
        return a / b

    def decimal(self, text: str) -> Tensor:
        number = exact(text)
        self.scope.written[number] = (number,)  # to be printed as the decimal that it was written as
        return Tensor(number, (), self.scope)

    def returned(self, name: str, value: Any) -> Any:
        if not isinstance(value, Tensor | Expr):
            raise ModelError(f"a model returns one quantity, got {value!r}")
        tensor = as_tensor(value, self.scope)
        used = names_in(tensor.expr)
        if (tensor.expr.is_Symbol or isinstance(tensor.expr, Indexed)) and set(used) <= self.names.keys():
            (self.result,) = used
        else:
            self.result = "L" if not name or name in self.inputs else name
            tensor = self.define(self.result, tensor, 0)
        return tensor

    def model(self) -> Model:
        function = self.source.function
        if not self.result:
            raise ModelError(f"{function.__name__} returned without a result; end it with `return L`")
        return Model(
            function.__name__,
            tuple(self.inputs.values()),
            tuple(self.equations),
            self.result,
            self.defaults,
            self.scope.written,
            inspect.getdoc(function) or "",
        )


@dataclass(frozen=True)
class AbstractFunction:
    """A function without a definition yet: f(z) stays f(z), elementwise."""

    name: str
    scope: Scope

    def __call__(self, *args: Any) -> Tensor:
        first, *rest = (as_tensor(arg, self.scope) for arg in args)
        return first.combine(lambda parts: Function(self.name)(*parts), *rest)


def _explained(error: Exception, source: _Source) -> str:
    """What to do about a plain Python error inside a model."""
    if isinstance(error, UnboundLocalError):
        return f"{error.name or str(error)} is used before it is defined; put its equation first (a cycle isn't a model)"
    if isinstance(error, NameError):
        known = [argument.arg for argument in source.arguments]
        close = difflib.get_close_matches(str(error.name), known, 1)
        hint = f"did you mean {close[0]}?" if close else "add it to the arguments, or import it"
        return f"the name {error.name} is unknown; {hint}"
    return f"{type(error).__name__}: {error}"

