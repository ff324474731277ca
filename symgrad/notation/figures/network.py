"""The diagram of a model: a node for every quantity, an arrow for every use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sympy import Expr, Function, Symbol

from symgrad.notation.figures.style import BLACK, BLUE, GREEN, GREY, ORANGE, SKY, blank, styled
from symgrad.notation.latex import FUNCTIONS, Printer
from symgrad.notation.names import latex_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from symgrad.equations import Model

# In units of the diagram: one column of nodes is one wide, and inches tell how wide that is on paper.
_RADIUS = 0.24
_INCHES = 1.36
_ROW = 0.95
_BEND = 0.4
_SPREAD = 0.62

Place = tuple[float, float]


def network(model: Model, parameters: Sequence[str] = ()) -> Figure:
    """The diagram of `model`, from its inputs on the left to its result on the right.

    Every input and every named quantity is a circle with its name; what a quantity is, stands under it.
    Inputs that enter later than the first quantity, and those in `parameters`, stand above the first quantity
    that uses them.
    """
    places, printer = _places(model, parameters), Printer(model.written)
    right = max(x for x, _ in places.values())
    uses = [(places[name], places[equation.name]) for equation in model.equations for name in equation.uses]
    sag = max((_BEND * (end[0] - start[0]) / 2 for start, end in uses if _passes(start, end)), default=0.0)
    low = min(y for _, y in places.values()) - max(0.0, sag - 0.5)
    high = max(y for _, y in places.values())
    with styled():
        width, height = (right + 1.1) * _INCHES, (high - low + 1.1) * _INCHES
        figure = blank(width, height)
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_axis_off()
        axes.set_xlim(-0.55, right + 0.55)
        axes.set_ylim(low - 0.62, high + 0.48)
        paper = {"facecolor": "white", "edgecolor": "none", "pad": 1.0}
        for equation in model.equations:
            applied = _applied(equation.rhs)
            for name in sorted(equation.uses):
                _use(axes, places[name], places[equation.name], applied)
            x, y = places[equation.name]
            what = f"${printer.latex(equation.rhs)}$"
            axes.text(x, y - _RADIUS - 0.09, what, ha="center", va="top", color=GREY, zorder=2, bbox=paper)
        for name, place in places.items():
            _node(axes, name, place, _colour(model, name, parameters))
    return figure


def _places(model: Model, parameters: Sequence[str]) -> dict[str, Place]:
    """Where each quantity stands: (column, height)."""
    inputs = [quantity.name for quantity in model.inputs]
    column: dict[str, int] = dict.fromkeys(inputs, 0)
    for equation in model.equations:
        column[equation.name] = 1 + max((column[name] for name in equation.uses), default=0)
    places: dict[str, Place] = {}
    rows: dict[int, int] = {}
    above: dict[str, list[str]] = {}
    for name in [*inputs, *(equation.name for equation in model.equations)]:
        users = [equation.name for equation in model.equations if name in equation.uses]
        if name in inputs and users and (name in parameters or column[users[0]] > 1):
            above.setdefault(users[0], []).append(name)
        else:
            row = rows[column[name]] = rows.get(column[name], -1) + 1
            places[name] = (float(column[name]), -row * 2.2 * _ROW)
    for user, names in above.items():
        x, y = places[user]
        for place, name in enumerate(names):
            places[name] = (x + (place - (len(names) - 1) / 2) * _SPREAD, y + _ROW)
    return places


def _applied(rhs: Expr) -> str:
    """The name of the function where the right-hand side is one function of one quantity, or nothing."""
    if isinstance(rhs, Function) and len(rhs.args) == 1 and isinstance(rhs.args[0], Symbol):
        name = type(rhs).__name__
        return FUNCTIONS.get(name, latex_name(name))
    return ""


def _use(axes: Axes, start: Place, end: Place, function: str) -> None:
    """The arrow from a quantity to one that uses it, bent around the nodes that it would run through."""
    (x0, y0), (x1, y1) = start, end
    bend = _BEND if _passes(start, end) else -_BEND / 5 if x1 - x0 > 1.5 and y0 > y1 else 0.0
    points = _RADIUS * _INCHES * 72
    axes.annotate(
        "",
        end,
        start,
        arrowprops={
            "arrowstyle": "-|>",
            "color": BLACK,
            "lw": 1.8,
            "mutation_scale": 18,
            "shrinkA": points,
            "shrinkB": points + 1,
            "connectionstyle": f"arc3,rad={bend}",
        },
        zorder=1,
    )
    if function:
        axes.text((x0 + x1) / 2, (y0 + y1) / 2 + 0.07, f"${function}$", ha="center", va="bottom", color=BLUE)


def _passes(start: Place, end: Place) -> bool:
    """Whether the straight arrow would run through nodes of its own row."""
    return end[0] - start[0] > 1.5 and start[1] == end[1]


def _node(axes: Axes, name: str, place: Place, colour: str) -> None:
    from matplotlib.patches import Circle

    node = Circle(place, _RADIUS, facecolor=colour, edgecolor=BLACK, lw=1.6, zorder=2, gid=f"node:{name}")
    axes.add_patch(node)
    axes.text(*place, f"${latex_name(name)}$", ha="center", va="center", fontsize=19, zorder=3)


def _colour(model: Model, name: str, parameters: Sequence[str]) -> str:
    if name in parameters:
        return _light(ORANGE)
    if name == model.result:
        return _light(GREEN)
    return _light(SKY) if any(quantity.name == name for quantity in model.inputs) else "white"


def _light(colour: str) -> str:
    """The colour on white, at four tenths."""
    parts = [round(255 - 0.4 * (255 - int(colour[start : start + 2], 16))) for start in (1, 3, 5)]
    return "#{:02x}{:02x}{:02x}".format(*parts)
