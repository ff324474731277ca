"""Random documents for symgrad check: `python tests/fuzz_check.py 100000 [--verdicts] [--seed 1]` reports what fails.

A document is a fixture with small changes, LaTeX grown from a grammar, or a mixture of tokens that steer a reader.  It
is read; with --verdicts it is also judged.  What raises, takes longer than TOO_LONG or grows past MEMORY is a failure,
and so is a finding that stands elsewhere than it says or that says that symgrad failed.
"""

from __future__ import annotations

import argparse
import collections
import json
import random
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import Any

import symgrad.checking.check
from symgrad.checking.check import checked
from symgrad.checking.github import github
from symgrad.checking.jsonform import report_json
from symgrad.checking.judge import CycleError, Judge, Misfit
from symgrad.checking.lines import lines
from symgrad.checking.sarif import sarif
from symgrad.errors import SymgradError
from symgrad.reading.documents.read import KINDS, read_text
from symgrad.reading.latex.macros import definitions
from symgrad.reading.latex.resolve import Resolver
from symgrad.reading.latex.statements import plain_words, statements
from symgrad.reading.latex.symbols import analysed
from symgrad.reading.latex.tree import Chain
from symgrad.reading.latex.written import UnreadError

TOO_LONG = 10.0  # seconds of one document
MEMORY = 2 * 1024**3  # bytes of the process
HERE = Path(__file__).parent
FIXTURES = [path.read_text("utf-8") for path in sorted([*HERE.glob("texts/*.md"), *HERE.glob("documents/*.md")])]
PIECES = r"""
$ $$ \( \) \[ \] { } {{ }} ^ _ ^{ _{ & \\ = := + - \cdot * / , ; : . ' ! % # ~ | \| \left( \right)
\left. \right| \frac \frac{ \dfrac12 \over \sqrt \sqrt[3]{ \sum_i \sum_{i=1}^n \prod \int \max( \min
\partial \nabla \nabla_w d dx dW \hat \hat{ \bar{ \tilde \vec{ \dot \mathbf{ \mathbf \mathrm{
\mathbb{R} \mathbb \mathcal{L} \bm{ \text{ \text{if } \rm \operatorname{softmax} \operatorname{ \log
\ln \exp \tanh \sigma( \sigma' \delta_{ij} ^T ^\top ^{-1} ^{(l)} ^{l-1} ^2 ^* ^\prime
^{\prime\prime} _i _{ij} _{i,j} _t _{t-1} \in \to \Rightarrow \approx \equiv \propto \quad \qquad \;
\, \! \dots \ldots \begin{align} \end{align} \begin{cases} \end{cases} \begin{bmatrix} \end{bmatrix}
\begin{aligned} \end{aligned} \begin{array}{cc} \begin{pmatrix} \end{document} \begin{document}
\label{a} \tag{1} \nonumber \newcommand{\a}[1]{#1} \def\a#1{\b#1} \a \b{x} \input{a} \section{A}
\verb|$| \odot \otimes \circ \times \text{where } \mathbb{1} \mathbb{E} \underbrace{ \overset{a}{=}
\xrightarrow{f} \boxed{ \not= \pm \infty \pi e^{ e^x x y z w_1 x_i W^{[1]} a^{(l)} 0 1 2.5 10\% 1e9
1e999999 9^{9^{9}} 0.1, 3,14 1{,}000 [ ] ( ) < > <b> </b> <!-- --> <!--symgrad: --> &lt; &#x24; ` ``
``` ~~~ > - * 1. # ## .. :: :math:` .. math:: <script type="math/tex"> </script> <math> <span
class="katex"> <annotation> \u0000 é 損 ∂ ∇ Σ ᵀ ₁ ² ‖ − · × ⊙ ≤ 𝐱 𝒳 x̂ \x00 \ud800 \u202e \ufeff
"""
TOKENS = [*PIECES.split(), "\n", "\n\n", " ", "\t", "    ", "\x00", "\ud800", "\u202e", "\r\n", "\\", "\n> ", "\n- "]
SPELLINGS = r"""
x y z w b L f g \sigma \hat{y} W X \theta p_i x_i z_j W_{ij} a^{(l)} \delta^l \mathbf{x} h_t \mathcal{L} n m"""
APPLIED = r"""\log \exp \tanh \sigma f g \sin \max \operatorname{softmax} \sqrt"""
NAMES, FUNCTIONS = SPELLINGS.split(), APPLIED.split()


