"""What must hold before a claim is called wrong, or right: what a document leaves open is no error of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass

from sympy import Expr, Indexed, Integer, KroneckerDelta, Symbol
from sympy.core.function import AppliedUndef

from symgrad.checking.evaluate import root_of
from symgrad.checking.infer import Shapes
from symgrad.checking.misprints import with_letters
from symgrad.checking.sentences import Relation, has_derivative, used
from symgrad.checking.symmetric import matrix_name, symmetrized
from symgrad.checking.unknown import sloped
from symgrad.checking.values import sized_equation
from symgrad.checking.world import LOSSES, Definition, World
from symgrad.equations import Equation, functions_in, names_in
from symgrad.indices import in_inputs, refreshed, relabelled
from symgrad.reading.latex import terms as t
from symgrad.reading.latex.resolve import LOSS
from symgrad.reading.latex.sums import free_letters, sums_entries
from symgrad.tensors.elementwise import ELEMENTWISE
from symgrad.tensors.vocabulary import VOCABULARY
from symgrad.verification.budget import Budget
from symgrad.verification.context import Context
from symgrad.verification.decide import decide
from symgrad.verification.verdict import Verdict

UNTIED = "nothing here says how the one depends on the other"
DEVIATIONS = ("sigma", "s", "std")
BUILT_IN = frozenset((*ELEMENTWISE, *VOCABULARY, "ones", "softmax"))


@dataclass(frozen=True)
class Doubts:
    """Looks for what a document doesn't say, in the shapes in which a claim was read."""

    world: World
    shapes: Shapes
    lengths: Mapping[str, Expr]
    seconds: float
    broken: frozenset[Definition]  # definitions that don't fit in these shapes
    says_symmetric: bool = False  # whether the document says of some matrices that they are symmetric

    def is_empty(self, left: t.Term, right: t.Term, correct: Equation, context: Context) -> bool:
        """Whether both sides are 0 only because the document doesn't say how the one depends on the other."""
        zero = isinstance(right, t.Num) or not has_derivative(left)
        return not zero and context.without_partials(self._opened_side(correct, context).rhs).is_zero is True

    def varying(self, sides: Sequence[t.Term], number: int) -> str:
        """A quantity beside Σ_x, over an index that nothing has, that stands behind it, too: another for each x.

        One term stands for all, so that it could be drawn out of the sum.
        """
        terms = [*sides, *(d.body for d in self.world.closure(used(sides), number))]
        inside: dict[str, str] = {}
        for big in (node for term in terms for node in t.walk(term) if isinstance(node, t.Big) and node.kind == "sum"):
            for over in () if sums_entries(big) else big.over:
                if over.first is None and over.letter not in free_letters(big.body):
                    inside |= dict.fromkeys(used([big.body]), over.letter)
        if not inside:
            return ""
        outside = used([_without_sums(side, set(inside.values())) for side in sides])
        by = used([by for side in sides for node in t.walk(side) if isinstance(node, t.Partial) for by in node.by])
        name = next((name for name in sorted(outside - by) if name in inside), "")
        return f"{name} may be another one for each {inside[name]}, over which the sum runs" if name else ""

    def about(
        self,
        left: t.Term,
        right: t.Term,
        compared: tuple[Equation, Equation],
        verdict: Verdict,
        context: Context,
        abstract: frozenset[str],
        number: int,
    ) -> str:
        """Why a claim that differs from the derivation may still be right: something isn't said in the document."""
        claim = compared[1].rhs
        correct = verdict.correct.rhs if verdict.correct is not None else compared[0].rhs
        opened = (node for node in self.world.opened(left, number))
        if correct.is_zero and not claim.is_zero and any(map(has_derivative, opened)):
            return UNTIED
        adjoint = any(isinstance(n, t.Ref) and n.name == LOSS for side in (left, right) for n in t.walk(side))
        own = {self.world.loss(number, scalars(self.world, self.shapes))} if adjoint else set()
        starts = tuple(f"d{loss}_d" for loss in abstract | own)
        names = {n for side in compared for n in names_in(side.rhs) if n.startswith(starts) and context.is_partial(n)}
        if any(context.partial(name).rhs.is_zero for name in names):
            return UNTIED
        vague = self._partly_summed((left, right), number) or self._several_losses((left, right), number)
        vague = vague or self._held_apart(left, right) or _listed((left, right))
        if vague:
            return vague
        special = self._symmetric(compared, context) or self._apart(compared, context, _pairs(left))
        special = special or self._positive(compared, context)
        if special:
            return f"right only if {special}, which the document may say in words"
        whole = self.world.with_all(self.broken)
        named = used([left, right])
        unusable = sorted(n for n in named | self.roots(named, number) if self._is_unusable(n, number, whole))
        if unusable:
            return f"the definition of {unusable[0]} doesn't fit with the others"
        stray = self._stray((left, right), number) or self._foreign(left, right, number)
        if stray:
            return f"nothing says what {stray} is"
        parts = (correct, claim, *(equation.rhs for equation in context.model.equations))
        if any(part.has(AppliedUndef) for part in parts):
            sides = [in_inputs(context.model, context.without_partials(side), {}) for side in (correct, claim)]
            functions, slopes = [functions_in(side) for side in sides], [_slopes(side) for side in sides]
            lone = sorted(functions[0] ^ functions[1]) or sorted(slopes[0] - slopes[1])
            if lone:
                return f"nothing says what the function {lone[0]} is"
        if not (has_derivative(left) or has_derivative(right)):
            known = [self.roots(used([side]), number) for side in (left, right)]
            if not (known[0] <= known[1] or known[1] <= known[0]):
                return "an equation between quantities of which the document says no more"
        inputs = {quantity.name for quantity in context.model.inputs}
        untold = self._untold(inputs, number) and self._untold(names_in(context.without_partials(correct)), number)
        if untold:
            return f"nothing says what {untold} is"
        loose = self._loosely_indexed((left, right), number)
        if loose:
            return f"{loose} is written with fewer indices than elsewhere, and may be a row or a column"
        squared = self._rooted((left, right), number)
        if squared:
            return f"only the square of {squared} is defined, so that it may have either sign"
        if abstract:
            return self._uncovered(left, right, context, abstract, number)
        return ""

    def _partly_summed(self, sides: Sequence[t.Term], number: int) -> str:
        """An array over which one formula sums up to two different lengths: up to one of them over a part of it."""
        formulas = [*sides, *(d.body for d in self.world.closure(used(sides), number))]
        for formula in formulas:
            lengths: dict[tuple[str, int], set[str]] = {}
            for big in (node for node in t.walk(formula) if isinstance(node, t.Big)):
                last = {over.letter: over.last.name for over in big.over if isinstance(over.last, t.Ref)}
                for ref in t.refs(big.body):
                    for place, at in enumerate(ref.at):
                        if at.letter in last:
                            lengths.setdefault((ref.name, place), set()).add(last[at.letter])
            for (name, _), found in sorted(lengths.items()):
                if len(found) > 1:
                    return f"{' and '.join(sorted(found))} are both lengths of {name}: a part of it may be meant"
        return ""

    def _several_losses(self, sides: Sequence[t.Term], number: int) -> str:
        """Two losses of which dW may be the derivative: that of a sample, and their mean."""
        if not any(isinstance(node, t.Ref) and node.name == LOSS for side in sides for node in t.walk(side)):
            return ""
        losses = sorted(n for n in self.world.definitions if n in LOSSES and self.world.visible(n, number))
        return f"{' or '.join(losses)} may be what d is a derivative of" if len(losses) > 1 else ""

    def _held_apart(self, left: t.Term, right: t.Term) -> str:
        """An entry u_o by which is differentiated, of an array that the loss also sums over, perhaps without it."""
        by = [node.by[0] for node in t.walk(left) if isinstance(node, t.Partial) and len(node.by) == 1]
        entries = {(ref.name, ref.at[0].letter) for ref in by if isinstance(ref, t.Ref) and len(ref.at) == 1}
        if not entries or any(isinstance(node, t.Big) for node in t.walk(right)):
            return ""
        losses = (d for found in self.world.definitions.values() for d in found if d.name.split("_")[0] in LOSSES)
        for definition in losses:
            letters = {at.letter for at in definition.at}
            sums = [node for node in t.walk(definition.body) if isinstance(node, t.Big)]
            over = {place.letter for big in sums for place in big.over}
            summed = {ref.name for big in sums for ref in t.refs(big) if any(at.letter in over for at in ref.at)}
            for name, letter in sorted(entries):
                if letter in letters and name in summed:
                    return f"{name}_{letter} may be none of those that {definition.name} sums over"
        return ""

    def _is_unusable(self, name: str, number: int, whole: World) -> bool:
        """Whether the definition of a name doesn't fit, unless it is mere words, E = Σ (target - output)²/2."""
        definition = whole.visible(name, number)
        if definition is None or definition not in self.broken:
            return False
        others = (d for found in whole.definitions.values() for d in found if d is not definition)
        elsewhere = set().union(*(other.uses for other in others))
        return self.world.visible(name, number) is None or not definition.uses.isdisjoint(elsewhere)

    def _symmetric(self, compared: tuple[Equation, Equation], context: Context) -> str:
        """The matrices that would have to be symmetric for the two sides to be equal; none if some are said to be."""
        if self.says_symmetric:
            return ""
        square = {q.name for q in context.model.inputs if self.shapes.is_square(q.name)}
        if not square:
            return ""
        sides = self._opened(compared, context)
        table = symmetrized((side.rhs for side in sides), square)
        if not table or not self._holds(sides, table, context):
            return ""
        return " and ".join(sorted(set(map(matrix_name, table)))) + " is symmetric"

    def _apart(self, compared: tuple[Equation, Equation], context: Context, pairs: frozenset[frozenset[str]]) -> str:
        """The indices that would have to be different, or the same, for the two sides to be equal.

        Nobody calls the two indices of one matrix j and k, and means that they are the same: `pairs` are such.
        """
        free = {index for index in compared[0].indices if not str(index).startswith("_")}  # those that are written
        if len(free) < 2:
            return ""
        sides = self._opened(compared, context)
        free = set(sides[0].indices) - {index for index in sides[0].indices if str(index).startswith("_")}
        correct, claim = ({node for node in side.rhs.atoms(KroneckerDelta) if set(node.args) <= free} for side in sides)
        deltas = correct if not claim else set()  # who writes δ has both cases in mind
        for delta in sorted(deltas, key=str):
            one, other = delta.args
            if self._holds(sides, {delta: Integer(0)}, context):
                return f"{one} and {other} are different"
            if frozenset((str(one), str(other))) in pairs:
                continue
            if self._holds(sides, {delta: Integer(1), one: other}, context):
                return f"{one} and {other} are the same"
        return ""

    def where(self, said: Iterable[Relation], compared: tuple[Equation, Equation], context: Context) -> Verdict | None:
        """The verdict that a claim holds where a document says that two indices are the same, or different."""
        sides: tuple[Equation, ...] = self._opened(compared, context)
        free = set(sides[0].indices)
        for relation in said:
            deltas = {node for side in sides for node in side.rhs.atoms(KroneckerDelta)}
            named = (d for d in deltas if {str(arg) for arg in d.args} == {relation.one, relation.other})
            for delta in (d for d in named if free.issuperset(d.args)):
                one, other = delta.args
                table = {delta: Integer(1), one: other} if relation.same else {delta: Integer(0)}
                sides = tuple(Equation(s.name, relabelled(s.rhs, table, {}), s.indices) for s in sides)
        correct, claim = sides
        found = decide(context, claim, correct, "", Budget(min(self.seconds, 2.0)), False)
        return found if found else None

    def _positive(self, compared: tuple[Equation, Equation], context: Context) -> str:
        """The deviations σ that would have to be positive for the two sides to be equal."""
        if not any(name.split("_")[0] in DEVIATIONS for name in context.model.quantities):
            return ""
        sides = self._opened(compared, context)
        nodes = {node for side in sides for node in side.rhs.atoms(Indexed, Symbol)}
        names = {node: name_of(node) for node in nodes}
        found = {node: node**2 for node, name in names.items() if name.split("_")[0] in DEVIATIONS}
        if not found or not self._holds(sides, found, context):
            return ""
        return " and ".join(sorted({names[node] for node in found})) + " is positive"

    def _opened(self, compared: tuple[Equation, Equation], context: Context) -> tuple[Equation, Equation]:
        """The two sides without derivatives by name."""
        correct, claim = (self._opened_side(side, context) for side in compared)
        sides = (Equation("claim", context.without_partials(side.rhs), side.indices) for side in (correct, claim))
        first, second = sides
        return first, second

    def _opened_side(self, side: Equation, context: Context) -> Equation:
        return sized_equation(by_name(context, side), self.shapes.sizes)

    def _holds(self, sides: tuple[Equation, Equation], table: Mapping[Expr, Expr], context: Context) -> bool:
        """Whether two sides are equal once parts of them are replaced."""
        if sides[0].indices != sides[1].indices:
            return False
        correct, claim = (Equation("claim", relabelled(side.rhs, table, {}), side.indices) for side in sides)
        return bool(decide(context, claim, correct, "", Budget(min(self.seconds, 2.0)), False))

    def _stray(self, sides: Sequence[t.Term], number: int) -> str:
        """A name that one side of a claim uses, and no definition."""
        inside: set[str] = set()
        for definitions in self.world.definitions.values():
            for definition in definitions:
                inside |= definition.uses
        first, second = (used([side]) for side in sides)
        for name in sorted((first ^ second) - _places(sides)):
            known = name in inside or name in self.world.definitions or name in self.lengths or name in BUILT_IN
            differentiated = any(
                isinstance(node, t.Partial) and name in used([*node.by, node.of])
                for side in sides
                for node in t.walk(side)
            )
            if not known and not differentiated:
                return name
        return ""

    def _foreign(self, left: t.Term, right: t.Term, number: int) -> str:
        """A name in what is claimed of a derivative that the document ties to nothing which is differentiated."""
        if not has_derivative(left):
            return ""
        nodes = list(self.world.opened(left, number))
        inside = used(nodes) | {node.name for node in nodes if isinstance(node, t.Ref)}
        loss = self.world.loss(number, scalars(self.world, self.shapes))
        inside |= {loss, *(other for name in inside for other in self.world.dependents(name, number))}
        tied = self.roots(inside, number) | self._closed_names(inside, number) | set(self.lengths)
        for name in sorted(used(list(self.world.opened(right, number))) - _places((left, right))):
            own = self.roots({name}, number)
            if not own <= tied and not name.startswith("?"):
                return name
        return ""

    def unlabelled(self, sides: Sequence[t.Term], number: int) -> tuple[str, str] | None:
        """A name that a claim has without the label with which the equation before has defined it: f for f_c."""
        near = {d.name for found in self.world.definitions.values() for d in found if d.number == number - 1}
        names = used([node.of for side in sides for node in t.walk(side) if isinstance(node, t.Partial)])
        pairs = ((n, o) for n in sorted(names) if n not in near for o in sorted(near) if o.startswith(f"{n}_"))
        return next(pairs, None)

    def bare(self, sides: Sequence[t.Term], number: int) -> list[tuple[str, str]]:
        """The letters in a claim that the document has with a number only, i for i₁, each with what may be meant."""
        if self.world.has_layers:
            return []
        known = {ref for ds in self.world.definitions.values() for d in ds for ref in (d.name, *d.uses)}
        strange = {node.name for side in sides[1:] for node in t.refs(side) if not node.at} - known - set(self.lengths)
        numbered = (re.compile(rf"{re.escape(n)}_\d+") for n in sorted(strange))
        return [
            (n, o)
            for n, form in zip(sorted(strange), numbered, strict=True)
            for o in sorted(known)
            if form.fullmatch(o)
        ]

    def cased(self, sides: Sequence[t.Term], number: int) -> list[tuple[str, str]]:
        """The letters that a claim has on its later sides only, and on the first as another size: b, and B."""
        first, rest = used(sides[:1]), used(sides[1:])
        untold = {name for name in first | rest if self.world.visible(name, number) is None and name.isidentifier()}
        pairs = [(one, other) for one in sorted(untold & rest - first) for other in sorted(untold & first)]
        return [(one, other) for one, other in pairs if one.lower() == other.lower()]

    def _untold(self, found: Iterable[str], number: int) -> str:
        """A layer's quantity without a definition, though those of other layers have one; layer 0 is an input."""
        defined = {name.split("_")[0] for name in self.world.definitions if "_" in name}
        names = (name for name in sorted(found) if "_" in name and not name.endswith("_0"))
        return next((n for n in names if n.split("_")[0] in defined and self.world.visible(n, number) is None), "")

    def _loosely_indexed(self, sides: Sequence[t.Term], number: int) -> str:
        """A matrix of which the claim, or what it depends on, has a vector, q_j, beside entries, q_kj."""
        terms = [*sides, *(d.body for d in self.world.closure(used(sides), number))]
        counts: dict[str, set[int]] = {}
        for node in (node for term in terms for node in t.walk(term)):
            if isinstance(node, t.Ref) and node.at:
                counts.setdefault(node.name, set()).add(len(node.at))
        return next((name for name, found in sorted(counts.items()) if found == {1, 2}), "")

    def _rooted(self, sides: Sequence[t.Term], number: int) -> str:
        """A quantity of which the document defines the square alone; a deviation σ is positive."""
        for node in (node for side in sides for node in t.walk(side) if isinstance(node, t.Power)):
            root = root_of(node)
            signed = root is not None and root.name.split("_")[0] not in DEVIATIONS
            if root is not None and signed and self.world.visible(root.name, number) is None:
                return root.name
        return ""

    def _closed_names(self, names: set[str], number: int) -> set[str]:
        """Names with all that they depend on."""
        closed = self.world.closure(names, number)
        return names | {d.name for d in closed}

    def roots(self, names: set[str], number: int) -> set[str]:
        """The inputs that names depend on."""
        found: set[str] = set()
        for name in names:
            closed = self.world.closure({name}, number)
            inner = set().union(*(d.uses for d in closed)) if closed else {name}
            found |= {other for other in inner if self.world.visible(other, number) is None} - BUILT_IN
        return found

    def _uncovered(self, left: t.Term, right: t.Term, context: Context, abstract: frozenset[str], number: int) -> str:
        """Whether an unknown loss may depend on a quantity in a way that the claim needn't mention."""
        if abstract <= self.world.unknown.keys():
            return ""
        names = ", ".join(sorted(abstract)).rstrip("_")
        by: set[str] = set()
        through: set[str] = set()
        for side, found in ((left, by), (right, through)):
            for node in self.world.opened(side, number):
                if isinstance(node, t.Partial) and len(node.by) == 1:
                    of = getattr(node.of, "name", getattr(node.of, "function", ""))
                    if of in abstract | {"?loss"}:
                        found |= {ref.name for ref in t.refs(node.by[0])}
        if not by or not through:
            return f"nothing defines {names}"
        reached = set(by - through)
        grown = True
        while grown:
            grown = False
            for equation in context.model.equations:
                if equation.name in abstract or equation.name in reached or equation.name in through:
                    continue
                if equation.uses & reached:
                    reached.add(equation.name)
                    grown = True
        weighted = {pair[0] for name in context.model.quantities if (pair := sloped(name)) is not None}
        if reached & weighted or not by - through:
            return f"nothing defines {names}, which may depend on it in other ways"
        return ""


