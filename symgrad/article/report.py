"""The article's statements beside symgrad's values, with the verdict on each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from symgrad.article.claims import Claim

if TYPE_CHECKING:
    from symgrad.verification.verdict import Verdict


@dataclass(frozen=True)
class Checked:
    """One statement of the article, what symgrad has for it, and the verdict."""

    claim: Claim
    ours: str
    verdict: Verdict

    @property
    def refuted(self) -> bool:
        """Whether the statement was shown not to hold."""
        return self.verdict.status == "refuted"

    @property
    def why(self) -> str:
        """What is wrong, where it shows, and what is right; empty for a statement that holds."""
        verdict = self.verdict
        parts = (verdict.diagnosis, str(verdict.counterexample or ""), verdict.reason)
        return "; ".join(part for part in parts if part) if self.refuted else ""


@dataclass(frozen=True)
class Report:
    """Every statement of the article, checked, and the files that were written."""

    checked: tuple[Checked, ...]
    pages: tuple[Path, ...] = ()
    pictures: tuple[Path, ...] = ()

    @property
    def rows(self) -> tuple[tuple[str, str, str, str], ...]:
        """A table in the article's order: where, what the article arrives at, what symgrad has, the verdict."""
        return tuple((item.claim.where, item.claim.sides[-1], item.ours, item.verdict.status) for item in self.checked)

    @property
    def refuted(self) -> tuple[Checked, ...]:
        """The statements that don't hold."""
        return tuple(item for item in self.checked if item.refuted)
