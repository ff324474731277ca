"""A model as an ONNX graph of what computes one quantity, read off its NumPy text by tables of operations."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from symgrad.codegen.program import lines_of
from symgrad.equations import Model, Size, needed
from symgrad.errors import InputError, SymgradError
from symgrad.training.words import did_you_mean, listing

if TYPE_CHECKING:
    from onnx import ModelProto

OPSET = 18

_OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "Add",
    ast.Sub: "Sub",
    ast.Mult: "Mul",
    ast.Div: "Div",
    ast.Pow: "Pow",
    ast.MatMult: "MatMul",
    ast.USub: "Neg",
    ast.Gt: "Greater",
    ast.Lt: "Less",
    ast.GtE: "GreaterOrEqual",
    ast.LtE: "LessOrEqual",
    ast.Eq: "Equal",
}
_FUNCTIONS = {
    "np.exp": "Exp",
    "np.log": "Log",
    "np.sqrt": "Sqrt",
    "np.sin": "Sin",
    "np.cos": "Cos",
    "np.tan": "Tan",
    "np.arcsin": "Asin",
    "np.arccos": "Acos",
    "np.arctan": "Atan",
    "np.sinh": "Sinh",
    "np.cosh": "Cosh",
    "np.tanh": "Tanh",
    "np.arcsinh": "Asinh",
    "np.arccosh": "Acosh",
    "np.arctanh": "Atanh",
    "np.abs": "Abs",
    "np.sign": "Sign",
    "np.floor": "Floor",
    "np.ceil": "Ceil",
    "np.maximum": "Max",
    "np.minimum": "Min",
    "np.where": "Where",
    "np.logical_and": "And",
    "np.logical_or": "Or",
    "np.logical_not": "Not",
    "scipy.special.erf": "Erf",
    "sigmoid": "Sigmoid",
}
_REDUCTIONS = {"sum": "ReduceSum", "mean": "ReduceMean", "max": "ReduceMax", "logsumexp": "ReduceLogSumExp"}
_ALONG = {"softmax": "Softmax", "log_softmax": "LogSoftmax"}

Named: TypeAlias = str  # the name of a value in the graph


def to_onnx(model: Model, params: Mapping[str, Any], output: str | None = None, dtype: str = "float64") -> ModelProto:
    """The part of a model that computes one quantity, its result unless another is named, as an ONNX model.

    `params` become constants, and so do the model's defaults; the other inputs that the quantity needs are those of the
    graph, of any length along named axes. Inputs of a model of numbers take one number a sample. `dtype`, "float32" or
    "float64", is that of all numbers. `onnx.save` writes it to a file. Raises SymgradError without onnx, and
    for an operation that has no form here.
    """
    try:
        import onnx
    except ImportError as error:
        raise SymgradError("this needs ONNX; install it with: pip install 'symgrad[onnx]'") from error
    if not isinstance(model, Model):
        raise InputError(f"{model!r} is not a model; decorate the function with @sg.model")
    if dtype not in ("float32", "float64"):
        raise InputError(f'dtype is "float32" or "float64", got {dtype!r}')
    output = model.result if output is None else output
    part = _part(model, output)
    known = {name: np.float64(value) for name, value in model.defaults.items()} | dict(params)
    for name in params:
        if name not in model.quantities:
            raise InputError(f"params: {model.name} has no input {name!r}{did_you_mean(name, model.quantities)}")
    constants = {one.name: np.asarray(known[one.name], dtype) for one in part.inputs if one.name in known}
    graph = _Graph(np.dtype(dtype))
    lines = lines_of(part, [], part.written)
    kind = onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    given = []
    for quantity in part.inputs:
        if quantity.integer:
            raise InputError(f"{quantity.name} picks rows by their number, which has no form in ONNX here")
        if quantity.name not in constants:
            axes = quantity.axes if model.has_axes else ("samples",)
            shape = [str(axis) if isinstance(axis, Size | str) else int(axis) for axis in axes]
            given.append(onnx.helper.make_tensor_value_info(quantity.name, kind, shape))
    for line in (*lines.sizes, *lines.equations):
        (statement,) = ast.parse(line).body
        assert isinstance(statement, ast.Assign)
        (target,) = statement.targets
        assert isinstance(target, ast.Name)
        graph.define(target.id, statement.value)
    nodes = _live([onnx.helper.make_node(*node[:3], **node[3]) for node in graph.nodes], output)
    used = {name for node in nodes for name in node.input}
    stored = [(name, value) for name, value in (constants | graph.constants).items() if name in used]
    rank = len(model.quantities[output].axes) if model.has_axes else 1
    made = onnx.helper.make_graph(
        nodes,
        model.name,
        given,
        [onnx.helper.make_tensor_value_info(output, kind, [None] * rank)],
        [onnx.numpy_helper.from_array(value, name) for name, value in stored],
    )
    proto: ModelProto = onnx.helper.make_model(made, opset_imports=[onnx.helper.make_opsetid("", OPSET)])
    proto.ir_version = min(proto.ir_version, 10)  # what runtimes of two years ago read
    onnx.checker.check_model(proto)
    return proto


def _part(model: Model, output: str) -> Model:
    """The part of the model that computes a quantity."""
    defined = [equation.name for equation in model.equations]
    if output not in defined:
        raise InputError(
            f"output={output!r} is no quantity that {model.name} defines{did_you_mean(output, defined)}; "
            f"it defines {listing(defined)}"
        )
    names = needed([output], model.equations)
    inputs = tuple(quantity for quantity in model.inputs if quantity.name in names)
    equations = tuple(equation for equation in model.equations if equation.name in names)
    return replace(model, inputs=inputs, equations=equations, result=output, facts=())


def _live(nodes: Sequence[Any], output: str) -> list[Any]:
    """The nodes that the output needs."""
    wanted, found = {output}, []
    for node in reversed(nodes):
        if not wanted.isdisjoint(node.output):
            wanted |= {*node.input}
            found.append(node)
    return found[::-1]


@dataclass
class _Graph:
    """Nodes as (operation, inputs, outputs, attributes), and the constants that they use."""

    dtype: np.dtype[Any]
    nodes: list[tuple[str, list[str], list[str], dict[str, Any]]] = field(default_factory=list)
    constants: dict[str, Any] = field(default_factory=dict)

    def define(self, name: str, expr: ast.expr) -> None:
        """A quantity as what an expression of the NumPy text computes."""
        value = self.value(expr)
        if self.nodes and self.nodes[-1][2] == [value]:
            self.nodes[-1][2][0] = name
        else:
            self.nodes.append(("Identity", [value], [name], {}))

    def value(self, expr: ast.expr) -> Named:
        """The value of an expression of the NumPy text."""
        if isinstance(expr, ast.Constant):
            return self.constant(expr.value)
        if isinstance(expr, ast.Name):
            return expr.id
        if isinstance(expr, ast.BinOp) and type(expr.op) in _OPERATORS:
            return self.node(_OPERATORS[type(expr.op)], self.number(expr.left), self.number(expr.right))
        if isinstance(expr, ast.UnaryOp) and isinstance(expr.op, ast.USub):
            return self.node("Neg", self.value(expr.operand))
        if isinstance(expr, ast.Compare) and type(expr.ops[0]) in _OPERATORS and len(expr.ops) == 1:
            return self.node(_OPERATORS[type(expr.ops[0])], self.value(expr.left), self.value(expr.comparators[0]))
        if isinstance(expr, ast.Attribute):
            if expr.attr == "T":
                return self.node("Transpose", self.value(expr.value))
            if ast.unparse(expr) in ("np.pi", "np.e", "np.inf", "np.nan"):
                return self.constant(getattr(np, expr.attr))
        if isinstance(expr, ast.Subscript):
            return self.subscript(expr)
        if isinstance(expr, ast.Call):
            return self.call(expr)
        raise self._unknown(expr)

    def number(self, expr: ast.expr) -> Named:
        """The value of an expression, a truth value as 1 or 0."""
        value = self.value(expr)
        return self.node("CastLike", value, self.constant(0)) if isinstance(expr, ast.Compare) else value

    def constant(self, value: Any, kind: Any = None) -> Named:
        """A number, or whole numbers, as a value."""
        name = f"constant_{len(self.constants)}"
        self.constants[name] = np.asarray(value, kind or self.dtype)
        return name

    def node(self, operation: str, *inputs: Named, **attributes: Any) -> Named:
        """One operation."""
        name = f"value_{len(self.nodes)}"
        self.nodes.append((operation, [*inputs], [name], attributes))
        return name

    def subscript(self, expr: ast.Subscript) -> Named:
        """A length of an axis, or an array with new axes."""
        of, slots = expr.value, expr.slice.elts if isinstance(expr.slice, ast.Tuple) else [expr.slice]
        if isinstance(of, ast.Attribute) and of.attr == "shape":
            place = self.constant(ast.literal_eval(expr.slice), np.int64)
            length = self.node("Gather", self.node("Shape", self.value(of.value)), place)
            return self.node("CastLike", length, self.constant(0))
        new = [place for place, slot in enumerate(slots) if isinstance(slot, ast.Constant) and slot.value is None]
        whole = [slot for slot in slots if isinstance(slot, ast.Slice) and not (slot.lower or slot.upper or slot.step)]
        if len(new) + len(whole) != len(slots):
            raise self._unknown(expr)
        return self.node("Unsqueeze", self.value(of), self.constant(new, np.int64))

    def call(self, expr: ast.Call) -> Named:
        """A function of the tables, or a reduction."""
        name = ast.unparse(expr.func)
        options = {str(keyword.arg): ast.literal_eval(keyword.value) for keyword in expr.keywords}
        if name in _ALONG:
            return self.node(_ALONG[name], self.value(expr.args[0]), axis=options["axis"])
        if name in _FUNCTIONS and not options:
            return self.node(_FUNCTIONS[name], *map(self.value, expr.args))
        if name == "np.logaddexp":
            first, second = map(self.value, expr.args)
            apart = self.node("Exp", self.node("Neg", self.node("Abs", self.node("Sub", first, second))))
            rest = self.node("Log", self.node("Add", self.constant(1), apart))
            return self.node("Add", self.node("Max", first, second), rest)
        if name == "np.einsum":
            equation, *arrays = expr.args
            return self.node("Einsum", *map(self.value, arrays), equation=ast.literal_eval(equation))
        short = name.removeprefix("np.").rpartition(".")[2] if name != "logsumexp" else name
        if short in _REDUCTIONS:
            of = expr.args[0] if expr.args else expr.func.value  # type: ignore[attr-defined]  # a method
            axes = np.ravel(options["axis"]) if options.get("axis") is not None else None
            inputs = [self.value(of), *([self.constant(axes, np.int64)] if axes is not None else [])]
            return self.node(_REDUCTIONS[short], *inputs, keepdims=int(options.get("keepdims", False)))
        raise self._unknown(expr)

    def _unknown(self, expr: ast.expr) -> SymgradError:
        return SymgradError(f"{ast.unparse(expr)} has no form in ONNX here")
