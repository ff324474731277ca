"""The loop of a fit: epochs in runs of about a twentieth of a second, and after each what there is to look at."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symgrad.training.course import Best, Course, Stand
from symgrad.training.engine import Track
from symgrad.training.epochs import Epochs, Place
from symgrad.training.history import Epoch
from symgrad.training.interruption import Interruption
from symgrad.training.progress import Report
from symgrad.training.settings import Settings

_RUN = 0.05  # seconds that a run of epochs may take
_SAVE = 10.0  # seconds between two checkpoints
_NUMBERS = 2**20  # parameters, of all epochs together, that one run records


@dataclass(frozen=True)
class Watch:
    """What looks at a run while it goes on."""

    report: Report
    validate: Callable[[], float] | None = None
    save: Callable[[Course], None] | None = None


@dataclass(frozen=True)
class Ending:
    """What ended a run; a fault says it in words."""

    stopped_by: str
    fault: str = ""


def begin(epochs: Epochs, record: bool, watch: Watch) -> tuple[Course, str]:
    """The course with the row of the start values, or a fault that says why there is none."""
    course = Course(Stand(0, epochs.place()))
    track = epochs.start()
    fault = _fault(track, 0, course.stand.place.state.params)
    if fault:
        return course, fault
    if not record:
        track = Track(track.losses, {}, track.norms)
    validation = watch.validate() if watch.validate else None
    best = None if validation is None else Best(0, validation, course.stand.place.state.params)
    course.add(track, validation, course.stand.place, best)
    return course, ""


def train(epochs: Epochs, course: Course, settings: Settings, record: bool, watch: Watch) -> Ending:
    """Run epochs until one of the settings, an interruption or a fault ends them; the course then stands there.

    Which epochs go into one run of the engine depends on the time that they take; what comes out doesn't.
    """
    most = epochs.longest
    if record:
        most = max(1, min(most, _NUMBERS // sum(value.size for value in course.stand.place.state.params.values())))
    count, due = 1, time.monotonic() + _SAVE
    stopped_by = _reached(_last(epochs, course, settings), settings)[1] or _waited(course, settings)
    if watch.save and course.epochs == 0:
        watch.save(course)
    try:
        with Interruption() as interruption:
            while not stopped_by and course.epochs < settings.epochs:
                interruption.check()
                began = time.perf_counter()
                planned = min(count, most, _until_due(course.epochs, settings, watch))
                ran = _advance(epochs, course.stand.place, planned, record, settings)
                took = time.perf_counter() - began
                if ran is None:  # a parameter that wasn't recorded left the finite: once more, one epoch at a time
                    most = 1
                    continue
                if len(ran.track.losses):
                    _add(course, ran, settings, watch)
                    watch.report(course.epochs, course.loss)
                if ran.fault:
                    return Ending("fault", ran.fault)
                stopped_by = _called_back(course, settings) or ran.stopped_by or _waited(course, settings)
                if watch.save and not stopped_by and _is_due(course.epochs, settings, due):
                    watch.save(course)
                    due = time.monotonic() + _SAVE
                count = max(1, int(planned * min(8.0, _RUN / max(took, 1e-9))))
    except KeyboardInterrupt:
        course.trim()
        epochs.back_to(course.stand.place)
        stopped_by = "interrupted"
    if watch.save:
        watch.save(course)
    return Ending(stopped_by or "epochs")


@dataclass(frozen=True)
class _Ran:
    """Epochs that count: up to the first that meets a setting, or the last before a fault."""

    track: Track
    place: Place
    stopped_by: str
    fault: str


def _advance(epochs: Epochs, before: Place, planned: int, record: bool, settings: Settings) -> _Ran | None:
    norms = settings.stop_gradient is not None
    track = epochs.run(planned, record, norms)
    place = epochs.place()
    ran = len(track.losses)
    params = place.state.params
    if not record and ran > 1 and not all(map(_finite, params.values())):
        epochs.back_to(before)
        return None
    kept, stopped_by = _reached(track, settings, _sound(track, params))
    if kept == ran:
        return _Ran(track, place, stopped_by or ("converged" if ran < planned else ""), "")
    fault = "" if stopped_by else _fault(track, kept, params)
    epochs.back_to(before)
    if kept:
        # The same epochs come out the same, to the last bit: so the optimiser's state goes back, too.
        track = epochs.run(kept, record, norms)
    return _Ran(track if kept else Track(np.empty(0), {}), epochs.place(), stopped_by, fault)


def _add(course: Course, ran: _Ran, settings: Settings, watch: Watch) -> None:
    best = course.stand.best
    validation = watch.validate() if watch.validate else None
    if validation is not None:
        better = best is None or (validation > best.loss if settings.maximize else validation < best.loss)
        if better:
            best = Best(course.epochs + len(ran.track.losses), validation, ran.place.state.params)
    course.add(ran.track, validation, ran.place, best)


def _last(epochs: Epochs, course: Course, settings: Settings) -> Track:
    """The last row alone; a checkpoint doesn't hold the gradient's norm."""
    if settings.stop_gradient is not None:
        return epochs.start()
    return Track(course.tracks[-1].losses[-1:], {})


def _until_due(epoch: int, settings: Settings, watch: Watch) -> int:
    """How many epochs may run before there is something to do."""
    if watch.validate:
        return 1
    due = [settings.epochs - epoch]
    if settings.callback:
        due.append(settings.callback_every - epoch % settings.callback_every)
    if settings.checkpoint_every:
        due.append(settings.checkpoint_every - epoch % settings.checkpoint_every)
    return min(due)


def _is_due(epoch: int, settings: Settings, due: float) -> bool:
    if settings.checkpoint_every:
        return epoch % settings.checkpoint_every == 0
    return time.monotonic() >= due


def _called_back(course: Course, settings: Settings) -> str:
    if settings.callback is None or course.epochs % settings.callback_every:
        return ""
    answer = settings.callback(Epoch(course.epochs, course.loss, course.params))
    return "callback" if isinstance(answer, bool | np.bool_) and answer else ""


def _waited(course: Course, settings: Settings) -> str:
    best = course.stand.best
    enough = settings.patience is not None and best is not None and course.epochs - best.epoch >= settings.patience
    return "validation" if enough else ""


def _reached(track: Track, settings: Settings, sound: int | None = None) -> tuple[int, str]:
    """How many rows count, of the first `sound` ones, and the setting that the last of these meets."""
    losses = track.losses[:sound]
    met: dict[str, NDArray[np.bool_]] = {}
    if settings.stop_loss is not None:
        met["loss"] = losses >= settings.stop_loss if settings.maximize else losses <= settings.stop_loss
    if settings.stop_gradient is not None and track.norms is not None:
        met["gradient"] = track.norms[:sound] <= settings.stop_gradient
    rows = {why: int(hits.argmax()) for why, hits in met.items() if hits.any()}
    why = min(rows, key=rows.__getitem__, default="")
    return (rows[why] + 1, why) if why else (len(losses), "")


def _sound(track: Track, last: Mapping[str, NDArray[Any]]) -> int:
    """The rows before the first that isn't finite."""
    rows = np.isfinite(track.losses)
    if track.norms is not None:
        rows &= np.isfinite(track.norms)
    for column in track.points.values():
        rows &= np.isfinite(column).reshape(len(rows), -1).all(axis=1)
    if not track.points and len(rows):
        rows[-1] &= all(map(_finite, last.values()))
    return len(rows) if rows.all() else int(rows.argmin())


def _fault(track: Track, row: int, last: Mapping[str, NDArray[Any]]) -> str:
    """What isn't finite in a row, in words; nothing if all is. `last` are the parameters where none are recorded."""
    point = {name: column[row] for name, column in track.points.items()} or last
    named: dict[str, Any] = {"the loss": track.losses[row], **point}
    if track.norms is not None:
        named["the gradient's norm"] = track.norms[row]
    for what, value in named.items():
        values = np.ravel(value)
        if not _finite(values):
            return f"{what} became {values[~np.isfinite(values)][0]}"
    return ""


def _finite(values: NDArray[Any]) -> bool:
    return bool(np.isfinite(values).all())
