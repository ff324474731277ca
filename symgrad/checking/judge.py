"""The verdict on a claim in a document: every way in which it can be read is tried before it is called wrong."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sympy import Add, Basic, Expr, Indexed, IndexedBase, Symbol

from symgrad.checking.doubts import UNTIED, Doubts, by_name, name_of, scalars
from symgrad.checking.evaluate import HIDDEN, Evaluator, Shape, Unknown
from symgrad.checking.infer import Shapes, fit, is_constant, make_evaluator
from symgrad.checking.layers import has_layers, instances
from symgrad.checking.misprints import stray_indices
from symgrad.checking.places import has_windows
from symgrad.checking.samples import of_one_sample, without_samples
from symgrad.checking.sentences import Sentence, has_derivative, used
from symgrad.checking.symmetric import entries_of, places_of, symmetrized, transposed_entry
from symgrad.checking.unknown import is_rest, rest_name, slope_name, sloped
from symgrad.checking.values import DOT_PRODUCT, TRANSPOSED_NUMBER, UNINDEXED, Misfit, Value, sized_equation
from symgrad.checking.world import LOSSES, CycleError, Definition, World
from symgrad.derivation import Derivation
from symgrad.equations import Equation, Index, Model, Quantity, names_in, needed
from symgrad.errors import SymgradError
from symgrad.facts import SumFact
from symgrad.indices import canonical, refreshed, relabelled, sigma
from symgrad.names import partial_name
from symgrad.reading.latex import terms as t
from symgrad.reading.latex.resolve import LOSS
from symgrad.verification.budget import Budget, OutOfTime
from symgrad.verification.context import Context
from symgrad.verification.decide import decide
from symgrad.verification.verdict import Verdict

ANY_LOSS = "loss_"
OTHER_LAYOUT = "the derivative was read in the other layout"
FOR_ALL = "a number was read as that of all entries"
MOST_LAYERS = 3  # instances of a claim about any layer that are looked at
_OWN_NAMES = re.compile(r"rest__|expression\d|_v\d+\b")  # of a model, which no document has


@dataclass(frozen=True)
class Judged:
    """A verdict on a claim, which of its sides is the faulty one, and how the claim was read."""

    verdict: Verdict
    side: int = 1
    readings: tuple[str, ...] = ()
    seen: tuple[tuple[t.Term, Expr], ...] = ()
    explain: Callable[[Budget], Verdict] | None = None  # looks for the slip in what is refuted
    doubt: Callable[[], str] | None = None  # why what is refuted may be right all the same


@dataclass(frozen=True)
class Manner:
    """A way of reading a claim's derivatives."""

    direct: bool = False
    entrywise: bool = False
    logistic: bool = False
    pointwise: bool = False  # · between two vectors multiplies entry by entry: tried where their dot product can't be

    @property
    def words(self) -> tuple[str, ...]:
        """What the manner has chosen."""
        found = ["∂ was read as the direct derivative, other named quantities held fixed"] if self.direct else []
        found += ["a derivative of an array was read entry by entry"] if self.entrywise else []
        return (*found, *(["σ was read as the logistic function"] if self.logistic else []))


SIGMAS = ("sigma", "sigmoid")
MANNERS = tuple(
    Manner(direct, entrywise, logistic)
    for direct in (False, True)
    for entrywise in (False, True)
    for logistic in (False, True)
)


