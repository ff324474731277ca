"""What every figure shares: colours, type sizes, numbers as labels, and files.

matplotlib is an extra.  It is imported when a figure is made, never when symgrad is, and no figure touches
pyplot, whose list of open figures is global state.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from symgrad.errors import SymgradError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# The palette of Okabe and Ito: told apart by readers with any common colour-vision deficiency.
BLACK = "#000000"
BLUE = "#0072B2"
GREEN = "#009E73"
ORANGE = "#E69F00"
SKY = "#56B4E9"
VERMILLION = "#D55E00"
GREY = "#6B6B6B"

# A figure is 8 by 4 inches: 1600 by 800 pixels, twice what a page shows.
WIDTH, HEIGHT, DPI = 8.0, 4.0, 200

_STYLE: dict[Any, Any] = {
    "font.family": "STIXGeneral",
    "mathtext.fontset": "stix",
    "font.size": 15,
    "axes.labelsize": 17,
    "xtick.labelsize": 14,
    "ytick.labelsize": 14,
    "legend.fontsize": 14,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#444444",
    "axes.linewidth": 1.0,
    "xtick.color": "#444444",
    "ytick.color": "#444444",
    "xtick.labelcolor": BLACK,
    "ytick.labelcolor": BLACK,
    "lines.linewidth": 2.4,
    "legend.frameon": False,
}


@contextmanager
def styled() -> Iterator[None]:
    """Apply the shared style while a figure is made or saved, and then put the reader's own settings back."""
    try:
        import matplotlib
    except ImportError as error:
        raise SymgradError("a figure needs matplotlib, which is not installed: pip install symgrad[plots]") from error
    with matplotlib.rc_context(_STYLE):
        yield


def blank(width: float = WIDTH, height: float = HEIGHT) -> Figure:
    """An empty figure of the given size in inches; call it inside `styled`."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), dpi=DPI)


def fit(figure: Figure) -> None:
    """Fit the axes of a figure to it, with room for every label."""
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    figure.set_layout_engine(ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.1))


def plane(across: str, up: str, *, upright: bool = False) -> tuple[Figure, Axes]:
    """A figure with one pair of axes, labelled (`upright` for a short symbol); call it inside `styled`."""
    figure = blank()
    fit(figure)
    axes = figure.add_subplot()
    axes.set_xlabel(across)
    axes.set_ylabel(up, rotation=0 if upright else 90, labelpad=18 if upright else 8)
    return figure, axes


def decimal(value: float, places: int = 2) -> str:
    """`value` to at most `places` decimals, without trailing zeros and with a true minus sign.

    >>> decimal(-6.5536), decimal(-16.0), decimal(0.0001, 1)
    ('−6.55', '−16', '0')
    """
    text = f"{value:.{places}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text.replace("-", "\N{MINUS SIGN}")


def save(figure: Figure, path: str | Path) -> Path:
    """Write `figure` to `path` in the format of its suffix (.png, .svg, .pdf), and return the path."""
    target = Path(path)
    with styled():
        figure.savefig(target, dpi=DPI)
    return target
