"""How a program is spelled and run: one dialect a backend, a printer with what its text needs beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal, TypeAlias

from symgrad.codegen.helpers import HELPERS
from symgrad.codegen.numpy import NumpySource, namespace
from symgrad.equations import Model
from symgrad.errors import InputError

Backend: TypeAlias = Literal["numpy", "jax", "native"]

_MODULES = {"numpy": "symgrad.codegen.dialect", "jax": "symgrad.codegen.jax_source"}


@dataclass(frozen=True)
class Dialect:
    """A language of arrays: what prints a model's equations in it, and what makes the printed function callable."""

    name: str
    printer: type[NumpySource]
    helpers: Mapping[str, str]  # the source of each small function that a text may use, by name
    reserved: frozenset[str]  # names that a quantity can't have, beside the helpers'
    spelled: Callable[[str], str]  # NumPy's spelling of a text -> this language's
    namespace: Callable[[set[str]], dict[str, Any]]  # what the text is run in, for the modules that it imports
    callable: Callable[[Callable[..., Any], Model], Callable[..., Any]]  # the function as a program calls it


def dialect(backend: str) -> Dialect:
    """The dialect of a backend, whose library is imported here; raises InputError for an unknown name."""
    if backend not in _MODULES:
        raise InputError(f"backend={backend!r} is unknown; a model compiles for {' and '.join(map(repr, _MODULES))}")
    found: Dialect = import_module(_MODULES[backend]).DIALECT
    return found


DIALECT = Dialect(
    name="NumPy",
    printer=NumpySource,
    helpers=HELPERS,
    reserved=frozenset({"np"}),
    spelled=lambda text: text,
    namespace=namespace,
    callable=lambda function, _: function,
)
