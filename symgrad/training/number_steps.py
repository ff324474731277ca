"""Steps on numbers: a model whose parameters are single numbers keeps them in Python's own variables.

One sample at a time is arithmetic in plain Python, several times faster than NumPy's; more samples are arrays, into
buffers that are allocated once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import Symbol, log

from symgrad.codegen.inplace.graph import RUNTIME, Graph
from symgrad.codegen.inplace.lower import lowered
from symgrad.codegen.inplace.names import BUILT_IN, Names
from symgrad.codegen.inplace.values import Algebra
from symgrad.codegen.inplace.write import Memory, Written, written
from symgrad.codegen.mathsource import IN_NUMPY, MathSource, statements
from symgrad.derivation import derive
from symgrad.equations import Equation, needed
from symgrad.errors import SymgradError
from symgrad.names import partial_name
from symgrad.training.engine import State, Task, Track
from symgrad.training.looptext import LOOP, Text, indented
from symgrad.training.plain_sweep import Sweep, plain_sweep
from symgrad.training.shuffled import Shuffled
from symgrad.training.updates import Called, number_update

Columns = Mapping[str, NDArray[Any]]
_RAISED = (ArithmeticError, ValueError)  # what Python's floats raise where NumPy's become inf or nan


class NumberSteps:
    """Parameters and slots as a tuple of numbers, and the loops that move them.

    Raises SymgradError where a quantity has the name of a function that the text would need.
    """

    def __init__(self, task: Task) -> None:
        self.task = task
        slots = [f"{slot}_{name}" for slot in task.optimizer.slots for name in task.params]
        self.variables = (*task.params, *slots)
        self._state = tuple([float(value) for value in task.params.values()] + [0.0] * len(slots))
        self._steps = 0
        self._texts: dict[tuple[Any, ...], Text] = {}
        self.derivation = derive(task.model, list(task.params))
        self.source = self.derivation.compile(reduction="mean").source
        self._shuffled = Shuffled(task.columns, task.batch)
        self._plain = task.batch == 1 and _is_plain(self)
        self._text(task.columns, "epochs" if task.samples == task.batch else "steps", self._plain)
        self._lists: list[list[float]] = []  # the columns in the order of the data
        self._runs: dict[bool, Callable[..., Any]] = {}  # the loops of an epoch, at one rate or at several

    def full(self, rates: NDArray[np.float64], record: bool, norms: bool) -> Track:
        """Epochs of one step each, on all samples."""
        losses: list[Any] = []
        points: list[Any] = []
        lengths: list[Any] = []
        try:
            keep = losses.append, points.append, lengths.append
            self._move([*rates[:, 0].tolist(), None], norms, self._plain, keep)
        except _RAISED:
            losses, points, lengths = [0.0], [], [0.0]
            for rate in rates[:, 0].tolist():
                points.append(self._careful(rate, norms)[1][0])
                loss, _, length = self._careful(None, norms)
                losses += loss
                lengths += length
        return self.track(losses[1:], points if record else [], lengths[1:] if norms else None)

    def _move(self, rates: list[float | None], norms: bool, plain: bool, keep: Any) -> None:
        run = self._text(self.task.columns, "epochs", plain, norms).run
        state = self._state if plain else tuple(map(np.float64, self._state))
        self._state = run(rates, state, self._steps, *keep)
        self._steps += sum(rate is not None for rate in rates)

    def _careful(self, rate: float | None, norms: bool) -> tuple[list[Any], list[Any], list[Any]]:
        """One step, or none for the rate None, with NumPy's numbers where Python's raise."""
        for plain in (True, False) if self._plain else (False,):
            found: tuple[list[Any], list[Any], list[Any]] = ([], [], [])
            try:
                self._move([rate], norms, plain, [part.append for part in found])
            except _RAISED:
                if not plain:
                    raise
                continue
            return found
        raise AssertionError("one of them returns, or raises")

    def epoch(self, order: NDArray[np.intp] | None, rates: list[float], same: bool) -> float | None:
        """One step a batch, all at the same rate or not; the mean of the samples' costs, where that is asked for."""
        samples, running = self.task.samples, self.task.running
        if self._plain:
            lists = self._lists if order is None else []
            if not lists:
                lists = [column.tolist() for column in self._shuffled.columns(order)]
                self._lists = lists if order is None else self._lists
            if same not in self._runs:
                self._runs[same] = self._text(self.task.columns, "steps", True, constant=same).run
            try:
                total, self._state = self._runs[same](*lists, rates[0] if same else rates, self._state, self._steps)
                self._steps += len(rates)
                return total / samples if running else None
            except _RAISED:  # once more, with NumPy's numbers
                pass
        batches = self._shuffled.batches(order)
        whole = len(batches) - 1 if len(batches[-1][0]) != len(batches[0][0]) else len(batches)
        total = 0.0
        for some, theirs in ((batches[:whole], rates[:whole]), (batches[whole:], rates[whole:])):
            if some:
                columns = {**self.task.columns, **dict(zip(self.varying, some[0], strict=True))}
                state = tuple(map(np.float64, self._state))
                costs, self._state = self._text(columns, "steps", False).run(some, theirs, state, self._steps)
                self._steps += len(some)
                total += len(some[0][0]) * costs
        return float(total) / samples if running else None

    def point(self) -> tuple[Any, ...]:
        """A copy of all parameters."""
        return self._state[: len(self.task.params)]

    def track(self, losses: Sequence[Any], points: Sequence[Any], lengths: Sequence[Any] | None) -> Track:
        """A track of epochs from their points."""
        table = np.array(points, dtype=np.float64).reshape(len(points), len(self.task.params))
        return Track(
            np.array(losses, dtype=np.float64),
            {name: table[:, place].copy() for place, name in enumerate(self.task.params)} if len(points) else {},
            None if lengths is None else np.array(lengths, dtype=np.float64),
        )

    @property
    def varying(self) -> list[str]:
        """The columns that have an entry for each sample."""
        return [name for name, column in self.task.columns.items() if column.ndim]

    def cost(self, norms: bool) -> tuple[float, float | None]:
        """The cost over all samples, and its gradient's norm if it is asked for."""
        run = self._text(self.task.columns, "cost", False, norms).run
        loss, length = run(tuple(map(np.float64, self._state)))
        return float(loss), None if length is None else float(length)

    def step(self, columns: Columns, rate: float) -> float:
        """One step on a batch; its cost before the step."""
        run = self._text(columns, "step", False).run
        batch = [columns[name] for name in self.varying]
        loss, self._state = run(batch, rate, tuple(map(np.float64, self._state)), self._steps)
        self._steps += 1
        return float(loss)

    def params(self) -> dict[str, NDArray[Any]]:
        """The present parameters."""
        return {name: np.array(value) for name, value in zip(self.task.params, self.point(), strict=True)}

    def snapshot(self) -> State:
        """Copies of the parameters and of the optimiser's state."""
        named = dict(zip(self.variables, self._state, strict=True))
        slots = {
            slot: {name: np.array(named[f"{slot}_{name}"]) for name in self.task.params}
            for slot in self.task.optimizer.slots
        }
        return State(self.params(), slots, self._steps)

    def restore(self, state: State) -> None:
        """Go on from a snapshot."""
        slots = [state.slots[slot][name] for slot in self.task.optimizer.slots for name in self.task.params]
        self._state = tuple([*(float(state.params[name]) for name in self.task.params), *map(float, slots)])
        self._steps = state.steps

    def text(self) -> Text:
        """The text of the loop."""
        if self.task.batch >= self.task.samples:
            return self._text(self.task.columns, "epochs", self._plain)
        batch = {n: c[: self.task.batch] if c.ndim else c for n, c in self.task.columns.items()}
        return self._text(self.task.columns if self._plain else batch, "steps", self._plain, constant=self._plain)

    def _text(self, columns: Columns, kind: str, plain: bool, norms: bool = False, constant: bool = False) -> Text:
        length = next((len(columns[name]) for name in self.varying), 1)
        key = (length, kind, plain, norms, constant)
        if key not in self._texts:
            self._texts[key] = _Printing(self, columns, kind, plain, norms, constant).text()
        return self._texts[key]


