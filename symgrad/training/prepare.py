"""A fit made ready: its task, its engine, its epochs, and the run that it resumes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from symgrad.errors import InputError
from symgrad.training import checkpoint
from symgrad.training.course import Course
from symgrad.training.divergence import DivergenceError, diverged
from symgrad.training.engine import Engine, Task
from symgrad.training.engines import make_engine
from symgrad.training.epochs import Epochs, Streamed, Whole
from symgrad.training.feed import feed, is_share
from symgrad.training.history import Run, plain
from symgrad.training.loop import Ending, Watch, begin, train
from symgrad.training.optimizers import LineSearch
from symgrad.training.progress import Report
from symgrad.training.settings import Settings
from symgrad.training.task import Arrays
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
        watch = Watch(
            report,
            validate=None if self.validation is None else self._validation_loss,
            save=None if file is None else self._save,
        )
        if settings.resume and file is not None and file.exists():
            course = checkpoint.load(file, self.same)
            self.epochs.back_to(course.stand.place)
            return course, train(self.epochs, course, settings, bool(course.tracks[0].points), watch)
        size = sum(value.size for value in self.task.params.values())
        record = size * (settings.epochs + 1) <= _KEPT if settings.record is None else settings.record
        course, fault = begin(self.epochs, record, watch)
        return course, Ending("fault", fault) if fault else train(self.epochs, course, settings, record, watch)

    def _validation_loss(self) -> float:
        return self.engine.evaluate(self.validation or {})[0]

    def _save(self, course: Course) -> None:
        assert self.settings.checkpoint is not None
        checkpoint.save(self.settings.checkpoint, course, self.same)

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
            self.engine.explain(),
        )

    def diverged(self, course: Course, fault: str) -> DivergenceError:
        """The error that says where the numbers stopped being finite, and what to try."""
        return diverged(self.task, make_engine(self.settings.backend, self.task), self.settings, course, fault)


def prepare(model: Model, data: Any, params: Mapping[str, Any], validation: Any, settings: Settings) -> Fit:
    """Check all that a fit is given, and make it ready; raises InputError before any step."""
    file = settings.checkpoint
    if file is not None and file.exists() and not settings.resume:
        raise InputError(f"{file} is there already; resume=True goes on from it, another name starts a new run")
    settings = _seeded(settings, is_share(validation))
    generator = np.random.default_rng(settings.seed) if settings.shuffle else None
    fed = feed(model, data, params, validation, settings, generator)
    engine = make_engine(settings.backend, fed.task)
    if isinstance(settings.optimizer, LineSearch):
        engine = VectorEngine(engine, fed.task, settings.optimizer)
    if settings.schedule.over is not None and fed.steps is not None:
        settings = replace(settings, schedule=settings.schedule.over(settings.epochs * fed.steps))
    epochs: Epochs
    if fed.batches is None:
        # The order of a full batch has no meaning.
        epochs = Whole(engine, fed.task, settings.schedule, generator if fed.task.steps > 1 else None)
    else:
        epochs = Streamed(engine, fed.task.columns, fed.batches, settings.schedule, generator)
    streamed = fed.batches is not None
    same = checkpoint.identity(fed.task, settings, fed.validation, streamed) if file else {"seed": settings.seed}
    return Fit(settings, fed.task, engine, epochs, streamed, fed.validation, same)


def _seeded(settings: Settings, drawn: bool) -> Settings:
    """The settings with the seed of what is drawn at random: the given one, the resumed run's, or a new one."""
    if settings.seed is not None or not (settings.shuffle or drawn):
        return settings
    if settings.resume and settings.checkpoint is not None and settings.checkpoint.exists():
        return replace(settings, seed=checkpoint.seed_of(settings.checkpoint))
    return replace(settings, seed=int(np.random.SeedSequence().generate_state(1)[0]))
