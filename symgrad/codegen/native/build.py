"""A derivation's equations as one kernel: the result and, where they are wanted, the gradients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from symgrad.codegen.native.contractions import contracted
from symgrad.codegen.native.fission import parted
from symgrad.codegen.native.flat import flattened
from symgrad.codegen.native.fusion import fused
from symgrad.codegen.native.kernel import Kernel, Outside
from symgrad.codegen.native.moving import last_products
from symgrad.codegen.native.nodes import ZERO, Entry, Extent, Fold, Length, Loop, Node, apply, whole
from symgrad.codegen.native.reading import Reader
from symgrad.codegen.native.statements import Definition, Lowering, live, shared
from symgrad.derivation import Derivation
from symgrad.equations import Equation, Model, Size
from symgrad.errors import ModelError
from symgrad.names import partial_name


@dataclass(frozen=True)
class Shapes:
    """What is known about sizes: the length of each symbolic axis, and the number of samples.

    `per_sample`: the inputs of a model of scalars that have one value a sample; `mean`: whether such a model's result
    and gradients are means over the samples.
    """

    sizes: Mapping[Size, Extent]
    sample: Extent | None = None
    per_sample: frozenset[str] = frozenset()
    mean: bool = False


def kernel(
    derivation: Derivation,
    shapes: Shapes,
    theta: Sequence[str],
    *,
    name: str = "gradients",
    gradients: bool = True,
    result: bool = True,
    single: bool = False,
    moves: bool = False,
) -> Kernel:
    """The kernel of a derivation; `theta` names the inputs that come as one array of parameters.

    With `moves` the function can move parameters by gradients that are matrix products, see `Kernel.moved`.  Raises
    ModelError while a function is abstract, and NativeError, naming it, for an operation that has no C form.
    """
    model = derivation.model
    if model.functions:
        names = ", ".join(model.functions)
        example = ", ".join(f"{function}=sg.sigmoid" for function in model.functions)
        raise ModelError(f"{model.name} can't be computed while {names} is abstract; use model.bind({example})")
    steps = derivation.equations if gradients else ()
    equations = (*model.equations, *steps)
    varied = _per_sample(equations, shapes.per_sample)
    loop = Loop("sample", shapes.sample) if shapes.sample is not None else None
    at: tuple[Node, ...] = () if loop is None else (ZERO,) if loop.extent.value == 1 else (loop,)
    reader = Reader(
        {**model.written, **derivation.written},
        shapes.sizes,
        {equation.name: equation for equation in model.equations},
        frozenset(varied),
        at,
        {quantity.name: quantity.axes for quantity in (*model.inputs, *(equation.quantity for equation in equations))},
    )
    lowering = Lowering(shapes.sample, frozenset(extent.name for extent in shapes.sizes.values()))
    for quantity in model.inputs:
        axes = tuple(reader.extent(axis) for axis in quantity.axes)
        lowering.arrays[quantity.name] = (at_extent(at),) if quantity.name in shapes.per_sample else axes
    definitions = [
        _definition(place, equation, at if equation.name in varied else ())
        for place, part in ((replace(reader, own=True), model.equations), (reader, steps))
        for equation in part
    ]
    outputs, more = _outputs(derivation, shapes, varied, at, gradients)
    definitions += more
    lowering.arrays |= {one.name: tuple(map(at_extent, one.at)) for one in definitions}
    for one in definitions:
        lowering.add(one)
    returned = outputs[model.result] if result else None
    wanted = [output for quantity, output in outputs.items() if quantity != model.result or result]
    statements = contracted(lowering, live(shared(lowering), wanted))
    tree = fused(list(flattened(lowering, statements)), lowering.arrays, shapes.sample)
    tree = parted(tree, lowering.arrays, shapes.sample)
    moved: dict[str, str] = {}
    if moves:
        tree, moved = last_products(tree, {outputs[name]: name for name in theta})
    scalar = returned is not None and not lowering.arrays[returned]
    outside = _outside(model, lowering.arrays, theta, [one for one in wanted if not (scalar and one == returned)])
    varying = sorted({extent.name for extent in shapes.sizes.values() if extent.value is None})
    if shapes.sample is not None and shapes.sample.value is None and shapes.sample.name not in varying:
        varying.append(shapes.sample.name)
    return Kernel(
        name,
        tree,
        lowering.arrays,
        outside,
        frozenset(quantity.name for quantity in model.inputs if quantity.integer),
        single,
        returned if scalar else None,
        tuple(varying),
        outputs,
        moved,
    )


def at_extent(at: Node | tuple[Node, ...]) -> Extent:
    """The length of the axis that a position runs along."""
    one = at[0] if isinstance(at, tuple) else at
    return one.extent if isinstance(one, Loop) else Extent("", 1)


def _per_sample(equations: Sequence[Equation], inputs: frozenset[str]) -> set[str]:
    """The quantities that depend on inputs with one value a sample, these included."""
    found = set(inputs)
    for equation in equations:
        if not equation.uses.isdisjoint(found):
            found.add(equation.name)
    return found


def _definition(reader: Reader, equation: Equation, samples: tuple[Node, ...]) -> Definition:
    return Definition(equation.name, (*samples, *map(reader.index, equation.indices)), reader.node(equation.rhs))


def _outputs(
    derivation: Derivation, shapes: Shapes, varied: set[str], at: tuple[Node, ...], gradients: bool
) -> tuple[dict[str, str], list[Definition]]:
    """The arrays that hold the gradient of each quantity, and the result; the definitions of means over samples."""
    result = derivation.model.result
    found: dict[str, str] = {}
    more: list[Definition] = []
    names = {name: partial_name(result, name) for name in derivation.wrt} if gradients else {}
    names[result] = result
    for quantity, array in names.items():
        if shapes.mean and array in varied:
            found[quantity] = f"mean_{array}"
            while found[quantity] in derivation.model.quantities:
                found[quantity] += "_"
            more.append(Definition(found[quantity], (), _mean(Entry(array, at), at)))
        else:
            found[quantity] = array
    return found, more


def _mean(entry: Entry, at: tuple[Node, ...]) -> Node:
    (loop,) = at
    if not isinstance(loop, Loop):
        return entry
    extent = loop.extent
    return apply("/", Fold("sum", (loop,), entry), Length(extent) if extent.value is None else whole(extent.value))


def _outside(
    model: Model, arrays: Mapping[str, tuple[Extent, ...]], theta: Sequence[str], outputs: Sequence[str]
) -> dict[str, Outside]:
    inputs = {quantity.name: quantity for quantity in model.inputs}
    found = {
        name: Outside("theta", offset)
        for name, offset in zip(theta, offsets([arrays[name] for name in theta]), strict=True)
    }
    found |= {name: Outside("column") for name in inputs if name not in found}
    places = offsets([arrays[name] for name in outputs])
    return found | {name: Outside("output", offset) for name, offset in zip(outputs, places, strict=True)}


def offsets(arrays: Sequence[tuple[Extent, ...]]) -> list[str]:
    """Where each array begins if they follow each other, in C."""
    known = 0
    names: list[str] = []
    found: list[str] = []
    for axes in arrays:
        found.append(" + ".join([*names, *([str(known)] if known or not names else [])]))
        values = [axis.value for axis in axes]
        if all(value is not None for value in values):
            size = 1
            for value in values:
                size *= value or 0
            known += size
        else:
            names.append("*".join(axis.text for axis in axes if axis.value != 1))
    return found
