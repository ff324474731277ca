"""A model as a PyTorch autograd.Function: its source, and the class that the source defines."""

from __future__ import annotations

import ast
import re
from typing import Any

from symgrad.codegen.torch_source import HELPERS_IN_TORCH, Names, torch_dialect
from symgrad.equations import Model, Size
from symgrad.errors import SymgradError
from symgrad.exporting.parts import Passes, passes, wrapped


def torch_text(model: Model, wrt: tuple[str, ...] | None) -> str:
    """The source of a module that defines the function; needs PyTorch alone where it is run."""
    found = passes(model, wrt, torch_dialect(_names(model)))
    samples = not model.has_axes
    outputs = [_gradient(found, name, samples) for name in found.inputs]
    returned = ", ".join(outputs)
    saved = found.saved(returned)
    title = class_name(model)
    by = ", ".join(found.gradients)
    parts = "tensors of samples that broadcast" if samples else "tensors"
    lines = [
        f"class {title}(torch.autograd.Function):",
        f'    """{model.result} of {model.name}, with the gradients by {by} that symgrad derived.',
        "",
        f"    Call {title}.apply with {parts}.",
        '    """',
        "",
        "    @staticmethod",
        f"    def forward(ctx, {', '.join(found.inputs)}):",
        *(f"        {line}" for line in found.forward),
        f"        ctx.save_for_backward({', '.join(saved)})",
        f"        return {model.result}",
        "",
        "    @staticmethod",
        f"    def backward(ctx, {found.adjoint}):",
        "        if torch.is_grad_enabled():  # create_graph=True: what is saved has lost how it was computed",
        '            raise NotImplementedError("this backward pass can\'t be differentiated again")',
        *(f"        {line}" for line in _refusal(found)),
        *([f"        {', '.join(saved)}{',' if len(saved) == 1 else ''} = ctx.saved_tensors"] if saved else []),
        *(f"        {line}" for line in found.backward),
        *(f"        {line}" for line in wrapped("return", outputs)),
    ]
    body = "\n".join(lines)
    helpers = [text for name, text in HELPERS_IN_TORCH.items() if text and f"{name}(" in body]
    imports = "import math\n\nimport torch\n" if re.search(r"\bmath\.", body) else "import torch\n"
    return "\n\n".join([imports, *helpers, f"{body}\n"])


def class_name(model: Model) -> str:
    """The model's name as a class is called.

    >>> from sympy import Symbol
    >>> class_name(Model.from_equations([("L", Symbol("w"))], name="two_layers"))
    'TwoLayers'
    """
    name = "".join(part[:1].upper() + part[1:] for part in model.name.split("_"))
    return name if name.isidentifier() else "Model"


def load(model: Model, wrt: tuple[str, ...] | None) -> Any:
    """The autograd.Function itself; raises SymgradError where PyTorch isn't installed."""
    try:
        import torch  # noqa: F401  # what the source needs
    except ImportError as error:
        raise SymgradError("this needs PyTorch; install it with: pip install torch") from error
    names: dict[str, Any] = {"__name__": "symgrad.exported"}
    # The text is our own printer's; names are checked identifiers, everything else comes from a table.
    exec(compile(torch_text(model, wrt), f"<symgrad {model.name}>", "exec"), names)
    return names[class_name(model)]


def _names(model: Model) -> Names:
    sizes = {str(axis) for quantity in model.inputs for axis in quantity.axes if isinstance(axis, Size)}
    moving = [quantity for quantity in model.inputs if not quantity.integer]
    return Names(frozenset(sizes), moving[0].name if moving else model.inputs[0].name)


def _gradient(found: Passes, name: str, samples: bool) -> str:
    if name not in found.gradients:
        return "None"
    text = ast.unparse(ast.parse(found.gradients[name]))
    return f"({text}).sum_to_size({name}.shape)" if samples else text


def _refusal(found: Passes) -> list[str]:
    """What makes a gradient that isn't derived an error, where None would be taken for 0."""
    inputs = {quantity.name: quantity for quantity in found.model.inputs}
    places = [at for at, name in enumerate(found.inputs) if name not in found.gradients and not inputs[name].integer]
    if not places:
        return []
    names = ", ".join(found.inputs[at] for at in places)
    test = f"ctx.needs_input_grad[{places[0]}]"
    if len(places) > 1:
        test = f"any(ctx.needs_input_grad[place] for place in {tuple(places)})"
    return [f"if {test}:", f'    raise NotImplementedError("no gradient was derived by {names}")']
