"""HTML's tags, attributes and comments, as Markdown and HTML pages have them."""

from __future__ import annotations

import html
import re

_VALUE = r"""(?:"[^"]*"|'[^']*'|[^\s"'=<>`]++)"""
STRICT_TAG = (  # in Markdown `a <b and c> d` is no tag
    rf"</?[A-Za-z][A-Za-z0-9-]*+(?:\s++[A-Za-z_:@][\w.:-]*+(?:\s*+=\s*+{_VALUE})?)*+\s*+/?>"
)
TAG = r"""</?[A-Za-z](?:[^<>"']++|"[^"]*"|'[^']*')*+>"""
RAW = ("script", "style", "pre", "code", "textarea")
RAW_END = {name: re.compile(rf"</{name}\b[^<>]*>?", re.IGNORECASE) for name in RAW}
COMMENT_END = re.compile("-->")

_NAME = re.compile(r"</?([A-Za-z][A-Za-z0-9:-]*)")
_ATTRIBUTE = re.compile(rf"(?<=[\s\"'])([^\s\"'>/=<]++)\s*=\s*({_VALUE})")


def tag_name(tag: str) -> str:
    """A tag's name in lower case.

    >>> tag_name("</SPAN>")
    'span'
    """
    match = _NAME.match(tag)
    return match[1].lower() if match else ""


def attributes(tag: str) -> dict[str, str]:
    """A tag's attributes that have a value.

    >>> attributes('<math display="block" hidden>')
    {'display': 'block'}
    """
    found = _ATTRIBUTE.finditer(tag)
    return {match[1].lower(): html.unescape(match[2].strip("\"'")) for match in found}


def math_script(tag: str) -> str | None:
    """Whether a script holds a formula for MathJax: display, inline, or None for any other script.

    >>> math_script('<script type="math/tex; mode=display">')
    'display'
    """
    kind = attributes(tag).get("type", "").replace(" ", "").lower()
    if not kind.startswith("math/tex"):
        return None
    return "display" if "mode=display" in kind else "inline"
