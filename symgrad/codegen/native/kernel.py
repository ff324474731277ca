"""A kernel's statements as the text of one C function."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from symgrad.codegen.native.expressions import Expressions
from symgrad.codegen.native.fusion import Nest, Tree, accumulates
from symgrad.codegen.native.nodes import Apply, Entry, Extent, Length, Loop, Node, apply, replaced, whole
from symgrad.codegen.native.operations import safe
from symgrad.codegen.native.statements import Product, Statement
from symgrad.codegen.native.storage import Path, Stored, Use, uses
from symgrad.codegen.native.storage import stored as storage_of

_LETTERS = ("i", "j", "l", "m", "p", "q", "r", "s", "u", "v")


@dataclass(frozen=True)
class Outside:
    """An array that a kernel is given, or that it is to fill.

    `role`: "theta", a parameter; "column", data; "output", what is computed.  `offset`: where it begins in the array
    of all parameters, or of all outputs, in C.
    """

    role: str
    offset: str = "0"


@dataclass(frozen=True)
class Kernel:
    """A C function: the loops, the arrays' axes, and what comes from outside.

    `returns` names the scalar that is returned; `varying` the lengths that it is given; `results` has the array of
    each quantity's gradient, and of the result.  `moved`: gradients that one matrix product computes after the last use
    of their parameter, each with that parameter: where it is told to, the function adds them to it, times a rate.
    """

    name: str
    tree: tuple[Tree, ...]
    extents: Mapping[str, tuple[Extent, ...]]
    outside: Mapping[str, Outside]
    whole: frozenset[str]
    single: bool
    returns: str | None
    varying: tuple[str, ...] = ()
    results: Mapping[str, str] = field(default_factory=dict)
    moved: Mapping[str, str] = field(default_factory=dict)
    called: set[str] = field(default_factory=set)

    @cached_property
    def stored(self) -> dict[str, Stored]:
        """Where each array that isn't from outside is kept."""
        arrays = [name for name, one in self.outside.items() if self.extents[name] or one.role != "output"]
        return storage_of(self.tree, self.extents, arrays)

    @cached_property
    def used(self) -> set[str]:
        """The arrays that occur."""
        return {use.entry.array for use in uses(self.tree)}

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The data that the function is given, in order."""
        return tuple(name for name, one in self.outside.items() if one.role == "column" and name in self.used)

    @cached_property
    def work(self) -> list[tuple[str, str]]:
        """The arrays of the workspace, and the number of entries of each, in C."""
        found = [store for name, store in self.stored.items() if store.kind == "work" and store.name == name]
        return [(store.name, "*".join(extent.text for extent in store.extents)) for store in found]

    @cached_property
    def body(self) -> list[str]:
        """The lines of the function."""
        lines = list(_Printer(self).lines())
        constants = self.constants("\n".join(lines))
        return [*([constants] if constants else []), *lines]

    def constants(self, text: str) -> str:
        """The declaration of the lengths of axes that a text of the kernel names."""
        mentioned = set(re.findall(r"\w+", text))
        extents = {extent for axes in self.extents.values() for extent in axes}
        extents |= {loop.extent for loop in _loops(self.tree)}
        sizes = {one.name: one.value for one in extents if one.name in mentioned and one.value is not None}
        enum = ", ".join(f"{name} = {value}" for name, value in sorted(sizes.items()))
        return f"enum {{{enum}}};" if enum else ""

    def call(self, columns: Mapping[str, str], sizes: Mapping[str, str], rate: str | None = None) -> str:
        """A call of the function with the given data and lengths; at a rate, it moves parameters."""
        given = [sizes[name] for name in self.varying] + [columns[name] for name in self.columns] + ["theta"]
        if any(one.role == "output" for one in self.outside.values()):
            given.append("gradient")
        if self.moved:
            given += ["0", "0"] if rate is None else ["1", rate]
        return f"{self.name}({', '.join([*given, *(['work'] if self.work else [])])})"

    @property
    def text(self) -> str:
        """The function."""
        body = "\n".join(f"    {line}" for line in self.body)
        return (
            f"static {'real' if self.returns else 'void'} {self.name}({', '.join(self.parameters)})\n{{\n{body}\n}}\n"
        )

    @property
    def parameters(self) -> list[str]:
        """The function's parameters: lengths that vary, data, parameters, outputs, workspace."""
        found = [f"const long {name}" for name in self.varying]
        for name in self.columns:
            kind = "long" if name in self.whole else "real"
            found.append(f"const {kind} {'*restrict ' if self.extents[name] else ''}{safe(name)}")
        found.append(f"{'' if self.moved else 'const '}real *restrict theta")
        if any(one.role == "output" for one in self.outside.values()):
            found.append("real *restrict gradient")
        if self.moved:
            found += ["const int moves", "const real rate"]
        return [*found, *(["real *restrict work"] if self.work else [])]


