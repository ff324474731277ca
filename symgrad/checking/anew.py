"""Names whose axes are declared anew, x: n and further down x: n m: from there on, they are of another quantity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from symgrad.checking.sentences import Sentence
from symgrad.reading.latex import terms as t


@dataclass(frozen=True)
class Anew:
    """A later declaration of a name's axes: the name from the sentence with a number on, and what it was before.

    None were declared `before` where the name is defined both before the declaration and behind it.
    """

    name: str
    number: int
    before: tuple[str, ...] | None
    after: tuple[str, ...]

    @property
    def own(self) -> str:
        """The name of the quantity that has the later axes."""
        return f"{self.name}_{len(self.after)}axes"


def declared_anew(
    declared: Sequence[tuple[int, Mapping[str, tuple[str, ...]]]], sentences: Sequence[Sentence]
) -> list[Anew]:
    """The names that have other axes from some sentence on, each comment being given with the sentence behind it.

    A name that is defined before, and not anew, is the same quantity all along: what is declared last counts.
    """
    found: list[Anew] = []
    known: dict[str, tuple[str, ...]] = {}
    for number, shapes in declared:
        for name, axes in shapes.items():
            if "{" in name or known.get(name, ()) == axes:
                continue
            defined = [s.number for s in sentences if s.defines == name and s.kind == "definition"]
            again = bool(defined) and max(defined) >= number
            if (again and min(defined) < number) or (name in known and (again or not defined)):
                found.append(Anew(name, number, known.get(name), axes))
        known |= shapes
    return [each for each in found if [other.name for other in found].count(each.name) == 1]


def with_new_names(sentences: Sequence[Sentence], changes: Sequence[Anew]) -> list[Sentence]:
    """The sentences with the names of such quantities."""

    def changed(sentence: Sentence) -> Sentence:
        names = {change.name: change.own for change in changes if sentence.number >= change.number}
        return replace(sentence, sides=tuple(t.renamed(side, names) for side in sentence.sides))

    return [changed(sentence) for sentence in sentences] if changes else list(sentences)
