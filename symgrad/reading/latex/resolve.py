"""Trees to terms: what stands side by side is a product, an application or a derivative, by a document's symbols."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from symgrad.reading.latex import terms as t
from symgrad.reading.latex.commands import WORDS_THAT_APPLY
from symgrad.reading.latex.differentials import (
    differentials,
    is_d,
    is_quantity,
    is_sign,
    is_subscripted,
    with_partial,
    without_factors,
    without_power,
)
from symgrad.reading.latex.sums import (
    DOTS,
    dotted,
    free_letters,
    is_dots,
    last_big,
    signed_bodies,
    with_last_big,
)
from symgrad.reading.latex.symbols import (
    Key,
    Script,
    Symbols,
    bounds,
    index_letter,
    is_sample,
    key_of,
    labelling,
    plain,
    pointer,
    raised,
    scripts,
)
from symgrad.reading.latex.tree import (
    Bar,
    Chain,
    Empty,
    Fraction,
    Group,
    Name,
    Number,
    Product,
    Root,
    Row,
    Scripted,
    Span,
    Sum,
    Table,
    Tree,
    Words,
    only,
)
from symgrad.reading.latex.written import MalformedError, UnreadError

Item: TypeAlias = tuple[str, Tree]  # a factor and the sign before it
AS_PRODUCT = "was read as a product"
SQUARED = "_sq"  # what is defined as a square, σ² = …, is a quantity of its own
SAMPLES = "all"  # the label of an array over samples, y^{(i)}, beside one sample's y
LOSS = "?loss"  # what dW differentiates: the loss that the document ends in
COMPARISONS = {"<": "<", ">": ">", "≤": "<=", "≥": ">=", "=": "==", "≠": "!="}
SPELLED = {
    "ln": "log",
    "Softmax": "softmax",
    "Sigmoid": "sigmoid",
    "Tanh": "tanh",
    "ReLU": "relu",
    "ReLu": "relu",
    "Relu": "relu",
    "Tr": "trace",
    "tr": "trace",
    "Var": "var",
    "sgn": "sign",
    "arcsin": "arcsin",
    "GELU": "gelu",
    "LSE": "logsumexp",
    "logsoftmax": "log_softmax",
}


@dataclass
class Resolver:
    """Reads one document's trees; `choices` says what it had to choose."""

    symbols: Symbols
    functions: frozenset[Key] = frozenset()  # names that the document uses as functions
    choices: list[str] = field(default_factory=list)
    samples: dict[str, str] = field(default_factory=dict)  # the names of arrays over samples, and of one sample's
    running: frozenset[str] = frozenset()  # the letters that a sum around runs over

    def term(self, tree: Tree) -> t.Term:
        """A tree as a term; raises UnreadError for what has no meaning that is known here."""
        tree = only(tree)
        match tree:
            case Number():
                return t.Num(tree.span, tree.text)
            case Sum():
                return self._sum(tree)
            case Name() | Row() | Product() | Scripted() | Group() | Fraction() | Root() | Table():
                return self._product(self._items(tree), tree.span)
            case Chain():
                return self._iverson(tree, tree.span)
            case Words():
                raise UnreadError(f"{tree.text!r} is prose, not mathematics", tree.span.start, tree.span.end)
            case Bar():
                raise UnreadError("a bar with nothing before it", tree.span.start, tree.span.end)
        raise UnreadError("there is nothing to read here", tree.span.start, tree.span.end)

    # --- sums and products

    def _sum(self, tree: Sum) -> t.Term:
        tree = signed_bodies(tree)
        terms = [
            t.Ref(term.span, DOTS) if is_dots(term) else self.term(term) for term in tree.terms
        ]  # read below, or not at all
        signs = []
        for sign, term in zip(tree.signs, tree.terms, strict=True):
            if sign == "±":
                raise UnreadError("± stands for two formulas at once", term.span.start, term.span.end)
            signs.append(sign or "+")
        if any(isinstance(term, t.Ref) and term.name == DOTS for term in terms):
            terms, signs = self._written_out(terms, signs)
        if len(terms) > 1:
            terms, signs = self._captured(terms, signs)
        if len(terms) == 1 and signs[0] == "+":
            return terms[0]
        return t.Add(tree.span, tuple(terms), tuple(signs))

    def _written_out(self, terms: list[t.Term], signs: list[str]) -> tuple[list[t.Term], list[str]]:
        """x_1 + x_2 + … + x_n as a sum over all."""
        found = dotted(terms, signs)
        if found is None or found[2] in self.symbols.bound:  # … + y_w of any word w is no sum up to w
            span = next(term.span for term in terms if isinstance(term, t.Ref) and term.name == DOTS)
            raise UnreadError("dots leave out what would have to be read", span.start, span.end)
        first, last, letter, body = found
        over = t.Over(letter, t.Num(body.span, "1"), t.Ref(body.span, self.symbols.identifier((letter, "", ()), (), 0)))
        self._choose(f"dots were read as a sum over {letter} from 1")
        whole = t.Big(Span(terms[first].span.start, terms[last].span.end), "sum", (over,), body)
        return [*terms[:first], whole, *terms[last + 1 :]], [*signs[:first], "+", *signs[last + 1 :]]

    def _captured(self, terms: list[t.Term], signs: list[str]) -> tuple[list[t.Term], list[str]]:
        """Σᵢ aᵢ + bᵢ, where nothing else says what i is, sums both."""
        for place, term in enumerate(terms[:-1]):
            big = last_big(term)
            if big is None:
                continue
            letters = {over.letter for over in big.over}
            rest = terms[place + 1 :]
            if any(letters & free_letters(other) for other in rest) and not any(
                letters & free_letters(other) for other in terms[:place]
            ):
                inner = t.Add(
                    Span(big.body.span.start, rest[-1].span.end), (big.body, *rest), ("+", *signs[place + 1 :])
                )
                whole = t.Big(Span(big.span.start, rest[-1].span.end), big.kind, big.over, inner)
                self._choose(f"the sum over {', '.join(sorted(letters))} was read to include the terms behind it")
                return [*terms[:place], with_last_big(term, whole)], signs[: place + 1]
        return terms, signs

    def _choose(self, text: str) -> None:
        if text not in self.choices:
            self.choices.append(text)

    def _items(self, tree: Tree) -> list[Item]:
        """The factors of a product, in a row, with the signs between them."""
        tree = only(tree)
        if isinstance(tree, Product):
            found: list[Item] = []
            for place, (row, sign) in enumerate(zip(tree.rows, tree.signs, strict=True)):
                inside = self._items(row)
                operator = tree.operators[place - 1] if place else ""
                if sign == "-":
                    found.append((operator, Number("-1", Span(row.span.start, row.span.start))))
                    operator = "·"
                found.append((operator, inside[0][1]))
                found += inside[1:]
            return found
        if isinstance(tree, Row):
            return [("", item) for item in tree.items if not _is_nothing(item)]
        return [("", tree)]

    def _product(self, items: Sequence[Item], span: Span) -> t.Term:
        """The factors of a product, each function having taken its argument; a quotient a/b is one factor."""
        factors: list[t.Term] = []
        operators: list[str] = []
        place = 0
        while place < len(items):
            operator, tree = items[place]
            if operator == "/" and place > 0 and not self._is_slash_derivative(items, place):
                over = factors.pop()
                under, place = self._factor(items, place)
                factors.append(t.Div(Span(over.span.start, under.span.end), over, under))
                continue
            bar = self._bar(tree)
            if bar is not None:
                before = self._multiplied(factors, operators, span)
                factors, operators = [t.Substituted(span, before, bar)], [""]
                place += 1
                continue
            term, after = self._factor(items, place)
            factors.append(term)
            operators.append(operator if place else "")
            place = after
        return self._multiplied(factors, operators, span)

    def _multiplied(self, factors: list[t.Term], operators: list[str], span: Span) -> t.Term:
        if not factors:
            raise UnreadError("there is nothing to read here", span.start, span.end)
        if len(factors) == 1:
            return factors[0]
        for operator in operators:
            if operator in ("⊗", "⊕", "mod"):
                raise UnreadError(f"the operator {operator} isn't known here", span.start, span.end)
        return t.Mul(Span(factors[0].span.start, factors[-1].span.end), tuple(factors), tuple(operators[1:]))

    def _factor(self, items: Sequence[Item], place: int) -> tuple[t.Term, int]:
        """The factor that begins at a place, and the place behind it."""
        tree = only(items[place][1])
        rest = [("", items[place + 1][1]), *items[place + 2 :]] if place + 1 < len(items) else []
        end = len(items)
        named = plain(tree)
        if self._is_slash_derivative(items, place + 1):
            return self._slash_derivative(items, place)
        if isinstance(tree, Fraction):
            tree = self._with_partials(tree)
            number, bare = without_factors(tree)
            if number is not None:
                found, after = self._factor([("", bare), *items[place + 1 :]], 0)
                return t.Div(Span(tree.span.start, found.span.end), found, self.term(number)), place + after
            derived = self._derivative(tree)
            if derived is not None:
                variables, of = derived
                called = self._function_differentiated(of, items, place)
                if called is not None:
                    return t.Partial(Span(tree.span.start, called.span.end), called, variables), place + 2
                if of is not None:
                    shown = place + 1 < len(items) and not items[place + 1][0] and _is_list(items[place + 1][1])
                    if shown:
                        self._choose("the parentheses behind a derivative were read as saying where it is taken")
                    return t.Partial(tree.span, self.term(of), variables), place + 1 + shown
                body, after = self._operand(items, place + 1, tree.span)
                return t.Partial(Span(tree.span.start, body.span.end), body, variables), after
        if named is not None:
            name, whole = named
            if name.kind == "big" or (name.text in ("max", "min") and whole and whole.below):
                return self._big(name, whole, rest, tree.span), end
            if name.kind in ("nabla", "partial"):
                return self._nabla(name, whole, items, place)
            if name.kind == "function" or (name.text in WORDS_THAT_APPLY and key_of(name) not in self.symbols.bare):
                return self._applied(name, whole, items, place)
            if name.text == "1" and name.font:
                return self._indicator(name, whole, items, place)
            if name.kind == "dots":
                raise UnreadError("dots leave out what would have to be read", name.span.start, name.span.end)
            if name.font == "blackboard" and name.text in ("E", "P", "V"):
                raise UnreadError("an expectation isn't a formula of its entries", name.span.start, name.span.end)
            if name.text == "d" and whole is None and self._is_differential(items, place):
                inner, after = self._factor(items, place + 1)
                by = inner.body if isinstance(inner, t.Transposed) else inner
                partial = t.Partial(Span(tree.span.start, inner.span.end), t.Ref(NOWHERE, LOSS), (by,))
                return (t.Transposed(partial.span, partial) if by is not inner else partial), after
            if name.text == "e" and whole is not None and whole.above and key_of(name) not in self.symbols.defined:
                mark = whole.above[-1]
                if _is_t(mark) and self.symbols.only_transposes:
                    message = f"{name.text}^T has no meaning: what is transposed above the {name.text} has been lost"
                    raise MalformedError(message, tree.span.start, tree.span.end)
                exponent = self.term(mark)
                return t.Apply(tree.span, "exp", (exponent,)), place + 1
            following = only(items[place + 1][1]) if place + 1 < end and items[place + 1][0] == "" else None
            if following is not None and self._takes(name, whole, following):
                return self._called(name, whole, following, place)
            group = only(following.base) if isinstance(following, Scripted) else following
            if isinstance(group, Group) and _holds_a_name(group) and not (whole and whole.primes):
                self._choose(f"{name.text}(…) was read as {name.text}, the parentheses saying what it depends on")
                term = self._named(name, whole, tree.span)
                raised = self._raised(term, following) if isinstance(following, Scripted) else term
                return raised, place + 2
            if following is not None and _looks_applied(following):
                self._choose(f"{name.text}(…) {AS_PRODUCT}")
            return self._named(name, whole, tree.span), place + 1
        if isinstance(tree, Scripted):
            return self._raised(self._bare(tree.base), tree), place + 1
        return self._bare(tree), place + 1

    def _function_differentiated(self, of: Tree | None, items: Sequence[Item], place: int) -> t.Term | None:
        """The f(x) of ∂f/∂w (x), where f is a function."""
        named = plain(of) if of is not None else None
        if named is None or key_of(named[0]) not in self.functions or place + 1 >= len(items) or items[place + 1][0]:
            return None
        group = only(items[place + 1][1])
        if not isinstance(group, Group) or not self._takes(named[0], named[1], group):
            return None
        return self._called(named[0], named[1], group, place)[0]

    def _operand(self, items: Sequence[Item], place: int, span: Span) -> tuple[t.Term, int]:
        """What a derivative's sign applies to: the group behind it, or all factors up to the next such sign."""
        if place >= len(items):
            raise UnreadError("there is nothing behind the derivative's sign", span.start, span.end)
        first = only(items[place][1])
        group = first.base if isinstance(first, Scripted) else first
        if isinstance(only(group), Group):
            return self._factor(items, place)
        return self._up_to_a_sign(items, place)

    def _up_to_a_sign(self, items: Sequence[Item], place: int) -> tuple[t.Term, int]:
        """All factors up to the next sign of a derivative."""
        end = next((at for at in range(place + 1, len(items)) if is_sign(items[at][1])), len(items))
        behind = [("", items[place][1]), *items[place + 1 : end]]
        return self._product(behind, Span(behind[0][1].span.start, behind[-1][1].span.end)), end

    # --- what a tree is by itself

    def _bare(self, tree: Tree) -> t.Term:
        tree = only(tree)
        match tree:
            case Number():
                return t.Num(tree.span, tree.text)
            case Group():
                return self._group(tree)
            case Fraction():
                return t.Div(tree.span, self.term(tree.over), self.term(tree.under))
            case Root():
                degree = t.Num(tree.span, "2") if tree.degree is None else self.term(tree.degree)
                return t.Power(tree.span, self.term(tree.body), t.Div(tree.span, t.Num(tree.span, "1"), degree))
            case Table():
                return self._table(tree)
            case Empty():
                raise UnreadError("there is nothing to read here", tree.span.start, tree.span.end)
        return self.term(tree)

    def _group(self, tree: Group) -> t.Term:
        if len(tree.items) > 1 and tree.opening == "[" and set(tree.separators) <= {",", ";"}:
            return t.Entries(tree.span, (tuple(map(self.term, tree.items)),))
        if len(tree.items) != 1:
            raise UnreadError("a list has no value of its own", tree.span.start, tree.span.end)
        inside = tree.items[0]
        counted = only(inside)
        if tree.opening == "|" and isinstance(counted, Name) and counted.font == "calligraphic":
            self._choose(f"|{counted.text}| was read as how many {counted.text} has")
            return t.Ref(tree.span, self.symbols.identifier(("count", "", ()), (counted.text,), 0))
        if tree.opening in ("|", "‖"):
            return t.Norm(tree.span, self.term(inside), tree.opening)
        if isinstance(only(inside), Chain):
            chain = only(inside)
            assert isinstance(chain, Chain)
            return self._iverson(chain, tree.span)
        if tree.opening in ("⌊", "⌈", "⟨"):
            raise UnreadError(f"{tree.opening} isn't known here", tree.span.start, tree.span.end)
        found = self.term(inside)
        return found

    def _iverson(self, chain: Chain, span: Span) -> t.Term:
        links = [
            Chain(chain.sides[place : place + 2], chain.relations[place : place + 1], chain.span)
            for place in range(len(chain.relations))
        ]
        own = [
            self._entry_place(s[0]) for side in chain.sides if len(s := scripts((side,))) == 1 and self._is_place(s[0])
        ]
        if chain.relations == ("=",) and len(own) == 2 and {at.letter for at in own} & self.symbols.pointers:
            return t.Delta(span, (own[0], own[1]))
        one, zero = t.Num(span, "1"), t.Num(span, "0")
        found = [t.Choice(span, ((one, self._condition(link)), (zero, None))) for link in links]
        return found[0] if len(found) == 1 else t.Mul(span, tuple(found), ("·",) * (len(found) - 1))

    def _condition(self, tree: Tree) -> t.Comparison:
        chain = only(tree)
        if not isinstance(chain, Chain) or len(chain.sides) != 2 or chain.relations[0] not in COMPARISONS:
            raise UnreadError("a comparison such as x > 0 is needed here", tree.span.start, tree.span.end)
        left, right = (self.term(side) for side in chain.sides)
        return t.Comparison(chain.span, left, COMPARISONS[chain.relations[0]], right)

    def _table(self, tree: Table) -> t.Term:
        if tree.kind == "cases" or any(_is_if(cell) for row in tree.rows for cell in row):
            return self._cases(tree)
        if tree.kind == "determinant":
            entries = t.Entries(tree.span, tuple(tuple(map(self.term, row)) for row in tree.rows))
            return t.Apply(tree.span, "det", (entries,))
        return t.Entries(tree.span, tuple(tuple(map(self.term, row)) for row in tree.rows))

    def _cases(self, tree: Table) -> t.Term:
        branches: list[tuple[t.Term, t.Comparison | None]] = []
        for number, cells in enumerate(tree.rows):
            row = [cell for cell in cells if not isinstance(only(cell), Empty) and not _is_if(cell)]
            if not row:
                raise UnreadError("a case without a value", tree.span.start, tree.span.end)
            value, condition = (row[0], row[1]) if len(row) > 1 else (row[0], None)
            found = None if condition is None else _worded(condition)
            last = number == len(tree.rows) - 1
            read = self._branch_condition(found) if found is not None else None
            if read is None and not last:
                raise UnreadError("a case needs a condition such as x > 0", row[0].span.start, row[-1].span.end)
            branches.append((self._case(_without_comma(value)), read))
        if read is not None:  # the cases cover everything: the last one is what is left
            if len(branches) > 1 and not any(_leaves(read, other) for _, other in branches[:-1] if other is not None):
                raise UnreadError("the last case isn't what the others leave", read.span.start, read.span.end)
            branches[-1] = (branches[-1][0], None)
        return t.Choice(tree.span, tuple(branches))

    def _case(self, tree: Tree) -> t.Term:
        """A case's value; an equation, a = b for i = j, is no value, and not 1 where it holds."""
        chain = only(tree)
        if not isinstance(chain, Chain):
            return self.term(tree)
        return t.Comparison(chain.span, self.term(chain.sides[0]), "==", self.term(chain.sides[-1]))

    def _branch_condition(self, tree: Tree) -> t.Comparison | None:
        return self._condition(tree) if isinstance(only(tree), Chain) else None

    # --- names

    def _named(self, name: Name, whole: Scripted | None, span: Span) -> t.Term:
        """A quantity with its scripts: labels are a part of its name, indices its places, the rest raises it."""
        key = self.symbols.same(key_of(name))
        itself = index_letter(whole) if whole is not None else None
        if itself is not None and itself in self.symbols.indices:
            return t.Ref(span, itself)  # the index i' itself, as in a condition
        if whole is not None and pointer(whole) in self.symbols.pointers:
            return t.Ref(span, pointer(whole))
        if name.text in self.symbols.pointers and whole is not None and not (whole.above or whole.primes):
            below = scripts(whole.below)
            if len(below) == 1 and below[0].is_letter and below[0].letter in self.symbols.indices:
                self._choose(f"{name.text}_{below[0].letter} was read as 1 where {below[0].letter} is {name.text}")
                return t.Delta(span, (_place(below[0]), t.At(name.text)))  # a number and its one-hot vector
        if key_of(name) in self.symbols.thin:
            self._choose(f"{name.text} was read as the bold {name.text}")
        if name.text == "pi" and not name.font and key not in self.symbols.defined and whole is None:
            return t.Num(span, "pi")
        if name.text == "e" and key not in self.symbols.defined and (whole is None or not whole.below):
            return t.Num(span, "e") if whole is None else self._raised(t.Num(span, "e"), whole)
        if name.text == "infty":
            raise UnreadError("∞ isn't a number", span.start, span.end)
        if name.text == "delta" and whole is not None and self._is_kronecker(key, whole):
            first, second = (_place(s) for s in scripts(whole.below))
            return t.Delta(span, (first, second))
        below = scripts(whole.below) if whole else ()
        above = scripts(whole.above) if whole else ()
        inside = labelling(self.symbols, key, above, applied=False)
        if whole and not below and name.text in self.running:
            inside = [script for script in inside if script.bracket]  # Σ_w w²: what a sum runs over has powers
        labels: list[str] = []
        at: list[t.At] = []
        of_samples = False
        for kinds, found in ((self.symbols.above[key], inside), (self.symbols.below[key], list(below))):
            for place, script in enumerate(found):
                kind = kinds.get(place)
                if kind is None and script.letter in self.symbols.families and script.bracket:
                    kind = "family"
                elif kind is None and script.letter in self.symbols.bound and len(script.letter) == 1:
                    kind = "index"  # a letter that a sum runs over is no part of a name
                if key in self.symbols.sampled and is_sample(self.symbols, script):
                    of_samples = True
                if kind == "family" and script.letter in self.symbols.indices - self.symbols.families:
                    kind = "index"  # y_i, beside y_t of any step t
                if script.pointer in self.symbols.pointers:
                    at.append(t.At(script.pointer))
                elif script.word == ":":
                    at.append(t.At(":"))
                elif kind == "index" and not script.word:
                    at.append(_place(script))
                elif kind == "family" and not script.word and script.letter != name.text:  # z^{[z]} is a misprint
                    labels.append(self._layer(script))
                else:
                    labels.append(script.text)
        latex = _latex(name, labels)
        powers = [script for script in _trees(whole) if not self._is_label(script, inside)] if whole else []
        primes = whole.primes if whole else 0
        if primes and at and (letter := at[-1].letter + "'" * primes) in self.symbols.indices:
            self._choose(f"the prime behind {name.text} was read as that of its index: {letter}")
            at[-1], primes = t.At(letter), 0
        if key in self.symbols.squared:
            return self._squared(key, labels, at, powers, span, latex)
        identifier = self.symbols.identifier(key, tuple(labels), primes)
        if key in self.symbols.sampled:
            array = self.symbols.identifier(key, (*labels, SAMPLES), primes)
            self.samples[array] = identifier
            identifier = array if of_samples else identifier
        ref = t.Ref(span, identifier, tuple(at), latex + "'" * primes)
        return self._powered(ref, powers, span)

    def _is_kronecker(self, key: Key, whole: Scripted) -> bool:
        below = scripts(whole.below)
        return (
            key not in self.symbols.defined
            and len(below) == 2
            and not whole.above
            and all(script.letter in self.symbols.indices or not script.letter for script in below)
            and not any(script.word for script in below)
        )

    def _layer(self, script: Script) -> str:
        """A layer's or a time step's label: a place that is filled in when it is known, {l-1}, or a number."""
        if not script.letter:
            return str(script.shift)
        if script.letter not in self.symbols.families and not _runs(script.letter):  # L, T: the last one
            return f"{{END{script.shift:+d}}}" if script.shift else "{END}"
        return f"{{{script.letter}{script.shift:+d}}}" if script.shift else f"{{{script.letter}}}"

    def _is_label(self, tree: Tree, inside: Iterable[Script]) -> bool:
        own = scripts((tree,))
        return bool(own) and all(script in inside for script in own)

    def _squared(
        self, key: Key, labels: list[str], at: list[t.At], powers: list[Tree], span: Span, latex: str
    ) -> t.Term:
        name = self.symbols.identifier(key, tuple(labels), 0) + SQUARED
        ref = t.Ref(span, name, tuple(at), latex + "^2")
        if not powers:
            return t.Power(span, ref, t.Div(span, t.Num(span, "1"), t.Num(span, "2")))
        first = only(powers[0])
        if isinstance(first, Number) and first.text.isdigit():
            half = int(first.text) / 2
            body: t.Term = ref
            if half != 1:
                body = t.Power(span, ref, t.Div(span, t.Num(span, first.text), t.Num(span, "2")))
            return self._powered(body, powers[1:], span)
        root = t.Power(span, ref, t.Div(span, t.Num(span, "1"), t.Num(span, "2")))
        return self._powered(root, powers, span)

    def _powered(self, body: t.Term, powers: Sequence[Tree], span: Span) -> t.Term:
        for power in powers:
            body = self._power(body, power, span)
        return body

    def _power(self, body: t.Term, power: Tree, span: Span) -> t.Term:
        tree = only(power)
        if isinstance(tree, Words):
            if tree.text == "%":
                return t.Div(span, body, t.Num(span, "100"))
            raise UnreadError(f"^{tree.text} isn't known here", tree.span.start, tree.span.end)
        if isinstance(tree, Row) and all(isinstance(only(i), Name) for i in tree.items):
            return (
                self._powered(body, tree.items, span) if _is_t(tree.items[0]) else t.Power(span, body, self.term(tree))
            )
        if _is_t(tree):
            return t.Transposed(span, body)
        if isinstance(tree, Sum) and len(tree.terms) == 1 and tree.signs == ("-",):
            inner = only(tree.terms[0])
            if isinstance(inner, Number) and inner.text == "1":
                return t.Inverse(span, body)
            if _is_t(inner):
                return t.Transposed(span, t.Inverse(span, body))
        shifted = only(tree.items[0]) if isinstance(tree, Group) and len(tree.items) == 1 else tree
        if (
            isinstance(tree, Group)
            and isinstance(shifted, Sum)
            and all(isinstance(only(p), Number) for p in shifted.terms)
        ):
            return t.Power(span, body, self.term(shifted))  # w^{(2-1)}
        if isinstance(tree, Group):
            raise UnreadError("a superscript in brackets behind more than a name", tree.span.start, tree.span.end)
        return t.Power(span, body, self.term(tree))

    def _raised(self, body: t.Term, tree: Scripted) -> t.Term:
        """What stands in parentheses, raised, transposed or indexed."""
        if tree.primes:
            raise UnreadError("a prime behind more than a name", tree.span.start, tree.span.end)
        below = scripts(tree.below)
        if isinstance(body, t.Norm):
            kind = below[0].text if below else ""
            body = t.Norm(body.span, body.body, body.kind + kind)
        elif below:
            at = tuple(_place(s) for s in below)
            if any(s.word for s in below):
                raise UnreadError("a subscript behind more than a name", tree.span.start, tree.span.end)
            if isinstance(body, t.Ref) and not body.at:
                body = t.Ref(tree.span, body.name, at, body.latex)
            else:
                body = t.Picked(tree.span, body, at)
        return self._powered(body, _trees(tree), tree.span)

    # --- functions

    def _takes(self, name: Name, whole: Scripted | None, following: Tree) -> bool:
        """Whether a name applies to the parentheses behind it."""
        group = only(following.base) if isinstance(following, Scripted) else following
        if not isinstance(group, Group) or group.opening not in ("(", "["):
            return False
        key = key_of(name)
        if whole is not None and whole.primes and group.opening == "(":
            return True
        if group.opening == "[":
            return False
        return len(group.items) > 1 or key in self.functions

    def _called(self, name: Name, whole: Scripted | None, following: Tree, place: int) -> tuple[t.Term, int]:
        group = only(following.base) if isinstance(following, Scripted) else following
        assert isinstance(group, Group)
        primes = whole.primes if whole else 0
        arguments = tuple(self._argument(item) for item in group.items)
        below = whole.below if whole else ()
        labels = tuple(script.text for script in scripts(below))
        at: tuple[t.At, ...] = ()
        key = self.symbols.same(key_of(name))
        if below and self.symbols.below[key].get(0) == "index":
            at, labels = tuple(_place(s) for s in scripts(below)), ()
        above = [script for script in (whole.above if whole else ())]
        inside = labelling(self.symbols, key, scripts(above))
        kinds = self.symbols.above[key]
        at += tuple(_place(s) for p, s in enumerate(inside) if kinds.get(p) == "index" and is_sample(self.symbols, s))
        labels += tuple(
            self._layer(s) if kinds.get(p) == "family" else s.text
            for p, s in enumerate(inside)
            if not (kinds.get(p) == "index" and is_sample(self.symbols, s))
        )
        function = self.symbols.identifier(key, labels, 0)
        span = Span(name.span.start, following.span.end)
        term: t.Term = t.Apply(span, function, arguments, primes, at)
        powers = [script for script in above if not self._is_label(script, inside)]
        term = self._powered(term, powers, span)
        if isinstance(following, Scripted):
            term = self._raised(term, following)
        return term, place + 1 + 1

    def _argument(self, tree: Tree) -> t.Term:
        return self.term(tree)

    def _applied(self, name: Name, whole: Scripted | None, items: Sequence[Item], place: int) -> tuple[t.Term, int]:
        """A function that is known by its name, with or without parentheses."""
        function = SPELLED.get(name.text, name.text)
        if place + 1 >= len(items):
            raise UnreadError(f"{name.text} has no argument", name.span.start, name.span.end)
        following = only(items[place + 1][1])
        group = only(following.base) if isinstance(following, Scripted) else following
        primes = whole.primes if whole else 0
        if isinstance(group, Group) and group.opening in ("(", "[", "\\{", "|", "{"):
            if group.opening == "|":
                arguments: tuple[t.Term, ...] = (self._group(group),)
            else:
                arguments = tuple(self._argument(item) for item in group.items)
            after = place + 2
            span = Span(name.span.start, following.span.end)
            term: t.Term = t.Apply(span, function, arguments, primes)
            if isinstance(following, Scripted):
                term = self._raised(term, following)
        else:
            argument, after = self._open_argument(items, place + 1)
            term = t.Apply(Span(name.span.start, argument.span.end), function, (argument,), primes)
        return self._function_scripts(term, whole), after

    def _open_argument(self, items: Sequence[Item], place: int) -> tuple[t.Term, int]:
        """The argument of a function without parentheses: what stands behind it, up to a sign or a function."""
        first, after = self._factor(items, place)
        tree = only(items[place][1])
        if isinstance(first, t.Apply | t.Div | t.Norm) or isinstance(tree, Fraction):
            return first, after
        factors = [first]
        while after < len(items) and items[after][0] == "":
            named = plain(only(items[after][1]))
            if isinstance(only(items[after][1]), Group | Bar) or named is None or named[0].kind in ("function", "big"):
                break
            term, behind = self._factor(items, after)
            if isinstance(term, t.Apply):
                break
            factors.append(term)
            after = behind
        if len(factors) > 1:
            self._choose("a function without parentheses was read to apply to all factors behind it")
        span = Span(factors[0].span.start, factors[-1].span.end)
        return self._multiplied(factors, [""] * len(factors), span), after

    def _function_scripts(self, term: t.Term, whole: Scripted | None) -> t.Term:
        if whole is None:
            return term
        if whole.below:
            below = scripts(whole.below)
            if isinstance(term, t.Apply) and term.function == "log" and below[0].letter == "":
                base = t.Num(term.span, below[0].text)
                term = t.Div(term.span, term, t.Apply(term.span, "log", (base,)))
            elif all(script.letter in self.symbols.indices for script in below):
                term = t.Picked(term.span, term, tuple(_place(s) for s in below))
            else:
                raise UnreadError("a subscript of a function that isn't an index", whole.span.start, whole.span.end)
        return self._powered(term, _trees(whole), term.span)

    def _indicator(self, name: Name, whole: Scripted | None, items: Sequence[Item], place: int) -> tuple[t.Term, int]:
        if whole is not None and whole.below and isinstance(only(whole.below[0]), Chain):
            chain = only(whole.below[0])
            assert isinstance(chain, Chain)
            return self._iverson(chain, whole.span), place + 1
        if place + 1 < len(items):
            group = only(items[place + 1][1])
            if isinstance(group, Group) and len(group.items) == 1 and isinstance(only(group.items[0]), Chain):
                chain = only(group.items[0])
                assert isinstance(chain, Chain)
                return self._iverson(chain, Span(name.span.start, group.span.end)), place + 2
        ones = t.Apply(name.span, "ones", ())
        return (ones if whole is None else self._powered(ones, whole.above, whole.span)), place + 1

    # --- sums over indices

    def _big(self, name: Name, whole: Scripted | None, rest: Sequence[Item], span: Span) -> t.Term:
        kind = name.text
        if kind in ("int", "cup"):
            raise UnreadError("an integral can't be read" if kind == "int" else "a union", span.start, span.end)
        if not rest:
            raise UnreadError("there is nothing behind the sum's sign", span.start, span.end)
        over: list[t.Over] = []
        above = [tree for tree in whole.above if not isinstance(only(tree), Empty)] if whole else []
        last = self._last(above[0]) if above else None
        for below in whole.below if whole else ():
            for letter, first, until in bounds(below):
                start = self.term(first) if first is not None else None
                over.append(t.Over(letter, start, self.term(until) if until is not None else last))
        outer, self.running = self.running, self.running | {each.letter for each in over}
        try:
            body = self._product(rest, Span(rest[0][1].span.start, rest[-1][1].span.end))
        finally:
            self.running = outer
        for below in whole.below if whole else ():
            chain = only(below)
            if kind == "sum" and isinstance(chain, Chain) and chain.relations == ("≠",):
                body = self._without(body, chain)
        return t.Big(Span(span.start, body.span.end), kind, tuple(over), body)

    def _last(self, tree: Tree) -> t.Term:
        """Where a sum ends, n for the n of i = n, too."""
        chain = only(tree)
        return self.term(chain.sides[1] if isinstance(chain, Chain) and chain.relations == ("=",) else tree)

    def _without(self, body: t.Term, condition: Chain) -> t.Term:
        """The body of Σ over j ≠ i: 0 where j is i."""
        places = [scripts((side,)) for side in condition.sides]
        if not all(len(found) == 1 and self._is_place(found[0]) for found in places):
            raise UnreadError("a sum with a condition that can't be read", condition.span.start, condition.span.end)
        first, second = (self._entry_place(found[0]) for found in places)
        one, same = t.Num(condition.span, "1"), t.Delta(condition.span, (first, second))
        return t.Mul(body.span, (body, t.Add(condition.span, (one, same), ("+", "-"))), ("·",))

    def _is_place(self, script: Script) -> bool:
        """Whether a script says a place that may be compared with others."""
        return script.pointer in self.symbols.pointers or bool(script.letter and not script.word)

    def _entry_place(self, script: Script) -> t.At:
        return t.At(script.pointer) if script.pointer in self.symbols.pointers else _place(script)

    # --- derivatives

    def _bar(self, tree: Tree) -> tuple[tuple[str, t.Term], ...] | None:
        """The values behind an evaluation bar."""
        tree = only(tree)
        if isinstance(tree, Bar):
            raise UnreadError("a bar without a place such as |_{x=1}", tree.span.start, tree.span.end)
        if not isinstance(tree, Scripted) or not isinstance(only(tree.base), Bar):
            return None
        values = []
        for below in tree.below:
            inside = only(below)
            for item in inside.items if isinstance(inside, Group) else (inside,):
                chain = only(item)
                if not isinstance(chain, Chain) or len(chain.sides) != 2:
                    raise UnreadError("a place such as x = 1 is needed behind a bar", tree.span.start, tree.span.end)
                left = self.term(chain.sides[0])
                if not isinstance(left, t.Ref):
                    raise UnreadError("a place such as x = 1 is needed behind a bar", tree.span.start, tree.span.end)
                values.append((left.name, self.term(chain.sides[1])))
        return tuple(values)

    def _is_differential(self, items: Sequence[Item], place: int) -> bool:
        """Whether a d is that of dW: it touches a name, and isn't a quantity itself."""
        if place + 1 >= len(items) or items[place + 1][0]:
            return False
        following = plain(items[place + 1][1])
        touches = items[place][1].span.end == items[place + 1][1].span.start
        return (
            following is not None
            and following[0].kind in ("letter", "word")
            and touches
            and ("d", "", ()) not in self.symbols.defined
        )

    def _with_partials(self, tree: Fraction) -> Fraction:
        """δE/δz, where nothing is called δ, as ∂E/∂z."""
        over, under = with_partial(tree.over), with_partial(tree.under)
        if over is None or under is None or ("delta", "", ()) in self.symbols.defined:
            return tree
        self._choose("δ in a fraction was read as ∂")
        return Fraction(over, under, tree.span)

    def _derivative(self, tree: Fraction) -> tuple[tuple[t.Term, ...], Tree | None] | None:
        """A fraction of ∂s: what it is by, and what of, None where that stands behind it."""
        over, under = differentials(tree.over), differentials(tree.under)
        if over is None or under is None:
            sides = ((over, tree.over, tree.under, "above"), (under, tree.under, tree.over, "below"))
            for found, own, other, words in sides:
                if found is not None and found[0] == "∂" and not is_subscripted(own) and is_quantity(other):
                    message = f"∂ stands only {words} the line of this fraction: is the other one missing?"
                    raise MalformedError(message, other.span.start, other.span.end)
            return None
        if not under[1] or len(over[1]) > 1:
            return None
        if {over[0], under[0]} == {"d"} and ("d", "", ()) in self.symbols.defined:
            return None
        order = over[2]
        by: list[t.Term] = []
        for part in under[1]:
            tree_by, times = without_power(part) if order > 1 else (part, 1)
            by += [self.term(tree_by)] * times
        if len(by) != order:
            raise UnreadError(
                f"the derivative is of order {order} above and {len(by)} below", tree.span.start, tree.span.end
            )
        return tuple(by), over[1][0] if over[1] else None

    def _is_slash_derivative(self, items: Sequence[Item], place: int) -> bool:
        """Whether ∂a/∂b, in one line, begins before a place at which / stands."""
        if not 0 < place < len(items):
            return False
        names = [only(item[1]) for item in items]
        slash = next((at for at in range(place, min(place + 4, len(items))) if items[at][0] == "/"), None)
        if slash is None:
            return False
        start = place - 1
        return (
            is_d(names[start])
            and is_d(names[slash])
            and slash - start >= 2
            and slash + 1 < len(items)
            and (
                getattr(names[start], "kind", "") == "partial" or names[slash].span.start == items[slash][1].span.start
            )
        )

    def _slash_derivative(self, items: Sequence[Item], place: int) -> tuple[t.Term, int]:
        slash = next(at for at in range(place + 1, len(items)) if items[at][0] == "/")
        of = self._product([("", items[place + 1][1]), *items[place + 2 : slash]], items[place][1].span)
        by, after = self._factor(items, slash + 1)
        return t.Partial(Span(items[place][1].span.start, by.span.end), of, (by,)), after

    def _nabla(self, name: Name, whole: Scripted | None, items: Sequence[Item], place: int) -> tuple[t.Term, int]:
        by = tuple(self.term(item) for below in (whole.below if whole else ()) for item in _listed(below))
        order = 1
        for above in whole.above if whole else ():
            number = only(above)
            if not isinstance(number, Number):
                raise UnreadError("∇ with a superscript that isn't 2", name.span.start, name.span.end)
            order = int(number.text)
        if name.kind == "partial" and not by:
            raise UnreadError("a ∂ outside of a fraction", name.span.start, name.span.end)
        if place + 1 >= len(items):
            raise UnreadError(f"there is nothing behind {name.text}", name.span.start, name.span.end)
        of, after = self._nabla_operand(items, place + 1)
        span = Span(name.span.start, of.span.end)
        body = of.body if isinstance(of, t.Substituted) else of
        if not by:  # ∇²f: by what, f says, each time
            for _ in range(order - 1):
                body = t.Partial(span, body, (), True)
        inner = t.Partial(span, body, by * order, name.kind == "nabla")
        return t.Substituted(span, inner, of.values) if isinstance(of, t.Substituted) else inner, after

    def _nabla_operand(self, items: Sequence[Item], place: int) -> tuple[t.Term, int]:
        first = only(items[place][1])
        named = plain(first)
        if named is not None and named[0].kind in ("function", "big"):
            return self._operand(items, place, first.span)
        if _is_numeric(first) or _is_inner(first):  # ∇½uᵀv, ∇(u - v)ᵀ(u - v)
            return self._up_to_a_sign(items, place)
        return self._factor(items, place)


