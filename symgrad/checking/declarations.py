"""What a person declares about a document's symbols: `X: n d; f: elementwise; sum(y)=1`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from symgrad.errors import InputError
from symgrad.tensors.elementwise import ELEMENTWISE

NO_LENGTHS = ("symmetric", "sample", "label", "diagonal", "orthogonal", "vector", "matrix", "function", "constant")
_LAYERED = re.compile(r"(?P<name>[A-Za-z])\^\{?[\[(](?P<at>(?P<letter>[a-z])?(?:[+-]?\d+)?)[\])]\}?")
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
    changed: frozenset[str] = frozenset()  # names whose shape is declared anew: some formulas were meant before that

    @staticmethod
    def joined(parts: Iterable[Declarations]) -> Declarations:
        """All together; the later one counts where two differ."""
        shapes: dict[str, tuple[str, ...]] = {}
        functions: set[str] = set()
        sums: dict[str, str] = {}
        equations: list[str] = []
        unread: list[str] = []
        changed: set[str] = set()
        for part in parts:
            changed |= {name for name, shape in part.shapes.items() if shapes.get(name, shape) != shape}
            shapes |= part.shapes
            functions |= part.elementwise
            sums |= part.sums
            equations += part.equations
            unread += part.unread
        found = Declarations(shapes, frozenset(functions), sums, None, tuple(equations), tuple(unread))
        return replace(found, changed=frozenset(changed))


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
        elif colon and len(what.split()) <= 4 and what not in NO_LENGTHS and all(map(_length, what.split())):
            shapes[name] = tuple(map(_length, what.split()))
        else:
            unread.append(part)
    return Declarations(shapes, frozenset(functions), sums, None, tuple(equations), tuple(unread))


def _length(text: str) -> str:
    """The name of a length, n_{l-1} for n^{[l-1]}; none for what is no length.

    >>> _length("n^{[l-1]}"), _length("n^{[1]}"), _length("n_{in}"), _length("2n")
    ('n_{l-1}', 'n_1', 'nin', '')
    """
    layer = _LAYERED.fullmatch(text)
    if layer:
        return f"{layer['name']}_{{{layer['at']}}}" if layer["letter"] else f"{layer['name']}_{layer['at']}"
    return re.sub(r"\W", "", text) if re.fullmatch(r"[A-Za-z]\w*|\d+|[A-Za-z]_\{?\w+\}?", text) else ""


def checked_shapes(shapes: Mapping[str, str]) -> Mapping[str, str]:
    """Shapes as Python gives them, {"X": "n d"}; raises InputError."""
    for name, text in shapes.items():
        if not isinstance(text, str):
            raise InputError(f'the shape of {name} is a text such as "n d", got {text!r}')
    return shapes
