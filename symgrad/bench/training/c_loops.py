"""Loops in hand-written C, on the BLAS that NumPy has loaded: how fast these machines' cores are."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from ctypes import c_double, c_float, c_int64
from subprocess import CalledProcessError

import numpy as np

from symgrad.bench.training import blas
from symgrad.bench.training.cases import Array, Case
from symgrad.bench.training.compiled import compiler, library, pointer
from symgrad.bench.training.loops import Loop, Params

NO_COMPILER = "no C compiler (gcc, cc or clang)"
GATHER, PRODUCTS, ENTRIES, UPDATE = 1, 2, 4, 8  # the parts of a step in classifier.c
ALL = GATHER | PRODUCTS | ENTRIES | UPDATE


def hoisted(case: Case) -> Loop | str:
    """Linear regression with the sums over the points taken out of the loop."""
    if case.name != "line":
        return "only the line has sums that stay the same"
    return _line(case, "hoisted") if compiler() else NO_COMPILER


def plain(case: Case) -> Loop | str:
    """The steps alone, as fast as they were got in C."""
    return _loop(case, history=False)


def with_history(case: Case) -> Loop | str:
    """The same with what a fit keeps: the cost over all samples, and the parameters, after each epoch."""
    return _loop(case, history=True)


def library_tanh(case: Case) -> Loop | str:
    """The same with the tanh of the C library instead of one written for this."""
    if case.activation != "tanh":
        return "there is no tanh"
    if not compiler():
        return NO_COMPILER
    try:
        return _curve(case, False, definitions=("LIBRARY_TANH",), links=("-lmvec",))
    except CalledProcessError:  # a linker without libmvec: the C library's tanh isn't in vectors
        return _curve(case, False, definitions=("LIBRARY_TANH",))


def products(case: Case) -> Loop | str:
    """Nothing but the matrix products of each step: parameters don't move as they should."""
    return classifier(case, history=False, parts=PRODUCTS)


def _loop(case: Case, history: bool) -> Loop | str:
    if not compiler():
        return NO_COMPILER
    if case.name == "line":
        return _line(case, "hoisted" if history else "looped", history)
    if case.name == "neuron":
        return _neuron(case, history)
    if case.activation == "tanh":
        return _curve(case, history)
    return classifier(case, history)


def _line(case: Case, function: str, history: bool = False) -> Loop:
    train = library("line.c")[function]
    x, y = case.data["x"], case.data["y"]

    def loop(epochs: int) -> Params:
        theta = flat(case.start)
        kept = _history(case, epochs, theta.size) if history else (None, None)
        given = [c_int64(epochs), c_int64(len(x)), pointer(x), pointer(y), c_double(case.rate), pointer(theta)]
        train(*given, *(map(pointer, kept) if function == "hoisted" else ()))
        return unflat(theta, case.start)

    return loop


def _neuron(case: Case, history: bool) -> Loop:
    train = library("neuron.c").train
    x, y = case.data["x"], case.data["y"]

    def loop(epochs: int) -> Params:
        theta = flat(case.start)
        kept = _history(case, epochs, theta.size) if history else (None, None)
        given = [c_int64(epochs), c_int64(len(x)), pointer(x), pointer(y), c_double(case.rate), pointer(theta)]
        train(*given, *map(pointer, kept))
        return unflat(theta, case.start)

    return loop


def _curve(case: Case, history: bool, definitions: tuple[str, ...] = (), links: tuple[str, ...] = ()) -> Loop:
    train = library("curve.c", definitions, links).train
    x, y = np.ascontiguousarray(case.data["X"].T), case.data["Y"]
    hidden, n = case.sizes[1], case.samples
    work = np.empty((hidden + 1) * n)

    def loop(epochs: int) -> Params:
        theta = flat(case.start)
        kept = _history(case, epochs, theta.size) if history else (None, None)
        sizes = [c_int64(epochs), c_int64(n), c_int64(hidden)]
        train(*sizes, pointer(x), pointer(y), c_double(case.rate), pointer(theta), pointer(work), *map(pointer, kept))
        return unflat(theta, case.start)

    return loop


class _Net(ctypes.Structure):
    _fields_ = (
        ("product", ctypes.c_void_p),
        ("layers", c_int64),
        ("sizes", ctypes.c_void_p),
        ("theta", ctypes.c_void_p),
        ("work", ctypes.c_void_p),
        ("rows", c_int64),
        ("parts", c_int64),
    )


def classifier(case: Case, history: bool, parts: int = ALL) -> Loop | str:
    """A perceptron of ReLU layers with softmax cross-entropy on BLAS, or only some parts of its steps."""
    found = blas.loaded()
    if not compiler():
        return NO_COMPILER
    if case.activation != "relu":
        return "there are no products worth a BLAS"
    if found is None:
        return "no BLAS with the C names was found"
    real, kind, number = ("float", "s", c_float) if case.dtype == np.float32 else ("double", "d", c_double)
    train = library("classifier.c", (f"REAL={real}", f"INT={found.whole}")).train
    product = found.product(kind)
    x, y = case.data["X"], case.data["Y"]
    rows = max(case.batch, 256 if history else 0)
    sizes = np.array(case.sizes, dtype=np.int64)
    work = np.zeros(2 * rows * sum(case.sizes), case.dtype)
    gathered = np.zeros(case.batch * (x.shape[1] + y.shape[1]), case.dtype)

    def loop(epochs: int) -> Params:
        theta = flat(case.start)
        net = _Net(product, len(sizes) - 1, sizes.ctypes.data, theta.ctypes.data, work.ctypes.data, rows, parts)
        kept = _history(case, epochs, theta.size) if history else (None, None)
        orders = case.orders(epochs)
        settings = [c_int64(epochs), c_int64(case.samples), c_int64(case.batch), number(case.rate)]
        arrays = [pointer(array) for array in (x, y, orders, gathered, *kept)]
        train(ctypes.byref(net), *settings, *arrays)
        return unflat(theta, case.start)

    return loop


def flat(params: Params) -> Array:
    """All parameters in one array, in their order, as C takes them."""
    return np.concatenate([array.ravel() for array in params.values()])


def unflat(theta: Array, like: Params) -> Mapping[str, Array]:
    """The parameters of such an array by name."""
    ends = np.cumsum([array.size for array in like.values()])
    parts = np.split(theta, ends[:-1])
    return {name: part.reshape(array.shape) for (name, array), part in zip(like.items(), parts, strict=True)}


def _history(case: Case, epochs: int, size: int) -> tuple[Array, Array]:
    return np.empty(epochs), np.empty((epochs, size), case.dtype)
