"""Export: a model and its derived gradients as source that runs without symgrad."""

from symgrad.exporting.export import export, to_jax, to_torch

__all__ = ["export", "to_jax", "to_torch"]
