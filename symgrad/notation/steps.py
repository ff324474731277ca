"""A derivation for a reader: each step as LaTeX and as text, the whole as Markdown."""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Expr, Indexed, IndexedBase, Symbol

from symgrad.adjoint import Contribution
from symgrad.chain import ChainRow
from symgrad.derivation import Derivation, Step
from symgrad.equations import Equation, Model
from symgrad.infix import Infix
from symgrad.names import partial_name
from symgrad.notation.latex import Printer, aligned
from symgrad.notation.legend import legend
from symgrad.notation.names import latex_name, partial_latex
from symgrad.notation.style import Statement, Style, partials_of

AUTO = Style()


@dataclass(frozen=True)
class Line:
    """One line of a derivation: sides joined by equals signs, and why it holds."""

    sides: tuple[str, ...]
    reason: str = ""

    @property
    def latex(self) -> str:
        """The line as LaTeX."""
        return " = ".join(self.sides)

    @property
    def aligned(self) -> str:
        """The line for an `aligned` block: the first two sides, then a row for each further one."""
        first, *rest = self.sides
        return " \\\\\n".join([f"{first} &= {rest[0]}", *(f"&= {side}" for side in rest[1:])])

    def _repr_latex_(self) -> str:
        return f"$${self.latex}$$"


def step_lines(derivation: Derivation, step: Step, style: Style = AUTO) -> tuple[Line, ...]:
    """The local derivatives that a step needs, then its chain rule and combined result."""
    printer = Printer(derivation.written, partials=partials_of(derivation.model))
    result = derivation.model.result
    adjoint = _entry(partial_name(result, step.quantity), step)
    if not step.contributions:
        value = printer.latex(step.adjoint)
        return (Line((printer.latex(adjoint), value), step.reason),)
    direct = all(share.user == result for share in step.contributions)
    scalar = not step.indices and not any(_has_axes(derivation, share) for share in step.contributions)
    if direct or not scalar:
        found = _statement(derivation, step, style)
        reason = f"{step.reason}: {found.shapes}" if found.shapes else step.reason
        return (Line((found.left, found.right), reason),)
    locals_ = tuple(
        Line((partial_latex(latex_name(share.user), latex_name(step.quantity)), printer.latex(share.local)))
        for share in step.contributions
        if share.user != result
    )
    rule = " + ".join(_rule(printer, result, share, step.quantity) for share in step.contributions).replace("+ -", "- ")
    combined = printer.latex(_written_out(derivation, step))
    return (*locals_, Line((printer.latex(adjoint), rule, combined), step.reason))


def _entry(name: str, step: Step) -> Expr:
    return IndexedBase(name)[step.indices] if step.indices else Symbol(name)


def _statement(derivation: Derivation, step: Step, style: Style) -> Statement:
    """A step's adjoint in the style that is asked for."""
    name = partial_name(derivation.model.result, step.quantity)
    equation = Equation(name, _written_out(derivation, step), step.indices)
    return style.statement(equation, derivation.model, derivation.written)


def _has_axes(derivation: Derivation, share: Contribution) -> bool:
    return bool(derivation.model.equation(share.user).indices) or isinstance(share.entry, Indexed)


def _rule(printer: Printer, result: str, share: Contribution, quantity: str) -> str:
    if share.user == result:  # one path of several: the partial's own name means them all
        return printer.latex(share.local)
    local = partial_latex(latex_name(share.user), latex_name(quantity))
    return printer.chain([partial_latex(latex_name(result), latex_name(share.user)), local])


def _written_out(derivation: Derivation, step: Step) -> Expr:
    """The adjoint in named quantities if that is a line a person would write; otherwise in the users' adjoints."""
    if step.indices:
        return step.adjoint
    combined = derivation.gradient[step.quantity]
    return combined if combined.count_ops() <= LONGEST_LINE else step.adjoint


LONGEST_LINE = 40  # operations; a longer combined product is left in terms of the adjoints above it


def lines(derivation: Derivation, style: Style = AUTO) -> tuple[Line, ...]:
    """Every line of the derivation, in order; the result's own step, which says 1, is left out."""
    return tuple(
        line
        for step in derivation.steps
        if step.quantity != derivation.model.result or step.quantity in derivation.wrt
        for line in step_lines(derivation, step, style)
    )


def chain_line(row: ChainRow) -> Line:
    """A row of the chain rule told from the result down."""
    printer = Printer(row.written)
    statement, combined = printer.latex(row.statement), printer.latex(row.combined)
    left = partial_latex(latex_name(row.of), latex_name(row.by))
    return Line((left, *([statement] if statement not in (left, combined) else []), combined))


def derivation_latex(derivation: Derivation, style: Style = AUTO) -> str:
    """Every line as one `aligned` block."""
    return aligned([line.aligned for line in lines(derivation, style)])


def model_latex(model: Model, style: Style = AUTO) -> str:
    """A model's equations as one numbered `aligned` block."""
    statements = (style.statement(equation, model, model.written) for equation in model.equations)
    return aligned([f"{found.left} &= {found.right} && ({n})" for n, found in enumerate(statements, 1)])


def derivation_markdown(derivation: Derivation, style: Style = AUTO) -> str:
    """The equations as a numbered list, the steps with their reasons, the gradient."""
    model = derivation.model
    title = model.name.replace("_", " ").capitalize()
    parts = [f"# {title}", *([model.doc] if model.doc else []), "## The model"]
    statements = [style.statement(equation, model, model.written) for equation in model.equations]
    parts.append("\n".join(f"{n}. ${found.left} = {found.right}$" for n, found in enumerate(statements, 1)))
    shown = [
        step_lines(derivation, step, style)
        for step in derivation.steps
        if step.quantity != model.result or model.result in derivation.wrt
    ]
    parts.append("## The derivation, from the result back")
    if model.has_axes:
        printed = [found.right for found in statements] + [line.latex for block in shown for line in block]
        parts.append(legend(style.layout, "\n".join(printed)))
    for block in shown:
        formulas = aligned([line.aligned for line in block])
        parts.append(f"{_sentence(derivation, block[-1].reason)}\n\n$$\n{formulas}\n$$")
    parts.append("## The gradient")
    rows = []
    for name in derivation.wrt:
        step = derivation.step(name)
        found_row = _statement(derivation, step, style)
        rows.append(f"{found_row.left} &= {found_row.right}")
    parts.append(f"$$\n{aligned(rows)}\n$$")
    return "\n\n".join(parts) + "\n"


def _sentence(derivation: Derivation, reason: str) -> str:
    """A step's reason with its names as mathematics."""
    names = derivation.model.quantities
    words = (
        f"${latex_name(word.strip(',:'))}${word[len(word.strip(',:')) :]}" if word.strip(",:") in names else word
        for word in reason.split()
    )
    text = " ".join(words)
    return (text if text.startswith("$") else text[0].upper() + text[1:]) + "."


def derivation_text(derivation: Derivation) -> str:
    """The steps as plain text, one a line, with the reason."""
    result, printer = derivation.model.result, Infix(derivation.written)
    rows = [
        f"{_entry(partial_name(result, step.quantity), step)} = {printer.text(step.adjoint)}    ({step.reason})"
        for step in derivation.steps
    ]
    return "\n".join(rows)
