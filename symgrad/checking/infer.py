"""Which letters are numbers, vectors and matrices: the cheapest assignment in which the document's formulas fit.

A beam search: each statement is tried with every likely number of axes of the letters that are new in it.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sympy import Expr

from symgrad.checking.evaluate import Evaluator, Shape, Unknown
from symgrad.checking.layers import instances
from symgrad.checking.sentences import Sentence
from symgrad.checking.values import Algebra, Misfit, Sizes, Value
from symgrad.checking.world import Definition, World
from symgrad.errors import SymgradError
from symgrad.reading.latex import terms as t
from symgrad.verification.budget import Budget

BEAM = 8  # assignments that are kept
ALTERNATIVES = 4  # assignments that a claim is tried in before it is called wrong
MOST_TRIED = 27  # assignments of the new letters of one statement
BROKEN_DEFINITION, BROKEN_CLAIM = 3.0, 1.5  # what a statement costs that doesn't fit
IDENTITIES = ("I", "I_bold")
SPLIT = -1  # a letter that is a number by itself, and has entries besides: y, and yᵢ of every sample


@dataclass
class Shapes:
    """What is known of each name's axes; `split` are names whose entries belong to an array beside them."""

    sizes: Sizes
    known: dict[str, Shape] = field(default_factory=dict)
    ranks: dict[str, int] = field(default_factory=dict)
    split: set[str] = field(default_factory=set)
    bias: str = "last"
    matrices: bool = False  # whether the document has any
    cost: float = 0.0
    defined: Sizes | None = None  # the lengths as definitions alone have them: a wrong claim makes matrices square

    def copy(self) -> Shapes:
        """The same knowledge, to be added to apart."""
        known, ranks, split = dict(self.known), dict(self.ranks), set(self.split)
        return Shapes(self.sizes.copy(), known, ranks, split, self.bias, self.matrices, self.cost, self.defined)

    def is_square(self, name: str) -> bool:
        """Whether the two axes of a matrix are as long by its definitions and declarations alone."""
        sizes = self.known.get(name, ())
        return len(sizes) == 2 and (self.defined or self.sizes).same(*sizes)

    def of(self, name: str) -> Shape:
        """The sizes of a name's axes; raises Unknown."""
        if name in self.known:
            return tuple(self.sizes.find(size) for size in self.known[name])
        base, _, entries = name.partition("@")
        rank = self.ranks.get(group(base))
        if rank is None:
            raise Unknown(name)
        if rank == SPLIT:
            rank = int(entries) if entries else 0
        self.known[name] = tuple(self.sizes.fresh() for _ in range(rank))
        return self.known[name]

    def is_split(self, name: str) -> bool:
        """Whether a letter is a number by itself, and has entries besides."""
        return name not in self.known and self.ranks.get(group(name)) == SPLIT


def group(name: str) -> str:
    """A name without its numbers and layers: all layers have as many axes.

    >>> group("W_2"), group("a_{l-1}")
    ('W_#', 'a_#')
    """
    return "_".join("#" if part.isdigit() or part.startswith("{") else part for part in name.split("_"))


