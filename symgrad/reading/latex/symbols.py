"""What a document's letters and scripts are, from all the places where it uses them: names, indices, layers, functions.

A script is an index where its letter runs: under a sum, or on both sides of an equation.  It names a layer or a time
step where an equation goes from l - 1 to l.  Anything else is a part of the name.
"""

from __future__ import annotations

import itertools
import keyword
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from symgrad.reading.latex.terms import letters_of, place_text
from symgrad.reading.latex.tree import (
    Chain,
    Empty,
    Fraction,
    Group,
    Name,
    Number,
    Row,
    Scripted,
    Sum,
    Table,
    Tree,
    Words,
    only,
    walk,
)

Key: TypeAlias = tuple[str, str, tuple[str, ...]]  # a letter or word, its font, its accents
Kind: TypeAlias = Literal["label", "index", "family"]
LAST = "n_l"  # the letter of the last layer, where n_l counts the layers
TRADITIONAL = frozenset("ijklmnpqrstuvabc")  # letters that may be indices though no sum binds them
COUNTING = frozenset(("t", "l", "L", "ell"))  # letters of time steps and layers
LABELLED = frozenset("fogxyzhewd")  # letters that are none: W_f, W_o and so W_i are gates


@dataclass(frozen=True)
class Script:
    """One item of a subscript or superscript: a letter with a shift, a number (letter ""), or a word.

    `more` are the further indices and lengths of i + a, p + Sk and i - P, as in terms.At.
    """

    letter: str = ""
    shift: int = 0
    word: str = ""
    bracket: str = ""  # ( or [ or <, where it stands in one
    more: tuple[tuple[str, str], ...] = ()
    pointer: str = ""  # what it is if it is a whole number that says which entry is meant: y, y_i or j^*

    @property
    def text(self) -> str:
        """How the item is named."""
        if self.word:
            return self.word
        return place_text(self.letter, self.shift, self.more)

    @property
    def is_letter(self) -> bool:
        """Whether it is a letter to which nothing is added."""
        return bool(self.letter) and not self.shift and not self.more

    @property
    def letters(self) -> tuple[str, ...]:
        """All its letters but the factors; none for a number or a word."""
        return letters_of(self.letter, self.more)


@dataclass(frozen=True)
class Occurrence:
    """A name with its scripts, where it is used; `applied` where parentheses follow it."""

    key: Key
    below: tuple[Script, ...]
    above: tuple[Script, ...]
    primes: int
    applied: bool


@dataclass
class Symbols:
    """What is known of a document's letters."""

    bound: set[str] = field(default_factory=set)  # letters that a sum runs over
    indices: set[str] = field(default_factory=set)
    families: set[str] = field(default_factory=set)  # letters of layers and time steps
    ends: set[str] = field(default_factory=set)  # letters of the last layer: L, where a loss is one of a^L
    pointers: Set[str] = frozenset()  # whole numbers that say which entry is meant: the y_i of f_{y_i}
    below: dict[Key, dict[int, Kind]] = field(default_factory=lambda: defaultdict(dict))
    above: dict[Key, dict[int, Kind]] = field(default_factory=lambda: defaultdict(dict))
    squared: set[Key] = field(default_factory=set)  # names that are defined by their square: σ² = …
    functions: set[Key] = field(default_factory=set)
    bare: set[Key] = field(default_factory=set)  # names that stand without parentheses behind them
    words: set[str] = field(default_factory=set)  # words written as adjacent letters: dW, MSE
    defined: set[Key] = field(default_factory=set)
    layered: set[Key] = field(default_factory=set)  # names with a layer written above without brackets
    activations: set[Key] = field(default_factory=set)  # of these, those that are always functions: σ^l(z)
    depth: int = 3  # how many layers, or time steps, stand for any number of them
    sampled: set[Key] = field(default_factory=set)  # names of one sample's quantity, y, and of every one's, y^{(i)}
    only_transposes: bool = False  # whether T stands above names, and nowhere else
    renamed: dict[Key, Key] = field(default_factory=dict)  # x in x_i is the bold x
    thin: set[Key] = field(default_factory=set)  # those that aren't bold by oversight
    identifiers: dict[tuple[Key, tuple[str, ...], int], str] = field(default_factory=dict)

    def same(self, key: Key) -> Key:
        """The name that a letter is an entry of: x_i of a bold x."""
        return self.renamed.get(key, key)

    def identifier(self, key: Key, labels: tuple[str, ...], primes: int) -> str:
        """A name in letters that Python has, one for each name and its labels; {l-1} is left for a layer."""
        wanted = (self.same(key), labels, primes)
        if wanted not in self.identifiers:
            self.identifiers[wanted] = self._new(*wanted)
        return self.identifiers[wanted]

    def _new(self, key: Key, labels: tuple[str, ...], primes: int) -> str:
        base = key[0] if key[0].isidentifier() else "q"
        base = "lam" if base == "lambda" else base  # lambda is a word of Python's
        text = base + "".join(key[2])
        for label in labels:
            text += "_" + (label if label.startswith("{") else re.sub(r"\W", "_", label))
        text += "_prime" * primes
        taken = set(self.identifiers.values())
        for candidate in (text, f"{text}_{key[1][:4] or 'plain'}", *(f"{text}_{n}x" for n in range(2, 99))):
            if candidate not in taken and not keyword.iskeyword(candidate):
                return candidate
        return f"{text}_{len(taken)}y"


