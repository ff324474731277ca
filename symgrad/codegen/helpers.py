"""Small NumPy functions that a program's source brings along: the stable forms of a few textbook expressions."""

from __future__ import annotations

HELPERS: dict[str, str] = {
    "sigmoid": """\
def sigmoid(z):
    return np.exp(-np.logaddexp(0, -z))
""",
    "softmax": """\
def softmax(z, axis):
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    return e/e.sum(axis=axis, keepdims=True)
""",
    "logsumexp": """\
def logsumexp(z, axis):
    top = z.max(axis=axis, keepdims=True)
    return np.log(np.exp(z - top).sum(axis=axis)) + top.squeeze(axis)
""",
    "log_softmax": """\
def log_softmax(z, axis):
    z = z - z.max(axis=axis, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=axis, keepdims=True))
""",
    "scatter_add": """\
def scatter_add(index, values, size):
    total = np.zeros((size, *values.shape[index.ndim:]), values.dtype)
    np.add.at(total, index, values)
    return total
""",
}
