"""The examples of README.md: run them; `python tests/readme.py` writes what they print into it."""

import contextlib
import io
import re
import shlex
from pathlib import Path

from symgrad.cli import main

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
PYTHON = re.compile(r"```python\n(?P<code>.*?)```(?:\n\n```text\n(?P<shown>.*?)```)?", re.DOTALL)
CONSOLE = re.compile(r"```console\n(?P<lines>.*?)```", re.DOTALL)


def python_examples(text, folder):
    """Each Python block as (code, what it should print, what it prints); the blocks share their names."""
    names = {"__name__": "readme"}
    for number, block in enumerate(PYTHON.finditer(text)):
        named = re.match(r"# (\w+\.py)", block["code"])
        file = folder / (named[1] if named else f"block{number}.py")  # a model's source has to be in a file
        file.write_text(block["code"], encoding="utf-8")
        out = io.StringIO()
        with contextlib.chdir(folder), contextlib.redirect_stdout(out):
            exec(compile(block["code"], str(file), "exec"), names)
        yield block["code"], block["shown"] or "", out.getvalue()


def console_examples(text, folder):
    """Each `$ symgrad …` of a console block as (command, what it should print, what it prints)."""
    if not (folder / "symgrad").exists():
        (folder / "symgrad").symlink_to(ROOT / "symgrad")  # for the data in it
    for block in CONSOLE.finditer(text):
        for part in block["lines"].split("$ symgrad ")[1:]:
            command, _, shown = part.partition("\n")
            out = io.StringIO()
            with contextlib.chdir(folder), contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
                main(shlex.split(command))
            yield command, shown, out.getvalue()


def rewritten(text, folder):
    """The text with every shown output replaced by the real one."""
    for code, shown, printed in python_examples(text, folder):
        if printed:
            old, new = (f"{code}```\n\n```text\n{output}```" for output in (shown, printed))
            assert old in text, f"an output needs a ```text block after\n{code}"
            text = text.replace(old, new)
    for command, shown, printed in console_examples(text, folder):
        text = text.replace(f"$ symgrad {command}\n{shown}", f"$ symgrad {command}\n{printed}")
    return text


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        README.write_text(rewritten(README.read_text(encoding="utf-8"), Path(folder)), encoding="utf-8")
