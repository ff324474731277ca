"""Training: gradient descent on a compiled model, its data, and its history."""

from symgrad.training.divergence import DivergenceError
from symgrad.training.fit import fit
from symgrad.training.history import Epoch, History, Run

__all__ = ["DivergenceError", "Epoch", "History", "Run", "fit"]
