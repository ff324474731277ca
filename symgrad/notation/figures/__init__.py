"""Figures: plain functions from data, or from a model, to pictures.

Stills are matplotlib figures, written by `save`; films are saved as GIFs by their own `save`.  The functions
live in `curves` (a function of one variable), `samples` (points and the line through them) and `network` (a
model's diagram).
"""

from symgrad.notation.figures.film import Film
from symgrad.notation.figures.style import save

__all__ = ["Film", "save"]
