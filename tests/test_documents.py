"""Documents read for their formulas: what is found in each format, where it stands, and what is no formula."""

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symgrad.errors import SymgradError
from symgrad.reading.documents.read import KINDS, read_document, read_text
from symgrad.reading.documents.text import Text


def found(text, kind="markdown"):
    """(kind, text, line, column) of each fragment; an environment or a heading's level is appended to its kind."""
    return [
        (f.kind + (f":{f.environment}" if f.environment else "") + (f":{f.level}" if f.level else ""), *where(f.text))
        for f in read_text(text, "f", kind).fragments
    ]


def where(text):
    place = text.place(0)
    return text.text, place.line, place.column


def problems(text, kind="markdown"):
    return [(p.place.line, p.place.column, p.message) for p in read_text(text, "f", kind).problems]


MARKDOWN = {
    "a $x$ b": [("inline", "x", 1, 4)],
    "$x$ and $y$": [("inline", "x", 1, 2), ("inline", "y", 1, 10)],
    "two\nlines $x\n= y$.": [("inline", "x\n= y", 2, 8)],
    "$x\n\ny$": [],
    "$5 and $10": [],
    "It costs $5, or $10 with $x$ on top": [("inline", "x", 1, 27)],
    "$x$5 and $ y$ and $z $": [],
    r"\$x\$ and $a\$b$": [("inline", r"a\$b", 1, 12)],
    r"$a \text{ if $b$ } c$": [("inline", r"a \text{ if $b$ } c", 1, 2)],
    r"$a \text{ if $b c$": [("inline", "b c", 1, 15)],
    "$$x$$": [("display", "x", 1, 3)],
    "$$\nx = y\n$$": [("display", "x = y", 2, 1)],
    "text\n$$x$$.\ntext": [("display", "x", 2, 3)],
    "text $$x$$ text": [("inline", "x", 1, 8)],
    "text $$\nx\n$$ text": [("display", "x", 2, 1)],
    "$$\nx\n- y\n+ z\n$$\n- item": [("display", "x\n- y\n+ z", 2, 1)],
    "$$\n\n    x\n\n$$\n\nprose\n\n$$\ny\n$$": [("display", "x", 3, 5), ("display", "y", 10, 1)],
    "$$ $$ $$$$ $$$": [],
    "$a$$b$": [("inline", "a", 1, 2), ("inline", "b", 1, 5)],
    "> quote $$x\n> + y$$ z": [("display", "x\n+ y", 1, 11)],
    "> > $$\n> > x\n> > $$": [("display", "x", 2, 5)],
    "- $x$\n  - $$\n    y\n    $$": [("inline", "x", 1, 4), ("display", "y", 3, 5)],
    "1. $z_1 = w_1 x + b_1$\n2. $z_2$": [("inline", "z_1 = w_1 x + b_1", 1, 5), ("inline", "z_2", 2, 5)],
    "- a\n\n    $x$\n\n        $code$": [("inline", "x", 3, 6)],
    r"a \(x\) b": [("inline", "x", 1, 5)],
    r"a \\(x\\) b \\[y\\]": [("inline", "x", 1, 6), ("display", "y", 1, 16)],
    "\\[\nx\n\\]": [("display", "x", 2, 1)],
    r"\(lonely and $x$": [("inline", "x", 1, 15)],
    "\\begin{align*}\nx &= y \\\\\n&= z\n\\end{align*}": [("display:align*", "x &= y \\\\\n&= z", 2, 1)],
    r"\begin{alignat}{2} x \end{alignat}": [("display:alignat", "x", 1, 20)],
    r"$$\begin{aligned}x\\[2pt]y\end{aligned}$$": [("display", r"\begin{aligned}x\\[2pt]y\end{aligned}", 1, 3)],
    "```math\nx\n```": [("display", "x", 2, 1)],
    "> ~~~ math\n> x\n> ~~~": [("display", "x", 2, 3)],
    "```{math}\n:label: a\nx\n```": [("display", "x", 3, 1)],
    "a $`x`$ b": [("inline", "x", 1, 5)],
    "```python\n$x$\n```\n$y$": [("inline", "y", 4, 2)],
    "- a\n  ~~~\n  $x$\n  ```\n  ~~~\n  $y$": [("inline", "y", 6, 4)],
    "> ```\n> $x$\n\n$y$": [("inline", "y", 4, 2)],
    "    $code$\n\n\t$code$\n\n$x$": [("inline", "x", 5, 2)],
    "`$x$` and ``$`y`$`` $z$": [("inline", "z", 1, 22)],
    "set $5 in `$HOME` or $x$": [("inline", "x", 1, 23)],
    "---\ntitle: $x$\n---\n$y$": [("inline", "y", 4, 2)],
    "+++\ntitle = '$x$'\n+++\n$y$": [("inline", "y", 4, 2)],
    "a\n\n---\n$y$": [("inline", "y", 4, 2)],
    "<!-- symgrad: X: n d; f: elementwise -->": [("directive", "X: n d; f: elementwise", 1, 15)],
    "<!-- $x$\n\n$$y$$ --> $z$": [("inline", "z", 3, 12)],
    "`<!-- symgrad: no -->`\n\n    <!-- symgrad: no -->": [],
    '<a title="$x$">$y$</a>': [("inline", "y", 1, 17)],
    "if a <b and $x$ > c": [("inline", "x", 1, 14)],
    "<pre>\n$x$\n\n$y$</pre> <code>$z$</code> $a$": [("inline", "a", 4, 29)],
    "<script>\n$x$\n\n$y$</script>\n<style>$z$</style>": [],
    '<script type="math/tex; mode=display">x</script>': [("display", "x", 1, 39)],
    "{% raw %}$x$ {% highlight tex %}\n\n$y$\n{% endhighlight %}": [("inline", "x", 1, 11)],
    "$${% raw %}\\frac{{a}}{b}{% endraw %}$$ {{ $no$ }}": [("inline", "\\frac{{a}}{b}", 1, 12)],
    "# A $x$ #\n\nB\n=\n\nC\n--\n\n<h3>D</h3>": [
        ("heading:1", "A $x$", 1, 3),
        ("inline", "x", 1, 6),
        ("heading:1", "B", 3, 1),
        ("heading:2", "C", 6, 1),
        ("heading:3", "D", 9, 5),
    ],
    "text\n#no heading\n###### six": [("heading:6", "six", 3, 8)],
    "| $a$ | $b$ |\n|---|---|\n| $c$ | 5$ |": [
        ("inline", "a", 1, 4),
        ("inline", "b", 1, 10),
        ("inline", "c", 3, 4),
    ],
    r"$$\newcommand{\R}{\mathbb{R}} x$$": [("macro", r"\newcommand{\R}{\mathbb{R}}", 1, 3), ("display", "x", 1, 31)],
    "a\r\n$x$\r\n": [("inline", "x", 2, 2)],
    "\ufeff$x$": [("inline", "x", 1, 2)],
    "𝒳 é $x$": [("inline", "x", 1, 6)],
}
LATEX = {
    "50\\% % $no$\n$x$": [("inline", "x", 2, 2)],
    "% symgrad: X: n d\n\\begin{document}\n$x$\n\\end{document} $no$": [
        ("directive", "X: n d", 1, 12),
        ("inline", "x", 3, 2),
    ],
    "\\title{$no$}\n\\newcommand*{\\R}[1]{a{#1}}\n\\begin{document}\\[x\\]": [
        ("macro", "\\newcommand*{\\R}[1]{a{#1}}", 2, 1),
        ("display", "x", 3, 19),
    ],
    r"\def\a#1{$#1$}\DeclareMathOperator*{\amax}{arg\,max}\renewcommand\b[2][x]{y}\providecommand{\c}{z}": [
        ("macro", r"\def\a#1{$#1$}", 1, 1),
        ("macro", r"\DeclareMathOperator*{\amax}{arg\,max}", 1, 15),
        ("macro", r"\renewcommand\b[2][x]{y}", 1, 53),
        ("macro", r"\providecommand{\c}{z}", 1, 77),
    ],
    "\\begin{align}\nx % why }\n= y\n\\end{align}": [("display:align", "x \n= y", 2, 1)],
    "\\begin{align}\nx\n% $no$\n= y\n\\end{align}": [("display:align", "x\n= y", 2, 1)],
    r"$ x $, $$y$$, \(z\), \begin{math}a\end{math}": [
        ("inline", "x", 1, 3),
        ("display", "y", 1, 10),
        ("inline", "z", 1, 17),
        ("inline:math", "a", 1, 34),
    ],
    r"\[ x \text{ if $y$ or \(z\)} \]": [("display", r"x \text{ if $y$ or \(z\)}", 1, 4)],
    r"$$ x \text{ if $y$} $$ $z$": [("display", r"x \text{ if $y$}", 1, 4), ("inline", "z", 1, 25)],
    r"\verb|$x$| \lstinline!$y$! \url{a%20$} $z$": [("inline", "z", 1, 41)],
    "\\begin{verbatim}\n$x$ % \\end\n\\end{verbatim}\\begin{comment}$y$\\end{comment}$z$": [("inline", "z", 3, 47)],
    r"\section*{A $x$}\subsection[b]{B}\paragraph{C}": [
        ("heading:1", "A $x$", 1, 11),
        ("inline", "x", 1, 14),
        ("heading:2", "B", 1, 32),
        ("heading:4", "C", 1, 45),
    ],
    r"\begin{tabular}{c} a \\[2pt] $x$ \\(b) \end{tabular}": [("inline", "x", 1, 31)],
    "\\begin{theorem} $x$ \\end{theorem}": [("inline", "x", 1, 18)],
    r"\textbf{the $x$ and \textit{the $y$}}": [("inline", "x", 1, 14), ("inline", "y", 1, 34)],
}
RST = {
    ".. math:: x = y": [("display", "x = y", 1, 11)],
    ".. math::\n   :label: a\n\n   x\n   = y\n\ntext": [("display", "x\n= y", 4, 4)],
    ".. math:: a\n\n   b\n\n   c": [("display", "a", 1, 11), ("display", "b", 3, 4), ("display", "c", 5, 4)],
    "- item\n\n  .. math::\n\n     x\n\n  :math:`y`": [("display", "x", 5, 6), ("inline", "y", 7, 10)],
    "the :math:`x\n+ y` and ``:math:`no` ``": [("inline", "x\n+ y", 1, 12)],
    "code::\n\n  :math:`no`\n\n:math:`x`": [("inline", "x", 5, 8)],
    ".. code-block:: rst\n\n   :math:`no`\n\n.. note:: :math:`x`\n": [],
    ".. note::\n\n   :math:`x`\n": [("inline", "x", 3, 11)],
    ".. symgrad: X: n d\n\n.. comment :math:`no`\n   :math:`no`": [("directive", "X: n d", 1, 13)],
    "=====\nTitle\n=====\n\nPart\n----\n\nNext\n----\n": [
        ("heading:1", "Title", 2, 1),
        ("heading:2", "Part", 5, 1),
        ("heading:2", "Next", 8, 1),
    ],
    ">>> ':math:`no`'\n\n:math:`x`": [("inline", "x", 3, 8)],
}
HTML = {
    r"<p>a \(x\) b \[y\] $z$ $$w$$</p>": [
        ("inline", "x", 1, 8),
        ("display", "y", 1, 16),
        ("inline", "z", 1, 21),
        ("display", "w", 1, 26),
    ],
    r"<p>&amp; \(a &lt; b&#39;\)": [("inline", "a < b'", 1, 12)],
    "<p>$x</p><p>y$</p>": [],
    '<p title="$x$">$5 and $10</p><!-- $y$ --><b>$z$</b>': [("inline", "z", 1, 46)],
    "<!-- symgrad: f: elementwise -->": [("directive", "f: elementwise", 1, 15)],
    "<pre>$a$</pre><code>$b$</code><style>$c$</style><script>$d$</script><textarea>$e$</textarea>$f$": [
        ("inline", "f", 1, 94)
    ],
    '<script type="math/tex">x<y</script><script type="math/tex; mode=display">z</script>': [
        ("inline", "x<y", 1, 25),
        ("display", "z", 1, 75),
    ],
    "<h2>A <i>b</i> $x$</h2>": [("heading:2", "A b $x$", 1, 5), ("inline", "x", 1, 17)],
    "<div>$$x<br>\n+ y$$</div>": [("display", "x\n\n+ y", 1, 8)],
    '<span class="katex-display"><span class="katex"><span><math display="block"><mi>x</mi>'
    '<annotation encoding="application/x-tex">x &lt; y</annotation></math></span><span>$x$</span></span></span>$z$': [
        ("display", "x < y", 1, 128),
        ("inline", "z", 1, 194),
    ],
    '<math><annotation encoding="application/x-tex">x</annotation></math>': [("inline", "x", 1, 48)],
}
TABLE = [
    pytest.param(kind, text, expected, id=f"{kind}: {text[:40]!r}")
    for kind, rows in {"markdown": MARKDOWN, "latex": LATEX, "rst": RST, "html": HTML}.items()
    for text, expected in rows.items()
]


