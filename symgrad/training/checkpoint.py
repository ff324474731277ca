"""A run on disk: everything that its next epochs depend on, so that they come out as if it had never stopped."""

from __future__ import annotations

import itertools
import json
import zlib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symgrad.equations import Model
from symgrad.errors import InputError
from symgrad.training import safetensors_file
from symgrad.training.course import Best, Course, Stand
from symgrad.training.engine import State, Task, Track
from symgrad.training.epochs import Place
from symgrad.training.settings import Settings

_FORMAT = 2


def identity(
    task: Task, settings: Settings, validation: Mapping[str, NDArray[Any]] | None, streamed: bool
) -> dict[str, Any]:
    """What a run and the continuation of it must have in common, by the name that a message uses for it."""
    model = task.model
    inputs = [f"{quantity.name}{list(map(str, quantity.axes))}" for quantity in model.inputs]
    return {
        "model": "\n".join([*inputs, str(model)]),
        "optimizer": {
            field.name: _plain(getattr(settings.optimizer, field.name)) for field in fields(settings.optimizer)
        },
        "batch": settings.batch if streamed else task.batch,
        "maximize": settings.maximize,
        "shuffle": settings.shuffle,
        "seed": settings.seed,
        "start values": {name: f"{value.dtype}{list(value.shape)}" for name, value in task.params.items()},
        "data": "stream" if streamed else _checksum(task.columns),
        "validation": None if validation is None else _checksum(validation),
        "epoch_loss": "running" if streamed or task.running else "after",
    }


def save(path: Path, course: Course, same: Mapping[str, Any]) -> None:
    """Write where a run stands, and its history; raises InputError where that can't be written."""
    stand = course.stand
    history = course.history()
    arrays = {f"params.{name}": value for name, value in stand.place.state.params.items()}
    for slot, values in stand.place.state.slots.items():
        arrays |= {f"slots.{slot}.{name}": value for name, value in values.items()}
    arrays["history.loss"] = history.loss
    arrays |= {f"history.params.{name}": column for name, column in history.params.items()}
    if history.validation is not None:
        arrays["history.validation"] = history.validation
    if stand.best is not None:
        arrays |= {f"best.{name}": value for name, value in stand.best.params.items()}
    note = {
        "format": _FORMAT,
        "run": same,
        "steps": stand.place.state.steps,
        "order": stand.place.order,
        "best": None if stand.best is None else {"epoch": stand.best.epoch, "loss": stand.best.loss},
    }
    safetensors_file.write(path, arrays, json.dumps(note))


def seed_of(path: Path) -> int | None:
    """The seed of the run in a checkpoint, if it has one."""
    seed: int | None = _note(path, safetensors_file.read(path)[1])["run"]["seed"]
    return seed


def load(path: Path, same: Mapping[str, Any]) -> Course:
    """The course of the run in a checkpoint; raises InputError for a file that isn't whole, or of another run."""
    arrays, text = safetensors_file.read(path)
    note = _note(path, text)
    for what, here in json.loads(json.dumps(same)).items():
        there = note["run"][what]
        if there != here:
            was, now = _difference(there, here)
            raise InputError(
                f"{path}: the checkpoint of another run, with another {what}: {was} there, {now} here; "
                f"choose another file, or train on with the same {what}"
            )
    named = _by_folder(arrays)
    slots: dict[str, dict[str, NDArray[Any]]] = {}
    for name, value in named.get("slots", {}).items():
        slot, _, of = name.partition(".")
        slots.setdefault(slot, {})[of] = value
    history = named["history"]
    points = {name.removeprefix("params."): column for name, column in history.items() if name.startswith("params.")}
    best = note["best"] and Best(note["best"]["epoch"], note["best"]["loss"], named["best"])
    place = Place(State(named["params"], slots, note["steps"]), note["order"])
    return Course(
        Stand(len(history["loss"]), place, best),
        [Track(history["loss"], points)],
        history["validation"].tolist() if "validation" in history else [],
    )


def _note(path: Path, text: str) -> dict[str, Any]:
    note: dict[str, Any] = json.loads(text)
    if note.get("format") != _FORMAT:
        raise InputError(f"{path}: a checkpoint in format {note.get('format')}; this version reads {_FORMAT}")
    return note


def _by_folder(arrays: Mapping[str, NDArray[Any]]) -> dict[str, dict[str, NDArray[Any]]]:
    folders: dict[str, dict[str, NDArray[Any]]] = {}
    for name, value in arrays.items():
        folder, _, rest = name.partition(".")
        folders.setdefault(folder, {})[rest] = value
    return folders


def _checksum(columns: Mapping[str, NDArray[Any]]) -> dict[str, str]:
    return {
        name: f"{column.dtype}{list(column.shape)} {zlib.crc32(np.ascontiguousarray(column).data):08x}"
        for name, column in columns.items()
    }


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Model) else value


def _difference(there: Any, here: Any) -> tuple[str, str]:
    """Where two descriptions differ: the first line of two texts, the first entry of two mappings."""
    if isinstance(there, str) and isinstance(here, str):
        there, here = there.splitlines(), here.splitlines()
    if isinstance(there, dict) and isinstance(here, dict):
        there, here = ([f"{key} {value}" for key, value in found.items()] for found in (there, here))
    if isinstance(there, list) and isinstance(here, list):
        lines = itertools.zip_longest(there, here, fillvalue="nothing")
        there, here = next((pair for pair in lines if pair[0] != pair[1]), (there, here))
    return str(there), str(here)