@dataclass
class Inference:
    """The search over one document's sentences."""

    world: World
    sentences: Sequence[Sentence]
    declared: Mapping[str, Shape]
    lengths: Mapping[str, Expr]
    seconds: float = 5.0
    guessed: set[str] = field(default_factory=set)  # defined names that are used before their definition is known

    def shapes(self) -> list[Shapes]:
        """The assignments that were found, the best one first."""
        evidence = _Evidence.of(self.sentences, self.world)
        found = self._searched(evidence)
        if found[0].cost >= BROKEN_CLAIM and evidence.matrices:  # what looks like matrices may be numbers all the same
            found += self._searched(replace(evidence, matrices=False))
            found.sort(key=lambda state: state.cost)
        return [state for state in found[:ALTERNATIVES] if state.cost <= found[0].cost + 0.5]

    def _searched(self, evidence: _Evidence) -> list[Shapes]:
        self.evidence = evidence
        said = {size for shape in self.declared.values() for axis in shape for size in axis.free_symbols}
        sizes = Sizes({}, frozenset(said & set(self.lengths.values())))
        losses: dict[str, Shape] = dict.fromkeys(self.world.unknown, ())
        start = Shapes(sizes, {**self.declared, **losses}, matrices=evidence.matrices)
        beam = [start]
        if self.evidence.matrices:
            other = start.copy()
            other.bias, other.cost = "first", 0.25
            beam.append(other)
        budget = Budget(self.seconds)
        statements = list(self._ordered())
        for sides, definition, number in statements:
            if definition is None and beam[0].defined is None:
                for state in beam:
                    state.defined = state.sizes.copy()
            grown: list[Shapes] = []
            narrow = budget.left <= 0
            for state in beam[: 1 if narrow else BEAM]:
                grown += self._tried(state, sides, definition, number, 1 if narrow else MOST_TRIED)
            grown.sort(key=lambda state: state.cost)
            beam = _distinct(grown)[:BEAM]
        return beam

    def _ordered(self) -> Iterable[tuple[tuple[t.Term, ...], Definition | None, int]]:
        """Definitions as soon as what they use is defined, then what is claimed."""
        found = sorted((d for each in self.world.definitions.values() for d in each), key=lambda d: d.number)
        waiting = [(d, frozenset(self._needs(d))) for d in found]
        done: set[str] = set()
        while waiting:
            ready = [d for d, needs in waiting if needs <= done]
            if not ready:  # a cycle, of which one section may see a part only
                ready = [waiting[0][0]]
                self.guessed |= waiting[0][1] - done
            for definition in ready:
                yield (definition.body,), definition, definition.number
                done.add(definition.name)
            yielded = set(map(id, ready))
            waiting = [pair for pair in waiting if id(pair[0]) not in yielded]
        for sentence in self.sentences:
            if sentence.kind in ("claim", "definition") and len(sentence.sides) > (
                2 if sentence.kind == "definition" else 1
            ):
                for sides, _ in itertools.islice(instances(sentence.sides, self.world.depth), 2):
                    yield sides, None, sentence.number
            if sentence.kind == "update" and len(sentence.sides) > 2:
                for sides, _ in itertools.islice(instances(sentence.sides[1:], self.world.depth), 2):
                    yield sides, None, sentence.number

    def _needs(self, definition: Definition) -> Iterator[str]:
        """The other defined names that a definition uses."""
        for name in definition.uses - set(definition.parameters):
            if name in self.world.definitions and name != definition.name:
                yield name

    def _tried(
        self, state: Shapes, sides: tuple[t.Term, ...], definition: Definition | None, number: int, most: int
    ) -> list[Shapes]:
        new = self._new(state, sides, definition, number)
        result = []
        for combination in itertools.islice(_cheapest([self.evidence.ranks(name) for name in new]), most):
            trial = state.copy()
            for name, (rank, cost) in zip(new, combination, strict=True):
                trial.ranks[name] = rank
                trial.cost += cost
            backup = trial.copy()
            try:
                self._fit(trial, sides, definition, number)
            except (Misfit, SymgradError, RecursionError):
                trial = backup
                trial.cost += BROKEN_DEFINITION if definition else BROKEN_CLAIM
            result.append(trial)
            if trial is not backup and trial.cost <= state.cost:
                break  # it fits, and cost nothing: no other can be better
        return result

    def _new(self, state: Shapes, sides: tuple[t.Term, ...], definition: Definition | None, number: int) -> list[str]:
        """The names, without their layers, whose number of axes isn't known yet."""
        parameters = set(definition.parameters) if definition else set()
        names = dict.fromkeys(
            node.name
            for side in sides
            for node in t.walk(side)
            if isinstance(node, t.Ref) and node.name not in self.lengths
        )
        found: dict[str, None] = {}
        for name in names:
            name = self.world.last_layer(name)
            known = name in state.known or group(name) in state.ranks or name in self.world.aliases
            has_own = name in self.world.definitions and name not in parameters and name not in self.guessed
            if not known and not has_own and not name.startswith("?") and not is_identity(self.world, state, name):
                found[group(name)] = None
        return list(found)

    def _fit(self, state: Shapes, sides: tuple[t.Term, ...], definition: Definition | None, number: int) -> None:
        """Lets the sides' shapes fit one another; raises Misfit."""
        evaluator = self.evaluator(state, number)
        if definition is None:
            scalars = [name for name in self.world.definitions if state.known.get(name) == ()]
            evaluator.scalars = self.world.abstract(sides, number, scalars)
            values = [evaluator.value(side) for side in sides]
            fit_sides(evaluator.algebra, values)
            state.cost += evaluator.algebra.unlikely
            return
        if definition.parameters:
            for parameter in definition.parameters:
                if parameter not in self.world.definitions and parameter not in state.known:
                    state.ranks.setdefault(group(parameter), 0)
        value = evaluator.value(definition.body)
        state.cost += evaluator.algebra.unlikely
        letters = []
        for place in definition.at:
            if place.letter not in evaluator.letters:
                raise Misfit(f"the index {place} isn't on the right")
            letters.append(evaluator.letters[place.letter].size)
        free = set(evaluator.letters) - {place.letter for place in definition.at}
        if free:
            raise Misfit(f"the index {min(free)} is on the right only")
        shape = (*letters, *(axis.size for axis in value.axes))
        if definition.name in state.known:
            fit(state.sizes, state.known[definition.name], shape)
        else:
            state.known[definition.name] = shape

    def evaluator(self, state: Shapes, number: int, dry: bool = True) -> Evaluator:
        """What reads a statement at a place of the document."""
        return make_evaluator(self.world, state, self.lengths, number, dry)


