"""A derivation as one straight-line function: forward, result, every gradient, each named quantity once."""

from __future__ import annotations

import difflib
import keyword
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

from symgrad.codegen.dialect import DIALECT, Backend, Dialect, dialect
from symgrad.codegen.numpy import NumpySource
from symgrad.codegen.rows import check_rows
from symgrad.derivation import Derivation, derive
from symgrad.equations import Equation, Model, Size
from symgrad.errors import InputError, ModelError, ShapeError, SymgradError
from symgrad.expressions import Written
from symgrad.infix import Infix
from symgrad.names import partial_name

Reduction: TypeAlias = Literal["none", "mean"]


@dataclass(frozen=True)
class Program:
    """A compiled model: calling it with values by name returns the result and the gradients by name.

    For a scalar model the values may be arrays of samples: then the result and gradients have one entry a sample,
    or, with reduction "mean", are the means over the samples.
    """

    model: Model
    wrt: tuple[str, ...]
    reduction: Reduction
    source: str
    function: Callable[..., Any] = field(repr=False)

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of the values that a call takes."""
        return tuple(quantity.name for quantity in self.model.inputs)

    def __call__(self, **values: Any) -> tuple[Any, dict[str, Any]]:
        """The result and its gradients; raises InputError for a missing, unknown or non-numeric value."""
        ready = arguments(self.model, values)
        result, gradients = self.function(**ready)
        if self.reduction == "none":
            gradients = _full(self.model, result, gradients, ready)
        return result, gradients


def arguments(model: Model, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as floats or float arrays, complete and of fitting shapes; raises InputError or ShapeError.

    Whole numbers that pick rows name rows that there are.
    """
    import numpy as np

    names = [quantity.name for quantity in model.inputs]
    for name in values:
        if name not in names:
            close = difflib.get_close_matches(name, names, 1)
            hint = f"; did you mean {close[0]}?" if close else f"; its inputs are {', '.join(names)}"
            raise InputError(f"{model.name} has no input {name!r}{hint}")
    missing = [name for name in names if name not in values and name not in model.defaults]
    if missing:
        raise InputError(f"{model.name} needs a value for {', '.join(missing)}")
    ready: dict[str, Any] = {}
    sizes: dict[Any, tuple[int, str]] = {}
    plain = [name for name in names if type(values.get(name, 0)) in (int, float)]  # Python's own, and defaults
    for quantity in model.inputs:
        value = values.get(quantity.name, model.defaults.get(quantity.name))
        try:
            array = _whole(np.asarray(value)) if quantity.integer else _real(np.asarray(value))
        except (TypeError, ValueError) as error:
            raise InputError(
                f"{model.name}: {quantity.name} isn't a number or an array of numbers: {value!r}"
            ) from error
        if quantity.axes:
            if array.ndim != len(quantity.axes):
                axes = " ".join(map(str, quantity.axes))
                raise ShapeError(
                    f"{model.name}: {quantity.name} has axes ({axes}), got an array of shape {array.shape}"
                )
            for axis, length in zip(quantity.axes, array.shape, strict=True):
                known, owner = sizes.setdefault(axis, (length, quantity.name))
                expected = int(axis) if axis.is_Integer else known
                if length != expected:
                    found = f"{length} in {quantity.name} {array.shape}, but {expected} in {owner}"
                    raise ShapeError(f"{model.name}: axis {axis} is {found}")
        ready[quantity.name] = array if array.ndim else array[()]
    if not sizes:
        _check_samples(model, ready)
    check_rows(model, ready)
    kinds = [value.dtype for name, value in ready.items() if name not in plain and value.dtype.kind == "f"]
    if kinds:  # a plain Python number doesn't turn float32 arrays into float64
        kind = np.result_type(*kinds)
        ready |= {name: kind.type(ready[name]) for name in plain if ready[name].dtype.kind == "f"}
    return ready


def _real(array: Any) -> Any:
    """An array of numbers as floats, those that are already kept; raises TypeError or ValueError for anything else."""
    import numpy as np

    if array.dtype.kind == "f":
        return array
    if array.dtype.kind == "O":  # Fractions, Decimals and SymPy's numbers, but not None
        if any(entry is None or isinstance(entry, str) for entry in array.flat):
            raise TypeError("not numbers")
        return np.array([float(entry) for entry in array.flat]).reshape(array.shape)
    if array.dtype.kind not in "biu":
        raise TypeError("not real numbers")
    return array.astype(float)


