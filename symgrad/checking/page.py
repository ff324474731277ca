"""A report as one self-contained web page: each formula as it is set, with its verdict."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import escape
from importlib.resources import files
from itertools import pairwise

from symgrad.checking.report import Finding, Report
from symgrad.checking.select import said
from symgrad.checking.summary import sentence
from symgrad.checking.wording import counterexample, headline, level, one_line, title, where, word
from symgrad.errors import SymgradError
from symgrad.notation.page import _mathml, _style
from symgrad.reading.documents.text import Problem

LONGEST = 4000  # characters of a formula to set: the converter recurses, and ends the process where it is too deep
_SIGNS = {"proved": "✓", "agrees": "≈", "refuted": "✗", "undecided": "?", "malformed": "!", "unread": "−"}
_OTHER_SIGNS = {"definition": "≔", "choice": "?"}
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; font-src data:"
Formula = Callable[[str], str]


def page(report: Report) -> str:
    """The report as HTML without a script; a formula that can't be set is shown as its source.

    Raises SymgradError if the package math-core isn't installed.
    """
    formula = _formula()
    heading = "Checked: " + (", ".join(report.files) or "nothing")
    rows = list(enumerate(report.findings, 1))
    remarked = [(number, finding) for number, finding in rows if said(finding) and finding.silenced is None]
    after = {number: follower for (number, _), (follower, _) in pairwise(remarked)}
    parts = [_top(heading, report, remarked), *_sections(rows, after, formula)]
    style = _style() + (files("symgrad.checking") / "page.css").read_text(encoding="utf-8")
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(heading)}</title>\n<style>\n{style}</style>\n</head>\n"
        f'<body id="top">\n{"".join(parts)}</body>\n</html>\n'
    )


def _top(heading: str, report: Report, remarked: list[tuple[int, Finding]]) -> str:
    """The summary, and links to all that isn't right."""
    items = [
        f'<li><a href="#f{number}">{escape(where(finding.place))}</a>: '
        f"{_sign(finding)} {escape(word(finding))}: {escape(headline(finding))}</li>\n"
        for number, finding in remarked
    ]
    items += [_problem(problem) for problem in report.problems]
    listed = f'<ul class="places">\n{"".join(items)}</ul>\n' if items else "<p>Nothing is to be said against it.</p>\n"
    return f"<h1>{escape(heading)}</h1>\n<p>{escape(sentence(report))}</p>\n{listed}"


def _problem(problem: Problem) -> str:
    return f"<li>{escape(where(problem.place))}: unread: {escape(problem.message)}</li>\n"


def _sections(rows: list[tuple[int, Finding]], after: dict[int, int], formula: Formula) -> Iterator[str]:
    """Each finding, below the name of its file."""
    file = None
    for number, finding in rows:
        if finding.place.file != file:
            file = finding.place.file
            yield f"<h2>{escape(file)}</h2>\n"
        yield _section(number, finding, after.get(number), formula)


def _section(number: int, finding: Finding, following: int | None, formula: Formula) -> str:
    fine = finding.status in ("proved", "agrees") and finding.rule != "choice"
    kind = "good" if fine else level(finding) if finding.rule and finding.silenced is None else "plain"
    silenced = "" if finding.silenced is None else f", silenced: {escape(finding.silenced)}"
    onward = "" if following is None else f' <a href="#f{following}">next</a>'
    unfolded = " open" if finding.wrong and kind == "error" else ""
    name = word(finding) if fine else title(finding)
    message = "" if fine else headline(finding)
    texts = (message, counterexample(finding))
    return (
        f'<section class="finding {kind}" id="f{number}">\n'
        f'<p class="head"><span class="verdict">{_sign(finding)} {escape(name)}{silenced}</span> '
        f'<span class="place">{escape(where(finding.place))}</span> <a href="#top">top</a>{onward}</p>\n'
        + formula(finding.tex)
        + "".join(f"<p>{escape(text)}</p>\n" for text in texts if text)
        + (f"<p>correct:</p>\n{formula(finding.correct)}" if finding.correct else "")
        + f"<details{unfolded}><summary>source, why</summary>\n"
        + f"{_source(finding)}{_reasons(finding)}</details>\n</section>\n"
    )


def _sign(finding: Finding) -> str:
    sign = _SIGNS.get(word(finding)) or _OTHER_SIGNS.get(word(finding), "·")
    return f'<span class="sign" aria-hidden="true">{sign}</span>'


def _source(finding: Finding) -> str:
    start, end = finding.wrong or (0, 0)
    before, part, rest = (escape(text) for text in (finding.tex[:start], finding.tex[start:end], finding.tex[end:]))
    marked = f"<mark>{part}</mark>" if part else ""
    return f"<pre><code>{before}{marked}{rest}</code></pre>\n"


def _reasons(finding: Finding) -> str:
    verdict = finding.verdict
    texts = [f"read: {choice}" for choice in finding.choices]
    texts += [verdict.claim, verdict.diagnosis, verdict.reason] if verdict is not None else []
    known = ("", one_line(finding.tex), headline(finding))  # what stands above
    return "".join(f"<p>{escape(text)}</p>\n" for text in texts if one_line(text) not in known)


def _formula() -> Formula:
    """What sets a formula; each by a converter of its own, so that no macro reaches another formula."""
    try:
        from math_core import LatexToMathML
    except ImportError:
        raise SymgradError(
            "an HTML page needs the package math_core; install it with: pip install 'symgrad[pages]'"
        ) from None

    def formula(tex: str) -> str:
        for source in _spellings(tex) if len(tex) <= LONGEST else ():
            # Labels in a formula become ids; the prefix keeps them apart from the page's own.
            converter = LatexToMathML(annotation=True, fancy_error=False, id_prefix="tex-")
            try:
                return f'<div class="math">{_mathml(converter, source, {"display_mode": True})}</div>\n'
            except SymgradError:
                continue
        return f"<pre><code>{escape(tex)}</code></pre>\n"

    return formula


def _spellings(tex: str) -> tuple[str, ...]:
    r"""What to try: the formula, and as a row of an aligned block, without what only numbers or names it.

    >>> _spellings(r"y &= a x \label{eq:y} \\")
    ('y &= a x', '\\begin{aligned}y &= a x\\end{aligned}')
    """
    bare = re.sub(r"\\label\s*\{[^{}]*\}|\\(?:nonumber|notag)(?![A-Za-z])|\\\\\s*$", "", tex).strip()
    return bare, rf"\begin{{aligned}}{bare}\end{{aligned}}"
