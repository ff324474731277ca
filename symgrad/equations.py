"""A model: an ordered, acyclic, single-assignment list of named equations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sympy import Expr, Indexed, IndexedBase, Integer, S, Symbol
from sympy.core.cache import cacheit
from sympy.core.function import AppliedUndef

from symgrad.errors import ModelError
from symgrad.expressions import Written
from symgrad.facts import SumFact
from symgrad.infix import Infix

if TYPE_CHECKING:  # the rooms above the core, imported only when a convenience method is called
    from symgrad.codegen.dialect import Backend
    from symgrad.codegen.program import Program, Reduction
    from symgrad.notation.style import Notation
    from symgrad.reading.bind import Bindable


class Size(Symbol):  # type: ignore[misc]  # SymPy has no type stubs
    """The symbolic length of an axis."""

    def __new__(cls, name: str) -> Size:
        self: Size = Symbol.__xnew__(cls, name, integer=True, positive=True)
        return self

    def __getnewargs_ex__(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return (self.name,), {}


class Index(Symbol):  # type: ignore[misc]  # SymPy has no type stubs
    """An index that runs over an axis of the given size.

    >>> Index("i", Size("n")).size
    n
    """

    size: Expr

    def __new__(cls, name: str, size: Expr) -> Index:
        """The index of that name and axis: mostly one that there is, since they are compared by identity first."""
        found: Index = _index(name, size)
        return found

    def _hashable_content(self) -> tuple[Any, ...]:
        return (*super()._hashable_content(), self.size)

    def __getnewargs_ex__(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return (self.name, self.size), {}


@cacheit  # type: ignore[untyped-decorator]  # SymPy has no type stubs
def _index(name: str, size: Expr) -> Index:
    made: Index = Symbol.__xnew__(Index, name, integer=True)
    made.size = size
    return made


@dataclass(frozen=True)
class Quantity:
    """A named quantity and the sizes of its axes, none for a scalar; `integer` where it holds whole numbers."""

    name: str
    axes: tuple[Expr, ...] = ()
    integer: bool = False

    def at(self, indices: tuple[Expr, ...]) -> Expr:
        """The quantity's entry at the indices: a symbol for a scalar."""
        return IndexedBase(self.name)[indices] if self.axes else Symbol(self.name)