@dataclass
class Judge:
    """Decides claims against a document's definitions, in the shapes that were inferred for it."""

    world: World
    shapes: Shapes
    lengths: Mapping[str, Expr]
    facts: Mapping[str, str] = field(default_factory=dict)
    symmetric: frozenset[str] = frozenset()  # matrices that the document says are
    seconds: float = 5.0
    alternatives: tuple[Shapes, ...] = ()  # the next best shapes
    shaped: frozenset[str] = frozenset()  # names whose axes the document says
    broken: frozenset[Definition] = frozenset()  # what doesn't fit in these shapes
    equations: dict[tuple[Definition, bool], Equation] = field(default_factory=dict)
    hidden: dict[tuple[Definition, bool], list[Equation]] = field(default_factory=dict)  # what those invert
    matrices: dict[tuple[Expr, tuple[Index, ...]], str] = field(default_factory=dict)  # names of what is inverted
    contexts: dict[tuple[object, ...], Context] = field(default_factory=dict)
    decided: dict[tuple[object, ...], Verdict] = field(default_factory=dict)
    batch: str = ""  # the number of samples whose losses dZ is of the sum of, beside dW, of their mean
    any_loss: bool = False  # dW is the derivative of a loss of which nothing is known

    @functools.cached_property
    def _others(self) -> list[Judge]:
        """Judges for the next best shapes."""
        world = self.world.with_all(self.broken)
        return [
            Judge.of(world, (shapes,), self.lengths, self.facts, self.symmetric, self.seconds, self.shaped, self.batch)
            for shapes in self.alternatives
        ]

    @property
    def _doubts(self) -> Doubts:
        return Doubts(self.world, self.shapes, self.lengths, self.seconds, self.broken, bool(self.symmetric))

    @staticmethod
    def of(
        world: World,
        shapes: Sequence[Shapes],
        lengths: Mapping[str, Expr],
        facts: Mapping[str, str],
        symmetric: frozenset[str],
        seconds: float,
        shaped: frozenset[str] = frozenset(),
        batch: str = "",
    ) -> Judge:
        """A judge for the likeliest shapes; definitions that don't fit in these are left out."""
        first = shapes[0]
        judge = Judge(world, first, lengths, facts, symmetric, seconds, tuple(shapes[1:]), shaped, batch=batch)
        broken: set[Definition] = set()
        budget = Budget(2 * seconds)
        for definition in (d for found in world.definitions.values() for d in found if not d.is_alias):
            try:
                if not budget.run(functools.partial(judge._is_usable, definition, definition.number)):
                    broken.add(definition)
            except OutOfTime:
                broken.add(definition)
        return dataclasses.replace(judge, world=world.without(broken), broken=frozenset(broken))

    def claim(self, sentence: Sentence) -> Judged:
        """The verdict on a sentence's sides; what is wrong in every likely shape of its letters is refuted."""
        own = next((n for n in sorted(used(sentence.sides)) if self._is_own(n, sentence.number)), "")
        if own:  # another definition of it, which didn't fit, is what this one would be compared with
            return Judged(Verdict("undecided", "", f"the definition of {own} doesn't fit with the others"))
        found = self._unexplained(sentence)
        if found.verdict.status != "refuted" or found.explain is None:
            return found
        explained = found.explain(Budget(self.seconds))
        symmetric = "is symmetric" in explained.diagnosis and not self.symmetric  # or it would have said so
        symmetric = symmetric and not self.world.has_layers  # weights never are
        if explained.slip == "assumption" and (symmetric or "sums to 1" in explained.diagnosis):
            reason = f"{explained.diagnosis}, which the document may say in words"
            return dataclasses.replace(found, verdict=Verdict("undecided", "", reason))
        if explained.status != "refuted":
            return found
        told = "" if _OWN_NAMES.search(explained.diagnosis) else explained.diagnosis or found.verdict.diagnosis
        return dataclasses.replace(found, verdict=dataclasses.replace(explained, diagnosis=told))

    def _unexplained(self, sentence: Sentence) -> Judged:
        found = self._claim(sentence)
        bare = self._doubts.bare(sentence.sides, sentence.number) if found.verdict.status == "undecided" else ()
        for name, meant in bare:
            sides = tuple(t.renamed(side, {name: meant}) for side in sentence.sides)
            if self._claim(dataclasses.replace(sentence, sides=sides)).verdict:
                side = next(p for p, side in enumerate(sentence.sides) if name in used([side]))
                words = f"{name} has lost its number: it is right with {meant}"
                verdict = Verdict("refuted", "", f"nothing says what {name} is", diagnosis=words)
                return dataclasses.replace(found, verdict=verdict, side=side)
        cased = self._doubts.cased(sentence.sides, sentence.number) if not found.verdict else ()
        for name, meant in cased:
            sides = tuple(t.renamed(side, {name: meant}) for side in sentence.sides)
            again = self._claim(dataclasses.replace(sentence, sides=sides))
            side = next(place for place, side in enumerate(sentence.sides) if name in used([side]))
            if again.verdict:
                words = f"{name} and {meant} stand for one thing: it is right with one letter for both"
                verdict = Verdict("refuted", "", f"nothing says what {name} is", diagnosis=words)
                return dataclasses.replace(found, verdict=verdict, side=side)
            if again.verdict.status == "refuted" and again.side > side:
                words = f"{name} was read as {meant}, with which the side that has it first is right"
                return dataclasses.replace(again, readings=(*again.readings, words))
        of_samples = self._of_samples(sentence, found.verdict) if not found.verdict else None
        if of_samples is not None:
            return of_samples
        about_axes = "axes" in found.verdict.reason and found.verdict.reason != UNINDEXED
        vague = not about_axes or not self._is_shaped(sentence.sides, sentence.number)
        loose = self._of_each_entry(sentence, found) if found.verdict.status == "malformed" else None
        if loose is not None:
            return loose
        if found.verdict.status == "malformed" and vague:
            return dataclasses.replace(found, verdict=Verdict("undecided", "", found.verdict.reason))
        if found.verdict.status == "undecided" and re.fullmatch(r"nothing says what \w+_0 is", found.verdict.reason):
            later = tuple(t.rewritten(side, _from_one) for side in sentence.sides)
            pairs = enumerate(zip(later, sentence.sides, strict=True))
            changed = next((place for place, (one, other) in pairs if one != other), 0)
            if changed and self._claim(dataclasses.replace(sentence, sides=later)).verdict:
                words = f"the sum must start at 1: {found.verdict.reason}"
                return dataclasses.replace(found, verdict=Verdict("refuted", "", words, diagnosis=words), side=changed)
        if found.verdict.status not in ("refuted", "undecided"):
            return found
        for place, sides, words in stray_indices(sentence.sides):
            if self._claim(dataclasses.replace(sentence, sides=sides)).verdict:
                verdict = Verdict("refuted", "", found.verdict.reason, diagnosis=words)
                return dataclasses.replace(found, verdict=verdict, side=place, explain=None)
        labelled = self._doubts.unlabelled(sentence.sides, sentence.number)
        if labelled:
            name, full = labelled
            sides = tuple(t.renamed(side, {name: full}) for side in sentence.sides)
            again = self._claim(dataclasses.replace(sentence, sides=sides))
            if again.verdict:
                words = f"{name} was read as {full}, which the equation before defines"
                return dataclasses.replace(again, readings=(*again.readings, words))
            reason = f"{name} may stand for what the equation before it defines"
            return dataclasses.replace(found, verdict=Verdict("undecided", "", reason))
        if found.verdict.status == "undecided":
            return self._for_any_loss(sentence, found) if found.verdict.reason == UNTIED else found
        for other in self._others:
            again = other._claim(sentence)
            if again.verdict:
                words = "its letters were read as having other axes than the rest of the document suggests"
                return dataclasses.replace(again, readings=(*again.readings, words))
        return found

    def _of_samples(self, sentence: Sentence, verdict: Verdict) -> Judged | None:
        """The verdict on a claim about all samples, or about the i-th, that is right for one without a number.

        Its axes don't fit as they are written: a sum of entries beside a vector, or an index without an axis.
        """
        if re.fullmatch(r"the two sides have [1-9] and 0 axes", verdict.reason):
            sides, words = of_one_sample(sentence.sides), "the sum was read as one over samples, whose losses are added"
        elif verdict.reason == UNINDEXED:
            sides = without_samples(sentence.sides, {name: len(axes) for name, axes in self.shapes.known.items()})
            words = "an index was read as that of a sample, left out elsewhere"
        else:
            return None
        match sides:
            case (t.Partial(of=t.Ref(name=of)), *_):
                losses = self.world.abstract(sentence.sides, sentence.number, scalars(self.world, self.shapes))
            case _:
                return None
        if of not in losses:  # one that is defined is that of one sample, and no sum of several
            return None
        again = self._claim(dataclasses.replace(sentence, sides=sides))
        return dataclasses.replace(again, readings=(*again.readings, words)) if again.verdict else None

    def _of_each_entry(self, sentence: Sentence, found: Judged) -> Judged | None:
        """The verdict on ∂y/∂W = h, a derivative with three axes, that says what each weight is multiplied by.

        It is right if it is for networks of one unit a layer, where all are numbers.
        """
        match sentence.sides:
            case (t.Partial(of=t.Ref(name=of, at=()), by=(t.Ref(name=by, at=()),)), *_):
                names = [
                    next((n for n in _instances(name, self.world.depth) if n in self.shapes.known), "")
                    for name in (of, by)
                ]
            case _:
                return None
        if [len(self.shapes.known.get(name, ())) for name in names] != [1, 2]:
            return None
        everything = {*self.shapes.known, *self.shapes.ranks}
        numbers = Shapes(self.shapes.sizes.copy(), dict.fromkeys(self.shapes.known, ()), dict.fromkeys(everything, 0))
        judge = Judge.of(self.world, (numbers,), self.lengths, {}, frozenset(), self.seconds)
        again = judge._claim(sentence)
        if not again.verdict:
            return None
        words = (
            "a derivative of a vector by a matrix, which has three axes, was read as what each entry is multiplied by"
        )
        verdict = dataclasses.replace(again.verdict, status="agrees", reason=f"{again.verdict.reason}; as numbers")
        return dataclasses.replace(found, verdict=verdict, readings=(*again.readings, words))

    def _for_any_loss(self, sentence: Sentence, found: Judged) -> Judged:
        """The verdict on dz = … where nothing ties the document's loss to z, for whatever loss it may be."""
        nodes = (node for side in sentence.sides for node in t.walk(side))
        if self.any_loss or not any(isinstance(node, t.Ref) and node.name == LOSS for node in nodes):
            return found
        again = dataclasses.replace(self, any_loss=True)._claim(sentence)
        words = "d was read as the derivative of any loss, since nothing ties the document's own to it"
        return dataclasses.replace(again, readings=(*again.readings, words)) if again.verdict else found

    def _is_own(self, name: str, number: int) -> bool:
        """Whether the only definition of a name that a claim sees is the claim itself."""
        definition = self.world.visible(name, number)
        return definition is not None and definition.number == number

    def _is_shaped(self, sides: Sequence[t.Term], number: int) -> bool:
        """Whether the document says the axes of all that a claim is about, so that it can be wrong about them."""
        written = next((found for found, _ in instances(tuple(sides), self.world.depth)), sides)
        functions = self.world.functions(number)
        letters = {f.parameters[0] for f in functions.values() if len(f.parameters) == 1} - used(written)
        roots = self._doubts.roots(used(written), number) - functions.keys() - letters  # the z of f(z) is any number
        bodies = [d.body for found in self.world.definitions.values() for d in found]
        roots -= {n.function for term in (*written, *bodies) for n in t.walk(term) if isinstance(n, t.Apply)}
        return {name for name in roots if name.split("_")[0] not in LOSSES} <= self.shaped | self.lengths.keys()

    def _claim(self, sentence: Sentence) -> Judged:
        """The verdict on a sentence's sides, each against the first; for some layers where it is about any."""
        budget = Budget(self.seconds * (2 if len(sentence.sides) > 3 else 1))  # a chain is several claims
        sides = [sentence.sides]
        layered = any(has_layers(side) for side in sentence.sides)
        if layered:
            sides = [found for found, _ in itertools.islice(instances(sentence.sides, self.world.depth), 12)]
        judged: list[Judged] = []
        misfits: list[Judged] = []
        for each in sides:
            found = self._instance(each, sentence.number, budget)
            if layered and (found.verdict.status == "malformed" or self._is_without_error(found)):
                misfits.append(found)  # the claim is about the layers whose error has a definition
                continue
            judged.append(found)
            if found.verdict.status == "refuted" or len(judged) >= MOST_LAYERS:
                break
        if not judged and misfits:
            return misfits[-1]
        if not judged:
            return Judged(Verdict("malformed", "", "its layers or steps aren't those that the definitions have"))
        worst = min(judged, key=lambda one: _ORDER.index(one.verdict.status))
        if layered and worst.verdict:
            reason = f"{worst.verdict.reason}; written out for {self.world.depth} layers or steps"
            return dataclasses.replace(worst, verdict=dataclasses.replace(worst.verdict, reason=reason))
        return worst

    def _is_without_error(self, found: Judged) -> bool:
        """Whether nothing says what the error of one layer is, but that of another one has a definition."""
        missing = re.fullmatch(r"nothing says what (\w+_)\d is", found.verdict.reason)
        return missing is not None and any(f"{missing[1]}{n}" in self.world.aliases for n in range(10))

    def _instance(self, sides: tuple[t.Term, ...], number: int, budget: Budget) -> Judged:
        """Each side against the first one; the first that fails is the verdict."""
        result: Judged | None = None
        readings: dict[str, None] = {}
        for place in range(1, len(sides)):
            found = self._pair(sides[0], sides[place], number, budget, place)
            if found.verdict.status == "refuted":
                found = self._by_entry(found, sides[0], sides[place], number, budget) or found
            readings |= dict.fromkeys(found.readings)
            if result is None or _ORDER.index(found.verdict.status) < _ORDER.index(result.verdict.status):
                result = found
            if found.verdict.status == "refuted":
                break
        assert result is not None
        return dataclasses.replace(result, readings=tuple(readings)) if result.verdict else result

    def _by_entry(self, whole: Judged, left: t.Term, right: t.Term, number: int, budget: Budget) -> Judged | None:
        """The verdict on the entry that is wrong in a matrix that is written out."""
        if not isinstance(right, t.Entries):
            return None
        several = (len(right.rows) > 1, len(right.rows[0]) > 1)
        for i, row in enumerate(right.rows, 1):
            for j, entry in enumerate(row, 1):
                at = tuple(t.At("", place) for place, counts in zip((i, j), several, strict=True) if counts)
                found = self._pair(t.Picked(left.span, left, at), entry, number, budget, whole.side)
                if found.verdict.status == "refuted":
                    return dataclasses.replace(found, explain=functools.partial(_explained_in, found, at))
        return None

    def _pair(self, left: t.Term, right: t.Term, number: int, budget: Budget, place: int) -> Judged:
        """One equality, in each manner of reading until one holds."""
        budget = Budget(min(self.seconds, budget.left))
        failed: list[Judged] = []
        reasons: list[str] = []
        senseless = False
        for manner in MANNERS:
            if budget.left <= 0:
                break
            try:
                reader = dataclasses.replace(self, shapes=self.shapes.copy())  # a claim teaches the next one nothing
                found = budget.run(functools.partial(reader._read, left, right, number, manner, budget))
            except OutOfTime:
                return Judged(Verdict("undecided", "", f"{self.seconds:g} s were over"), place)
            except Unknown as error:
                return Judged(Verdict("undecided", "", str(error)), place)
            except CycleError as error:
                return Judged(Verdict("undecided", "", str(error)), place)
            except (Misfit, SymgradError) as error:
                reasons.append(str(error))
                continue
            except RecursionError:
                reasons.append("the formula is nested too deeply")
                continue
            except Exception as error:  # a document's next formula must not suffer from an error of ours in this one
                return Judged(Verdict("undecided", "", f"symgrad failed on it: {type(error).__name__}: {error}"), place)
            if found is None:
                continue
            judged = dataclasses.replace(found, side=place, readings=(*found.readings, *manner.words))
            if judged.verdict:
                return judged
            if not failed:
                senseless = bool(reasons)
            failed.append(judged)
        if not failed:
            return Judged(Verdict("malformed", "", reasons[0] if reasons else "it can't be compared"), place)
        if senseless and failed[0].readings:  # the plain reading has no meaning here: another one proves no error
            return Judged(Verdict("undecided", "", reasons[0]), place)
        for one in failed:
            try:
                doubted = budget.run(functools.partial(_doubted, one))
            except OutOfTime:
                return Judged(Verdict("undecided", "", f"{self.seconds:g} s were over"), place)
            except CycleError as error:
                return Judged(Verdict("undecided", "", str(error)), place)
            if doubted.verdict.status != "refuted":
                return doubted
        return failed[0]

    # --- one reading

    def evaluator(self, number: int, manner: Manner) -> Evaluator:
        """What reads a claim in one manner."""

        def jacobian(of: str, by: str, direct: bool) -> Value:
            named = self._canonical(found)
            own = [e for e in named if e.name in needed([of], named)]
            definition = self.world.visible(of, number)
            found.mattered |= direct and (definition is not None and by in self._equation(definition).uses)
            return self._jacobian(of, by, direct, number, manner.logistic, own)

        def at_step(of: str, by: str, step: str) -> Value:
            return self._jacobian(of, by, False, number, manner.logistic, step=f"_{step}")

        found = make_evaluator(self.world, self.shapes, self.lengths, number, False, jacobian)
        found.at_step, found.batch = at_step, self.batch
        found.matrices, found.bodies = self.matrices, functools.partial(self._bodies, number, manner.logistic)
        found.loss = ANY_LOSS if self.any_loss else found.loss
        found.direct, found.entrywise, found.logistic = manner.direct, manner.entrywise, manner.logistic
        found.algebra.pointwise = manner.pointwise
        return found

    def meaning(self, term: t.Term, number: int) -> tuple[Context, Equation]:
        """What a term stands for in the statement with a number, read plainly, as an equation of a model.

        Raises Misfit where another reading of it is as likely.
        """
        reader = dataclasses.replace(self, shapes=self.shapes.copy())
        evaluator, abstract = reader._reader((term,), number, Manner())
        value = evaluator.value(term)
        if evaluator.algebra.doubtful:
            raise Misfit("it can be read in several ways")
        context = reader._context(evaluator, number, abstract)
        return context, Equation("value", context.without_partials(value.expr), value.axes)

    def _reader(self, sides: Sequence[t.Term], number: int, manner: Manner) -> tuple[Evaluator, frozenset[str]]:
        """What reads some sides, and the losses of which nothing is known there."""
        evaluator = self.evaluator(number, manner)
        abstract = self.world.abstract(tuple(sides), number, scalars(self.world, self.shapes))
        abstract = frozenset({ANY_LOSS}) if self.any_loss else abstract
        evaluator.scalars = abstract
        if abstract and not evaluator.loss:
            evaluator.loss = min(abstract)
        return evaluator, abstract

    def _read(self, left: t.Term, right: t.Term, number: int, manner: Manner, budget: Budget) -> Judged | None:
        evaluator, abstract = self._reader((left, right), number, manner)
        again = functools.partial(self._read, left, right, number, dataclasses.replace(manner, pointwise=True), budget)
        try:
            first = evaluator.value(left)
            second = evaluator.value(right)
        except Misfit:
            if manner.pointwise or DOT_PRODUCT not in evaluator.algebra.choices:
                raise
            return again()
        if manner != Manner() and not self._matters(manner, (left, right), evaluator, number):
            return None
        free = list(evaluator.letters.values())
        context = self._context(evaluator, number, abstract)
        if any(map(is_rest, context.model.quantities)) and self._is_second((left, right), number):
            raise Misfit("a second derivative, of a function of which nothing is known")
        readings = list(evaluator.algebra.choices)
        claims = self._claims(evaluator, first, second, free)
        judged: Judged | None = None
        compared: tuple[Equation, Equation] | None = None
        for correct, claim, words in claims:
            decided = functools.partial(self._decided, context, correct, claim)
            verdict = decided(budget, False)
            found = Judged(verdict, 1, (*readings, *words), tuple(evaluator.seen), decided)
            said = self.world.said.get(number, frozenset())
            where = self._doubts.where(said, (correct, claim), context) if said and not verdict else None
            if where is not None:
                words = (f"it was read where {' and '.join(map(str, sorted(said, key=str)))}", *words)
                found, verdict = Judged(where, 1, (*readings, *words), tuple(evaluator.seen)), where
            if verdict:
                if self._doubts.is_empty(left, right, correct, context):
                    return dataclasses.replace(found, verdict=Verdict("undecided", "", UNTIED))
                varying = self._doubts.varying((left, right), number)
                if varying:
                    return dataclasses.replace(found, verdict=Verdict("undecided", "", varying))
                if TRANSPOSED_NUMBER in readings:  # it holds for numbers; whether it does for what is meant isn't known
                    return dataclasses.replace(found, verdict=Verdict("undecided", "", TRANSPOSED_NUMBER))
                return found
            if FOR_ALL not in words:
                judged, compared = judged or found, compared or (correct, claim)
        if (judged is None or compared is None) and DOT_PRODUCT in readings:
            return again()
        if (judged is None or compared is None) and any("·" in choice for choice in readings):
            return Judged(Verdict("undecided", "", f"{readings[0]}, which doesn't fit"), 1, tuple(readings))
        if judged is None or compared is None:
            raise Misfit(f"the two sides have {first.rank} and {second.rank} axes")
        if judged.verdict.status != "refuted":
            return judged
        verdict, pair = judged.verdict, compared

        def doubt() -> str:
            if manner.direct and any(side.rhs.is_zero for side in pair):
                return ""  # nobody means a reading in which a side vanishes
            found = self._doubts.about(left, right, pair, verdict, context, abstract, number)
            unlikely = evaluator.algebra.unlikely or evaluator.algebra.doubtful
            return found or ("it may be meant otherwise than it was read" if unlikely else "")

        return dataclasses.replace(judged, doubt=doubt)

    def _is_second(self, sides: Sequence[t.Term], number: int) -> bool:
        """Whether terms differentiate a derivative."""
        nodes = (n for side in sides for n in self.world.opened(side, number) if isinstance(n, t.Partial))
        return any(len(n.by) > 1 or any(map(has_derivative, self.world.opened(n.of, number))) for n in nodes)

    def _matters(self, manner: Manner, sides: Sequence[t.Term], evaluator: Evaluator, number: int) -> bool:
        """Whether a manner of reading can make a difference to a claim."""
        if manner.logistic and not evaluator.met_sigma:
            closed = self.world.closure(evaluator.names, number)
            unknown = set(SIGMAS) - set(self.world.functions(number))
            if not any(isinstance(n, t.Apply) and n.function in unknown for d in closed for n in t.walk(d.body)):
                return False
        return evaluator.mattered or not (manner.direct or manner.entrywise)

    def _claims(
        self, evaluator: Evaluator, first: Value, second: Value, free: list[Index]
    ) -> Iterator[tuple[Equation, Equation, tuple[str, ...]]]:
        """The two sides as equations on the same axes; the second also transposed."""
        algebra = evaluator.algebra
        used = [index for index in free if index in first.expr.free_symbols | second.expr.free_symbols]
        orders: list[tuple[Value, tuple[str, ...]]] = []
        if second.rank == 0 and first.rank:
            orders.append((dataclasses.replace(second, axes=first.axes), () if is_constant(second) else (FOR_ALL,)))
        elif first.rank == second.rank:
            orders.append((second, ()))
            if first.rank == 2:
                orders.append((algebra.transposed(second), (OTHER_LAYOUT,)))
        elif second.rank:  # it doesn't fit: what would make it fit is said
            yield (
                Equation("claim", first.expr, (*used, *first.axes)),
                Equation("claim", second.expr, (*used, *second.axes)),
                (),
            )
        for value, words in orders:
            try:
                fit(algebra.sizes.copy(), tuple(a.size for a in first.axes), tuple(a.size for a in value.axes))
            except Misfit:
                continue
            moved = algebra.renamed(value, first.axes) if value.axes != first.axes else value
            axes = (*used, *first.axes)
            yield Equation("claim", first.expr, axes), Equation("claim", moved.expr, axes), words

    def _decided(
        self, context: Context, correct: Equation, claim: Equation, budget: Budget, explained: bool = True
    ) -> Verdict:
        for name in {*names_in(correct.rhs), *names_in(claim.rhs)}:
            if context.is_partial(name):
                context.partial(name)  # so that it has a value at a point
        correct = _spelled_out(context, by_name(context, correct))
        claim = Equation(correct.name, claim.rhs, claim.indices)
        claim, correct = self._sized(claim), self._sized(correct)
        key = (context.model.inputs, context.model.equations, claim, correct, explained)
        if key not in self.decided:  # most manners of reading come to the same
            self.decided[key] = self._decided_anew(context, claim, correct, budget, explained)
        verdict = self.decided[key]
        return dataclasses.replace(verdict, correct=_with_slopes(verdict.correct)) if verdict.correct else verdict

    def _decided_anew(
        self, context: Context, claim: Equation, correct: Equation, budget: Budget, explained: bool
    ) -> Verdict:
        """The verdict on a claim; what symmetric matrices have in common with their transposes is tried in a proof."""
        symmetric = frozenset(e.name for e in context.model.equations if e.name in self.symmetric or _is_symmetric(e))
        if symmetric:
            claim, correct = (_oriented(context, side, symmetric) for side in (claim, correct))
        verdict = decide(context, claim, correct, "", budget, explained)
        if verdict.status == "agrees" and symmetric:
            other, own = (_symmetrized(context, side, symmetric) for side in (claim, correct))
            again = decide(context, other, own, "", budget, explained)
            verdict = again if again.status == "proved" else verdict
        return dataclasses.replace(verdict, reason=_with_matrices(context, verdict.reason))

    def _sized(self, equation: Equation) -> Equation:
        """An equation in the lengths of axes as they are known by now."""
        return sized_equation(equation, self.shapes.sizes)

    # --- models

    def _equation(self, definition: Definition, logistic: bool = False) -> Equation:
        """A definition as an equation of a model."""
        if (definition, logistic) in self.equations:
            return self.equations[definition, logistic]
        evaluator = make_evaluator(self.world, self.shapes, self.lengths, definition.number, False)
        evaluator.logistic, evaluator.matrices = logistic, self.matrices
        if has_windows(definition.body):  # i + a reaches as far as i runs
            places = zip(definition.at, self.shapes.of(definition.name), strict=False)
            evaluator.letters = {place.letter: Index(place.letter, size) for place, size in places}
        value = evaluator.value(definition.body)
        letters = []
        for place in definition.at:
            if place.letter not in evaluator.letters:
                raise Misfit(f"the index {place} isn't on the right")
            letters.append(evaluator.letters[place.letter])
        for letter, size in zip(letters, self.shapes.of(definition.name), strict=False):
            evaluator.algebra.sizes.unify(letter.size, size)  # of δ_ij, or the i of L_i = f_{y_i}, nothing else says it
        free = [index for index in evaluator.letters.values() if index in value.expr.free_symbols]
        if set(free) - set(letters):
            raise Misfit(f"{definition.name} has indices on the right only")
        equation = Equation(definition.name, *canonical(value.expr, (*letters, *value.axes), evaluator.algebra.written))
        if any(not auxiliary.name.startswith(HIDDEN) for auxiliary in evaluator.auxiliary):
            raise Misfit(f"{definition.name} differentiates an expression")
        if len(equation.indices) != len(self.shapes.of(definition.name)):
            raise Misfit(f"{definition.name} is defined with other axes elsewhere")
        self.equations[definition, logistic] = equation
        self.hidden[definition, logistic] = self._canonical(evaluator)
        return equation

    def _bodies(self, number: int, logistic: bool) -> Mapping[tuple[Expr, tuple[Index, ...]], str]:
        """What a place's names stand for: an expression that is written out in a derivative may have a name."""
        found = {}
        for name in self.world.definitions:
            definition = self.world.visible(name, number)
            if definition is not None and not definition.parameters and not definition.is_alias:
                with contextlib.suppress(Misfit, SymgradError):
                    equation = self._sized(self._equation(definition, logistic))
                    found[equation.rhs, equation.indices] = name
        return found

    def _equations(self, definitions: Sequence[Definition], logistic: bool) -> list[Equation]:
        """Definitions as equations, each behind those of the matrices without a name that it inverts."""
        found: dict[str, Equation] = {}
        for definition in definitions:
            equation = self._equation(definition, logistic)
            found |= {each.name: self._sized(each) for each in (*self.hidden[definition, logistic], equation)}
        return list(found.values())

    def _context(self, evaluator: Evaluator, number: int, abstract: frozenset[str]) -> Context:
        names = set(evaluator.names) - abstract
        for equation in evaluator.auxiliary:
            names |= set(names_in(equation.rhs))
        names -= {equation.name for equation in evaluator.auxiliary}
        closed = self._closed(names, number, abstract)
        equations = self._equations(closed, evaluator.logistic)
        model = self._model(equations, evaluator, abstract, names)
        key = (model.inputs, model.equations)
        if key not in self.contexts:
            written = evaluator.algebra.written
            self.contexts[key] = Context(Derivation(model, (), (), written), written)
        return self.contexts[key]

    def _closed(self, names: set[str], number: int, abstract: frozenset[str]) -> list[Definition]:
        """The definitions that names depend on, and for an unknown loss all through which it may be reached."""
        if not abstract:
            return self.world.closure(names, number)
        if abstract <= self.world.unknown.keys():
            ends = {end for loss in abstract for end in self.world.unknown[loss]}
            return self.world.closure(names | ends, number)
        reached = {other for name in names for other in self.world.dependents(name, number)}
        found = self.world.closure(names | reached, number)
        return [definition for definition in found if self._is_usable(definition, number)]

    def _is_usable(self, definition: Definition, number: int) -> bool:
        try:
            self._equation(definition)
        except (Misfit, SymgradError):
            return False
        return True

    def _model(
        self, equations: list[Equation], evaluator: Evaluator, abstract: frozenset[str], names: set[str]
    ) -> Model:
        equations = list({e.name: e for e in (*equations, *self._canonical(evaluator))}.values())
        taken = {equation.name for equation in equations}
        for loss in sorted(abstract):
            users = _users(loss, equations)
            others = [equation for equation in equations if equation not in users]
            equations = [*others, self._surrogate(loss, others, names - {e.name for e in users}), *users]
            taken.add(loss)
        quantities: dict[str, Quantity] = {}
        for name in sorted({*names, *(name for equation in equations for name in equation.uses)} - taken):
            if name.startswith("d") and "_d" in name:
                continue
            if sloped(name) is not None:
                continue
            quantities[name] = Quantity(name, self._shape(name))
        for equation in equations:
            for name in equation.uses:
                if (pair := sloped(name)) is not None:
                    base = pair[0]
                    known = next((e.quantity.axes for e in equations if e.name == base), None)
                    if known is None and base not in quantities:
                        raise Misfit(f"nothing says what {base} is")
                    quantities[name] = Quantity(name, known if known is not None else quantities[base].axes)
        for name in sorted(self.symmetric & quantities.keys()):
            quantity = quantities.pop(name)
            quantities[f"{name}_half"] = dataclasses.replace(quantity, name=f"{name}_half")
            equations = [_halved(quantity), *equations]
        if not equations:  # an identity of inputs: a model has at least one equation
            equations, quantities["unit"] = [Equation("constant", Symbol("unit"))], Quantity("unit")
        facts = tuple(self._facts(quantities, equations))
        written = dict(evaluator.algebra.written)
        return Model(
            "document", tuple(quantities.values()), tuple(equations), equations[-1].name, {}, written, "", facts
        )

    def _canonical(self, evaluator: Evaluator) -> list[Equation]:
        written = evaluator.algebra.written
        return [self._sized(Equation(e.name, *canonical(e.rhs, e.indices, written))) for e in evaluator.auxiliary]

    def _facts(self, quantities: Mapping[str, Quantity], equations: Sequence[Equation]) -> Iterator[SumFact]:
        shapes = {name: q.axes for name, q in quantities.items()} | {e.name: e.quantity.axes for e in equations}
        for name, axis in self.facts.items():
            axes = shapes.get(name, ())
            if axes:
                wanted = next((a for a in axes if str(a) == axis), axes[-1])
                yield SumFact(name, str(wanted))

    def _surrogate(self, loss: str, equations: Sequence[Equation], names: set[str]) -> Equation:
        """A loss of which nothing is known: any linear function of what it depends on has any gradient there."""
        if loss in self.world.unknown:
            axes = {equation.name: equation.quantity.axes for equation in equations}
            for name in self.world.unknown[loss]:
                with contextlib.suppress(Unknown):  # what has axes that nothing says is nothing that is looked at
                    axes[name] = axes[name] if name in axes else self.shapes.of(name)
            known = [name for name in self.world.unknown[loss] if name in axes]
            weighted = (self._weighted(name, loss, axes[name]) for name in known)
            return Equation(loss, Add(Symbol(rest_name(loss)), *weighted), ())
        used = {name for equation in equations for name in equation.uses}
        ends = [e for e in equations if e.name not in used and not e.name.startswith("expression")]
        ends = [e for e in ends if e.indices or e.name.split("_")[0] not in LOSSES]  # a loss depends on no other one
        terms: list[Expr] = []
        for end in ends:
            terms.append(self._weighted(end.name, loss, end.quantity.axes))
        defined = {equation.name for equation in equations}
        for name in sorted(names - defined - used):
            if not name.startswith("d"):
                terms.append(self._weighted(name, loss, self.shapes.of(_original(name))))
        if not terms:
            raise Misfit(f"nothing defines {loss}")
        return Equation(loss, Add(Symbol(rest_name(loss)), *terms), ())

    def _shape(self, name: str) -> Shape:
        return () if is_rest(name) else self.shapes.of(_original(name))

    def _weighted(self, name: str, loss: str, axes: tuple[Expr, ...]) -> Expr:
        weight = slope_name(name, loss)
        if not axes:
            return Symbol(weight) * Symbol(name)
        indices = tuple(Index(f"e{place}_", size) for place, size in enumerate(axes))
        return sigma(IndexedBase(weight)[indices] * IndexedBase(name)[indices], *indices)

    def _jacobian(
        self, of: str, by: str, direct: bool, number: int, logistic: bool, own: Sequence[Equation] = (), step: str = ""
    ) -> Value:
        """∂of/∂by written out: of its own equation alone, through all, or through those of one step.

        `own` are the equations of an expression that has no name in the document, and of the matrices that it inverts.
        """
        definition = self.world.visible(of, number)
        if own:
            names = {name for equation in own for name in equation.uses} - {equation.name for equation in own}
            closed = [] if direct else self.world.closure({*names, by}, number)
        elif definition is None:
            raise Misfit(f"nothing defines {of}")
        else:
            direct = direct and by in self._equation(definition).uses  # ∂L/∂w beside ∂ŷ/∂w is through all
            closed = [definition] if direct else self.world.closure({of, by}, number)
        closed = [d for d in closed if d.name.endswith(step)]
        equations = list({e.name: e for e in (*self._equations(closed, logistic), *own)}.values())
        defined = {equation.name for equation in equations}
        inputs = {name for equation in equations for name in equation.uses} | {by}
        quantities = tuple(Quantity(name, self._shape(name)) for name in sorted(inputs - defined))
        model = Model("document", quantities, tuple(equations), of)
        context = Context(Derivation(model, (), ()), {})
        partial = context.partial(f"d{of}_d{by}")
        expr = context.without_partials(partial.rhs)
        return Value(expr, partial.indices)


