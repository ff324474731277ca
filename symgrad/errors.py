"""The one family of exceptions that symgrad raises."""


class SymgradError(Exception):
    """Base of everything that symgrad raises on purpose."""


class ModelError(SymgradError):
    """A model that can't be read: a cycle, a reassignment, an unknown name, a branch on a symbol."""


class ShapeError(ModelError):
    """Axes that don't fit together."""


class DerivativeError(SymgradError):
    """An operation that has no derivative here; the message names it."""


class InputError(SymgradError):
    """Values given to a model that are missing, unknown, or of the wrong kind."""


class ClaimError(SymgradError):
    """A claim that can't be read or doesn't belong to the model."""