@pytest.mark.parametrize(("kind", "text", "expected"), TABLE)
def test_a_documents_fragments_and_their_places(kind, text, expected):
    assert found(text, kind) == expected
    assert problems(text, kind) == []


PROBLEMS = [
    ("markdown", "a $$x\n\n$y$", [(1, 3)], ["y"]),
    ("markdown", "> $$\n> x\n\n$y$\n\n$$\nz\n$$", [(1, 3)], ["y", "z"]),
    ("markdown", "$$\nx\n\n# Heading\n\n$$\ny\n$$", [(1, 1)], ["Heading", "y"]),
    ("markdown", "\\begin{align}x\n\n$y$", [(1, 1)], ["y"]),
    ("markdown", "a\n\0$x$\0", [(2, 1)], ["x"]),
    ("latex", "$x\n\n$y$ \\[z\n\n\\(a\\)", [(1, 1), (3, 5)], ["y", "a"]),
    ("latex", "\\[ a \\[ b \\]", [(1, 1)], []),
    ("latex", "\\section{A\n\n$x$ \\newcommand{\\a}{b\n$y$", [(1, 1), (3, 5)], ["x"]),
    ("latex", "\\input{other}", [(1, 1)], []),
    ("html", "<p>a $$x<p>$y$", [(1, 6)], ["y"]),
    ("html", "<math>$x$", [(1, 1)], ["x"]),
    ("notebook", '{"cells": [\n{"a" 1}]}', [(2, 6)], []),
    ("notebook", "[" * 100_000, [(1, 1)], []),
    ("notebook", "[1]", [(1, 1)], []),
]


