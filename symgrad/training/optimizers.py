"""Optimisers as update equations, each a model of one entry of a parameter: printed, derived and compiled like any.

The inputs are the parameter `theta`, the `gradient`, what the optimiser remembers (its slots), the count `step`, 1 in
the first step, the `learning_rate` and the settings; `m_next` is the new value of a slot m, `theta_next` the result.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from symgrad.equations import Model
from symgrad.errors import InputError
from symgrad.notation.latex import aligned, equation_latex
from symgrad.notation.names import latex_name
from symgrad.reading.function import model
from symgrad.tensors.elementwise import sqrt

_LETTERS = {
    "gradient": "g",
    "learning_rate": "eta",
    "step": "t",
    "momentum": "mu",
    "weight_decay": "lam",
    "decay": "rho",
}


@dataclass(frozen=True)
class Optimizer:
    """An optimiser that updates every entry of every parameter by the same equations.

    A step first scales or clips the gradient of the batch (`clip_norm`, `clip_value`), then adds `weight_decay` times
    the parameter to it, then evaluates the equations. To climb, the gradient is negated before all this.
    """

    name: str
    model: Model
    slots: tuple[str, ...]  # each starts at 0; its new value is the equation <slot>_next
    settings: Mapping[str, float]  # the model's other inputs, but for theta, gradient, step and learning_rate
    clip_norm: float | None = None  # the largest Euclidean norm of the gradient, over all parameters together
    clip_value: float | None = None  # the largest size of an entry of the gradient
    weight_decay: float = 0.0

    def latex(self) -> str:
        r"""The update as it is published: an arrow gives a quantity its new value.

        >>> print(momentum().latex())
        \begin{aligned}
        m &\leftarrow \mu m + g \\
        \theta &\leftarrow \theta - \eta m
        \end{aligned}
        """
        rows = [equation_latex(equation, self.model.written, align=True) for equation in self.model.equations]
        updated = {f"{name}_next" for name in (*self.slots, "theta")}
        rows = [
            row.replace("&=", r"&\leftarrow" if equation.name in updated else "&=", 1)
            for row, equation in zip(rows, self.model.equations, strict=True)
        ]
        text = aligned(rows).replace(r"_{\mathrm{next}}", "")
        for name, letter in _LETTERS.items():
            text = text.replace(latex_name(name), latex_name(letter))
        return text

    def _repr_latex_(self) -> str:
        return f"$$\n{self.latex()}\n$$"

    def __str__(self) -> str:
        settings = ", ".join(f"{name}={value:g}" for name, value in self.settings.items())
        return f"{self.name}({settings})"


def sgd() -> Optimizer:
    """Gradient descent: a step along the gradient (Robbins and Monro 1951, for batches drawn at random).

    >>> print(sgd().model)
    theta_next = theta - learning_rate*gradient
    """
    return Optimizer("sgd", _SGD, (), {})


def momentum(momentum: float = 0.9) -> Optimizer:
    """Descent along a decaying sum of the gradients (Polyak 1964, as Sutskever et al. 2013 write it).

    >>> print(momentum())
    momentum(momentum=0.9)
    """
    return Optimizer("momentum", _MOMENTUM, ("m",), {"momentum": _share("momentum", momentum)})


def nesterov(momentum: float = 0.9) -> Optimizer:
    """Momentum that looks one step ahead (Nesterov 1983, in the form of Sutskever et al. 2013).

    >>> print(nesterov().model)
    m_next = momentum*m + gradient
    theta_next = theta - learning_rate*(gradient + momentum*m_next)
    """
    return Optimizer("nesterov", _NESTEROV, ("m",), {"momentum": _share("momentum", momentum)})


def adam(beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8) -> Optimizer:
    """Steps scaled by running moments of the gradient (Kingma and Ba 2015, algorithm 1).

    >>> print(adam(beta1=0.8))
    adam(beta1=0.8, beta2=0.999, epsilon=1e-08)
    """
    return Optimizer("adam", _ADAM, ("m", "v"), _moments(beta1, beta2, epsilon))


def adamw(beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8, weight_decay: float = 0.01) -> Optimizer:
    """Adam whose weight decay isn't scaled by the moments (Loshchilov and Hutter 2019, algorithm 2).

    >>> adamw().settings["weight_decay"]
    0.01
    """
    settings = _moments(beta1, beta2, epsilon)
    return Optimizer("adamw", _ADAMW, ("m", "v"), {**settings, "weight_decay": _positive("weight_decay", weight_decay)})


def rmsprop(decay: float = 0.99, epsilon: float = 1e-8) -> Optimizer:
    """Steps divided by a running root mean square of the gradient (Tieleman and Hinton 2012).

    >>> print(rmsprop().model)
    v_next = decay*v + (1 - decay)*gradient**2
    theta_next = theta - learning_rate*gradient/(sqrt(v_next) + epsilon)
    """
    settings = {"decay": _share("decay", decay), "epsilon": _positive("epsilon", epsilon)}
    return Optimizer("rmsprop", _RMSPROP, ("v",), settings)


@model
def _SGD(theta, gradient, step, learning_rate):  # type: ignore[no-untyped-def]  # read as equations, never called
    theta_next = theta - learning_rate * gradient
    return theta_next


@model
def _MOMENTUM(theta, gradient, m, step, learning_rate, momentum):  # type: ignore[no-untyped-def]  # equations
    m_next = momentum * m + gradient
    theta_next = theta - learning_rate * m_next
    return theta_next


@model
def _NESTEROV(theta, gradient, m, step, learning_rate, momentum):  # type: ignore[no-untyped-def]  # equations
    m_next = momentum * m + gradient
    theta_next = theta - learning_rate * (gradient + momentum * m_next)
    return theta_next


@model
def _ADAM(theta, gradient, m, v, step, learning_rate, beta1, beta2, epsilon):  # type: ignore[no-untyped-def]
    m_next = beta1 * m + (1 - beta1) * gradient
    v_next = beta2 * v + (1 - beta2) * gradient**2
    m_hat = m_next / (1 - beta1**step)
    v_hat = v_next / (1 - beta2**step)
    theta_next = theta - learning_rate * m_hat / (sqrt(v_hat) + epsilon)
    return theta_next


@model
def _ADAMW(  # type: ignore[no-untyped-def]  # equations
    theta, gradient, m, v, step, learning_rate, beta1, beta2, epsilon, weight_decay
):
    m_next = beta1 * m + (1 - beta1) * gradient
    v_next = beta2 * v + (1 - beta2) * gradient**2
    m_hat = m_next / (1 - beta1**step)
    v_hat = v_next / (1 - beta2**step)
    theta_next = theta - learning_rate * (m_hat / (sqrt(v_hat) + epsilon) + weight_decay * theta)
    return theta_next


@model
def _RMSPROP(theta, gradient, v, step, learning_rate, decay, epsilon):  # type: ignore[no-untyped-def]  # equations
    v_next = decay * v + (1 - decay) * gradient**2
    theta_next = theta - learning_rate * gradient / (sqrt(v_next) + epsilon)
    return theta_next


def _moments(beta1: float, beta2: float, epsilon: float) -> dict[str, float]:
    return {
        "beta1": _share("beta1", beta1),
        "beta2": _share("beta2", beta2),
        "epsilon": _positive("epsilon", epsilon),
    }


def _share(name: str, value: float) -> float:
    if not (isinstance(value, int | float) and 0 <= value < 1):
        raise InputError(f"{name}={value!r} must be at least 0 and below 1: it is the share that is kept")
    return float(value)


def _positive(name: str, value: float) -> float:
    if not (isinstance(value, int | float) and 0 <= value < math.inf):
        raise InputError(f"{name}={value!r} must be a finite number, 0 or above")
    return float(value)
