"""All parameters of a model in one array."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Layout:
    """Where each parameter lies in the one array of all of them: those of `first` at its start, in that order."""

    shapes: Mapping[str, tuple[int, ...]]
    first: tuple[str, ...] = ()

    @functools.cached_property
    def spans(self) -> dict[str, slice]:
        """The part of each parameter."""
        order = [*self.first, *(name for name in self.shapes if name not in self.first)]
        ends = np.cumsum([int(np.prod(self.shapes[name], dtype=int)) for name in order])
        starts = [0, *ends[:-1]]
        return {name: slice(int(a), int(b)) for name, a, b in zip(order, starts, ends, strict=True)}

    @property
    def size(self) -> int:
        """The number of entries of all parameters."""
        return max((span.stop for span in self.spans.values()), default=0)

    def views(self, flat: NDArray[Any]) -> dict[str, NDArray[Any]]:
        """The parameters as views of an array (…, size)."""
        lead = flat.shape[:-1]
        return {name: flat[..., self.spans[name]].reshape((*lead, *shape)) for name, shape in self.shapes.items()}

    def shape(self, *names: str) -> tuple[int, ...]:
        """The shape of a parameter, or of weights and the row behind them as one."""
        shape = self.shapes[names[0]]
        return (shape[0] + 1, *shape[1:]) if len(names) > 1 else shape

    def line(self, flat: str, named: str, *names: str) -> str:
        """The view of a parameter, or of weights and the row behind them, as source."""
        shape, start, stop = self.shape(*names), self.spans[names[0]].start, self.spans[names[-1]].stop
        return f"{named} = {flat}[{start}:{stop}]{f'.reshape({shape})' if len(shape) != 1 else ''}"