def _without_sums(term: t.Term, letters: Set[str]) -> t.Term:
    """A term without its sums over some letters, and without what is differentiated."""
    one = t.Num(term.span, "1")
    if isinstance(term, t.Partial):
        return one
    if isinstance(term, t.Big) and any(over.letter in letters for over in term.over):
        return one
    return t.with_parts(term, lambda part: _without_sums(part, letters))


def _places(sides: Sequence[t.Term]) -> set[str]:
    """The indices of a claim, which are no quantities where a condition names them."""
    return {letter for side in sides for letter in free_letters(side)}


def _listed(sides: Sequence[t.Term]) -> str:
    """The places in e^{z_a} + e^{z_b} + e^{z_c}, which may be all that there are."""
    for node in (node for side in sides for node in t.walk(side) if isinstance(node, t.Add)):
        found: dict[t.Term, set[str]] = {}
        for term in node.terms:
            letters = free_letters(term)
            if len(letters) == 1:
                found.setdefault(with_letters(t.placeless(term), dict.fromkeys(letters, "?")), set()).update(letters)
        for letters in found.values():
            if len(letters) > 2:
                return f"{', '.join(sorted(letters))} may be all the places that there are"
    return ""


def name_of(part: Expr) -> str:
    """The name of a quantity, or of the array that an entry is of."""
    return str(part.base.label) if isinstance(part, Indexed) else str(part)


