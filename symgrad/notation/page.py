"""A self-contained web page from Markdown with mathematics: no script, pictures and font inside."""

import base64
import html
import mimetypes
import re
from collections.abc import Mapping
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from symgrad.errors import SymgradError

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token


def html_page(markdown: str, title: str, base: Path) -> str:
    r"""The page that shows `markdown`, with `$…$` and `$$…$$` as MathML and every picture embedded.

    `base` is the folder that relative picture paths start from. Raw HTML in the text is shown, not obeyed.
    Raises SymgradError for a formula that can't be set, and for a picture that is remote or isn't there.

    >>> page = html_page(r"The loss is $\mathscr{L} = \frac{1}{2}(\hat{y} - y)^2$.", "Squared error", Path())
    >>> page.startswith("<!doctype html>"), "<mfrac>" in page, "http" in page
    (True, True, False)
    """
    reader = _reader()
    tokens = reader.parse(markdown)
    _embed_pictures(tokens, base)
    body = reader.renderer.render(tokens, reader.options, {})
    return (
        "<!doctype html>\n"
        '<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(title)}</title>\n<style>\n{_style()}</style>\n</head>\n"
        f"<body>\n{body}</body>\n</html>\n"
    )


def _reader() -> "MarkdownIt":
    try:
        from markdown_it import MarkdownIt
        from math_core import LatexToMathML
        from mdit_py_plugins.dollarmath import dollarmath_plugin
    except ImportError as missing:
        raise SymgradError(
            f"an HTML page needs the package {missing.name}; install it with: pip install 'symgrad[pages]'"
        ) from None
    # The source stays in each formula as an annotation, for copying and for readers that can't show MathML.
    converter = LatexToMathML(annotation=True, fancy_error=False)
    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    return reader.use(dollarmath_plugin, allow_labels=False, double_inline=True, renderer=partial(_mathml, converter))


def _mathml(converter: Any, latex: str, options: Mapping[str, Any]) -> str:
    from math_core import LatexError

    display = bool(options["display_mode"])
    source = latex.strip()
    if r"\tag" in source and r"\begin{align" not in source:
        source = rf"\begin{{equation}}{source}\end{{equation}}"  # the converter tags numbered environments only
    try:
        return str(converter.convert_with_global_state(source, displaystyle=display))
    except LatexError as error:
        raise SymgradError(f"this formula can't be set on a page: {latex.strip()}\n{error}") from None


def _embed_pictures(tokens: "list[Token]", base: Path) -> None:
    for token in tokens:
        if token.type == "image":
            token.attrSet("src", _data_uri(str(token.attrGet("src")), base))
        _embed_pictures(token.children or [], base)


def _data_uri(source: str, base: Path) -> str:
    if source.startswith("data:"):
        return source
    if re.match(r"[a-z][a-z0-9+.-]*:|//", source, re.IGNORECASE):
        raise SymgradError(f"the picture {source} is remote; save it beside the page and name the file")
    path = base / source
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SymgradError(f"the picture {source} can't be read: {error.strerror or error} ({path})") from None
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def _style() -> str:
    here = files("symgrad.notation")
    # Not every machine has a font with a MATH table, and without one no bracket grows with what it holds.
    font = base64.b64encode((here / "fonts" / "STIXTwoMath-subset.woff2").read_bytes()).decode()
    face = f'@font-face {{ font-family: "Symgrad Math"; src: url(data:font/woff2;base64,{font}); }}\n'
    return face + (here / "page.css").read_text(encoding="utf-8")
