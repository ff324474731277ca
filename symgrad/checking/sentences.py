"""A document's statements as sentences: what kind each is, what it defines, where it stands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from symgrad.checking.report import Kind
from symgrad.reading.documents.text import Fragment
from symgrad.reading.latex import terms as t
from symgrad.reading.latex.resolve import LOSS
from symgrad.reading.latex.statements import EQUALITIES, Statement
from symgrad.reading.latex.tree import Span
from symgrad.reading.latex.written import UnreadError
from symgrad.tensors.elementwise import ELEMENTWISE
from symgrad.tensors.vocabulary import VOCABULARY

NUMERIC = frozenset(("sqrt", "exp", "log", "abs", *ELEMENTWISE))


@dataclass(frozen=True)
class Relation:
    """That two indices are the same, or different: where a formula holds."""

    one: str
    other: str
    same: bool

    def __str__(self) -> str:
        return f"{self.one} {'=' if self.same else '≠'} {self.other}"


@dataclass(frozen=True)
class Sentence:
    """One statement: its sides as terms, and what it defines or updates; `number` is its place in the document."""

    number: int
    fragment: Fragment
    statement: Statement
    sides: tuple[t.Term, ...] = ()
    relations: tuple[str, ...] = ()
    kind: Kind = "other"
    error: UnreadError | None = None
    choices: tuple[str, ...] = ()
    said: frozenset[Relation] = frozenset()  # where it holds
    names: tuple[t.Term, ...] = ()  # a name that it gives to its last side besides, and that
    declared: tuple[tuple[str, tuple[t.Term, ...]], ...] = ()  # names with the axes that ∈ ℝ^{n×d} gives them

    @property
    def span(self) -> Span:
        """Where it stands in its formula."""
        return self.statement.span

    @property
    def left(self) -> t.Term:
        """Its left-hand side."""
        return self.sides[0]

    @property
    def defines(self) -> str:
        """The name on its left, if a name or a function of names stands there."""
        return named(self.left)[0] if self.sides else ""


def named(term: t.Term) -> tuple[str, tuple[t.At, ...], tuple[str, ...]]:
    """The name, the places and the parameters of a left-hand side such as z_i or f(x); no name for anything else."""
    if isinstance(term, t.Ref):
        return term.name, term.at, ()
    if isinstance(term, t.Apply) and not term.primes and all(isinstance(a, t.Ref) and not a.at for a in term.arguments):
        return term.function, term.at, tuple(a.name for a in term.arguments if isinstance(a, t.Ref))
    if isinstance(term, t.Apply) and not term.primes and all(isinstance(a, t.Ref) for a in term.arguments):
        return term.function, term.at, ()
    return "", (), ()


def is_number(term: t.Term) -> bool:
    """Whether a term is arithmetic of numbers."""
    match term:
        case t.Num():
            return True
        case t.Entries():
            return all(is_number(entry) for row in term.rows for entry in row)
        case t.Ref() | t.Partial() | t.Big() | t.Delta() | t.Substituted():
            return False
        case t.Apply():
            return term.function in NUMERIC and all(map(is_number, term.arguments))
    inside = list(t.parts(term))
    return bool(inside) and all(map(is_number, inside))


def has_derivative(term: t.Term) -> bool:
    """Whether a term has a derivative in it."""
    return any(isinstance(node, t.Partial) or (isinstance(node, t.Apply) and node.primes) for node in t.walk(term))


def has_partial(term: t.Term) -> bool:
    """Whether a term has a derivative of a quantity in it."""
    return any(isinstance(node, t.Partial) for node in t.walk(term))


def classified(sentence: Sentence) -> Sentence:
    """The sentence with its kind; sides that only bound, approximate or declare are left out."""
    sides, relations = list(sentence.sides), list(sentence.relations)
    if relations[:2] == ["→", "="] and len(sides) > 2 and _is_primed(sides[0], sides[1]):
        sides, relations = sides[1:], relations[1:]  # w → w' = w - …
    if relations and relations[0] == "→" and len(sides) > 1 and start_of(sides[0], sides[1]) is not None:
        relations[0] = "←"
    kept = next((place for place, mark in enumerate(relations) if mark not in EQUALITIES), len(relations))
    if kept == 0 and relations and relations[0] != "∈":
        return replace(sentence, kind="other")
    sides, relations = sides[: kept + 1], relations[:kept]
    if len(sides) < 2:
        return replace(sentence, kind="other")
    cut = next((p for p, mark in enumerate(relations) if mark == "≈" and not is_number(sides[p + 1])), len(relations))
    sides, relations = sides[: cut + 1], relations[:cut]
    if len(sides) < 2:
        return replace(sentence, kind="other")
    after = zip(relations, sides[1:], strict=True)
    sides = [sides[0], *(_about(side) if mark == "≈" else side for mark, side in after)]
    found = replace(sentence, sides=tuple(sides), relations=tuple(relations))
    return replace(found, kind=_kind(found))


def _about(side: t.Term) -> t.Term:
    """A whole number behind ≈ as one that is rounded to its last digit that isn't 0: 42., and 4e1."""
    match side:
        case t.Num(text=text) if text.isdigit() and text.strip("0"):
            digits = text.rstrip("0")
            return replace(side, text=f"{digits}." if digits == text else f"{digits}e{len(text) - len(digits)}")
        case t.Add(terms=(t.Num() as number,), signs=("-",)):
            return replace(side, terms=(_about(number),))
    return side


