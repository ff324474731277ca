"""A model's forward and backward pass as lines, and what passes from the one to the other."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from symgrad.codegen.dialect import Dialect
from symgrad.codegen.program import Lines, lines_of, live_adjoints
from symgrad.derivation import Derivation, derive
from symgrad.equations import Equation, Model
from symgrad.errors import InputError
from symgrad.higher import vjp
from symgrad.names import partial_name

_WIDTH = 100  # characters of a line's statement


@dataclass(frozen=True)
class Passes:
    """What is printed of a model: its equations, the adjoint of its result, and each input's gradient by name.

    `gradients` has an expression for each input that one is derived by, in terms of the lines of the backward pass.
    """

    model: Model
    name: str
    adjoint: str
    forward: tuple[str, ...]
    backward: tuple[str, ...]
    gradients: dict[str, str]
    helpers: tuple[str, ...]
    imports: frozenset[str]

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of the model's inputs."""
        return tuple(quantity.name for quantity in self.model.inputs)

    def saved(self, also: str) -> tuple[str, ...]:
        """The quantities of the forward pass that the backward pass, or the text `also`, mentions."""
        mentioned = _words(*(line.partition(" = ")[2] for line in self.backward), also)
        return tuple(name for name in self.model.quantities if name in mentioned)


def passes(model: Model, wrt: tuple[str, ...] | None, dialect: Dialect) -> Passes:
    """The two passes in a language of arrays, with gradients by `wrt`, or by every input that isn't whole numbers.

    Raises InputError where one of `wrt` is no input, and ModelError while a function is abstract.
    """
    inputs = {quantity.name: quantity for quantity in model.inputs}
    by = tuple(name for name, quantity in inputs.items() if not quantity.integer) if wrt is None else wrt
    for name in by:
        if name not in inputs or inputs[name].integer:
            raise InputError(f"{model.name}: {name} is no input that a gradient can be taken by")
    result = model.quantities[model.result]
    derivation = vjp(model, list(by)) if result.axes else derive(model, list(by))
    lines = _lines(model, derivation, dialect)
    top = derivation.model.result
    adjoint = f"grad_{model.result}"
    short = _renaming(model, top) if result.axes else {}
    steps = tuple(_renamed(line, short) for line in lines.steps)
    gradients = {name: partial_name(top, name) for name in by}
    if result.axes:
        gradients = {name: _renamed(text, short) for name, text in gradients.items()}
    else:
        gradients = {name: f"{adjoint}*{text}" for name, text in gradients.items()}
    needed = _words(*steps)
    sizes = tuple(line for line in lines.sizes if line.partition(" = ")[0] in needed)
    named = _words(*lines.equations)
    before = tuple(line for line in lines.sizes if line.partition(" = ")[0] in named)
    return Passes(
        model,
        lines.name,
        adjoint,
        (*before, *lines.equations),
        (*sizes, *steps),
        gradients,
        lines.helpers,
        lines.imports,
    )


def _lines(model: Model, derivation: Derivation, dialect: Dialect) -> Lines:
    live = live_adjoints(derivation)
    steps: list[Equation] = [equation for equation in derivation.equations if equation.name in live]
    if derivation.model is model:
        return lines_of(model, steps, {**model.written, **derivation.written}, dialect)
    # The sweep of a result with axes begins at the sum that its adjoint weighs, which nobody needs.
    whole = derivation.model
    lines = lines_of(whole, steps, {**whole.written, **derivation.written}, dialect)
    kept = tuple(line for line in lines.equations if line.partition(" = ")[0] != whole.result)
    return Lines(lines.name, lines.sizes, kept, lines.steps, lines.helpers, lines.imports)


def _renaming(model: Model, top: str) -> dict[str, str]:
    """PyTorch's and JAX's usual names for the adjoints of a sweep that starts from a given one."""
    names = {partial_name(top, name): f"grad_{name}" for name in model.quantities}
    return {**names, f"{model.result}_bar": f"grad_{model.result}"}


def _renamed(text: str, names: dict[str, str]) -> str:
    return re.sub(r"\w+", lambda word: names.get(word[0], word[0]), text) if names else text


def wrapped(word: str, items: Sequence[str], always: bool = False) -> list[str]:
    """A statement with several values, one a line where they are too long for one line; `always` as a tuple.

    >>> wrapped("return", ["a"], always=True), wrapped("return", ["a", "b"])
    (['return a,'], ['return a, b'])
    """
    line = f"{word} {', '.join(items)}"
    if len(items) == 1:
        return [f"{line},"] if always else [line]
    return [line] if len(line) <= _WIDTH else [f"{word} (", *(f"    {item}," for item in items), ")"]


def _words(*texts: str) -> set[str]:
    return set(re.findall(r"\w+", "\n".join(texts)))
