"""A program's text for JAX: NumPy's with jnp's names, where they differ; and how such a function is called."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from sympy import Expr, Max, Min

from symgrad.codegen.dialect import Dialect
from symgrad.codegen.helpers import HELPERS
from symgrad.codegen.numpy import NumpySource
from symgrad.codegen.rows import check_rows
from symgrad.equations import Model, Size
from symgrad.errors import SymgradError
from symgrad.infix import ATOM, PRODUCT, Piece

_LARGEST = 2**63 - 1  # JAX has no larger whole number


@dataclass(frozen=True)
class JaxSource(NumpySource):
    """Prints expressions as NumPy does, but keeps what only depends on shapes out of JAX's sight."""

    def function(self, expr: Expr) -> Piece:
        if isinstance(expr, Max | Min) and all(isinstance(symbol, Size) for symbol in expr.free_symbols):
            name = "max" if isinstance(expr, Max) else "min"  # a shape must stay a number of Python's
            return Piece(f"{name}({', '.join(self.text(arg) for arg in expr.args)})", ATOM)
        return super().function(expr)

    def number(self, expr: Expr) -> Piece:
        if expr.is_Integer and abs(int(expr)) > _LARGEST:
            return Piece(repr(float(expr)), ATOM if expr.is_nonnegative else PRODUCT)
        return super().number(expr)


def spelled(text: str) -> str:
    """NumPy's spelling of a text as JAX's.

    >>> spelled("np.exp(z) + scipy.special.erf(z)")
    'jnp.exp(z) + jax.scipy.special.erf(z)'
    """
    return re.sub(r"\b(np|scipy)\.", lambda found: {"np": "jnp."}.get(found[1], "jax.scipy."), text)


_OWN = {
    "scatter_add": """\
def scatter_add(index, values, size):
    total = jnp.zeros((size, *values.shape[index.ndim:]), values.dtype)
    return total.at[index].add(values)
""",
}


def load_jax() -> ModuleType:
    """JAX; raises SymgradError, saying what to install, where it is missing."""
    try:
        import jax
    except ImportError as error:
        raise SymgradError('the backend "jax" needs JAX: pip install "symgrad[jax]"') from error
    return jax


def namespace(imports: set[str]) -> dict[str, Any]:
    """`jax` and `jax.numpy` as `jnp`; raises SymgradError where one isn't installed or lacks a module."""
    from importlib import import_module

    jax = load_jax()
    for module in sorted(imports):
        try:
            import_module(f"jax.{module}")
        except ImportError as error:
            raise SymgradError(f"this model needs {module}, of which JAX has no equal; compile it for NumPy") from error
    return {"jax": jax, "jnp": import_module("jax.numpy")}


def jitted(function: Callable[..., Any], model: Model) -> Callable[..., Any]:
    """The function compiled by XLA at its first call for each set of shapes; it takes and returns NumPy's arrays.

    64-bit numbers are switched on for the call alone, by `jax.enable_x64`: JAX's setting elsewhere stays as it is.
    The function itself, for use inside other functions of JAX, is its `__wrapped__`.
    """
    jax = load_jax()
    compiled = jax.jit(function)

    @functools.wraps(function)
    def call(**values: Any) -> Any:
        check_rows(model, values)
        with jax.enable_x64(True):
            found = compiled(**values)
        return jax.tree.map(_own, found)

    return call


def _own(array: Any) -> Any:
    """A NumPy array of the caller's own, or a NumPy number: JAX's may be views of its memory that can't be written."""
    import numpy as np

    copy = np.array(array)
    return copy if copy.ndim else copy[()]


HELPERS_IN_JAX: Mapping[str, str] = {name: _OWN.get(name) or spelled(text) for name, text in HELPERS.items()}

DIALECT = Dialect(
    name="JAX",
    printer=JaxSource,
    helpers=HELPERS_IN_JAX,
    reserved=frozenset({"np", "jnp", "jax", "scipy", "max", "min"}),
    spelled=spelled,
    namespace=namespace,
    callable=jitted,
)
