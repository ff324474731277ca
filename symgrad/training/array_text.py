"""The text of loops on arrays: "epochs" on the whole data, "steps" on batches, a "step", or the "cost"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symgrad.codegen.inplace.biases import Bias, Joint, biases, joint_gradient, with_joints
from symgrad.codegen.inplace.graph import RUNTIME, Graph, Node
from symgrad.codegen.inplace.linear import scaled
from symgrad.codegen.inplace.lower import lowered
from symgrad.codegen.inplace.names import BUILT_IN, Names
from symgrad.codegen.inplace.values import Algebra, Value
from symgrad.codegen.inplace.write import Memory, Written, written
from symgrad.training.engine import Task
from symgrad.training.flat import Layout
from symgrad.training.looptext import LOOP, Text, indented
from symgrad.training.updates import array_update

Array = NDArray[Any]
Columns = Mapping[str, Array]


@dataclass(frozen=True)
class Flat:
    """The one array of all parameters, that of all gradients, and those of the optimiser's slots."""

    layout: Layout
    theta: Array
    gradient: Array
    slots: Mapping[str, Array]


def joined_biases(task: Task, source: str, dtype: np.dtype[Any]) -> tuple[Bias, ...]:
    """The products of data and weights that can have their bias as a row of the weights."""
    graph = Graph(dtype)
    batch = {name: column[: task.batch] if column.ndim else column for name, column in task.columns.items()}
    lowered(source, graph, _inputs(task, graph, batch))
    found = biases(graph)
    return tuple(one for one in found if one.data in task.columns and {one.weights, one.bias} <= {*task.params})


@dataclass
class _Sweep:
    """The nodes that one sweep computes; weights and their bias have one gradient where they are one block."""

    loss: Node
    gradients: dict[tuple[str, ...], Node]
    scale: float  # that all gradients have, and their nodes don't
    named: Mapping[Node, str]
    moved: bool = False  # whether the gradients are steps already, with the rate as a factor


