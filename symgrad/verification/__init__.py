"""Claims about derivatives: proved, refuted with a counterexample, and explained."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from symgrad.verification.backward import BackwardReport, assert_backward, verify_backward
    from symgrad.verification.numeric import verify_numbers

__all__ = ["BackwardReport", "assert_backward", "verify_backward", "verify_numbers"]


def __getattr__(name: str) -> Any:
    """What needs NumPy, imported when it is first used: a model loads this room's verdicts, but not NumPy."""
    if name not in __all__:
        raise AttributeError(f"symgrad.verification has no {name!r}")
    return getattr(import_module(f"symgrad.verification.{'numeric' if name == 'verify_numbers' else 'backward'}"), name)
