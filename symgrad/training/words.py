"""Small pieces of wording that the messages of training share."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np


def listing(names: Collection[str]) -> str:
    """Names as a person lists them.

    >>> listing(["w", "b"]), listing([])
    ('w, b', 'none')
    """
    return ", ".join(map(str, names)) or "none"


def did_you_mean(name: object, known: Collection[str]) -> str:
    """The nearest known name as a suggestion, or nothing.

    >>> did_you_mean("weigth", ["weight", "height"])
    ' (did you mean weight?)'
    """
    near = difflib.get_close_matches(str(name), list(known), n=1)
    return f" (did you mean {near[0]}?)" if near else ""


def values_text(values: Mapping[str, Any], limit: int = 6) -> str:
    """Parameter values, six significant digits each; arrays by their shape, and the tail cut.

    >>> values_text({"w": 0.330955, "b": 5.9975})
    'w = 0.330955, b = 5.9975'
    """
    parts = [
        f"{name} = {float(value):.6g}" if np.ndim(value) == 0 else f"{name} = array{np.shape(value)}"
        for name, value in list(values.items())[:limit]
    ]
    return ", ".join(parts) + (f", … {len(values) - limit} more" if len(values) > limit else "")
