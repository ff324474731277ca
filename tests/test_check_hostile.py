import contextlib
import io
import itertools
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import fuzz_check
import pytest

from symgrad.checking.check import checked
from symgrad.reading.documents.read import read_document, read_stream, read_text
from symgrad.verification.budget import Budget, OutOfTime

HOSTILE = {
    "nested braces": "{" * 10_000 + "x" + "}" * 10_000 + " = 1",
    "tower of powers": "y = 9^{9^{9^{9}}}",
    "tower of exponentials": "y = e^{e^{e^{e^{10}}}} + x",
    "large exponent": "1e999999999 + 1 = 2",
    "long number": "1 + " + "9" * 10_000 + " = 2",
    "macro bomb": "".join(rf"\def\{a}{{\{b}\{b}}}" for a, b in itertools.pairwise("abcdefghijklmnop")) + r"\a = 1",
    "endless macro": r"\def\a{\a\a}\a = 1",
    "one long line": "x + " * 100_000 + "1 = y",
    "fractions": r"\frac" * 10_000 + "12",
    "powers without braces": "x^" * 5_000 + "2 = y",
    "matrices": r"\begin{bmatrix}" + "1 & " * 20_000 + r"1 \end{bmatrix} = A",
    "long product": "y = " + "x " * 4_000,
    "large power of a sum": "y = (a+b)^{1000} - (a+b)^{999}(a+b)",
    "calls": "y = " + "f(" * 50 + "x" + ")" * 50,
    "huge layer": "x^{(1000000)} = W x^{(999999)}",
    "defined by itself": "a = b + 1, \\quad b = a + 1, \\quad \\frac{da}{db} = 1",
    "division by zero": r"\frac{d}{dx} \frac{x}{0} = 0/0",
    "unbalanced": r"\left( \begin{cases} x \\ \right.",
    "nuls": "a\x00 = b",
    "nested accents": r"\hat{" * 40 + "x + 1" + "}" * 40 + " = y",
    "nested fonts": r"\mathbf{" * 5_000 + "x" + "}" * 5_000 + " = y",
    "nested words": r"\text{" * 50_000 + "x" + "}" * 50_000,
    "nested sums": "y = " + "".join(rf"\sum_{{i_{{{k}}}}}" for k in range(500)) + "x",
    "stacked fractions": r"x \over " * 2_000 + "x = 1",
    "huge exponents": "w = 1e999999999, \\quad w + 1 = 2",
    "huge powers": "w = 9^{9^{9}}, \\quad 2^{-99999999} = 0, \\quad w^{w^w} = 1",
    "a long macro argument": r"\def\a#1{#1}\a{" + "x" * 1_000_000 + "} = 1",
    "many unknown letters": " ".join(f"q_{{{k}}}" for k in range(60)) + r" \odot \alpha = X^T Y",
    "other digits": ".² + ٣ = ①",
    "a megabyte of blanks": "x = " + " " * 1_000_000 + "1",
    "no characters": "\ufffd\u202e = \U0001f600",
}  # fmt: skip


