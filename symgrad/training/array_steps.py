"""Steps on arrays: all parameters in one array, all gradients in another, every operation in place.

An update of all parameters is then one pass over one array, and so is the record of an epoch.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symgrad.codegen.inplace.graph import RUNTIME, Graph, Node
from symgrad.codegen.inplace.lower import lowered
from symgrad.codegen.inplace.names import BUILT_IN, Names
from symgrad.codegen.inplace.values import Algebra, Value
from symgrad.codegen.inplace.write import Memory, written
from symgrad.training.engine import State, Task, Track
from symgrad.training.shuffled import Shuffled
from symgrad.training.updates import array_update

#: What a loop's own text calls things, where the model doesn't.
LOOP = ("run", "rates", "points", "batch", "batches", "keep_loss", "keep_norm", "keep_point", "state")

Arrays = dict[str, NDArray[Any]]
Columns = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Layout:
    """Where each parameter lies in the one array of all of them."""

    shapes: Mapping[str, tuple[int, ...]]

    @functools.cached_property
    def spans(self) -> dict[str, slice]:
        """The part of each parameter."""
        ends = np.cumsum([int(np.prod(shape, dtype=int)) for shape in self.shapes.values()])
        starts = [0, *ends[:-1]]
        return {name: slice(int(a), int(b)) for name, a, b in zip(self.shapes, starts, ends, strict=True)}

    @property
    def size(self) -> int:
        """The number of entries of all parameters."""
        return max((span.stop for span in self.spans.values()), default=0)

    def views(self, flat: NDArray[Any]) -> Arrays:
        """The parameters as views of an array (…, size)."""
        lead = flat.shape[:-1]
        return {name: flat[..., self.spans[name]].reshape((*lead, *shape)) for name, shape in self.shapes.items()}

    def lines(self, flat: str, named: Mapping[str, str]) -> list[str]:
        """The views as source."""
        shapes = {name: f".reshape({shape})" for name, shape in self.shapes.items()}
        return [
            f"{named[name]} = {flat}[{span.start}:{span.stop}]{shapes[name] if len(self.shapes[name]) != 1 else ''}"
            for name, span in self.spans.items()
        ]


@dataclass(frozen=True)
class Text:
    """A printed loop, and what can be said about it."""

    source: str
    notes: tuple[str, ...]
    run: Callable[..., Any] = field(repr=False)


class ArraySteps:
    """Parameters, gradients and slots in one array each, and the loops that move them."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self.layout = Layout({name: np.shape(value) for name, value in task.params.items()})
        self._dtype = np.result_type(np.float32, *(value.dtype for value in task.params.values()))
        self._theta = np.concatenate([np.ravel(value) for value in task.params.values()]).astype(self._dtype)
        self._gradient = np.zeros_like(self._theta)
        self._slots = {slot: np.zeros_like(self._theta) for slot in task.optimizer.slots}
        self._steps = 0
        self._shuffled = Shuffled(task.columns, task.batch)
        self._texts: dict[tuple[Any, ...], Text] = {}
        mean = "mean" if not task.model.has_axes else "none"
        self._source = task.model.compile(wrt=list(task.params), reduction=mean).source  # type: ignore[arg-type]

    def full(self, rates: NDArray[np.float64], record: bool, norms: bool) -> Track:
        """Epochs of one step each, on all samples."""
        epochs = len(rates)
        points = np.empty((epochs, self.layout.size), self._dtype) if record else None
        text = self._text(self._task.columns, "epochs", record, norms)
        losses: list[float] = []
        lengths: list[float] = []
        rows = [*points, None] if points is not None else [None] * (epochs + 1)
        text.run([*rates[:, 0].tolist(), None], rows, self._steps, losses.append, lengths.append)
        self._steps += epochs
        return self._track(losses[1:], points, lengths[1:] if norms else None)

    def _track(self, losses: Sequence[float], points: NDArray[Any] | None, lengths: Sequence[float] | None) -> Track:
        return Track(
            np.array(losses, dtype=np.float64),
            self.layout.views(points) if points is not None else {},
            None if lengths is None else np.array(lengths, dtype=np.float64),
        )

    def epoch(self, order: NDArray[np.intp] | None, rates: list[float], same: bool) -> float | None:
        """One step a batch, the last of which may be shorter; the mean of the samples' costs, if it is asked for."""
        batches = self._shuffled.batches(order)
        whole = len(batches) - 1 if _length(batches[-1]) != _length(batches[0]) else len(batches)
        total = 0.0
        for some, theirs in ((batches[:whole], rates[:whole]), (batches[whole:], rates[whole:])):
            if some:
                columns = {**self._task.columns, **dict(zip(self.varying, some[0], strict=True))}
                costs = self._text(columns, "steps").run(some, theirs, self._steps)
                self._steps += len(some)
                if self._task.running:
                    total += _length(some[0]) * costs
        return total / self._task.samples if self._task.running else None

    def point(self) -> NDArray[Any]:
        """A copy of all parameters."""
        return self._theta.copy()

    def track(self, losses: Sequence[float], points: Sequence[Any], lengths: Sequence[float] | None) -> Track:
        """A track of epochs from their points."""
        return self._track(losses, np.array(points) if points else None, lengths)

    @property
    def varying(self) -> list[str]:
        """The columns that have an entry for each sample."""
        return [name for name, column in self._task.columns.items() if column.ndim]

    def cost(self, norms: bool) -> tuple[float, float | None]:
        """The cost over all samples, and its gradient's norm if it is asked for."""
        loss, length = self._text(self._task.columns, "cost", False, norms).run()
        return float(loss), None if length is None else float(length)

    def step(self, columns: Columns, rate: float) -> float:
        """One step on a batch; its cost before the step."""
        batch = [columns[name] for name in self.varying]
        loss: float = self._text(columns, "step").run(batch, rate, self._steps)
        self._steps += 1
        return float(loss)

    def params(self) -> Arrays:
        """The present parameters: views."""
        return self.layout.views(self._theta)

    def snapshot(self) -> State:
        """Copies of the parameters and of the optimiser's state."""
        slots = {slot: _copied(self.layout.views(values)) for slot, values in self._slots.items()}
        return State(_copied(self.params()), slots, self._steps)

    def restore(self, state: State) -> None:
        """Go on from a snapshot."""
        for flat, values in [(self._theta, state.params), *((self._slots[s], state.slots[s]) for s in self._slots)]:
            for name, view in self.layout.views(flat).items():
                view[...] = values[name]
        self._steps = state.steps

    def text(self) -> Text:
        """The text of the loop."""
        if self._task.batch >= self._task.samples:
            return self._text(self._task.columns, "epochs", record=True)
        return self._text({n: c[: self._task.batch] if c.ndim else c for n, c in self._task.columns.items()}, "steps")

    def _text(self, columns: Columns, kind: str, record: bool = False, norms: bool = False) -> Text:
        length = _length([columns[name] for name in self.varying])
        key = (length, kind, record, norms)
        if key not in self._texts:
            self._texts[key] = self._printed(columns, kind, record, norms)
        return self._texts[key]

    def _printed(self, columns: Columns, kind: str, record: bool, norms: bool) -> Text:
        return _Printing(self, columns, kind, record, norms).text()

    def _names(self) -> Names:
        model = self._task.model
        inputs = {quantity.name for quantity in model.inputs}
        return Names(inputs | {"np", *BUILT_IN})


