"""The page: the words of page.md around symgrad's formulas and numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files

import numpy as np
from sympy import Expr, Integer, Symbol

import symgrad as sg
from symgrad.article.check import number_text
from symgrad.article.models import hill, network, regression
from symgrad.article.report import Checked, Report
from symgrad.article.results import (
    NETWORK_EPOCHS,
    NETWORK_RATE,
    NETWORK_START,
    POINT,
    RATE,
    START,
    Results,
)
from symgrad.article.typeset import typeset
from symgrad.chain import chain
from symgrad.expressions import Order, product, total
from symgrad.notation.latex import Printer, aligned
from symgrad.notation.names import latex_name
from symgrad.notation.steps import Line, chain_line, model_latex
from symgrad.notation.vector import definition_latex
from symgrad.notation.worked import Evaluation, worked_line

APPROXIMATELY = r"\approx"
TITLE = "How a network learns, number by number"


def page(results: Results, report: Report) -> str:
    """The whole page as Markdown, with its pictures in the same folder."""
    parts = {
        "models": _models(),
        **_gradient(results),
        **_loss(results),
        **_cost(results),
        **_backpropagation(results),
        **_statements(report),
    }
    words = files("symgrad.article").joinpath("page.md").read_text(encoding="utf-8")
    return re.sub("<<(\\w+)>>", lambda match: parts[match[1]], words)


def _models() -> str:
    source = files("symgrad.article").joinpath("models.py").read_text(encoding="utf-8")
    return source[source.index("import symgrad") :].strip()


def _gradient(results: Results) -> dict[str, str]:
    start, jump = results.climbs["1"][:2]
    rows = [
        (f"${rate}$", *(_number(at["x"], 4) for at in climb), _number(climb[-1]["f"], 2))
        for rate, climb in results.climbs.items()
    ]
    slope = sg.gradient(hill.equation("f").rhs, [Symbol("x")])
    return {
        "hill": _latex(hill.equation("f").rhs, hill.written),
        "definition": definition_latex(),
        "slope": slope.latex(),
        "start": _short(start["x"]),
        "jump": _short(jump["x"]),
        "slope_at_start": slope.at(start["x"]).latex(),
        "slope_at_jump": slope.at(jump["x"]).latex(),
        "low": _short(start["f"]),
        "astray": _short(jump["x"] + abs(jump["df_dx"])),
        "climbs": _table((r"$\alpha$", "$x_0$", "$x_1$", "$x_2$", "$f(x_2)$"), rows),
    }


def _loss(results: Results) -> dict[str, str]:
    before, after = results.before, results.after
    rows = [
        (f"${latex_name(name)}$", _number(before[name], 6), _number(after[name], 6)) for name in ("w", "b", "yhat", "L")
    ]
    chains = [chain_line(row) for name in START for row in chain(sg.derive(regression), name)]
    return {
        "regression": model_latex(regression),
        "regression_chain": _rows(chains),
        "regression_numbers": _rows(before.lines()),
        **{name: _short(value) for name, value in {**START, **POINT}.items()},
        "prediction": _short(before["yhat"]),
        "rate": _short(RATE, 6),
        "updates": _rows([_update(name, before) for name in START]),
        "before_and_after": _table(("", "before", "after"), rows),
        "error_factor": _short(1 - RATE * (POINT["x"] ** 2 + 1)),
    }


def _update(name: str, at: Evaluation) -> Line:
    """A parameter's step against the gradient, with its numbers."""
    written: dict[Expr, Order] = {}
    step = product((Integer(-1), Symbol("alpha"), Symbol(f"dL_d{name}")), written)
    rule = total((Symbol(name), step), written)
    return worked_line(rf"{name}^\prime", rule, {**at.values, "alpha": RATE}, written)