def scripts(trees: Iterable[Tree]) -> tuple[Script, ...]:
    """The items of a subscript or a superscript."""
    return tuple(item for tree in trees for item in _items(tree, ""))


def _items(tree: Tree, bracket: str) -> Iterator[Script]:
    tree = only(tree)
    match tree:
        case Number():
            yield Script(shift=int(tree.text), bracket=bracket) if tree.text.isdigit() else Script(word=tree.text)
        case Name(kind="letter" | "word" | "function"):
            text = tree.text + "".join(tree.accents)
            if len(text) == 2 and set(text) <= set("ijkl"):  # A_{\text{ij}} is an entry, too
                yield from (Script(letter=letter, bracket=bracket) for letter in text)
                return
            yield (
                Script(letter=text, bracket=bracket, pointer=pointer(tree))
                if len(tree.text) == 1 or tree.kind == "letter"
                else Script(word=text, bracket=bracket)
            )
        case Words():
            yield Script(word=tree.text, bracket=bracket)
        case Row():
            names = [only(item) for item in tree.items]
            if len(names) >= 3 and all(isinstance(item, Name) and item.kind == "letter" for item in names):
                letters = [item.text for item in names if isinstance(item, Name)]
                touching = all(a.span.end == b.span.start for a, b in itertools.pairwise(names))
                if touching and not set(letters) <= TRADITIONAL:
                    yield Script(word="".join(letters), bracket=bracket)
                    return
            for item in tree.items:
                yield from _items(item, bracket)
        case Group():
            inside = bracket or (tree.opening if tree.opening in "([⟨" and tree.opening != "{" else "")
            for place, item in enumerate(tree.items):
                if not isinstance(item, Empty):
                    yield from _items(item, inside)
                if place < len(tree.separators) and tree.separators[place] == ":":
                    yield Script(word=":", bracket=inside)
        case Sum():
            yield _shifted(tree, bracket) or Script(word="?", bracket=bracket)
        case Chain() if tree.relations == ("<", ">"):
            for side in tree.sides[1:2]:
                yield from _items(side, "<")
        case Scripted() if _is_bracketed(tree):  # W^{(t)^T}
            yield from _items(tree.base, bracket)
            for above in tree.above:
                yield from _items(above, bracket)
        case Scripted() if (last := _last_layer(tree)) is not None:
            yield last
        case Scripted() if (letter := index_letter(tree)) is not None:
            yield Script(letter=letter, bracket=bracket)
        case Scripted():
            inner = "".join(s.text for s in scripts((tree.base, *tree.below, *tree.above)))
            yield Script(word=inner or "?", bracket=bracket, pointer=pointer(tree))
        case _:
            yield Script(word="?", bracket=bracket)


def pointer(tree: Tree) -> str:
    """The name of a whole number that may say which entry is meant: y, y_i, j^*; empty for anything else."""
    tree = only(tree)
    if isinstance(tree, Name):
        return tree.text if tree.kind == "letter" and len(tree.text) == 1 and not tree.accents else ""
    if not isinstance(tree, Scripted) or tree.primes or len(tree.below) + len(tree.above) != 1:
        return ""
    base, script = pointer(tree.base), only((*tree.below, *tree.above)[0])
    if base and tree.above:
        return f"{base}star" if isinstance(script, Words) and script.text == "*" else ""
    if not base or not isinstance(script, Name):
        return ""
    return f"{base}_{script.text}" if index_letter(script) is not None and len(script.text) == 1 else ""