@dataclass(frozen=True)
class Equation:
    """One named quantity and its right-hand side, a scalar expression in the quantity's indices."""

    name: str
    rhs: Expr
    indices: tuple[Index, ...] = ()

    @property
    def quantity(self) -> Quantity:
        """The name with the sizes of its axes."""
        return Quantity(self.name, tuple(index.size for index in self.indices))

    @property
    def lhs(self) -> Expr:
        """The left-hand side: a symbol, or an indexed entry."""
        return IndexedBase(self.name)[self.indices] if self.indices else Symbol(self.name)

    @cached_property
    def uses(self) -> frozenset[str]:
        """The names of the quantities that the right-hand side uses."""
        return frozenset(self._mentions[0])

    @property
    def functions(self) -> tuple[str, ...]:
        """The names of the abstract functions that the right-hand side applies."""
        return self._mentions[1]

    @cached_property
    def _mentions(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        return _mentions(self.rhs)

    def __getstate__(self) -> dict[str, Any]:
        return _fields(self)

    def __str__(self) -> str:
        return f"{self.lhs} = {self.rhs}"


def _fields(instance: Equation | Model) -> dict[str, Any]:
    """What a copy or a pickle holds: not what is computed from it, so that it doesn't depend on what was asked."""
    return {each.name: getattr(instance, each.name) for each in fields(instance)}


def names_in(expr: Expr) -> tuple[str, ...]:
    """The names of the quantities in an expression, as they occur; indices and sizes are not quantities.

    >>> names_in(Symbol("w") * IndexedBase("x")[Index("i", Size("n"))])
    ('w', 'x')
    """
    return _mentions(expr)[0]


def base_name(entry: Expr) -> str:
    """The name of the quantity that an entry, or a symbol, belongs to."""
    return str(entry.base.label) if isinstance(entry, Indexed) else str(entry)


def is_place(expr: Expr) -> bool:
    """Whether an expression is a whole number made of indices and sizes: a place on an axis.

    >>> n = Size("n")
    >>> is_place(Index("i", n) - n), is_place(Symbol("x") + n)
    (True, False)
    """
    symbols = expr.free_symbols
    return bool(symbols) and bool(expr.is_integer) and all(isinstance(symbol, Index | Size) for symbol in symbols)


def needed(names: Iterable[str], equations: Iterable[Equation]) -> set[str]:
    """The names, and every one that the equations of these use, and so on."""
    known = {equation.name: equation for equation in equations}
    found, todo = set(names), list(names)
    while todo:
        equation = known.get(todo.pop())
        new = equation.uses - found if equation is not None else frozenset()
        found |= new
        todo += new
    return found


_NOT_REAL = {
    S.ComplexInfinity: "it divides by zero",
    S.NaN: "it is 0/0 or the like",
    S.ImaginaryUnit: "it is the root of a negative number",
}


def _mentions(expr: Expr) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of the quantities and of the abstract functions in an expression, as they occur: one walk.

    Raises ModelError for an expression that has no real value, whatever its quantities are: 1/0, sqrt(-1).
    """
    names: dict[str, None] = {}
    functions: dict[str, None] = {}
    stack = [expr]
    while stack:
        node = stack.pop()
        if isinstance(node, Indexed):
            names[str(node.base.label)] = None
            stack.extend(reversed(node.indices))
        elif isinstance(node, Symbol):
            if not isinstance(node, Index | Size):
                names[node.name] = None
        elif node in _NOT_REAL:
            raise ModelError(f"{expr} has no real value: {_NOT_REAL[node]}")
        else:
            if isinstance(node, AppliedUndef):
                functions[node.func.__name__.partition("'")[0]] = None
            stack.extend(reversed(node.args))
    return tuple(names), tuple(functions)


def functions_in(expr: Expr) -> frozenset[str]:
    """The names of the abstract functions applied in an expression, without their primes."""
    return frozenset(_mentions(expr)[1])


@dataclass(frozen=True)
class Model:
    """Named equations, in order, from the inputs to one result; calling it with numbers computes the result.

    Raises ModelError where a name is defined twice, used before its definition, or unknown.
    """

    name: str
    inputs: tuple[Quantity, ...]
    equations: tuple[Equation, ...]
    result: str
    defaults: Mapping[str, Expr] = field(default_factory=dict)
    written: Written = field(default_factory=dict, repr=False, compare=False)
    doc: str = field(default="", repr=False, compare=False)
    facts: tuple[SumFact, ...] = ()

    def __post_init__(self) -> None:
        known = {quantity.name for quantity in self.inputs}
        if len(known) != len(self.inputs):
            raise ModelError(f"{self.name}: an input's name occurs twice: {', '.join(q.name for q in self.inputs)}")
        later = {equation.name for equation in self.equations}
        axes = {str(size) for quantity in self.inputs for size in quantity.axes}
        for name in sorted(axes & (known | later)):
            raise ModelError(f"{self.name}: {name} is the name of an axis and of a quantity; rename one")
        for equation in self.equations:
            if equation.name in known:
                raise ModelError(f"{self.name}: {equation.name} is defined twice, the second time as {equation}")
            missing = sorted(equation.uses - known)
            if missing:
                why = "before its definition" if missing[0] in later else "but nothing defines it"
                raise ModelError(f"{self.name}: {equation} uses {missing[0]} {why}")
            known.add(equation.name)
        if self.result not in later:
            raise ModelError(f"{self.name}: no equation defines the result {self.result!r}")

    def __getstate__(self) -> dict[str, Any]:
        return _fields(self)

    @staticmethod
    def from_equations(
        equations: Any, result: str | None = None, name: str = "model", shapes: Mapping[str, str] | None = None
    ) -> Model:
        """A model from SymPy `Eq`s or (left, right) pairs, in any order; the result is the one that nothing uses.

        Equations may be in index form, Z[i, j] = sg.Sum(X[i, m]*W[m, j], m) + b[j], with `shapes` such as
        {"X": "n d"} for their inputs.  Raises ModelError for a cycle, a second definition, or a left-hand side that
        isn't a name or an entry.

        >>> x, w, z = Symbol("x"), Symbol("w"), Symbol("z")
        >>> Model.from_equations([(z, w * x)]).result
        'z'
        """
        from symgrad.reading.equations import model_from_equations

        return model_from_equations(equations, result, name, shapes)

    @cached_property
    def quantities(self) -> dict[str, Quantity]:
        """Every quantity by name: the inputs, then each equation's."""
        named = {quantity.name: quantity for quantity in self.inputs}
        named.update((equation.name, equation.quantity) for equation in self.equations)
        return named

    @cached_property
    def has_axes(self) -> bool:
        """Whether any quantity has axes."""
        return any(quantity.axes for quantity in self.quantities.values())

    @cached_property
    def functions(self) -> tuple[str, ...]:
        """The names of the functions that are still abstract."""
        found: dict[str, None] = {}
        for equation in self.equations:
            found.update(dict.fromkeys(equation.functions))
        return tuple(found)

    def equation(self, name: str) -> Equation:
        """The equation that defines a name; raises ModelError where there is none."""
        try:
            return self._by_name[name]
        except KeyError:
            raise ModelError(
                f"{self.name} has no equation for {name!r}; it defines {', '.join(self._by_name)}"
            ) from None

    @cached_property
    def _by_name(self) -> dict[str, Equation]:
        return {equation.name: equation for equation in self.equations}

    def bind(self, **functions: Bindable) -> Model:
        """The same model with abstract functions made concrete: `network.bind(f=sg.sigmoid)`.

        Takes symgrad's functions, SymPy's, or any Python function of one quantity.  Raises ModelError for a name
        that isn't an abstract function of the model.
        """
        from symgrad.reading.bind import bind

        return bind(self, functions)

    def assume(self, *facts: SumFact | tuple[SumFact, ...]) -> Model:
        """The same model with facts declared, for its derivation to use: `model.assume(sg.sums_to_one(Y="k"))`.

        Raises ModelError for a quantity or an axis that the model doesn't have.
        """
        flat = tuple(one for item in facts for one in (item if isinstance(item, tuple) else (item,)))
        for fact in flat:
            axes = self.quantities[fact.quantity].axes if fact.quantity in self.quantities else None
            if axes is None or fact.axis not in map(str, axes):
                have = "no such quantity" if axes is None else f"axes ({', '.join(map(str, axes))})"
                raise ModelError(f"{self.name}: a fact about axis {fact.axis!r} of {fact.quantity!r}, which has {have}")
        return replace(self, facts=(*self.facts, *flat))

    def compile(self, wrt: Any = None, reduction: Reduction = "none", backend: Backend = "numpy") -> Program:
        """One function that returns the result and its gradients by name: of NumPy, or compiled by JAX or as C."""
        from symgrad.codegen.program import compile_model

        return compile_model(self, wrt, reduction, backend)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The result for numbers or arrays, given in the order of the inputs or by name."""
        from symgrad.codegen.program import evaluate

        return evaluate(self, args, kwargs)

    def latex(self, notation: Notation = "auto") -> str:
        """The equations, numbered, as LaTeX: in "matrix" or "index" form, or "auto", the first where there is one.

        Raises SymgradError, naming the equation, where "matrix" is asked for and there is none.
        """
        from symgrad.notation.steps import model_latex
        from symgrad.notation.style import Style

        return model_latex(self, Style(notation))

    def _repr_latex_(self) -> str:
        return f"$$\n{self.latex()}\n$$"

    def __str__(self) -> str:
        return "\n".join(f"{equation.lhs} = {Infix(self.written).text(equation.rhs)}" for equation in self.equations)


def axis(text: str) -> Expr:
    """The size that a shape annotation names: a number, or a symbol.

    >>> axis("n"), axis("3")
    (n, 3)
    """
    return Integer(int(text)) if text.isdigit() else Size(text)