def _check_samples(model: Model, ready: Mapping[str, Any]) -> None:
    """Raises ShapeError where the arrays of samples of a model of scalars don't fit together."""
    import numpy as np

    try:
        np.broadcast_shapes(*(np.shape(value) for value in ready.values()))
    except ValueError:
        shapes = ", ".join(f"{name} {np.shape(value)}" for name, value in ready.items() if np.shape(value))
        raise ShapeError(f"{model.name}: the arrays of samples have different shapes: {shapes}") from None


def _whole(array: Any) -> Any:
    """An array of whole numbers as integers; raises ValueError for anything else."""
    whole = array.astype(int)
    if (whole != array).any():
        raise ValueError("not whole numbers")
    return whole


def _full(model: Model, result: Any, gradients: dict[str, Any], ready: Mapping[str, Any]) -> dict[str, Any]:
    """Every gradient in full shape: a constant one has an entry for each sample, or its variable's axes."""
    import numpy as np

    samples = None if any(quantity.axes for quantity in model.inputs) else np.shape(result)
    full = {}
    for name, gradient in gradients.items():
        shape = samples if samples is not None else np.shape(ready[name]) if name in ready else np.shape(gradient)
        full[name] = gradient if np.shape(gradient) == shape else np.broadcast_to(gradient, shape).copy()
    return full


def compile_model(model: Model, wrt: Any = None, reduction: Reduction = "none", backend: Backend = "numpy") -> Program:
    """A model's derivation as a program; raises ModelError while a function is abstract or a name isn't Python's."""
    if reduction not in ("none", "mean"):
        raise InputError(f'reduction is "none" or "mean", got {reduction!r}')
    return compile_derivation(derive(model, wrt), reduction, backend)


def compile_derivation(derivation: Derivation, reduction: Reduction = "none", backend: Backend = "numpy") -> Program:
    """The forward equations and the steps as one function that returns (result, gradients by name)."""
    if backend == "native":
        from symgrad.codegen.native.program import native_program

        return native_program(derivation, reduction)
    model, spoken = derivation.model, dialect(backend)
    mean = ("np.mean({})" if reduction == "mean" else "{}").format
    gradients = ", ".join(
        f'"{name}": {mean("1.0" if name == model.result else partial_name(model.result, name))}'
        for name in derivation.wrt
    )
    needed = live_adjoints(derivation)
    steps = [equation for equation in derivation.equations if equation.name in needed]
    source, function = _compiled(
        model, steps, f"return {mean(model.result)}, {{{gradients}}}", {**model.written, **derivation.written}, spoken
    )
    return Program(model, derivation.wrt, reduction, source, spoken.callable(function, model))


def live_adjoints(derivation: Derivation) -> set[str]:
    """The adjoints that a requested gradient needs: the rest of the sweep is dead."""
    result = derivation.model.result
    live = {partial_name(result, name) for name in derivation.wrt}
    for equation in reversed(derivation.equations):
        if equation.name in live:
            live |= equation.uses
    return live


