"""What `symgrad check` prints and how it ends, on reports made by hand."""

import json
import os
import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from sympy import Integer

from symgrad.checking import watch as watching
from symgrad.checking.carets import excerpt, width
from symgrad.checking.github import github
from symgrad.checking.jsonform import report_json
from symgrad.checking.lines import lines
from symgrad.checking.page import LONGEST, page
from symgrad.checking.report import RULES, Finding, Report
from symgrad.checking.sarif import sarif
from symgrad.checking.select import exit_status, selected
from symgrad.checking.summary import sentence
from symgrad.cli import checking as command
from symgrad.cli import main
from symgrad.cli.checking import Options, present
from symgrad.errors import InputError
from symgrad.reading.documents.text import Place, Problem
from symgrad.verification.verdict import Counterexample, Verdict

TEX = r"\frac{\partial L}{\partial w} = -(\hat y - y) x"
POINT = Counterexample({"x": Integer(1)}, Integer(-2), Integer(2))


def finding(status="", kind="claim", *, tex=TEX, line=112, file="post.md", cell=0, **rest):
    verdict = None
    if status not in ("", "unread"):
        point = POINT if status == "refuted" else None
        verdict = Verdict(status, "dL_dw = -(yhat - y)*x", "by polynomial arithmetic", point)
    place = Place(file, line, 5, cell)
    return Finding(place, replace(place, column=5 + len(tex)), tex, kind, verdict=verdict, **rest)


DEFINITION = finding(kind="definition", tex="L = (\\hat y - y)^2 / 2", line=110)
PROVED = finding("proved", line=111)
REFUTED = finding(
    "refuted", rule="gradient", message="the sign is wrong", wrong=(32, 45), correct=r"(\hat y - y) x", line=112
)
UNDECIDED = finding("undecided", rule="undecided", message="the time is over", line=113)
CHOICE = finding("proved", rule="choice", choices=("f' is a derivative",), line=114)
UNREAD = finding("unread", "unread", rule="unread", message="this can't be read", line=115)
SILENCED = replace(REFUTED, silenced="as in the book")
LOST = Problem(Place("post.md", 120, 1), "a $$ is never closed")


def report(*findings, problems=()):
    return Report(findings, problems, ("post.md",))


def text(shown, explain=False):
    return "\n".join(line.text for line in lines(shown, explain))


def results(shown):
    return json.loads(sarif(shown))["runs"][0]["results"]


# Lines.


def test_a_refuted_claim_has_its_place_its_line_carets_the_counterexample_and_the_correct_formula():
    assert text(report(DEFINITION, PROVED, REFUTED)).splitlines() == [
        "post.md:112:5: refuted: the sign is wrong [gradient]",
        r"    \frac{\partial L}{\partial w} = -(\hat y - y) x",
        r"                                    ^~~~~~~~~~~~~",
        "    at x = 1: the claim gives -2, the derivation 2",
        r"    correct: (\hat y - y) x",
        "3 equations: 1 definition, 2 claims (1 proved, 1 refuted); 0 unread",
    ]


def test_explain_adds_reasons_choices_what_is_proved_and_what_is_silenced():
    assert "proved" not in text(report(PROVED, REFUTED)).split("equations")[0]
    explained = text(report(PROVED, CHOICE, SILENCED), explain=True)
    for words in (
        "post.md:111:5: proved: dL_dw",
        "proved: by polynomial arithmetic",
        "read: f' is a derivative",
        "[gradient, silenced]",
        "silenced: as in the book",
    ):
        assert words in explained


def test_what_is_silenced_is_only_counted():
    assert text(report(SILENCED)) == "1 equation: 1 claim (1 refuted); 0 unread, 1 silenced"


def test_a_problem_of_the_document_is_a_line_of_the_same_form():
    assert text(report(PROVED, problems=(LOST,))).startswith("post.md:120:1: unread: a $$ is never closed [unread]\n")


def test_a_place_in_a_notebook_names_the_cell():
    assert text(report(replace(REFUTED, place=Place("a.ipynb", 2, 1, 3)))).startswith("a.ipynb:2:1 (cell 3): refuted")


def test_the_summary_counts_kinds_and_what_was_said_of_them():
    numbers = [finding("proved", "numbers")] * 3
    updates = [finding("proved", "update"), finding("refuted", "update", rule="update")]
    assert sentence(report(DEFINITION, PROVED, UNREAD, *numbers, *updates, problems=(LOST,))) == (
        "7 equations: 1 definition, 1 claim (1 proved), 3 lines of numbers, 2 updates (1 proved, 1 refuted); 2 unread"
    )