def _is_bracketed(tree: Tree) -> bool:
    """Whether a superscript is a layer in brackets with a superscript of its own."""
    base = only(tree.base) if isinstance(tree, Scripted) and tree.above and not tree.below else None
    return isinstance(base, Group) and base.opening in ("(", "[", "⟨")


def raised(tree: Tree) -> list[Tree]:
    """The superscripts that one is: (t) and T, of W^{(t)^T}."""
    inside = only(tree)
    return [inside.base, *inside.above] if isinstance(inside, Scripted) and _is_bracketed(inside) else [tree]


def _last_layer(tree: Scripted) -> Script | None:
    """The last of n_l layers; n_{l-1} stands for the one before it."""
    base, below = only(tree.base), scripts(tree.below)
    if not isinstance(base, Name) or base.text not in ("n", "N", "L") or tree.above or tree.primes:
        return None
    if len(below) != 1 or below[0].letter != "l" or below[0].word:
        return None
    return Script(letter=LAST, shift=below[0].shift, bracket="(")


def index_letter(tree: Tree) -> str | None:
    """The letter of an index, with its primes: i, c'."""
    tree = only(tree)
    if isinstance(tree, Name):
        return tree.text if tree.kind == "letter" and not tree.accents else None
    if not isinstance(tree, Scripted) or tree.below or tree.above:
        return None
    letter = index_letter(tree.base)
    return letter + "'" * tree.primes if letter is not None and len(letter) == 1 else None


def _shifted(tree: Sum, bracket: str) -> Script | None:
    """An item of several terms: l - 1, i + a, p + Sk, -1."""
    shift = 0
    letters: list[tuple[str, str]] = []
    for term, sign in zip(tree.terms, tree.signs, strict=True):
        minus = "-" if sign == "-" else ""
        inside = only(term)
        factors = [only(part) for part in (inside.items if isinstance(inside, Row) else (inside,))]
        numbers = [part for part in factors if isinstance(part, Number) and part.text.isdigit()]
        names = [letter for part in factors if (letter := index_letter(part)) is not None]
        match len(names), len(numbers), len(factors):
            case 0, 1, 1:
                shift += int(minus + numbers[0].text)
            case 1, 0, 1:
                letters.append((minus + "1", names[0]))
            case 1, 1, 2:
                letters.append((minus + numbers[0].text, names[0]))
            case 2, 0, 2:
                stride, index = sorted(names, key=lambda letter: not letter.isupper())
                letters.append((minus + stride, index))
            case _:
                return None
    if len(letters) > 1:  # H, in i + H, is a length
        letters = [
            (factor.replace("1", x), "") if x.isupper() and factor in ("1", "-1") else (factor, x)
            for factor, x in letters
        ]
    first = next((pair for pair in letters if pair[0] == "1"), None)
    if first is not None:
        letters.remove(first)
        return Script(letter=first[1], shift=shift, bracket=bracket, more=tuple(letters))
    return None if letters or len(tree.terms) > 1 else Script(word=str(shift), bracket=bracket)


def key_of(name: Name) -> Key:
    """What tells a name from others: its letters, its font, its accents."""
    return name.text, name.font, name.accents


def plain(tree: Tree) -> tuple[Name, Scripted | None] | None:
    """A tree's name and its scripts, if it is a name with scripts; an accent may stand around both."""
    tree = only(tree)
    if isinstance(tree, Name):
        return tree, None
    if isinstance(tree, Scripted):
        base = only(tree.base)
        if isinstance(base, Name):
            return base, tree
        inner = plain(base) if isinstance(base, Scripted) else None
        if inner is not None and inner[1] is not None:
            whole = inner[1]
            return inner[0], Scripted(
                inner[0],
                (*whole.below, *tree.below),
                (*whole.above, *tree.above),
                whole.primes + tree.primes,
                tree.span,
            )
    return None


TRANSPOSES = frozenset(("T", "mathsfT", "intercal"))
_NOT_NAMES = frozenset(("-1", "*", "?", "!", "%"))