def by_name(context: Context, side: Equation) -> Equation:
    """A side that is a partial derivative by its name, as what the derivation has for it."""
    rhs = side.rhs
    name = name_of(rhs) if isinstance(rhs, Indexed | Symbol) else ""
    if not context.is_partial(name):
        return Equation(side.name, rhs, side.indices)
    partial = context.partial(name)
    places = rhs.indices if isinstance(rhs, Indexed) else ()
    if len(places) != len(partial.indices):
        return Equation(side.name, rhs, side.indices)
    table = dict(zip(partial.indices, places, strict=True))
    body = relabelled(refreshed(partial.rhs, context.counter, context.written), table, context.written)
    whole = tuple(places) == tuple(side.indices)
    return Equation(name if whole else side.name, body, side.indices)


def _pairs(left: t.Term) -> frozenset[frozenset[str]]:
    """The two indices of each matrix by which a claim differentiates."""
    by = (by for node in t.walk(left) if isinstance(node, t.Partial) for by in node.by)
    return frozenset(frozenset(at.letter for at in ref.at) for ref in by if isinstance(ref, t.Ref) and len(ref.at) == 2)


def scalars(world: World, shapes: Shapes) -> list[str]:
    """The names that are defined as numbers."""
    return [name for name in world.definitions if shapes.known.get(name) == ()]


def _slopes(expr: Expr) -> set[str]:
    """The functions of which nothing is known whose derivatives are in an expression."""
    names = (str(node.func) for node in expr.atoms(AppliedUndef))
    return {name.rstrip("'") for name in names if name.endswith("'")}
