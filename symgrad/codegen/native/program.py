"""A derivation as one compiled function for any sizes, called like the NumPy program."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symgrad.codegen.native.build import Shapes, kernel
from symgrad.codegen.native.compiler import find_compiler
from symgrad.codegen.native.function import Function
from symgrad.codegen.native.kernel import Kernel
from symgrad.codegen.native.nodes import Extent
from symgrad.codegen.native.operations import safe
from symgrad.codegen.native.places import check_places
from symgrad.codegen.native.source import source
from symgrad.codegen.native.training import entry
from symgrad.codegen.native.unsupported import NativeError
from symgrad.codegen.program import Program, Reduction, compile_derivation
from symgrad.derivation import Derivation
from symgrad.equations import Model, Size

SAMPLES = "samples_"  # the number of samples in C; no quantity of a model of scalars need have that name
TYPICAL = 100  # the length that an axis is taken to have where loops and library calls are chosen

#: What a compiled function depends on: single precision or double, and which inputs have one value a sample.
Kind = tuple[bool, frozenset[str]]


def native_program(derivation: Derivation, reduction: Reduction) -> Program:
    """The compiled program of a derivation; the NumPy one, with a warning that says why, where there can be none."""
    try:
        function = NativeFunction(derivation, reduction)
    except NativeError as error:
        _warn(derivation, error, stacklevel=5)
        return compile_derivation(derivation, reduction)
    return Program(derivation.model, derivation.wrt, reduction, function.source, function)


def _warn(derivation: Derivation, error: NativeError, stacklevel: int) -> None:
    name = derivation.model.name
    warnings.warn(f'backend="native" can\'t serve {name}, so NumPy does: {error}', stacklevel=stacklevel)


class NativeFunction:
    """The result and the gradients by C, compiled at the first call; raises NativeError where there can be none."""

    def __init__(self, derivation: Derivation, reduction: Reduction) -> None:
        find_compiler()
        self.derivation, self.reduction = derivation, reduction
        self._scalar = not derivation.model.has_axes
        self._functions: dict[Kind, Function] = {}
        self._instead: Callable[..., Any] | None = None  # NumPy's function, where the compiler turned out not to work
        one = self._kernel((False, frozenset()))
        text = one.text  # printing finds what the text calls
        self.source = source(derivation.model.name, one.called, [text, entry(one, "call")], False, 64)

    def __call__(self, **values: Any) -> tuple[Any, dict[str, Any]]:
        """The result and the gradients by name, for checked values."""
        if self._instead is None:
            try:
                return self._computed(values)
            except NativeError as error:
                _warn(self.derivation, error, stacklevel=4)
                self._instead = compile_derivation(self.derivation, self.reduction).function
        found: tuple[Any, dict[str, Any]] = self._instead(**values)
        return found

    def _computed(self, values: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
        model = self.derivation.model
        shapes = {name: np.shape(value) for name, value in values.items()}
        common = np.broadcast_shapes(*shapes.values()) if self._scalar else ()
        samples = prod(common)
        real = [np.asarray(value).dtype for value in values.values() if np.asarray(value).dtype.kind == "f"]
        single = bool(real) and all(kind == np.float32 for kind in real)
        varying = frozenset(name for name, shape in shapes.items() if self._scalar and shape)
        kind = np.dtype(np.float32 if single else np.float64)
        columns = {}
        for quantity in model.inputs:
            value = np.asarray(values[quantity.name])
            if quantity.name in varying and value.shape != common:
                value = np.broadcast_to(value, common)
            columns[quantity.name] = np.ascontiguousarray(value, np.int64 if quantity.integer else kind)
        check_places(model, columns, shapes)
        function = self._function((single, varying))
        lengths = self._lengths(shapes, samples)
        sizes = tuple(lengths[name] for name in function.kernel.varying)
        return self._called(function, columns, sizes, lengths, common, kind)

    def _called(
        self,
        function: Function,
        columns: dict[str, NDArray[Any]],
        sizes: tuple[int, ...],
        lengths: dict[str, int],
        common: tuple[int, ...],
        kind: np.dtype[Any],
    ) -> tuple[Any, dict[str, Any]]:
        built, model = function.kernel, self.derivation.model
        parts: dict[str, tuple[slice, tuple[int, ...]]] = {}
        total = 0
        for quantity, array in built.results.items():
            if array != built.returns:
                shape = common if self._scalar and built.extents[array] else _shape(model, quantity, lengths)
                parts[quantity] = slice(total, total + prod(shape)), shape
                total += prod(shape)
        out = np.empty(total, kind)
        returned = function(sizes, columns, np.empty(0, kind), out)
        found = {
            quantity: out[part].reshape(shape) if shape else out[part][0] for quantity, (part, shape) in parts.items()
        }
        result = found.get(model.result, kind.type(returned))
        found[model.result] = 1.0
        return result, {name: found[name] for name in self.derivation.wrt}

    def _lengths(self, shapes: dict[str, tuple[int, ...]], samples: int) -> dict[str, int]:
        found = {SAMPLES: samples}
        for quantity in self.derivation.model.inputs:
            pairs = zip(quantity.axes, shapes[quantity.name], strict=False)
            found |= {safe(axis.name): length for axis, length in pairs if isinstance(axis, Size)}
        return found

    def _function(self, kind: Kind) -> Function:
        if kind not in self._functions:
            self._functions[kind] = Function(self.derivation.model.name, self._kernel(kind))
        return self._functions[kind]

    def _kernel(self, kind: Kind) -> Kernel:
        single, varying = kind
        model = self.derivation.model
        sizes = {
            axis: Extent(safe(axis.name), None, TYPICAL)
            for quantity in model.inputs
            for axis in quantity.axes
            if isinstance(axis, Size)
        }
        sample = Extent(SAMPLES, None, TYPICAL) if varying else next(iter(sizes.values()), None)
        shapes = Shapes(sizes, sample, varying, self.reduction == "mean")
        return kernel(self.derivation, shapes, [], single=single)


def _shape(model: Model, quantity: str, lengths: dict[str, int]) -> tuple[int, ...]:
    axes = model.quantities[quantity].axes
    known = {size: lengths[safe(size.name)] for axis in axes for size in axis.free_symbols}
    return tuple(int(axis.xreplace(known)) for axis in axes)