def _cost(results: Results) -> dict[str, str]:
    history, x = results.line.history, results.data["x"]
    rows = [(row.epoch, f"{row.params['w']:.4f}", f"{row.params['b']:.4f}", f"{row.loss:.2f}") for row in history]
    curvature = float(np.mean(x**2)) + 1
    return {
        "epochs": _table(("epoch", "$w$", "$b$", r"$\mathscr{C}$"), rows),
        "curvature": f"{curvature:.0f}",
        "epoch_factor": f"{1 - float(RATE) * curvature:.2f}",
        "largest_rate": f"{2 / curvature:.6f}",
        "cost": f"{history[-1].loss:.2f}",
        "least_cost": f"{_least_cost(results):.2f}",
    }


def _least_cost(results: Results) -> float:
    """The lowest cost that any straight line has on the data."""
    x, y = results.data["x"], results.data["y"]
    squares = np.linalg.lstsq(np.stack([x, np.ones_like(x)], axis=1), y)[1]
    return float(squares[0]) / (2 * len(x))


def _backpropagation(results: Results) -> dict[str, str]:
    derivation = sg.derive(network, wrt=list(NETWORK_START))
    bound = sg.derive(network.bind(f=sg.sigmoid), wrt="w1")
    rows = [f"{_rule(chain_line(row))} && ({place})" for place, row in enumerate(chain(derivation, "w1"), 1)]
    gradient = [
        f"{latex_name('dL_d' + name)} &= {_latex(derivation.gradient[name], derivation.written)}"
        for name in NETWORK_START
    ]
    first, last = results.net.history[0], results.net.history[-1]
    numbers = [
        (f"${latex_name(name)}$", f"${start:g}$", f"${last.params[name]:.4f}$") for name, start in NETWORK_START.items()
    ]
    return {
        "network": model_latex(network),
        "network_chain": aligned(rows),
        "network_gradient": aligned(gradient),
        "sigmoid_gradient": f"{latex_name('dL_dw1')} = {_latex(bound.gradient['w1'], bound.written)}",
        "net_epochs": str(NETWORK_EPOCHS),
        "net_rate": f"{NETWORK_RATE:g}",
        # The loss is in squares of hundreds of kilograms.
        "net_before": f"{100**2 * first.loss:.2f}",
        "net_after": f"{100**2 * last.loss:.2f}",
        "net_parameters": _table(("", "start", "trained"), numbers),
    }


def _statements(report: Report) -> dict[str, str]:
    rows = [
        (
            _stated(item),
            _ours(item),
            "**refuted**" if item.refuted else item.verdict.status,
        )
        for item in report.checked
    ]
    return {
        "statements": _table(("the article", "symgrad", "verdict"), rows),
        "slips": "\n".join(f"- {item.claim.where}, {_stated(item)}: {_plain(item.why)}." for item in report.refuted),
    }


def _stated(item: Checked) -> str:
    """The article's line, with the point where that is all that was given."""
    where = f" at $x = {item.claim.at['x']}$" if item.claim.at.keys() == {"x"} else ""
    return f"${typeset(item.claim.sides)}${where}"


def _ours(item: Checked) -> str:
    correct = item.verdict.correct
    if correct is None:
        return ""
    return _number(correct.rhs, 6) if item.claim.at else f"${item.verdict.latex()}$"


def _number(value: Expr, places: int) -> str:
    """A number as inline mathematics, marked where it is rounded to `places` decimals."""
    return f"${number_text(value, places).replace('≈', APPROXIMATELY)}$"


def _plain(text: str) -> str:
    """Text that Markdown shows as it is."""
    return re.sub(r"([*_`|\\])", r"\\\1", text)


def _rows(lines: Iterable[Line]) -> str:
    """Lines under each other, aligned at their first equals sign."""
    return aligned([_rule(line) for line in lines])


def _rule(line: Line) -> str:
    return line.latex.replace(" = ", " &= ", 1)


def _latex(expr: Expr, written: Mapping[Expr, Order]) -> str:
    return Printer(written).latex(expr)


def _short(value: Expr, places: int = 2) -> str:
    """A number to at most `places` decimals."""
    text = f"{float(value):.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(map(str, cells)) + " |" for cells in lines)
