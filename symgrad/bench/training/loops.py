"""Training loops as this benchmark runs them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from symgrad.bench.training.cases import Array, Case

Params: TypeAlias = Mapping[str, Array]
#: Trains for so many epochs from the start values, and returns the parameters.
Loop: TypeAlias = Callable[[int], Params]
#: Makes a loop for a case, or returns in words why there is none.
Maker: TypeAlias = Callable[[Case], Loop | str]


#: What the loops keep, in words.
KEPT = (
    "Rows of symgrad keep the parameters after each epoch and its running loss, the mean of the steps' costs, as "
    'scikit-learn does; "with history" is with the cost of all samples after each epoch instead, a pass more over the '
    "data. The other loops keep nothing."
)