@pytest.mark.parametrize(
    ("tex", "wrong", "shown"),
    [
        ("損失 = −x", (5, 7), ("損失 = −x", "       ^~")),
        ("x̂ = 2y", (5, 7), ("x̂ = 2y", "    ^~")),
        ("a = 損失", (4, 6), ("a = 損失", "    ^~~~")),
        ("a\n  &= b \\\\\n  &= c", (17, 18), ("&= c", "   ^")),
        ("a = b + c\n  + d", (8, 15), ("a = b + c", "        ^")),
        ("a\tb", (2, 3), ("a b", "  ^")),
        ("a =\n b", (3, 6), ("b", "^")),
        ("a = b", (5, 5), ("a = b", "     ^")),
        ("a = b", (40, 90), ("a = b", "     ^")),
        ("\n  a = b\n", None, ("a = b",)),
        ("", None, ()),
    ],
)
def test_carets_stand_below_the_wrong_part(tex, wrong, shown):
    assert excerpt(tex, wrong) == shown


def test_a_document_can_not_steer_the_terminal():
    shown = text(report(replace(REFUTED, tex="a\x1b[2J = \u202eb", message="\x1b]0;x\x07", correct="\x9b1m")))
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", shown)
    assert width("a\u202eb") == 2


# Selection and the exit status.


def test_selected_rules_are_shown_and_ignored_ones_are_not():
    whole = report(DEFINITION, PROVED, REFUTED, UNDECIDED, CHOICE, UNREAD, problems=(LOST,))
    assert [f.rule for f in selected(whole, select=["gradient"])] == ["", "", "gradient", ""]
    assert [f.rule for f in selected(whole, ignore=["gradient", "unread"])] == ["", "", "undecided", "choice"]
    assert selected(whole, ignore=["unread"]).problems == ()
    assert selected(whole) == whole


def test_an_unknown_rule_names_the_nearest():
    with pytest.raises(InputError, match="did you mean gradient"):
        selected(report(), ignore=["gradeint"])


@pytest.mark.parametrize(
    ("findings", "plain", "strict"),
    [
        ((DEFINITION, PROVED), 0, 0),
        ((REFUTED,), 1, 1),
        ((SILENCED,), 0, 0),
        ((PROVED, UNDECIDED), 0, 1),
        ((PROVED, CHOICE), 0, 1),
        ((PROVED, UNREAD), 0, 1),
        ((PROVED, replace(UNDECIDED, silenced="known")), 0, 0),
        ((UNREAD,), 2, 2),
        ((), 2, 2),
    ],
)
def test_exit_statuses(findings, plain, strict, capsys):
    assert present(report(*findings), Options()) == plain
    assert present(report(*findings), Options(strict=True)) == strict


def test_a_problem_of_the_document_counts_in_a_strict_run():
    assert (exit_status(report(PROVED, problems=(LOST,))), exit_status(report(problems=(LOST,)), strict=True)) == (0, 1)


def test_what_is_ignored_does_not_fail_a_run(capsys):
    assert present(report(DEFINITION, REFUTED), Options(ignore=("gradient",))) == 0
    assert present(report(REFUTED), Options(ignore=("gradient",))) == 0


def test_no_equation_at_all_can_be_allowed_but_an_unread_one_can_not(capsys):
    assert present(report(), Options(allow_empty=True)) == 0
    assert present(report(UNREAD), Options(allow_empty=True)) == 2


def test_a_choice_is_said_where_more_is_wanted_only(capsys):
    said = []
    for options in (Options(), Options(strict=True), Options(explain=True), Options(select=("choice",))):
        present(report(CHOICE), options)
        said.append("[choice]" in capsys.readouterr().out)
    assert said == [False, True, True, True]


# Other programs.


def test_sarif_has_rules_results_and_regions():
    log = json.loads(sarif(report(DEFINITION, PROVED, REFUTED, UNDECIDED, CHOICE, UNREAD, problems=(LOST,))))
    assert log["version"] == "2.1.0" and log["$schema"].endswith("sarif-2.1.0.json")
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"] == "symgrad"
    assert {rule["id"]: rule["help"]["text"] for rule in driver["rules"]} == RULES
    for row in run["results"]:
        assert driver["rules"][row["ruleIndex"]]["id"] == row["ruleId"]
        assert row["message"]["text"] and row["suppressions"] == []
    assert [row["level"] for row in run["results"]] == ["error", "warning", "note", "warning", "warning"]
    (location,) = run["results"][0]["locations"]
    assert location["physicalLocation"] == {
        "artifactLocation": {"uri": "post.md"},
        "region": {"startLine": 112, "startColumn": 5, "endLine": 112, "endColumn": 5 + len(TEX)},
    }


def test_sarif_keeps_what_is_silenced_with_the_justification():
    (row,) = results(report(SILENCED))
    assert row["suppressions"] == [{"kind": "inSource", "status": "accepted", "justification": "as in the book"}]


