"""A document from its text to the verdict on each of its equations."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from sympy import Expr

from symgrad.checking.activations import with_layered
from symgrad.checking.anew import declared_anew, with_new_names
from symgrad.checking.applied import with_applied
from symgrad.checking.arguments import ARGUMENT, spelled_argument, with_arguments, with_parameters, without_strange
from symgrad.checking.arithmetic import check_value, given_anew
from symgrad.checking.batches import divided
from symgrad.checking.changes import with_changes
from symgrad.checking.declarations import Declarations, declarations
from symgrad.checking.entrywise import arrays_anew, check_line
from symgrad.checking.evaluate import Shape
from symgrad.checking.fonts import in_one_font
from symgrad.checking.infer import Inference, Shapes
from symgrad.checking.inputs import with_inputs
from symgrad.checking.judge import Judge, Judged
from symgrad.checking.layers import declared, instances
from symgrad.checking.layout import in_one_layout
from symgrad.checking.ledger import Ledger
from symgrad.checking.means import counted
from symgrad.checking.misprints import said_twice, unsummed
from symgrad.checking.places import last_name, starts, strides
from symgrad.checking.printed import array_of, assigned, key_of
from symgrad.checking.report import Finding, Kind, Report
from symgrad.checking.rows import with_rows
from symgrad.checking.samples import with_samples
from symgrad.checking.scopes import scoped
from symgrad.checking.sentences import (
    Relation,
    Sentence,
    classified,
    has_derivative,
    has_partial,
    in_context,
    is_number,
    is_spelled_out,
    named,
    step_kind,
    unproved_kind,
    used,
)
from symgrad.checking.solutions import Gradient, gradient, vanishing
from symgrad.checking.turned import turned
from symgrad.checking.unknown import spelled
from symgrad.checking.updates import check_update, gradient_meant, whole_gradient, written_gradient
from symgrad.checking.worked import check_worked
from symgrad.checking.world import CycleError, World, defined_by, names_error
from symgrad.equations import Size, axis, names_in
from symgrad.errors import SymgradError
from symgrad.notation.numbers import decimal
from symgrad.reading.documents.read import read_document, read_stream
from symgrad.reading.documents.text import Document, Fragment, Place, Problem, Text
from symgrad.reading.latex import terms as t
from symgrad.reading.latex.macros import MOST_CHARACTERS, Defined, definitions
from symgrad.reading.latex.resolve import AS_PRODUCT, Resolver
from symgrad.reading.latex.statements import (
    Statement,
    listed_letters,
    plain_words,
    spaced_words,
    statements,
    subscripted_words,
)
from symgrad.reading.latex.symbols import analysed, pointer, scripts
from symgrad.reading.latex.tree import Chain, Empty, Group, Name, Span, Tree, only, walk
from symgrad.reading.latex.written import MalformedError, UnreadError
from symgrad.verification.verdict import Verdict

DEEPEST = 120  # levels of a formula's terms: a row of sums has one for each
VANISHES = "= 0 was read as the condition that it vanishes"
NO_VALUES = "its numbers are of an example whose values the document does not give"
Progress = Callable[[Place, int, int], None]  # where it is, how many equations are done, and of how many


def check_document(path: str | Path, seconds: float = 5.0, decimal_comma: bool = False) -> Report:
    """The verdict on every equation of a document: Markdown, LaTeX, reStructuredText, a notebook or HTML.

    No claim takes longer than `seconds`.  Raises OSError where there is no such file.
    """
    return checked(read_document(Path(path)), seconds, decimal_comma)


def check_documents(
    paths: Sequence[str | Path],
    seconds: float = 5.0,
    decimal_comma: bool = False,
    stdin_name: str = "",
    progress: Progress | None = None,
) -> Report:
    """The findings in several documents, in their order; "-" is standard input.

    The suffix of `stdin_name` says the format of standard input; without one, how it begins does.
    """
    reports = []
    for path in paths:
        is_stdin = str(path) == "-"
        document = read_stream(sys.stdin.buffer, stdin_name) if is_stdin else read_document(Path(path))
        reports.append(checked(document, seconds, decimal_comma, progress))
    return Report(
        tuple(finding for report in reports for finding in report.findings),
        tuple(problem for report in reports for problem in report.problems),
        tuple(file for report in reports for file in report.files),
    )


def checked(
    document: Document, seconds: float = 5.0, decimal_comma: bool = False, progress: Progress | None = None
) -> Report:
    """The findings in a document that has been read; `progress` hears of each equation before it is looked at."""
    found = _Checker(document, seconds, decimal_comma, progress)
    return Report(tuple(found.findings()), document.problems + tuple(found.problems), (document.file,))


@dataclass
class _Checker:
    """One document being checked."""

    document: Document
    seconds: float
    decimal_comma: bool
    progress: Progress | None = None
    gradients: list[Gradient] = field(default_factory=list)  # those that are right
    problems: list[Problem] = field(default_factory=list)
    declared: Declarations = field(default_factory=Declarations)
    silenced: dict[int, str] = field(default_factory=dict)  # by fragment
    declared_at: list[tuple[int, Declarations]] = field(default_factory=list)  # before which sentence

    def findings(self) -> list[Finding]:
        """One finding an equation, in the document's order."""
        placed = list(self._statements())
        trees = [statement.tree for _, statement in placed if statement.tree is not None]
        pointers = {pointer(tree) for tree in map(self._tree, self.declared.pointers) if tree is not None} - {""}
        self.symbols = analysed(trees, self.declared.labels, pointers)
        self.resolver = Resolver(self.symbols, self._functions())
        sentences: list[Sentence] = []
        before: Sentence | None = None
        for number, (fragment, statement) in enumerate(placed):
            found = self._sentence(number, fragment, statement, before)
            leads = number > 0 and _leads(placed[number - 1][0], fragment)
            where = self._relation(placed[number - 1][1].tree) if leads else None
            found = dataclasses.replace(found, said=found.said | {where}) if where is not None else found
            sentences.append(found)
            if before is None or fragment.kind == "display" or before.fragment.kind != "display":
                before = found  # a display that begins with = goes on from a display
        for at, declared_there in self.declared_at:
            apart = frozenset(filter(None, (self._relation(self._tree(text)) for text in declared_there.apart)))
            sentences = [dataclasses.replace(s, said=s.said | apart) if s.number >= at else s for s in sentences]
        named = [
            (
                at,
                {name: axes for text, axes in found.shapes.items() for name, n in [self._declared_name(text)] if not n},
            )
            for at, found in self.declared_at
        ]
        self.anew = declared_anew(named, sentences)
        sentences = in_one_font(without_strange(with_new_names(with_changes(sentences), self.anew)), self.symbols)
        given = set(map(self._name, (*self.declared.shapes, *self.declared.sums)))
        sentences = with_applied(with_rows(self._with_entries(sentences)))
        sentences = turned(in_context(with_inputs(with_layered(sentences))), given)
        sections = self._sections([fragment for fragment, _ in placed])
        has_layers = bool(self.symbols.families | self.symbols.ends)
        self.world = World(depth=self.symbols.depth, has_layers=has_layers, sections=sections)
        restated: set[int] = set()
        taken = {s.defines for s in sentences if s.kind in ("definition", "numbers")}
        by = (
            by for s in sentences for side in s.sides for n in t.walk(side) if isinstance(n, t.Partial) for by in n.by
        )
        sentences = counted(sentences, taken | {ref.name for term in by for ref in t.refs(term)})
        differentiated: dict[str, int] = {}  # where each name is first differentiated by
        for sentence in sentences:
            partials = (node for side in sentence.sides for node in t.walk(side) if isinstance(node, t.Partial))
            for name in (ref.name for partial in partials for by in partial.by for ref in t.refs(by)):
                differentiated.setdefault(name, sentence.number)
            for definition in defined_by(sentence, self.world.depth):
                if self.world.solved(definition, differentiated):
                    continue
                if definition.name in self.world.definitions:
                    restated.add(sentence.number)
                if definition.name not in self.world.aliases:
                    self.world.add(definition)
        self.world.leave_out_solutions(differentiated)
        for meant in filter(None, map(names_error, sentences)):
            for definition in defined_by(meant, self.world.depth):
                if definition.name not in self.world.definitions:
                    self.world.add(definition)
        declared = {self._name(name): tuple(map(self._name, of)) for name, of in self.declared.unknown.items()}
        self.world = self.world.with_unknown(sentences, declared)
        places = {self._name(name): number for number, found in self.declared_at for name in found.unknown}
        self.world.unknown_from = {name: places[name] for name in self.world.unknown if name in places}
        self.world, sentences = scoped(with_samples(self.world, self.resolver.samples), sentences)
        sentences, self.world = with_arguments(sentences, self.world), with_parameters(self.world)
        self.world.given = _given(sentences)
        self.world.said = {sentence.number: sentence.said for sentence in sentences if sentence.said}
        self.world.starts = starts(side for sentence in sentences for side in sentence.sides)
        self.world.named()
        self.names = set(self.world.definitions) | {name for s in sentences for name in used(s.sides)}
        self.lengths = self._lengths(sentences)
        shapes = self._shapes(sentences)
        facts = {self._name(name): size for name, size in self.declared.sums.items()}
        symmetric = frozenset({*map(self._name, self.declared.symmetric), *_symmetric(sentences)})
        batch = divided(sentences, self.world, shapes[0], self.lengths)
        self.judge = Judge.of(self.world, shapes, self.lengths, facts, symmetric, self.seconds, self.shaped, batch)

        @functools.cache
        def written() -> frozenset[t.Term]:
            nodes = (node for s in sentences for side in s.sides for node in t.walk(side))
            return frozenset(t.placeless(node) for node in nodes if isinstance(node, t.Mul))

        self.ledger = Ledger(written=written)
        pairs: list[tuple[Sentence, Finding]] = []
        for sentence in sentences:
            if self.progress is not None:
                self.progress(sentence.fragment.text.place(max(sentence.span.start, 0)), len(pairs), len(sentences))
            finding = self._finding(sentence, sentence.number in restated)
            if sentence.fragment.kind != "given":
                pairs.append((sentence, finding))
        return in_one_layout(pairs, self.judge)

    # --- reading

    def _statements(self) -> Iterable[tuple[Fragment, Statement]]:
        macros = Defined()
        formulas: list[tuple[Fragment, str, Defined]] = []
        directives: list[Declarations] = []
        declared_at: list[tuple[int, Declarations]] = []  # before which formula each was declared
        pending: str | None = None
        last: int | None = None
        for fragment in self.document.fragments:
            if fragment.kind == "macro":
                macros = macros.defining((name, macro) for name, macro, *_ in definitions(fragment.text.text))
                continue
            if fragment.kind == "directive":
                found = declarations(fragment.text.text)
                if found.silenced is not None:
                    if last is None or self._is_before(fragment):
                        pending = found.silenced
                    else:
                        self.silenced[last] = found.silenced
                directives.append(found)
                declared_at.append((len(formulas), found))
                for equation in found.equations:
                    given = Fragment("given", Text.of(equation, self.document.file))
                    formulas.append((given, equation, macros))
                for part in found.unread:
                    examples = "X: n d; S: n n, symmetric; f: elementwise; sum(y)=1"
                    message = f"can't read {part!r} in a symgrad comment; write {examples}"
                    self.problems.append(Problem(fragment.text.place(0), message))
                continue
            if fragment.kind not in ("display", "inline", "claim"):
                continue
            text = fragment.text.text
            own = list(definitions(text)) if len(text) <= MOST_CHARACTERS else []
            for *_, start, end in own:
                text = text[:start] + " " * (end - start) + text[end:]
            macros = macros.defining((name, macro) for name, macro, *_ in own)
            if not text.strip():
                continue
            if pending is not None:
                self.silenced[id(fragment)] = pending
                pending = None
            last = id(fragment)
            formulas.append((fragment, text, macros))
        self.declared = Declarations.joined(directives)
        words: set[str] = set()
        below: set[str] = set()
        listed: set[str] = set()
        spaced: tuple[set[str], set[str]] = (set(), set())  # L L(D) = …, and LL(D) elsewhere
        for _, text, known in formulas:
            words |= plain_words(text, known, self.decimal_comma)
            below |= subscripted_words(text, known, self.decimal_comma)
            listed |= listed_letters(text)
            for found_words, more in zip(spaced, spaced_words(text, known, self.decimal_comma), strict=True):
                found_words |= more
        said = (each for name, shape in self.declared.shapes.items() for each in (name, *shape))
        words |= {word for word in said if len(word) > 1 and word.isalpha()}
        words -= {word for word in words if len(word) == len(set(word)) <= 4 and listed.issuperset(word)}  # y_{nckl}
        names = frozenset(words), frozenset(below), frozenset(spaced[0] & spaced[1])
        number, first = 0, []
        for fragment, text, known in formulas:
            first.append(number)
            for statement in statements(text, known, self.decimal_comma, *names):
                yield fragment, statement
                number += 1
        self.declared_at = [(first[place], found) for place, found in declared_at if place < len(first)]

    def _sections(self, fragments: Sequence[Fragment]) -> list[int]:
        """The numbers of the statements that sections begin with, each statement's fragment being given."""
        first = {id(fragment): number for number, fragment in reversed(list(enumerate(fragments)))}
        found: list[int] = []
        pending = False
        for fragment in self.document.fragments:
            pending |= fragment.kind == "heading"
            if pending and id(fragment) in first:
                found.append(first[id(fragment)])
                pending = False
        return found

    def _is_before(self, directive: Fragment) -> bool:
        """Whether a comment stands by itself in front of an equation, not behind one."""
        place = directive.text.place(0)
        return not any((place.file, place.cell, place.line - back) in self._ends for back in (0, 1))

    @cached_property
    def _ends(self) -> set[tuple[str, int, int]]:
        """The lines on which formulas end: file, cell, line."""
        formulas = (f.text for f in self.document.fragments if f.kind in ("display", "inline"))
        last = (text.place(max(len(text.text) - 1, 0)) for text in formulas)
        return {(place.file, place.cell, place.line) for place in last}

    def _functions(self) -> frozenset[tuple[str, str, tuple[str, ...]]]:
        """The names that are functions: applied where they stand, defined with arguments, or written with primes."""
        symbols = self.symbols
        declared = {self._key(name) for name in self.declared.elementwise}
        return frozenset((symbols.functions | declared) - {("", "", ())})

    def _key(self, name: str) -> tuple[str, str, tuple[str, ...]]:
        tree = self._tree(name)
        base = tree
        while base is not None and hasattr(base, "base"):
            base = only(base.base)
        return (base.text, base.font, base.accents) if isinstance(base, Name) else (name, "", ())

    def _tree(self, text: str) -> Tree | None:
        found = statements(text, {}, self.decimal_comma)
        return only(found[0].tree) if found and found[0].tree is not None else None

    def _name(self, text: str) -> str:
        """The name that a declaration is about, as formulas have it."""
        return self._declared_name(text)[0]

    def _declared_name(self, text: str) -> tuple[str, int]:
        """The name that a declaration is about, as formulas have it, and how many indices it is written with."""
        tree = self._tree(text)
        try:
            term = self.resolver.term(tree) if tree is not None else None
        except UnreadError:
            term = None
        if isinstance(term, t.Power) and isinstance(term.base, t.Ref):
            term = term.base
        return (term.name, len(term.at)) if isinstance(term, t.Ref) else (text, 0)

    def _with_entries(self, sentences: Sequence[Sentence]) -> list[Sentence]:
        """The sentences with A_{12} as an entry of A, where A is declared as a matrix."""
        declared = [self._declared_name(name)[0] for name, sizes in self.declared.shapes.items() if len(sizes) == 2]
        declared += [name for sentence in sentences for name, axes in sentence.declared if len(axes) == 2]
        matrices = set(declared) - {sentence.defines for sentence in sentences}

        def entry(term: t.Term) -> t.Term:
            if not isinstance(term, t.Ref):
                return term
            name, _, digits = term.name.rpartition("_")
            if len(term.at) == 1 and not term.at[0].letter:  # beside A_{ij}, A_{12} has a place 12
                name, digits = term.name, str(term.at[0].shift)
            elif term.at:
                return term
            if name not in matrices or not re.fullmatch("[1-9]{2}", digits):
                return term
            return dataclasses.replace(term, name=name, at=tuple(t.At("", int(digit)) for digit in digits))

        if not matrices:
            return list(sentences)
        return [dataclasses.replace(s, sides=tuple(t.rewritten(side, entry) for side in s.sides)) for s in sentences]

    def _sentence(self, number: int, fragment: Fragment, statement: Statement, before: Sentence | None) -> Sentence:
        empty = Sentence(number, fragment, statement)
        if statement.tree is None:
            if not statement.matters:
                return empty
            return dataclasses.replace(empty, kind="unread", error=statement.error)
        tree = statement.tree
        self.resolver.choices = []
        if not isinstance(tree, Chain):
            return empty
        sides: list[t.Term] = []
        declared: list[tuple[str, tuple[t.Term, ...]]] = []
        relations = list(tree.relations)
        for place, side in enumerate(tree.sides):
            if place and relations[place - 1] in ("∈", "⊂"):
                declared += self._declaration(sides, side)
                relations = relations[: place - 1]
                break
            if place and relations[place - 1] not in _READ and (place, relations[0]) != (1, "→"):
                relations = relations[:place]
                break
            if (
                place == 0
                and isinstance(side, Empty)
                and before is not None
                and before.sides
                and before.kind != "other"
            ):
                sides.append(before.sides[0])  # a display that goes on with = …
                continue
            try:
                sides.append(self._term(side))
            except UnreadError as error:
                if relations[0] == "→" or (place == 0 and relations[0] in ("∈", "⊂", "∼", "∀")):
                    return empty
                if not _matters(tree) or _is_scheme(tree):
                    return empty
                return dataclasses.replace(empty, kind="unread", error=error)
        choices = tuple(self.resolver.choices)
        found = dataclasses.replace(
            empty, sides=tuple(sides), relations=tuple(relations), choices=choices, declared=tuple(declared)
        )
        said = frozenset(filter(None, map(self._relation, statement.conditions)))
        found = dataclasses.replace(found, said=said)
        return classified(found) if len(sides) > 1 and len(relations) >= len(sides) - 1 else found

    def _relation(self, tree: Tree | None) -> Relation | None:
        """What a condition says of two indices: i = j, j ≠ y_i."""
        if not isinstance(tree, Chain) or tree.relations not in (("=",), ("≠",)):
            return None
        one, other = ("".join(place.pointer for place in scripts((side,))) for side in tree.sides)
        return Relation(one, other, tree.relations == ("=",)) if one and other else None

    def _term(self, tree: Tree) -> t.Term:
        """A tree as a term that isn't too deep for what works on it recursively; raises UnreadError."""
        try:
            found = self.resolver.term(tree)
        except RecursionError:
            found = None
        if found is None or t.depth(found) > DEEPEST:
            raise UnreadError("the formula is nested too deeply to be read", tree.span.start, tree.span.end)
        return found

    def _declaration(self, sides: list[t.Term], side: Tree) -> list[tuple[str, tuple[t.Term, ...]]]:
        """The axes that W ∈ ℝ^{n×d} declares."""
        target = sides[-1] if len(sides) == 1 else sides[0] if sides else None
        name = target.name if isinstance(target, t.Ref) and not target.at else ""
        axes = _axes(side)
        if not name or axes is None:
            return []
        try:
            return [(name, tuple(self.resolver.term(axis) for axis in axes))]
        except UnreadError:
            return []

    # --- shapes

    def _lengths(self, sentences: Sequence[Sentence]) -> Mapping[str, Expr]:
        """The names that are lengths of axes: those that shapes are declared with, or sums run up to."""
        names: dict[str, None] = {}
        for shape in (*self.declared.shapes.values(), *(change.before or () for change in self.anew)):
            for each in declared(shape, self.world.depth):
                names |= dict.fromkeys(name for name in each if not name.isdigit())
        for sentence in sentences:
            for _, axes in sentence.declared:
                names |= dict.fromkeys(a.name for a in axes if isinstance(a, t.Ref) and not a.at)
            written = [sentence.sides, *(sides for sides, _ in instances(sentence.sides, self.world.depth))]
            names |= dict.fromkeys(sorted(name for side in sentence.sides for name in strides(side)))
            for node in (node for sides in written for side in sides for node in t.walk(side)):
                if isinstance(node, t.Big):
                    names |= dict.fromkeys(filter(None, map(last_name, node.over)))
        same: dict[str, str] = {}  # Δp = HH
        for name in names:
            body = self.world.definitions[name][0].body if name in self.world.definitions else None
            if isinstance(body, t.Ref) and not body.at and body.name not in self.world.definitions:
                same[name] = body.name
        names |= dict.fromkeys(same.values())
        fixed: dict[str, Expr] = {}
        for sentence in sentences:  # m = 3
            given = assigned(sentence) if sentence.kind == "definition" else None
            if given is not None and given[0] in names and given[1].isdigit():
                fixed[given[0]] = axis(given[1])
        found = {name: fixed.get(name, Size(name)) for name in names if name not in self.world.definitions}
        return found | {name: found[length] for name, length in same.items()}

    def _shapes(self, sentences: Sequence[Sentence]) -> list[Shapes]:
        known: dict[str, Shape] = {}
        changed: set[str] = set()
        both = {change.name: change for change in self.anew}
        layered = sorted(self.declared.shapes.items(), key=lambda item: "{" not in self._name(item[0]))
        for name, sizes in layered:  # W_1 after W_l of any layer, which it is an exception of
            found, entries = self._declared_name(name)
            if found in both:
                for own, said in ((found, both[found].before), (both[found].own, both[found].after)):
                    if said is not None:
                        known[own] = tuple(self.lengths.get(size, axis(size)) for size in said)
                continue
            places = tuple(Size(f"{found}_length{place}") for place in range(entries))  # x_i: d, a vector for each i
            for each, *lengths in declared((found, *sizes), self.world.depth):  # W_l, of any layer l
                known[each] = (*places, *(self.lengths.get(size, axis(size)) for size in lengths))
                changed |= {each} if name in self.declared.changed else set()
        for sentence in sentences:
            for name, axes in sentence.declared:
                shape = [self._length(part) for part in axes]
                if all(size is not None for size in shape) and name not in known:
                    sizes_found = tuple(size for size in shape if size is not None)
                    known[name] = sizes_found if sizes_found[1:] != (axis("1"),) else sizes_found[:1]
        for name, rank in _written_out(sentences).items():
            known.setdefault(name, tuple(Size(f"{name}_length{place}") for place in range(rank)))
        for array, one in self.resolver.samples.items():  # x^{(i)} has the axes of x
            if one in known and array not in known:
                known[array] = (Size(f"{array}_length"), *known[one])
        names = {name for sentence in sentences for name in used(sentence.sides)}
        names |= {name for found in self.world.definitions.values() for d in found for name in d.parameters}
        known |= {name: () for name in names if name.endswith(ARGUMENT)}
        inference = Inference(self.world, sentences, known, self.lengths)
        self.shaped = frozenset(known) - changed
        return inference.shapes()

    def _length(self, term: t.Term) -> Expr | None:
        if isinstance(term, t.Num) and term.text.isdigit():
            return axis(term.text)
        return self.lengths.get(term.name) if isinstance(term, t.Ref) else None

    # --- verdicts

    def _finding(self, sentence: Sentence, restated: bool) -> Finding:
        text = sentence.fragment.text
        start, end = max(sentence.span.start, 0), max(sentence.span.end, sentence.span.start + 1)
        end = min(end, len(text.text))
        base = Finding(
            text.place(start),
            text.place(end),
            text.text[start:end],
            sentence.kind,
            choices=sentence.choices,
            silenced=self.silenced.get(id(sentence.fragment)),
            display=sentence.fragment.kind == "display",
        )
        if sentence.kind == "unread":
            assert sentence.error is not None
            wrong = (max(sentence.error.start - start, 0), max(min(sentence.error.end, end) - start, 1))
            if isinstance(sentence.error, MalformedError):
                verdict = Verdict("malformed", base.tex, str(sentence.error))
                return dataclasses.replace(
                    base, kind="claim", rule="malformed", verdict=verdict, message=str(sentence.error), wrong=wrong
                )
            return dataclasses.replace(base, rule="unread", message=str(sentence.error), wrong=wrong)
        try:
            found = self._judged(base, sentence, restated, start)
            self.ledger.passed(sentence)
            return found
        except RecursionError:
            message = "the formula is nested too deeply to be checked"
        except Exception as error:  # the rest of the document must not suffer from an error of ours in this formula
            message = f"symgrad failed on it: {type(error).__name__}: {error}"
        verdict = Verdict("undecided", base.tex, message)
        return dataclasses.replace(base, rule="undecided", verdict=verdict, message=message)

    def _judged(self, base: Finding, sentence: Sentence, restated: bool, start: int) -> Finding:
        twice = said_twice(sentence.sides, self.names) if sentence.kind in ("claim", "definition") else ""
        if twice:
            claim = dataclasses.replace(base, kind="claim")
            return self._with(claim, sentence, Verdict("malformed", "", twice), "formula", 1, None, start)
        match sentence.kind:
            case "numbers":
                return self._numbers(base, sentence, start)
            case "update":
                return self._update(base, sentence, start)
            case "claim":
                return self._claim(base, sentence, start)
            case "definition":
                return self._definition(base, sentence, restated, start)
        return base

    def _numbers(self, base: Finding, sentence: Sentence, start: int) -> Finding:
        functions = self.world.functions(sentence.number)
        verdict = check_line(sentence.sides, functions, self.ledger, self.seconds)
        if verdict is None:
            verdict = check_value(sentence, self.world, self.ledger, self.seconds)
        worked = check_worked(sentence, self.judge, self.ledger, self.seconds)
        if worked is not None and (verdict is None or (verdict and worked.verdict.status == "refuted")):
            verdict = worked.verdict
            base = dataclasses.replace(base, choices=(*base.choices, *worked.readings))
        if verdict:
            anew = (*given_anew(sentence.sides, self.ledger), *arrays_anew(sentence.sides, self.ledger))
            base = dataclasses.replace(base, choices=(*base.choices, *anew))
        given = verdict is None and self._is_given(sentence)
        self.ledger.learn(sentence, verdict)
        base = dataclasses.replace(base, kind="definition" if given else "numbers")
        if verdict is None:
            return base
        if verdict.status == "refuted" and not self.decimal_comma and _COMMA.search(sentence.fragment.text.text):
            hint = f"{verdict.diagnosis}; if 2,5 is one number here, give --decimal-comma"
            verdict = dataclasses.replace(verdict, diagnosis=hint)
        return self._with(base, sentence, verdict, "numbers", 0, None, start)

    def _is_given(self, sentence: Sentence) -> bool:
        """Whether ∂L/∂y = [0.3, -0.2] says for the first time what the gradient of a loss is that nothing defines."""
        left = sentence.left
        if array_of(sentence.sides[-1]) is None or not isinstance(left, t.Partial) or not isinstance(left.of, t.Ref):
            return False
        return self.world.visible(left.of.name, sentence.number) is None and key_of(left) not in self.ledger.arrays

    def _in_numbers(self, base: Finding, sentence: Sentence, start: int) -> Finding:
        """A chain that ends in numbers: its formulas are a claim, its numbers a line of numbers."""
        numbers = self._numbers(base, sentence, start)
        if isinstance(sentence.left, t.Partial) and len(sentence.sides) == 2 and not _is_at_a_point(sentence.left):
            found = self._verdict(sentence)
            asked = sentence.fragment.kind == "claim" and numbers.verdict is None
            if found.verdict or asked or _is_constant(found.verdict):  # it has, or hasn't, the number everywhere
                return self._with_judged(dataclasses.replace(base, kind="claim"), sentence, found, "gradient", start)
        formulas = tuple(itertools.takewhile(lambda side: not is_number(side), sentence.sides))
        if numbers.status == "refuted" or len(formulas) < 2 or _is_at_a_point(sentence.left):
            claimed = len(formulas) > 1 and isinstance(sentence.left, t.Partial) and not _is_at_a_point(sentence.left)
            return dataclasses.replace(numbers, kind="claim") if claimed else numbers
        base = dataclasses.replace(base, choices=numbers.choices)
        claim = self._claim(base, dataclasses.replace(sentence, sides=formulas), start)
        if not claim.verdict or numbers.verdict is not None:
            return claim
        end = sentence.sides[len(formulas)]
        ends = self._verdict(dataclasses.replace(sentence, sides=(sentence.left, end)))
        if ends.verdict.status == "refuted" and _is_constant(ends.verdict):  # it is another number everywhere
            ends = dataclasses.replace(ends, side=len(formulas))
            return self._with_judged(base, sentence, ends, "gradient", start)
        if ends.verdict:
            return claim
        words = VANISHES if isinstance(end, t.Num) and end.text == "0" else NO_VALUES
        return dataclasses.replace(claim, choices=(*claim.choices, words), rule="choice")

    def _update(self, base: Finding, sentence: Sentence, start: int) -> Finding:
        base = dataclasses.replace(base, kind=step_kind(sentence))
        verdict, wrong = check_update(sentence)
        numbers = check_line(sentence.sides, self.world.functions(sentence.number), self.ledger, self.seconds)
        self.ledger.learn(sentence, numbers)
        if verdict is not None and verdict.status == "refuted":
            if numbers is not None and numbers.status == "refuted":
                both = dataclasses.replace(verdict, diagnosis=f"{verdict.diagnosis}; and {numbers.diagnosis}")
                return self._with(base, sentence, both, "update", 1, wrong, start)
            return self._with(base, sentence, verdict, "update", 1, wrong, start)
        if numbers is not None and numbers.status == "refuted":
            return self._with(base, sentence, numbers, "numbers", 0, None, start)
        if len(sentence.sides) > 2 and not any(map(is_number, sentence.sides)):
            steps = dataclasses.replace(sentence, sides=sentence.sides[1:])
            return self._with_judged(base, steps, self._verdict(steps), "update", start)
        meant = gradient_meant(sentence, self.world) if verdict is None and numbers is None else ()
        if meant:
            claim = dataclasses.replace(sentence, sides=meant)
            found = self._verdict(claim)
            if not found.verdict:
                found = self._swapped(claim, meant, found)
            if found.verdict.status in ("proved", "agrees", "refuted"):
                return self._with_judged(base, claim, found, "update", start)
        if verdict is None and numbers is None:
            samples = self.resolver.samples
            for sides in (whole_gradient(sentence, self.world), written_gradient(sentence, self.world, samples)):
                claim = dataclasses.replace(sentence, sides=sides)
                found = self._verdict(claim) if sides else Judged(Verdict("undecided", "", ""))
                if found.verdict:  # a step needn't be along the gradient
                    return self._with_judged(base, claim, found, "update", start)
        held = numbers if numbers is not None else verdict
        return base if held is None else self._with(base, sentence, held, "update", 0, None, start)

    def _swapped(self, claim: Sentence, meant: tuple[t.Term, ...], found: Judged) -> Judged:
        """A refutation where a step's gradient is right with its matrix's indices swapped; it may leave out factors."""
        partial = meant[0]
        if not isinstance(partial, t.Partial):
            return Judged(Verdict("undecided", "", ""))
        by = partial.by[0]
        if not isinstance(by, t.Ref) or len(by.at) != 2 or by.at[0] == by.at[1]:
            return Judged(Verdict("undecided", "", ""))
        turned = dataclasses.replace(partial, by=(dataclasses.replace(by, at=by.at[::-1]),))
        if not self._verdict(dataclasses.replace(claim, sides=(turned, *meant[1:]))).verdict:
            return Judged(Verdict("undecided", "", ""))
        name = by.name.split("_")[0]
        words = f"the step is the gradient by {name} with its indices swapped"
        return dataclasses.replace(found, verdict=Verdict("refuted", "", words, diagnosis=words))

    def _claim(self, base: Finding, sentence: Sentence, start: int) -> Finding:
        if any(is_number(side) for side in sentence.sides[1:]) and not _is_constant_claim(sentence):
            return self._in_numbers(base, sentence, start)
        found = self._verdict(sentence)
        if found.verdict and (slope := gradient(sentence)) is not None:
            self.gradients.append(slope)
        zero = vanishing(sentence, self.gradients) if found.verdict.status == "undecided" else ()
        if zero and (there := self._verdict(dataclasses.replace(sentence, sides=zero))).verdict:
            words = "it was read as what makes the gradient before it vanish"
            found = dataclasses.replace(there, readings=(*there.readings, words))
        if found.verdict.status in ("undecided", "malformed") and not any(map(has_derivative, sentence.sides)):
            base = dataclasses.replace(base, kind=unproved_kind(sentence))
        rule = "gradient" if any(isinstance(n, t.Partial) for s in sentence.sides for n in t.walk(s)) else "formula"
        return self._with_judged(base, sentence, found, rule, start)

    def _definition(self, base: Finding, sentence: Sentence, restated: bool, start: int) -> Finding:
        given = assigned(sentence) or array_of(sentence.sides[-1])
        if given is not None and is_number(sentence.sides[1]):
            self.ledger.learn(sentence, None)
            return base
        names = {d.name for d in defined_by(sentence, self.world.depth)}
        named_derivative = len(sentence.sides) == 2 and isinstance(sentence.sides[1], t.Partial)
        aliased = restated and names & self.world.aliases and not named_derivative
        if aliased and not self._is_first(sentence, names):
            return self._claim(dataclasses.replace(base, kind="claim"), sentence, start)
        derivative = any(map(has_partial, sentence.sides))
        if len(sentence.sides) > 2:
            rest = dataclasses.replace(sentence, sides=sentence.sides[1:])
            found = self._verdict(rest)
            if found.verdict.status == "refuted" or (derivative and found.verdict):
                kind: Kind = "claim" if derivative else "definition"
                rule = "gradient" if derivative else "formula"
                return self._with_judged(dataclasses.replace(base, kind=kind), rest, found, rule, start)
            if any(is_spelled_out(side) for side in sentence.sides):
                return self._with_judged(dataclasses.replace(base, kind="claim"), rest, found, "gradient", start)
        if restated and not self._is_first(sentence, names):
            misprint = self._unsummed(sentence)
            if misprint:
                verdict = Verdict("refuted", "", misprint, diagnosis=misprint)
                wrong = Judged(verdict)
                return self._with_judged(dataclasses.replace(base, kind="claim"), sentence, wrong, "formula", start)
            found = self._verdict(sentence)
            asked = sentence.fragment.kind == "claim"
            asked |= found.verdict.status == "refuted" and self._is_by_entry(sentence)
            if found.verdict or asked:  # the same again; anything else defines the name anew
                kind = "claim" if len(sentence.sides) > 2 or asked or named_derivative else "definition"
                return self._with_judged(dataclasses.replace(base, kind=kind), sentence, found, "formula", start)
        return base

    def _is_first(self, sentence: Sentence, names: set[str]) -> bool:
        """Whether nothing has defined a sentence's name before it."""
        return any(found[0].number == sentence.number for n in names if (found := self.world.definitions.get(n)))

    def _is_by_entry(self, sentence: Sentence) -> bool:
        """Whether u_i = Σ_j A_{ij} v_j says again, of the same quantities, what u = A v has said."""
        name, at, _ = named(sentence.sides[0])
        before = self.world.visible(name, sentence.number)
        same = before is not None and before.uses == used(sentence.sides[1:])
        return same and bool(at) and before is not None and not before.at

    def _unsummed(self, sentence: Sentence) -> str:
        """What is wrong in u_i = Σ_j A_ij v_i, where u = A v has been said; empty where nothing is."""
        before = self.world.visible(sentence.defines, sentence.number)
        match before.body if before is not None and self._is_by_entry(sentence) else None:
            case t.Mul(factors=(t.Ref(name=matrix, at=()), t.Ref(name=vector, at=()))):
                return unsummed(sentence.sides[1], matrix, vector)
        return ""

    def _verdict(self, sentence: Sentence) -> Judged:
        try:
            found = self.judge.claim(sentence)
        except (SymgradError, CycleError) as error:
            return Judged(Verdict("undecided", "", str(error)))
        product = next((choice for choice in sentence.choices if choice.endswith(AS_PRODUCT)), "")
        if found.verdict.status == "refuted" and product:
            return dataclasses.replace(found, verdict=Verdict("undecided", "", product))
        return found

    def _with_judged(self, base: Finding, sentence: Sentence, judged: Judged, rule: str, start: int) -> Finding:
        wrong = sentence.sides[judged.side] if judged.side < len(sentence.sides) else None
        factor = judged.verdict.wrong
        if factor is not None:
            inside = sentence.sides[judged.side].span
            places = (term for term, expr in judged.seen if expr == factor and _is_within(term.span, inside))
            wrong = next(iter(sorted(places, key=lambda term: -term.span.start)), wrong)
        base = dataclasses.replace(base, choices=(*base.choices, *judged.readings))
        return self._with(base, sentence, judged.verdict, rule, judged.side, wrong, start)

    def _spelled(self, message: str) -> str:
        """A message with ∂a/∂b for the name of a derivative, and a letter for a length that has none."""

        def partial(match: re.Match[str]) -> str:
            known = all(name in self.names for name in match.groups())
            return f"∂{match[1]}/∂{match[2]}" if known else match[0]

        taken = self.names | set(re.findall(r"\w+", message))
        letters = [letter for letter in "nmkpqrst" if letter not in taken]
        unnamed = dict(zip(dict.fromkeys(re.findall(r"\bsize\d+\b", message)), letters, strict=False))
        message = re.sub(r"\bsize\d+\b", lambda match: unnamed.get(match[0], match[0]), message)
        message = spelled_argument(spelled(message))
        message = re.sub(r"\b(\w+?)_v\d+\b", lambda m: m[1] if m[1] in self.names else m[0], message)  # a later y is y
        return re.sub(r"\bd(\w+?)_d(\w+)\b", partial, message)

    def _with(
        self,
        base: Finding,
        sentence: Sentence,
        verdict: Verdict,
        rule: str,
        side: int,
        wrong: t.Term | None,
        start: int,
    ) -> Finding:
        verdict = dataclasses.replace(verdict, claim=base.tex, reason=self._spelled(verdict.reason))
        if verdict.status in ("undecided", "malformed"):
            rule = verdict.status
        elif verdict:
            rule = "choice" if base.choices else ""
        message = ""
        marked = None
        correct = ""
        if not verdict:
            message = self._spelled(verdict.diagnosis) or verdict.reason
            if wrong is not None and wrong.span.start >= start and wrong.span.end > wrong.span.start:
                marked = (wrong.span.start - start, wrong.span.end - start)
            if verdict.status == "refuted" and verdict.correct is not None:
                correct = decimal(verdict.correct.rhs)[0] if rule == "numbers" else spelled_argument(verdict.latex())
        return dataclasses.replace(base, rule=rule, verdict=verdict, message=message, wrong=marked, correct=correct)


