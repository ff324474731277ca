"""An optimiser's equations as the C function that moves every parameter by one step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from symgrad.codegen.native.expressions import Expressions
from symgrad.codegen.native.nodes import Apply, Entry, Node, Number, entries, rebuilt, replaced
from symgrad.codegen.native.reading import Reader
from symgrad.equations import Model
from symgrad.expressions import exact


class Rule(Protocol):
    """What this module needs to know of an optimiser; see symgrad.training.optimizers."""

    @property
    def model(self) -> Model: ...
    @property
    def slots(self) -> tuple[str, ...]: ...
    @property
    def settings(self) -> Mapping[str, float]: ...
    @property
    def clip_norm(self) -> float | None: ...
    @property
    def clip_value(self) -> float | None: ...
    @property
    def weight_decay(self) -> float: ...


Spans = Sequence[tuple[int, int]]


def update(
    rule: Rule,
    count: int,
    single: bool,
    climbs: bool,
    called: set[str],
    function: str = "update",
    spans: Spans | None = None,
) -> str:
    """The function that updates `count` parameters, and the slots, from the gradient; or only those from i to j."""
    reader = Reader(rule.model.written, {}, {})
    known: dict[Node, Node] = {Entry(name): reader.node(exact(value)) for name, value in rule.settings.items()}
    nodes = {equation.name: replaced(reader.node(equation.rhs), known) for equation in rule.model.equations}
    varying = {"theta", "gradient", *rule.slots}
    for name, node in nodes.items():
        if any(entry.array in varying for entry in entries(node)):
            varying.add(name)
    before: dict[Node, str] = {}
    nodes = {name: _outside(node, varying, before) if name in varying else node for name, node in nodes.items()}

    # What doesn't change from entry to entry is computed in double precision: 1 - beta2^t loses digits otherwise.
    outer = Expressions(lambda entry, _: entry.array, _Scalars(), frozenset(), {}, False, called)
    inner = Expressions(lambda entry, _: entry.array, _Scalars(), frozenset(), {}, single, called)
    head = [f"const double {name} = {outer.text(node)};" for name, node in nodes.items() if name not in varying]
    head += [f"const real {name} = {outer.text(node)};" for node, name in before.items()]
    body = [f"real g = {'-' if climbs else ''}gradient[i];"]
    if rule.clip_norm is not None:
        head += _scale(rule.clip_norm, count)
        body.append("g *= scale;")
    if rule.clip_value is not None:
        bound = inner.literal(exact(rule.clip_value))
        body.append(f"g = g > {bound} ? {bound} : g < -{bound} ? -{bound} : g;")
    if rule.weight_decay:
        body.append(f"g += {inner.literal(exact(rule.weight_decay))}*theta[i];")
    body += [f"const real {slot} = slots[{_at(place, count)}];" for place, slot in enumerate(rule.slots)]
    table: dict[Node, Node] = {Entry("theta"): Entry("theta[i]"), Entry("gradient"): Entry("g")}
    if single:  # a double among floats would make the whole loop double
        head.append("const real rate = learning_rate;")
        table[Entry("learning_rate")] = Entry("rate")
    for name, node in nodes.items():
        if name in varying and name != "theta_next":
            body.append(f"const real {name} = {inner.text(replaced(node, table))};")
    body += [f"slots[{_at(place, count)}] = {slot}_next;" for place, slot in enumerate(rule.slots)]
    body.append(f"theta[i] = {inner.text(replaced(nodes['theta_next'], table))};")
    lines = [*head]
    for start, end in [(0, count)] if spans is None else spans:
        lines += [f"for (long i = {start}; i < {end}; i++) {{", *(f"    {line}" for line in body), "}"]
    slots = ", real *restrict slots" if rule.slots else ""
    parameters = (
        f"real *restrict theta, const real *restrict gradient{slots}, const double learning_rate, const double step"
    )
    text = "\n".join(f"    {line}" for line in lines)
    return f"static inline void {function}({parameters})\n{{\n{text}\n}}\n"


def _at(place: int, count: int) -> str:
    return f"{place * count} + i" if place else "i"


def _scale(bound: float, count: int) -> list[str]:
    return [
        "double norm = 0;",
        f"for (long i = 0; i < {count}; i++)",
        "    norm += (double)gradient[i]*gradient[i];",
        "norm = __builtin_sqrt(norm);",
        f"const real scale = norm > {bound!r} ? {bound!r}/norm : 1;",
    ]


def _outside(node: Node, varying: set[str], before: dict[Node, str]) -> Node:
    """The node with what is the same for every entry as variables that are computed before the loop."""
    if isinstance(node, Apply) and not any(entry.array in varying for entry in entries(node)):
        if node not in before:
            before[node] = f"c{len(before) + 1}"
        return Entry(before[node])
    return node if isinstance(node, Number) else rebuilt(node, lambda child: _outside(child, varying, before))


class _Scalars(dict[str, tuple[()]]):
    """The axes of names that all have none."""

    def __missing__(self, name: str) -> tuple[()]:
        return ()