NOWHERE = Span(0, 0)


def _runs(letter: str) -> bool:
    """Whether a letter of layers or steps that the document doesn't count by is any of them, and not the last one."""
    return len(letter) == 1 and letter.islower() and letter not in "nm"


def _leaves(last: t.Comparison, other: t.Comparison) -> bool:
    """Whether a last case may be what another one leaves: i = j behind i ≠ j, y = 0 behind y = 1; not i = k."""
    pairs = [{t.placeless(one.left), t.placeless(one.right)} for one in (last, other)]
    if pairs[0] == pairs[1] or not {last.relation, other.relation} & {"==", "!="}:
        return True
    return bool(pairs[0] & pairs[1]) and all(isinstance(term, t.Num) for term in pairs[0] ^ pairs[1])


def _is_numeric(tree: Tree) -> bool:
    """Whether a factor is a number, or a quotient of numbers."""
    tree = only(tree)
    if isinstance(tree, Fraction):
        return _is_numeric(tree.over) and _is_numeric(tree.under)
    return isinstance(tree, Number)


def _is_inner(tree: Tree) -> bool:
    """Whether parentheses are transposed, so that they make a product with what stands behind them."""
    if not isinstance(tree, Scripted) or not isinstance(only(tree.base), Group):
        return False
    return len(tree.above) == 1 and _is_t(tree.above[0]) and not tree.below