def _is_plain(steps: NumberSteps) -> bool:
    """Whether Python's `math` has all that the model needs, to the same digits."""
    full = steps.task.samples == 1
    loss = full or steps.task.running
    equations = _live(steps, loss)
    if loss and any(equation.rhs.has(log) for equation in equations):
        return False  # NumPy's text has stable forms of log(sigmoid) and the like
    source = MathSource(steps.derivation.written)
    try:
        statements(equations, source)
    except SymgradError:
        return False
    return source.used.isdisjoint(steps.task.model.quantities)


def _live(steps: NumberSteps, loss: bool) -> tuple[Equation, ...]:
    """The equations that the gradient needs, and the loss if it is wanted."""
    result = steps.task.model.result
    equations = (*steps.task.model.equations, *steps.derivation.equations)
    wanted = {partial_name(result, name) for name in steps.task.params} | ({result} if loss else set())
    live = needed(wanted, equations)
    return tuple(equation for equation in equations if equation.name in live)


class _Printing:
    """One loop: "epochs" on the whole data, "steps" on batches, a "step", or the "cost"; maybe at a constant rate."""

    def __init__(
        self, steps: NumberSteps, columns: Columns, kind: str, plain: bool, norms: bool, constant: bool
    ) -> None:
        self.steps, self.columns, self.kind, self.plain, self.norms = steps, columns, kind, plain, norms
        self.task = task = steps.task
        self.constant = constant
        taken = {quantity.name for quantity in task.model.inputs} | set(steps.variables)
        taken |= {"np", *BUILT_IN}
        self.names = Names(taken)
        self.used: set[str] = set()
        if plain:
            self.names.taken |= {equation.name for equation in _live(steps, True)}
        self.wants_loss = kind != "steps" or task.running
        self.rate, self.step, self.total = map(self.names.new, ("rate", "step", "total"))
        self.moves: list[str] = []  # the update, where it comes with the gradients
        self.outside: list[str] = []  # what is computed once for all steps
        self.words = {word: self.names.new(word) for word in LOOP}

    def text(self) -> Text:
        gradients: dict[str, str] = {}
        head, body, loss, notes = self._plain_pass(gradients) if self.plain else self._array_pass(gradients)
        length = ""
        if self.norms:
            length = self.names.new("norm")
            squares = " + ".join(f"{gradient}*{gradient}" for gradient in gradients.values())
            body.append(f"{length} = sqrt({squares})")
            self.used.add("sqrt")
        update = self.moves
        if self.kind != "cost" and not update:
            sign = "-" if self.task.maximize else ""
            update = [f"{self.step} += 1"] if self._counts() else []
            called = Called(self.rate, self.step, gradients)
            update += number_update(self.task.optimizer, sign, called, self.names, self.used)
        if not self.used.isdisjoint(self.task.model.quantities):
            raise SymgradError(f"a quantity has the name of a function: {sorted(self.used)}")
        if self.plain:
            functions = [f"from math import {', '.join(sorted(self.used))}"] if self.used else []
        else:
            functions = [f"{name} = np.{IN_NUMPY.get(name, name)}" for name in sorted(self.used)]
        functions += self.names.imports()
        whole = self.kind in ("epochs", "cost")
        given = {n: c for n, c in self.columns.items() if whole or not c.ndim}
        loop = self._loop(body, update, loss, length)
        lines = [
            f"def prepare({', '.join(given)}):",
            *indented([*functions, *head, "", *loop, f"return {self.words['run']}"]),
        ]
        source = "\n".join(line.rstrip() for line in lines) + "\n"
        space = dict(RUNTIME)
        # The text is our own printer's; names are checked identifiers, everything else comes from a table.
        exec(compile(source, "<symgrad numpy engine>", "exec"), space)
        values = [float(c.reshape(-1)[0]) if self.plain or not c.ndim else c for c in given.values()]
        return Text(source, notes, space["prepare"](*values))

    def _counts(self) -> bool:
        """Whether the optimiser uses the number of the step."""
        return any("step" in equation.uses for equation in self.task.optimizer.model.equations)

    def _plain_pass(self, gradients: dict[str, str]) -> tuple[list[str], list[str], str, tuple[str, ...]]:
        equations = _live(self.steps, self.wants_loss)
        result = self.task.model.result
        gradients.update({name: partial_name(result, name) for name in self.task.params})
        source = MathSource(self.steps.derivation.written, self.used)
        sweep = self._short_sweep(equations, gradients)
        loss = result if self.wants_loss else ""
        if sweep is None:
            lines = statements(equations, source)
        else:
            equations = sweep.equations
            costs = [equation for equation in equations if equation.name == result]
            if costs and not any(result in equation.uses for equation in equations):
                equations = tuple(equation for equation in equations if equation.name != result)
                loss = source.text(costs[0].rhs)
            lines = statements(equations, source)
            self.outside = statements(sweep.before, source)
            self.moves = [f"{name} -= {source.text(step)}" for name, step in sweep.steps.items()]
        defaults = self.task.model.defaults
        missing = [name for name in defaults if name not in self.columns and name not in self.task.params]
        head = [f"{name} = {float(defaults[name])!r}" for name in missing]
        notes = ["plain Python on floats, which for single numbers is several times faster than NumPy"]
        notes += _about_loss(self)
        return head, lines, loss, tuple(notes)

    def _short_sweep(self, equations: tuple[Equation, ...], gradients: dict[str, str]) -> Sweep | None:
        """The sweep that gives the steps at once, where they are plain ones."""
        if self.kind != "steps" or not self.task.optimizer.is_plain:
            return None
        result = self.task.model.result
        adjoints = {partial_name(result, step.quantity) for step in self.steps.derivation.steps}
        rate = -Symbol(self.rate) if self.task.maximize else Symbol(self.rate)
        kept = {result} if self.wants_loss else set()
        return plain_sweep(equations, gradients, adjoints, kept, rate, self.names)

    def _array_pass(self, gradients: dict[str, str]) -> tuple[list[str], list[str], str, tuple[str, ...]]:
        graph = Graph(np.dtype(np.float64))
        algebra = Algebra(graph)
        inputs = {name: algebra.of(graph.input(name, column)) for name, column in self.columns.items()}
        inputs |= {name: algebra.of(graph.input(name, np.float64(1.0))) for name in self.task.params}
        defaults = self.task.model.defaults.items()
        inputs |= {name: algebra.number(float(value)) for name, value in defaults if name not in inputs}
        low = lowered(self.steps.source, graph, inputs)
        whole = self.kind in ("epochs", "cost")
        constant = frozenset(name for name, column in self.columns.items() if whole or not column.ndim)
        wanted = [low.result.scale] if self.wants_loss else []
        if self.kind != "cost" or self.norms:
            wanted += [low.gradients[name].scale for name in self.task.params]
        assert all(node.is_scalar for node in wanted)  # means over the samples
        swept = written(graph, wanted, {}, self.names, low.names, Memory(constant=constant, fixed=constant))
        body = list(swept.body)
        if self.kind != "cost" or self.norms:
            for name in self.task.params:
                gradients[name] = self.names.new(partial_name(self.task.model.result, name))
                body.append(f"{gradients[name]} = {swept.text[low.gradients[name].scale]}")
        loss = swept.text[low.result.scale] if self.wants_loss else ""
        return swept.head, body, loss, (_remark(swept), *_about_loss(self))

    def _loop(self, body: list[str], update: list[str], loss: str, length: str) -> list[str]:
        params = tuple(self.task.params)
        state = f"{', '.join(self.steps.variables)}{',' if len(self.steps.variables) == 1 else ''}"
        run, rates, _, batch, batches, keep_loss, keep_norm, keep_point, given = self.words.values()
        opened = f"{state} = {given}"
        if self.kind == "cost":
            return [f"def {run}({given}):", *indented([opened, *body, f"return {loss}, {length or None}"])]
        varying = self.steps.varying
        if self.kind == "step":
            columns = [f"{', '.join(varying)}, = {batch}"] if varying else []
            inner = [opened, *columns, *body, f"{self.total} = float({loss})", *update]
            inner.append(f"return {self.total}, ({state})")
            return [f"def {run}({batch}, {self.rate}, {given}, {self.step}):", *indented(inner)]
        if self.kind == "steps":
            many = [self.names.new(f"{name}s") for name in varying] if self.plain else [batches]
            target = ", ".join(varying) if self.plain else f"({', '.join(varying)},)"
            costs = [f"{self.total} += {loss}"] if loss else []
            inner, each = [*body, *costs, *update], f"{target}, {self.rate} in zip({', '.join(many)}, {rates})"
            before = [opened, f"{self.total} = 0.0"]
            if self.constant:
                before += self.outside
                each = f"{target} in " + (f"zip({', '.join(many)})" if len(many) > 1 else many[0])
            else:
                inner = [*self.outside, *inner]
            inner = [*before, f"for {each}:", *indented(inner), f"return {self.total}, ({state})"]
            given_rate = self.rate if self.constant else rates
            return [f"def {run}({', '.join(many)}, {given_rate}, {given}, {self.step}):", *indented(inner)]
        inner = [*body, f"{keep_loss}({loss})", *([f"{keep_norm}({length})"] if length else [])]
        inner += [f"if {self.rate} is None:", "    break", *update]
        inner += [f"{keep_point}(({', '.join(params)},))"]
        lines = [opened, f"for {self.rate} in {rates}:", *indented(inner), f"return {state}"]
        return [f"def {run}({rates}, {given}, {self.step}, {keep_loss}, {keep_point}, {keep_norm}):", *indented(lines)]


def _remark(swept: Written) -> str:
    return f"{len(swept.body)} operations a sweep, on {swept.buffers} buffers that are allocated once"


def _about_loss(printing: _Printing) -> tuple[str, ...]:
    if printing.kind != "steps":
        return ()
    if printing.wants_loss:
        return ("the loss of an epoch is the mean of its steps' costs, which come with the gradients",)
    return ("the loss is dead in a step, and dropped: it is computed once an epoch, on all samples",)