def _loops(tree: tuple[Tree, ...]) -> Iterator[Loop]:
    for node in tree:
        if isinstance(node, Nest):
            yield node.loop
            yield from _loops(node.body)
        elif node.product is not None:
            yield from (*node.product.m, *node.product.n, *node.product.k)


def _alone(nest: Nest) -> Statement | None:
    """The statement of a nest that holds it alone."""
    (first, *_) = nest.body
    if isinstance(first, Nest):
        return _alone(first)
    return first if first.alone else None


class _Printer:
    """The lines of one kernel."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        taken = set(kernel.extents) | {extent.name for axes in kernel.extents.values() for extent in axes}
        self.letters = [letter for letter in (*_LETTERS, *(f"i{n}" for n in range(99))) if letter not in taken]
        self.names: dict[Loop, str] = {}
        self.printer = Expressions(self.entry, kernel.extents, kernel.whole, self.names, kernel.single, kernel.called)
        self.inner = replace(self.printer, repeated=True)
        self.declared: set[str] = set()
        self.uses: dict[str, list[Use]] = {}
        for use in uses(kernel.tree):
            self.uses.setdefault(use.entry.array, []).append(use)

    def lines(self) -> Iterator[str]:
        kernel = self.kernel
        for name, one in kernel.outside.items():
            if name not in kernel.used:
                continue
            if one.role == "theta":
                constant = "" if name in kernel.moved.values() else "const "
                yield (
                    f"{constant}real *restrict {safe(name)} = {_plus('theta', one.offset)};"
                    if kernel.extents[name]
                    else f"const real {safe(name)} = theta[{one.offset}];"
                )
            elif one.role == "output" and kernel.extents[name]:
                yield f"real *restrict {safe(name)} = {_plus('gradient', one.offset)};"
        last = "work"
        for name, size in kernel.work:
            yield f"real *restrict {safe(name)} = {last};"
            last = f"{safe(name)} + ALIGNED({size})"
        yield from self.block(kernel.tree, ())
        for name, one in kernel.outside.items():
            if one.role == "output" and not kernel.extents[name]:
                yield f"gradient[{one.offset}] = {safe(name)};"
        if kernel.returns:
            yield f"return {safe(kernel.returns)};"

    def block(self, tree: tuple[Tree, ...], path: Path) -> Iterator[str]:
        for name, store in self.kernel.stored.items():
            if store.scope == path and store.kind == "local" and store.name == name:
                if store.extents:
                    size = "*".join(extent.text for extent in store.extents)
                    yield f"real {safe(name)}[{size}];"
                elif not self._set_first(name, path):
                    yield f"real {safe(name)};"
                else:
                    continue
                self.declared.add(name)
        for place, node in enumerate(tree):
            if isinstance(node, Nest):
                yield from self.loop(node, (*path, place))
            else:
                yield from self.statement(node, self.inner if path else self.printer)

    def _set_first(self, name: str, path: Path) -> bool:
        """Whether a scalar's first use is an assignment in the block that it belongs to."""
        first = next(use for use in self.uses[name])
        return first.writes and first.path == path

    def loop(self, nest: Nest, path: Path) -> Iterator[str]:
        letter = self.letters[len(path) - 1]
        statement = _alone(nest)
        if statement is not None:
            yield from self.flat(statement, letter)
            return
        self.names[nest.loop] = letter
        body = list(self.block(nest.body, path))
        head = f"for (long {letter} = 0; {letter} < {nest.loop.extent.text}; {letter}++)"
        if len(body) == 1 and not body[0].startswith(("real ", "const ")):
            yield head
            yield f"    {body[0]}"
        else:
            yield f"{head} {{"
            for line in body:
                yield f"    {line}"
            yield "}"

    def flat(self, statement: Statement, letter: str) -> Iterator[str]:
        """One loop over all entries of arrays of the same axes."""

        def entry(entry: Entry, _: Expressions) -> str:
            return f"{safe(self._layout(entry.array)[2])}[{letter}]"

        size = "*".join(extent.text for extent in self._layout(statement.array)[1])
        printer = replace(self.inner, entry=entry)
        yield f"for (long {letter} = 0; {letter} < {size}; {letter}++)"
        yield f"    {entry(statement.target, printer)} = {printer.text(statement.body)};"

    def statement(self, statement: Statement, printer: Expressions) -> Iterator[str]:
        if statement.product is not None:
            yield self.product(statement, statement.product)
            return
        target = self.entry(statement.target, printer)
        body = statement.body
        if statement.kind == "set":
            declared = statement.array in self.kernel.outside and self.kernel.extents[statement.array]
            store = self.kernel.stored.get(statement.array)
            if (
                store
                and store.kind == "local"
                and not store.extents
                and statement.array not in self.declared
                and not declared
            ):
                self.declared.add(statement.array)
                more = any(accumulates(use.statement) for use in self.uses[statement.array] if use.writes)
                # A total over everything is kept in double precision: single loses digits with each of many terms.
                kind = "double" if more and not store.scope else "real"
                yield f"{'' if more else 'const '}{kind} {target} = {printer.text(body)};"
            else:
                yield f"{target} = {printer.text(body)};"
        elif statement.kind == "sum":
            negative = isinstance(body, Apply) and body.operation == "neg"
            value = body.args[0] if isinstance(body, Apply) and negative else body
            yield f"{target} {'-' if negative else '+'}= {printer.text(value)};"
        else:
            operation = "maximum" if statement.kind == "max" else "larger"
            yield f"{target} = {printer.text(apply(operation, statement.target, body))};"

    def entry(self, entry: Entry, printer: Expressions) -> str:
        """An entry in C: a variable, or an element of an array."""
        places, extents, name = self._layout(entry.array)
        if not places:
            return safe(name) if self._is_scalar(entry.array) else f"{safe(name)}[0]"
        return f"{safe(name)}[{self.offset([entry.at[place] for place in places], extents)}]"

    def _is_scalar(self, array: str) -> bool:
        outside = self.kernel.outside.get(array)
        if outside is not None:
            return not self.kernel.extents[array]
        return True

    def _layout(self, array: str) -> tuple[tuple[int, ...], tuple[Extent, ...], str]:
        """The places of an array's axes in memory, their lengths, and whose memory it is."""
        store = self.kernel.stored.get(array)
        if store is not None:
            return store.kept, store.extents, store.name
        extents = self.kernel.extents[array]
        places = tuple(place for place, extent in enumerate(extents) if extent.value != 1)
        return places, tuple(extents[place] for place in places), array

    def offset(self, at: list[Node], extents: tuple[Extent, ...]) -> str:
        """The place of an entry in the memory of its array."""
        total: Node = whole(0)
        for position, extent in zip(at, extents, strict=True):
            total = apply("+", apply("*", total, _length(extent)), position) if total != whole(0) else position
        return self.printer.place(total)

    def product(self, statement: Statement, product: Product) -> str:
        m, n, k = product.m, product.n, product.k
        first, lda, turned_a = self._operand(product.a, m, k)
        second, ldb, turned_b = self._operand(product.b, k, n)
        out, ldc, _ = self._operand(statement.target, m, n)
        sizes = ", ".join("*".join(loop.extent.text for loop in loops) for loops in (m, n, k))
        alpha, beta = "1", "1" if accumulates(statement) else "0"
        if statement.array in self.kernel.moved:
            alpha, beta = "moves ? rate : 1", "moves"
            out = f"moves ? {safe(self.kernel.moved[statement.array])} : {out}"
        self.kernel.called.add("product")
        operands = f"{alpha}, {first}, {lda}, {second}, {ldb}"
        return f"product({turned_a:d}, {turned_b:d}, {sizes}, {operands}, {beta}, {out}, {ldc});"

    def _operand(self, entry: Entry, rows: tuple[Loop, ...], columns: tuple[Loop, ...]) -> tuple[str, str, bool]:
        """A matrix in memory: where it begins, the stride of its rows there, and whether these are the columns."""
        places, extents, name = self._layout(entry.array)
        at = [entry.at[place] for place in places]
        start = self.offset([replaced(node, {loop: whole(0) for loop in (*rows, *columns)}) for node in at], extents)
        turned = at[-1] == rows[-1]
        outer = columns[-1] if turned else rows[-1]
        stride = "*".join(extent.text for extent in extents[at.index(outer) + 1 :])
        return _plus(safe(name), start), stride, turned


def _length(extent: Extent) -> Node:
    return Length(extent) if extent.name else whole(extent.value or 0)


def _plus(base: str, offset: str) -> str:
    return base if offset == "0" else f"{base} + {offset}"
