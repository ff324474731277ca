"""How fast documents are checked: equations a second, on documents of growing length."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from time import perf_counter

from symgrad.checking.check import checked
from symgrad.reading.documents.read import read_text

SECTION = r"""
## Section {n}

A line, $\hat y_{{n{n}}} = w_{{n{n}}} x + b_{{n{n}}}$, and its loss
$L_{{n{n}}} = \frac{{1}}{{2}} (\hat y_{{n{n}}} - y)^2$:

$$\frac{{\partial L_{{n{n}}}}}{{\partial \hat y_{{n{n}}}}} = \hat y_{{n{n}}} - y$$

$$\frac{{\partial L_{{n{n}}}}}{{\partial w_{{n{n}}}}} = \frac{{\partial L_{{n{n}}}}}{{\partial \hat y_{{n{n}}}}} x$$

$$\frac{{\partial L_{{n{n}}}}}{{\partial b_{{n{n}}}}} = \hat y_{{n{n}}} - y$$
"""


@dataclass(frozen=True)
class Row:
    """One document: how many equations it has, the seconds that it took, and how many of its claims were proved."""

    equations: int
    seconds: float
    proved: int

    @property
    def rate(self) -> float:
        """Equations a second."""
        return self.equations / self.seconds


@dataclass(frozen=True)
class Speed:
    """The documents that were checked."""

    rows: tuple[Row, ...]

    @property
    def table(self) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
        """Columns and rows for a table."""
        columns = ("equations", "seconds", "equations/s", "proved")
        return columns, [(r.equations, round(r.seconds, 2), round(r.rate, 1), r.proved) for r in self.rows]

    def json(self) -> str:
        """The rows as JSON."""
        return json.dumps([{**asdict(row), "rate": row.rate} for row in self.rows])


def measure(sections: Sequence[int] = (10, 30, 100)) -> Speed:
    """Documents of five equations a section, each checked once."""
    rows = []
    for count in sections:
        text = "# A document\n" + "".join(SECTION.format(n=number) for number in range(count))
        start = perf_counter()
        report = checked(read_text(text, "document.md"))
        proved = sum(finding.status == "proved" for finding in report)
        rows.append(Row(len(report), perf_counter() - start, proved))
    return Speed(tuple(rows))
