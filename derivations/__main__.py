"""Write the page of every derivation in this folder beside it: python derivations"""

import runpy
from pathlib import Path

import symgrad as sg
from symgrad.codegen.program import compile_derivation
from symgrad.notation.worked import Evaluation
from symgrad.verification.verdict import Verdict

HERE = Path(__file__).parent


def sources():
    return sorted(path for path in HERE.glob("*.py") if path.name != "__main__.py")


def page(source):
    """A derivation file as Markdown: its docstring, its code, and whatever in it can be shown as LaTeX."""
    names = runpy.run_path(str(source))
    title, _, introduction = names["__doc__"].strip().partition("\n")
    code = source.read_text(encoding="utf-8").split('"""', 2)[2].strip()
    parts = [f"# {title}", introduction.strip(), f"```python\n{code}\n```"]
    for value in names.values():
        if isinstance(value, sg.Derivation):
            parts.append(value.markdown().partition("\n")[2].strip())  # the page has its title already
        elif isinstance(value, Evaluation):
            parts.append(f"## In numbers\n\n$$\n{value.latex()}\n$$")
        elif isinstance(value, Verdict):
            parts.append(f"## Checked\n\n{value}.")
    derivations = [value for value in names.values() if isinstance(value, sg.Derivation)]
    parts += [program(value) for value in derivations if not value.model.functions]
    return "\n\n".join(parts) + "\n"


def program(derivation):
    return f"## As NumPy\n\n```python\n{compile_derivation(derivation).source.strip()}\n```"


if __name__ == "__main__":
    for source in sources():
        source.with_suffix(".md").write_text(page(source), encoding="utf-8")
        print(source.with_suffix(".md"))