def analysed(trees: Iterable[Tree], labels: Set[str] = frozenset(), pointers: Set[str] = frozenset()) -> Symbols:
    """The symbols of a document, from all its formulas.

    `labels` are letters that a person says are no indices, `pointers` those that are places of entries.
    """
    everything = list(trees)
    found = Symbols(pointers=pointers)
    uses: list[tuple[int, Occurrence]] = []
    for number, tree in enumerate(everything):
        for name in walk(tree):
            found.bound.update(_bound_by(name))
        if plain(tree) is None:  # a mere symbol says nothing of how it is used
            uses += [(number, use) for use in _uses(tree)]
    lefts = [_left(tree) for tree in everything]
    _indices(found, everything, uses, lefts)
    found.indices -= labels
    _slots(found, uses)
    found.sampled = _sampled(found, uses)
    found.only_transposes = _only_transposes(everything)
    _names(found, everything, uses, lefts)
    return found


def _only_transposes(trees: Iterable[Tree]) -> bool:
    """Whether T stands above letters and parentheses, and never by itself or above a sum."""
    everywhere = above = 0
    for node in (node for tree in trees for node in walk(tree)):
        everywhere += isinstance(node, Name) and node.text == "T"
        base = only(node.base) if isinstance(node, Scripted) else None
        if isinstance(node, Scripted) and not (isinstance(base, Name) and base.kind == "big"):
            raised = [only(tree) for tree in node.above]
            above += sum(isinstance(tree, Name) and tree.text == "T" for tree in raised)
    return everywhere == above > 1


def _bound_by(tree: Tree) -> Iterator[str]:
    """The letters that a sum, a product or a maximum binds."""
    if not isinstance(tree, Scripted):
        return
    base = only(tree.base)
    if isinstance(base, Name) and (base.kind == "big" or base.text in ("max", "min", "argmax")):
        for below in tree.below:
            yield from (letter for letter, *_ in bounds(below))


def bounds(tree: Tree) -> Iterator[tuple[str, Tree | None, Tree | None]]:
    """The letters under a sum, with the first place of each and the set or bound that is written with it."""
    tree = only(tree)
    match tree:
        case Name(kind="letter"):
            yield tree.text, None, None
        case Scripted():
            letter = index_letter(tree)
            if letter is not None:
                yield letter, None, None
        case Row():
            for item in tree.items:
                yield from bounds(item)
        case Group():
            for item in tree.items:
                yield from bounds(item)
        case Chain():
            left = tree.sides[0]
            if tree.relations[0] in ("=", "∈"):
                first = tree.sides[1] if tree.relations[0] == "=" else None
                for letter, *_ in bounds(left):
                    yield letter, first, None
            elif tree.relations[0] == "≠":
                yield from bounds(left)
            elif tree.relations[0] in ("≤", "<") and len(tree.sides) >= 2:
                for letter, *_ in bounds(tree.sides[1]):
                    yield letter, left, tree.sides[2] if len(tree.sides) > 2 else None


def _uses(tree: Tree) -> Iterator[Occurrence]:
    """Every name with its scripts in a tree, and whether parentheses follow it."""
    stack: list[tuple[Tree, bool]] = [(tree, False)]
    while stack:
        node, applied = stack.pop()
        named = plain(node)
        if named is not None and named[0].kind in ("letter", "word"):
            name, whole = named
            below = scripts(whole.below) if whole else ()
            above = scripts(whole.above) if whole else ()
            raised = any(s.letter in TRANSPOSES or s.word == "-1" for s in above)  # Xᵀ(…) is a product
            yield Occurrence(key_of(name), below, above, whole.primes if whole else 0, applied and not raised)
            if whole and name.text == "e" and not below:
                stack += [(script, False) for script in whole.above]  # an exponent, e^{z_i}
            continue
        if isinstance(node, Row):
            for place, item in enumerate(node.items):
                after = node.items[place + 1] if place + 1 < len(node.items) else None
                if isinstance(after, Scripted):
                    after = only(after.base)  # σ(z)²
                stack.append((item, isinstance(after, Group) and after.opening == "("))
            continue
        if isinstance(node, Scripted):
            base = only(node.base)
            if isinstance(base, Name):  # a sum's bounds, a function's base
                stack += [(script, False) for script in node.above if base.kind == "big"]
                stack += [(s, False) for b in node.below for _, first, last in bounds(b) for s in (first, last) if s]
                continue
        from symgrad.reading.latex.tree import children

        stack += [(child, False) for child in children(node)]


