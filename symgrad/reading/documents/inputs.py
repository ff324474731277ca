r"""The files that a LaTeX document's \input names: only those in its own folder, and not too many."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from symgrad.errors import SymgradError
from symgrad.reading.documents.decoding import LARGEST, decoded, readable, too_large
from symgrad.reading.documents.source import Source
from symgrad.reading.documents.text import Place, Problem

MOST_FILES = 100  # that one document reads beside itself
MOST_BYTES = 2 * LARGEST  # of all of them together


@dataclass(frozen=True, slots=True)
class Found:
    """A file that was named, if it could be read, and how it reads the files that it names itself."""

    source: Source | None
    inputs: Inputs
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Inputs:
    """The main document's folder, None for a text that is in no folder, and the files that are being read."""

    folder: Path | None
    reading: tuple[Path, ...] = ()
    seen: list[int] = field(default_factory=list)  # the bytes of each file, shared by all files of a document

    @staticmethod
    def of(path: Path | None) -> Inputs:
        """How the document in a file reads others."""
        return Inputs(None) if path is None else Inputs(path.parent, (path.resolve(),))

    def read(self, name: str, place: Place) -> Found:
        """The file of a name that stands at a place of the document."""
        try:
            path = self._path(name.strip().strip('"'))
            resolved = path.resolve()
            self._allow(path, resolved)
            with path.open("rb") as file:
                data = file.read(LARGEST + 1)
        except _RefusedError as refused:
            return Found(None, self, (Problem(place, f"{name} is not read: {refused}"),))
        except (OSError, ValueError, RuntimeError) as error:
            why = error.strerror if isinstance(error, OSError) and error.strerror else "its name can't be a file's"
            return Found(None, self, (Problem(place, f"{name} is not read ({why}): correct the name"),))
        self.seen.append(len(data))
        if len(data) > LARGEST:
            return Found(None, self, (too_large(str(path)),))
        text, problems = readable(decoded(data), str(path))
        inner = replace(self, reading=(*self.reading, resolved))
        return Found(Source.of(text, str(path)), inner, tuple(problems))

    def _path(self, name: str) -> Path:
        if self.folder is None:
            raise _RefusedError("this text is in no folder; check the file itself")
        parts = PurePosixPath(name.replace("\\", "/"))
        if not parts.parts or parts.is_absolute() or ".." in parts.parts or name[0] == "~" or ":" in parts.parts[0]:
            raise _RefusedError("only files in the document's own folder are; move it there and name it from there")
        path = self.folder / name
        with_suffix = path.with_name(path.name + ".tex")
        return path if path.suffix and not with_suffix.is_file() else with_suffix

    def _allow(self, path: Path, resolved: Path) -> None:
        if self.folder is None or not resolved.is_relative_to(self.folder.resolve()):
            raise _RefusedError("a link leads out of the document's own folder; put the file itself there")
        if resolved in self.reading:
            raise _RefusedError("it is being read already, so it would have no end; take this line out")
        if len(self.seen) >= MOST_FILES:
            raise _RefusedError(f"a document reads at most {MOST_FILES} others; check the rest by themselves")
        if sum(self.seen) > MOST_BYTES:
            limit = MOST_BYTES // 1_000_000
            raise _RefusedError(f"a document reads at most {limit} MB of others; check the rest by themselves")
        if path.exists() and not path.is_file():
            raise _RefusedError("it is no plain file")


class _RefusedError(SymgradError):
    """Why a file is not read."""
