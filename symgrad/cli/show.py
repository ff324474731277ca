"""Tables for a person at a terminal, and the same rows as plain text for a pipe."""

import csv
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

Cell = object


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """Print rows under their columns: ruled and coloured on a terminal, aligned plain text in a pipe."""
    cells = [[_text(cell) for cell in row] for row in rows]
    if not sys.stdout.isatty():
        print(plain_table(columns, cells))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, title_justify="left", title_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in cells:
        table.add_row(*row, style=_COLOURS.get(next((cell for cell in row if cell in _COLOURS), ""), ""))
    Console(highlight=False, markup=False).print(table)


_COLOURS = {"refuted": "red", "malformed": "red", "undecided": "yellow"}


def plain_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """The rows as lines of aligned text, two blanks between columns.

    >>> print(plain_table(("epoch", "loss"), [("0", "16"), ("1", "10.24")]))
    epoch  loss
    0      16
    1      10.24
    """
    widths = [max(map(len, column)) for column in zip(columns, *rows, strict=True)]
    lines = (zip(row, widths, strict=True) for row in (columns, *rows))
    return "\n".join("  ".join(cell.ljust(width) for cell, width in line).rstrip() for line in lines)


def write_csv(file: Path, columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """Write the rows to a CSV file with a header, every number with all its digits."""
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(columns)
        writer.writerows(rows)


def _text(cell: Cell) -> str:
    return f"{cell:.6g}" if isinstance(cell, float) else str(cell)