def _left(tree: Tree) -> tuple[Name, Scripted | None, bool] | None:
    """The name that an equation has alone on its left, and whether arguments follow it."""
    if not isinstance(tree, Chain) or tree.relations[0] not in ("=", ":=", "≡"):
        return None
    side = only(tree.sides[0])
    applied = False
    if (
        isinstance(side, Row)
        and len(side.items) == 2
        and isinstance(side.items[1], Group)
        and side.items[1].opening == "("
    ):
        side, applied = side.items[0], True
    named = plain(side)
    return None if named is None or named[0].kind not in ("letter", "word") else (*named, applied)


def _denominators(tree: Tree) -> Iterator[Occurrence]:
    for node in walk(tree):
        if isinstance(node, Fraction):
            yield from _uses(node.under)


def _indices(found: Symbols, trees: list[Tree], uses: list[tuple[int, Occurrence]], lefts: Sequence[object]) -> None:
    """Which letters are indices, and which of them count layers or time steps."""
    by_tree: dict[int, list[Occurrence]] = defaultdict(list)
    for number, use in uses:
        by_tree[number].append(use)
    labels: dict[Key, set[str]] = defaultdict(set)
    for _, use in uses:
        if len(use.below) == 1:  # W_f and W_o are gates, W_{of} has two indices
            labels[use.key] |= {s.letter for s in use.below if s.letter}
    found.indices |= {letter for letter in found.bound if _is_one(letter)}
    for number, tree in enumerate(trees):
        if any(isinstance(node, Name) and node.kind == "dots" for node in walk(tree)):
            continue  # x_1, …, x_n: n is no index
        here = by_tree[number]
        sides = tree.sides if isinstance(tree, Chain) else (tree,)
        first = list(_uses(sides[0])) + list(_denominators(sides[0]))
        rest = [use for side in sides[1:] for use in _uses(side)]
        own = {letter for use in first for s in (*use.below, *use.above) for letter in _running(s, use, labels)}
        other = {letter for use in rest for s in (*use.below, *use.above) for letter in _running(s, use, labels)}
        found.indices |= own & other
        steps = (s for use in here for s in (*use.below, *use.above) if s.letter and s.shift and not s.more)
        shifted = {script.letter for script in steps}
        named = lefts[number] is not None
        inside = {letter for node in walk(tree) for letter in _bound_by(node)}
        for letter in shifted:
            unshifted = any(s.letter == letter and s.is_letter for use in here for s in (*use.below, *use.above))
            counts = letter in TRADITIONAL or letter in COUNTING
            if counts and (named or unshifted) and letter not in inside and (letter != "L" or _recurs(letter, uses)):
                found.families.add(letter)
    for _, use in uses:
        found.families |= {s.letter for s in use.above if s.letter == "l" and s.bracket}
    if "L" in found.families and "l" not in found.families and _is_last("L", trees, lefts, by_tree):
        found.ends.add("L")
    if "l" in found.families or found.ends:  # beside any layer l, L is the last one
        found.families.discard("L")
        found.indices.discard("L")
    found.indices |= found.families
    places = (letter for _, use in uses for script in (*use.below, *use.above) for letter in script.letters)
    found.indices |= {letter for letter in places if letter.endswith("'") and letter.rstrip("'") in found.indices}
    indexed = {use.key for _, use in uses if any(script.letter in found.indices for script in use.below)}
    for key in {use.key for _, use in uses if use.key[1] == "bold"} - indexed:
        thin = (key[0], "", key[2])
        if thin in indexed:
            found.renamed[thin] = key  # x_i of a bold x
    _thin_once(found, uses)
    _thin_entries(found, uses, {key_of(left[0]) for left in lefts if isinstance(left, tuple)})
    _entries(found, uses)


def _thin_once(found: Symbols, uses: list[tuple[int, Occurrence]]) -> None:
    """A letter that is thin in one formula only, always beside the bold one with the same indices, is that one."""
    places: dict[Key, set[tuple[int, tuple[Script, ...], tuple[Script, ...]]]] = defaultdict(set)
    for number, use in uses:
        places[use.key].add((number, use.below, use.above))
    for number, use in uses:
        bold = (use.key[0], "bold", use.key[2])
        if use.key[1] or use.key in found.renamed or not use.below or use.applied:
            continue
        same = {where for where, *at in places.get(bold, ()) if at == [use.below, use.above]}
        mine = places[use.key]
        if mine == {(number, use.below, use.above)} and number in same and len(same) > 2:
            found.renamed[use.key] = bold
            found.thin.add(use.key)


