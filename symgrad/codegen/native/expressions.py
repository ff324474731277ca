"""Nodes as C expressions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from symgrad.codegen.native.elementary import VECTOR
from symgrad.codegen.native.nodes import ZERO, Apply, Entry, Extent, Fold, Length, Loop, Node, Number
from symgrad.codegen.native.operations import ATOM, CALLS, INFIX, UNARY
from symgrad.codegen.native.unsupported import NativeError

_WHOLE = {"+", "-", "*", "//", "%", "neg"}
_TESTS = {"and", "or", "not", "==", "!=", "<", "<=", ">", ">="}


@dataclass(frozen=True)
class Expressions:
    """Prints the nodes of one kernel.

    `entry` gives an entry's C, `extents` each array's axes, `whole` the arrays of whole numbers, `loops` the C names
    of the loops around; `called` collects the operations that the text calls;
    `repeated`: the text stands in a loop, where a compiler may compute several numbers at once.
    """

    entry: Callable[[Entry, Expressions], str]
    extents: Mapping[str, tuple[Extent, ...]]
    whole: frozenset[str]
    loops: Mapping[Loop, str]
    single: bool
    called: set[str] = field(default_factory=set)
    repeated: bool = False

    def text(self, node: Node, level: int = 0) -> str:
        """A node as a number, in parentheses where it binds less tightly than `level`."""
        text, own = self._number(node)
        return text if own >= level else f"({text})"

    def place(self, node: Node, level: int = 0) -> str:
        """A node as a whole number: a position, a length."""
        text, own = self._place(node)
        return text if own >= level else f"({text})"

    def literal(self, value: Fraction) -> str:
        """A number in the precision of the kernel."""
        text = repr(float(value))
        return f"{text}f" if self.single else text

    def _number(self, node: Node) -> tuple[str, int]:
        if isinstance(node, Number):
            return self.literal(node.value), ATOM if node.value >= 0 else UNARY
        if self._is_whole(node):
            return f"(real){self.place(node, ATOM)}", UNARY
        if isinstance(node, Entry):
            return self._entry(node)
        if isinstance(node, Apply):
            return self._operation(node)
        raise NativeError(f"a {type(node).__name__.lower()} inside an expression has no C form")

    def _operation(self, node: Apply) -> tuple[str, int]:
        op, args = node.operation, node.args
        if op == "select":
            return self._select(node)
        if op == "neg":
            return f"-{self.text(args[0], UNARY)}", UNARY
        if op in _TESTS:
            return self._test(node), UNARY if op == "not" else INFIX[op][1]
        if op in INFIX and op not in ("//", "%"):
            sign, level = INFIX[op]
            exact = op in ("-", "/") or (op == "*" and _divides(args[1]))
            return f"{self.text(args[0], level)}{sign}{self.text(args[1], level + 1 if exact else level)}", level
        if op not in CALLS:
            raise NativeError(f"the operation {op} has no C form")
        if self.repeated and op in VECTOR:
            self.called.update((f"vector_{op}", *VECTOR[op]))
            return f"vector_{op}({self.text(args[0])})", ATOM
        self.called.add(op)
        ending, mark = ("f", "f") if self.single else ("", "")
        return CALLS[op].format(*(self.text(arg) for arg in args), f=ending, c=mark), ATOM

    def _select(self, node: Apply) -> tuple[str, int]:
        test, value, otherwise = node.args
        return f"({self.condition(test)} ? {self.text(value)} : {self.text(otherwise)})", ATOM

    def condition(self, node: Node, level: int = 0) -> str:
        """A node as a condition."""
        if isinstance(node, Apply) and node.operation in _TESTS:
            own = UNARY if node.operation == "not" else INFIX[node.operation][1]
            text = self._test(node)
            return text if own >= level else f"({text})"
        return f"{self.text(node, UNARY)} != 0"

    def _test(self, node: Apply) -> str:
        op, args = node.operation, node.args
        if op == "not":
            return f"!({self.condition(args[0])})"
        sign, level = INFIX[op]
        if op in ("and", "or"):
            return sign.join(self.condition(arg, level + 1 if op == "or" else level) for arg in args)
        print_one = self.place if all(self._is_whole(arg) or _integral(arg) for arg in args) else self.text
        return f"{print_one(args[0], level + 1)}{sign}{print_one(args[1], level + 1)}"

    def _is_whole(self, node: Node) -> bool:
        """Whether a node is a whole number of C."""
        if isinstance(node, Loop | Length):
            return True
        if isinstance(node, Entry):
            return node.array in self.whole
        if isinstance(node, Apply) and node.operation in _WHOLE:
            return all(self._is_whole(arg) or _integral(arg) for arg in node.args) and any(
                map(self._is_whole, node.args)
            )
        return False

    def _place(self, node: Node) -> tuple[str, int]:
        if isinstance(node, Number):
            return str(int(node.value)), ATOM if node.value >= 0 else UNARY
        if isinstance(node, Loop):
            return self.loops[node], ATOM
        if isinstance(node, Length):
            return node.extent.text, ATOM
        if isinstance(node, Entry):
            return self._entry(node)
        if isinstance(node, Fold):
            raise NativeError("a reduction as a position in an array has no C form")
        op, args = node.operation, node.args
        if op == "neg":
            return f"-{self.place(args[0], UNARY)}", UNARY
        if op in ("//", "%") and not self.never_negative(args[0]):
            name = "floor_divide" if op == "//" else "floor_modulo"
            self.called.add(name)
            return f"{name}({self.place(args[0])}, {self.place(args[1])})", ATOM
        if op not in ("+", "-", "*", "//", "%"):
            raise NativeError(f"the operation {op} in a position has no C form")
        sign, level = INFIX[op]
        exact = op in ("-", "//", "%") or (op == "*" and _divides(args[1]))
        right = level + 1 if exact else level
        return f"{self.place(args[0], level)}{sign}{self.place(args[1], right)}", level

    def _entry(self, node: Entry) -> tuple[str, int]:
        text = self.entry(node, self)
        if node.inside:
            return text, ATOM
        tests = [
            test
            for position, extent in zip(node.at, self.extents[node.array], strict=True)
            for test in self._guards(position, extent)
        ]
        if not tests:
            return text, ATOM
        zero = "0" if node.array in self.whole else self.literal(Fraction(0))
        return f"({' && '.join(tests)} ? {text} : {zero})", ATOM

    def _guards(self, position: Node, extent: Extent) -> list[str]:
        """What must be tested lest a position lies outside its axis; those read from arrays are checked beforehand."""
        if (isinstance(position, Loop) and position.extent == extent) or isinstance(position, Entry):
            return []
        low, high = self._bounds(position)
        tests = []
        if low is None or low < 0:
            tests.append(f"{self.place(position, 5)} >= 0")
        inside = high is not None and extent.value is not None and high < extent.value
        if not inside and position != ZERO:
            tests.append(f"{self.place(position, 5)} < {extent.text}")
        return tests

    def never_negative(self, node: Node) -> bool:
        """Whether a whole number is 0 or more, whatever the loops are at."""
        low, _ = self._bounds(node)
        return low is not None and low >= 0

    def _bounds(self, node: Node) -> tuple[int | None, int | None]:
        """The least and the largest value of a whole number; None where it has no bound that is known."""
        if isinstance(node, Number):
            return int(node.value), int(node.value)
        if isinstance(node, Loop):
            return 0, None if node.extent.value is None else node.extent.value - 1
        if isinstance(node, Length | Entry):
            return 0, None
        if not isinstance(node, Apply):
            return None, None
        bounds = [self._bounds(arg) for arg in node.args]
        (low, high), *others = bounds
        if node.operation == "neg":
            return _minus(high), _minus(low)
        if not others:
            return None, None
        least, most = others[0]
        if node.operation == "+":
            return _plus(low, least), _plus(high, most)
        if node.operation == "-":
            return _plus(low, _minus(most)), _plus(high, _minus(least))
        if node.operation == "%" and most is not None and least == most and most > 0:
            return 0, most - 1
        if least is not None and least == most and least > 0:
            if node.operation == "//":
                return None if low is None else low // least, None if high is None else high // least
            if node.operation == "*":
                return None if low is None else low * least, None if high is None else high * least
        if node.operation == "*" and low is not None and low == high and low > 0:
            return None if least is None else least * low, None if most is None else most * low
        if node.operation == "*" and None not in (low, high, least, most):
            corners = [a * b for a in (low, high) for b in (least, most) if a is not None and b is not None]
            return min(corners), max(corners)
        return None, None


def _plus(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other


def _minus(value: int | None) -> int | None:
    return None if value is None else -value


def _integral(node: Node) -> bool:
    return isinstance(node, Number) and node.value.denominator == 1


def _divides(node: Node) -> bool:
    return isinstance(node, Apply) and node.operation in ("/", "//", "%")
