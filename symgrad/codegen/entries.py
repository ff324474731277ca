"""The entries of quantities as NumPy source: whole axes, slices, arrays of indices, in the order of the axes wanted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

from sympy import (
    Expr,
    Indexed,
    Max,
    S,
    Symbol,
    floor,
    preorder_traversal,
)

from symgrad.affine import never_negative
from symgrad.codegen.layout import Reach, affine, reach
from symgrad.equations import Index
from symgrad.infix import ATOM, Infix, Piece


@dataclass(frozen=True)
class EntrySource(Infix):
    """Prints entries of quantities laid out over axes.

    The text is an array whose dimensions are the indices in `axes`, in that order, where one that the expression
    doesn't use may be missing or of size 1.  `shapes` gives each quantity's axes.  `inside`: what is printed reads
    nothing beyond an axis, as a model's own equations do outside of a choice; a sum that an adjoint gathers may.
    """

    axes: tuple[Index, ...] = ()
    shapes: Mapping[str, tuple[Expr, ...]] = field(default_factory=dict)
    inside: bool = False

    def over(self, axes: tuple[Index, ...]) -> Self:
        """The same printer for arrays laid out over other axes."""
        return replace(self, axes=axes) if axes != self.axes else self

    def symbol(self, symbol: Symbol) -> Piece:
        return self._index(symbol) if isinstance(symbol, Index) else Piece(symbol.name, ATOM)

    def _index(self, index: Index) -> Piece:
        return Piece(self._spread(f"np.arange({self.text(index.size)})", [index]), ATOM)

    def _spread(self, text: str, used: Sequence[Index]) -> str:
        """An array over some of the axes, in their order, with a new axis of size 1 for each later one it lacks."""
        first = self.axes.index(used[0]) if used else len(self.axes)
        slots = [":" if axis in used else "None" for axis in self.axes[first:]]
        return text if "None" not in slots else f"{text}[{', '.join(slots)}]"

    def _arranged(self, text: str, order: Sequence[Index]) -> Piece:
        """An array over the indices in `order`, its dimensions put into the order of the axes."""
        wanted = sorted(order, key=self.axes.index)
        if list(order) != wanted:
            places = [list(order).index(index) for index in wanted]
            text += transposition(places)
        return Piece(self._spread(text, wanted), ATOM)

    def entry(self, expr: Indexed) -> Piece:
        name = str(expr.base.label)
        sizes = self.shapes.get(name) or tuple(getattr(index, "size", None) for index in expr.indices)
        return self._read(name, expr.indices, sizes)

    def _read(self, text: str, at: tuple[Expr, ...], sizes: tuple[Expr, ...]) -> Piece:
        """The part of an array that indices read: whole axes, slices, rows by whole numbers, or shifted windows."""
        if self._broadcasts(at, sizes):
            return Piece(text, ATOM)
        if len(set(at)) < len(at) and all(isinstance(index, Index) for index in at):
            return self._diagonal(text, at)
        reaches = [self._reach(index, size) for index, size in zip(at, sizes, strict=True)]
        if any(one.padded for one in reaches):
            pads = ", ".join(f"({self._extent(one.before)}, {self._extent(one.after)})" for one in reaches)
            text = f"np.pad({text}, ({pads}))" if len(at) > 1 else f"np.pad({text}, {pads})"
        shifted = [
            (
                index + _at_least_0(one.before),
                size + _at_least_0(one.before) + (one.after if never_negative(one.after) else Symbol("more")),
            )
            for index, size, one in zip(at, sizes, reaches, strict=True)
        ]
        joint, arrays = _joint([index for index, _ in shifted])
        slots: list[str] = []
        order: list[Index] = []
        for place, (index, size) in enumerate(shifted):
            slots.append(self.over(joint).text(index) if place in arrays else self._slot(index, size, order))
            if place in arrays:
                order.extend(i for i in joint if i not in order)
        picked = [place for place, (index, _) in enumerate(shifted) if place in arrays or (joint and index.is_Integer)]
        if picked and picked != list(range(picked[0], picked[-1] + 1)):
            order = [*joint, *(index for index in order if index not in joint)]  # NumPy puts such dimensions first
        while slots and slots[-1] == ":":
            slots.pop()
        return self._arranged(f"{text}[{', '.join(slots)}]" if slots else text, order)

    def _broadcasts(self, at: tuple[Expr, ...], sizes: tuple[Expr, ...]) -> bool:
        """Whether an array with axes of size 1 fits the layout as it is."""
        if len(at) != len(self.axes):
            return False
        fits = zip(at, self.axes, sizes, strict=True)
        return all((index == axis and axis.size == size) or (index == 0 and size == 1) for index, axis, size in fits)

    def _extent(self, size: Expr) -> str:
        """How many zeros to add: none where the sizes of a particular call need none."""
        return self.text(size) if never_negative(size) else f"max({self.text(size)}, 0)"

    def _reach(self, index: Expr, size: Expr) -> Reach:
        if self.inside or index.is_Integer or (isinstance(index, Index) and index.size == size) or index.has(Indexed):
            return Reach(S.Zero, S.Zero)
        return reach(index, size)

    def _slot(self, at: Expr, size: Expr, order: list[Index]) -> str:
        """A number or a slice of a subscript; adds the index that a slice keeps as a dimension to `order`."""
        if at.is_Integer or not _indices_of(at):
            return self.text(at)
        line = affine(at)
        assert line  # what isn't affine in one index is read by an array
        index, slope, offset = line
        order.append(index)
        if slope == 1 and offset == 0 and index.size == size:
            return ":"
        stop = (offset + slope * (index.size - 1) + 1).expand()
        all_of_it = index.size == floor((size - offset + slope - 1) / slope)
        end = "" if stop == size or all_of_it else self.text(stop)
        return f"{self.text(offset) if offset != 0 else ''}:{end}{f':{slope}' if slope != 1 else ''}"

    def _diagonal(self, text: str, at: tuple[Expr, ...]) -> Piece:
        if len(at) == 2:
            return self._arranged(f"np.diagonal({text})", [at[0]])
        letters = {index: chr(ord("a") + place) for place, index in enumerate(dict.fromkeys(at))}
        spec = "".join(letters[index] for index in at)
        return self._arranged(f'np.einsum("{spec}->{"".join(letters.values())}", {text})', list(letters))


def _at_least_0(size: Expr) -> Expr:
    return size if never_negative(size) else Max(size, 0)


def transposition(places: Sequence[int]) -> str:
    """What puts dimensions into another order: the shortest of NumPy's spellings."""
    rank = len(places)
    if list(places) == list(range(rank)):
        return ""
    if rank == 2:
        return ".T"
    if list(places) == [*range(rank - 2), rank - 1, rank - 2]:
        return ".swapaxes(-1, -2)"
    return f".transpose({', '.join(map(str, places))})"


def _indices_of(at: Expr) -> list[Index]:
    """The indices in a position of a subscript, as they occur."""
    return [node for node in preorder_traversal(at) if isinstance(node, Index)]


def _joint(at: list[Expr]) -> tuple[tuple[Index, ...], set[int]]:
    """The positions of a subscript that arrays read, and the indices that these run over together."""
    arrays = {place for place, index in enumerate(at) if _is_array(index)}
    while True:
        joint = tuple(dict.fromkeys(i for place in sorted(arrays) for i in _indices_of(at[place])))
        more = {place for place, index in enumerate(at) if not set(joint).isdisjoint(_indices_of(index))}
        if more <= arrays:
            return joint, arrays
        arrays |= more


def _is_array(at: Expr) -> bool:
    """Whether a position of a subscript needs an array of whole numbers: neither a number nor a rising slice."""
    if isinstance(at, Indexed) or at.has(Indexed):
        return True
    line = affine(at)
    return bool(_indices_of(at)) and (line is None or line[1] <= 0)
