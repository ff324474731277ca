"""What trains: an engine holds parameters and optimiser state in its own buffers and runs whole epochs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from symgrad.training.optimizers import Optimizer

if TYPE_CHECKING:
    from symgrad.equations import Model


@dataclass(frozen=True)
class Task:
    """What an engine trains: the cost of a model over samples.

    The cost of a model of scalars is the mean of its result over a batch; a model with axes takes its own mean. Where
    it is `running`, which is for several batches an epoch, the loss of an epoch is the mean of its samples' costs, each
    before its batch's step: it comes with the gradients, without another pass over the data.
    """

    model: Model
    params: Mapping[str, NDArray[Any]]  # start values by name, C-contiguous, 0-d for numbers
    columns: Mapping[str, NDArray[Any]]  # data by name: (samples, …) C-contiguous; 0-d: the same for every sample
    samples: int
    batch: int  # samples a step; == samples: full batch; the last batch of an epoch may be smaller
    optimizer: Optimizer
    maximize: bool = False
    running: bool = False

    @property
    def steps(self) -> int:
        """The steps of an epoch."""
        return -(-self.samples // self.batch)


@dataclass(frozen=True)
class Track:
    """Where an engine went, epoch by epoch."""

    losses: NDArray[np.float64]  # (epochs,) the cost over all samples after each epoch, or in it: see Task.running
    points: Mapping[str, NDArray[Any]]  # name -> (epochs, *shape): the parameters after each epoch; {} unless recorded
    norms: NDArray[np.float64] | None = None  # (epochs,) the Euclidean norm of the cost's gradient there, if asked for


@dataclass(frozen=True)
class State:
    """A copy of all that an engine's next step depends on, but the data."""

    params: Mapping[str, NDArray[Any]]
    slots: Mapping[str, Mapping[str, NDArray[Any]]]  # slot -> parameter -> array of the parameter's shape
    steps: int  # the number of steps taken


class Engine(Protocol):
    """Runs the steps of an optimiser on a task; numbers that stop being finite are no error here."""

    def run(
        self, rates: NDArray[np.float64], orders: NDArray[np.intp] | None, record: bool = True, norms: bool = False
    ) -> Track:
        """Run epochs with the learning rates (epochs, steps), each in its order of samples (epochs, samples).

        None is the order of the data. What comes out doesn't depend, to the last bit, on how epochs are split over
        calls: `fit` splits them by time.
        """

    def step(self, batch: Mapping[str, NDArray[Any]], rate: float) -> float:
        """One step on a batch from elsewhere, of any length; returns its cost before the step."""

    def evaluate(self, columns: Mapping[str, NDArray[Any]]) -> tuple[float, dict[str, NDArray[Any]]]:
        """The cost and its gradients (of the model's result, not negated to climb) at the present parameters."""

    def snapshot(self) -> State:
        """Copies of the parameters and of the optimiser's state."""

    def restore(self, state: State) -> None:
        """Go on from a snapshot, of this engine or of another one of the same task."""

    def explain(self) -> str:
        """What this engine does, in words."""
