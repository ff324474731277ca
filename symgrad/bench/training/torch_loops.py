"""Loops in PyTorch, eager: its gradients by `autograd.grad`, updates in place."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

from symgrad.bench.training.cases import Case
from symgrad.bench.training.loops import Loop, Params


def eager(case: Case) -> Loop | str:
    """The loop of the tutorials without what it doesn't need: no module, no data loader, no optimiser object."""
    if not find_spec("torch"):
        return "PyTorch is not installed"
    import torch

    data = {name: torch.from_numpy(array) for name, array in case.data.items()}
    if case.activation == "relu":  # class numbers, which its cross-entropy is made for
        data["Y"] = data["Y"].argmax(1)
    columns = list(data.values())
    loss_of = _loss(case)
    parts = [slice(start, start + case.batch) for start in range(0, case.samples, case.batch)]

    def loop(epochs: int) -> Params:
        params = [torch.from_numpy(array).requires_grad_() for array in case.copy().values()]
        orders = case.orders(epochs)
        for epoch in range(epochs):
            rows = columns if orders is None else [c[torch.from_numpy(orders[epoch])] for c in columns]
            for part in parts:
                loss = loss_of(params, *(rows if len(parts) == 1 else [column[part] for column in rows]))
                gradients = torch.autograd.grad(loss, params)
                with torch.no_grad():
                    for param, gradient in zip(params, gradients, strict=True):
                        param.sub_(gradient, alpha=case.rate)
        return {name: param.detach().numpy() for name, param in zip(case.start, params, strict=True)}

    return loop


def _loss(case: Case) -> Callable[..., Any]:
    import torch
    from torch.nn import functional

    def line(params: Any, x: Any, y: Any) -> Any:
        w, b = params
        return functional.mse_loss(w * x + b, y)

    def neuron(params: Any, x: Any, y: Any) -> Any:
        w1, b1, w2, b2 = params
        return functional.mse_loss(torch.sigmoid(w2 * torch.sigmoid(w1 * x + b1) + b2), y)

    def perceptron(params: Any, x: Any, y: Any) -> Any:
        for k in range(0, len(params) - 2, 2):
            x = activation(torch.addmm(params[k + 1], x, params[k]))
        return loss(torch.addmm(params[-1], x, params[-2]), y)

    if not case.sizes:
        return line if case.name == "line" else neuron
    activation, loss = (
        (torch.tanh, functional.mse_loss) if case.activation == "tanh" else (torch.relu, functional.cross_entropy)
    )
    return perceptron