def evaluate(model: Model, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """The model's result for numbers or arrays; raises InputError for too many, missing or unknown ones."""
    from symgrad.tensors.tensor import Tensor

    names = [quantity.name for quantity in model.inputs]
    functions = {name: kwargs[name] for name in model.functions if name in kwargs}
    if functions:
        model = model.bind(**functions)
    if len(args) > len(names):
        raise InputError(f"{model.name} takes {len(names)} values ({', '.join(names)}), got {len(args)}")
    values = dict(zip(names, args, strict=False))
    for name, value in kwargs.items():
        if name in values:
            raise InputError(f"{model.name}: {name} is given twice")
        if name not in functions:
            values[name] = value
    if any(isinstance(value, Tensor) for value in values.values()):
        from symgrad.reading.nested import called

        return called(model, values)
    return forward(model)(**arguments(model, values))


def quantities(model: Model, names: Iterable[str], backend: Backend = "numpy") -> Callable[..., dict[str, Any]]:
    """One function of the model's inputs that returns the named quantities, unchecked and without gradients."""
    last = ", ".join(f'"{name}": {name}' for name in names)
    return _compiled(model, [], f"return {{{last}}}", model.written, dialect(backend))[1]


def forward(model: Model) -> Callable[..., Any]:
    """The function of a model's inputs, floats or float arrays that fit together, that returns its result alone."""
    return _compiled(model, [], f"return {model.result}", model.written)[1]


@dataclass(frozen=True)
class Lines:
    """A model and the steps of its derivation as lines of source, and what these need beside them."""

    name: str
    sizes: tuple[str, ...]  # where each symbolic size is read off
    equations: tuple[str, ...]
    steps: tuple[str, ...]
    helpers: tuple[str, ...]  # the source of each small function that they call
    imports: frozenset[str]


def lines_of(model: Model, steps: list[Equation], written: Any, spoken: Dialect = DIALECT) -> Lines:
    """The lines in a language of arrays; raises ModelError while a function is abstract or a name isn't Python's."""
    if model.functions:
        example = ", ".join(f"{name}=sg.sigmoid" for name in model.functions)
        raise ModelError(
            f"{model.name} can't be computed while {', '.join(model.functions)} is abstract; use model.bind({example})"
        )
    _check_names(model, spoken)
    printer = _printer(model, steps, written, spoken.printer)
    inside = replace(printer, inside=True)
    equations = [f"{eq.name} = {_right_side(eq, inside, model)}" for eq in model.equations]
    adjoints = [f"{eq.name} = {_right_side(eq, printer, model)}" for eq in steps]
    mentioned = set(re.findall(r"\w+", "\n".join([*equations, *adjoints])))
    taken = {*spoken.helpers, *spoken.reserved}
    return Lines(
        model.name if model.name.isidentifier() and model.name not in taken else "model",
        tuple(spoken.spelled(f"{size} = {name}.shape[{at}]") for size, name, at in _sizes(model, mentioned)),
        tuple(map(spoken.spelled, equations)),
        tuple(map(spoken.spelled, adjoints)),
        tuple(spoken.helpers[helper] for helper in sorted(printer.helpers & mentioned)),
        frozenset(printer.imports),
    )


def _compiled(
    model: Model, steps: list[Equation], last: str, written: Any, spoken: Dialect = DIALECT
) -> tuple[str, Callable[..., Any]]:
    lines = lines_of(model, steps, written, spoken)
    inputs = ", ".join(quantity.name for quantity in model.inputs)
    body = (*lines.sizes, *lines.equations, *lines.steps, spoken.spelled(last))
    text = "\n".join([f"def {lines.name}({inputs}):", *(f"    {line}" for line in body)])
    source = "\n".join([*lines.helpers, f"{text}\n"])
    names = spoken.namespace(set(lines.imports))
    # The text is our own printer's; names are checked identifiers, everything else comes from a table.
    exec(compile(source, f"<symgrad {lines.name}>", "exec"), names)
    return source, names[lines.name]


def array_text(equation: Equation, model: Model, written: Written, others: Iterable[Equation] = ()) -> str:
    """An equation's right-hand side as NumPy source in the model's quantities, and in those of other equations."""
    try:
        return _printer(model, others, written).over(equation.indices).text(equation.rhs)
    except SymgradError:
        return Infix(written).text(equation.rhs)


def _printer(
    model: Model, others: Iterable[Equation], written: Written, kind: type[NumpySource] = NumpySource
) -> NumpySource:
    """What prints expressions in a model's quantities, and in those of other equations."""
    shapes = {name: quantity.axes for name, quantity in model.quantities.items()}
    shapes |= {equation.name: equation.quantity.axes for equation in others}
    return kind(written, shapes=shapes, equations={equation.name: equation for equation in model.equations})


def _right_side(equation: Equation, printer: NumpySource, model: Model) -> str:
    """An equation's right-hand side, of the full shape also where it doesn't use every index."""
    text = printer.over(equation.indices).text(equation.rhs)
    missing = [index for index in equation.indices if index not in equation.rhs.free_symbols]
    if not missing:
        return text
    if equation.rhs.is_number:
        like = equation.name.removeprefix(f"d{model.result}_d")
        if like != equation.name and model.quantities[like].axes:
            return f"np.full_like({like}, {text})" if equation.rhs != 0 else f"np.zeros_like({like})"
    sizes = [printer.text(index.size) for index in equation.indices]
    shape = f"({', '.join(sizes)}{',' if len(sizes) == 1 else ''})"
    first = next((place for place, index in enumerate(equation.indices) if index not in missing), None)
    if first is not None and all(index.size == 1 for index in missing):
        return text if all(index not in missing for index in equation.indices[:first]) else f"({text}).reshape{shape}"
    return f"np.broadcast_to({text}, {shape}).copy()"


def _check_names(model: Model, spoken: Dialect) -> None:
    for name in model.quantities:
        if not name.isidentifier() or keyword.iskeyword(name) or name in {*spoken.helpers, *spoken.reserved}:
            raise ModelError(f"{model.name}: {name!r} can't be a name in {spoken.name} source; rename that quantity")


def _sizes(model: Model, mentioned: set[str]) -> list[tuple[Size, str, int]]:
    """Where each symbolic size that the source uses can be read off: an input and the place of its axis."""
    places: dict[Size, tuple[Size, str, int]] = {}
    for quantity in model.inputs:
        for place, size in enumerate(quantity.axes):
            if isinstance(size, Size) and size.name in mentioned:
                places.setdefault(size, (size, quantity.name, place))
    return list(places.values())