def _thin_entries(found: Symbols, uses: list[tuple[int, Occurrence]], defined: set[Key]) -> None:
    """A thin letter that nothing defines, and that always has an index, is an entry of the bold one that is defined."""
    bare = {use.key for _, use in uses if not any(script.letter in found.indices for script in use.below)}
    for key in {use.key for _, use in uses if not use.key[1] and not use.applied} - bare - defined:
        bold = (key[0], "bold", key[2])
        if bold in defined:
            found.renamed[key] = bold


def _entries(found: Symbols, uses: list[tuple[int, Occurrence]]) -> None:
    """A small letter that only ever has two indices is an entry of the matrix that the large one is: w_{ij} of W."""
    counts: dict[Key, set[int]] = defaultdict(set)
    layers: dict[Key, bool] = defaultdict(bool)
    for _, use in uses:
        counts[use.key].add(sum(s.letter in found.indices and not s.shift for s in use.below))
        layers[use.key] |= any(s.letter in found.families for s in use.above)
    for key in [key for key, used in counts.items() if used == {2} and key[0].islower() and key[0].isascii()]:
        large = [other for other in counts if other[0] == key[0].upper() and other[2] == key[2]]
        if len(large) == 1 and counts[large[0]] == {0} and layers[large[0]] == layers[key] and key not in found.renamed:
            found.renamed[key] = large[0]


def _recurs(letter: str, uses: Sequence[tuple[int, Occurrence]]) -> bool:
    """Whether a quantity occurs in two layers, a^L and a^{L-1}, so that the letter counts them."""
    shifts: dict[Key, set[int]] = defaultdict(set)
    for _, use in uses:
        shifts[use.key] |= {s.shift for s in (*use.below, *use.above) if s.letter == letter and not s.more}
    return any(len(each) > 1 for each in shifts.values())


def _is_last(
    letter: str, trees: Sequence[Tree], lefts: Sequence[object], uses: Mapping[int, Sequence[Occurrence]]
) -> bool:
    """Whether a letter of layers is that of the last one: what is of no layer depends on it; no layer is behind."""
    own = {n: [s for use in found for s in (*use.below, *use.above) if s.letter == letter] for n, found in uses.items()}
    if any(script.shift > 0 for found in own.values() for script in found):
        return False
    wholes = [number for number, left in enumerate(lefts) if isinstance(left, tuple) and own.get(number)]
    sides = (tree.sides[0] for number in wholes if isinstance(tree := trees[number], Chain))
    return any(all(s.letter != letter for use in _uses(side) for s in (*use.below, *use.above)) for side in sides)


def _is_one(letter: str) -> bool:
    return len(letter.rstrip("'")) == 1


def _running(script: Script, use: Occurrence, labels: dict[Key, set[str]]) -> list[str]:
    """The letters of a script that may be indices: not W_i beside W_f and W_o."""
    found = [letter for letter in script.letters if _is_one(letter) and letter[0] in TRADITIONAL]
    return [letter for letter in found if labels[use.key].isdisjoint(LABELLED - {letter})]


def _slots(found: Symbols, uses: list[tuple[int, Occurrence]]) -> None:
    """What each place of each name's scripts is: a part of the name, an index, or a layer."""
    labels: dict[Key, set[str]] = defaultdict(set)
    bare: set[Key] = set()  # names with a layer above, and no parentheses behind
    for _, use in uses:
        if len(use.below) == 1:
            labels[use.key] |= {s.letter for s in use.below if s.letter}
    for _, use in uses:
        above = [script for script in use.above if not script.bracket and not script.more]
        if any((script.letter and script.shift) or script.letter in found.families | found.ends for script in above):
            found.layered.add(found.same(use.key))
            bare |= set() if use.applied else {found.same(use.key)}
    found.activations = found.layered - bare
    for _, use in uses:
        below = [s for s in use.below]
        whole = all(not s.letter or s.letter in found.indices for s in below)
        for place, script in enumerate(below):
            gate = (
                not labels[use.key].isdisjoint(LABELLED - found.bound)
                and script.letter not in found.families | found.bound
            )
            if script.letter == LAST and "l" in found.families:
                found.below[found.same(use.key)][place] = "family"
            if script.letter in found.indices and (whole or script.letter in found.families) and not gate:
                kind: Kind = "family" if script.letter in found.families else "index"
                if found.below[found.same(use.key)].get(place) != "family":
                    found.below[found.same(use.key)][place] = kind
        for place, script in enumerate(labelling(found, found.same(use.key), use.above)):
            if script.letter in found.indices | found.ends or script.letter == LAST:
                is_layer = script.letter in found.families | found.ends or script.letter == LAST
                found.above[found.same(use.key)][place] = "family" if is_layer else "index"


