"""What a document has defined: its equations for each name, which of them a place sees, and the models they make."""

from __future__ import annotations

import itertools
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from functools import cached_property

from symgrad.checking.evaluate import Function
from symgrad.checking.layers import has_layers, instances
from symgrad.checking.places import sums_a_part
from symgrad.checking.sentences import Relation, Sentence, has_partial, is_number, named, used
from symgrad.reading.latex import terms as t
from symgrad.reading.latex.resolve import LOSS, SQUARED
from symgrad.reading.latex.sums import free_letters
from symgrad.tensors.elementwise import ELEMENTWISE
from symgrad.tensors.vocabulary import VOCABULARY

LOSSES = ("L", "loss", "Loss", "J", "C", "E", "ell", "cost", "Cost", "R", "MSE", "NLL", "CE", "error")


@dataclass(frozen=True)
class Definition:
    """One equation for a name: the indices and parameters on its left, what stands on its right, and where it is."""

    name: str
    at: tuple[t.At, ...]
    parameters: tuple[str, ...]
    body: t.Term
    number: int

    def __hash__(self) -> int:
        """A hash that doesn't go through the body, which may be long."""
        return hash((self.name, self.number))

    @cached_property
    def is_alias(self) -> bool:
        """Whether it names a derivative, δ = ∂C/∂z, so that it is no equation of a model."""
        return has_partial(self.body)

    @cached_property
    def uses(self) -> frozenset[str]:
        """The names on its right."""
        return frozenset(used([self.body]))


