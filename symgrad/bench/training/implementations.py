"""The table of all that can run a case; their libraries are imported when a loop is made."""

from __future__ import annotations

from collections.abc import Mapping

from symgrad.bench.training import (
    c_loops,
    jax_loops,
    lambdify_loops,
    numba_loops,
    numpy_loops,
    sklearn_loops,
    symgrad_loops,
    torch_loops,
)
from symgrad.bench.training.loops import Maker

#: Every implementation by its name.
IMPLEMENTATIONS: Mapping[str, Maker] = {
    "C, sums hoisted": c_loops.hoisted,
    "C": c_loops.plain,
    "C, library's tanh": c_loops.library_tanh,
    "C, with history": c_loops.with_history,
    "bare products": c_loops.products,
    "symgrad native": symgrad_loops.native,
    "symgrad native, with history": symgrad_loops.native_after,
    "symgrad numpy": symgrad_loops.numpy,
    "symgrad jax": symgrad_loops.jax,
    "NumPy by hand": numpy_loops.by_hand,
    "sympy.lambdify": lambdify_loops.lambdified,
    "PyTorch": torch_loops.eager,
    "JAX scan": jax_loops.scan,
    "Numba": numba_loops.compiled,
    "scikit-learn": sklearn_loops.perceptron,
}
