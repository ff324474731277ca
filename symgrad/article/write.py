"""Write the article into a folder."""

from __future__ import annotations

from pathlib import Path

from symgrad.article.check import checked_claims
from symgrad.article.page import TITLE, page
from symgrad.article.pictures import write_pictures
from symgrad.article.report import Report
from symgrad.article.results import results
from symgrad.notation.page import html_page


def write_article(out: str | Path) -> Report:
    """Write the page (index.md, index.html) and its eleven pictures into the folder `out`, made if need be.

    Returns the report: each statement of the article beside symgrad's value, with the verdict.  Raises SymgradError
    without the extras that pictures and pages need, and OSError where the folder can't be written.
    """
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    found, checked = results(), checked_claims()
    pictures = write_pictures(found, folder)
    text = page(found, Report(checked))
    markdown, html = folder / "index.md", folder / "index.html"
    markdown.write_text(text, encoding="utf-8")
    html.write_text(html_page(text, TITLE, folder), encoding="utf-8")
    return Report(checked, (markdown, html), pictures)
