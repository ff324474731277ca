"""Right-hand sides as nodes, the lengths of axes put in, logarithms and softmaxes in their stable forms."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import reduce

from sympy import (
    Add,
    And,
    Expr,
    Function,
    Ge,
    Indexed,
    KroneckerDelta,
    Le,
    Mod,
    Mul,
    Piecewise,
    Pow,
    S,
    Sum,
    Symbol,
    exp,
    floor,
    log,
)
from sympy.core.relational import Relational
from sympy.logic.boolalg import BooleanFalse, BooleanTrue

from symgrad.codegen.layout import reach
from symgrad.codegen.meaning import meaning_of
from symgrad.codegen.native.nodes import (
    ONE,
    ZERO,
    Apply,
    Entry,
    Extent,
    Fold,
    Length,
    Loop,
    Node,
    Number,
    apply,
    whole,
)
from symgrad.codegen.native.unsupported import NativeError
from symgrad.codegen.softmax import softmax_in, softmax_of
from symgrad.equations import Equation, Index, Size, is_place
from symgrad.expressions import Written, ordered
from symgrad.indices import Largest, relabelled
from symgrad.tensors.functions import sigmoid

#: SymPy's name of a function, and ours in the table of operations.
FUNCTIONS: dict[str, str] = {
    "exp": "exp",
    "log": "log",
    "sin": "sin",
    "cos": "cos",
    "tan": "tan",
    "asin": "asin",
    "acos": "acos",
    "atan": "atan",
    "sinh": "sinh",
    "cosh": "cosh",
    "tanh": "tanh",
    "asinh": "asinh",
    "acosh": "acosh",
    "atanh": "atanh",
    "erf": "erf",
    "erfc": "erfc",
    "gamma": "tgamma",
    "loggamma": "lgamma",
    "Abs": "abs",
    "sign": "sign",
    "floor": "floor",
    "ceiling": "ceil",
    "Max": "maximum",
    "Min": "minimum",
    "relu": "relu",
    "sigmoid": "sigmoid",
    "softplus": "softplus",
    "And": "and",
    "Or": "or",
    "Not": "not",
    "ITE": "select",
}
_RELATIONS = {"==": "==", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_CONSTANTS = {S.Pi: "pi", S.Exp1: "e", S.Infinity: "infinity", S.NegativeInfinity: "-infinity"}


@dataclass(frozen=True)
class Reader:
    """Turns expressions into nodes.

    `sizes` gives the length of each symbolic axis, `axes` those of each quantity, `equations` the definition of each
    quantity, for the stable forms of a logarithm; `per_sample`, `sample`: the quantities of a model of scalars that
    have one value a sample, and the sample.  `own`: what is read lies on its axes, as in a model's own equations
    outside of a choice; `holding`: the conditions that hold where an expression is computed.
    """

    written: Written
    sizes: Mapping[Size, Extent]
    equations: Mapping[str, Equation]
    per_sample: frozenset[str] = frozenset()
    sample: tuple[Node, ...] = ()
    axes: Mapping[str, tuple[Expr, ...]] = field(default_factory=dict)
    own: bool = False
    holding: frozenset[Expr] = frozenset()

    def extent(self, size: Expr) -> Extent:
        """The length of an axis."""
        if size in self.sizes:
            return self.sizes[size]
        known = {name: extent.value for name, extent in self.sizes.items() if extent.value is not None}
        length = size.xreplace(known)
        if length.is_Integer:
            return Extent("", int(length))
        return Extent(f"({_c_text(length)})", None)

    def index(self, index: Index) -> Node:
        """An index as a loop; that of an axis with one entry as 0."""
        extent = self.extent(index.size)
        return ZERO if extent.value == 1 else Loop(index.name, extent)

    def node(self, expr: Expr) -> Node:
        """An expression's value."""
        if isinstance(expr, Symbol):
            return self._symbol(expr)
        if isinstance(expr, Indexed):
            name = str(expr.base.label)
            return Entry(name, tuple(map(self.node, expr.indices)), self._inside(expr.indices, self.axes.get(name, ())))
        if expr.is_Rational:
            return Number(Fraction(int(expr.p), int(expr.q)))
        if expr.is_Float:
            return Number(Fraction(str(expr)))
        if expr in _CONSTANTS:
            return Apply(_CONSTANTS[expr], ())
        if isinstance(expr, Add):
            return self._sum(expr)
        if isinstance(expr, Mul):
            return self._product(list(ordered(expr, self.written)))
        if isinstance(expr, Pow):
            return self._power(expr)
        if isinstance(expr, Sum | Largest):
            return self._fold("sum" if isinstance(expr, Sum) else "max", expr.function, expr.variables)
        if isinstance(expr, Piecewise):
            return self._choice(expr)
        return self._function(expr)

    def _inside(self, at: Sequence[Expr], axes: tuple[Expr, ...]) -> int:
        """What is known of an entry's positions; see `Entry`."""
        least = 2
        for index, size in zip(at, axes, strict=False):
            if isinstance(index, Indexed) or (isinstance(index, Index) and index.size == size):
                continue  # whole numbers that are places are checked before a call
            if index.has(Indexed):
                return 0
            if self.own:
                continue
            found = reach(index, size)
            low = found.before == 0 or Ge(index, 0, evaluate=False) in self.holding
            high = found.after == 0 or Le(index, size - 1, evaluate=False) in self.holding
            if not (low and high):
                return 0
            least = least if not found.padded else 1
        return least if len(axes) == len(at) else 0

    def _symbol(self, symbol: Symbol) -> Node:
        if isinstance(symbol, Index):
            return self.index(symbol)
        if isinstance(symbol, Size):
            extent = self.extent(symbol)
            return Length(extent) if extent.value is None else whole(extent.value)
        return Entry(symbol.name, self.sample if symbol.name in self.per_sample else ())

    def _sum(self, expr: Add) -> Node:
        total: Node | None = None
        for term in ordered(expr, self.written):
            node = self.node(term)
            if total is None:
                total = node
            elif isinstance(node, Apply) and node.operation == "neg":
                total = apply("-", total, node.args[0])
            elif isinstance(node, Number) and node.value < 0:
                total = apply("-", total, Number(-node.value))
            else:
                total = apply("+", total, node)
        assert total is not None  # a sum has terms
        return total

    def _product(self, factors: list[Expr]) -> Node:
        """A product with one division; what a flag guards is computed only where it holds."""
        flags = [factor for factor in factors if _is_flag(factor)]
        if flags and not self.holding.issuperset(_conditions(flags)):
            return replace(self, holding=self.holding | _conditions(flags))._product(factors)
        factors, above = self._with_softmax(factors)
        below: list[Node] = []
        tests: list[Node] = []
        sign = 1
        for factor in factors:
            if _is_flag(factor):
                tests.append(self._flag(factor))
            elif factor.is_Rational:
                sign = -sign if factor < 0 else sign
                above += [whole(abs(int(factor.p)))] if abs(factor.p) != 1 else []
                below += [whole(int(factor.q))] if factor.q != 1 else []
            elif isinstance(factor, Pow) and factor.exp.is_number and factor.exp.is_negative:
                below.append(
                    self.node(Pow(factor.base, -factor.exp, evaluate=False) if factor.exp != -1 else factor.base)
                )
            else:
                above.append(self.node(factor))
        negated = [part for part in above if isinstance(part, Apply) and part.operation == "neg"]
        if len(negated) % 2:
            sign = -sign
        above = [part.args[0] if part in negated and isinstance(part, Apply) else part for part in above]
        result = _times(above)
        if below:
            result = apply("/", result, _times(below))
        result = apply("select", _all(tests), result, ZERO) if tests else result
        return apply("neg", result) if sign < 0 else result

    def _with_softmax(self, factors: list[Expr]) -> tuple[list[Expr], list[Node]]:
        """The factors without each pair exp(u), 1/Σ exp(u), and these softmaxes."""
        for one, other in itertools.permutations(factors, 2):
            found = softmax_of(one, other)
            if found is not None:
                rest, more = self._with_softmax([factor for factor in factors if factor not in (one, other)])
                return rest, [*more, self._softmax(found.argument, found.index)]
        return factors, []

    def _softmax(self, argument: Expr, index: Index) -> Node:
        top, total = self._exponentials(argument, index)
        return apply("/", apply("exp", apply("-", self.node(argument), top)), total)

    def _exponentials(self, argument: Expr, index: Index) -> tuple[Node, Node]:
        """max u and Σ exp(u - max u) along an index."""
        over = Index(f"{index.name}_", index.size)
        inner = relabelled(argument, {index: over}, dict(self.written))
        top = self._fold("top", inner, (over,))
        return top, self._folded("sum", apply("exp", apply("-", self.node(inner), top)), (over,))

    def _fold(self, kind: str, function: Expr, over: Sequence[Index]) -> Node:
        return self._folded(kind, self.node(function), over)

    def _folded(self, kind: str, body: Node, over: Sequence[Index]) -> Node:
        loops = tuple(loop for loop in map(self.index, over) if isinstance(loop, Loop))
        if any(loop.extent.value == 0 for loop in loops):
            return ZERO
        return Fold(kind, loops, body) if loops else body

    def _power(self, expr: Pow) -> Node:
        base, power = expr.args
        if power == 2:
            return apply("square", self.node(base))
        if power == S.Half:
            return apply("sqrt", self.node(base))
        if power.is_number and power.is_negative:
            return apply("/", ONE, self.node(Pow(base, -power, evaluate=False) if power != -1 else base))
        if power == 1:
            return self.node(base)
        return apply("pow", self.node(base), self.node(power))

    def _choice(self, expr: Piecewise) -> Node:
        if self.own:  # a branch may read beyond an axis where it doesn't hold
            return replace(self, own=False)._choice(expr)
        *branches, (last, condition) = expr.args
        node = self.node(last)
        if condition is not S.true:
            node = apply("select", self.node(condition), node, Apply("nan", ()))
        for value, test in reversed(branches):
            node = apply("select", self.node(test), self.node(value), node)
        return node

    def _flag(self, expr: Expr) -> Node:
        if isinstance(expr, KroneckerDelta):
            return apply("==", *map(self.node, expr.args))
        return self.node(expr.args[0][1])

    def _function(self, expr: Expr) -> Node:
        if isinstance(expr, BooleanTrue | BooleanFalse):
            return ONE if expr else ZERO
        if isinstance(expr, Relational):
            operation = _RELATIONS[expr.rel_op]
            return apply(operation, self.node(expr.args[0]), self.node(expr.args[1]))
        if isinstance(expr, KroneckerDelta):
            return apply("select", self._flag(expr), ONE, ZERO)
        if isinstance(expr, Mod):
            return apply("%", *map(self.node, expr.args))
        if isinstance(expr, floor) and is_place(expr):
            top, bottom = expr.args[0].as_numer_denom()
            return apply("//", self.node(top), self.node(bottom))
        if isinstance(expr, log):
            return self._logarithm(expr.args[0])
        name = FUNCTIONS.get(expr.func.__name__)
        if name is None:
            kind = "function" if isinstance(expr, Function) else "operation"
            raise NativeError(f"the {kind} {expr.func.__name__} in {expr} has no C form")
        args = [self.node(arg) for arg in expr.args]
        if name in ("and", "or", "maximum", "minimum"):
            return reduce(lambda a, b: apply(name, a, b), args)
        return apply(name, *args)

    def _logarithm(self, of: Expr) -> Node:
        """A logarithm in the form that keeps its digits: of a softmax, of a sum of exponentials, of a sigmoid."""
        meaning = meaning_of(of, self.equations, self.written)
        found = softmax_in(meaning)
        if found is not None:
            top, total = self._exponentials(found.argument, found.index)
            return apply("-", apply("-", self.node(found.argument), top), apply("log", total))
        if isinstance(meaning, Sum) and isinstance(meaning.function, exp) and len(meaning.variables) == 1:
            top, total = self._exponentials(meaning.function.args[0], meaning.variables[0])
            return apply("+", top, apply("log", total))
        if isinstance(meaning, exp):
            return self.node(meaning.args[0])
        if isinstance(meaning, sigmoid):
            return apply("neg", apply("softplus", apply("neg", self.node(meaning.args[0]))))
        if isinstance(meaning, Add):
            inner = meaning_of(1 - meaning, self.equations, self.written)
            if isinstance(inner, sigmoid):
                return apply("neg", apply("softplus", self.node(inner.args[0])))
        return apply("log", self.node(of))