def _place(script: Script) -> t.At:
    return t.At(script.letter, script.shift, script.more)


def _is_nothing(tree: Tree) -> bool:
    """Whether braces have nothing in them: {}."""
    tree = only(tree)
    return isinstance(tree, Empty) or (
        isinstance(tree, Group) and tree.opening == "{" and all(isinstance(item, Empty) for item in tree.items)
    )


def _listed(tree: Tree) -> tuple[Tree, ...]:
    inside = only(tree)
    return inside.items if isinstance(inside, Group) and inside.opening in ("{", "(") else (tree,)


def _is_t(tree: Tree) -> bool:
    tree = only(tree)
    return (
        isinstance(tree, Name)
        and tree.text in ("T", "⊤", "top", "intercal", "t")
        and not tree.accents
        and (tree.text != "t" or tree.kind == "word")
    )


def _trees(whole: Scripted | None) -> list[Tree]:
    """The superscripts as they are written; a layer in brackets and what follows it, ^{[2]T}, are two."""
    found: list[Tree] = []
    for tree in (part for above in (whole.above if whole else ()) for part in raised(above)):
        inside = only(tree)
        items = inside.items if isinstance(inside, Row) else ()
        groups = [group for group in map(only, items) if isinstance(group, Group)]
        found += items if any(group.opening in "([" for group in groups) else [tree]
    return found


