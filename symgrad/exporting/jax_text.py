"""A model as a JAX custom_vjp function: its source, and the function that the source defines."""

from __future__ import annotations

from typing import Any

from symgrad.codegen.jax_source import DIALECT, load_jax
from symgrad.equations import Model
from symgrad.exporting.parts import passes, wrapped


def jax_text(model: Model, wrt: tuple[str, ...] | None) -> str:
    """The source of a module that defines the function; needs JAX alone where it is run."""
    found = passes(model, wrt, DIALECT)
    name, inputs = found.name, ", ".join(found.inputs)
    whole = {quantity.name for quantity in model.inputs if quantity.integer}
    outputs = [
        found.gradients.get(each) or ("None" if each in whole else f"jnp.full_like({each}, jnp.nan)")
        for each in found.inputs
    ]
    saved = found.saved(", ".join(outputs))
    tuple_of = f"({', '.join(saved)}{',' if len(saved) == 1 else ''})"
    by = ", ".join(found.gradients)
    missing = [each for each in found.inputs if each not in found.gradients and each not in whole]
    notes = [f"No gradient was derived by {', '.join(missing)}: it is NaN."] if missing else []
    notes += [] if model.has_axes else ["It takes numbers; jax.vmap maps it over samples."]
    lines = [
        "@jax.custom_vjp",
        f"def {name}({inputs}):",
        f'    """{model.result} of {model.name}, with the gradients by {by} that symgrad derived.',
        *(f"\n    {note}" for note in notes),
        '    """',
        f"    return {name}_forward({inputs})[0]",
        "",
        "",
        f"def {name}_forward({inputs}):",
        *(f"    {line}" for line in found.forward),
        f"    return {model.result}, {tuple_of}",
        "",
        "",
        f"def {name}_backward(saved, {found.adjoint}):",
        *([f"    {tuple_of[1:-1]} = saved"] if saved else []),
        *(f"    {line}" for line in found.backward),
        *(f"    {line}" for line in wrapped("return", outputs, always=True)),
        "",
        "",
        f"{name}.defvjp({name}_forward, {name}_backward)",
    ]
    imports = ["import jax", *(f"import jax.{module}" for module in sorted(found.imports)), "import jax.numpy as jnp"]
    return "\n\n".join(["\n".join(imports) + "\n", *found.helpers, "\n".join(lines) + "\n"])


def load(model: Model, wrt: tuple[str, ...] | None) -> Any:
    """The function itself; raises SymgradError where JAX isn't installed."""
    load_jax()
    names: dict[str, Any] = {"__name__": "symgrad.exported"}
    # The text is our own printer's; names are checked identifiers, everything else comes from a table.
    exec(compile(jax_text(model, wrt), f"<symgrad {model.name}>", "exec"), names)
    return names[passes(model, wrt, DIALECT).name]
