"""A program's NumPy text as a graph of operations, each named quantity and each repeated expression once."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from symgrad.codegen.helpers import HELPERS
from symgrad.codegen.inplace.graph import Graph, Node
from symgrad.codegen.inplace.values import Algebra, Value

_BINARY: dict[type[ast.operator], str] = {
    ast.Add: "plus",
    ast.Sub: "minus",
    ast.Mult: "times",
    ast.Div: "over",
    ast.Pow: "power",
    ast.MatMult: "matmul",
}
_COMPARE: dict[type[ast.cmpop], str] = {
    ast.Gt: "greater",
    ast.Lt: "less",
    ast.GtE: "greater_equal",
    ast.LtE: "less_equal",
    ast.Eq: "equal",
    ast.NotEq: "not_equal",
}


@dataclass(frozen=True)
class Lowered:
    """The values that a text returns, and the nodes of the quantities that it names."""

    result: Value
    gradients: Mapping[str, Value]
    names: Mapping[Node, str]


def lowered(source: str, graph: Graph, inputs: Mapping[str, Value]) -> Lowered:
    """The graph of a program's source, its last function, on given inputs."""
    function = ast.parse(source).body[-1]
    assert isinstance(function, ast.FunctionDef)  # our own text
    lowering = Lowering(graph, Algebra(graph), dict(inputs))
    names: dict[Node, str] = {}
    for statement in function.body:
        if isinstance(statement, ast.Assign):
            (target,) = statement.targets
            assert isinstance(target, ast.Name)
            value = lowering.value(statement.value)
            lowering.names[target.id] = value
            if value.array is not None:
                names.setdefault(value.array, target.id)
    last = function.body[-1]
    assert isinstance(last, ast.Return) and isinstance(last.value, ast.Tuple)
    result, gradients = last.value.elts
    assert isinstance(gradients, ast.Dict)
    pairs = zip(gradients.keys, gradients.values, strict=True)
    found = {key.value: lowering.value(value) for key, value in pairs if isinstance(key, ast.Constant)}
    return Lowered(lowering.value(result), found, names)  # type: ignore[arg-type]  # the keys are names