def _latex(name: Name, labels: Sequence[str]) -> str:
    return ("\\bold " if name.font == "bold" else "") + name.text


def _holds_a_name(group: Group) -> bool:
    """Whether parentheses hold a name by itself, as in μ(x): no reason to write them in a product."""
    return group.opening == "(" and len(group.items) == 1 and isinstance(only(group.items[0]), Name)


def _is_list(tree: Tree) -> bool:
    """Whether parentheses hold several names, as in ∂L/∂u (y, ŷ)."""
    tree = only(tree)
    several = isinstance(tree, Group) and tree.opening == "(" and len(tree.items) > 1
    return several and isinstance(tree, Group) and all(plain(item) is not None for item in tree.items)


def _looks_applied(tree: Tree) -> bool:
    """Whether parentheses hold an application by itself, as in L(f(s)): no reason to write them in a product."""
    inside = only(tree.items[0]) if isinstance(tree, Group) and tree.opening == "(" and len(tree.items) == 1 else tree
    return inside is not tree and isinstance(inside, Row) and isinstance(only(inside.items[-1]), Group)


def _is_if(tree: Tree) -> bool:
    """Whether a cell is the word if, also as two letters."""
    inside = only(tree)
    if isinstance(inside, Row):
        return [item.text for item in inside.items if isinstance(item, Name)] == ["i", "f"] and len(inside.items) == 2
    return isinstance(inside, Words | Name) and inside.text == "if"


def _worded(tree: Tree) -> Tree | None:
    """A case's condition without the word before it; None for "otherwise"."""
    tree = only(tree)
    if isinstance(tree, Words):
        return None
    if isinstance(tree, Chain):
        first = only(tree.sides[0])
        if isinstance(first, Row) and isinstance(first.items[0], Words):
            rest = first.items[1:]
            side: Tree = rest[0] if len(rest) == 1 else Row(rest, first.span)
            return Chain((side, *tree.sides[1:]), tree.relations, tree.span)
        last = only(tree.sides[-1])
        if isinstance(last, Row) and isinstance(last.items[-1], Words):
            rest = last.items[:-1]
            side = rest[0] if len(rest) == 1 else Row(rest, last.span)
            return Chain((*tree.sides[:-1], side), tree.relations, tree.span)
    if isinstance(tree, Group) and tree.items:
        return _worded(tree.items[0])
    if isinstance(tree, Row) and isinstance(tree.items[0], Words):
        return None
    return tree


def _without_comma(tree: Tree) -> Tree:
    if isinstance(tree, Group) and tree.opening == "{" and len(tree.items) > 1:
        kept = [item for item in tree.items if not isinstance(item, Empty)]
        if len(kept) == 1:
            return kept[0]
    return tree