def formula(chance: random.Random, depth: int) -> str:
    """A formula that is nearly always well formed."""
    if depth <= 0 or chance.random() < 0.15:
        return chance.choice([*NAMES, *NAMES, "1", "2", "0.5", "\\frac12", "\\delta_{ij}"])
    inner = lambda: formula(chance, depth - 1)  # noqa: E731  # the grammar below is read as a table
    name = chance.choice(NAMES)
    rules = (
        lambda: (
            f"{inner()} {chance.choice(['+', '-', '-', chr(92) + 'cdot', chr(92) + 'odot', '*', '/', ''])} {inner()}"
        ),
        lambda: f"({inner()})",
        lambda: rf"\frac{{{inner()}}}{{{inner()}}}",
        lambda: rf"\frac{{\partial {name}}}{{\partial {chance.choice(NAMES)}}}",
        lambda: rf"\frac{{d}}{{dx}} ({inner()})",
        lambda: f"({inner()})^{{{chance.choice(['2', '-1', 'T', chr(92) + 'top', 'n', inner()])}}}",
        lambda: rf"{chance.choice(FUNCTIONS)}\left({inner()}\right)",
        lambda: rf"\sum_{{{chance.choice('ijk')}}} {inner()}",
        lambda: rf"\sum_{{{chance.choice('ijk')}=1}}^{{n}} {inner()}",
        lambda: rf"\|{inner()}\|^2",
        lambda: rf"\begin{{cases}} {inner()} & {name} > 0 \\ {inner()} & \text{{otherwise}} \end{{cases}}",
        lambda: rf"\nabla_{{{name}}} {inner()}",
        lambda: f"{chance.choice(['f', 'g', chr(92) + 'sigma'])}'({inner()})",
        lambda: rf"{name}_{{{chance.choice(['i', 'ij', 't-1', '1', 'k,j'])}}}",
        lambda: f"{chance.randint(-9, 99)}.{chance.randint(0, 99)} \\cdot {inner()}",
    )
    return chance.choice(rules)()


def grown(chance: random.Random) -> str:
    """A text of definitions and claims."""
    rows = []
    for _ in range(chance.randint(1, 4)):
        sides = [chance.choice(NAMES) if chance.random() < 0.6 else formula(chance, 2)]
        sides += [formula(chance, chance.randint(1, 4)) for _ in range(chance.choice([1, 1, 1, 2]))]
        rows.append(f" {chance.choice(['=', '=', '=', '&=', ':=', chr(92) + 'approx'])} ".join(sides))
    open_, close = chance.choice([("$", "$"), ("$$", "$$"), (r"\[", r"\]"), (r"\begin{align}", r"\end{align}")])
    return "\n\n".join(f"Let {open_}{row}{close}." for row in rows)


def changed(chance: random.Random, text: str) -> str:
    """A text with small changes."""
    for _ in range(chance.choice([0, 1, 1, 2, 4, 8])):
        at = chance.randrange(len(text) + 1)
        end = min(len(text), at + chance.choice([0, 0, 1, 1, 2, 5, 20]))
        other = chance.randrange(len(text) + 1)
        new = chance.choice(
            [chance.choice(TOKENS), chance.choice(TOKENS) * chance.choice([1, 2, 40]), text[other : other + 10], ""]
        )
        text = text[:at] + new + text[end:]
    return text


def document(seed: int) -> tuple[str, str]:
    """The kind and the text of the document that a number stands for."""
    chance = random.Random(seed)
    way = chance.random()
    if way < 0.45:
        whole = chance.choice(FIXTURES)
        start = chance.randrange(len(whole))
        text = changed(chance, whole[start : start + chance.choice([80, 200, 600, 1500])])
    elif way < 0.8:
        text = grown(chance)
        text = changed(chance, text) if chance.random() < 0.5 else text
    else:
        text = "".join(chance.choice(TOKENS) + chance.choice(["", " "]) for _ in range(chance.randint(1, 120)))
        text = chance.choice([text, f"${text}$", f"$${text}$$", f"$x = {text}$"])
    kind = chance.choice([*KINDS, "markdown", "markdown"])
    if kind == "notebook":
        cells = [{"cell_type": "markdown", "source": text.splitlines(True)}, {"cell_type": "code", "source": text}]
        text = json.dumps({"cells": cells}, indent=chance.choice([None, 1]))
        text = changed(chance, text) if chance.random() < 0.2 else text
    elif kind == "rst" and chance.random() < 0.7:
        text = ".. math::\n\n   " + text.replace("$", "").replace("\n", "\n   ") + f"\n\nand :math:`{text}`"
    return kind, text


