"""How the cost of a gradient grows with the number of equations: chains of tanh layers.

A chain of n layers is z_k = w_k a_{k-1} + b_k and a_k = tanh(z_k), with the loss (a_n - y)²/2 and its
gradient by all of w_k and b_k.
"""

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from importlib.metadata import version
from importlib.util import find_spec
from itertools import pairwise
from statistics import median
from time import perf_counter

import numpy as np
from sympy import Expr, Symbol, tanh
from sympy.core.cache import clear_cache

from symgrad.codegen.program import compile_derivation
from symgrad.derivation import derive
from symgrad.equations import Model

SIZES = (1, 10, 100, 1000)
Values = Mapping[str, float]


@dataclass(frozen=True)
class Row:
    """One chain: seconds to write its equations in SymPy, build the model, derive and compile it, and their sum.

    Then one call, and what CasADi needs for the same from writing to compiling.

    `difference` is the largest relative difference between the two gradients; None where CasADi is missing.
    """

    layers: int
    equations: int
    write: float
    model: float
    derive: float
    compile: float
    total: float
    call: float
    casadi: float | None
    difference: float | None


@dataclass(frozen=True)
class Report:
    """The rows of a measurement, smallest chain first."""

    rows: tuple[Row, ...]

    @cached_property
    def exponent(self) -> float:
        """The p in total ≈ c·layersᵖ, by least squares over the chains of ten layers and more."""
        large = [row for row in self.rows if row.layers >= 10]
        slope, _ = np.polyfit(np.log([row.layers for row in large]), np.log([row.total for row in large]), deg=1)
        return float(slope)

    @property
    def table(self) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
        """The columns and the rows, for people."""
        columns = ("layers", "equations", "write", "model", "derive", "compile", "total", "one call", "CasADi")
        rows = [(*list(asdict(row).values())[:8], row.casadi or "not installed") for row in self.rows]
        return columns, rows

    @property
    def summary(self) -> str:
        """The growth in one sentence."""
        return f"total grows as layers^{self.exponent:.2f} from 10 layers on; 1 is a straight line"

    def json(self) -> str:
        """The rows, the exponent, and what they were measured on."""
        return json.dumps(
            {
                "benchmark": "tanh chains",
                "unit": "seconds, medians",
                "rows": [asdict(row) for row in self.rows],
                "exponent": self.exponent,
                "python": platform.python_version(),
                "sympy": version("sympy"),
                "numpy": version("numpy"),
                "casadi": version("casadi") if _has_casadi() else None,
                "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
            },
            indent=2,
        )


def measure(sizes: Sequence[int] = SIZES, runs: int = 5) -> Report:
    """Time a chain of each size, each time with SymPy's cache emptied, and take the medians of the runs.

    >>> report = measure(sizes=(10, 20), runs=1)
    >>> [row.layers for row in report.rows], report.rows[0].total > 0
    ([10, 20], True)
    """
    _row(1, 1)  # the first call of all also pays for imports
    return Report(tuple(_row(layers, runs) for layers in sizes))


def chain(layers: int) -> list[tuple[Expr, Expr]]:
    """The equations of a chain, as (left, right) pairs.

    >>> chain(1)
    [(z1, b1 + w1*x), (a1, tanh(z1)), (L, (a1 - y)**2/2)]
    """
    pairs: list[tuple[Expr, Expr]] = []
    a = Symbol("x")
    for k in range(1, layers + 1):
        z = Symbol(f"z{k}")
        pairs.append((z, Symbol(f"w{k}") * a + Symbol(f"b{k}")))
        a = Symbol(f"a{k}")
        pairs.append((a, tanh(z)))
    return [*pairs, (Symbol("L"), (a - Symbol("y")) ** 2 / 2)]


def _row(layers: int, runs: int) -> Row:
    names = [f"{letter}{k}" for k in range(1, layers + 1) for letter in "wb"]
    values = dict(zip(names, np.random.default_rng(0).uniform(0.5, 1.5, len(names)).tolist(), strict=True))
    values |= {"x": 0.25, "y": -0.5}
    times, gradient = zip(*(_symgrad(layers, names, values) for _ in range(runs)), strict=True)
    written, built, derived, compiled, called = (median(column) for column in zip(*times, strict=True))
    peer = difference = None
    if _has_casadi():
        peer_times, peer_gradient = zip(*(_casadi(layers, values) for _ in range(runs)), strict=True)
        peer = median(peer_times)
        difference = _difference(gradient[0], peer_gradient[0])
    total = median(sum(row[:4]) for row in times)
    return Row(layers, 2 * layers + 1, written, built, derived, compiled, total, called, peer, difference)


def _symgrad(layers: int, names: list[str], values: Values) -> tuple[tuple[float, ...], dict[str, float]]:
    clear_cache()
    marks = [perf_counter()]
    equations = chain(layers)
    marks.append(perf_counter())
    model = Model.from_equations(equations, result="L")
    marks.append(perf_counter())
    derivation = derive(model, wrt=names)
    marks.append(perf_counter())
    step = compile_derivation(derivation)
    marks.append(perf_counter())
    _, gradient = step(**values)
    marks.append(perf_counter())
    return tuple(later - earlier for earlier, later in pairwise(marks)), {name: float(gradient[name]) for name in names}


def _casadi(layers: int, values: Values) -> tuple[float, dict[str, float]]:
    import casadi

    start = perf_counter()
    x, y = casadi.SX.sym("x"), casadi.SX.sym("y")
    w = [casadi.SX.sym(f"w{k}") for k in range(1, layers + 1)]
    b = [casadi.SX.sym(f"b{k}") for k in range(1, layers + 1)]
    a = x
    for weight, bias in zip(w, b, strict=True):
        a = casadi.tanh(weight * a + bias)
    loss = (a - y) ** 2 / 2
    parameters = casadi.vertcat(*w, *b)
    step = casadi.Function("step", [x, y, parameters], [loss, casadi.gradient(loss, parameters)])
    seconds = perf_counter() - start
    names = [f"{letter}{k}" for letter in "wb" for k in range(1, layers + 1)]
    _, gradient = step(values["x"], values["y"], [values[name] for name in names])
    return seconds, dict(zip(names, gradient.full().ravel().tolist(), strict=True))


def _difference(ours: Values, theirs: Values) -> float:
    scale = max(map(abs, theirs.values()))
    return max(abs(ours[name] - theirs[name]) for name in ours) / scale


def _has_casadi() -> bool:
    return find_spec("casadi") is not None
