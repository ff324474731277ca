"""Values as a number times an array: constants travel to where they cost least, and meet there."""

from __future__ import annotations

import operator
from dataclasses import dataclass

import numpy as np

from symgrad.codegen.inplace.graph import COMPARISONS, Graph, Node, Shape


@dataclass(frozen=True)
class Value:
    """scale · array, or just scale where there is no array."""

    scale: Node
    array: Node | None = None

    @property
    def shape(self) -> Shape:
        """The shape, () for a number."""
        return self.array.shape if self.array is not None else ()


@dataclass
class Algebra:
    """Arithmetic on values, each operation with as few passes over arrays as it needs."""

    graph: Graph

    def of(self, node: Node) -> Value:
        """A node as a value."""
        return Value(node) if node.is_scalar else Value(self.graph.number(1.0), node)

    def number(self, value: float) -> Value:
        """A number."""
        return Value(self.graph.number(value))

    def node(self, value: Value) -> Node:
        """The value as one node."""
        if value.array is None:
            return value.scale
        if value.scale.value == 1:
            return value.array
        if value.scale.value == -1:
            return self.graph.elementwise("negative", (value.array,))
        return self.graph.elementwise("multiply", (value.array, value.scale))

    def plus(self, a: Value, b: Value) -> Value:
        """a + b."""
        if a.array is None and b.array is None:
            return Value(self._sum(a.scale, b.scale))
        if a.array is not None and b.array is not None:
            if a.scale is b.scale:
                return Value(a.scale, self.graph.elementwise("add", (a.array, b.array)))
            if a.scale is self._negative(b.scale):
                return Value(a.scale, self.graph.elementwise("subtract", (a.array, b.array)))
        if b.scale.value == -1 and b.array is not None:
            return self.of(self.graph.elementwise("subtract", (self.node(a), b.array)))
        if a.scale.value == -1 and a.array is not None:
            return self.of(self.graph.elementwise("subtract", (self.node(b), a.array)))
        if a.array is None and a.scale.value == 0:
            return b
        if b.array is None and b.scale.value == 0:
            return a
        return self.of(self.graph.elementwise("add", (self.node(a), self.node(b))))

    def minus(self, a: Value, b: Value) -> Value:
        """a - b."""
        if a.array is None and b.array is None:
            return Value(self.graph.scalar("{0} - {1}", a.scale, b.scale, value=operator.sub))
        return self.plus(a, self.negative(b))

    def times(self, a: Value, b: Value) -> Value:
        """a · b."""
        scale = self.product(a.scale, b.scale)
        arrays = [self._float(value.array) for value in (a, b) if value.array is not None]
        if len(arrays) == 2:
            same = arrays[0] is arrays[1]
            joined = self.graph.elementwise("square", (arrays[0],)) if same else self._multiplied(arrays[0], arrays[1])
            return Value(scale, joined)
        return Value(scale, arrays[0] if arrays else None)

    def _multiplied(self, a: Node, b: Node) -> Node:
        return self.graph.elementwise("multiply", (a, b))

    def over(self, a: Value, b: Value) -> Value:
        """a / b."""
        scale = self.quotient(a.scale, b.scale)
        if b.array is None:
            return Value(scale, a.array)
        if a.array is None:
            return Value(scale, self.graph.elementwise("reciprocal", (b.array,)))
        return Value(scale, self.graph.elementwise("divide", (self._float(a.array), b.array)))

    def negative(self, a: Value) -> Value:
        """-a."""
        return Value(self._negative(a.scale), a.array)

    def power(self, a: Value, b: Value) -> Value:
        """a ** b; whole powers up to 4 as products."""
        exponent = b.scale.value if b.array is None else None
        if a.array is None and b.array is None:
            return Value(self.graph.scalar("{0}**{1}", a.scale, b.scale, value=operator.pow))
        if exponent == 2:
            return self.times(a, a)
        if exponent == 3:
            return self.times(a, self.times(a, a))
        if exponent == 4:
            return self.power(self.times(a, a), self.number(2.0))
        if exponent == 0.5:
            return self.apply("sqrt", a)
        return self.apply("power", a, b)

    def apply(self, name: str, *args: Value) -> Value:
        """A ufunc; a comparison with 0 looks at the rectified array where there is one."""
        nodes = tuple(self.node(value) for value in args)
        if all(node.shape == () for node in nodes):
            slots = ", ".join(f"{{{place}}}" for place in range(len(nodes)))
            return Value(self.graph.scalar(f"np.{name}({slots})", *nodes))
        if name in ("greater", "less_equal") and nodes[1].value == 0:
            rectified = self.graph.known("maximum", *nodes)
            nodes = (rectified or nodes[0], nodes[1])
        return self.of(self.graph.elementwise(name, nodes))

    def total(self, a: Value, axes: tuple[int, ...] | None, keepdims: bool = False) -> Value:
        """The sum along axes, all of them where None; along one axis of a matrix as a product with ones."""
        array = a.array
        if array is None:
            return a
        array = self._float(array)
        if axes is None or (len(axes) == len(array.shape) and not keepdims):
            return Value(self.product(a.scale, self._whole_sum(array)))
        if len(array.shape) == 2 and len(axes) == 1 and array.dtype.kind == "f":
            (axis,) = axes
            ones = self.graph.ones(array.shape[axis], array.dtype)
            pair = (ones, array) if axis == 0 else (array, ones)
            summed = self._dot(pair, (array.shape[1 - axis],))
            if keepdims:
                summed = self.graph.view("{0}[:, None]" if axis == 1 else "{0}[None]", summed)
            return Value(a.scale, summed)
        return Value(a.scale, self.reduced("np.add", array, axes, keepdims))

    def _whole_sum(self, array: Node) -> Node:
        """The sum of all entries; of a product of two arrays as their dot product."""
        if array.kind == "elementwise" and all(arg.shape == array.shape for arg in array.args):
            pair = array.args * (2 if array.into.startswith("square") else 1)
            product = array.into.startswith(("square", "multiply"))
            if product and all(arg.kind != "view" and arg.dtype == array.dtype for arg in pair):
                name = "dot" if len(array.shape) == 1 else "vdot"
                return self.graph.reduction(f"{name}({{0}}, {{1}})", pair)
        if len(array.shape) == 1 and array.dtype.kind == "f":
            ones = self.graph.ones(array.shape[0], array.dtype)
            return self.graph.reduction("dot({0}, {1})", (array, ones))
        return self.graph.reduction("np.add.reduce({0}, axis=None)", (array,))

    def reduced(self, name: str, array: Node, axes: tuple[int, ...], keepdims: bool) -> Node:
        """A reduction along some axes, by a ufunc."""
        shape = tuple(
            1 if axis in axes else size for axis, size in enumerate(array.shape) if keepdims or axis not in axes
        )
        options = f"axis={axes[0] if len(axes) == 1 else axes}{', keepdims=True' if keepdims else ''}"
        text = f"{name}.reduce({{0}}, {options}"
        return self.graph.into(f"{text})", f"{text}, out={{out}})", (array,), shape, array.dtype)

    def matmul(self, a: Value, b: Value) -> Value:
        """a @ b."""
        assert a.array is not None and b.array is not None  # NumPy's own rule
        left, right = self._float(a.array), self._float(b.array)
        scale = self.product(a.scale, b.scale)
        if len(left.shape) == len(right.shape) == 1:
            return Value(self.product(scale, self.graph.reduction("dot({0}, {1})", (left, right))))
        probes = (np.broadcast_to(np.zeros(()), left.shape), np.broadcast_to(np.zeros(()), right.shape))
        if max(len(left.shape), len(right.shape)) > 2:
            shape = np.broadcast_shapes(left.shape[:-2], right.shape[:-2])
            shape += (*left.shape[-2:-1], *right.shape[-1:]) if min(map(np.ndim, probes)) > 1 else ()
            if min(map(np.ndim, probes)) == 1:
                return self.of(self.graph.fresh("{0} @ {1}", (self.node(a), self.node(b))))
            return Value(
                scale, self.graph.into("{0} @ {1}", "np.matmul({0}, {1}, out={out})", (left, right), shape, left.dtype)
            )
        return Value(scale, self._dot((left, right), (*left.shape[:-1], *right.shape[1:])))

    def _dot(self, pair: tuple[Node, Node], shape: Shape) -> Node:
        if pair[0].dtype != pair[1].dtype or pair[0].dtype.kind != "f":
            return self.graph.fresh("{0} @ {1}", pair)
        return self.graph.into("{0} @ {1}", "dot({0}, {1}, out={out})", pair, shape, pair[0].dtype)

    def _float(self, node: Node) -> Node:
        """A comparison as ones and zeros."""
        name = node.into.partition("(")[0]
        if node.dtype.kind == "b" and name in COMPARISONS:
            return self.graph.flag(name, node.args)
        return node

    def _sum(self, a: Node, b: Node) -> Node:
        return self.graph.scalar("{0} + {1}", a, b, value=operator.add)

    def product(self, a: Node, b: Node) -> Node:
        """The product of two numbers."""
        if 1 in (a.value, b.value):
            return b if a.value == 1 else a
        if a.value == -1 or b.value == -1:
            return self._negative(b if a.value == -1 else a)
        return self.graph.scalar("{0}*{1}", a, b, value=operator.mul)

    def quotient(self, a: Node, b: Node) -> Node:
        """The quotient of two numbers."""
        return a if b.value == 1 else self.graph.scalar("{0}/{1}", a, b, value=_quotient)

    def _negative(self, a: Node) -> Node:
        return self.graph.scalar("-{0}", a, value=operator.neg)


def _quotient(a: float, b: float) -> float:
    with np.errstate(all="ignore"):
        return float(np.float64(a) / np.float64(b))
