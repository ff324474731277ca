"""The value of a term: one rule a kind of term, in the shapes and definitions of its document."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sympy import Eq as Equal
from sympy import Expr, Ge, Gt, Indexed, IndexedBase, Integer, KroneckerDelta, Le, Lt, S, Symbol, pi
from sympy import Ne as Unequal

from symgrad.checking.places import affine, from_zero, has_windows, last_name, only_start
from symgrad.checking.unknown import rest_name, slope_name
from symgrad.checking.values import UNINDEXED, Algebra, Derived, Misfit, Value, sized_equation
from symgrad.equations import Equation, Index, Size
from symgrad.expressions import exact, product, total
from symgrad.indices import Largest, canonical, reduced
from symgrad.names import partial_name
from symgrad.reading.arithmetic import MOST_DIGITS
from symgrad.reading.latex import terms as t
from symgrad.reading.latex.resolve import LOSS, SQUARED
from symgrad.reading.latex.sums import sums_entries
from symgrad.reading.source import AbstractFunction
from symgrad.tensors.elementwise import ELEMENTWISE
from symgrad.tensors.functions import Choice, Determinant, MatrixInverse
from symgrad.tensors.tensor import Scope, Tensor
from symgrad.tensors.vocabulary import VOCABULARY

RELATIONS = {"<": Lt, ">": Gt, "<=": Le, ">=": Ge, "==": Equal, "!=": Unequal}
_REDUCTIONS = ("sum", "mean", "var", "std", "norm", "logsumexp")
HIDDEN = "matrix_"  # how the names of matrices that have none begin, XᵀX in (XᵀX)⁻¹
Shape = tuple[Expr, ...]


class Unknown(Misfit):
    """A quantity of which nothing is known here."""

    def __init__(self, name: str) -> None:
        super().__init__(f"nothing says what {name} is")
        self.name = name


@dataclass(frozen=True)
class Function:
    """A function that the document defines: its parameters and what it is of them."""

    parameters: tuple[str, ...]
    body: t.Term


@dataclass
class Evaluator:
    """Reads the terms of one statement; what it uses is in `names`, what had to be named is in `auxiliary`."""

    algebra: Algebra
    shape: Callable[[str], Shape]  # a quantity's sizes; raises Unknown
    functions: Mapping[str, Function] = field(default_factory=dict)
    lengths: Mapping[str, Expr] = field(default_factory=dict)  # names that are the length of an axis
    starts: Mapping[str, int] = field(default_factory=dict)  # 0 or 1, where indices start
    jacobian: Callable[[str, str, bool], Value] | None = None  # of one quantity by another, written out
    loss: str = ""
    direct: bool = False  # a partial derivative holds all other named quantities fixed
    entrywise: bool = False  # a derivative of an array by one of its shape is that of each entry
    spelled: bool = False  # a derivative inside of another one is written out, not named
    logistic: bool = False  # σ is the logistic function, though nothing says so
    mattered: bool = False  # whether reading derivatives as direct ones, or entry by entry, made a difference
    met_sigma: bool = False  # whether a σ of which nothing is said was applied
    scalars: frozenset[str] = frozenset()  # losses of which nothing is known but that they are numbers
    aliases: Mapping[str, tuple[tuple[t.At, ...], t.Term]] = field(default_factory=dict)  # names of derivatives
    is_split: Callable[[str], bool] = lambda name: False  # whether a name's entries are of an array beside it
    is_identity: Callable[[str], bool] = lambda name: False  # whether a name that nothing defines is the identity
    written_out: Callable[[t.Term], str] = lambda term: ""  # the name of what an expression writes out
    layered: Callable[[str], str] = lambda name: name  # a name without its layer, with it
    shared: Callable[[str], str] = lambda name: name  # W for W^(t), the weights as one step uses them
    at_step: Callable[[str, str, str], Value] | None = None  # a derivative by W^(t), written out
    batch: str = ""  # the length m of the axis of samples, where dZ is that of the sum of their losses, and dW isn't
    local: dict[str, Value] = field(default_factory=dict)
    letters: dict[str, Index] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    auxiliary: list[Equation] = field(default_factory=list)
    bodies: Callable[[], Mapping[tuple[Expr, tuple[Index, ...]], str]] = dict  # names by what they stand for
    matrices: dict[tuple[Expr, tuple[Index, ...]], str] = field(default_factory=dict)  # names of those that have none
    seen: list[tuple[t.Term, Expr]] = field(default_factory=list)
    depth: int = 0

    def value(self, term: t.Term) -> Value:
        """A term's value; raises Misfit."""
        self.depth += 1
        if self.depth > 200:
            raise Misfit("the definitions are nested too deeply")
        try:
            rule: Any = getattr(self, f"_{type(term).__name__.lower()}")
            found: Value = rule(term)
        finally:
            self.depth -= 1
        if not self.algebra.dry:
            self.seen.append((term, found.expr))
        return found

    # --- numbers and quantities

    def _num(self, term: t.Num) -> Value:
        if term.text in ("pi", "e"):
            return Value(pi if term.text == "pi" else S.Exp1)
        if len(term.text) > MOST_DIGITS or ("e" in term.text and abs(int(term.text.split("e")[1])) > MOST_DIGITS):
            raise Misfit(f"the number {term.text[:20]}… is too large to compute with")
        number = exact(term.text)
        if not number.is_Integer:
            self.algebra.written[number] = (number,)
        return Value(number)

    def _ref(self, term: t.Ref) -> Value:
        if term.name in self.local:
            return self._at(self.local[term.name], term.at)
        if not term.at and term.name in self.letters:
            return self._index_itself(term.name)
        if not term.at and term.name in self.lengths:
            return Value(self.algebra.sizes.find(self.lengths[term.name]))
        name = self.layered(term.name)
        if name != term.name:
            self.algebra.choose(f"{term.name} was read as that of the last layer")
            return self._ref(replace(term, name=name))
        if term.name in self.aliases:
            return self._at(self._alias(term.name), term.at)
        if self.is_identity(term.name):
            self.algebra.doubtful = True
            self.algebra.choose(f"{term.name} was read as the identity matrix")
            size = self.algebra.sizes.fresh()
            axes = (self.algebra.index(size), self.algebra.index(size))
            return self._at(Value(KroneckerDelta(*axes), axes), term.at)
        name = f"{term.name}@{len(term.at)}" if term.at and self.is_split(term.name) else term.name
        sizes = self.shape(name)
        name = name.replace("@", "_all")
        self.names.add(name)
        return self._at(self._open(name, sizes), term.at)

    def _index_itself(self, letter: str) -> Value:
        """The value of an index, in i x_i and in a condition on i."""
        start = self.starts.get(letter, only_start(self.starts))
        if start is None:
            self.algebra.doubtful = True
            self.algebra.choose(f"the index {letter} was read to start at 0")
        return Value(self.letters[letter] + (start or 0))

    def _alias(self, name: str) -> Value:
        """What a name stands for, as an array over the indices that its definition has on the left."""
        at, body = self.aliases[name]
        outer, self.letters = self.letters, {}
        try:
            value = self.value(body)
            free = [self.letters.get(place.letter) for place in at]
            others = set(self.letters) - {place.letter for place in at}
        finally:
            self.letters = outer
        if None in free or others:
            raise Misfit(f"the indices of {name} don't fit its definition")
        fresh = self.algebra.renamed(
            Value(value.expr, (*[index for index in free if index is not None], *value.axes)),
            [self.algebra.index(index.size) for index in (*free, *value.axes) if index is not None],
        )
        return fresh if at else replace(fresh, row=value.row, derived=value.derived)

    def _open(self, name: str, sizes: Shape) -> Value:
        axes = tuple(self.algebra.index(size) for size in sizes)
        return Value(IndexedBase(name)[axes] if axes else Symbol(name), axes)

    def _at(self, value: Value, at: tuple[t.At, ...]) -> Value:
        if not at:
            return value
        if len(at) > value.rank:
            raise Misfit(UNINDEXED)
        places = [self._place(place, axis.size) for place, axis in zip(at, value.axes, strict=False)]
        return self.algebra.picked(value, places)

    def _place(self, at: t.At, size: Expr) -> Expr | None:
        if at.letter == ":":
            return None
        if not at.letter:
            if at.shift < 1:
                raise Misfit("entries are counted from 1")
            return Integer(at.shift - 1)
        if at.more:
            return affine(at, size, self.letters, self.algebra.sizes, self.lengths, self.starts)
        if at.shift:
            raise Misfit(f"the index {at} leaves its axis at an end")
        if at.letter not in self.letters:
            if letter := at.letter.partition("_")[2]:  # y_i is one for each i
                self.letters.setdefault(letter, Index(letter, self.algebra.sizes.fresh()))
            self.letters[at.letter] = Index(at.letter, self.algebra.sizes.find(size))
        else:
            self.algebra.sizes.unify(self.letters[at.letter].size, size)
        return self.letters[at.letter]

    def _picked(self, term: t.Picked) -> Value:
        return self._at(self.value(term.body), term.at)

    def _delta(self, term: t.Delta) -> Value:
        places = [self._place(at, self.algebra.sizes.fresh()) for at in term.at]
        if isinstance(places[0], Index) and isinstance(places[1], Index):
            self.algebra.sizes.unify(places[0].size, places[1].size)
        return Value(KroneckerDelta(*places))

    # --- arithmetic

    def _add(self, term: t.Add) -> Value:
        return self.algebra.add([self.value(part) for part in term.terms], term.signs)

    def _mul(self, term: t.Mul) -> Value:
        values = [self.value(factor) for factor in term.factors]
        found = values[0]
        for sign, value in zip(term.operators, values[1:], strict=True):
            found = self.algebra.times(found, sign, value)
        return found

    def _div(self, term: t.Div) -> Value:
        over, under = self.value(term.over), self.value(term.under)
        if not self.algebra.dry and under.expr.is_zero:
            raise Misfit("a division by zero")
        return self.algebra.combine(lambda pair: product((pair[0], pair[1] ** -1), self.algebra.written), over, under)

    def _power(self, term: t.Power) -> Value:
        root = root_of(term)
        if root is not None and self._is_known(root.name):
            return self._ref(root)
        half = isinstance(term.exponent, t.Num) and term.exponent.text == "2"
        if (
            half
            and isinstance(term.base, t.Norm)
            and term.base.kind[:1] in "‖|"
            and term.base.kind[1:] in ("", "2", "F")
        ):
            return self._squares(self.value(term.base.body))
        if isinstance(term.base, t.Apply) and term.base.function == "diag" and len(term.base.arguments) == 1:
            inside = replace(term, base=term.base.arguments[0])
            return self._diagonal(self.value(inside))  # a power of a diagonal matrix is that of its diagonal
        base, exponent = self.value(term.base), self.value(term.exponent)
        if base.rank == 2 and exponent.rank == 0 and exponent.expr not in (S.Half, -S.Half):
            self.algebra.doubtful = True
            self.algebra.choose("a power of a matrix was read entry by entry")
        if base.expr.is_number and exponent.expr.is_number and not self.algebra.dry:
            self._refuse_large(base.expr, exponent.expr)
        return self.algebra.combine(lambda pair: pair[0] ** pair[1], base, exponent)

    def _is_known(self, name: str) -> bool:
        return self._known_shape(name) is not None

    def _known_shape(self, name: str) -> Shape | None:
        try:
            return self.shape(name)
        except Misfit:
            return None

    @staticmethod
    def _refuse_large(base: Expr, exponent: Expr) -> None:
        if base.is_zero and exponent.is_negative:
            raise Misfit("a division by zero")
        size = 1 if not base.is_Rational else len(str(abs(base.p))) + len(str(base.q))
        if abs(base) != 1 and not base.is_zero and abs(exponent.evalf(5)) * size > MOST_DIGITS:
            raise Misfit("a power of a number that is too large to compute")

    def _squares(self, value: Value) -> Value:
        square = self.algebra.mapped(value, lambda expr: expr**2)
        return self.algebra.summed(square, square.axes) if value.axes else square

    def _transposed(self, term: t.Transposed) -> Value:
        return self.algebra.transposed(self.value(term.body))

    def _inverse(self, term: t.Inverse) -> Value:
        value = self.value(term.body)
        if value.rank == 0:
            return self.algebra.mapped(value, lambda expr: expr**-1)
        if value.rank != 2:
            raise Misfit("an inverse of what is no matrix")
        value = self._square(value)
        if self.algebra.dry:
            return Value(S.One, value.axes)
        base, places, turned = self._as_named(value)
        row, column = value.axes[::-1] if turned else value.axes
        return Value(MatrixInverse(base, row, column, row.size, *places), value.axes)

    def _square(self, value: Value) -> Value:
        """A matrix with two axes of one length."""
        self.algebra.sizes.unify(value.axes[0].size, value.axes[1].size)
        return self.algebra.renamed(value, [self.algebra.index(axis.size) for axis in value.axes])

    def _determinant(self, value: Value) -> Value:
        value = self._square(value)
        if self.algebra.dry:
            return Value(S.One)
        base, places, _ = self._as_named(value)
        return Value(Determinant(base, value.axes[0].size, *places))

    def _as_named(self, value: Value) -> tuple[IndexedBase, tuple[Expr, ...], bool]:
        """The name of a matrix, its places in a family, and whether it is transposed; an expression gets a name."""
        expr = value.expr
        if isinstance(expr, Indexed) and not set(value.axes) & set(expr.indices[:-2]):
            places, last = expr.indices[:-2], expr.indices[-2:]
            if last in (value.axes, value.axes[::-1]):
                return expr.base, places, last != value.axes
        free = tuple(sorted(expr.atoms(Index) & expr.free_symbols - {*value.axes}, key=str))
        rhs, indices = canonical(expr, (*free, *value.axes), self.algebra.written)
        name = self.matrices.setdefault((rhs, indices), f"{HIDDEN}{len(self.matrices) + 1}")
        if all(known.name != name for known in self.auxiliary):
            self.auxiliary.append(Equation(name, rhs, indices))
        return IndexedBase(name), free, False

    def _norm(self, term: t.Norm) -> Value:
        value = self.value(term.body)
        kind = term.kind
        if kind == "|" and value.rank == 0:
            return self.algebra.mapped(value, ELEMENTWISE["abs"].build)
        if kind in ("‖1", "|1"):
            absolute = self.algebra.mapped(value, ELEMENTWISE["abs"].build)
            return self.algebra.summed(absolute, absolute.axes)
        if kind == "|" and value.rank == 2:
            self.algebra.doubtful = True
            self.algebra.choose("|·| of a matrix was read as its determinant")
            return self._determinant(value)
        if kind[1:] in ("", "2", "F"):
            return self.algebra.mapped(self._squares(value), lambda expr: expr**S.Half)
        raise Misfit(f"the norm {kind} isn't known here")

    def _choice(self, term: t.Choice) -> Value:
        same = self._same_index(term)
        if same is not None:
            (first, condition), (second, _) = term.branches
            if condition is not None and condition.relation == "!=":
                first, second = second, first
            return self.algebra.combine(
                lambda pair: pair[0] * same + pair[1] * (1 - same), self.value(first), self.value(second)
            )
        parts: list[Value] = []
        for value, condition in term.branches:
            parts.append(self.value(value))
            if condition is not None:
                parts += [self.value(condition.left), self.value(condition.right)]

        def build(exprs: tuple[Expr, ...]) -> Expr:
            rest = list(exprs)
            branches: list[tuple[Expr, Any]] = []
            for _, condition in term.branches:
                chosen = rest.pop(0)
                if condition is None:
                    branches.append((chosen, True))
                else:
                    branches.append((chosen, RELATIONS[condition.relation](rest.pop(0), rest.pop(0))))
            return Choice(*branches)

        return self.algebra.combine(build, *parts)

    def _same_index(self, term: t.Choice) -> Expr | None:
        """Kronecker's delta, where a case is that two indices are the same, or different."""
        condition = term.branches[0][1]
        if condition is None or len(term.branches) != 2 or condition.relation not in ("==", "!="):
            return None
        places = [side.name for side in (condition.left, condition.right) if isinstance(side, t.Ref) and not side.at]
        if len(places) != 2 or not self.letters.keys() >= set(places):
            return None
        one, other = (self.letters[place] for place in places)
        self.algebra.sizes.unify(one.size, other.size)
        return KroneckerDelta(one, other)

    def _entries(self, term: t.Entries) -> Value:
        if len(term.rows) == 1 and len(term.rows[0]) == 1:
            return self.value(term.rows[0][0])  # [8] is a vector with one entry, which is what it holds
        if len({len(row) for row in term.rows}) > 1:
            raise Misfit("the rows of a matrix have different lengths")
        values = [[self.value(entry) for entry in row] for row in term.rows]
        if any(value.rank for row in values for value in row):
            raise Misfit("a matrix of arrays can't be compared yet")
        lengths = [length for length in (len(values), len(values[0])) if length > 1]
        axes = tuple(self.algebra.index(Integer(length)) for length in lengths)
        parts = []
        for i, row in enumerate(values):
            for j, value in enumerate(row):
                places = [place for place, length in ((i, len(values)), (j, len(row))) if length > 1]
                deltas = [KroneckerDelta(axis, place) for axis, place in zip(axes, places, strict=True)]
                parts.append(product((value.expr, *deltas), self.algebra.written))
        return Value(self.algebra.built(lambda: total(parts, self.algebra.written)), axes, len(values) == 1)

    def _comparison(self, term: t.Comparison) -> Value:
        raise Misfit("an equation or a comparison has no value of its own")

    def _substituted(self, term: t.Substituted) -> Value:
        value = self.value(term.body)
        table = {}
        for name, given in term.values:
            at = self.value(given)
            if at.rank or value.rank:
                raise Misfit("an array can't be put into a formula yet")
            table[Symbol(name)] = at.expr
        if value.derived is not None:
            raise Misfit("a derivative at a point has a value only in numbers")
        return Value(self.algebra.built(lambda: value.expr.xreplace(table)))

    # --- sums

    def _big(self, term: t.Big) -> Value:
        if term.kind not in ("sum", "max", "min"):
            raise Misfit("a product over indices can't be compared yet")
        if self._is_over_entries(term):
            return self._over_entries(term)
        hidden = {over.letter: self.letters.pop(over.letter, None) for over in term.over}
        for over in term.over:
            self._bounds(over)
        self._known_axes(term)
        body = self.value(term.body)
        bound = [self.letters.pop(over.letter, None) for over in term.over]
        apart = next((other for other in self.letters for o in term.over if other.partition("_")[2] == o.letter), "")
        if apart:
            raise Misfit(f"{apart} is another index for each term of the sum")
        self.letters.update({letter: index for letter, index in hidden.items() if index is not None})
        if not term.over:
            return self._over_everything(body)
        for over, index in zip(term.over, bound, strict=True):
            if index is None and over.last is None:
                body = self._over_samples(over.letter, body)
        indices = [index for index in bound if index is not None]
        if term.kind == "sum":
            found = self.algebra.summed(body, indices)
            for over, index in zip(term.over, bound, strict=True):
                if index is None and over.last is not None:
                    found = self.algebra.hadamard(self.value(over.last), found)
            return found
        if term.kind == "min":
            raise Misfit("a minimum over indices can't be compared yet")
        return Value(self.algebra.built(lambda: reduced(Largest, body.expr, indices)), body.axes)

    def _is_over_entries(self, term: t.Big) -> bool:
        """Whether a sum is over the entries of what it names, Σ_w w²."""
        if term.kind != "sum" or not sums_entries(term) or term.over[0].last is not None:
            return False
        whole = not any(ref.at for ref in t.refs(term.body))
        return whole and bool(self._known_shape(term.over[0].letter))

    def _over_entries(self, term: t.Big) -> Value:
        letter = term.over[0].letter
        whole = self._ref(t.Ref(term.span, letter))
        outer, self.local = self.local, {**self.local, letter: Value(whole.expr)}
        try:
            return self.algebra.summed(replace(self.value(term.body), axes=whole.axes), whole.axes)
        finally:
            self.local = outer

    def _bounds(self, over: t.Over) -> None:
        """The length of the axis that a sum runs over, from its bounds; raises Misfit for a part of it."""
        first = over.first
        if first is not None and not (isinstance(first, t.Num) and first.text in ("0", "1")):
            raise Misfit("a sum over a part of an axis can't be compared yet")
        if over.last is None:
            return
        size: Expr | None = None
        if last := last_name(over):
            size = self.lengths.get(last)
            if size is None:
                raise Misfit(f"the sum runs to {last}, which is no length of an axis")
            if from_zero(over):
                first = None  # x_0, …, x_{n-1}
            elif first is not None and first.text == "0":
                size, first = Size(f"{size}_and_0"), None  # x_0, …, x_n
        elif isinstance(over.last, t.Num) and over.last.text.isdigit():
            size = Integer(int(over.last.text))
        if size is None:
            raise Misfit("a sum over a part of an axis can't be compared yet")
        if first is not None and isinstance(first, t.Num) and first.text == "0":
            raise Misfit("a sum from 0 to n has one entry more than its axis")
        self.letters[over.letter] = Index(over.letter, self.algebra.sizes.find(size))

    def _known_axes(self, term: t.Big) -> None:
        """The lengths of a sum's indices from entries that they alone name, before it meets x_{i+a}."""
        if not has_windows(term.body):
            return
        letters = {over.letter for over in term.over}
        for ref in t.refs(term.body):
            for place, at in enumerate(ref.at):
                if at.letter in letters and not at.more and self._is_known(ref.name):
                    sizes = self.shape(ref.name)
                    self._place(at, sizes[place]) if place < len(sizes) else None

    def _over_samples(self, letter: str, body: Value) -> Value:
        """Σ_x, where nothing has the index x, is over samples: one stands for all."""
        self.algebra.choose(f"the sum over {letter}, an index that nothing has, was read as one of its terms")
        return body

    def _over_everything(self, body: Value) -> Value:
        """Σ without an index: over all axes, or over the indices that are written in it."""
        if body.axes:
            return self.algebra.summed(body, body.axes)
        letters = [letter for letter, index in self.letters.items() if index in body.expr.free_symbols]
        if len(letters) == 1:
            (letter,) = letters
            self.algebra.choose(f"a sum without an index was read to run over {letter}")
            return self.algebra.summed(body, (self.letters.pop(letter),))
        raise Misfit("nothing says what the sum runs over")

    # --- functions

    def _apply(self, term: t.Apply) -> Value:
        if term.function == "trace" and len(term.arguments) == 1 and not term.at:  # of a number, it is that number
            inside = self.value(term.arguments[0])
            if inside.rank == 0:
                return inside
        if term.function in self.functions:
            if self._is_shown(term) and term.function not in self.local:
                return self._ref(t.Ref(term.span, term.function, term.at))
            return self._defined(term, self.functions[term.function])
        if not term.primes and self._is_shown(term):
            return self._ref(t.Ref(term.span, term.function, term.at))
        if term.at:
            raise Misfit("a subscript of a function that isn't an index")
        arguments = term.arguments
        name = term.function
        if name in ELEMENTWISE and len(arguments) == 1:
            return self._elementwise(name, self.value(arguments[0]), term.primes)
        if term.primes and name in VOCABULARY:
            raise Misfit(f"the derivative of {name} is no function of one number")
        if name == "softmax" and len(arguments) == 1:
            return self._softmax(arguments[0])
        if name in ("max", "min"):
            return self._extreme(name, [self.value(argument) for argument in arguments])
        if name == "ones":
            return Value(S.One, (self.algebra.index(self.algebra.sizes.fresh()),))
        values = [self.value(argument) for argument in arguments]
        if name == "prod" and len(values) == 2:  # the chain rule, whatever the axes: d2l.ai, section 5.3
            return self.algebra.times(values[0], "", values[1])
        if name == "diag" and len(values) == 1:
            return self._diagonal(values[0])
        if len(values) == 2 and not term.primes and name in ("sum", "mean", "dot", "multiply"):
            return self._numpy(name, values[0], values[1], arguments[1])
        if name == "det" and len(values) == 1 and values[0].rank == 2:
            return self._determinant(values[0])
        if name == "trace" and len(values) == 1 and values[0].rank == 2:
            return self._word(name, [self._square(values[0])], ())
        if name in _REDUCTIONS and len(values) == 1 and not term.primes:
            return self._word(name, values, ())
        if name in ("vec", "argmax", "argmin", "lim", "sup", "inf", "arg", "log_softmax") or name in VOCABULARY:
            raise Misfit(f"{name} can't be compared yet")
        if len(values) > 1 and not term.primes and all(isinstance(argument, t.Ref) for argument in arguments):
            return self._unknown(name, [ref.name for ref in arguments if isinstance(ref, t.Ref)], values)
        return self._abstract(name, values, term.primes)

    def _numpy(self, name: str, one: Value, other: Value, second: t.Term) -> Value:
        """np.dot and np.multiply of two arrays, np.sum and np.mean over one axis."""
        if name == "multiply":
            return self.algebra.hadamard(one, other)
        if name == "dot":
            if not one.rank or not other.rank or max(one.rank, other.rank) > 2:
                return self.algebra.times(one, "", other)
            return self.algebra.contract(one, one.rank - 1, other, 0)
        place = int(second.text) if isinstance(second, t.Num) and second.text in ("0", "1") else one.rank
        if place >= one.rank:
            raise Misfit(f"{name} over an axis that isn't there")
        axis = one.axes[place]
        found = self.algebra.summed(one, (axis,))
        if name == "sum":
            return found
        return self.algebra.hadamard(found, Value(self.algebra.built(lambda: self.algebra.sizes.find(axis.size) ** -1)))

    def _elementwise(self, name: str, value: Value, primes: int) -> Value:
        build = ELEMENTWISE[name].build
        for _ in range(primes):
            build = _derivative(build)
        return self.algebra.mapped(value, build)

    def _softmax(self, argument: t.Term) -> Value:
        if isinstance(argument, t.Ref) and argument.at and all(at.letter for at in argument.at):
            whole = self.value(replace(argument, at=()))
            if whole.rank == len(argument.at):
                return self._at(self._word("softmax", [whole], whole.axes), argument.at)
        value = self.value(argument)
        if value.rank == 0:
            raise Misfit("softmax of a number")
        return self._word("softmax", [value], value.axes)

    def _extreme(self, name: str, values: list[Value]) -> Value:
        if len(values) == 1 and values[0].rank:
            if name == "min":
                raise Misfit("a minimum over all entries can't be compared yet")
            body = values[0]
            return Value(self.algebra.built(lambda: reduced(Largest, body.expr, body.axes)))
        if len(values) != 2:
            raise Misfit(f"{name} of {len(values)} numbers can't be compared yet")
        if name == "max" and values[0].expr == 0 and values[0].rank == 0:
            return self._elementwise("relu", values[1], 0)
        if name == "max" and values[1].expr == 0 and values[1].rank == 0 and not self.algebra.dry:
            return self._elementwise("relu", values[0], 0)
        relation = Gt if name == "max" else Lt
        return self.algebra.combine(
            lambda pair: Choice((pair[0], relation(pair[0], pair[1])), (pair[1], True)), *values
        )

    def _diagonal(self, value: Value) -> Value:
        if value.rank != 1:
            raise Misfit("diag of what is no vector")
        (row,) = value.axes
        column = self.algebra.index(row.size)
        expr = self.algebra.built(lambda: product((value.expr, KroneckerDelta(row, column)), self.algebra.written))
        return Value(expr, (row, column))

    def _word(self, name: str, values: list[Value], axes: tuple[Index, ...]) -> Value:
        """A word of the vocabulary, as a Python model would use it."""
        if self.algebra.dry:
            return Value(S.One, axes, values[0].row and len(axes) == 1)
        scope = Scope(self.algebra.written, self.algebra.counter)
        tensors = [Tensor(value.expr, value.axes, scope) for value in values]
        found = VOCABULARY[name].build(*tensors)
        return Value(found.expr, found.indices, values[0].row and len(found.indices) == 1)

    def _abstract(self, name: str, values: list[Value], primes: int) -> Value:
        if len(values) != 1:
            raise Misfit(f"nothing says what {name} is of {len(values)} arguments")
        if name in ("sigma", "sigmoid"):
            self.met_sigma = True
            if self.logistic:
                return self._elementwise("sigmoid", values[0], primes)
        function = AbstractFunction(name + "'" * primes, Scope(self.algebra.written, self.algebra.counter))
        return self.algebra.mapped(values[0], lambda expr: function(Tensor(expr, (), function.scope)).expr)

    def _unknown(self, name: str, names: list[str], values: list[Value]) -> Value:
        """A number of which only what it depends on is known: a linear function of that has any value and any gradient.

        It has no second derivative, which an unknown function may have.
        """
        self.algebra.doubtful = True
        whole = "_".join((name, *names))
        parts = [Value(Symbol(rest_name(whole)))]
        for own, value in zip(names, values, strict=True):
            weight = slope_name(own, whole)
            factor = IndexedBase(weight)[value.axes] if value.axes else Symbol(weight)
            part = self.algebra.hadamard(value, Value(factor, value.axes))
            parts.append(self.algebra.summed(part, value.axes) if value.axes else part)
        return self.algebra.add(parts, ["+"] * len(parts))

    def _defined(self, term: t.Apply, function: Function) -> Value:
        """A function of the document, its parameters being the arguments."""
        if len(term.arguments) != len(function.parameters):
            raise Misfit(f"{term.function} takes {len(function.parameters)} arguments")
        if term.at and not term.primes:  # S_i(T_j) is entry i of S(T)
            whole = tuple(replace(a, at=()) if isinstance(a, t.Ref) else a for a in term.arguments)
            if whole != term.arguments:
                self.algebra.choose(f"{term.function} was read as a function of the whole of its argument")
            return self._at(self._defined(replace(term, arguments=whole, at=()), function), term.at)
        values = [self.value(argument) for argument in term.arguments]
        if term.primes:
            return self._slope(function, values, term)
        outer, self.local = self.local, {**self.local, **dict(zip(function.parameters, values, strict=True))}
        try:
            return self.value(function.body)
        finally:
            self.local = outer

    def _slope(self, function: Function, values: list[Value], term: t.Apply) -> Value:
        if len(values) != 1:
            raise Misfit(f"a prime on {term.function}, which has more than one argument")
        slot = Symbol("slot_")
        outer, self.local = self.local, {function.parameters[0]: Value(slot)}
        try:
            body = self.value(function.body)
        finally:
            self.local = outer
        if body.rank:
            raise Misfit(f"a prime on {term.function}, which isn't a function of one number")

        def at(expr: Expr) -> Expr:
            return body.expr.xreplace({slot: expr})

        slope: Callable[[Expr], Expr] = at
        for _ in range(term.primes):
            slope = _derivative(slope)
        return self.algebra.mapped(values[0], slope)

    # --- derivatives

    def _partial(self, term: t.Partial) -> Value:
        if len(term.by) > 1:
            inner = replace(term, by=term.by[:-1])
            return self._partial(t.Partial(term.span, inner, term.by[-1:], term.nabla))
        if term.by and isinstance(term.by[0], t.Transposed):
            found = self._partial(replace(term, by=(term.by[0].body,)))
            of_number = found.derived is not None and found.derived.axes == 0
            return self.algebra.transposed(found) if of_number else found  # of a vector: its Jacobian
        if term.by and isinstance(term.by[0], t.Apply) and term.by[0].function == "log":
            return self._by_logarithm(term, term.by[0])
        if not term.by:
            return self._gradient(term)
        if isinstance(term.by[0], t.Mul | t.Add | t.Power | t.Div):
            return self._by_expression(term, term.by[0])
        held = self._by_argument(term)
        if held is not None:
            return held
        of_name, of_at = self._numerator(term.of)
        by = self._variable(term)
        by_name, by_at = self.layered(by.name), by.at
        if self.shared(by_name) != by_name:
            return self._by_shared(of_name, of_at, by_name, by_at)
        of_shape = () if of_name in self.scalars else self.shape(of_name)
        by_shape = self.shape(by_name)
        self.names |= {of_name, by_name}
        found = self._jacobian(of_name, by_name, of_shape, by_shape)
        if found.derived is not None and found.derived.entrywise:
            if len(of_at) == len(by_at) and of_at != by_at and of_at:
                raise Misfit("entries of two arrays")
            return self._at(found, by_at) if by_at else found
        places = [self._place(at, axis.size) for at, axis in zip(of_at, found.axes, strict=False)]
        places += [None] * (len(of_shape) - len(of_at))
        places += [self._place(at, axis.size) for at, axis in zip(by_at, found.axes[len(of_shape) :], strict=False)]
        if len(of_at) > len(of_shape) or len(by_at) > len(by_shape):
            raise Misfit(UNINDEXED)
        result = self.algebra.picked(found, places)
        if of_at or by_at:
            left = len([place for place in places[: len(of_shape)] if place is None])
            own = Derived(_placed(of_name, of_at), _placed(by_name, by_at), left)
            return self._of_sum(term, by_shape, replace(result, derived=own if result.axes else None))
        return self._of_sum(term, by_shape, replace(result, derived=Derived(of_name, by_name, len(of_shape))))

    def _of_sum(self, term: t.Partial, by: Shape, mean: Value) -> Value:
        """dZ of m samples where dW = (1/m) dZ Aᵀ: m times the derivative of their mean loss."""
        length = self.lengths.get(self.batch)
        adjoint = isinstance(term.of, t.Ref) and term.of.name == LOSS
        if length is None or not adjoint or not any(self.algebra.sizes.same(size, length) for size in by):
            return mean
        self.algebra.choose(
            f"d was read as the derivative of the sum of {self.batch} losses by what has an axis for these, and as "
            "that of their mean by anything else"
        )
        number = self.algebra.sizes.find(length)
        return replace(mean, expr=self.algebra.built(lambda: product((number, mean.expr), self.algebra.written)))

    def _gradient(self, term: t.Partial) -> Value:
        """∇f, and ∇²f, by all parameters of f."""
        order, innermost = 1, term
        while isinstance(innermost.of, t.Partial) and not innermost.of.by:
            order, innermost = order + 1, innermost.of
        parameters, named = self._parameters(innermost), self._named_function(innermost)

        def slope(*by: t.Ref) -> t.Partial:
            return t.Partial(term.span, named, by, len(by) == 1)

        if len(parameters) == 1:
            return self._partial(slope(*parameters * order))
        if not parameters or order > 2:
            raise Misfit("nothing says what the gradient is taken by")
        rows = (parameters,) if order == 1 else tuple(itertools.repeat(parameters, len(parameters)))
        seconds = parameters if order == 2 else (None,)
        table = tuple(
            tuple(slope(*filter(None, (second, first))) for first in row)
            for row, second in zip(rows, seconds, strict=True)
        )
        return self._entries(t.Entries(term.span, table))

    def _by_expression(self, term: t.Partial, by: t.Term) -> Value:
        """∂σ(βx)/∂(βx), by a number that is written out wherever it stands."""
        slot = t.Ref(by.span, "slot_")
        whole = t.placeless(by)
        inside = t.rewritten(term.of, lambda part: slot if t.placeless(part) == whole else part)
        if inside is term.of:
            raise Misfit("a derivative by what is no name")
        at = self.value(by)
        outer, self.local = self.local, {**self.local, slot.name: Value(Symbol(slot.name))}
        try:
            body = self.value(inside)
        finally:
            self.local = outer
        if body.rank or at.rank:
            raise Misfit("a derivative by what is no name")
        slope = _derivative(lambda expr: body.expr.xreplace({Symbol(slot.name): expr}))
        return Value(self.algebra.built(lambda: slope(at.expr)))

    def _by_logarithm(self, term: t.Partial, by: t.Apply) -> Value:
        """∂f/∂log vⁿ = (v / n) ∂f/∂v, entry by entry."""
        power = by.arguments[0]
        has_root = isinstance(power, t.Power) and root_of(power) is not None
        exponent = power.exponent if isinstance(power, t.Power) and not has_root else None
        inside = power.base if isinstance(power, t.Power) and not has_root else power
        if not isinstance(inside, t.Ref):
            raise Misfit("a derivative by what is no name")
        slope = self._partial(replace(term, by=(inside,)))
        variable = self.value(inside)
        if exponent is not None:
            variable = self.algebra.combine(lambda pair: pair[0] / pair[1], variable, self.value(exponent))
        if variable.rank:
            last = slope.axes[len(slope.axes) - variable.rank :]
            variable = self.algebra.renamed(variable, last)
        expr = self.algebra.built(lambda: product((slope.expr, variable.expr), self.algebra.written))
        return replace(slope, expr=expr)

    def _jacobian(self, of: str, by: str, of_shape: Shape, by_shape: Shape) -> Value:
        """∂of/∂by by its name, or written out where a reading needs that."""
        axes = tuple(self.algebra.index(size) for size in (*of_shape, *by_shape))
        if of == by:
            half = len(of_shape)
            if half != len(by_shape):
                raise Misfit(f"{of} has {half} axes and {len(by_shape)}")
            deltas = [KroneckerDelta(a, b) for a, b in zip(axes[:half], axes[half:], strict=True)]
            return Value(product(deltas, self.algebra.written) if deltas else S.One, axes)
        entrywise = self.entrywise and of_shape and len(of_shape) == len(by_shape)
        direct = self.direct and of not in self.scalars
        if entrywise:
            for one, other in zip(of_shape, by_shape, strict=True):
                self.algebra.sizes.unify(one, other)
        if self.algebra.dry or self.jacobian is None:
            if entrywise:
                return Value(S.One, axes[len(of_shape) :], False, Derived(of, by, 0, True))
            return Value(S.One, axes)
        if direct or entrywise or (self.spelled and of not in self.scalars):
            self.mattered |= bool(entrywise)
            whole = self.jacobian(of, by, direct)
            whole = self.algebra.renamed(whole, axes)
            return self._diagonal_of(whole, of, by, len(of_shape)) if entrywise else whole
        name = partial_name(of, by)
        return Value(IndexedBase(name)[axes] if axes else Symbol(name), axes)

    def _by_argument(self, term: t.Partial) -> Value | None:
        """∂f(x, h)/∂h of an unknown function: by its argument, the others being held fixed."""
        of, by = term.of, term.by[0] if len(term.by) == 1 else None
        if not isinstance(of, t.Apply) or not isinstance(by, t.Ref) or by.at or len(of.arguments) < 2 or of.primes:
            return None
        known = of.function in self.functions or of.function in self.scalars or of.function in VOCABULARY
        names = [argument.name for argument in of.arguments if isinstance(argument, t.Ref) and not argument.at]
        if known or len(names) < len(of.arguments) or names.count(by.name) != 1 or self._is_shown(of):
            return None
        self.value(of)  # its arguments are quantities of the model
        value = self.value(by)
        weight = slope_name(by.name, "_".join((of.function, *names)))
        expr = self.algebra.built(lambda: IndexedBase(weight)[value.axes] if value.axes else Symbol(weight))
        return Value(expr, value.axes, False, Derived(f"{of.function}{names}", by.name, 0))

    def _by_shared(self, of: str, of_at: tuple[t.At, ...], by: str, by_at: tuple[t.At, ...]) -> Value:
        """∂h^(t)/∂W^(t): through the quantities of step t alone, as if the weights of each step were others."""
        base = self.shared(by)
        of_shape, by_shape = self.shape(of), self.shape(base)
        axes = tuple(self.algebra.index(size) for size in (*of_shape, *by_shape))
        self.names |= {of, base}
        found = Value(S.One, axes)
        if not self.algebra.dry and self.at_step is not None:
            self.algebra.choose(f"a derivative by {base} at one step was read as that of the quantities of this step")
            found = self.algebra.renamed(self.at_step(of, base, by.rpartition("_")[2]), axes)
        places = [self._place(at, axis.size) for at, axis in zip(of_at, axes, strict=False)]
        places += [None] * (len(of_shape) - len(of_at))
        places += [self._place(at, axis.size) for at, axis in zip(by_at, axes[len(of_shape) :], strict=False)]
        result = self.algebra.picked(found, places)
        left = len([place for place in places[: len(of_shape)] if place is None])
        return replace(result, derived=Derived(_placed(of, of_at), _placed(by, by_at), left))

    def _diagonal_of(self, whole: Value, of: str, by: str, half: int) -> Value:
        """What a Jacobian has on its diagonal; raises Misfit if it has anything else."""
        first, second = whole.axes[:half], whole.axes[half:]
        expr = whole.expr
        deltas = {KroneckerDelta(a, b) for a, b in zip(first, second, strict=True)}
        for delta in deltas:
            if expr.xreplace({delta: S.Zero}) != 0 and expr.expand().xreplace({delta: S.Zero}) != 0:
                raise Misfit(f"an entry of {of} depends on other entries of {by}")
        table: dict[Any, Any] = dict(zip(first, second, strict=True))
        diagonal = expr.xreplace(dict.fromkeys(deltas, S.One)).xreplace(table)
        return Value(diagonal, second, False, Derived(of, by, 0, True))

    def _numerator(self, term: t.Term) -> tuple[str, tuple[t.At, ...]]:
        """The name of what is differentiated; an expression gets one."""
        if isinstance(term, t.Ref) and term.name not in self.aliases:  # what names a derivative is written out
            if term.name == LOSS:
                if not self.loss:
                    raise Misfit("nothing says which loss is differentiated")
                return self.loss, ()
            if term.name in self.local or term.name in self.lengths:
                raise Misfit(f"{term.name} can't be differentiated here")
            return self.layered(term.name), term.at
        if isinstance(term, t.Apply) and (term.function in self.scalars or self._is_shown(term)):
            return term.function, term.at
        named = self.written_out(term)
        if named:
            return named, ()
        outer, self.spelled = self.spelled, True
        try:
            value = self.value(term)
        finally:
            self.spelled = outer
        name = f"expression{len(self.auxiliary) + 1}"
        free = tuple(index for index in self.letters.values() if index in value.expr.free_symbols)
        for order in itertools.permutations(free) if not self.algebra.dry and len(free) < 4 else ():
            written_out = Equation(name, *canonical(value.expr, (*order, *value.axes), self.algebra.written))
            known = sized_equation(written_out, self.algebra.sizes)
            if name_of := self.bodies().get((known.rhs, known.indices)):
                return name_of, tuple(t.At(index.name) for index in order)
        axes = (*free, *value.axes)
        self.auxiliary.append(Equation(name, value.expr, axes))
        self._own[name] = tuple(index.size for index in axes)
        return name, tuple(t.At(index.name) for index in free)

    @property
    def _own(self) -> dict[str, Shape]:
        shapes: dict[str, Shape] | None = getattr(self, "_own_shapes", None)
        if shapes is None:
            shapes = {}
            outer = self.shape
            self._own_shapes = shapes
            self.shape = lambda name: shapes[name] if name in shapes else outer(name)
        return shapes

    def _is_shown(self, term: t.Apply) -> bool:
        """Whether the arguments only show what a quantity depends on: L(y, ŷ), J(θ)."""
        if term.primes or term.function in ELEMENTWISE or not self._is_known(term.function):
            return False
        known = self.functions.get(term.function)
        names = tuple(argument.name for argument in term.arguments if isinstance(argument, t.Ref))
        return len(names) == len(term.arguments) and (known is None or known.parameters == names)

    def _parameters(self, term: t.Partial) -> tuple[t.Ref, ...]:
        """The parameters of the function that ∇f is of."""
        name = getattr(self._named_function(term), "name", "")
        function = self.functions.get(name)
        if function is not None:
            return tuple(t.Ref(term.span, parameter) for parameter in function.parameters)
        label = name.partition("_")[2]
        return (t.Ref(term.span, label),) if label and self._is_known(label) else ()  # E_w, which is of w

    @staticmethod
    def _named_function(term: t.Partial) -> t.Term:
        return t.Ref(term.of.span, term.of.function) if isinstance(term.of, t.Apply) else term.of

    def _variable(self, term: t.Partial) -> t.Ref:
        """What is differentiated by."""
        (by,) = term.by
        if isinstance(by, t.Apply) and self._is_shown(by):
            return t.Ref(by.span, by.function)
        if not isinstance(by, t.Ref) or by.name in self.aliases:
            raise Misfit("a derivative by what is no name")
        return by


def root_of(term: t.Power) -> t.Ref | None:
    """The name whose square is under a root, e in √(e²), where the square is a quantity of its own."""
    base = term.base
    if not isinstance(base, t.Ref) or not base.name.endswith(SQUARED) or not isinstance(term.exponent, t.Div):
        return None
    return replace(base, name=base.name.removesuffix(SQUARED))


def _placed(name: str, at: tuple[t.At, ...]) -> str:
    return f"{name}{list(map(str, at))}" if at else name


def _derivative(build: Callable[[Expr], Expr]) -> Callable[[Expr], Expr]:
    """The derivative of a function of one number."""
    from symgrad.calculus.differential import collected, differential

    slot = Symbol("slot__")
    written: dict[Expr, Any] = {}
    slope = collected(differential(build(slot), written), written).get(slot, S.Zero)
    return lambda expr: slope.xreplace({slot: expr})