@pytest.mark.parametrize(("kind", "text", "places", "rest"), PROBLEMS)
def test_what_cannot_be_read_is_a_problem_and_the_rest_is_read(kind, text, places, rest):
    assert [place[:2] for place in problems(text, kind)] == places
    assert [fragment[1] for fragment in found(text, kind)] == rest


def test_a_fragment_knows_the_prose_before_it_in_its_paragraph():
    text = "Other.\n\nThe loss $L$ of\na `net` <b>is</b> $x$\n\n$y$"
    assert [f.before for f in read_text(text, "f").fragments] == ["The loss", "The loss of a `net` is", ""]
    page = "<p>The <i>loss</i> &amp; \\(L\\) is $x$<p>$y$"
    assert [f.before for f in read_text(page, "f", "html").fragments] == ["The loss &", "The loss & is", ""]
    assert len(read_text("word " * 1000 + "$x$", "f").fragments[0].before) == 80


def test_a_notebooks_places_are_those_in_its_file():
    cells = [
        {"cell_type": "code", "source": ["$no$"]},
        {"cell_type": "markdown", "metadata": {}, "source": ['"q" é\n', "$\\alpha\n", "= x$ 😀 \\(y\\)"]},
        {"source": "$$z$$", "cell_type": "markdown"},
        {"cell_type": "raw", "source": "$no$"},
    ]
    for indent, ascii_only in [(1, True), (None, False)]:
        text = json.dumps({"cells": cells, "nbformat": 4}, indent=indent, ensure_ascii=ascii_only)
        fragments = read_text(text, "n.ipynb", "notebook").fragments
        assert [(f.kind, f.text.text, f.text.place(0).cell) for f in fragments] == [
            ("inline", "\\alpha\n= x", 2),
            ("inline", "y", 2),
            ("display", "z", 3),
        ]
        for fragment, spelt in zip(fragments, ["\\\\alpha", "y\\\\)", "z$$"], strict=True):
            assert at(text, fragment.text.place(0)).startswith(spelt)
        assert at(text, fragments[0].text.place(1)).startswith("alpha")
        assert at(text, fragments[0].text.place(7)).startswith("= x$")


