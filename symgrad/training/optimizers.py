"""Optimisers as update equations, each a model of one entry of a parameter: printed, derived and compiled like any.

The inputs are the parameter `theta`, the `gradient`, what the optimiser remembers (its slots), the count `step`, 1 in
the first step, the `learning_rate` and the settings; `m_next` is the new value of a slot m, `theta_next` the result.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from sympy import Symbol

from symgrad.equations import Model
from symgrad.errors import InputError, ModelError
from symgrad.notation.latex import aligned, equation_latex
from symgrad.notation.names import latex_name
from symgrad.reading.function import model
from symgrad.tensors.elementwise import sqrt
from symgrad.training.words import listing

__all__ = ["LineSearch", "Optimizer", "adam", "adamw", "lbfgs", "momentum", "nesterov", "newton", "rmsprop", "sgd"]

_LETTERS = {
    "gradient": "g",
    "learning_rate": "eta",
    "step": "t",
    "momentum": "mu",
    "weight_decay": "lam",
    "decay": "rho",
}


@dataclass(frozen=True)
class LineSearch:
    """An optimiser of the whole vector of parameters: a direction from curvature, a length that is searched for."""

    name: Literal["lbfgs", "newton"]
    memory: int = 0  # how many pairs of steps and changes of the gradient L-BFGS remembers
    weight_decay: float = 0.0  # adds weight_decay/2 times the square of the parameters' norm to the cost

    def __str__(self) -> str:
        return f"lbfgs(memory={self.memory})" if self.name == "lbfgs" else self.name


@dataclass(frozen=True)
class Optimizer:
    """An optimiser that updates every entry of every parameter by the same equations.

    A step first scales or clips the gradient of the batch (`clip_norm`, `clip_value`), then adds `weight_decay` times
    the parameter to it, then evaluates the equations. To climb, the gradient is negated before all this. Raises
    ModelError where the model's names aren't those that this module's first lines tell.

    >>> import symgrad as sg
    >>> @sg.model
    ... def signs(theta, gradient, step, learning_rate):
    ...     theta_next = theta - learning_rate * sg.sign(gradient)
    ...     return theta_next
    >>> print(Optimizer("signs", signs, slots=(), settings={}))
    signs
    """

    name: str
    model: Model
    slots: tuple[str, ...]  # each starts at 0; its new value is the equation <slot>_next
    settings: Mapping[str, float]  # the model's other inputs, but for theta, gradient, step and learning_rate
    clip_norm: float | None = None  # the largest Euclidean norm of the gradient, over all parameters together
    clip_value: float | None = None  # the largest size of an entry of the gradient
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        inputs = [quantity.name for quantity in self.model.inputs]
        expected = ["theta", "gradient", *self.slots, "step", "learning_rate", *self.settings]
        defined = {equation.name for equation in self.model.equations}
        missing = [f"{slot}_next" for slot in self.slots if f"{slot}_next" not in defined]
        if sorted(inputs) != sorted(expected):
            raise ModelError(f"{self.name}: the model's inputs are {listing(inputs)}, not {listing(expected)}")
        if missing or self.model.result != "theta_next":
            what = f"no equation for {missing[0]}" if missing else f"the result {self.model.result}, not theta_next"
            raise ModelError(f"{self.name}: the model has {what}")

    @property
    def is_plain(self) -> bool:
        """Whether a step subtracts the gradient times the rate, and nothing else.

        >>> sgd().is_plain, momentum().is_plain
        (True, False)
        """
        if self.slots or self.clip_norm is not None or self.clip_value is not None or self.weight_decay:
            return False
        theta, rate, gradient = map(Symbol, ("theta", "learning_rate", "gradient"))
        return len(self.model.equations) == 1 and bool(self.model.equations[0].rhs == theta - rate * gradient)

    def latex(self) -> str:
        r"""The update as it is published: an arrow gives a quantity its new value.

        Where an equation needs an old value after that, new values have names of their own instead.

        >>> print(momentum().latex())
        \begin{aligned}
        m &\leftarrow \mu m + g \\
        \theta &\leftarrow \theta - \eta m
        \end{aligned}
        """
        equations = self.model.equations
        rows = [equation_latex(equation, self.model.written, align=True) for equation in equations]
        if not self._uses_old_values():
            updated = {f"{name}_next" for name in (*self.slots, "theta")}
            rows = [
                row.replace("&=", r"&\leftarrow" if equation.name in updated else "&=", 1)
                for row, equation in zip(rows, equations, strict=True)
            ]
            rows = [row.replace(r"_{\mathrm{next}}", "") for row in rows]
        text = aligned(rows)
        for name, letter in _LETTERS.items():
            text = text.replace(latex_name(name), latex_name(letter))
        return text

    def _uses_old_values(self) -> bool:
        """Whether an equation uses an old value when there is a new one already, so that an arrow would mislead."""
        renewed: set[str] = set()
        for equation in self.model.equations:
            if renewed & equation.uses:
                return True
            renewed |= {equation.name.removesuffix("_next")} & {*self.slots, "theta"}
        return False

    def _repr_latex_(self) -> str:
        return f"$$\n{self.latex()}\n$$"

    def __str__(self) -> str:
        shared = {"weight_decay": self.weight_decay, "clip_norm": self.clip_norm, "clip_value": self.clip_value}
        settings = {**self.settings, **{name: value for name, value in shared.items() if value}}
        inside = ", ".join(f"{name}={value:g}" for name, value in settings.items())
        return f"{self.name}({inside})" if inside else self.name


def sgd() -> Optimizer:
    """Gradient descent: a step along the gradient (Robbins and Monro 1951, for batches drawn at random).

    >>> print(sgd().model)
    theta_next = theta - learning_rate*gradient
    """
    return Optimizer("sgd", _read(_sgd), (), {})


def momentum(momentum: float = 0.9) -> Optimizer:
    """Descent along a decaying sum of the gradients (Polyak 1964, as Sutskever et al. 2013 write it).

    >>> print(momentum())
    momentum(momentum=0.9)
    """
    return Optimizer("momentum", _read(_momentum), ("m",), {"momentum": _share("momentum", momentum)})


def nesterov(momentum: float = 0.9) -> Optimizer:
    """Momentum that looks one step ahead (Nesterov 1983, in the form of Sutskever et al. 2013).

    >>> print(nesterov().model)
    m_next = momentum*m + gradient
    theta_next = theta - learning_rate*(gradient + momentum*m_next)
    """
    return Optimizer("nesterov", _read(_nesterov), ("m",), {"momentum": _share("momentum", momentum)})


def adam(beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8) -> Optimizer:
    """Steps scaled by running moments of the gradient (Kingma and Ba 2015, algorithm 1).

    >>> print(adam(beta1=0.8))
    adam(beta1=0.8, beta2=0.999, epsilon=1e-08)
    """
    return Optimizer("adam", _read(_adam), ("m", "v"), _moments(beta1, beta2, epsilon))


def adamw(beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8, weight_decay: float = 0.01) -> Optimizer:
    """Adam whose weight decay isn't scaled by the moments (Loshchilov and Hutter 2019, algorithm 2).

    >>> adamw().settings["weight_decay"]
    0.01
    """
    settings = _moments(beta1, beta2, epsilon)
    return Optimizer(
        "adamw", _read(_adamw), ("m", "v"), {**settings, "weight_decay": positive("weight_decay", weight_decay)}
    )


def rmsprop(decay: float = 0.99, epsilon: float = 1e-8) -> Optimizer:
    """Steps divided by a running root mean square of the gradient (Tieleman and Hinton 2012).

    >>> print(rmsprop().model)
    v_next = decay*v + (1 - decay)*gradient**2
    theta_next = theta - learning_rate*gradient/(sqrt(v_next) + epsilon)
    """
    settings = {"decay": _share("decay", decay), "epsilon": positive("epsilon", epsilon)}
    return Optimizer("rmsprop", _read(_rmsprop), ("v",), settings)


def lbfgs(memory: int = 10) -> LineSearch:
    """Limited-memory BFGS for full batches (Nocedal and Wright, Numerical Optimization, 2nd ed. 2006, algorithm 7.5).

    An epoch is one iteration; a line search finds the length of its step, so that there is no learning rate.

    >>> print(lbfgs())
    lbfgs(memory=10)
    """
    if isinstance(memory, bool) or not isinstance(memory, int) or memory < 1:
        raise InputError(f"memory={memory!r} must be a whole number, 1 or above")
    return LineSearch("lbfgs", memory)


def newton() -> LineSearch:
    """Newton's method for full batches, with the derived Hessian (Nocedal and Wright 2006, algorithm 3.2).

    The Hessian is made positive definite where it isn't; a line search finds the length of a step. For models of up
    to some hundred parameters: the Hessian has one row and one column for each.

    >>> print(newton())
    newton
    """
    return LineSearch("newton")


@functools.cache
def _read(equations: Callable[..., Any]) -> Model:
    """The model of a function below, read when it is first asked for."""
    return replace(model(equations), name=equations.__name__.strip("_"))


def _sgd(theta, gradient, step, learning_rate):  # type: ignore[no-untyped-def]  # read as equations, never called
    theta_next = theta - learning_rate * gradient
    return theta_next


def _momentum(theta, gradient, m, step, learning_rate, momentum):  # type: ignore[no-untyped-def]  # equations
    m_next = momentum * m + gradient
    theta_next = theta - learning_rate * m_next
    return theta_next


def _nesterov(theta, gradient, m, step, learning_rate, momentum):  # type: ignore[no-untyped-def]  # equations
    m_next = momentum * m + gradient
    theta_next = theta - learning_rate * (gradient + momentum * m_next)
    return theta_next


def _adam(theta, gradient, m, v, step, learning_rate, beta1, beta2, epsilon):  # type: ignore[no-untyped-def]
    m_next = beta1 * m + (1 - beta1) * gradient
    v_next = beta2 * v + (1 - beta2) * gradient**2
    m_hat = m_next / (1 - beta1**step)
    v_hat = v_next / (1 - beta2**step)
    theta_next = theta - learning_rate * m_hat / (sqrt(v_hat) + epsilon)
    return theta_next


def _adamw(  # type: ignore[no-untyped-def]  # equations
    theta, gradient, m, v, step, learning_rate, beta1, beta2, epsilon, weight_decay
):
    m_next = beta1 * m + (1 - beta1) * gradient
    v_next = beta2 * v + (1 - beta2) * gradient**2
    m_hat = m_next / (1 - beta1**step)
    v_hat = v_next / (1 - beta2**step)
    theta_next = theta - learning_rate * (m_hat / (sqrt(v_hat) + epsilon) + weight_decay * theta)
    return theta_next


def _rmsprop(theta, gradient, v, step, learning_rate, decay, epsilon):  # type: ignore[no-untyped-def]  # equations
    v_next = decay * v + (1 - decay) * gradient**2
    theta_next = theta - learning_rate * gradient / (sqrt(v_next) + epsilon)
    return theta_next


def _moments(beta1: float, beta2: float, epsilon: float) -> dict[str, float]:
    return {
        "beta1": _share("beta1", beta1),
        "beta2": _share("beta2", beta2),
        "epsilon": positive("epsilon", epsilon),
    }


def _share(name: str, value: float) -> float:
    if not _is_number(value) or not 0 <= value < 1:
        raise InputError(f"{name}={value!r} must be at least 0 and below 1: it is the share that is kept")
    return float(value)


def positive(name: str, value: Any) -> float:
    """A setting that is 0 or above, as a number; raises InputError for anything else."""
    if not _is_number(value) or not 0 <= value < math.inf:
        raise InputError(f"{name}={value!r} must be a finite number, 0 or above")
    return float(value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
