"""What a person declares about a document's symbols: `X: n d; f: elementwise; sum(y)=1`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from symgrad.errors import InputError
from symgrad.tensors.elementwise import ELEMENTWISE

NO_LENGTHS = ("symmetric", "sample", "label", "diagonal", "orthogonal", "vector", "matrix", "function", "constant")
_FACT = re.compile(r"sum\(\s*(?P<name>.+?)\s*(?:,\s*(?P<axis>\w+)\s*)?\)\s*=\s*1")


@dataclass(frozen=True)
class Declarations:
    """Shapes by LaTeX name, names of elementwise functions, and names whose entries sum to one (over an axis)."""

    shapes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    elementwise: frozenset[str] = frozenset()
    sums: dict[str, str] = field(default_factory=dict)
    silenced: str | None = None
    equations: tuple[str, ...] = ()  # what the document says in words: J = …
    unread: tuple[str, ...] = ()

    @staticmethod
    def joined(parts: Iterable[Declarations]) -> Declarations:
        """All together; the later one counts where two differ."""
        shapes: dict[str, tuple[str, ...]] = {}
        functions: set[str] = set()
        sums: dict[str, str] = {}
        equations: list[str] = []
        unread: list[str] = []
        for part in parts:
            shapes |= part.shapes
            functions |= part.elementwise
            sums |= part.sums
            equations += part.equations
            unread += part.unread
        return Declarations(shapes, frozenset(functions), sums, None, tuple(equations), tuple(unread))


def declarations(text: str) -> Declarations:
    r"""The declarations of one directive; what can't be understood is in `unread`.

    >>> declarations(r"X: n d; \hat{y}: n; f: elementwise; sum(y)=1").shapes
    {'X': ('n', 'd'), '\\hat{y}': ('n',)}
    """
    ignore = re.fullmatch(r"\s*ignore\s*(?::\s*(.*?))?\s*", text, re.DOTALL)
    if ignore:
        return Declarations(silenced=ignore[1] or "")
    shapes: dict[str, tuple[str, ...]] = {}
    functions: set[str] = set()
    sums: dict[str, str] = {}
    unread: list[str] = []
    equations: list[str] = []
    for part in (part.strip() for part in text.replace("\n", " ").split(";")):
        fact = _FACT.fullmatch(part)
        name, colon, what = (piece.strip() for piece in part.rpartition(":"))
        if not part:
            continue
        if fact:
            sums[fact["name"]] = fact["axis"] or ""
        elif colon and what in ("elementwise", "abstract"):
            functions.add(name)
        elif colon and what == "one-hot":
            sums[name] = ""
        elif colon and what in ELEMENTWISE:
            equations.append(rf"{name}(u) = \operatorname{{{what}}}(u)")
        elif "=" in part and not part.startswith("sum("):
            equations.append(part)
        elif colon and what == "scalar":
            shapes[name] = ()
        elif colon and len(what.split()) <= 4 and what not in NO_LENGTHS and all(re.fullmatch(r"[A-Za-z]\w*|\d+|[A-Za-z]_\{?\w+\}?", size) for size in what.split()):
            shapes[name] = tuple(re.sub(r"\W", "", size) for size in what.split())
        else:
            unread.append(part)
    return Declarations(shapes, frozenset(functions), sums, None, tuple(equations), tuple(unread))


def checked_shapes(shapes: Mapping[str, str]) -> Mapping[str, str]:
    """Shapes as Python gives them, {"X": "n d"}; raises InputError."""
    for name, text in shapes.items():
        if not isinstance(text, str):
            raise InputError(f'the shape of {name} is a text such as "n d", got {text!r}')
    return shapes