_ORDER = ("refuted", "undecided", "malformed", "agrees", "proved")


def _explained_in(found: Judged, at: tuple[t.At, ...], budget: Budget) -> Verdict:
    """What is wrong in an entry of a matrix, and in which."""
    verdict = found.explain(budget) if found.explain is not None else found.verdict
    place = ", ".join(str(index.shift) for index in at)
    return dataclasses.replace(verdict, diagnosis=f"in entry [{place}]: {verdict.diagnosis or verdict.reason}")


def _doubted(judged: Judged) -> Judged:
    """A refutation that is left undecided where there is a doubt."""
    doubt = judged.doubt() if judged.doubt is not None else ""
    return dataclasses.replace(judged, verdict=Verdict("undecided", "", doubt)) if doubt else judged


def _from_one(term: t.Term) -> t.Term:
    """A sum from 0 as one from 1."""
    if not isinstance(term, t.Big) or term.kind != "sum":
        return term
    over = (
        dataclasses.replace(o, first=dataclasses.replace(o.first, text="1"))
        if isinstance(o.first, t.Num) and o.first.text == "0"
        else o
        for o in term.over
    )
    return dataclasses.replace(term, over=tuple(over))


def _instances(name: str, depth: int) -> Iterator[str]:
    """A name, or those of its layers."""
    ref = t.Ref(t.NOWHERE, name)
    sides = (found for (found,), _ in instances((ref,), depth)) if has_layers(ref) else iter((ref,))
    return (side.name for side in sides if isinstance(side, t.Ref))