def at(text, place):
    return text.split("\n")[place.line - 1][place.column - 1 :]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "doc" / "parts").mkdir(parents=True)
    return tmp_path / "doc"


def test_inputs_are_followed_inside_the_documents_folder_only(folder):
    (folder.parent / "secret.tex").write_text("$secret$")
    (folder / "link.tex").symlink_to(folder.parent / "secret.tex")
    (folder / "macros.tex").write_text("\\newcommand{\\R}{R} $no$")
    (folder / "parts" / "one.tex").write_text("\n$one$ \\input{main} \\include{parts/two.v1}")
    (folder / "parts" / "two.v1.tex").write_text("$two$")
    refused = ["../secret", str(folder.parent / "secret.tex"), "link", "missing", "parts", ".", "~/x", "C:/x"]
    names = "".join(f"\\input{{{name}}}\n" for name in refused)
    main = f"\\input{{macros}}\\begin{{document}}$a$ \\input{{parts/one}} $b$\n{names}\\end{{document}}"
    (folder / "main.tex").write_text(main)
    document = read_document(folder / "main.tex")
    assert [f.text.text for f in document.fragments] == ["\\newcommand{\\R}{R}", "a", "one", "two", "b"]
    place = document.fragments[2].text.place(0)
    assert (place.file, place.line, place.column) == (str(folder / "parts" / "one.tex"), 2, 2)
    assert [p.place.line for p in document.problems] == [2, *range(2, 2 + len(refused))]
    assert "no end" in document.problems[0].message


