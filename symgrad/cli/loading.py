"""What the arguments of a command name: a model in a Python file, claims, start values."""

import importlib.util
import sys
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from symgrad.equations import Model
from symgrad.errors import InputError, SymgradError
from symgrad.training.words import did_you_mean, listing

if TYPE_CHECKING:
    from symgrad.training.schedules import Schedule


def load_model(reference: str) -> Model:
    """The model that FILE.py:MODEL names.

    Raises InputError where there is no such file, or no such model in it, and where running it fails.
    """
    file, colon, name = reference.rpartition(":")
    if not (file and name and colon):
        raise InputError(f"expected FILE.py:MODEL, such as network.py:loss; got {reference!r}")
    module = _run_file(Path(file))
    models = {key: value for key, value in vars(module).items() if isinstance(value, Model)}
    if name in models:
        return models[name]
    if name in vars(module):
        kind = type(vars(module)[name]).__name__
        raise InputError(f"{name} in {file} is no model but a {kind}; a model is a function under @sg.model")
    have = f"it has {listing(models)}" if models else "it has none; put @sg.model above a function"
    raise InputError(f"{file} has no model called {name!r}{did_you_mean(name, models)}; {have}")


def load_claims(file: Path) -> dict[str, Callable[..., Any]]:
    """The functions of a file, by name, but those with a leading `_`; raises InputError if there is none."""
    module = _run_file(file)
    claims = {
        name: value
        for name, value in vars(module).items()
        if callable(value) and not name.startswith("_") and getattr(value, "__module__", None) == module.__name__
    }
    if not claims:
        raise InputError(f"{file} makes no claims; define a function such as `def dL_dw(x, y, w, b): ...`")
    return claims


def start_values(settings: Iterable[str]) -> dict[str, float]:
    """Numbers by name, from texts such as "w=0.7" and "w=0.7,b=6"; raises InputError for anything else.

    >>> start_values(["w=0.7,b=6", "c=-1e-3"])
    {'w': 0.7, 'b': 6.0, 'c': -0.001}
    """
    values: dict[str, float] = {}
    for text in (part.strip() for setting in settings for part in setting.split(",")):
        name, _, number = (part.strip() for part in text.partition("="))
        if name in values:
            raise InputError(f"--param {text}: {name} has a start value already, {values[name]:g}")
        try:
            values[name] = float(number)
        except ValueError:
            raise InputError(f"--param {text}: expected NAME=NUMBER, such as w=0.7") from None
    return values


def learning_rates(rate: float | None, schedule: str, warm_up: int) -> "float | Schedule | None":
    """The learning rate of each step, from the options of a command; raises InputError for a rate that is missing."""
    from symgrad.training import schedules

    if schedule == "constant" and not warm_up:
        return rate
    if rate is None:
        raise InputError("--schedule and --warm-up need a --learning-rate")
    found = schedules.cosine(rate) if schedule == "cosine" else schedules.constant(rate)
    return schedules.warm_up(found, warm_up) if warm_up else found


def share_or_file(text: str | None) -> float | Path | None:
    """A share of the samples, such as 0.2, or else the path of a file.

    >>> share_or_file("0.2")
    0.2
    """
    if text is None:
        return None
    try:
        return float(text)
    except ValueError:
        return Path(text)


def _run_file(file: Path) -> ModuleType:
    if file.suffix != ".py":
        raise InputError(f"expected a Python file, such as network.py; got {str(file)!r}")
    if not file.is_file():
        near = did_you_mean(file.name, [other.name for other in file.parent.glob("*.py")])
        raise InputError(f"there is no file {file}{near}")
    name = f"symgrad reads {file.stem}"  # no name that anything else imports
    spec = importlib.util.spec_from_file_location(name, file.resolve())
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    sys.path.insert(0, str(file.parent.resolve()))  # as `python FILE.py` would, so that it finds its neighbours
    try:
        spec.loader.exec_module(module)
    except SymgradError:
        raise
    except (Exception, SystemExit) as error:
        raise InputError(f"{_place(error, file)}: {type(error).__name__}: {error}") from error
    finally:
        sys.path.pop(0)
    return module


def _place(error: BaseException, file: Path) -> str:
    """The file and the line in it at which running it stopped."""
    if isinstance(error, SyntaxError):
        return f"{error.filename}, line {error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if Path(frame.filename) == file.resolve()]
    return f"{file}, line {lines[-1]}" if lines else str(file)
