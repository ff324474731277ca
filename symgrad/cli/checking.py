"""What `symgrad check` does: it reads documents, prints what is found in them, and says how that ends."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from symgrad.checking.lines import Line, lines
from symgrad.checking.report import RULES, Report
from symgrad.checking.select import OK, UNREADABLE, empty, exit_status, readable, selected
from symgrad.checking.wording import harmless, where
from symgrad.errors import InputError, SymgradError
from symgrad.reading.documents.text import Place

QUIET_SECONDS = 2.0  # before a check says where it is
Format: TypeAlias = Literal["text", "json", "sarif", "github"]


@dataclass(frozen=True)
class Options:
    """The options of `symgrad check`."""

    format: Format = "text"
    explain: bool = False
    strict: bool = False
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    html: Path | None = None
    seconds: float = 5.0
    decimal_comma: bool = False
    allow_empty: bool = False
    stdin_name: str = ""


def chosen_format(format: Format | None, json: bool, sarif: bool) -> Format:
    """The format that --format, --json and --sarif name; raises InputError if they name several.

    >>> chosen_format(None, True, False)
    'json'
    """
    flags: dict[Format, bool] = {"json": json, "sarif": sarif}
    asked = {name for name in flags if flags[name]} | ({format} if format else set())
    if len(asked) > 1:
        raise InputError(f"one format at a time: {' or '.join(sorted(asked))}")
    return next(iter(asked), "text")


def check(files: Sequence[str], options: Options) -> int:
    """Check the documents once and return the exit status; raises InputError for what can't be asked for."""
    from symgrad.checking.check import check_documents

    usable(files, options)
    with shown_progress() as progress:
        report = check_documents(files, options.seconds, options.decimal_comma, options.stdin_name, progress)
    return present(report, options)


@contextmanager
def shown_progress() -> Iterator[Callable[[Place, int, int], None] | None]:
    """What shows on a terminal, from the third second on, where a long check is; None where there is none."""
    if not sys.stderr.isatty():
        yield None
        return
    begun = time.monotonic()
    shown = False

    def show(place: Place, done: int, total: int) -> None:
        nonlocal shown
        if time.monotonic() - begun > QUIET_SECONDS:
            shown = True
            print(f"\r\x1b[K{done} of {total}: {harmless(where(place))}", end="", file=sys.stderr, flush=True)

    try:
        yield show
    finally:
        if shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def check_on_change(files: Sequence[str], options: Options) -> int:
    """Check the documents, and again after each change, until Ctrl-C; return the last exit status."""
    from symgrad.checking.watch import watch

    usable(files, options)
    return watch(files, lambda: _attempt(lambda: check(files, options)))


def usable(files: Sequence[str], options: Options) -> None:
    """Raise InputError if there is no file, if one is a folder or a misspelt option, or if a rule is unknown.

    Raises OSError where there is no such file.
    """
    if not files:
        raise InputError("name a document to check, or - for the standard input")
    for file in files:
        if file.startswith("-") and file != "-":
            raise InputError(f"there is no option {file}; a file of that name is ./{file}")
        if file != "-" and Path(file).is_dir():
            raise InputError(f"{file} is a folder; name the documents in it, such as {Path(file) / '*.md'}")
    for file in files:
        if file != "-":
            os.stat(file)  # a name that is wrong is said at once, not after the files before it
    selected(Report(()), options.select, options.ignore)


def present(report: Report, options: Options) -> int:
    """Print the report, write the page if one is wanted, and return the exit status."""
    shown = selected(report, _rules(options), options.ignore)
    _print(shown, options)
    sys.stdout.flush()  # whoever reads along while files are watched shall not wait
    if options.html is not None:
        from symgrad.checking.page import page

        options.html.write_text(page(shown), encoding="utf-8")
        print(f"written: {options.html}", file=sys.stderr)
    if not readable(report):
        if empty(report) and not options.allow_empty:
            print("symgrad: there is no equation in it; with --allow-empty that is no error", file=sys.stderr)
        return OK if options.allow_empty and empty(report) else UNREADABLE
    return exit_status(shown, options.strict)


def _rules(options: Options) -> tuple[str, ...]:
    """The rules to show; what a reading had to choose is said to those only who want to know more."""
    more = options.strict or options.explain
    return options.select or tuple(rule for rule in RULES if more or rule != "choice")


def _print(report: Report, options: Options) -> None:
    if options.format == "text":
        print_lines(lines(report, options.explain))
    elif options.format == "json":
        from symgrad.checking.jsonform import report_json

        print(report_json(report))
    elif options.format == "sarif":
        from symgrad.checking.sarif import sarif

        print(sarif(report))
    else:
        from symgrad.checking.github import github
        from symgrad.checking.summary import sentence

        print("\n".join(filter(None, (github(report), sentence(report)))))


def print_lines(rows: Iterable[Line]) -> None:
    """Print lines of text: coloured on a terminal, plain in a pipe."""
    if not sys.stdout.isatty():
        for row in rows:
            print(row.text)
        return
    from rich.console import Console

    console = Console(highlight=False, markup=False, emoji=False)
    for row in rows:
        console.print(row.text, style=row.colour, soft_wrap=True)  # a wrapped line would leave its carets behind


def _attempt(run: Callable[[], int]) -> int:
    """Run it; a document that can't be used just now is no reason to stop watching it."""
    try:
        return run()
    except OSError as error:
        message = f"{error.filename}: {error.strerror}"
    except SymgradError as error:
        message = str(error)
    print("symgrad:", " ".join(message.split()), file=sys.stderr)
    return UNREADABLE
