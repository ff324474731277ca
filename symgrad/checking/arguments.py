"""The letter of a function's argument: in d/dz g(z) = g(z)(1 - g(z)), z is any number, not the last layer's z.

In a = g(u) = σ(z), where nothing else in the document has u, what stands between says nothing: a is σ(z).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from symgrad.checking.sentences import Sentence, used
from symgrad.checking.world import LOSSES, Definition, World
from symgrad.reading.latex import terms as t
from symgrad.tensors.vocabulary import VOCABULARY

ARGUMENT = "Argument"  # without _, behind which a layer stands

_SPELLED = re.compile(rf"\\mathrm\{{([A-Za-z]){ARGUMENT}\}}|\b(\w+){ARGUMENT}\b")


def spelled_argument(message: str) -> str:
    r"""A message, or a formula, with such letters as the document has them.

    >>> spelled_argument(r"\mathrm{zArgument}^2, exp(-zArgument)")
    'z^2, exp(-z)'
    """
    return _SPELLED.sub(lambda match: match[1] or match[2], message)


def with_arguments(sentences: Sequence[Sentence], world: World) -> list[Sentence]:
    """The sentences with names of their own for such letters, of which a document has only those of its layers."""
    return [_with_argument(sentence, world) for sentence in sentences]


def _with_argument(sentence: Sentence, world: World) -> Sentence:
    match sentence.sides:
        case (t.Partial(of=t.Apply(function=function, arguments=(t.Ref(at=()) as of,)), by=(t.Ref(at=()) as by,)), *_):
            if of.name != by.name or function in VOCABULARY or function.split("_")[0] in LOSSES:
                return sentence
        case _:
            return sentence
    if world.last_layer(of.name) == of.name:
        return sentence
    words = f"{of.name} was read as any number, since {function} is a function of it"
    sides = tuple(_with_name(side, of.name) for side in sentence.sides)
    return replace(sentence, sides=sides, choices=(*sentence.choices, words))


def _with_name(term: t.Term, name: str) -> t.Term:
    """A term with the name that a letter has as an argument."""

    def argument(part: t.Term) -> t.Term:
        own = isinstance(part, t.Ref) and part.name == name and not part.at
        return replace(part, name=name + ARGUMENT) if own and isinstance(part, t.Ref) else part

    return t.rewritten(term, argument)


def with_parameters(world: World) -> World:
    """The world with such names for the parameters of functions, the z of g(z) = …."""

    def changed(definition: Definition) -> Definition:
        for name in definition.parameters:
            if world.last_layer(name) != name:
                parameters = tuple(name + ARGUMENT if each == name else each for each in definition.parameters)
                definition = replace(definition, parameters=parameters, body=_with_name(definition.body, name))
        return definition

    return replace(world, definitions={name: [*map(changed, found)] for name, found in world.definitions.items()})


def without_strange(sentences: Sequence[Sentence]) -> list[Sentence]:
    """The definitions without such a link between, whose argument occurs nowhere else: a misprint."""
    counts = Counter(ref.name for sentence in sentences for side in sentence.sides for ref in t.refs(side))
    return [_without_strange(sentence, counts) for sentence in sentences]


def _without_strange(sentence: Sentence, counts: Counter[str]) -> Sentence:
    match sentence.sides:
        case (t.Ref(), t.Apply(arguments=(t.Ref(name=name),), primes=0), last) if counts[name] == 1:
            if sentence.kind == "definition" and used([last]) and name not in used([last]):
                words = f"{name}, which nothing else in the document has, was passed over"
                sides = (sentence.sides[0], last)
                return replace(sentence, sides=sides, choices=(*sentence.choices, words))
    return sentence