@dataclass
class World:
    """A document's definitions in their order, and the numbers that it gives to names."""

    definitions: dict[str, list[Definition]] = field(default_factory=dict)
    aliases: set[str] = field(default_factory=set)
    applied: dict[str, None] = field(default_factory=dict)  # names that a definition gives parameters
    depth: int = 3
    starts: Mapping[str, int] = field(default_factory=dict)  # 0 or 1, where indices start
    has_layers: bool = False  # whether the document leaves layers or steps open, a of any a_l
    given: Mapping[str, int] = field(default_factory=dict)  # where a name is first given a number
    sections: Sequence[int] = ()  # the sentences that sections begin with
    anew: Sequence[int] = ()  # the sections in which a name is defined anew, with other indices
    said: Mapping[int, frozenset[Relation]] = field(default_factory=dict)  # where each sentence holds
    unknown: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # losses, and all that each depends on
    unknown_from: Mapping[str, int] = field(default_factory=dict)  # from which sentence on a person says so

    def leave_out_solutions(self, differentiated: Mapping[str, int]) -> None:
        """Leaves out what a quantity is where a gradient by it vanishes, in terms of what depends on it.

        So μ = Σ γx / Σ γ for a γ of μ.  `differentiated` says where a name is first differentiated by, before that.
        """
        for name, number in differentiated.items():
            found = self.definitions.get(name, ())
            if found and found[0].number > number:
                later = [d for d in found if self._is_circular(d)]
                self.definitions[name] = [d for d in found if d not in later]
                if not self.definitions[name]:
                    del self.definitions[name]

    def _is_circular(self, definition: Definition) -> bool:
        """Whether a quantity is defined by what depends on it."""
        return not definition.uses.isdisjoint(self.dependents(definition.name, definition.number))

    def solved(self, definition: Definition, differentiated: Collection[str]) -> bool:
        """Whether an equation gives the solution for a quantity that was differentiated by before: θ = (XᵀX)⁻¹Xᵀy."""
        inverted = any(isinstance(node, t.Inverse) for node in t.walk(definition.body))
        return inverted and definition.name in differentiated and definition.name not in self.definitions

    def abstract(self, sides: Sequence[t.Term], number: int, losses: Iterable[str]) -> frozenset[str]:
        """The losses that terms differentiate and nothing defines, and unknown ones in what they differentiate."""
        found = set()
        for side in sides:
            for node in self.opened(side, number):
                if isinstance(node, t.Partial):
                    of = node.of.function if isinstance(node.of, t.Apply) else getattr(node.of, "name", "")
                    if of in ELEMENTWISE or of in VOCABULARY or self._is_applied(node.of):
                        continue
                    if of == LOSS:
                        of = self.loss(number, losses)
                    if of and not getattr(node.of, "at", ()) and self.visible(of, number) is None:
                        found.add(of)
                    elif of and self.unknown:
                        found |= self.unknown.keys() & {name for d in self.closure({of}, number) for name in d.uses}
        found -= self.aliases
        others = {name for name in found if name.split("_")[0] not in LOSSES}
        return frozenset(found - (others & self._inside() if others else others))  # ∂t/∂w of a target t that is given

    @staticmethod
    def _is_applied(term: t.Term) -> bool:
        """Whether a term is a function of its one argument, σ(x), rather than a loss that shows what it depends on."""
        if not isinstance(term, t.Apply) or len(term.arguments) != 1:
            return False
        return term.function.split("_")[0] not in LOSSES

    def opened(self, term: t.Term, number: int, depth: int = 0) -> Iterator[t.Term]:
        """A term's parts, and those of the names of derivatives in it."""
        for node in t.walk(term):
            yield node
            if isinstance(node, t.Ref) and node.name in self.aliases and depth < 6:
                definition = self.visible(node.name, number)
                if definition is not None:
                    yield from self.opened(definition.body, number, depth + 1)

    def last_layer(self, name: str) -> str:
        """The last layer's quantity, for a name that is written without its layer: ∇_a C of a^L."""
        last = f"{name}_{self.depth}"
        return last if name not in self.definitions and last in self.definitions else name

    def shared(self, name: str) -> str:
        """The weights W that all steps use, for W_2, those of one step; other names are their own."""
        base, _, step = name.rpartition("_")
        if not step.isdigit() or base in self.definitions or name in self.definitions:
            return name
        inside = self._inside()
        return base if base in inside and name not in inside else name

    def _inside(self) -> set[str]:
        """The names that definitions use."""
        return {name for found in self.definitions.values() for d in found for name in d.uses}

    def add(self, definition: Definition) -> None:
        """One more definition; what uses the name of a derivative is one, too."""
        self.definitions.setdefault(definition.name, []).append(definition)
        if definition.parameters:
            self.applied[definition.name] = None
        if definition.is_alias or definition.uses & self.aliases:
            self.aliases.add(definition.name)

    def named(self) -> None:
        """Puts names back: where an equation writes out what another one has a name for, it uses the name."""
        bodies = {
            t.placeless(d.body): d
            for found in self.definitions.values()
            for d in found
            if not d.at and not d.parameters and isinstance(d.body, t.Add | t.Mul) and d.name not in self.aliases
        }
        for name, found in self.definitions.items():
            for place, definition in enumerate(found):
                body = _renamed(definition.body, bodies, name)
                found[place] = replace(definition, body=body)

    def written_out(self, term: t.Term, number: int) -> str:
        """The name that an expression writes out, u for W x + b; empty if there is none."""
        if not isinstance(term, t.Add | t.Mul):
            return ""
        plain = t.placeless(term)
        names = (n for n, found in self.definitions.items() if n not in self.aliases and not found[0].at)
        seen = ((n, d) for n in names if (d := self.visible(n, number)) is not None and not d.parameters)
        return next((n for n, d in seen if type(d.body) is type(plain) and t.placeless(d.body) == plain), "")

    def without(self, some: Iterable[Definition]) -> World:
        """The same world without some of its definitions."""
        left = {name: [d for d in found if d not in some] for name, found in self.definitions.items()}
        return replace(self, definitions={name: found for name, found in left.items() if found})

    def with_all(self, some: Iterable[Definition]) -> World:
        """The same world with more definitions, each in its place."""
        found = {name: list(definitions) for name, definitions in self.definitions.items()}
        for definition in some:
            found.setdefault(definition.name, []).append(definition)
        return replace(self, definitions={n: sorted(ds, key=lambda d: d.number) for n, ds in found.items()})

    def visible(self, name: str, number: int) -> Definition | None:
        """The definition of a name that holds at a place: the last one before it, else the first one behind it."""
        found = self.definitions.get(name, ())
        which = bisect_left(found, number, key=lambda definition: definition.number)
        if which:
            return found[which - 1]
        is_input = (
            self.given.get(name, number) < number
        )  # a = 5 comes first: what a is in a later section doesn't count
        return found[0] if found and not is_input else None

    def functions(self, number: int) -> Mapping[str, Function]:
        """The functions that are defined with their parameters."""
        found = {}
        for name in self.applied:
            definition = self.visible(name, number)
            if definition is not None and definition.parameters and not definition.at:
                found[name] = Function(definition.parameters, definition.body)
        return found

    def with_unknown(self, sentences: Sequence[Sentence], declared: Mapping[str, tuple[str, ...]]) -> World:
        """The world with the losses of which sentences, or a person, only say what they depend on: L = l(o, y)."""
        found = {name: of for name, of in declared.items() if name not in self.definitions}
        for sentence in sentences:
            match sentence.sides:
                case (t.Ref(name=name, at=()), t.Apply(function=function, arguments=arguments, primes=0, at=())):
                    names = tuple(argument.name for argument in arguments if isinstance(argument, t.Ref))
                    is_loss = len(names) > 1 and (function == name or name.split("_")[0] in LOSSES)
                    known = function in self.applied or function in ELEMENTWISE or function in VOCABULARY
                    others = [d for d in self.definitions.get(name, ()) if d.number != sentence.number]
                    if is_loss and not known and not others and names and len(names) == len(arguments):
                        found[name] = names
        left = {name: ds for name, ds in self.definitions.items() if name not in found}
        return replace(self, definitions=left, unknown=found)

    def loss(self, number: int, names: Iterable[str]) -> str:
        """The loss that dW is a derivative of: the last scalar before a place that is called like one."""
        scalars = [name for name in names if name.split("_")[0] in LOSSES]
        placed = [(d.number < number, d.number, name) for name in scalars if (d := self.visible(name, number))]
        placed += [(at <= number, at, name) for name, at in self.unknown_from.items()]
        return max(placed)[2] if placed else next(iter(self.unknown), "loss_")

    def closure(self, names: Iterable[str], number: int) -> list[Definition]:
        """The definitions that names depend on, each behind those that it uses; raises CycleError.

        A section may start anew with letters of another one: what would make a cycle from there doesn't count.
        """
        names = sorted(names)
        past: set[Definition] = set()
        while True:
            try:
                return self._closure(names, number, past)
            except CycleError as error:
                apart = {d: abs(self.section(d.number) - self.section(number)) for d in error.cycle}
                if len(set(apart.values())) < 2:
                    raise
                past |= {d for d, distance in apart.items() if distance == max(apart.values())}

    def section(self, number: int) -> int:
        """The section that a sentence stands in."""
        return bisect_right(self.sections, number)

    def _era(self, number: int) -> int:
        """How often names have been defined anew, with other indices, before a sentence."""
        return bisect_right(self.anew, self.section(number))

    def _closure(self, names: Iterable[str], number: int, past: Set[Definition]) -> list[Definition]:
        order: list[Definition] = []
        state: dict[str, int] = {}
        path: list[Definition] = []

        def visit(name: str) -> None:
            if state.get(name) == 2:
                return
            definition = self.visible(name, number)
            if definition is None or definition in past or name in self.aliases:
                state[name] = 2
                return
            if state.get(name) == 1:
                raise CycleError(f"{name} is defined by itself", path[path.index(definition) :])
            state[name] = 1
            path.append(definition)
            inner = definition.uses - set(definition.parameters)
            for other in sorted(inner):
                visit(other)
            for parameter in definition.parameters:  # L(y, ŷ): what it depends on; in g(z) just a letter
                if state.get(parameter) != 1:
                    visit(parameter)
            state[name] = 2
            path.pop()
            order.append(definition)

        for name in names:
            visit(name)
        return order

    def dependents(self, name: str, number: int) -> list[str]:
        """The defined names that depend on a name, however far; not those of a section that starts anew."""
        found: dict[str, None] = {name: None}
        grown = True
        while grown:
            grown = False
            for other in self.definitions:
                definition = self.visible(other, number)
                if other in found or definition is None or other in self.aliases:
                    continue
                if self._era(definition.number) != self._era(number):
                    continue
                if definition.uses & found.keys():
                    found[other] = None
                    grown = True
        del found[name]
        return list(found)