def _times(parts: list[Node]) -> Node:
    return reduce(lambda a, b: apply("*", a, b), parts) if parts else ONE


def _all(tests: list[Node]) -> Node:
    return reduce(lambda a, b: apply("and", a, b), tests)


def _is_flag(expr: Expr) -> bool:
    """Whether an expression is 1 where a condition holds and 0 elsewhere."""
    if isinstance(expr, KroneckerDelta):
        return True
    return isinstance(expr, Piecewise) and len(expr.args) == 2 and expr.args[0][0] == 1 and expr.args[1] == (0, True)


def _conditions(flags: list[Expr]) -> frozenset[Expr]:
    """The comparisons that hold where all flags are 1."""
    tests = (flag.args[0][1] for flag in flags if isinstance(flag, Piecewise))
    return frozenset(part for test in tests for part in And.make_args(test))


def _c_text(length: Expr) -> str:
    """The length of an axis in C, where it depends on one that varies between calls."""
    if length.is_Integer or isinstance(length, Size):
        return str(length)
    if isinstance(length, floor):
        top, bottom = length.args[0].as_numer_denom()
        above = _c_text(top) if isinstance(top, Size) else f"({_c_text(top)})"
        return f"{above}/{_c_text(bottom)}" if bottom.is_Integer else f"{above}/({_c_text(bottom)})"
    if isinstance(length, Add):
        first, *rest = (term.as_coeff_Mul() for term in ordered(length, {}))
        text = _c_text(first[0] * first[1])
        for factor, body in rest:
            text += f" {'-' if factor < 0 else '+'} {_c_text(abs(factor) * body)}"
        return text
    if isinstance(length, Mul):
        return "*".join(f"({_c_text(arg)})" if isinstance(arg, Add | floor) else _c_text(arg) for arg in length.args)
    raise NativeError(f"the length {length} of an axis has no C form")