def _given(sentences: Sequence[Sentence]) -> dict[str, int]:
    """Where each name is first given a number."""
    found: dict[str, int] = {}
    for sentence in sentences:
        number = assigned(sentence) if sentence.kind == "definition" else None
        if number is not None and len(sentence.sides) == 2:
            found.setdefault(number[0], sentence.number)
    return found


def _is_constant(verdict: Verdict) -> bool:
    """Whether what a derivative should have been is the same everywhere."""
    return verdict.correct is not None and not names_in(verdict.correct.rhs)


def _symmetric(sentences: Sequence[Sentence]) -> Iterable[str]:
    """The matrices of which a document says S = Sᵀ."""
    for sentence in sentences:
        match sentence.sides:
            case (t.Ref(name=name, at=()), t.Transposed(body=t.Ref(name=other, at=()))) if name == other:
                yield name


def _is_within(inner: Span, outer: Span) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end


_COMMA = re.compile(r"(?<![\w{(\[,])\d+,\d+(?![\w})\],])")  # 129,9, and no list of numbers nor of indices
_READ = frozenset(("=", "≈", ":=", "←", "≡"))


def _matters(tree: Chain) -> bool:
    """Whether a statement is an equation, which should have been read, rather than a remark."""
    return tree.relations[0] in _READ


