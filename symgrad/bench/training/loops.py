"""Training loops as this benchmark runs them, and the table of all that can run a case."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from symgrad.bench.training.cases import Array, Case

Params: TypeAlias = Mapping[str, Array]
#: Trains for so many epochs from the start values, and returns the parameters.
Loop: TypeAlias = Callable[[int], Params]
#: Makes a loop for a case, or returns in words why there is none.
Maker: TypeAlias = Callable[[Case], Loop | str]


#: What the loops keep, in words.
KEPT = (
    "Rows of symgrad keep the parameters after each epoch and its running loss, the mean of the steps' costs, as "
    'scikit-learn does; "with history" is with the cost of all samples after each epoch instead, a pass more over the '
    "data. The other loops keep nothing."
)


def implementations() -> dict[str, Maker]:
    """Every implementation by its name; the libraries are imported when one is made."""
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

    return {
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