def _users(name: str, equations: Sequence[Equation]) -> list[Equation]:
    """The equations that use a name, or what uses it."""
    found: list[Equation] = []
    names = {name}
    for equation in equations:
        if equation.uses & names:
            found.append(equation)
            names.add(equation.name)
    return found


def _spelled_out(context: Context, side: Equation) -> Equation:
    """A side that is a name as what that is defined by; expressions that are differentiated have none, and stay so."""
    rhs = side.rhs
    if any(name.startswith("dexpression") for name in names_in(rhs)):
        rhs = context.without_partials(rhs)
    for equation in context.model.equations:
        if equation.name.startswith("expression") or equation.name == name_of(side.rhs):
            kind = Indexed if equation.indices else Symbol
            parts = [part for part in rhs.atoms(kind) if name_of(part) == equation.name]
            table = {part: _at(context, equation, part.indices if isinstance(part, Indexed) else ()) for part in parts}
            rhs = relabelled(rhs, table, context.written) if table else rhs
    return Equation(side.name, rhs, side.indices)


def _with_slopes(side: Equation) -> Equation:
    """A side with ∂L/∂O for the name that the slope of an unknown loss has here."""
    table: dict[Basic, Basic] = {}
    for symbol in side.rhs.atoms(Symbol):
        if (pair := sloped(str(symbol))) is not None:
            table[symbol] = Symbol(partial_name(pair[1].rstrip("_"), pair[0]))
    bases = {base: IndexedBase(table[base.label]) for base in side.rhs.atoms(IndexedBase) if base.label in table}
    return Equation(side.name, side.rhs.xreplace({**table, **bases}), side.indices) if table else side


