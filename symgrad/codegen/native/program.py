"""A derivation as one compiled function for any sizes, called like the NumPy program."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from symgrad.codegen.native.build import Shapes, kernel
from symgrad.codegen.native.compiler import find_compiler
from symgrad.codegen.native.function import Function
from symgrad.codegen.native.kernel import Kernel
from symgrad.codegen.native.nodes import Extent
from symgrad.codegen.native.operations import safe
from symgrad.codegen.native.places import check_places, places
from symgrad.codegen.native.source import source
from symgrad.codegen.native.training import entry
from symgrad.codegen.native.unsupported import NativeError
from symgrad.codegen.program import Program, Reduction, arguments, compile_derivation
from symgrad.derivation import Derivation
from symgrad.equations import Model, Size

SAMPLES = "samples_"  # the number of samples in C; no quantity of a model of scalars need have that name
_NOTHING = np.empty(0)
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


@dataclass(frozen=True)
class _Layout:
    """What a call with values of certain shapes and types needs to know."""

    function: Function
    sizes: tuple[int, ...]
    common: tuple[int, ...]
    spread: frozenset[str]  # the inputs that are repeated to the common shape
    kinds: Mapping[str, np.dtype[Any]]
    real: np.dtype[Any]
    parts: Mapping[str, tuple[slice, tuple[int, ...]]]  # where each result lies in the outputs, and its shape
    total: int


class NativeFunction:
    """The result and the gradients by C, compiled at the first call; raises NativeError where there can be none."""

    def __init__(self, derivation: Derivation, reduction: Reduction) -> None:
        find_compiler()
        self.derivation, self.reduction = derivation, reduction
        self._scalar = not derivation.model.has_axes
        self._places = places(derivation.model)
        self._functions: dict[Kind, Function] = {}
        self._layouts: dict[Any, _Layout] = {}
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
        arrays = {name: np.asarray(value) for name, value in values.items()}
        key = tuple((array.shape, array.dtype) for array in arrays.values())
        if key not in self._layouts:
            arguments(model, values)  # C would read beyond arrays that don't fit together
            self._layouts[key] = self._layout({name: (array.shape, array.dtype) for name, array in arrays.items()})
        layout = self._layouts[key]
        columns = {}
        for name, kind in layout.kinds.items():
            array = arrays[name]
            if name in layout.spread:
                array = np.broadcast_to(array, layout.common)
            columns[name] = np.ascontiguousarray(array, kind)
        if self._places:
            check_places(model, self._places, columns, {name: array.shape for name, array in arrays.items()})
        out = np.empty(layout.total, layout.real)
        returned = layout.function(layout.sizes, columns, _NOTHING, out)
        found: dict[str, Any] = {
            quantity: out[part].reshape(shape) if shape else out[part][0]
            for quantity, (part, shape) in layout.parts.items()
        }
        result = found.get(model.result, layout.real.type(returned))
        found[model.result] = 1.0
        return result, {name: found[name] for name in self.derivation.wrt}

    def _layout(self, arrays: Mapping[str, tuple[tuple[int, ...], np.dtype[Any]]]) -> _Layout:
        """How values of the given shapes and types are handed over, and where the results lie."""
        model = self.derivation.model
        common = np.broadcast_shapes(*(shape for shape, _ in arrays.values())) if self._scalar else ()
        floats = [kind for _, kind in arrays.values() if kind.kind == "f"]
        single = bool(floats) and all(kind == np.float32 for kind in floats)
        real: np.dtype[Any] = np.dtype(np.float32 if single else np.float64)
        varying = frozenset(name for name, (shape, _) in arrays.items() if self._scalar and shape)
        function = self._function((single, varying))
        lengths = self._lengths({name: shape for name, (shape, _) in arrays.items()}, prod(common))
        parts: dict[str, tuple[slice, tuple[int, ...]]] = {}
        total = 0
        for quantity, array in function.kernel.results.items():
            if array != function.kernel.returns:
                own = self._scalar and function.kernel.extents[array]
                shape = common if own else _shape(model, quantity, lengths)
                parts[quantity] = slice(total, total + prod(shape)), shape
                total += prod(shape)
        whole: np.dtype[Any] = np.dtype(np.int64)
        return _Layout(
            function,
            tuple(lengths[name] for name in function.kernel.varying),
            common,
            frozenset(name for name in varying if arrays[name][0] != common),
            {quantity.name: whole if quantity.integer else real for quantity in model.inputs},
            real,
            parts,
            total,
        )

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