def _is_primed(one: t.Term, other: t.Term) -> bool:
    """Whether the second term is the first one with a prime: w, and w' after a step."""
    return (
        isinstance(one, t.Ref) and isinstance(other, t.Ref) and (other.name, other.at) == (f"{one.name}_prime", one.at)
    )


def _kind(sentence: Sentence) -> Kind:
    left, *rest = sentence.sides
    name, _, _ = named(left)
    if is_update(sentence):
        return "update"
    if name and len(rest) == 1 and _is_symmetry(left, rest[0]):
        return "other"
    if isinstance(left, t.Apply) and any(isinstance(n, t.Apply) and n.function == name for n in _nodes(rest)):
        return "claim"  # an identity of a function: tr(AB) = tr(BA)
    numeric = [is_number(side) for side in rest]
    if isinstance(left, t.Partial) and len(rest) == 1 and numeric[0]:
        return "claim"
    if all(numeric) and (is_number(left) or not name or isinstance(left, t.Apply)):
        if isinstance(left, t.Apply) and name:
            return "definition" if len(rest) == 1 and not is_number(left) and _is_plain(left) else "numbers"
        return "numbers"
    if name and all(numeric):
        return "numbers" if len(rest) > 1 else "definition"
    if name and any(numeric) and (numeric[0] or len(rest) > 2 or numeric[-1]):
        return "numbers"
    if name:
        return "definition"
    if has_derivative(left):
        return "claim"
    if any(has_derivative(side) for side in rest) or any(True for _ in t.refs(left)):
        return "claim"
    return "numbers" if all(map(is_number, sentence.sides)) else "claim"


def _nodes(terms: Iterable[t.Term]) -> Iterator[t.Term]:
    return (node for term in terms for node in t.walk(term))


def _is_symmetry(left: t.Term, right: t.Term) -> bool:
    """Whether an equation asks something of one quantity alone: S = Sᵀ."""
    return isinstance(left, t.Ref) and isinstance(right, t.Transposed | t.Inverse) and used([right]) == {left.name}


@dataclass
class _Context:
    """What the sentences before one have said: names with formulas, with numbers, with derivatives."""

    formulas: dict[str, set[str]] = field(default_factory=dict)  # the names that each is computed from
    computed: dict[str, set[str]] = field(default_factory=dict)  # those with a formula, by their `_family`
    numbers: set[str] = field(default_factory=set)
    differentiated: set[str] = field(default_factory=set)
    adjoints: set[str] = field(default_factory=set)  # δ, for names such as δ_L

    def see(self, sentence: Sentence) -> None:
        """One more sentence."""
        self.differentiated |= {
            ref.name for n in _nodes(sentence.sides) if isinstance(n, t.Partial) for by in n.by for ref in t.refs(by)
        }
        name = sentence.defines
        if not name or sentence.kind in ("other", "unread"):
            return
        if any(map(is_number, sentence.sides[1:])):
            self.numbers.add(name)
        if len(sentence.sides) > 2 or not is_number(sentence.sides[-1]):
            self.computed.setdefault(_family(name), set()).add(name)
            if sentence.kind == "update":
                return
            self.formulas.setdefault(name, set()).update(used(sentence.sides[1:]) - {name})
        if sentence.kind == "definition" and any(map(has_partial, sentence.sides[1:])):
            self.adjoints.add(name.split("_")[0])

    def kind(self, sentence: Sentence) -> Kind:
        """A sentence's kind, after what has been said."""
        left, *rest = sentence.sides
        name = sentence.defines
        if sentence.kind == "definition" and all(map(is_number, rest)):
            arguments = {ref.name for ref in t.refs(left)} - {name}
            known = self.numbers | arguments
            again = name in self.formulas and (name in known or bool(self.formulas[name] & known))
            written_out = name in self.formulas and not isinstance(rest[0], t.Entries | t.Num)
            sibling = bool(self.computed.get(_family(name), set()) - {name})
            return "numbers" if again or written_out or sibling else "definition"
        if sentence.kind == "definition":
            stem = name.split("_")[0]
            solved = any(isinstance(node, t.Inverse) and not is_number(node.body) for node in _nodes(rest))
            if solved and name not in self.formulas and name.split("_")[0] in self.differentiated:
                return "claim"  # the solution for what was differentiated by
            itself = any(ref.name == name and not ref.at for ref in t.refs(rest[0]))  # L = Σ L_i is another L
            if isinstance(left, t.Ref) and itself and not left.at and len(rest) == 1:
                return "claim"
            onwards = stem in {other.split("_")[0] for other in used(rest)}
            if stem in self.adjoints and name not in self.formulas and (onwards or any(map(has_derivative, rest))):
                return "definition" if len(rest) == 1 and isinstance(rest[0], t.Partial) else "claim"
        if sentence.kind in ("numbers", "claim") and not name and not any(map(has_derivative, sentence.sides)):
            open_ = {ref.name for ref in t.refs(left)} - self.numbers
            if open_ and isinstance(rest[-1], t.Num) and (len(rest) == 1 or not is_number(rest[0])):
                return "other"  # a constraint: p₁ + p₂ = 1
        return sentence.kind