class LoopText:
    """One loop for columns of these shapes; those of joined biases have a last column of ones."""

    def __init__(
        self,
        task: Task,
        source: str,
        flat: Flat,
        joined: tuple[Bias, ...],
        columns: Columns,
        kind: str,
        record: bool,
        norms: bool,
    ) -> None:
        self.task, self.source, self.flat, self.columns = task, source, flat, columns
        self.kind, self.record, self.norms, self.joined = kind, record, norms, joined
        self.whole = kind in ("epochs", "cost")
        self.moves = kind != "cost"
        self.wants_loss = kind != "steps" or task.running
        self.names = Names({quantity.name for quantity in task.model.inputs} | {"np", *BUILT_IN})
        new = self.names.new
        self.theta, self.gradient, self.rate, self.step, self.point, self.total = map(
            new, ("theta", "gradient", "rate", "step", "point", "total")
        )
        self.words = {word: new(word) for word in LOOP}
        self.slots = {slot: new(f"{slot}s" if slot in self.names.taken else slot) for slot in flat.slots}
        ones = {one.data for one in joined}
        self.called = {name: new(f"{name}_ones") if name in ones else name for name in columns}
        self.varying = [self.called[name] for name, column in task.columns.items() if column.ndim]
        self.blocks: dict[tuple[str, ...], str] = {
            (one.weights, one.bias): new(f"{one.weights}_{one.bias}") for one in joined
        }
        self.blocks |= {(name,): name for name in task.params}
        self.graph = Graph(flat.theta.dtype)

    def text(self) -> Text:
        """The loop, ready to run, with what can be said about it."""
        sweep = self._sweep()
        targets, copies, gradients = self._targets(sweep)
        columns = {self.called[name]: column for name, column in self.columns.items()}
        given = [name for name in columns if self.whole or name not in self.varying]
        fixed = frozenset(self.blocks.values()) | frozenset(given if self.whole else ())
        wanted = [*copies, *([sweep.loss] if self.wants_loss else [])]
        memory = Memory(constant=frozenset(given), fixed=fixed)
        swept = written(self.graph, wanted, targets, self.names, sweep.named, memory)
        swept.body += [f"{target}[...] = {swept.text[node]}" for node, target in copies.items()]
        head, body = list(swept.head), list(swept.body)
        length = ""
        if self.norms:
            length = self.names.new("norm")
            square = self.names.called(f"dot({self.gradient}, {self.gradient})")
            body.append(f"{length} = {square}**0.5*{abs(sweep.scale)!r}")
        update: list[str] = []
        if self.moves:
            update_head, update = self._update(sweep)
            head += update_head
        read = {node.text for node in swept.text if node.kind == "input"}
        line = self.flat.layout.line
        views = [line(self.theta, name, *parts) for parts, name in self.blocks.items() if name in read]
        views += [line(self.gradient, name, *parts) for parts, name in gradients.items()]
        loop = self._loop(body, update, swept.text[sweep.loss] if self.wants_loss else "", length)
        settings = [*self.names.imports(), *views, *head]
        lines = [
            f"def prepare({', '.join([self.theta, self.gradient, *self.slots.values(), *given])}):",
            *(f"    {line}" for line in (*settings, "", *loop, f"return {self.words['run']}")),
        ]
        source = "\n".join(line.rstrip() for line in lines) + "\n"
        space = dict(RUNTIME)
        # The text is our own printer's; names are checked identifiers, everything else comes from a table.
        exec(compile(source, "<symgrad numpy engine>", "exec"), space)
        arrays = [self.flat.theta, self.flat.gradient, *self.flat.slots.values()]
        run = space["prepare"](*arrays, *(np.asarray(columns[name]) for name in given))
        return Text(source, self._remarks(swept, sweep), run)

    def _sweep(self) -> _Sweep:
        """The loss and the gradients, biases joined with their products, the rate where it costs least."""
        graph, algebra = self.graph, Algebra(self.graph)
        inputs, joints = self._inputs()
        low = lowered(self.source, graph, inputs)
        scales = {value.scale.value for value in low.gradients.values() if value.array is not None}
        common = scales.pop() if len(scales) == 1 else None
        gradients = {
            name: _unscaled(value, common, algebra) if common else algebra.node(value)
            for name, value in (low.gradients.items() if self.moves or self.norms else ())
        }
        loss = algebra.node(low.result)
        whole = with_joints(graph, joints)
        found: dict[tuple[str, ...], Node] = {(name,): whole[node] for name, node in gradients.items()}
        for bias, joint in joints.items() if found else ():
            both = joint_gradient(graph, joint, found[(bias.weights,)], found[(bias.bias,)])
            if both is not None:
                found[bias.weights, bias.bias] = both
                del found[(bias.weights,)], found[(bias.bias,)]
        named = {whole[node]: name for node, name in low.names.items()}
        sweep = _Sweep(whole[loss], found, common or 1.0, named)
        if self.kind in ("step", "steps") and self.task.optimizer.is_plain and not self.norms:
            sign = 1.0 if self.task.maximize else -1.0
            factor = graph.scalar("{0}*{1}", graph.number(sign * sweep.scale), graph.input(self.rate, 1.0))
            steps = scaled(graph, list(found.values()), factor)
            if steps is not None:
                sweep.gradients, sweep.moved = dict(zip(found, steps, strict=True)), True
        return sweep

    def _inputs(self) -> tuple[dict[str, Value], dict[Bias, Joint]]:
        """The values of a model's inputs, and the products that are joined with their biases."""
        graph, algebra, params = self.graph, Algebra(self.graph), self.task.params
        ones = {one.data: graph.input(self.called[one.data], self.columns[one.data]) for one in self.joined}
        inputs = _inputs(self.task, graph, {name: c for name, c in self.columns.items() if name not in ones})
        data = {name: graph.view("{0}[:, :-1]", node) for name, node in ones.items()}
        inputs |= {name: algebra.of(node) for name, node in data.items()}
        joints = {}
        for one in self.joined:
            weights, bias = (graph.input(name, params[name]) for name in (one.weights, one.bias))
            shape = self.flat.layout.shape(one.weights, one.bias)
            block = graph.input(self.blocks[one.weights, one.bias], np.zeros(shape, graph.dtype))
            joints[one] = Joint(data[one.data], weights, bias, ones[one.data], block)
        return inputs, joints

    def _targets(self, sweep: _Sweep) -> tuple[dict[Node, str], dict[Node, str], dict[tuple[str, ...], str]]:
        """The memory that a sweep writes gradients to, that which they are copied to, and its names."""
        targets: dict[Node, str] = {}
        copies: dict[Node, str] = {}
        gradients = {parts: self.names.new(f"{self.gradient}_{'_'.join(parts)}") for parts in sweep.gradients}
        for parts, node in sweep.gradients.items():
            fits = node.kind in ("elementwise", "into") and node.shape == self.flat.layout.shape(*parts)
            fits = fits and node not in targets and node.dtype == self.flat.theta.dtype
            (targets if fits else copies)[node] = gradients[parts]
        return targets, copies, gradients

    def _update(self, sweep: _Sweep) -> tuple[list[str], list[str]]:
        """The lines of an update, those to run once first."""
        if sweep.moved:
            return [], [self.names.called(f"add({self.theta}, {self.gradient}, out={self.theta})")]
        graph = Graph(self.flat.theta.dtype)
        arrays = {"theta": graph.input(self.theta, self.flat.theta)}
        arrays["gradient"] = graph.input(self.gradient, self.flat.gradient)
        arrays |= {slot: graph.input(name, self.flat.theta) for slot, name in self.slots.items()}
        scale = -sweep.scale if self.task.maximize else sweep.scale
        update = array_update(self.task.optimizer, graph, arrays, scale, self.step, self.rate, self.names)
        return update.head, update.body

    def _loop(self, body: list[str], update: list[str], loss: str, length: str) -> list[str]:
        run, rates, points, batch, batches, keep_loss, keep_norm, _, _ = self.words.values()
        if self.kind == "cost":
            return [f"def {run}():", *indented([*body, f"return {loss}, {length or None}"])]
        update = [f"{self.step} += 1", *update]
        columns = f"({', '.join(self.varying)},)"
        if self.kind == "step":
            opened = [f"{columns} = {batch}"] if self.varying else []
            inner = [*opened, *body, f"{self.total} = float({loss})", *update, f"return {self.total}"]
            return [f"def {run}({batch}, {self.rate}, {self.step}):", *indented(inner)]
        if self.kind == "steps":
            head = f"for {columns}, {self.rate} in zip({batches}, {rates}):"
            lines = [head, *indented([*body, *update])]
            if loss:
                inner = [*body, f"{self.total} += float({loss})", *update]
                lines = [f"{self.total} = 0.0", head, *indented(inner), f"return {self.total}"]
            return [f"def {run}({batches}, {rates}, {self.step}):", *indented(lines)]
        keep = [f"{self.point}[:] = {self.theta}"] if self.record else []
        inner = [*body, f"{keep_loss}({loss})", *([f"{keep_norm}({length})"] if length else [])]
        inner += [f"if {self.rate} is None:", "    break", *update, *keep]
        head = f"for {self.rate}, {self.point} in zip({rates}, {points}):"
        return [
            f"def {run}({rates}, {points}, {self.step}, {keep_loss}, {keep_norm}):",
            *indented([head, *indented(inner)]),
        ]

    def _remarks(self, swept: Written, sweep: _Sweep) -> tuple[str, ...]:
        found = [
            f"{len(swept.body)} operations a sweep, each into one of {swept.buffers} buffers that are allocated once",
            f"{swept.shared} of them computed once for several uses",
            "all parameters lie in one array and all gradients in another: an update is one pass over each",
        ]
        found += [
            f"{one.bias} is a row below {one.weights}, and {one.data} has a column of ones" for one in self.joined
        ]
        if sweep.moved:
            found.append(
                "the rate is a factor of the smallest array that all gradients are linear in: they come as steps"
            )
        elif sweep.scale != 1:
            found.append(f"the factor {sweep.scale:g} that all gradients have is left to the update")
        if self.kind == "steps" and self.task.running:
            found.append("the loss of an epoch is the mean of its steps' costs, which come with the gradients")
        elif self.kind == "steps":
            found.append("the loss is dead in a step, and dropped: it is computed once an epoch, on all samples")
        return tuple(found)


def _inputs(task: Task, graph: Graph, columns: Columns) -> dict[str, Value]:
    """Columns, parameters and defaults as values."""
    algebra = Algebra(graph)
    inputs = {name: algebra.of(graph.input(name, array)) for name, array in (*columns.items(), *task.params.items())}
    known = {*inputs, *task.columns}
    return inputs | {
        name: algebra.number(float(value)) for name, value in task.model.defaults.items() if name not in known
    }


def _unscaled(value: Value, scale: float, algebra: Algebra) -> Node:
    """A gradient without the factor that all gradients have."""
    if value.array is not None:
        return value.array
    parts = value.scale.args
    if value.scale.text == "{0}*{1}" and parts[0].value == scale:
        return parts[1]
    return algebra.quotient(value.scale, algebra.graph.number(scale))
