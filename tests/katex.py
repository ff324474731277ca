"""`assert_katex` is how a test says that LaTeX has to pass KaTeX in strict mode."""

import fcntl
import json
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "katex"


def assert_katex(formulas: Iterable[str], display: bool = True) -> None:
    """Fail, naming each refused formula and KaTeX's message; the formulas have no `$` around them."""
    refused = katex_refuses(formulas, display)
    lines = [f"{row['latex']}\n    {row['message']}" for row in refused]
    assert not refused, "KaTeX refuses:\n" + "\n".join(lines)


def katex_refuses(formulas: Iterable[str], display: bool = True) -> list[dict[str, str]]:
    """The refused formulas, each with KaTeX's message; skips the test where there is no node or npm."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed, so KaTeX can't be asked")
    _install()
    rows = [{"latex": formula, "display": display} for formula in formulas]
    done = subprocess.run(
        ["node", FOLDER / "check.js"],
        input=json.dumps(rows),
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    refused: list[dict[str, str]] = json.loads(done.stdout)
    return refused


def _install() -> None:
    with (FOLDER / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests run in several processes
        if not (FOLDER / "node_modules" / "katex").is_dir():
            command = ["npm", "ci", "--prefix", FOLDER, "--no-audit", "--no-fund"]
            subprocess.run(command, check=True, capture_output=True)