def in_context(sentences: Sequence[Sentence]) -> list[Sentence]:
    """Sentences with the kinds that those before them suggest: out₂ = 0.59 is computed where out₁ was."""
    context = _Context()
    found: list[Sentence] = []
    for sentence in sentences:
        if len(sentence.sides) > 1 and sentence.kind not in ("other", "unread"):
            claims = (one for one in found[-3:] if one.kind == "claim")
            goes_on = any(sentence.left is claim.left for claim in claims)
            sentence = replace(sentence, kind="claim" if goes_on else context.kind(sentence))
        context.see(sentence)
        found.append(sentence)
    return found


def _family(name: str) -> str:
    """A name without its numbers: out_h_1 and out_h_2 are of one family."""
    return re.sub(r"\d+", "#", name)


def step_kind(sentence: Sentence) -> Kind:
    """What an update says: with numbers it is a line of them; a chain of equalities claims its gradient."""
    if sentence.relations[0] != "=" or len(sentence.sides) < 3:
        return "update"
    if any(map(is_number, sentence.sides)):
        return "numbers"
    return "claim" if has_partial(sentence.sides[1]) and not has_partial(sentence.sides[2]) else "update"


def unproved_kind(sentence: Sentence) -> Kind:
    """What an equation says that the document doesn't imply: P(y | x) = … defines, Xᵀy = XᵀXw asks."""
    if sentence.defines and isinstance(sentence.left, t.Ref):
        return "claim"
    free = [node for node in t.walk(sentence.left) if isinstance(node, t.Apply) and node.function not in VOCABULARY]
    change = isinstance(sentence.left, t.Mul) and [n.name for n in t.refs(sentence.left)][:1] == ["Delta"]
    if change or any(node.function not in ELEMENTWISE for node in free):
        return "definition"
    product = isinstance(sentence.left, t.Mul) and not any(isinstance(n, t.Add | t.Num) for n in t.walk(sentence.left))
    return "other" if product else "claim"


def _is_plain(left: t.Apply) -> bool:
    return all(isinstance(argument, t.Ref) for argument in left.arguments)


def is_update(sentence: Sentence) -> bool:
    """Whether a sentence takes a step: w ← w - α g, w' = w - α g, θ_{t+1} = θ_t - α g."""
    left, first = sentence.sides[0], sentence.sides[1]
    name, _, params = named(left)
    if not name or params:
        return False
    if sentence.relations[0] == "←":
        return True
    base = start_of(left, first)
    return base is not None


def start_of(left: t.Term, right: t.Term) -> t.Ref | None:
    """The quantity that an update's right-hand side starts from: the w of w' = w - α ∂L/∂w."""
    if not isinstance(left, t.Ref) or not isinstance(right, t.Add):
        return None
    for sign, term in zip(right.signs, right.terms, strict=True):
        if sign != "+" or not isinstance(term, t.Ref):
            continue
        same = term.name == left.name and term.at == left.at
        primed = left.name == f"{term.name}_prime" or left.name.startswith(f"{term.name}_new")
        stepped = term.name != left.name and _stem(term.name) == _stem(left.name)
        others = [other for other in right.terms if other is not term]
        if same or (primed and others) or (stepped and any(has_partial(other) for other in others)):
            return term
    return None


def _stem(name: str) -> str:
    return name.split("_")[0].removesuffix("new")


def adjoints(term: t.Term) -> Iterator[t.Partial]:
    """The derivatives of the loss that no name is given: dW."""
    for node in t.walk(term):
        if isinstance(node, t.Partial) and isinstance(node.of, t.Ref) and node.of.name == LOSS:
            yield node


def is_spelled_out(term: t.Term) -> bool:
    """Whether a derivative in a term says what it is of: ∂C/∂z, and not dz."""
    names = {id(node) for node in adjoints(term)}
    return any(isinstance(node, t.Partial) and id(node) not in names for node in t.walk(term))


def used(sides: Sequence[t.Term]) -> set[str]:
    """The names of quantities and functions in terms."""
    found: set[str] = set()
    for side in sides:
        for node in t.walk(side):
            if isinstance(node, t.Ref) and node.name != LOSS:
                found.add(node.name)
            elif isinstance(node, t.Apply):
                found.add(node.function)
    return found
