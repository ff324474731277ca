"""A fit made ready: its task, its engine, its epochs, and the run that it resumes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from symgrad.errors import InputError
from symgrad.training import checkpoint
from symgrad.training.course import Course
from symgrad.training.divergence import DivergenceError, diverged
from symgrad.training.engine import Engine, Task
from symgrad.training.engines import make_engine
from symgrad.training.epochs import Epochs, Streamed, Whole
from symgrad.training.history import Run, plain
from symgrad.training.inputs import check_inputs, check_samples, start_values
from symgrad.training.loop import Ending, Watch, begin, train
from symgrad.training.optimizers import LineSearch
from symgrad.training.progress import Report
from symgrad.training.settings import Settings
from symgrad.training.stream import Batches, Slices, is_stream, on_disk
from symgrad.training.task import Arrays, count_of, kind_of, split, task_of, typed
from symgrad.training.vector_engine import VectorEngine

if TYPE_CHECKING:
    from symgrad.equations import Model

_KEPT = 10_000_000  # numbers: a history keeps the parameters of each epoch up to so many


@dataclass(frozen=True)
class Fit:
    """All that a fit needs, checked."""

    settings: Settings
    task: Task
    engine: Engine
    epochs: Epochs
    streamed: bool
    validation: Arrays | None
    same: Mapping[str, Any]  # what a checkpoint of this run must say

    def train(self, report: Report) -> tuple[Course, Ending]:
        """Run it, from the start or from its checkpoint."""
        settings, file = self.settings, self.settings.checkpoint
        validate = save = None
        if self.validation is not None:
            columns = self.validation
            validate = lambda: self.engine.evaluate(columns)[0]  # noqa: E731  # shorter than a function's four lines
        if file is not None:
            save = lambda course: checkpoint.save(file, course, self.same)  # noqa: E731  # the same
        watch = Watch(report, validate, save)
        if settings.resume and file is not None and file.exists():
            course = checkpoint.load(file, self.same)
            self.epochs.back_to(course.stand.place)
            return course, train(self.epochs, course, settings, bool(course.tracks[0].points), watch)
        size = sum(value.size for value in self.task.params.values())
        record = size * (settings.epochs + 1) <= _KEPT if settings.record is None else settings.record
        course, fault = begin(self.epochs, record, watch)
        return course, Ending("fault", fault) if fault else train(self.epochs, course, settings, record, watch)

    def run(self, course: Course, ending: Ending) -> Run:
        """What a fit returns."""
        settings, best = self.settings, course.stand.best
        params, epoch = course.params, course.epochs
        if settings.patience is not None and best is not None:
            params, epoch = {name: plain(value) for name, value in best.params.items()}, best.epoch
        return Run(
            self.task.model.name,
            params,
            course.history(),
            ending.stopped_by,
            settings.learning_rate,
            "stream" if self.streamed and settings.batch == "full" else settings.batch,
            str(settings.optimizer),
            settings.backend,
            self.same["seed"],
            epoch,
        )

    def diverged(self, course: Course, fault: str) -> DivergenceError:
        """The error that says where the numbers stopped being finite, and what to try."""
        return diverged(self.task, make_engine(self.settings.backend, self.task), self.settings, course, fault)


def prepare(model: Model, data: Any, params: Mapping[str, Any], validation: Any, settings: Settings) -> Fit:
    """Check all that a fit is given, and make it ready; raises InputError before any step."""
    file = settings.checkpoint
    if file is not None and file.exists() and not settings.resume:
        raise InputError(f"{file} is there already; resume=True goes on from it, another name starts a new run")
    share = validation if isinstance(validation, int | float) and not isinstance(validation, bool) else None
    settings = _seeded(settings, share is not None)
    generator = np.random.default_rng(settings.seed) if settings.shuffle else None
    source = _stream if is_stream(data) else _samples
    feed = source(model, data, params, share, settings, generator)
    if share is None and validation is not None:
        held = check_samples(model, validation, params)
        feed = replace(feed, validation=typed(model, held.columns, feed.kind))
    engine = make_engine(settings.backend, feed.task)
    if isinstance(settings.optimizer, LineSearch):
        engine = VectorEngine(engine, feed.task, settings.optimizer)
    epochs: Epochs
    if feed.batches is None:
        if settings.schedule.over is not None:
            settings = replace(settings, schedule=settings.schedule.over(settings.epochs * feed.task.steps))
        # The order of a full batch has no meaning.
        epochs = Whole(engine, feed.task, settings.schedule, generator if feed.task.steps > 1 else None)
    else:
        epochs = Streamed(engine, feed.task.columns, feed.batches, settings.schedule, generator)
    streamed = feed.batches is not None
    same = checkpoint.identity(feed.task, settings, feed.validation, streamed) if file else {"seed": settings.seed}
    return Fit(settings, feed.task, engine, epochs, streamed, feed.validation, same)


@dataclass(frozen=True)
class _Feed:
    """A task with the batches that come one by one, if they do, and the samples held back."""

    task: Task
    kind: np.dtype[Any]
    batches: Callable[[], Iterator[Mapping[str, NDArray[Any]]]] | None = None
    validation: Arrays | None = None


def _samples(
    model: Model,
    data: Any,
    params: Mapping[str, Any],
    share: float | None,
    settings: Settings,
    generator: np.random.Generator | None,
) -> _Feed:
    samples, start = check_inputs(model, data, params)
    columns = samples.columns
    kind = kind_of([*columns.values(), *start.values()])
    mapped = any(map(on_disk, columns.values()))
    held: Arrays | None = None
    if share is not None:
        if mapped:
            raise InputError(
                f"validation={share!r} would copy arrays that are on disk; give validation data of its own"
            )
        parts = split(columns, share, settings.seed)
        columns, held = parts.training, typed(model, parts.validation, kind)
    count = count_of(columns)
    size = 1 if settings.batch == "sample" else settings.batch
    if mapped and isinstance(size, int) and size < count:
        slices = Slices(columns, count, size, generator, lambda batch: typed(model, batch, kind))
        return _Feed(task_of(model, slices.first, start, kind, replace(settings, batch="full")), kind, slices)
    return _Feed(task_of(model, columns, start, kind, settings), kind, validation=held)


def _stream(
    model: Model,
    data: Any,
    params: Mapping[str, Any],
    share: float | None,
    settings: Settings,
    generator: np.random.Generator | None,
) -> _Feed:
    given = {
        "batch": settings.batch != "full",
        "shuffle": settings.shuffle,
        "stop_gradient": settings.stop_gradient is not None,
        f"validation={share!r}": share is not None,
        f"optimizer={settings.optimizer.name!r}": isinstance(settings.optimizer, LineSearch),
    }
    for what, is_given in given.items():
        if is_given:
            raise InputError(f"{what} needs all samples at once, but the data comes in batches; leave it out")
    start = start_values(model, params)
    kind = kind_of(start.values())
    batches = Batches(
        data, lambda batch: typed(model, check_samples(model, batch, start).columns, kind), settings.epochs
    )
    return _Feed(task_of(model, batches.first, start, kind, settings), kind, batches)


def _seeded(settings: Settings, drawn: bool) -> Settings:
    """The settings with the seed of what is drawn at random: the given one, the resumed run's, or a new one."""
    if settings.seed is not None or not (settings.shuffle or drawn):
        return settings
    if settings.resume and settings.checkpoint is not None and settings.checkpoint.exists():
        return replace(settings, seed=checkpoint.seed_of(settings.checkpoint))
    return replace(settings, seed=int(np.random.SeedSequence().generate_state(1)[0]))
