"""The data sets that symgrad carries: small, real, and with their source.

`women.csv`: average heights and weights of American women aged 30 to 39, fifteen of them, from the World
Almanac and Book of Facts, 1975.  The almanac's inches and pounds stand beside centimetres and kilograms: an
inch is 2.54 cm and a pound 0.45359237 kg, both by definition; heights are exact, weights are rounded to
0.01 kg.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def women() -> Mapping[str, NDArray[np.float64]]:
    """Heights in cm as `x` and weights in kg as `y`, two arrays of fifteen: see the module for the source.

    >>> data = women()
    >>> float(data["x"][0]), float(data["y"][0]), len(data["x"])
    (147.32, 52.16, 15)
    """
    import numpy as np

    with files(__name__).joinpath("women.csv").open(encoding="utf-8") as table:
        columns = np.loadtxt(table, delimiter=",", skiprows=1, usecols=(2, 3), unpack=True)
    return MappingProxyType({"x": columns[0], "y": columns[1]})