class _Printing:
    """One loop: "epochs" on the whole data, "steps" on batches, a "step", or the "cost"."""

    def __init__(self, steps: ArraySteps, columns: Columns, kind: str, record: bool, norms: bool) -> None:
        self.steps, self.columns, self.kind, self.record, self.norms = steps, columns, kind, record, norms
        self.task = steps._task
        self.names = steps._names()
        self.whole = kind in ("epochs", "cost")
        self.moves = kind != "cost"
        new = self.names.new
        self.theta, self.gradient, self.rate, self.step, self.point, self.total = map(
            new, ("theta", "gradient", "rate", "step", "point", "total")
        )
        self.words = {word: new(word) for word in LOOP}
        self.slots = {slot: new(f"{slot}s" if slot in self.names.taken else slot) for slot in steps._slots}
        self.of = {name: new(f"gradient_{name}") for name in self.task.params}

    def text(self) -> Text:
        task, names, graph = self.task, self.names, Graph(self.steps._dtype)
        algebra = Algebra(graph)
        varying = self.steps.varying
        inputs = {name: algebra.of(graph.input(name, column)) for name, column in self.columns.items()}
        inputs |= {name: algebra.of(graph.input(name, value)) for name, value in task.params.items()}
        inputs |= {
            name: algebra.number(float(value)) for name, value in task.model.defaults.items() if name not in inputs
        }
        low = lowered(self.steps._source, graph, inputs)
        scales = {value.scale.value for value in low.gradients.values() if value.array is not None}
        common = scales.pop() if len(scales) == 1 else None
        wants_gradient = self.moves or self.norms
        targets: dict[Node, str] = {}
        copies: list[tuple[Node, str]] = []
        for name, value in low.gradients.items() if wants_gradient else ():
            node = _unscaled(value, common, algebra) if common else algebra.node(value)
            fits = node.kind in ("elementwise", "into") and node.shape == np.shape(task.params[name])
            if fits and node not in targets and node.dtype == self.steps._dtype:
                targets[node] = self.of[name]
            else:
                copies.append((node, self.of[name]))
        loss = algebra.node(low.result)
        wants_loss = self.kind != "steps" or task.running
        memory = Memory(
            constant=frozenset(self.columns if self.whole else set(self.columns) - set(varying)),
            fixed=frozenset(task.params) | (frozenset(self.columns) if self.whole else frozenset()),
        )
        wanted = [node for node, _ in copies] + ([loss] if wants_loss else [])
        swept = written(graph, wanted, targets, names, low.names, memory)
        swept.body += [f"{target}[...] = {swept.text[node]}" for node, target in copies]
        scale = 1.0 if common is None else common
        head, body, notes = list(swept.head), list(swept.body), []
        length = ""
        if self.norms:
            length = names.new("norm")
            square = names.called(f"dot({self.gradient}, {self.gradient})")
            body.append(f"{length} = {square}**0.5*{abs(scale)!r}")
        cost = swept.text[loss] if wants_loss else ""
        update = None
        if self.moves:
            update = self._update(scale)
            head += update.head
        named = {name: name for name in task.params}
        views = self.steps.layout.lines(self.theta, named)
        if wants_gradient:
            views += self.steps.layout.lines(self.gradient, self.of)
        loop = self._loop(body, update.body if update else [], cost, length)
        settings = [*names.imports(), *views, *head]
        given = [self.theta, self.gradient, *self.slots.values()]
        given += [name for name in self.columns if self.whole or name not in varying]
        lines = [
            f"def prepare({', '.join(given)}):",
            *(f"    {line}" for line in (*settings, "", *loop, f"return {self.words['run']}")),
        ]
        source = "\n".join(line.rstrip() for line in lines) + "\n"
        space = dict(RUNTIME)
        # The text is our own printer's; names are checked identifiers, everything else comes from a table.
        exec(compile(source, "<symgrad numpy engine>", "exec"), space)
        flats = [self.steps._theta, self.steps._gradient, *self.steps._slots.values()]
        columns = [np.asarray(self.columns[name]) for name in self.columns if self.whole or name not in varying]
        notes += _remarks(self, swept, scale, common is not None)
        return Text(source, tuple(notes), space["prepare"](*flats, *columns))

    def _update(self, scale: float) -> Any:
        graph = Graph(self.steps._dtype)
        arrays = {"theta": graph.input(self.theta, self.steps._theta)}
        arrays["gradient"] = graph.input(self.gradient, self.steps._gradient)
        arrays |= {slot: graph.input(name, self.steps._theta) for slot, name in self.slots.items()}
        sign = -1.0 if self.task.maximize else 1.0
        return array_update(self.task.optimizer, graph, arrays, sign * scale, self.step, self.rate, self.names)

    def _loop(self, body: list[str], update: list[str], loss: str, length: str) -> list[str]:
        run, rates, points, batch, batches, keep_loss, keep_norm, _, _ = self.words.values()
        if self.kind == "cost":
            return [f"def {run}():", *indented([*body, f"return {loss}, {length or None}"])]
        update = [f"{self.step} += 1", *update]
        columns = f"({', '.join(self.steps.varying)},)"
        if self.kind == "step":
            opened = [f"{columns} = {batch}"] if self.steps.varying else []
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