def test_braces_in_a_sarif_message_are_no_placeholders():
    (row,) = results(report(replace(REFUTED, message="x^{0} is wrong")))
    assert "x^{{0}} is wrong" in row["message"]["text"]


def test_a_file_is_named_from_the_working_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (row,) = results(report(finding("refuted", rule="gradient", file=str(tmp_path / "my notes" / "ü.md"))))
    location = row["locations"][0]["physicalLocation"]
    assert location["artifactLocation"]["uri"] == "my%20notes/%C3%BC.md"


def test_a_notebooks_lines_are_those_of_its_file_and_the_cell_is_named():
    inside = report(finding("refuted", rule="gradient", file="a.ipynb", line=2, cell=3))
    (row,) = json.loads(sarif(inside))["runs"][0]["results"]
    assert row["locations"][0]["physicalLocation"]["region"]["startLine"] == 2
    assert row["message"]["text"].startswith("cell 3: refuted")
    shown = github(inside)
    assert shown.startswith("::error file=a.ipynb,line=2,") and "title=refuted [gradient]::cell 3: " in shown


def test_github_commands_escape_what_would_end_them():
    odd = replace(REFUTED, message="50% is\n::error::wrong", place=Place("a,b:c.md", 112, 5), end=Place("x", 1, 1))
    shown = github(report(odd))
    assert shown.splitlines()[0].startswith("::error file=a%2Cb%3Ac.md,line=112,col=5,title=refuted [gradient]::50%25")
    assert shown.count("\n") == 0 and "%0Aat x = 1: the claim gives -2" in shown


def test_github_commands_have_levels_and_ends_and_leave_out_what_is_silenced():
    shown = github(report(PROVED, REFUTED, UNDECIDED, CHOICE, SILENCED, problems=(LOST,))).splitlines()
    assert [row.split()[0] for row in shown] == ["::error", "::warning", "::notice", "::warning"]
    assert f"line=112,col=5,endLine=112,endColumn={5 + len(TEX)}," in shown[0]
    block = github(report(replace(REFUTED, end=Place("post.md", 114, 9))))
    assert "line=112,endLine=114,title" in block  # GitHub wants columns within one line only


def test_json_has_every_finding_with_its_verdict():
    row = json.loads(report_json(report(DEFINITION, REFUTED, SILENCED, problems=(LOST,))))
    assert list(row) == ["version", "files", "findings", "problems", "summary"]
    definition, refuted, silenced = row["findings"]
    assert (definition["kind"], definition["verdict"], definition["status"]) == ("definition", None, "")
    assert (refuted["line"], refuted["wrong"], refuted["verdict"]["counterexample"]["inputs"]) == (
        112,
        [32, 45],
        {"x": "1"},
    )
    assert (refuted["silenced"], silenced["silenced"]) == (None, "as in the book")
    assert row["problems"][0]["line"] == 120
    assert (row["summary"]["equations"], row["summary"]["refuted"], row["summary"]["unread"]) == (3, 2, 1)


# The page.


def test_the_page_shows_formulas_verdicts_and_links_between_them():
    shown = page(report(DEFINITION, PROVED, REFUTED, UNDECIDED))
    body = shown.split("<body", 1)[1]
    assert body.count('<div class="math"><math') == 5  # four formulas and a correct one
    assert "✗</span> refuted" in body and "✓</span> proved" in body
    assert re.search(r'<a href="#f3">post.md:112:5</a>', body) and '<a href="#f4">next</a>' in body
    assert "at x = 1: the claim gives -2" in body and r"<mark>-(\hat y - y)</mark>" in body
    assert "prefers-color-scheme: dark" in shown
    assert not re.search(r"<script|<link|src=|url\((?!data:)", shown)


def test_the_page_escapes_everything():
    evil = "<script>alert(1)</script>"
    odd = replace(
        REFUTED,
        place=Place(evil, 1, 1),
        tex=evil,
        message=evil,
        correct=rf"\nothing{evil}",
        choices=(evil,),
        rule="gradient",
    )
    shown = page(Report((odd, replace(odd, silenced=evil)), (Problem(Place(evil, 1, 1), evil),), (evil,)))
    assert "<script" not in shown and "&lt;script&gt;" in shown


@pytest.mark.parametrize("tex", [r"a = \unheardof{b} & <i>", "{" * LONGEST + "}" * LONGEST])
def test_a_formula_that_can_not_be_set_is_shown_as_its_source(tex):
    shown = page(report(finding("refuted", rule="formula", tex=tex)))
    assert "<pre><code>" in shown and "<math" not in shown and "<i>" not in shown


@pytest.mark.parametrize(
    "tex", ["y &= a x \\\\", "y = a x \\label{eq:y}", "y = a x \\tag{3}", "y &= a \\\\ &= b \\nonumber"]
)
def test_a_row_of_a_block_is_set(tex):
    assert "<math" in page(report(finding("proved", tex=tex)))