def read(kind: str, text: str) -> None:
    """Reads a document as far as its formulas' terms, each fragment standing where it says."""
    found = read_text(text, "f", kind)
    plain = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    trees, macros = [], {}
    for fragment in found.fragments:
        for offset in {0, max(len(fragment.text.text) - 1, 0)}:
            place = fragment.text.place(offset)
            assert 1 <= place.line <= len(plain) and 1 <= place.column <= len(plain[place.line - 1]) + 1, place
        if fragment.kind == "macro":
            macros |= {name: macro for name, macro, *_ in definitions(fragment.text.text)}
        elif fragment.kind in ("display", "inline"):
            words = plain_words(fragment.text.text, macros)
            for statement in statements(fragment.text.text, macros, words=frozenset(words)):
                assert 0 <= statement.span.start <= statement.span.end <= len(fragment.text.text), statement
                if statement.tree is not None:
                    trees.append(statement.tree)
    symbols = analysed(trees)
    resolver = Resolver(symbols, frozenset(symbols.functions))
    for tree in trees:
        for side in tree.sides if isinstance(tree, Chain) else (tree,):
            try:
                resolver.term(side)
            except UnreadError:
                continue


class _Seen(Judge):
    """A judge that lets an error through that it would report as an error of symgrad's own."""

    def _read(self, *args: Any) -> Any:
        try:
            return super()._read(*args)
        except (Misfit, SymgradError, CycleError, RecursionError):
            raise
        except Exception as error:
            raise _OwnError(error) from error


def judge(kind: str, text: str, seconds: float) -> collections.Counter[str]:
    """Checks a document and prints what is found in every format; how many findings have which status."""
    report = checked(read_text(text, "f", kind), seconds)
    for finding in report:
        assert finding.verdict is None or "symgrad failed" not in finding.verdict.reason, finding.verdict.reason
        assert finding.wrong is None or 0 <= finding.wrong[0] <= finding.wrong[1] <= len(finding.tex), finding.wrong
        assert finding.place <= finding.end, finding
    for shown in (report_json(report), sarif(report), github(report)):
        shown.encode("utf-8")
    list(lines(report, explain=True))
    return collections.Counter(finding.status or finding.kind for finding in report)


class _OwnError(BaseException):
    """An error of symgrad's own; not an Exception, which a checker would report as undecided."""


class _TooLong(BaseException):
    """Not an Exception, which a checker may take for a formula's own."""


def _alarm(*_: object) -> None:
    raise _TooLong(f"longer than {TOO_LONG:g} s")


def run(count: int, seed: int = 0, verdicts: bool = False, seconds: float = 0.5) -> list[tuple[int, str]]:
    """The numbers of the documents that fail, and why; prints how far it is."""
    judges, symgrad.checking.check.Judge = symgrad.checking.check.Judge, _Seen
    alarm = signal.signal(signal.SIGALRM, _alarm) if hasattr(signal, "SIGALRM") else None
    failures: list[tuple[int, str]] = []
    statuses: collections.Counter[str] = collections.Counter()
    slowest, begun = (0.0, -1), time.monotonic()
    try:
        for number in range(seed, seed + count):
            start = time.monotonic()
            error = _failure(number, verdicts, seconds, statuses)
            if error is not None:
                failures.append((number, error))
                print(f"{number}: {error}", flush=True)
            slowest = max(slowest, (time.monotonic() - start, number))
            if (number - seed + 1) % 1000 == 0:
                spent = time.monotonic() - begun
                print(f"{number - seed + 1}: {len(failures)} failed, {spent:.0f} s, slowest {slowest}", flush=True)
    finally:
        symgrad.checking.check.Judge = judges
        if alarm is not None:
            signal.signal(signal.SIGALRM, alarm)
    print(f"{count} documents, {len(failures)} failed, {dict(statuses)}, slowest: {slowest[0]:.1f} s ({slowest[1]})")
    return failures


def _failure(number: int, verdicts: bool, seconds: float, statuses: collections.Counter[str]) -> str | None:
    """What goes wrong with one document, or None; adds the statuses of what is found in it."""
    kind, text = document(number)
    timed = hasattr(signal, "setitimer")
    try:
        if timed:
            signal.setitimer(signal.ITIMER_REAL, TOO_LONG)
        read(kind, text)
        if verdicts:
            statuses.update(judge(kind, text, seconds))
    except (Exception, _OwnError, _TooLong) as error:
        own = error.__cause__ or error
        where = traceback.extract_tb(own.__traceback__)[-1]
        return f"{own!r} at {where.filename}:{where.lineno}"
    finally:
        if timed:
            signal.setitimer(signal.ITIMER_REAL, 0)
    return None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--verdicts", action="store_true")
    parser.add_argument("--seconds", type=float, default=0.5, help="for one claim")
    options = parser.parse_args()
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    return 1 if run(options.count, options.seed, options.verdicts, options.seconds) else 0


if __name__ == "__main__":
    sys.exit(main())