def _links(sides: tuple[t.Term, ...]) -> Iterator[int]:
    """Which links of a = b = c define something: the first, and the next ones as long as names stand in between."""
    for place in range(len(sides) - 1):
        yield place
        between = sides[place + 1]
        if isinstance(between, t.Apply):  # a = f(z) = 1 / (1 + e^{-z}) says what f is, too
            known = between.function in ELEMENTWISE or between.function in VOCABULARY
            if known or not all(isinstance(argument, t.Ref) for argument in between.arguments):
                return
        elif not isinstance(between, t.Ref):
            return
        else:  # p(w_j) = y_j = … says what y_j is, too
            applied = isinstance(sides[place], t.Apply)
            if not applied and between.at != getattr(sides[place], "at", ()):
                return


class CycleError(Exception):
    """Definitions that use one another, in a cycle."""

    def __init__(self, message: str, cycle: Sequence[Definition]) -> None:
        super().__init__(message)
        self.cycle = tuple(cycle)


def _renamed(term: t.Term, bodies: Mapping[t.Term, Definition], own: str) -> t.Term:
    def part(inner: t.Term) -> t.Term:
        known = bodies.get(t.placeless(inner)) if isinstance(inner, t.Add | t.Mul) else None
        if known is not None and known.name != own and own not in known.uses:
            return t.Ref(inner.span, known.name)
        return _renamed(inner, bodies, own)

    return t.with_parts(term, part)


