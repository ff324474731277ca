"""Training: optimisers on a compiled model, its data, checkpoints and history."""

from symgrad.training import optimizers, schedules
from symgrad.training.data import columns
from symgrad.training.divergence import DivergenceError
from symgrad.training.fit import fit
from symgrad.training.history import Epoch, History, Run

__all__ = ["DivergenceError", "Epoch", "History", "Run", "columns", "fit", "optimizers", "schedules"]