def _is_constant_claim(sentence: Sentence) -> bool:
    """Whether a derivative is claimed to be a number everywhere: ∂z/∂b = 1."""
    if not all(is_number(side) for side in sentence.sides[1:]) or len(sentence.sides) > 2:
        return False
    right = sentence.sides[1]
    return not _is_at_a_point(sentence.left) and isinstance(right, t.Num) and right.text in ("0", "1", "2")


def _written_out(sentences: Sequence[Sentence]) -> dict[str, int]:
    """The number of axes of names whose numbers are written out, where that is always the same."""
    ranks: dict[str, set[int]] = defaultdict(set)
    for sentence in sentences:
        array = array_of(sentence.sides[-1]) if len(sentence.sides) > 1 else None
        name, at, parameters = named(sentence.left) if array is not None else ("", (), ())
        if array is not None and name and not at and not parameters:
            ranks[name].add(array.ndim)
    return {name: min(found) for name, found in ranks.items() if len(found) == 1}


def _is_at_a_point(term: t.Term) -> bool:
    """Whether a function is taken at numbers: ∇f(-4)."""
    return any(isinstance(node, t.Apply) and any(map(is_number, node.arguments)) for node in t.walk(term))


def _leads(one: Fragment, other: Fragment) -> bool:
    """Whether a formula in the text says where the display behind it holds: where j ≠ k, followed by that."""
    first, second = one.text.place(max(len(one.text.text) - 1, 0)), other.text.place(0)
    follows = (first.file, first.cell) == (second.file, second.cell) and second.line - first.line < 4
    words = one.before.lower().split()
    return (
        (one.kind, other.kind) == ("inline", "display")
        and follows
        and words[-1:] in (["where"], ["if"], ["when"], ["for"])
        and "." not in other.before
    )


def _is_scheme(tree: Tree) -> bool:
    """Whether dots leave something out, so that a formula shows a form rather than says something."""
    return any(isinstance(node, Name) and node.kind == "dots" for node in walk(tree))


def _axes(tree: Tree) -> tuple[Tree, ...] | None:
    """The axes in ℝ^{n×d}; none for ℝ itself; None for what is no such set."""
    tree = only(tree)
    if isinstance(tree, Name):
        return () if tree.text == "R" and tree.font == "blackboard" else None
    base = only(getattr(tree, "base", tree))
    if not (isinstance(base, Name) and base.text == "R"):
        return None
    above = getattr(tree, "above", ())
    if not above:
        return ()
    inside = only(above[0])
    if isinstance(inside, Group) and len(inside.items) == 1:
        inside = only(inside.items[0])
    rows = getattr(inside, "rows", None)
    return tuple(rows) if rows is not None else (inside,)