def _of_parameters(left: t.Term, right: t.Term) -> tuple[t.Term, t.Term]:
    """f(s_i) = 1 / (1 + e^{-s_i}), a function of any entry, as f(s) = 1 / (1 + e^{-s})."""
    if not isinstance(left, t.Apply) or not all(isinstance(argument, t.Ref) for argument in left.arguments):
        return left, right
    entries = [a for a in left.arguments if isinstance(a, t.Ref) and a.at]
    table = {
        (entry.name, entry.at): t.Ref(entry.span, f"{entry.name}_at_{place}") for place, entry in enumerate(entries)
    }
    if not table or len(table) < len(entries):
        return left, right
    body = _put(right, table)
    letters = {place.letter for entry in entries for place in entry.at}
    return (_put(left, table), body) if free_letters(body).isdisjoint(letters) else (left, right)


def _put(term: t.Term, table: Mapping[tuple[str, tuple[t.At, ...]], t.Ref]) -> t.Term:
    """A term with entries replaced by names."""
    return t.rewritten(term, lambda part: table.get((part.name, part.at), part) if isinstance(part, t.Ref) else part)


def names_error(sentence: Sentence) -> Sentence | None:
    """The definition in a claim δ = ∂J/∂z = … or ∂J/∂z = … := δ, for where δ has no other one."""
    if sentence.names:
        return replace(sentence, kind="definition", sides=sentence.names)
    if sentence.kind != "claim" or len(sentence.sides) < 3 or not isinstance(sentence.left, t.Ref):
        return None
    partial = sentence.sides[1]
    if not isinstance(partial, t.Partial) or len(partial.by) != 1 or not isinstance(partial.by[0], t.Ref):
        return None
    return replace(sentence, kind="definition", sides=sentence.sides[:2])


def defined_by(sentence: Sentence, depth: int) -> list[Definition]:
    """The definitions that a sentence makes: one, or one for each layer."""
    if sentence.kind not in ("definition", "numbers") or len(sentence.sides) < 2 or is_number(sentence.sides[1]):
        return []
    pair: Sequence[tuple[t.Term, ...]]
    pair = [sentence.sides]
    if any(has_layers(side) for side in pair[0]):
        pair = [sides for sides, _ in instances(sentence.sides, depth)]
    found = []
    pair = [_from_usable(sides) for sides in pair]
    for place, (left, right) in ((at, sides[at : at + 2]) for sides in pair for at in _links(sides)):
        left, right = _of_parameters(left, right)
        name, at, parameters = named(left)
        if place and not used([right]).issuperset(parameters):
            continue  # h = σ(z) = 1 / (1 + e^{-0.3}): a value, which says nothing of σ
        while at and at[-1].letter == ":":  # P_{i:} is row i
            at = at[:-1]
        if name in used([right]) or not all(place.letter and not place.shift for place in at):
            continue
        letters = [place.letter for place in at]
        if len(set(letters)) == len(letters):
            found.append(Definition(name, at, parameters, right, sentence.number))
            if name.endswith(SQUARED) and isinstance(right, t.Power) and _is_two(right.exponent):
                root = name.removesuffix(SQUARED)  # e² = (y - ŷ)² says that e is y - ŷ, and not its absolute value
                found.append(Definition(root, at, parameters, right.base, sentence.number))
    return found


def _from_usable(sides: tuple[t.Term, ...]) -> tuple[t.Term, ...]:
    """A chain without sides that sum over a part of an axis, or miss indices of the left, where a later one has all."""
    letters = free_letters(sides[0])

    def is_unusable(side: t.Term) -> bool:
        has_sum = any(isinstance(node, t.Big) for node in t.walk(side))
        return has_sum and (sums_a_part(side) or not letters <= free_letters(side))

    left = tuple(itertools.dropwhile(is_unusable, sides[1:]))
    return (sides[0], *left) if left else sides


def _is_two(term: t.Term) -> bool:
    return isinstance(term, t.Num) and term.text == "2"