def is_identity(world: World, state: Shapes, name: str) -> bool:
    """Whether a name that nothing defines or declares is that of the identity matrix, in a document with matrices."""
    return state.matrices and name in IDENTITIES and name not in world.definitions and name not in state.known


def make_evaluator(
    world: World,
    state: Shapes,
    lengths: Mapping[str, Expr],
    number: int,
    dry: bool,
    jacobian: Callable[[str, str, bool], Value] | None = None,
) -> Evaluator:
    """What reads a statement at a place of a document, in given shapes."""
    algebra = Algebra(state.sizes, dry=dry, bias=state.bias)
    loss = world.loss(number, [name for name in world.definitions if state.known.get(name) == ()])
    shape: Callable[[str], Shape] = state.of
    aliases = {name: found for name in world.aliases if (found := world.visible(name, number)) is not None}
    return Evaluator(
        algebra,
        shape,
        world.functions(number),
        lengths,
        world.starts,
        jacobian,
        loss,
        aliases={name: (d.at, d.body) for name, d in aliases.items()},
        is_split=state.is_split,
        is_identity=lambda name: is_identity(world, state, name),
        layered=world.last_layer,
        written_out=lambda term: world.written_out(term, number),
        shared=world.shared,
    )


def fit(sizes: Sizes, one: Shape, other: Shape) -> None:
    """Two shapes become one; raises Misfit."""
    if len(one) != len(other):
        raise Misfit(f"{len(one)} axes here, {len(other)} there")
    for first, second in zip(one, other, strict=True):
        sizes.unify(first, second)


def fit_sides(algebra: Algebra, values: Sequence[Value]) -> None:
    """The sides of a claim have one shape, or the transposed one; a number stands for all entries.  Raises Misfit."""
    first = values[0]
    for value in values[1:]:
        shapes = [tuple(axis.size for axis in v.axes) for v in (first, value)]
        if not shapes[1] and is_constant(value):
            continue
        before = dict(algebra.sizes.parent)
        try:
            fit(algebra.sizes, *shapes)
        except Misfit:
            algebra.sizes.parent.clear()
            algebra.sizes.parent.update(before)
            fit(algebra.sizes, shapes[0], shapes[1][::-1])


def is_constant(value: Value) -> bool:
    """Whether a value is a number."""
    return bool(value.expr.is_number) and not value.axes


def _cheapest(choices: Sequence[list[tuple[int, float]]]) -> Iterator[list[tuple[int, float]]]:
    """One of each list, the cheapest combination first; there may be far too many to sort them all."""
    waiting = [(sum(ranks[0][1] for ranks in choices), (0,) * len(choices), 0)]
    while waiting:
        _, places, since = heapq.heappop(waiting)
        yield [ranks[place] for ranks, place in zip(choices, places, strict=True)]
        for at in range(since, len(choices)):
            if places[at] + 1 < len(choices[at]):
                moved = (*places[:at], places[at] + 1, *places[at + 1 :])
                cost = sum(ranks[place][1] for ranks, place in zip(choices, moved, strict=True))
                heapq.heappush(waiting, (cost, moved, at))