def _symmetrized(context: Context, side: Equation, names: frozenset[str]) -> Equation:
    """A side with (S + Sᵀ) / 2 for each matrix S that is symmetric, and for its inverse."""
    rhs = context.without_partials(side.rhs)
    return Equation(side.name, relabelled(rhs, symmetrized((rhs,), names), context.written), side.indices)


def _oriented(context: Context, side: Equation, names: frozenset[str]) -> Equation:
    """A side with the entries of symmetric matrices, and of their inverses, in one order of indices."""
    rhs = context.without_partials(side.rhs)
    order = {index: place for place, index in enumerate(side.indices)}
    table: dict[Expr, Expr] = {}
    for entry in entries_of(rhs, names):
        row, column = places_of(entry)
        if column in order and order.get(row, len(order)) > order[column]:
            table[entry] = transposed_entry(entry)
    return Equation(side.name, relabelled(rhs, table, context.written), side.indices)


def _is_symmetric(equation: Equation) -> bool:
    """Whether a matrix without a name is symmetric by how it is written, as XᵀX is."""
    if not equation.name.startswith(HIDDEN):
        return False
    *places, row, column = equation.indices
    turned, _ = canonical(equation.rhs, (*places, column, row), {})
    return bool(row.size == column.size and turned == canonical(equation.rhs, equation.indices, {})[0])