# The command.


@pytest.fixture
def checked(monkeypatch, tmp_path):
    """Makes `symgrad check` find a given report in post.md."""
    asked = []
    (tmp_path / "post.md").touch()
    monkeypatch.chdir(tmp_path)

    def give(found):
        def check_documents(files, seconds, decimal_comma, *_):
            asked.append((*files, seconds, decimal_comma))
            return found

        module = SimpleNamespace(check_documents=check_documents)
        monkeypatch.setitem(command.sys.modules, "symgrad.checking.check", module)
        return asked

    return give


@pytest.mark.parametrize(
    ("options", "mark"),
    [
        ("", "post.md:112:5: refuted"),
        ("--json", '"version": 1'),
        ("--format json", '"version": 1'),
        ("--sarif", '"version": "2.1.0"'),
        ("--format github", "::error file=post.md"),
        ("--explain", "by polynomial arithmetic"),
        ("--select gradient,numbers --ignore unread", "[gradient]"),
    ],
)
def test_the_command_prints_each_format(options, mark, checked, capsys):
    checked(report(REFUTED))
    assert main(["check", "post.md", *options.split()]) == 1
    assert mark in capsys.readouterr().out


def test_the_command_takes_several_documents_the_standard_input_and_how_to_read(checked, capsys):
    asked = checked(report(PROVED))
    assert main(["check", "post.md", "-", "--seconds", "2", "--decimal-comma"]) == 0
    assert asked == [("post.md", "-", 2.0, True)]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("", "name a document"),
        ("post.md --jsn", "--jsn"),
        ("post.md --select gradeint", "did you mean gradient?"),
        ("post.md --json --sarif", "json or sarif"),
        ("post.md --format yaml", "yaml"),
        ("- --watch", "standard input"),
        (".", "is a folder"),
        ("post.md gone.md", "gone.md: No such file"),
    ],
)
def test_bad_usage_is_one_line_and_exits_2(arguments, words, checked, capsys):
    checked(report(PROVED))
    assert main(["check", *arguments.split()]) == 2
    shown = capsys.readouterr().err
    assert words in shown and shown.count("\n") == 1


def test_the_page_is_written_beside_what_is_printed(checked, tmp_path, capsys):
    checked(report(REFUTED))
    assert main(["check", "post.md", "--json", "--html", str(tmp_path / "out.html")]) == 1
    assert (tmp_path / "out.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert json.loads(capsys.readouterr().out)["version"] == 1


# Watching.


class Ticks:
    """A clock that changes a file at some ticks, and at last presses Ctrl-C."""

    def __init__(self, *changes):
        self.changes = list(changes)

    def __call__(self, seconds):
        if not self.changes:
            raise KeyboardInterrupt
        self.changes.pop(0)()


def nothing():
    pass


def test_watching_runs_again_after_each_change_and_ends_with_the_last_status(tmp_path):
    post, part = tmp_path / "post.tex", tmp_path / "parts" / "one.tex"
    post.write_text("a")
    part.parent.mkdir()
    statuses = iter([1, 1, 1, 0])
    ticks = Ticks(nothing, lambda: post.write_text("ab"), nothing, lambda: part.write_text("c"), post.unlink)
    assert watching.watch([str(post)], lambda: next(statuses), ticks) == 0
    assert next(statuses, None) is None


def test_a_change_during_a_run_is_seen():
    stamps = iter([1, 2, 2, 2])
    runs = []
    ticks = Ticks()
    stat = lambda path: SimpleNamespace(st_mtime_ns=next(stamps), st_size=0)  # noqa: E731
    assert watching.watch(["post.md"], lambda: runs.append(1) or 0, ticks, stat) == 0
    assert len(runs) == 2


def test_a_document_that_is_gone_for_a_moment_is_watched_on(tmp_path, monkeypatch, capsys):
    post = tmp_path / "post.md"
    found = iter([FileNotFoundError(2, "No such file", "post.md"), report(PROVED)])

    def check_documents(*_):
        result = next(found)
        if isinstance(result, Exception):
            raise result
        return result

    post.touch()
    monkeypatch.setitem(command.sys.modules, "symgrad.checking.check", SimpleNamespace(check_documents=check_documents))
    monkeypatch.setattr(watching.time, "sleep", Ticks())
    ticks = Ticks(lambda: post.write_text("$a$"))
    statuses = []
    options = Options()
    run = lambda: statuses.append(command._attempt(lambda: command.check([str(post)], options))) or statuses[-1]  # noqa: E731
    assert watching.watch([str(post)], run, ticks, os.stat) == 0
    assert statuses == [2, 0] and "No such file" in capsys.readouterr().err


def test_the_hook_runs_the_command():
    hook = (Path(__file__).parent.parent / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
    assert "id: symgrad-check" in hook and "entry: symgrad check" in hook
