"""Where each array of a kernel lives: a local variable, a small local array, or a part of the workspace."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from math import prod

from symgrad.codegen.native.fusion import Nest, Tree
from symgrad.codegen.native.nodes import Entry, Extent, Loop
from symgrad.codegen.native.statements import Statement, reading

LOCAL = 256  # entries that an array on the stack may have

#: The loops around a place in a kernel, each by its number.
Path = tuple[int, ...]


@dataclass(frozen=True)
class Stored:
    """How an array is kept: `kind` is "local" or "work"; without the axes of the loops that it lives in.

    `scope` is the innermost block with all its uses; `kept` the places of the axes that it has there.  `name`: the
    array whose memory it is, where it is overwritten by another in its place.
    """

    name: str
    kind: str
    scope: Path
    kept: tuple[int, ...]
    extents: tuple[Extent, ...]


@dataclass(frozen=True)
class Use:
    """A place at which a statement writes or reads an entry."""

    path: Path
    loops: tuple[Loop, ...]
    entry: Entry
    statement: Statement
    writes: bool


def uses(tree: Iterable[Tree], path: Path = (), loops: tuple[Loop, ...] = ()) -> Iterator[Use]:
    """Every use of every array, in order."""
    for place, node in enumerate(tree):
        if isinstance(node, Nest):
            yield from uses(node.body, (*path, place), (*loops, node.loop))
            continue
        for entry in reading(node):
            yield Use(path, loops, entry, node, False)
        yield Use(path, loops, node.target, node, True)


def stored(
    tree: tuple[Tree, ...], arrays: Mapping[str, tuple[Extent, ...]], outside: Iterable[str]
) -> dict[str, Stored]:
    """The storage of every array but those from outside."""
    by_array: dict[str, list[Use]] = {}
    for use in uses(tree):
        by_array.setdefault(use.entry.array, []).append(use)
    given = set(outside)
    found = {name: _stored(name, by_array[name], arrays[name]) for name in by_array if name not in given}
    return _overwritten(found, by_array, arrays, given)


def _stored(name: str, found: list[Use], axes: tuple[Extent, ...]) -> Stored:
    scope = found[0].path
    for use in found[1:]:
        scope = _common(scope, use.path)
    loops = found[0].loops[: len(scope)]
    kept = []
    for place, extent in enumerate(axes):
        at = {use.entry.at[place] for use in found}
        (one,) = at if len(at) == 1 else (None,)
        if not (one in loops or extent.value == 1):
            kept.append(place)
    extents = tuple(axes[place] for place in kept)
    sizes = [extent.value for extent in extents]
    small = None not in sizes and prod(size or 0 for size in sizes) <= LOCAL
    return Stored(name, "local" if small else "work", scope, tuple(kept), extents)


def _common(one: Path, other: Path) -> Path:
    length = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return one[:length]


def _overwritten(
    found: dict[str, Stored],
    by_array: Mapping[str, list[Use]],
    arrays: Mapping[str, tuple[Extent, ...]],
    given: set[str],
) -> dict[str, Stored]:
    """Arrays whose entries are read once only, to compute the same entry of another array: kept in that one's place."""
    result = dict(found)
    filled: set[str] = set()  # each array's memory serves one other array before it
    for name, store in found.items():
        if store.kind != "work":
            continue
        readers = [use for use in by_array[name] if not use.writes]
        statements = {id(use.statement): use.statement for use in readers}
        if len(statements) != 1:
            continue
        (reader,) = statements.values()
        other = reader.array
        if other in given or other in filled or found[other].kind != "work" or found[other].kept != store.kept:
            continue
        same = all(use.entry.at == reader.at for use in readers) and arrays[name] == arrays[other]
        if same and reader.kind == "set":
            filled.add(other)
            result[name] = replace(store, name=other)
    return {name: replace(store, name=_root(result, name)) for name, store in result.items()}


def _root(result: Mapping[str, Stored], name: str) -> str:
    while result[name].name != name:
        name = result[name].name
    return name
