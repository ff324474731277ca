"""A model as a C file that needs the C library alone, with the loops that the native backend prints."""

from __future__ import annotations

from symgrad.codegen.native.build import Shapes, kernel
from symgrad.codegen.native.kernel import Kernel
from symgrad.codegen.native.nodes import Extent
from symgrad.codegen.native.operations import safe
from symgrad.codegen.native.source import source
from symgrad.derivation import derive
from symgrad.equations import Model, Size
from symgrad.errors import InputError

_SAMPLES = "samples_"
_TYPICAL = 100  # the length that an axis is taken to have where the order of loops is chosen


def c_text(model: Model, wrt: tuple[str, ...] | None) -> str:
    """The source of the file: one function in double precision that says how its arrays are laid out.

    Of a model of scalars, inputs that no gradient is taken by are arrays of samples, and the function gives means.
    Raises InputError for a result with axes, NativeError for an operation that has no C form.
    """
    if model.quantities[model.result].axes:
        raise InputError(
            f"{model.name}: the result {model.result} has axes; the C export is of a loss, a single number"
        )
    derivation = derive(model, list(wrt) if wrt else None)
    sizes = {
        axis: Extent(safe(axis.name), None, _TYPICAL)
        for quantity in model.inputs
        for axis in quantity.axes
        if isinstance(axis, Size)
    }
    samples = frozenset(q.name for q in model.inputs if q.name not in derivation.wrt and not model.has_axes)
    sample = Extent(_SAMPLES, None, _TYPICAL) if samples else next(iter(sizes.values()), None)
    built = kernel(derivation, Shapes(sizes, sample, samples, bool(samples)), [], name="computed")
    text = built.text  # printing finds what the text calls
    wrapper = _wrapper(built, model, derivation.wrt)
    title = f"{model.name}: {model.result} and the gradients by {', '.join(derivation.wrt)} that symgrad derived"
    body = source(title, built.called, [text, wrapper], False, None)
    return body.replace("#include <string.h>", "#include <stdlib.h>\n#include <string.h>", 1)


def _wrapper(built: Kernel, model: Model, wrt: tuple[str, ...]) -> str:
    """The function that a person calls: sizes, the inputs in their order, the array that it fills."""
    columns = {}
    parameters = [f"long {name}" for name in built.varying]
    for quantity in model.inputs:
        name = quantity.name
        kind = "long" if name in built.whole else "double"
        columns[name] = safe(name)
        parameters.append(f"const {kind} *{safe(name)}" if built.extents[name] else f"{kind} {safe(name)}")
    arrays = {name: built.results[name] for name in wrt}
    layout = [
        f" *   gradient + {built.outside[array].offset}: by {name}"
        + (f", {' x '.join(extent.text for extent in built.extents[array])}" if built.extents[array] else "")
        for name, array in arrays.items()
    ]
    name = safe(model.name) if model.name.isidentifier() and model.name not in ("computed", "main") else "model"
    work = " + ".join(f"ALIGNED({size})" for _, size in built.work)
    memory = [f"real *work = aligned_alloc(64, ALIGNED({work})*sizeof(real));", "if (!work)", "    abort();"]
    call = built.call(columns, {each: each for each in built.varying})
    nothing = "const real *theta = NULL; /* the parameters come one by one */"
    body = [nothing, *(memory if work else []), f"const double result = {call};", *(["free(work);"] if work else [])]
    lines = [
        f"/* {model.result}{', its mean over the samples' if _SAMPLES in built.varying else ''};"
        " arrays are row by row. The gradients, one after another:",
        *layout,
        " */",
        f"double {name}({', '.join([*parameters, 'double *gradient'])})",
        "{",
        *(f"    {line}" for line in [*body, "return result;"]),
        "}",
    ]
    return "\n".join(lines) + "\n"
