"""A wrong matrix form is as bad as a wrong derivative: random expressions, entry by entry against NumPy's matrices."""

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from matrix_oracle import by_entries, by_matrices
from sympy import (
    Abs,
    Float,
    IndexedBase,
    Integer,
    KroneckerDelta,
    Max,
    Piecewise,
    Rational,
    Sum,
    Symbol,
    exp,
    log,
    sqrt,
    tanh,
)

from symgrad.equations import Index, Size
from symgrad.expressions import product, total
from symgrad.indices import summed
from symgrad.notation.matrix.network import NoMatrixForm
from symgrad.notation.matrix.numerator import in_numerator_layout
from symgrad.notation.matrix.recover import recovered
from symgrad.notation.matrix.show import MatrixPrinter, shapes
from symgrad.tensors.functions import Determinant, MatrixInverse

B, N, D, H = (Size(name) for name in "bndh")
SIZES = {B: 2, N: 3, D: 4, H: 2}
AXES = {
    "dL_dX": (N, D),
    "dL_dS": (D, D),
    "dL_dv": (D,),
    "dL_dQ": (B, N, D),
    "X": (N, D),
    "Y": (N, D),
    "W": (D, H),
    "S": (D, D),
    "T": (D, D),
    "u": (N,),
    "v": (D,),
    "w": (H,),
    "y": (D,),
    "c": (D, Integer(1)),
    "Q": (B, N, D),
    "K": (B, D, H),
}
RANDOM = np.random.default_rng(7)
ARRAYS = {name: RANDOM.uniform(0.5, 1.5, [int(size.subs(SIZES)) for size in axes]) for name, axes in AXES.items()}
ARRAYS["a"] = np.float64(0.7)
GRADIENTS = [name for name in AXES if name.startswith("dL_")]
TURNED = ARRAYS | {name: np.swapaxes(ARRAYS[name], -1, -2) for name in GRADIENTS if len(AXES[name]) > 1}


@st.composite
def expressions(draw, free, depth=3):
    """An expression whose indices are some of the free ones; sums bring fresh indices of their own."""
    kinds = ["entry", "entry", "scalar"] if depth == 0 else ["sum", "sum", "product", "sigma", "sigma", "sigma", "map"]
    kind = draw(st.sampled_from(kinds))
    inner = expressions(free, depth - 1)
    if kind == "entry":
        names = [name for name, axes in AXES.items() if all(size == 1 or _of(size, free) for size in axes)]
        if not names:
            return Symbol("a")
        name = draw(st.sampled_from(names))
        at = [Integer(0) if size == 1 else draw(st.sampled_from(_of(size, free))) for size in AXES[name]]
        if len(at) == 3 and draw(st.booleans()):
            at[0] = Integer(1)
        return IndexedBase(name)[tuple(at)]
    if kind == "scalar":
        return draw(st.sampled_from([Symbol("a"), Integer(2), Rational(1, 2), 1 / N, Determinant(IndexedBase("S"), D)]))
    if kind == "sum":
        return total([draw(inner), draw(st.sampled_from([1, -1])) * draw(inner)], {})
    if kind == "product":
        return product([draw(inner), draw(inner)], {})
    if kind == "map":
        return draw(maps(draw(inner)))
    index = Index(f"k{draw(st.integers(0, 10**6))}", draw(st.sampled_from([N, D, H])))
    others = expressions((*free, index), depth - 1)
    factors = [draw(others) for _ in range(draw(st.integers(1, 3)))]
    pair = _of(index.size, free)
    if pair and index.size == D and draw(st.integers(0, 4)) == 0:
        factors.append(
            draw(st.sampled_from([KroneckerDelta(pair[0], index), _inverse(pair[0], index), KroneckerDelta(2, index)]))
        )
    return summed(product(factors, {}), (index,), {})


def _of(size, indices):
    return [index for index in indices if index.size == size]


def _inverse(row, column):
    return MatrixInverse(IndexedBase("S"), row, column, D)


def maps(z):
    square = z**2
    smooth = [tanh(z), exp(-square), 1 / (1 + square), square, Abs(z), sqrt(1 + square), log(2 + square)]
    if z.has(Sum, Piecewise):  # SymPy asks whether a sum is finite, and its answer may raise
        return st.sampled_from(smooth)
    above = z > 1
    kinked = [((z, above), (Integer(0), True)), ((Integer(1), above), (Integer(0), True)), ((z, above), (square, True))]
    return st.sampled_from([*smooth, Max(Float(1), z), *(Piecewise(*branches) for branches in kinked)])


I, J, J2, P = Index("i", N), Index("j", D), Index("l", D), Index("p", B)


@pytest.mark.parametrize("indices", [(), (J,), (I, J), (J, J2), (J, I), (P, I, J)], ids=str)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(data=st.data())
def test_a_matrix_form_has_the_values_of_the_index_expression(indices, data):
    expr = data.draw(expressions(indices))
    try:
        form = recovered(expr, indices, AXES)
    except NoMatrixForm:
        assume(False)
    assert MatrixPrinter().latex(form)
    shapes(form)
    expected = by_entries(expr, indices, ARRAYS, SIZES)
    np.testing.assert_allclose(by_matrices(form, indices, ARRAYS, SIZES), expected, rtol=1e-8, atol=1e-9)
    turned = np.swapaxes(expected, -1, -2) if len(indices) > 1 else expected
    numerator, order = in_numerator_layout(form, GRADIENTS), (*indices[:-2], *indices[-2:][::-1])
    np.testing.assert_allclose(by_matrices(numerator, order, TURNED, SIZES), turned, rtol=1e-8, atol=1e-9)