def _unscaled(value: Value, scale: float, algebra: Algebra) -> Node:
    """A gradient without the factor that all gradients have."""
    if value.array is not None:
        return value.array
    parts = value.scale.args
    if value.scale.text == "{0}*{1}" and parts[0].value == scale:
        return parts[1]
    return algebra.quotient(value.scale, algebra.graph.number(scale))


def _remarks(printing: _Printing, swept: Any, scale: float, folded: bool) -> list[str]:
    found = [
        f"{len(swept.body)} operations a sweep, each into one of {swept.buffers} buffers that are allocated once",
        f"{swept.shared} of them computed once for several uses",
        "all parameters lie in one array and all gradients in another: an update is one pass over each",
    ]
    if folded and scale != 1:
        found.append(f"the factor {scale:g} that all gradients have is left to the update")
    if printing.kind == "steps" and printing.task.running:
        found.append("the loss of an epoch is the mean of its steps' costs, which come with the gradients")
    elif printing.kind == "steps":
        found.append("the loss is dead in a step, and dropped: it is computed once an epoch, on all samples")
    return found


def indented(lines: Sequence[str]) -> list[str]:
    """Source lines, one level deeper."""
    return [f"    {line}" for line in lines]


def _length(batch: Sequence[NDArray[Any]]) -> int:
    return len(batch[0]) if batch else 1


def _copied(values: Mapping[str, NDArray[Any]]) -> Arrays:
    return {name: np.array(value) for name, value in values.items()}