def _distinct(states: Sequence[Shapes]) -> list[Shapes]:
    seen = set()
    result = []
    for state in states:
        key = (tuple(sorted(state.ranks.items())), state.bias)
        if key not in seen:
            seen.add(key)
            result.append(state)
    return result


@dataclass
class _Evidence:
    """How a document writes each letter, and so how many axes it may have."""

    places: dict[str, set[int]]
    transposed: set[str]
    arrays: set[str]  # operands of ⊙, arguments of softmax and of norms
    bold: set[str]
    matrices: bool

    @staticmethod
    def of(sentences: Sequence[Sentence], world: World) -> _Evidence:
        places: dict[str, set[int]] = {}
        transposed: set[str] = set()
        arrays: set[str] = set()
        bold: set[str] = set()
        matrices = False
        for sentence in sentences:
            matrices |= bool(sentence.declared)
            for side in sentence.sides:
                for node in t.walk(side):
                    match node:
                        case t.Ref():
                            places.setdefault(group(node.name), set()).add(len(node.at))
                            if "\\bold" in node.latex:
                                bold.add(group(node.name))
                        case t.Transposed():
                            matrices = True
                            transposed |= {group(node.body.name)} if isinstance(node.body, t.Ref) else set()
                        case t.Mul() if "⊙" in node.operators:
                            matrices = True
                            arrays |= {group(f.name) for f in node.factors if isinstance(f, t.Ref)}
                        case t.Apply() if node.function in ("softmax", "diag", "trace"):
                            arrays |= {group(a.name) for a in node.arguments if isinstance(a, t.Ref)}
                            matrices = True
                        case t.Norm() if node.kind.startswith("‖"):
                            matrices = True
                            arrays |= {group(node.body.name)} if isinstance(node.body, t.Ref) else set()
        written_out = any(0 in found and max(found) > 1 for found in places.values())  # A, and A_ij
        return _Evidence(places, transposed, arrays, bold, matrices or bool(bold) or written_out)

    def ranks(self, key: str) -> list[tuple[int, float]]:
        """The numbers of axes that a group of names may have, each with its cost."""
        places = self.places.get(key, {0})
        most = max(places)
        if most > 0:
            if 0 not in places:
                if key in self.bold or (self.matrices and key in self.transposed):
                    return [(most + 1, 0.0), (most, 0.5)]
                return [(most, 0.0), (most + 1, 0.9)] if self.matrices else [(most, 0.0)]
            if key in self.bold and key[:1].isupper() and most < 2:
                return [(2, 0.0), (most, 0.8)]
            return [(most, 0.0), (SPLIT, 0.6), (most + 1, 1.2)] if self.matrices else [(SPLIT, 0.0), (most, 0.1)]
        if not self.matrices:
            return [(0, 0.0)]
        letter = key.split("_")[0]
        if key in self.bold:
            return [(2, 0.0), (1, 0.8)] if letter[:1].isupper() else [(1, 0.0), (2, 0.8)]
        if key in self.transposed:
            return [(2, 0.0), (1, 0.2)] if letter[:1].isupper() and len(letter) == 1 else [(1, 0.0), (2, 0.4)]
        if letter[:1].isupper() and (len(letter) == 1 or (len(letter) == 2 and letter[1].islower())):  # W, Wr
            return [(2, 0.0), (1, 0.7), (0, 0.8)]
        if letter in (
            "b",
            "x",
            "y",
            "z",
            "a",
            "h",
            "o",
            "s",
            "w",
            "u",
            "v",
            "c",
            "yhat",
            "p",
            "q",
            "k",
            "beta",
            "gamma",
            "theta",
            "t",
            "f",
            "i",
            "g",
        ):
            base = [(1, 0.1), (0, 0.3), (2, 0.9)]
            return [(1, 0.0), (2, 0.6), (0, 1.5)] if key in self.arrays else base
        return [(0, 0.0), (1, 0.5), (2, 1.2)] if key not in self.arrays else [(1, 0.0), (2, 0.5), (0, 1.5)]
