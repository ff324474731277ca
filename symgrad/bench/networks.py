"""How the cost of a derivation grows with the depth of a network: multilayer perceptrons and transformers.

The models are written as text, read as any model file is, derived by every parameter, and compiled.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np

from symgrad.derivation import derive
from symgrad.equations import Model

BLOCK = """
@sg.model
def block(X: "b t d", Wq: "d d", Wk: "d d", Wv: "d d", Wo: "d d", g: "d", c: "d", W: "d f", U: "f d", s, eps):
    mu = sg.mean(X, axis="d", keepdims=True)
    v = sg.mean((X - mu)**2, axis="d", keepdims=True)
    N = (X - mu)/sg.sqrt(v + eps)
    H = N*g + c
    Q = H @ Wq
    K = H @ Wk
    V = H @ Wv
    S = (Q @ K.swapaxes(-1, -2))*s
    P = sg.softmax(S)
    R = X + (P @ V) @ Wo
    A = sg.relu(R @ W)
    Y = R + A @ U
    return Y
"""


@dataclass(frozen=True)
class Row:
    """One network: its depth, its equations, and the seconds to read, derive and compile it."""

    network: str
    depth: int
    equations: int
    read: float
    derive: float
    compile: float


@dataclass(frozen=True)
class Report:
    """The rows of a measurement, by network and depth."""

    rows: tuple[Row, ...]

    @cached_property
    def exponents(self) -> dict[str, float]:
        """For each network the p in derive ≈ c·depthᵖ, by least squares over the depths above 1."""
        found = {}
        for name in dict.fromkeys(row.network for row in self.rows):
            rows = [row for row in self.rows if row.network == name and row.depth > 1]
            found[name] = float(np.polyfit(np.log([r.depth for r in rows]), np.log([r.derive for r in rows]), deg=1)[0])
        return found

    @property
    def table(self) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
        """The columns and the rows, for people."""
        return ("network", "depth", "equations", "read", "derive", "compile"), [
            tuple(asdict(row).values()) for row in self.rows
        ]

    @property
    def summary(self) -> str:
        """The growth in one sentence."""
        growth = ", ".join(f"{name} as depth^{power:.2f}" for name, power in self.exponents.items())
        return f"the derivation grows for the {growth}; 1 is a straight line"

    def json(self) -> str:
        """The rows and the exponents."""
        rows = [asdict(row) for row in self.rows]
        return json.dumps(
            {"benchmark": "networks", "unit": "seconds", "rows": rows, "exponents": self.exponents}, indent=2
        )


def perceptron(layers: int) -> str:
    """The text of a model: tanh layers of one width, and a squared error."""
    names = [f"W{k}: 'd d', b{k}: 'd'" for k in range(1, layers + 1)]
    lines = []
    for k in range(1, layers + 1):
        lines += [f"Z{k} = {f'A{k - 1}' if k > 1 else 'X'} @ W{k} + b{k}", f"A{k} = sg.tanh(Z{k})"]
    return _text("", ["X: 'n d'", "Y: 'n d'", *names], [*lines, f"L = sg.mse(A{layers}, Y)"])


def transformer(blocks: int) -> str:
    """The text of a model: pre-norm attention blocks with a feed-forward layer, and a squared error."""
    shapes = {"Wq": "d d", "Wk": "d d", "Wv": "d d", "Wo": "d d", "g": "d", "c": "d", "W": "d f", "U": "f d"}
    names = [f"{name}_{k}: '{shape}'" for k in range(1, blocks + 1) for name, shape in shapes.items()]
    lines = []
    for k in range(1, blocks + 1):
        given = ", ".join(f"{name}_{k}" for name in shapes)
        lines.append(f"O{k} = block({f'O{k - 1}' if k > 1 else 'X'}, {given}, s=s, eps=eps)")
    return _text(BLOCK, ["X: 'b t d'", "T: 'b t d'", "s", "eps", *names], [*lines, f"L = sg.mse(O{blocks}, T)"])


def _text(before: str, inputs: Sequence[str], lines: Sequence[str]) -> str:
    body = "\n".join(f"    {line}" for line in lines)
    return f"import symgrad as sg\n{before}\n@sg.model\ndef network({', '.join(inputs)}):\n{body}\n    return L\n"


NETWORKS: dict[str, tuple[Callable[[int], str], tuple[int, ...]]] = {
    "perceptron": (perceptron, (1, 10, 50)),
    "transformer": (transformer, (1, 3, 12)),
}


def measure(depths: int = 3) -> Report:
    """Time each network at the first `depths` of its depths.

    >>> [row.depth for row in measure(depths=1).rows]
    [1, 1]
    """
    return Report(tuple(_row(name, depth) for name, (_, sizes) in NETWORKS.items() for depth in sizes[:depths]))


def read_network(text: str) -> Model:
    """The model called `network` of a program, read from a file as any other is."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "network.py"
        file.write_text(text, encoding="utf-8")
        spec = importlib.util.spec_from_file_location(file.stem, file)
        assert spec and spec.loader  # a .py file always has both
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        found: Model = module.network
        return found


def _row(name: str, depth: int) -> Row:
    text = NETWORKS[name][0](depth)
    start = perf_counter()
    model = read_network(text)
    read = perf_counter()
    derivation = derive(model)
    derived = perf_counter()
    derivation.compile()
    done = perf_counter()
    return Row(name, depth, len(model.equations), read - start, derived - read, done - derived)
