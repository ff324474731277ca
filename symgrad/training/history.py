"""What a fit returns: the run and its history, epoch by epoch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

from symgrad.training.words import values_text


class Epoch(NamedTuple):
    """One row of a history: the parameters after `epoch` epochs, and the loss: see `epoch_loss` of `fit`."""

    epoch: int
    loss: float
    params: dict[str, Any]


@dataclass(frozen=True, eq=False)
class History(Sequence[Epoch]):
    """Loss and parameters per epoch; row 0 is the start.

    A number gives a row, a name gives a column, and `table()` all columns for a data frame. `validation` is the cost on
    the validation data, where there are any. `params` is empty where a fit didn't keep the parameters of each epoch:
    see its `record`.

    >>> import numpy as np
    >>> history = History(np.array([16.0, 10.24]), {"x": np.array([-4.0, -3.2])})
    >>> history[1]
    Epoch(epoch=1, loss=10.24, params={'x': -3.2})
    >>> history["x"].tolist(), history["loss"].tolist()
    ([-4.0, -3.2], [16.0, 10.24])
    """

    loss: NDArray[np.float64]
    params: dict[str, NDArray[Any]]
    validation: NDArray[np.float64] | None = None

    @property
    def epoch(self) -> NDArray[np.int64]:
        """0, 1, 2, …: the epochs, shape (rows,)."""
        return np.arange(len(self.loss))

    def __len__(self) -> int:
        return len(self.loss)

    @overload
    def __getitem__(self, key: int) -> Epoch: ...
    @overload
    def __getitem__(self, key: slice) -> tuple[Epoch, ...]: ...
    @overload
    def __getitem__(self, key: str) -> NDArray[Any]: ...
    def __getitem__(self, key: int | slice | str) -> Epoch | tuple[Epoch, ...] | NDArray[Any]:
        if isinstance(key, str):
            return self._column(key)
        if isinstance(key, slice):
            return tuple(self._row(row) for row in range(len(self))[key])
        return self._row(range(len(self))[key])

    def __iter__(self) -> Iterator[Epoch]:
        return (self._row(row) for row in range(len(self)))

    def table(self) -> dict[str, Any]:
        """All columns by name, for `pandas.DataFrame(...)`, `polars.DataFrame(...)` or a CSV writer.

        >>> import numpy as np
        >>> History(np.array([16.0, 10.24]), {"x": np.array([-4.0, -3.2])}).table()["epoch"]
        array([0, 1])
        """
        columns = {"epoch": self.epoch, **self._losses, **self.params}
        # A data frame takes an array parameter only as a list with one array a row.
        return {name: column if column.ndim == 1 else list(column) for name, column in columns.items()}

    def _column(self, name: str) -> NDArray[Any]:
        if name == "epoch":
            return self.epoch
        columns = {**self._losses, **self.params}
        if name not in columns:
            hint = "" if self.params else "; record=True keeps the parameters of each epoch"
            raise KeyError(f"{name!r} is no column of this history; it has {', '.join(self.table())}{hint}")
        return columns[name]

    @property
    def _losses(self) -> dict[str, NDArray[np.float64]]:
        return {"loss": self.loss} if self.validation is None else {"loss": self.loss, "validation": self.validation}

    def _row(self, row: int) -> Epoch:
        return Epoch(row, float(self.loss[row]), {name: plain(column[row]) for name, column in self.params.items()})

    def __repr__(self) -> str:
        if not len(self):
            return "<History: no epochs>"
        first, last = self[0], self[-1]
        return f"<History: epochs 0 to {last.epoch}, loss {first.loss:.6g} → {last.loss:.6g}>"

    def _repr_html_(self) -> str:
        head = ["epoch", *self._losses, *self.params]
        rows = list(range(len(self)))
        shown = rows if len(rows) <= 12 else [*rows[:6], -1, *rows[-5:]]
        body = "".join(f"<tr>{self._html_cells(row)}</tr>" for row in shown)
        titles = "".join(f"<th>{escape(name)}</th>" for name in head)
        return f"<table><thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table>"

    def _html_cells(self, row: int) -> str:
        if row < 0:
            return "<td>⋮</td>" * (1 + len(self._losses) + len(self.params))
        cells = [str(row), *(f"{losses[row]:.6g}" for losses in self._losses.values())]
        for column in self.params.values():
            cells.append(f"{column[row]:.6g}" if column.ndim == 1 else escape(f"array{column.shape[1:]}"))
        return "".join(f"<td>{cell}</td>" for cell in cells)


@dataclass(frozen=True, eq=False)
class Run:
    """A finished fit: the parameters, the history, and why it stopped.

    `params` maps each name to a float, or to an array for an array parameter: those after the last epoch, or with
    `patience` those of the epoch whose loss on the validation data was best; `epoch` says which. `stopped_by` is
    "epochs", "loss", "gradient", "validation", "converged", "callback" or "interrupted". `seed` repeats the run;
    `engine` says in words what computed it.
    """

    model_name: str
    params: dict[str, Any]
    history: History
    stopped_by: str
    learning_rate: float | Callable[[int], float] | None
    batch: int | str
    optimizer: str
    backend: str
    seed: int | None
    epoch: int
    engine: str

    @property
    def epochs(self) -> int:
        """The number of epochs that were run."""
        return len(self.history) - 1

    @property
    def loss(self) -> float:
        """The loss of the epoch of `params`: the cost at these, or with `epoch_loss="running"` the mean on the way."""
        return float(self.history.loss[self.epoch])

    @property
    def reason(self) -> str:
        """Why the run stopped, in words."""
        return {
            "epochs": "all epochs were run",
            "loss": "the loss reached stop_loss",
            "gradient": "the norm of the gradient fell to stop_gradient",
            "validation": f"the loss on the validation data was best in epoch {self.epoch}",
            "converged": "no step improves the loss any more",
            "callback": "the callback stopped it",
            "interrupted": "it was interrupted",
        }[self.stopped_by]

    def __repr__(self) -> str:
        start, end = self.history.loss[0], self.loss
        epochs = "1 epoch" if self.epochs == 1 else f"{self.epochs} epochs"
        settings = [] if self.optimizer == "sgd" else [self.optimizer]
        if self.learning_rate is not None:
            settings.append(f"learning_rate={rate_text(self.learning_rate)}")
        settings.append(f"batch={self.batch!r}")
        return (
            f"<Run of {self.model_name}: loss {start:.6g} → {end:.6g} in {epochs}, {', '.join(settings)}; "
            f"{self.reason}; {values_text(self.params)}>"
        )

    def _repr_html_(self) -> str:
        return f"<p>{escape(repr(self)[1:-1])}</p>{self.history._repr_html_()}"


def rate_text(rate: float | Callable[[int], float]) -> str:
    """A learning rate, or the name of its schedule."""
    return getattr(rate, "__name__", str(rate)) if callable(rate) else f"{rate:g}"


def plain(value: Any) -> Any:
    """A Python float for a scalar; an array stays an array."""
    return float(value) if np.ndim(value) == 0 else value