def _with_matrices(context: Context, text: str) -> str:
    """A text with what the matrices in it are that have no name in the document."""
    hidden = [e for e in context.model.equations if e.name.startswith(HIDDEN) and re.search(rf"\b{e.name}\b", text)]
    return "; ".join((text, *(f"{equation.name} is {context.text(equation)}" for equation in hidden)))


def _halved(quantity: Quantity) -> Equation:
    """A symmetric matrix, or a family of them, as the sum of any matrix and its transpose: inverses know of it."""
    *places, row, column = (Index(f"s{place}_", size) for place, size in enumerate(quantity.axes))
    half = IndexedBase(f"{quantity.name}_half")
    rhs = half[(*places, row, column)] + half[(*places, column, row)]
    return Equation(quantity.name, *canonical(rhs, (*places, row, column), {}))


def _at(context: Context, equation: Equation, places: Sequence[Expr]) -> Expr:
    """An equation's right-hand side at the places of its axes."""
    table: dict[Expr, Expr] = dict(zip(equation.indices, places, strict=True))
    return relabelled(refreshed(equation.rhs, context.counter, context.written), table, context.written)


def _original(name: str) -> str:
    """The name of an array beside a letter, or of what an adjoint is of, as its shape is known."""
    if (pair := sloped(name)) is not None:
        return pair[0]
    stem, mark, count = name.rpartition("_all")
    return f"{stem}@{count}" if mark and count.isdigit() else name
