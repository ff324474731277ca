"""What a quantity's annotation says: the names or sizes of its axes, and whether it holds whole numbers."""

from __future__ import annotations

from typing import Any

from symgrad.equations import Quantity, axis
from symgrad.errors import ModelError


def declared(name: str, annotation: Any, where: str) -> Quantity:
    """A quantity as "n d" (axes by name), "3 d" (a fixed size) or "n int" (whole numbers) declares it.

    Raises ModelError, naming `where` it was declared, for text that doesn't name axes.

    >>> declared("idx", "n int", "embedding")
    Quantity(name='idx', axes=(n,), integer=True)
    """
    words = annotation.strip("\"' ").split() if isinstance(annotation, str) else []
    integer = words[-1:] == ["int"] or annotation is int
    words = [word for word in words if word not in ("int", "float")]
    if not all(word.isidentifier() or (word.isdigit() and int(word)) for word in words):
        raise ModelError(f'{where}: {name}: {annotation!r} doesn\'t name axes, as in "n d"')
    return Quantity(name, tuple(axis(word) for word in words), integer)