@pytest.mark.parametrize("formula", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_formula_ends_in_a_message_and_the_rest_is_checked(formula):
    text = f"$${formula}$$\n\nThen $\\frac{{d}}{{dt}} t^3 = 3 t^2$."
    found = list(checked(read_text(text, "hostile.md"), seconds=2))
    assert found[-1].status == "proved"
    assert not any(finding.message.startswith("symgrad failed") for finding in found)


HOSTILE_TEXTS = {
    "dollars": ("markdown", "$" * 1_000_000),
    "dollars and blanks": ("markdown", "$ " * 300_000),
    "dollars in LaTeX": ("latex", "$" * 1_000_000),
    "quotes": ("markdown", ">" * 100_000 + " $x$"),
    "lists": ("markdown", "- " * 100_000 + " $x$"),
    "deep lists": ("markdown", "".join(" " * (2 * depth) + "- a\n" for depth in range(1_000))),
    "backticks": ("markdown", "".join("`" * count + " " for count in range(1, 2_000))),
    "tags": ("markdown", "<a " + "b " * 500_000),
    "comments": ("markdown", "<!-- " * 100_000),
    "elements": ("html", "<div>" * 50_000 + "$x$" + "</div>" * 50_000),
    "typeset": ("html", '<math><annotation encoding="application/x-tex">' * 50_000),
    "entities": ("html", "&" * 500_000 + "&#;&#x" * 50_000),
    "environments": ("latex", r"\begin{align}" * 100_000),
    "commands": ("latex", r"\newcommand{\a}{" * 100_000),
    "JSON": ("notebook", "[" * 1_000_000 + "]" * 1_000_000),
    "cells": ("notebook", '{"cells":' + "[" * 100_000 + "]" * 100_000 + "}"),
    "directives": ("rst", "".join(" " * depth + ".. note::\n" for depth in range(2_000))),
    "backticks in reST": ("rst", "`" * 1_000_000),
}  # fmt: skip


@pytest.mark.parametrize("kind, text", HOSTILE_TEXTS.values(), ids=HOSTILE_TEXTS.keys())
def test_a_hostile_document_is_read_and_what_stands_behind_it_too(kind, text):
    rest = {"rst": ":math:`a = 1`", "latex": r"\[a = 1\]", "notebook": ""}.get(kind, "$a = 1$")
    found = read_text(f"{text}\n\n{rest}", "f", kind)
    assert all(len(problem.message) < 300 for problem in found.problems)
    assert found.problems if kind == "notebook" or "never" in rest else found.fragments or found.problems


def test_more_formulas_or_problems_than_anyone_reads_are_cut_off_with_a_message():
    for text in ("$a$\n" * 30_000, "$$a\n\n" * 30_000):
        found = read_text(text, "f")
        assert len(found.fragments) <= 20_000 and len(found.problems) <= 1_001
        assert "are read of one document" in found.problems[-1].message


def test_definitions_of_commands_and_directives_take_linear_time():
    commands = "".join(rf"\def\m{chr(97 + k % 26)}{chr(97 + k // 26)}{{x}}" + "\n" for k in range(600)) * 5
    directives = "".join(f"<!-- symgrad: x{k}: n -->\n" for k in range(3_000))
    for kind, text in (("latex", commands + "$\\maa = 1$"), ("markdown", directives + "$x = 1$")):
        assert len(checked(read_text(text, "f", kind), seconds=1)) == 1


def test_a_notebook_may_be_large_where_its_outputs_are(tmp_path):
    cells = [
        {"cell_type": "code", "source": "$a = b$", "outputs": [{"data": {"image/png": "A" * 11_000_000}}]},
        {"cell_type": "markdown", "source": "$\\frac{d}{dt} t^3 = 3 t^2$"},
    ]
    path = tmp_path / "large.ipynb"
    path.write_text(json.dumps({"cells": cells}, indent=1), encoding="utf-8")
    (finding,) = checked(read_document(path))
    assert (finding.status, finding.place.cell) == ("proved", 2)


def test_bytes_that_are_no_text_are_named_and_the_rest_is_checked(tmp_path):
    path = tmp_path / "latin.md"
    path.write_bytes(b"caf\xe9 \x00 $\\frac{d}{dt} t^3 = 3 t^2$")
    report = checked(read_document(path))
    assert [finding.status for finding in report] == ["proved"] and len(report.problems) == 2
    assert [problem.place.column for problem in report.problems] == [4, 6]


def test_standard_input_is_bounded_and_its_format_is_seen():
    endless = io.BytesIO(b"x" * 20_000_000)
    assert "larger than 10 MB" in read_stream(endless).problems[0].message and endless.tell() <= 10_000_001
    latex = rb"\documentclass{a}\begin{document}\verb|$b$| $a$\end{document}"
    assert [f.text.text for f in read_stream(io.BytesIO(latex)).fragments] == ["a"]
    assert [f.text.text for f in read_stream(io.BytesIO(b"\\verb|$b$| $a$"), "part.tex").fragments] == ["a"]


@pytest.mark.skipif(sys.platform == "win32", reason="links and pipes are POSIX here")
def test_input_reads_nothing_outside_its_folder(tmp_path):
    folder = tmp_path / "paper"
    folder.mkdir()
    (tmp_path / "secret.tex").write_text("$s = 1$")
    (folder / "link.tex").symlink_to(tmp_path / "secret.tex")
    (folder / "up").symlink_to(tmp_path)
    (folder / "device.tex").symlink_to("/dev/zero")
    (folder / "loop.tex").symlink_to(folder / "loop.tex")
    (folder / "self.tex").write_text(r"\input{self}")
    os.mkfifo(folder / "pipe.tex")
    names = ["../secret", str(tmp_path / "secret"), "link", "up/secret", "device", "loop", "self", "pipe", "~/secret"]
    names += ["https://example.org/a.tex", "file:///etc/passwd", "|cat /etc/passwd", "a\x00b", "x" * 5_000, "", "."]
    main = folder / "main.tex"
    main.write_text("".join(rf"\input{{{name}}}" + "\n" for name in names) + "$a = 1$", encoding="utf-8")
    found = read_document(main)
    assert [fragment.text.text for fragment in found.fragments] == ["a = 1"]
    assert len(found.problems) >= len(names)


AUDIT = """
import os, sys
from symgrad.checking.check import checked
from symgrad.cli.checking import Options, present
from symgrad.reading.documents.read import read_text
from symgrad.tensors.elementwise import ELEMENTWISE
from symgrad.codegen.numpy import elementwise_function

warm = (open(sys.argv[1], encoding="utf-8").read())
checked(read_text(warm, "warm.md"), 1)
for function in ELEMENTWISE.values():
    elementwise_function(function)
hostile = open(sys.argv[2], encoding="utf-8").read()
seen = []
def hook(event, args):
    file = args[0].co_filename if event == "exec" else args[1] if event == "compile" else ""
    if file and os.path.isabs(str(file)):
        return  # a module of ours or of a library is imported
    if event == "exec" or event.startswith(("os.system", "subprocess", "socket", "os.exec", "os.posix_spawn")):
        seen.append((event, str(args)[:200]))
    if event == "compile" and args[1] != "<unknown>":  # what ast.parse is given has no file
        seen.append((event, str(args)[:200]))
    if event == "open" and any(str(args[1]).startswith(mode) for mode in "wax"):
        seen.append((event, str(args)[:200]))
sys.addaudithook(hook)
report = checked(read_text(hostile, "hostile.md"), 1)
present(report, Options(format="json"))
assert not seen, seen
"""


def test_a_document_is_never_run(tmp_path):
    call = "__import__('os').system('touch run')"
    names = [rf"\mathrm{{{name}}}" for name in ("__import__", "eval", "exec", "os.system", "lambda: 0", "S", "Q", call)]
    rows = [f"${name} = 2 x + 1$\n\n$\\frac{{d {name}}}{{dx}} = 3$\n\n${name}(3) = 4$" for name in names]
    rows += [rf"$\operatorname{{{name}}}(x) = 1$, $\text{{{name}}} = 0.5 = 1/2$" for name in ("eval", "exec", call)]
    rows += [f"<!-- symgrad: {call}: n d; {call}: elementwise; sum({call})=1 -->", f"${call} = 1$", f"$1 + {call} = 2$"]
    (tmp_path / "hostile.md").write_text("\n\n".join(rows), encoding="utf-8")
    root = Path(__file__).parent.parent
    command = [sys.executable, "-c", AUDIT, str(root / "tests/documents/article.md"), "hostile.md"]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    run = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-2000:]
    assert [path.name for path in tmp_path.iterdir()] == ["hostile.md"]


def test_an_interruption_never_arrives_after_its_work():
    def spin(seconds):
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            sum(range(50))

    for turn in range(300):
        work = lambda turn=turn: Budget(0.002).run(lambda: spin(0.0015 + 0.00001 * (turn % 100)))  # noqa: E731
        with contextlib.suppress(OutOfTime):
            Budget(0.003).run(work)
        spin(0.0002)  # an OutOfTime that arrives here fails the test
    spin(0.3)


def test_random_documents_are_read_without_an_error():
    assert fuzz_check.run(300, seed=70_000) == []


def test_random_documents_are_judged_without_an_error():
    assert fuzz_check.run(12, seed=80_000, verdicts=True, seconds=0.2) == []
