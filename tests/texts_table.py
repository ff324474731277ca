"""`python tests/texts_table.py`: what symgrad check makes of each public text in tests/texts, as the table texts.md."""

import re
import sys
from collections import Counter
from pathlib import Path

import symgrad as sg

HERE = Path(__file__).parent
ANSWER = re.compile(
    r"(definition|claim|numbers|update|other)(?:\[(?P<label>.*?)\])?"
    r"(?:: *(?P<verdict>holds|loose|wrong)(?P<why>[^|>]*))?"
)
INTRODUCTION = """# What `symgrad check` makes of public texts

Made by `python tests/texts_table.py`. The formulas of each text are in `texts/`, with the answers to them set by hand
and confirmed numerically by the file beside it. What a text says in words, its loss or the axes of its letters, is
given in comments, as a user would give it. *Read*: equations that could be read. *Kinds*: those classified as a person
would, of those with an answer. *Verdicts*: those that are decided, and rightly, of those that a person can decide; the
others are undecided, and say why. *False*: right formulas that are called wrong or malformed. *Errata*: wrong formulas
that are called wrong or malformed, of those that are known. *Missed*: wrong formulas that are called right. What is
written loosely, a diagonal Jacobian as the vector on its diagonal, is right if `symgrad check` says that it read it so.

| text | kind | equations | read | kinds | verdicts | false | errata | missed |
|---|---|---|---|---|---|---|---|---|
"""


def answers(path: Path):
    """Each formula's findings with the answer that its comment gives, None where the two don't correspond."""
    source = path.read_text(encoding="utf-8")
    starts = [0, *(place + 1 for place, mark in enumerate(source) if mark == "\n")]
    comments = [(m.start(), m[1]) for m in re.finditer(r"<!--(.*?)-->", source, re.S) if "symgrad:" not in m[1]]
    groups: dict[int, tuple[str, list]] = {}
    for finding in sg.check_document(path):
        end = starts[finding.end.line - 1] + finding.end.column - 2
        place, text = next(((start, text) for start, text in comments if start >= end), (-1, ""))
        groups.setdefault(place, (text, []))[1].append(finding)
    for text, found in groups.values():
        expected = [ANSWER.match(part.strip()) for part in re.split(r"\|(?![^\[]*\])", text)]
        fits = len(expected) == len(found)
        yield from zip(found, expected if fits else [None] * len(found), strict=True)


def counted(path: Path) -> Counter:
    """How many equations a text has, are read, are rightly classified, and so on."""
    found: Counter = Counter()
    for finding, answer in answers(path):
        found["equations"] += 1
        found["read"] += finding.status != "unread"
        if answer is None:
            continue
        found["answers"] += 1
        found["kinds"] += finding.kind == answer[1]
        wrong = answer["verdict"] == "wrong"
        refuted = finding.status in ("refuted", "malformed")
        if answer["verdict"]:
            found["decidable"] += 1
            proved = finding.status in ("proved", "agrees")
            found["decided"] += refuted if wrong else proved and (answer["verdict"] == "holds" or bool(finding.choices))
        found["errata"] += wrong
        found["errata found"] += wrong and refuted
        found["missed"] += wrong and finding.status == "proved"
        found["false"] += answer["verdict"] not in ("wrong", "loose") and refuted
    return found


def row(name: str, kind: str, n: Counter) -> str:
    """One line of the table."""
    cells = (
        name,
        kind,
        n["equations"],
        n["read"],
        f"{n['kinds']}/{n['answers']}",
        f"{n['decided']}/{n['decidable']}",
        n["false"],
        f"{n['errata found']}/{n['errata']}",
        n["missed"],
    )
    return f"| {' | '.join(map(str, cells))} |"


def main() -> None:
    """Writes the table beside the texts."""
    total: Counter = Counter()
    lines = []
    for path in sorted((HERE / "texts").glob("*.md")):
        head = dict(line.split(": ", 1) for line in path.read_text("utf-8").split("---")[1].strip().splitlines())
        found = counted(path)
        total += found
        lines.append(row(f"[{head['title']}](texts/{path.name})", head["kind"], found))
        print(lines[-1], file=sys.stderr, flush=True)
    lines.append(row(f"**all {len(lines)}**", "", total))
    (HERE / "texts.md").write_text(INTRODUCTION + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
