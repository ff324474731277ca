"""One claim in LaTeX against definitions in LaTeX."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from symgrad.checking.check import checked
from symgrad.checking.declarations import checked_shapes
from symgrad.errors import ClaimError, InputError
from symgrad.reading.documents.text import Document, Fragment, Text
from symgrad.verification.verdict import Verdict


def verify(
    definitions: Sequence[str], claim: str, shapes: Mapping[str, str] | None = None, seconds: float = 5.0
) -> Verdict:
    r"""The verdict on a claim in LaTeX, given definitions in LaTeX; `shapes` has axes by LaTeX name, {"X": "n d"}.

    Raises InputError where a text isn't one, ClaimError, quoting it, where a formula can't be read or claims nothing.

    >>> verify([r"\hat{y} = w x + b", r"L = \frac{1}{2} (\hat{y} - y)^2"], r"\frac{dL}{dw} = (\hat{y} - y) x").status
    'proved'
    """
    if isinstance(definitions, str) or not all(isinstance(text, str) for text in (*definitions, claim)):
        raise InputError(f"definitions is a list of LaTeX texts, claim one text; got {definitions!r} and {claim!r}")
    texts = [*definitions, claim]
    formulas = [Text.of(text, f"formula {place}") for place, text in enumerate(texts, 1)]
    fragments = [*(Fragment("display", text) for text in formulas[:-1]), Fragment("claim", formulas[-1])]
    if shapes:
        declared = "; ".join(f"{name}: {axes or 'scalar'}" for name, axes in checked_shapes(shapes).items())
        fragments.insert(0, Fragment("directive", Text.of(declared, "shapes")))
    report = checked(Document("claim", tuple(fragments)), seconds)
    for problem in report.problems:
        raise InputError(problem.message)
    for finding in report:
        if finding.kind == "unread":
            raise ClaimError(f"can't read {finding.tex!r}: {finding.message}")
    verdicts = [f.verdict for f in report if f.place.file == f"formula {len(texts)}" and f.verdict is not None]
    if not verdicts:
        raise ClaimError(f"{claim!r} claims nothing that can be checked: write an equation, such as dL/dw = …")
    return next((verdict for verdict in verdicts if not verdict), verdicts[-1])