def _sampled(found: Symbols, uses: list[tuple[int, Occurrence]]) -> set[Key]:
    """The names with an index in brackets above, and without one elsewhere."""
    inside = {use.key for _, use in uses if any(is_sample(found, s) for s in use.above)}
    return inside & {use.key for _, use in uses if not any(script.bracket for script in use.above)}


def is_sample(found: Symbols, script: Script) -> bool:
    """Whether an item of a superscript says which sample: the i of x^{(i)}."""
    return script.bracket == "(" and script.letter in found.indices - found.families and not script.shift


def labelling(found: Symbols, key: Key, above: Iterable[Script], applied: bool = True) -> list[Script]:
    """The items of a superscript that are a part of the name: no power, no transpose, no inverse.

    Where a layer is only ever written on a function, σ^l(z), a number on what isn't `applied`, σ_i^2, is a power.
    """
    result = []
    for script in above:
        if script.word in _NOT_NAMES and script.word != "*":
            continue
        if (
            script.bracket
            or (script.word and script.word not in ("?",))
            or (
                key in found.layered
                and (applied or key not in found.activations)
                and not script.more
                and script.letter not in TRANSPOSES
            )  # a last step is below
            or (script.letter in found.indices and script.is_letter and script.letter not in TRANSPOSES)
        ):
            result.append(script)
    return result


def _names(found: Symbols, trees: list[Tree], uses: list[tuple[int, Occurrence]], lefts: Sequence[object]) -> None:
    """Which names are functions, which are defined by their square, and which are words."""
    applied: dict[Key, int] = defaultdict(int)
    bare: dict[Key, int] = defaultdict(int)
    for _, use in uses:
        if use.primes and use.applied:
            found.functions.add(use.key)
        counts = applied if use.applied else bare
        counts[use.key] += 1
    for tree, left in zip(trees, lefts, strict=True):
        if not isinstance(left, tuple):
            continue
        name, whole, called = left
        key = key_of(name)
        if _is_kronecker(tree, name, whole):
            continue
        found.defined.add(key)
        if called:
            found.functions.add(key)
        squares = [s for s in scripts(whole.above) if not s.letter and not s.word and s.shift == 2] if whole else []
        if squares and key not in found.layered and not any(s.bracket for s in squares):
            found.squared.add(key)
    found.squared |= {key for tree in trees for key in _squared_in(tree)} - found.layered
    for left in lefts:  # σ = … beside σ² = …: then the square is a power
        if isinstance(left, tuple) and key_of(left[0]) in found.squared and not (left[1] and left[1].above):
            found.squared.discard(key_of(left[0]))
    numbers = [s.shift for _, use in uses for s in (*use.below, *use.above) if not s.letter and not s.word]
    found.depth = max(3, *(n for n in numbers if n <= 4), 3) if numbers else 3
    own = {key_of(left[0]) for left in lefts if isinstance(left, tuple) and not left[2]}
    for key, count in applied.items():
        if count > 2 * bare[key] and key not in own:
            found.functions.add(key)
    found.bare |= {key for key in bare if key not in found.functions}


def _is_kronecker(tree: Tree, name: Name, whole: Scripted | None) -> bool:
    """Whether an equation says what Kronecker's delta is: δ_{ij} = 1."""
    two = name.text == "delta" and whole is not None and len(scripts(whole.below)) == 2
    return two and isinstance(tree, Chain) and isinstance(only(tree.sides[1]), Number | Table)


def _squared_in(tree: Tree) -> Iterator[Key]:
    """The names by whose square something is differentiated: ∂L/∂σ²."""
    for node in walk(tree):
        if not isinstance(node, Fraction):
            continue
        over, under = (only(side) for side in (node.over, node.under))
        if not all(isinstance(side, Row) and _is_first_order(side) for side in (over, under)):
            continue
        for side in (over, under):
            assert isinstance(side, Row)
            named = plain(side.items[1]) if len(side.items) == 2 else None
            if named and named[1] and any(s == Script(shift=2) for s in scripts(named[1].above)):
                yield key_of(named[0])


def _is_first_order(row: Row) -> bool:
    sign = only(row.items[0])
    return isinstance(sign, Name) and (sign.kind == "partial" or sign.text == "d")