def test_a_document_reads_at_most_a_hundred_inputs(folder):
    (folder / "a.tex").write_text("$x$")
    (folder / "main.tex").write_text("\\input{a}\n" * 101)
    document = read_document(folder / "main.tex")
    assert len(document.fragments) == 100 and [p.place.line for p in document.problems] == [101]


@pytest.mark.parametrize(
    ("suffix", "text"),
    [
        (".md", "$x$"),
        (".QMD", "$x$"),
        (".txt", "$x$"),
        ("", "$x$"),
        (".tex", "$ x $"),
        (".rst", ":math:`x`"),
        (".htm", "<p>$x$"),
        (".ipynb", '{"cells": [{"cell_type": "markdown", "source": "$x$"}]}'),
    ],
)
def test_the_suffix_says_the_format(tmp_path, suffix, text):
    path = tmp_path / f"a{suffix}"
    path.write_text(text)
    document = read_document(path)
    assert [f.text.text for f in document.fragments] == ["x"] and document.problems == ()
    assert document.file == document.fragments[0].text.place(0).file == str(path)


def test_bytes_that_are_not_utf8_are_replaced_and_named(tmp_path):
    path = tmp_path / "a.md"
    path.write_bytes(b"\xef\xbb\xbfone\r\nt\xe9xt \xff $x$")
    document = read_document(path)
    assert [(p.place.line, p.place.column) for p in document.problems] == [(2, 2)]
    assert "0xe9" in document.problems[0].message and "1 more" in document.problems[0].message
    assert where(document.fragments[0].text) == ("x", 2, 9)


def test_a_file_that_is_too_large_or_missing(tmp_path):
    path = tmp_path / "a.md"
    path.write_bytes(b"$x$ " * 2_500_001)
    document = read_document(path)
    assert document.fragments == () and "10 MB" in document.problems[0].message
    with pytest.raises(OSError):
        read_document(tmp_path / "b.md")
    with pytest.raises(OSError):
        read_document(tmp_path)


def test_an_unknown_kind_is_refused():
    with pytest.raises(SymgradError, match="not 'word'"):
        read_text("", "f", "word")


