"""Claims about derivatives: proved, refuted with a counterexample, and explained."""

from typing import Any

__all__ = ["BackwardReport", "assert_backward", "verify_backward"]


def __getattr__(name: str) -> Any:
    """What needs NumPy, imported when it is first used: verdicts are public names that don't."""
    if name not in __all__:
        raise AttributeError(f"symgrad.verification has no {name!r}")
    from symgrad.verification import backward

    return getattr(backward, name)
