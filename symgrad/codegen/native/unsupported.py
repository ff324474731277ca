"""What this backend can't do, said so that a caller can turn to NumPy and say why."""

from symgrad.errors import SymgradError


class NativeError(SymgradError):
    """A model, or a machine, that the native backend can't serve; the message says what is missing."""
