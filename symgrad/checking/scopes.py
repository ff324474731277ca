"""Names as their places see them: a name that is defined anew with other indices, and indices that it leaves unsaid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from symgrad.checking.layers import has_layers, instances
from symgrad.checking.sentences import Sentence
from symgrad.checking.world import Definition, World
from symgrad.reading.latex import terms as t
from symgrad.reading.latex.sums import free_letters


@dataclass(frozen=True)
class _Version:
    """A definition's name with its number among those of other indices, and the letters that its left leaves out."""

    name: str
    places: int
    hidden: tuple[str, ...]
    is_anew: bool = False  # whether it is another quantity of the same name


@dataclass(frozen=True)
class Scopes:
    """Which version of each name a place sees; only names that need one are here."""

    versions: Mapping[Definition, _Version]
    world: World

    @staticmethod
    def of(world: World) -> Scopes:
        """The scopes of a document's definitions."""
        versions: dict[Definition, _Version] = {}
        for name, found in world.definitions.items():
            counts = [len(definition.at) for definition in found if definition.at] or [0]
            unsaid = {definition: hidden(definition) for definition in found}
            kind = {d: (letters, len(d.at) or counts[0], _anew(d, found, world)) for d, letters in unsaid.items()}
            kinds = list(dict.fromkeys(kind.values()))
            for definition, letters in unsaid.items():
                number = kinds.index(kind[definition])
                if letters or number:
                    own = f"{name}_v{number + 1}" if number else name
                    anew = bool(number and kind[definition][2])
                    versions[definition] = _Version(own, len(definition.at), letters, anew)
        return Scopes(versions, world)

    def term(self, term: t.Term, number: int) -> t.Term:
        """A term of the statement with a number, each name being the version that is seen there."""
        return t.rewritten(term, lambda part: self._seen(part, number))

    def _seen(self, term: t.Term, number: int) -> t.Term:
        if not isinstance(term, t.Ref):
            return term
        found = self.world.visible(term.name, number) or self._of_a_layer(term, number)
        version = self.versions.get(found) if found is not None else None
        if found is None or version is None:
            return term
        whole = len(term.at) == version.places
        at = (*term.at, *(t.At(letter) for letter in version.hidden)) if whole else term.at
        return replace(term, name=version.name if found.name == term.name else term.name, at=at)

    def _of_a_layer(self, term: t.Ref, number: int) -> Definition | None:
        """The definition of a quantity of any layer in one of them, which has all that it leaves unsaid."""
        layers = instances((term,), self.world.depth) if has_layers(term) else iter(())
        names = (side.name for (side,), _ in layers if isinstance(side, t.Ref))
        found = next((d for name in names if (d := self.world.visible(name, number)) is not None), None)
        version = self.versions.get(found) if found is not None else None
        return found if version is not None and found is not None and version.name == found.name else None

    def sentence(self, sentence: Sentence) -> Sentence:
        """A sentence in the versions of names that it sees."""
        left = self._own(sentence)
        sides = tuple(
            left if not place and left else self.term(s, sentence.number) for place, s in enumerate(sentence.sides)
        )
        return replace(sentence, sides=sides)

    def _own(self, sentence: Sentence) -> t.Term | None:
        """The left side of a definition, which names what it defines, not what was defined before."""
        found = next((d for ds in self.world.definitions.values() for d in ds if d.number == sentence.number), None)
        version = self.versions.get(found) if found is not None else None
        left = sentence.sides[0] if sentence.sides else None
        if found is None or version is None or not isinstance(left, t.Ref) or left.name != found.name:
            return None
        return replace(left, name=version.name, at=(*left.at, *(t.At(letter) for letter in version.hidden)))

    def definitions(self) -> World:
        """The world with each definition in its version."""
        found: dict[str, list[Definition]] = {}
        for definitions in self.world.definitions.values():
            for definition in definitions:
                version = self.versions.get(definition)
                new = replace(definition, body=self.term(definition.body, definition.number))
                if version is not None:
                    at = (*definition.at, *(t.At(letter) for letter in version.hidden))
                    new = replace(new, name=version.name, at=at)
                found.setdefault(new.name, []).append(new)
        aliases = {d.name for ds in found.values() for d in ds if d.is_alias} | self.world.aliases
        applied = dict.fromkeys(d.name for ds in found.values() for d in ds if d.parameters)
        sections = {self.world.section(d.number) for d, version in self.versions.items() if version.is_anew}
        anew = tuple(sorted(sections | {*self.world.anew}))
        return replace(self.world, definitions=found, aliases=aliases, applied=applied, anew=anew)


def _anew(definition: Definition, among: Sequence[Definition], world: World) -> int:
    """The section in which a name of three or more indices is defined anew, with other letters; else 0.

    A vector or a matrix is likely the same one with other letters.
    """
    section = world.section(definition.number)
    others = {tuple(d.at) for d in among if world.section(d.number) != section and d.at}
    return section if len(definition.at) > 2 and others - {tuple(definition.at)} else 0


def hidden(definition: Definition) -> tuple[str, ...]:
    """The letters that a definition has on its right only: the p of CE = -log s_p, which stands for any p."""
    if definition.parameters:
        return ()
    free = free_letters(definition.body) - {place.letter for place in definition.at} - {":"}
    return tuple(sorted(free))


def scoped(world: World, sentences: Sequence[Sentence]) -> tuple[World, list[Sentence]]:
    """A document in which each name has one kind of definition, and all its indices."""
    scopes, found = Scopes.of(world), list(sentences)
    while scopes.versions:  # what uses a quantity with an unsaid index has that index, too
        found = [scopes.sentence(sentence) for sentence in found]
        scopes = Scopes.of(scopes.definitions())
    return scopes.world, found
