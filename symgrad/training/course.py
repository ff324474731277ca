"""The course of a fit so far: its losses, the parameters of each epoch, and where it stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symgrad.training.engine import Track
from symgrad.training.epochs import Place
from symgrad.training.history import History, plain


@dataclass(frozen=True)
class Best:
    """The epoch whose loss on the validation data was best, and its parameters."""

    epoch: int
    loss: float
    params: Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Stand:
    """Where a run stands after so many rows of its history: the start's, and one an epoch."""

    rows: int
    place: Place
    best: Best | None = None


@dataclass
class Course:
    """The rows so far, in pieces; only rows that `stand` counts are there for good."""

    stand: Stand
    tracks: list[Track] = field(default_factory=list)
    validation: list[float] = field(default_factory=list)

    @property
    def epochs(self) -> int:
        """The number of epochs that were run."""
        return self.stand.rows - 1

    @property
    def loss(self) -> float:
        """The loss after the last epoch."""
        return float(self.tracks[-1].losses[-1])

    @property
    def params(self) -> dict[str, Any]:
        """The parameters after the last epoch; with a best epoch on validation data, they may be worse than its."""
        return {name: plain(value) for name, value in self.stand.place.state.params.items()}

    def add(self, track: Track, validation: float | None, place: Place, best: Best | None) -> None:
        """Add rows. An interruption at any point leaves the rows, or `stand` without them: see `trim`."""
        self.tracks.append(track)
        if validation is not None:
            self.validation.append(validation)
        self.stand = Stand(self.stand.rows + len(track.losses), place, best)

    def trim(self) -> None:
        """Drop what an interrupted `add` has left behind."""
        while sum(len(track.losses) for track in self.tracks) > self.stand.rows:
            self.tracks.pop()
        del self.validation[self.stand.rows :]

    def history(self) -> History:
        """All rows as columns."""
        names = self.tracks[-1].points if self.tracks else {}
        return History(
            np.concatenate([track.losses for track in self.tracks]) if self.tracks else np.empty(0),
            {name: np.concatenate([track.points[name] for track in self.tracks]) for name in names},
            np.array(self.validation) if self.validation else None,
        )