LONG = {
    "dollars": "$" * 300_000,
    "prices": "$a " * 50_000,
    "displays": "$$x\n" * 20_000,
    "paragraphs": "$$\n\n" * 20_000,
    "brackets": "\\[\n" * 50_000,
    "quotes": ">" * 100_000 + " $$\nx\n",
    "lists": "- * " * 50_000 + "x\n" + "\n" * 1000,
    "braces": "$\\text{" * 50_000 + "}" * 50_000,
    "ticks": "".join("`" * count + " " for count in range(700, 0, -1)),
    "tags": "<a '\"" * 20_000 + "<h1>" * 20_000 + "</h1>" + "<math>" * 20_000 + "<!--" * 20_000,
    "macros": "\\newcommand{\\x}{" * 30_000,
    "sections": "\\section{" * 50_000 + "\\section[" * 50_000,
    "json": '{"cells":[' + "[" * 900 + '"",' * 100_000 + '""' + "]" * 901 + "}",
}


@pytest.mark.parametrize("text", LONG.values(), ids=LONG.keys())
def test_long_and_deep_documents_are_read_in_linear_time(text):
    for kind in KINDS:
        start = time.perf_counter()
        read_text(text, "f", kind)
        assert time.perf_counter() - start < 20  # a quadratic reader takes minutes


def stands_there(text, fragment: Text):
    """Whether each character of a fragment is what stands in the file at its place."""
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd").split("\n")
    places = [fragment.place(offset) for offset in range(len(fragment.text))]
    return all(
        (lines[place.line - 1] + "\n")[place.column - 1] == character
        for place, character in zip(places, fragment.text, strict=True)
    )


TOKENS = r"""
$  $$  $`  `$  `  ```  ~~~  \(  \)  \[  \]  \\(  \\)  \\[  \\]  \begin{align}  \end{align}  \text{  {  }  %  \%  \$  \\
\begin{verbatim}  \end{verbatim}  \section{  \newcommand{\a}{  \def\a  \input{x}  \verb|  \begin{document}
<!--  -->  symgrad:  <pre>  </pre>  <code>  </code>  <h1>  </h1>  <a <b>  >  &  &lt;  &amp;  <br>  {%  %}  {{  }}
\end{document}  {% raw %}
<script type='math/tex'>  </script>  <math display="block">  </math>  <annotation encoding="application/x-tex">  <div>
</annotation>  <span class="katex">  </span>  {% highlight a %}  {% endhighlight %}  ---  +++  ===  #  -  *  1.  ```math
:math:`  .. math::  ::  x  = y  é  𝒳  "  '
"""
SPACES = [" ", "    ", "\t", "\n", "\n\n", "\n> ", "\n- ", "\n   ", "\r\n", "\r", "\0"]
TOKENS = [token for line in TOKENS.strip().split("\n") for token in line.split("  ")] + SPACES * 2
SPLICES = st.lists(st.sampled_from(TOKENS), max_size=60).map("".join)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=300, deadline=None)
@given(text=SPLICES | st.text())
def test_any_text_is_read_and_every_fragment_stands_where_it_says(kind, text):
    document = read_text(text, "f", kind)
    for fragment in document.fragments:
        if kind in ("markdown", "latex", "rst") or ("&" not in text and "<br>" not in text):
            assert stands_there(text, fragment.text)
    assert all(problem.place.line >= 1 and problem.place.column >= 1 for problem in document.problems)


@settings(max_examples=300, deadline=None)
@given(cells=st.lists(st.lists(SPLICES, max_size=3), max_size=3), ascii_only=st.booleans())
def test_any_cells_are_read_as_markdown_and_escapes_are_counted(cells, ascii_only):
    cells = [[line.replace("\r", "").replace("\0", "") for line in cell] for cell in cells]
    content = {"cells": [{"cell_type": "markdown", "source": cell} for cell in cells]}
    text = json.dumps(content, indent=1, ensure_ascii=ascii_only)
    fragments = read_text(text, "f", "notebook").fragments
    for number, cell in enumerate(cells, 1):
        source = "".join(cell)
        alone = [f.text.text for f in read_text("\n" + source, "f").fragments]  # a first line break: no front matter
        here = [f.text for f in fragments if f.text.place(0).cell == number]
        assert [part.text for part in here] == alone
        for part in here:
            for offset, character in enumerate(part.text):
                spelt = json.dumps(character, ensure_ascii=ascii_only)[1:-1]
                assert at(text, part.place(offset)).startswith(spelt)
