"""What a person declares about a document's symbols: `X: n d; f: elementwise; sum(y)=1`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from symgrad.errors import InputError
from symgrad.tensors.elementwise import ELEMENTWISE

NO_LENGTHS = ("sample", "diagonal", "orthogonal", "vector", "matrix", "function", "constant")
_LAYERED = re.compile(r"(?P<name>[A-Za-z])\^\{?[\[(](?P<at>(?P<letter>[a-z])?(?:[+-]?\d+)?)[\])]\}?")
_FACT = re.compile(r"sum\(\s*(?P<name>.+?)\s*(?:,\s*(?P<axis>\w+)\s*)?\)\s*=\s*1")
_OF_ITSELF = re.compile(r"(?P<name>[^=]+?)\s*=\s*(?P=name)\s*\((?P<names>[^()]+)\)")  # L = L(y, t): a loss of both
_UNEQUAL = re.compile(r"\\neq?(?![A-Za-z])|≠")
_ARGUMENT, _VECTOR = r"\mathrm{argument}", r"\mathrm{arguments}"  # names that no document has for something else


@dataclass(frozen=True)
class Declarations:
    """What comments say, each name being in LaTeX."""

    shapes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    elementwise: frozenset[str] = frozenset()  # functions
    sums: Mapping[str, str] = field(
        default_factory=dict
    )  # names whose entries sum to one, over an axis or the last one
    symmetric: frozenset[str] = frozenset()  # matrices
    unknown: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # losses, and what each depends on
    labels: frozenset[str] = frozenset()  # letters that are a part of names, the c of v_c, and no indices
    pointers: frozenset[str] = frozenset()  # whole numbers that say which entry is meant, the y_i of f_{y_i}
    apart: frozenset[str] = frozenset()  # indices that are different from there on: n ≠ p
    equations: tuple[str, ...] = ()  # what the document says in words: J = …
    silenced: str | None = None
    unread: tuple[str, ...] = ()
    changed: frozenset[str] = frozenset()  # names whose shape is declared anew: some formulas were meant before that

    @staticmethod
    def joined(parts: Iterable[Declarations]) -> Declarations:
        """All together; the later one counts where two differ."""
        found = Declarations()
        for part in parts:
            changed = {name for name, shape in part.shapes.items() if found.shapes.get(name, shape) != shape}
            found = Declarations(
                {**found.shapes, **part.shapes},
                found.elementwise | part.elementwise,
                {**found.sums, **part.sums},
                found.symmetric | part.symmetric,
                {**found.unknown, **part.unknown},
                found.labels | part.labels,
                found.pointers | part.pointers,
                found.apart | part.apart,
                (*found.equations, *part.equations),
                unread=(*found.unread, *part.unread),
                changed=found.changed | part.changed | changed,
            )
        return found


def declarations(text: str) -> Declarations:
    r"""The declarations of one directive; what can't be understood is in `unread`.

    >>> declarations(r"X: n d; \hat{y}: n; f: elementwise; sum(y)=1").shapes
    {'X': ('n', 'd'), '\\hat{y}': ('n',)}
    """
    ignore = re.fullmatch(r"\s*ignore\s*(?::\s*(.*?))?\s*", text, re.DOTALL)
    if ignore:
        return Declarations(silenced=ignore[1] or "")
    parts = (part.strip() for part in text.replace("\n", " ").split(";"))
    return Declarations.joined(_declared(part) for part in parts if part)


def _declared(part: str) -> Declarations:
    """What one part of a directive says."""
    if fact := _FACT.fullmatch(part):
        return Declarations(sums={fact["name"]: fact["axis"] or ""})
    if of_itself := _OF_ITSELF.fullmatch(part):
        return Declarations(unknown={of_itself["name"]: tuple(re.split(r"\s*,\s*", of_itself["names"].strip()))})
    if _UNEQUAL.search(part):
        return Declarations(apart=frozenset({part}))
    if "=" in part and not part.startswith("sum("):
        return Declarations(equations=(part,))
    name, colon, what = (piece.strip() for piece in part.rpartition(":"))
    symmetric = frozenset({name}) if what.endswith("symmetric") else frozenset()  # S: n n, symmetric
    what = what.removesuffix("symmetric").rstrip(", ") if symmetric else what
    if symmetric and not what:
        return Declarations(symmetric=symmetric)
    match what:
        case "elementwise" | "abstract":
            return Declarations(elementwise=frozenset({name}))
        case "label":
            return Declarations(labels=frozenset({name}))
        case "index":
            return Declarations(pointers=frozenset({name}))
        case "one-hot":
            return Declarations(sums={name: ""})
        case "scalar":
            return Declarations(shapes={name: ()})
    if what == "softmax":
        return Declarations(equations=(rf"{name}({_VECTOR}) = \operatorname{{softmax}}({_VECTOR})",))
    if what in ELEMENTWISE:
        return Declarations(equations=(rf"{name}({_ARGUMENT}) = \operatorname{{{what}}}({_ARGUMENT})",))
    sizes = tuple(map(_length, what.split()))
    if not colon or not sizes or len(sizes) > 4 or what in NO_LENGTHS or not all(sizes):
        return Declarations(unread=(part,))
    return Declarations(shapes={name: sizes}, symmetric=symmetric)


def _length(text: str) -> str:
    """The name of a length, n_{l-1} for n^{[l-1]}; none for what is no length.

    >>> _length("n^{[l-1]}"), _length("n^{[1]}"), _length("n_{in}"), _length("2n")
    ('n_{l-1}', 'n_1', 'n_in', '')
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
