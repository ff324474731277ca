"""A model as a Python file that needs NumPy alone: the result, its gradients, and a loop that trains."""

from __future__ import annotations

from typing import Any

from symgrad.codegen.dialect import DIALECT
from symgrad.codegen.program import lines_of
from symgrad.equations import Model
from symgrad.errors import InputError
from symgrad.exporting.parts import Passes, passes
from symgrad.names import partial_name
from symgrad.training.chosen import chosen_optimizer
from symgrad.training.optimizers import Optimizer

_TRAIN = '''\
def train(data, params, learning_rate, epochs):
    """The parameters and the losses (epochs + 1,) of so many epochs, each a step on all samples of the data.

    `data` and `params` map the names of the inputs to arrays; parameters are what is trained.
    """
    params = {{name: np.array(value, dtype=float) for name, value in params.items()}}
    {before}losses = []
    for step in range(1, epochs + 1):
        loss, gradients = {name}(**data, **params)
        losses.append(float(loss))
        for name in params:
            {update}
    loss, _ = {name}(**data, **params)
    return params, np.array([*losses, float(loss)])
'''


def python_text(model: Model, wrt: tuple[str, ...] | None, optimizer: Any) -> str:
    """The source of the file; raises InputError for an optimiser that isn't one step of a parameter at a time."""
    method = chosen_optimizer("sgd" if optimizer is None else optimizer, None, None, None)
    if not isinstance(method, Optimizer):
        raise InputError(f"{method} searches along lines, which isn't exported; choose an optimizer such as 'adam'")
    if method.clip_norm is not None or method.clip_value is not None or method.weight_decay:
        raise InputError(f"{method}: clipping and weight decay of the gradient aren't exported")
    found = passes(model, wrt, DIALECT)
    for taken in ("train", "update", f"{found.name}_value", "params", "losses"):
        if taken in (found.name, *model.quantities):
            raise InputError(f"{model.name}: {taken!r} is a name in the exported file; rename that quantity")
    scalar = not model.quantities[model.result].axes
    modules = [f"import {module}" for module in sorted(found.imports)]
    by = ", ".join(found.gradients)
    parts = [
        f'"""{_what(found)}, with the gradients by {by} that symgrad derived."""\n',
        "\n".join(["import numpy as np", *modules]) + "\n",
        *(f"\n{text}" for text in (*found.helpers, _gradients(found), _value(found))),
        *([f"\n{_update(method)}", f"\n{_train(found.name, method)}"] if scalar else []),
    ]
    return "\n".join(parts)


def _what(found: Passes) -> str:
    model = found.model
    return f"{model.result} of {model.name}" + ("" if model.has_axes else ", its mean over the samples")


def _gradients(found: Passes) -> str:
    """The function that returns the result and its gradients; it takes the adjoint of a result with axes."""
    model = found.model
    if model.quantities[model.result].axes:
        items = [f'"{name}": {text}' for name, text in found.gradients.items()]
        inputs, note = (
            (*found.inputs, found.adjoint),
            f", and the gradients of sum({found.adjoint}*{model.result}) by name",
        )
        result = model.result
    else:
        mean = ("{}" if model.has_axes else "np.mean({})").format
        items = [f'"{name}": {mean(partial_name(model.result, name))}' for name in found.gradients]
        inputs, note, result = found.inputs, ", and its gradients by name", mean(model.result)
    lines = [
        f"def {found.name}({', '.join(inputs)}):",
        f'    """{_what(found)}{note}."""',
        *(f"    {line}" for line in dict.fromkeys((*found.forward, *found.backward))),  # a size is read off once
        f"    gradients = {{{', '.join(items)}}}",
        f"    return {result}, gradients",
    ]
    return "\n".join(lines) + "\n"


def _value(found: Passes) -> str:
    model = found.model
    lines = [
        f"def {found.name}_value({', '.join(found.inputs)}):",
        f'    """{_what(found)}."""',
        *(f"    {line}" for line in found.forward),
        f"    return {model.result}" if model.has_axes else f"    return np.mean({model.result})",
    ]
    return "\n".join(lines) + "\n"


def _update(method: Optimizer) -> str:
    settings = [f"{name}={value!r}" for name, value in method.settings.items()]
    lines = lines_of(method.model, [], method.model.written)
    returned = ", ".join(["theta_next", *(f"{slot}_next" for slot in method.slots)])
    slots = f" and of {', '.join(method.slots)}" if method.slots else ""
    return "\n".join(
        [
            f"def update({', '.join([*_arguments(method), *settings])}):",
            f'    """The next value of a parameter theta{slots}: one step of {method.name}."""',
            *(f"    {line}" for line in lines.equations),
            f"    return {returned}\n",
        ]
    )


def _arguments(method: Optimizer) -> list[str]:
    return [quantity.name for quantity in method.model.inputs if quantity.name not in method.settings]


def _train(name: str, method: Optimizer) -> str:
    values = {"theta": "params[name]", "gradient": "gradients[name]", "step": "step", "learning_rate": "learning_rate"}
    values |= {slot: f"{slot}[name]" for slot in method.slots}
    given = ", ".join(values[argument] for argument in _arguments(method))
    goals = ", ".join(["params[name]", *(f"{slot}[name]" for slot in method.slots)])
    zeros = "{name: np.zeros_like(value) for name, value in params.items()}"
    before = "".join(f"{slot} = {zeros}\n    " for slot in method.slots)
    return _TRAIN.format(before=before, update=f"{goals} = update({given})", name=name)
