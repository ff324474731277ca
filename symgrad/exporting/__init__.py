"""Export: a model and its derived gradients as source that runs without symgrad."""

from symgrad.exporting.export import export, to_jax, to_torch
from symgrad.exporting.onnx_graph import to_onnx

__all__ = ["export", "to_jax", "to_onnx", "to_torch"]
