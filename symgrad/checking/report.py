"""What is found in a document: each equation with its place, its kind and the verdict on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, overload

from symgrad.reading.documents.text import Place, Problem
from symgrad.verification.verdict import Verdict

Kind: TypeAlias = Literal["definition", "claim", "numbers", "update", "other", "unread"]
RULES: dict[str, str] = {
    "gradient": "a derivative, or a formula with derivatives, that doesn't follow from the definitions",
    "formula": "an equality of formulas that doesn't follow from the definitions",
    "numbers": "a line of numbers with a number that isn't what it stands for",
    "update": "an update that doesn't step along the gradient",
    "unread": "a formula that can't be read",
    "undecided": "a claim that could neither be proved nor refuted",
    "malformed": "a claim whose shapes or names don't fit the definitions",
    "choice": "a formula whose reading had to choose",
}


@dataclass(frozen=True)
class Finding:
    """One equation of a document, a row of an aligned block being one.

    `tex` is what is written, from `place` to `end`; `wrong` marks the part of it that is wrong, as two offsets.
    `choices` says what the reading had to choose.  `silenced` is the reason of a comment that silences it.
    """

    place: Place
    end: Place
    tex: str
    kind: Kind
    rule: str = ""  # the row of RULES that it falls under; empty where nothing is to be said
    verdict: Verdict | None = None
    message: str = ""
    wrong: tuple[int, int] | None = None
    correct: str = ""  # the correct formula as LaTeX, where the claim is refuted
    choices: tuple[str, ...] = ()
    silenced: str | None = None
    display: bool = True

    @property
    def status(self) -> str:
        """The verdict's status: proved, agrees, refuted, undecided or malformed; `unread`, or empty without one."""
        if self.kind == "unread":
            return "unread"
        return "" if self.verdict is None else self.verdict.status


@dataclass(frozen=True)
class Report(Sequence[Finding]):
    """The findings in one or several documents, in their order."""

    findings: tuple[Finding, ...]
    problems: tuple[Problem, ...] = ()
    files: tuple[str, ...] = ()

    @overload
    def __getitem__(self, place: int) -> Finding: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Finding, ...]: ...
    def __getitem__(self, place: int | slice) -> Finding | tuple[Finding, ...]:
        return self.findings[place]

    def __len__(self) -> int:
        return len(self.findings)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    @property
    def refuted(self) -> tuple[Finding, ...]:
        """What is refuted and not silenced."""
        return tuple(f for f in self.findings if f.status == "refuted" and f.silenced is None)