@dataclass
class Lowering:
    """Turns expressions into values; what it doesn't know stays NumPy's text on nodes."""

    graph: Graph
    algebra: Algebra
    names: dict[str, Value] = field(default_factory=dict)

    def value(self, expr: ast.expr) -> Value:
        """An expression as a value."""
        found = getattr(self, f"_{type(expr).__name__.lower()}", self._text)(expr)
        assert isinstance(found, Value)
        return found

    def node(self, expr: ast.expr) -> Node:
        """An expression as a node."""
        return self.algebra.node(self.value(expr))

    def _name(self, expr: ast.Name) -> Value:
        return self.names[expr.id]

    def _constant(self, expr: ast.Constant) -> Value:
        return self.algebra.number(expr.value) if isinstance(expr.value, int | float) else self._text(expr)

    def _unaryop(self, expr: ast.UnaryOp) -> Value:
        return self.algebra.negative(self.value(expr.operand)) if isinstance(expr.op, ast.USub) else self._text(expr)

    def _binop(self, expr: ast.BinOp) -> Value:
        method = _BINARY.get(type(expr.op))
        softmax = self._log_softmax(expr)
        if softmax is not None:
            return softmax
        if method is None:
            return self._text(expr)
        found: Value = getattr(self.algebra, method)(self.value(expr.left), self.value(expr.right))
        return found

    def _compare(self, expr: ast.Compare) -> Value:
        if len(expr.ops) > 1 or type(expr.ops[0]) not in _COMPARE:
            return self._text(expr)
        sides = self.value(expr.left), self.value(expr.comparators[0])
        return self.algebra.apply(_COMPARE[type(expr.ops[0])], *sides)

    def _attribute(self, expr: ast.Attribute) -> Value:
        if expr.attr == "T":
            value = self.value(expr.value)
            if value.array is not None:
                return Value(value.scale, self.graph.view("{0}.T", value.array))
        if isinstance(expr.value, ast.Name) and expr.value.id == "np":
            return self.algebra.number(float(getattr(np, expr.attr)))
        return self._text(expr)

    def _subscript(self, expr: ast.Subscript) -> Value:
        if isinstance(expr.value, ast.Attribute) and expr.value.attr == "shape":
            shape = self.value(expr.value.value).shape
            assert isinstance(expr.slice, ast.Constant) and isinstance(expr.slice.value, int)
            return self.algebra.number(shape[expr.slice.value])
        value = self.value(expr.value)
        if value.array is None or not _is_basic(expr.slice):
            return self._text(expr)
        slots = ast.unparse(expr.slice).strip("()")
        return Value(value.scale, self.graph.view(f"{{0}}[{slots}]", value.array))

    def _call(self, expr: ast.Call) -> Value:
        options = {str(keyword.arg): keyword.value for keyword in expr.keywords}
        function = expr.func
        if isinstance(function, ast.Name) and function.id in HELPERS:
            helper = getattr(self, f"_{function.id}_", None)
            return helper(*expr.args, **options) if helper else self._text(expr)
        assert isinstance(function, ast.Attribute | ast.Name)
        if not isinstance(function, ast.Attribute):
            return self._text(expr)
        on_numpy = isinstance(function.value, ast.Name) and function.value.id == "np"
        if function.attr in ("sum", "mean", "max"):
            return self._reduction(function.attr, expr.args[0] if on_numpy else function.value, options)
        if on_numpy and function.attr == "where" and len(expr.args) == 3:
            return self._where(*expr.args)
        ufunc = getattr(np, function.attr, None) if on_numpy else None
        if isinstance(ufunc, np.ufunc) and ufunc.nout == 1 and not options:
            return self.algebra.apply(function.attr, *map(self.value, expr.args))
        if function.attr in ("swapaxes", "transpose") and not on_numpy:
            value = self.value(function.value)
            if value.array is not None:
                text = f"{{0}}.{function.attr}({', '.join(map(ast.unparse, expr.args))})"
                return Value(value.scale, self.graph.view(text, value.array))
        return self._text(expr)

    def _reduction(self, name: str, of: ast.expr, options: Mapping[str, ast.expr]) -> Value:
        value = self.value(of)
        rank = len(value.shape)
        if value.array is None:
            return value
        axis = ast.literal_eval(options["axis"]) if "axis" in options else None
        axes = None if axis is None else tuple(a % rank for a in (axis if isinstance(axis, tuple) else (axis,)))
        keepdims = "keepdims" in options
        if name == "max":
            whole = tuple(range(rank)) if axes is None else axes
            if len(whole) == rank and not keepdims:
                text = "np.maximum.reduce({0}, axis=None)"
                return Value(self.graph.reduction(text, (self.algebra.node(value),)))
            return self.algebra.of(self.algebra.reduced("np.maximum", self.algebra.node(value), whole, keepdims))
        total = self.algebra.total(value, axes, keepdims)
        if name == "sum":
            return total
        count = int(np.prod([value.shape[a] for a in (range(rank) if axes is None else axes)], dtype=int))
        return self.algebra.over(total, self.algebra.number(count))

    def _where(self, test: ast.expr, yes: ast.expr, no: ast.expr) -> Value:
        args = self.node(test), self.node(yes), self.node(no)
        if any(arg.shape == () and arg.kind != "number" for arg in args) or not args[0].shape:
            return self.algebra.of(self.graph.fresh("np.where({0}, {1}, {2})", args))
        shape = np.broadcast_shapes(*(arg.shape for arg in args))
        into = "copyto({out}, {2}); copyto({out}, {1}, where={0})"
        return self.algebra.of(self.graph.into("np.where({0}, {1}, {2})", into, args, shape))

    def _sigmoid_(self, z: ast.expr) -> Value:
        one = self.algebra.number(1.0)
        shrunk = self.algebra.apply("exp", self.algebra.negative(self.value(z)))
        return self.algebra.over(one, self.algebra.plus(shrunk, one))

    def _exponentials(self, z: ast.expr, axis: ast.expr) -> tuple[Node, Value, Value, Value]:
        """Of logits: the largest, the logits below it, their exponentials, and the sum of these."""
        array = self.node(z)
        place = ast.literal_eval(axis) % len(array.shape)
        top = self.algebra.reduced("np.maximum", array, (place,), keepdims=True)
        below = self.algebra.of(self.graph.elementwise("subtract", (array, top)))
        powers = self.algebra.apply("exp", below)
        return top, below, powers, self.algebra.total(powers, (place,), keepdims=True)

    def _softmax_(self, z: ast.expr, axis: ast.expr) -> Value:
        *_, powers, total = self._exponentials(z, axis)
        return self.algebra.over(powers, total)

    def _log_softmax_(self, z: ast.expr, axis: ast.expr) -> Value:
        _, below, _, total = self._exponentials(z, axis)
        return self.algebra.minus(below, self.algebra.apply("log", total))

    def _logsumexp_(self, z: ast.expr, axis: ast.expr) -> Value:
        top, *_, total = self._exponentials(z, axis)
        whole = self.algebra.plus(self.algebra.apply("log", total), self.algebra.of(top))
        assert whole.array is not None  # along an axis that the logits have
        place = ast.literal_eval(axis) % len(top.shape)
        if len(top.shape) == 1:
            return Value(self.graph.scalar("{0}[0]", whole.array))
        slots = ", ".join("0" if a == place else ":" for a in range(len(top.shape)))
        return Value(whole.scale, self.graph.view(f"{{0}}[{slots}]", whole.array))

    def _log_softmax(self, expr: ast.BinOp) -> Value | None:
        """u - logsumexp(u)[:, None], as one function."""
        right = expr.right
        if not (
            isinstance(expr.op, ast.Sub) and isinstance(right, ast.Subscript) and isinstance(right.value, ast.Call)
        ):
            return None
        call = right.value
        if not (isinstance(call.func, ast.Name) and call.func.id == "logsumexp"):
            return None
        logits = self.node(expr.left)
        rank, slots = len(logits.shape), ast.unparse(right.slice).strip("()").split(", ")
        axis = ast.literal_eval(call.keywords[0].value) % rank
        wanted = [":"] * axis + ["None"]
        if logits is not self.node(call.args[0]) or slots != wanted + [":"] * (len(slots) - len(wanted)):
            return None
        return self._log_softmax_(call.args[0], call.keywords[0].value) if len(slots) in (rank, axis + 1) else None

    def _text(self, expr: ast.expr) -> Value:
        """An expression that has no form of its own here: NumPy's text, its names being nodes."""
        args: dict[str, Node] = {}

        class Slots(ast.NodeTransformer):
            def visit_Name(_, name: ast.Name) -> ast.Name:
                if name.id not in self.names:
                    return name
                args.setdefault(name.id, self.algebra.node(self.names[name.id]))
                return ast.Name(f"SLOT{list(args).index(name.id)}_")

        text = ast.unparse(Slots().visit(ast.parse(ast.unparse(expr), mode="eval")))
        text = text.replace("{", "{{").replace("}", "}}")
        for place in range(len(args)):
            text = text.replace(f"SLOT{place}_", f"{{{place}}}")
        node = self.graph.fresh(text, tuple(args.values()))
        return Value(self.graph.scalar("{0}", node)) if node.shape == () else self.algebra.of(node)


def _is_basic(slots: ast.expr) -> bool:
    """Whether a subscript is made of whole axes, new axes and fixed numbers: what NumPy answers with a view."""
    parts = slots.elts if isinstance(slots, ast.Tuple) else [slots]
    for part in parts:
        if isinstance(part, ast.Slice):
            bounds = (part.lower, part.upper, part.step)
            if not all(bound is None or isinstance(bound, ast.Constant) for bound in bounds):
                return False
        elif not isinstance(part, ast.Constant) or part.value is not None:
            return False
    return True
