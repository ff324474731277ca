"""An optimiser's step as text: on all parameters as one array, or on each as a number."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass

from sympy import Expr, Float, Symbol

from symgrad.codegen.inplace.graph import Graph, Node
from symgrad.codegen.inplace.lower import Lowering
from symgrad.codegen.inplace.names import Names
from symgrad.codegen.inplace.values import Algebra, Value
from symgrad.codegen.inplace.write import Memory, Written, written
from symgrad.codegen.mathsource import MathSource
from symgrad.codegen.program import array_text
from symgrad.training.optimizers import Optimizer


def array_update(
    optimizer: Optimizer, graph: Graph, arrays: Mapping[str, Node], scale: float, step: str, rate: str, names: Names
) -> Written:
    """The step on all parameters together: `arrays` are theta, gradient and the slots; the gradient has a scale."""
    algebra = Algebra(graph)
    gradient = clipped(optimizer, algebra, Value(graph.number(scale), arrays["gradient"]))
    if optimizer.weight_decay:
        decay = algebra.times(algebra.number(optimizer.weight_decay), algebra.of(arrays["theta"]))
        gradient = algebra.plus(gradient, decay)
    values = {name: algebra.of(node) for name, node in arrays.items()} | {"gradient": gradient}
    values |= {name: algebra.number(value) for name, value in optimizer.settings.items()}
    values |= {"step": algebra.of(graph.input(step, 1.0)), "learning_rate": algebra.of(graph.input(rate, 1.0))}
    lowering = Lowering(graph, algebra, values)
    named: dict[Node, str] = {}
    for equation in optimizer.model.equations:
        text = array_text(equation, optimizer.model, optimizer.model.written)
        value = lowering.value(ast.parse(text, mode="eval").body)
        lowering.names[equation.name] = value
        if value.array is not None:
            named.setdefault(value.array, equation.name)
    targets = {lowering.names[f"{slot}_next"]: arrays[slot].text for slot in (*optimizer.slots, "theta")}
    nodes = {algebra.node(value): name for value, name in targets.items()}
    memory = Memory(fixed=frozenset(n.text for n in arrays.values()), mine=frozenset(n.text for n in arrays.values()))
    return written(graph, (), nodes, names, named, memory)


def clipped(optimizer: Optimizer, algebra: Algebra, gradient: Value) -> Value:
    """The gradient with its norm, or its entries, at most what the optimiser allows."""
    if optimizer.clip_norm is not None:
        length = algebra.graph.scalar("max(float(np.sqrt({0})), 1e-300)", norm_squared(algebra, gradient))
        limit = algebra.number(optimizer.clip_norm)
        shrink = algebra.graph.scalar("min(1.0, {0}/{1})", limit.scale, length)
        return algebra.times(gradient, Value(shrink))
    if optimizer.clip_value is not None:
        low, high = algebra.number(-optimizer.clip_value), algebra.number(optimizer.clip_value)
        return algebra.apply("minimum", algebra.apply("maximum", gradient, low), high)
    return gradient


def norm_squared(algebra: Algebra, gradient: Value) -> Node:
    """The square of the Euclidean norm."""
    square = algebra.total(algebra.times(gradient, gradient), None)
    return square.scale


@dataclass(frozen=True)
class Called:
    """What the numbers of a step are called in a text."""

    rate: str
    step: str
    gradients: Mapping[str, str]


def number_update(optimizer: Optimizer, sign: str, called: Called, names: Names, used: set[str]) -> list[str]:
    """The step on each parameter as a number: slots are called m_w; raises SymgradError for what `math` lacks."""
    lines, gradients, params = [], called.gradients, tuple(called.gradients)
    named = {name: names.new(f"g_{name}") for name in params}
    factor = ""
    if optimizer.clip_norm is not None:
        shrink, squares = names.new("shrink"), " + ".join(f"{gradients[name]}*{gradients[name]}" for name in params)
        used.add("sqrt")
        lines.append(f"{shrink} = min(1.0, {optimizer.clip_norm!r}/max(sqrt({squares}), 1e-300))")
        factor = f"*{shrink}"
    for name in params:
        text = f"{sign}{gradients[name]}{factor}"
        if optimizer.clip_value is not None:  # as NumPy: what isn't a number stays so
            low, high = repr(-optimizer.clip_value), repr(optimizer.clip_value)
            lines.append(f"{named[name]} = {text}")
            text = f"{low} if {named[name]} < {low} else {high} if {named[name]} > {high} else {named[name]}"
        if optimizer.weight_decay:
            text = f"({text}) + {optimizer.weight_decay!r}*{name}"
        if text.isidentifier():
            named[name] = text
        else:
            lines.append(f"{named[name]} = {text}")
    settings = {Symbol(name): Float(value, 17) for name, value in optimizer.settings.items()}
    settings |= {Symbol("learning_rate"): Symbol(called.rate), Symbol("step"): Symbol(called.step)}
    shared: dict[Expr, Symbol] = {}
    for name in params:
        renamed = {Symbol("theta"): Symbol(name), Symbol("gradient"): Symbol(named[name]), **settings}
        renamed |= {Symbol(slot): Symbol(f"{slot}_{name}") for slot in optimizer.slots}
        stored = {f"{slot}_next": f"{slot}_{name}" for slot in optimizer.slots} | {"theta_next": name}
        source = MathSource(optimizer.model.written, used)
        equations, late = optimizer.model.equations, []
        for place, equation in enumerate(equations):
            target = stored.get(equation.name, f"{equation.name}_{name}")
            old = Symbol(equation.name.removesuffix("_next"))
            if target in stored.values() and any(old in later.rhs.free_symbols for later in equations[place + 1 :]):
                late.append(f"{target} = {equation.name}_{name}")
                target = f"{equation.name}_{name}"
            rhs, known = equation.rhs.xreplace(renamed), len(shared)
            rhs = _without_common(rhs, {Symbol(called.rate), Symbol(called.step)}, shared, names)
            lines += [f"{symbol} = {source.text(part)}" for part, symbol in list(shared.items())[known:]]
            lines.append(f"{target} = {source.text(rhs)}")
            renamed[Symbol(equation.name)] = Symbol(target)
        lines += late
    return lines


def _without_common(expr: Expr, common: set[Symbol], shared: dict[Expr, Symbol], names: Names) -> Expr:
    """The expression with a name for each part that is the same for every parameter, such as 1/(1 - 0.9**step)."""
    if expr.free_symbols and expr.free_symbols <= common and not expr.is_Symbol:
        if expr not in shared:
            shared[expr] = Symbol(names.new("c0"))
        return shared[expr]
    if not expr.args or expr.free_symbols.isdisjoint(common):
        return expr
    return expr.func(*(_without_common(arg, common, shared, names) for arg in expr.args))
