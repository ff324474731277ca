"""The derivatives in Petersen and Pedersen, The Matrix Cookbook (2012), chapter 2: a table, and each row computed.

A row is an identity of a real scalar by a vector or a matrix: the book's section, the function, the variable, and
the gradient in NumPy, a power of X written out for one exponent. There are 63. Left out are derivatives of matrices
and of vectors, functions of a whole matrix other than the inverse and the determinant (sine, eigenvalues,
pseudoinverse), complex ones, and those that hold for structured matrices only (2.3, 2.8, chapter 4).
"""

import runpy

import numpy as np
import pytest

SHAPES = {"E": "m m", "F": "k k", "Q": "m m", "S": "n n", "P": "n n", "T": "m m", "Y": "m k"}
SHAPES |= dict.fromkeys("ABCDX", "n n") | dict.fromkeys("abcsx", "n")
SIZES = {"n": 3, "m": 4, "k": 2}
SYMMETRIC = "PQST"

ROWS = """
2.1.2 | sg.det(X) | X | det(X) * inv(X).T
2.1.2 | sg.det(M); M = A @ X @ B | X | det(A @ X @ B) * inv(X).T
2.1.3 | sg.det(M); M = X.T @ X | X | 2 * det(X.T @ X) * inv(X).T
2.1.3 | sg.det(M); M = X.T @ A @ X | X | 2 * det(X.T @ A @ X) * inv(X).T
2.1.3 | sg.det(M); M = Y.T @ T @ Y | Y | 2 * det(Y.T @ T @ Y) * T @ Y @ inv(Y.T @ T @ Y)
2.1.3 | sg.det(M); M = Y.T @ E @ Y | Y | det(Y.T @ E @ Y) * (E @ Y @ inv(Y.T @ E @ Y) + E.T @ Y @ inv(Y.T @ E.T @ Y))
2.1.4 | sg.logdet(M); M = Y.T @ Y | Y | 2 * pinv(Y).T
2.1.4 | sg.logdet(X) | X | inv(X).T
2.1.4 | sg.det(M); M = X @ X @ X | X | 3 * det(X @ X @ X) * inv(X).T
2.2   | a @ V @ b; V = sg.inv(X) | X | -inv(X).T @ outer(a, b) @ inv(X).T
2.2   | sg.det(V); V = sg.inv(X) | X | -det(inv(X)) * inv(X).T
2.2   | sg.trace(A @ V @ B); V = sg.inv(X) | X | -(inv(X) @ B @ A @ inv(X)).T
2.2   | sg.trace(V); M = X + A; V = sg.inv(M) | X | -(inv(X + A) @ inv(X + A)).T
2.4.1 | x @ a | x | a
2.4.1 | a @ X @ b | X | outer(a, b)
2.4.1 | a @ X.T @ b | X | outer(b, a)
2.4.1 | a @ X @ a | X | outer(a, a)
2.4.2 | sg.sum(X) ** 2 | X | 2 * X.sum() * ones(X.shape)
2.4.2 | b @ X.T @ X @ c | X | X @ (outer(b, c) + outer(c, b))
2.4.2 | (B @ x + b) @ C @ (D @ x + c) | x | B.T @ C @ (D @ x + c) + D.T @ C.T @ (B @ x + b)
2.4.2 | x @ B @ x | x | (B + B.T) @ x
2.4.2 | b @ X.T @ D @ X @ c | X | D.T @ X @ outer(b, c) + D @ X @ outer(c, b)
2.4.2 | (X @ b + c) @ D @ (X @ b + c) | X | (D + D.T) @ outer(X @ b + c, b)
2.4.2 | (x - A @ s) @ S @ (x - A @ s) | s | -2 * A.T @ S @ (x - A @ s)
2.4.2 | (x - s) @ S @ (x - s) | x | 2 * S @ (x - s)
2.4.2 | (x - s) @ S @ (x - s) | s | -2 * S @ (x - s)
2.4.2 | (x - A @ s) @ S @ (x - A @ s) | x | 2 * S @ (x - A @ s)
2.4.2 | (x - A @ s) @ S @ (x - A @ s) | A | -2 * S @ outer(x - A @ s, s)
2.4.3 | a @ X @ X @ X @ b | X | outer(a, X @ X @ b) + outer(X.T @ a, X @ b) + outer(X.T @ X.T @ a, b)
2.4.3 | a @ X.T @ X.T @ X @ X @ b | X |
        outer(X @ X @ a, X @ b) + X.T @ outer(X @ X @ a, b) + outer(X @ X @ b, X @ a) + X.T @ outer(X @ X @ b, a)
2.4.4 | x @ A @ x + b @ x | x | (A + A.T) @ x + b
2.5.1 | sg.trace(X) | X | eye(n)
2.5.1 | sg.trace(X @ A) | X | A.T
2.5.1 | sg.trace(A @ X @ B) | X | A.T @ B.T
2.5.1 | sg.trace(A @ X.T @ B) | X | B @ A
2.5.1 | sg.trace(X.T @ A) | X | A
2.5.1 | sg.trace(A @ X.T) | X | A
2.5.1 | sg.sum(sg.diag(A)) * sg.trace(X) | X | trace(A) * eye(n)
2.5.2 | sg.trace(X @ X) | X | 2 * X.T
2.5.2 | sg.trace(X @ X @ B) | X | (X @ B + B @ X).T
2.5.2 | sg.trace(X.T @ B @ X) | X | B @ X + B.T @ X
2.5.2 | sg.trace(B @ X @ X.T) | X | B @ X + B.T @ X
2.5.2 | sg.trace(X @ X.T @ B) | X | B @ X + B.T @ X
2.5.2 | sg.trace(X @ B @ X.T) | X | X @ B.T + X @ B
2.5.2 | sg.trace(B @ X.T @ X) | X | X @ B.T + X @ B
2.5.2 | sg.trace(X.T @ X @ B) | X | X @ B.T + X @ B
2.5.2 | sg.trace(A @ X @ B @ X) | X | A.T @ X.T @ B.T + B.T @ X.T @ A.T
2.5.2 | sg.trace(Y.T @ Y) | Y | 2 * Y
2.5.2 | sg.trace(B.T @ X.T @ C @ X @ B) | X | C.T @ X @ B @ B.T + C @ X @ B @ B.T
2.5.2 | sg.trace(X.T @ B @ X @ C) | X | B @ X @ C + B.T @ X @ C.T
2.5.2 | sg.trace(A @ X @ B @ X.T @ C) | X | A.T @ C.T @ X @ B.T + C @ A @ X @ B
2.5.2 | sg.trace(R.T @ R); R = A @ X @ B + C | X | 2 * A.T @ (A @ X @ B + C) @ B.T
2.5.2 | sg.trace(X) * sg.trace(X) | X | 2 * trace(X) * eye(n)
2.5.3 | sg.trace(X @ X @ X) | X | 3 * (X @ X).T
2.5.3 | sg.trace(A @ X @ X @ X) | X | (A @ X @ X + X @ A @ X + X @ X @ A).T
2.5.3 | sg.trace(B.T @ X.T @ C @ X @ X.T @ C @ X @ B) | X |
        C @ X @ X.T @ C @ X @ B @ B.T + C.T @ X @ B @ B.T @ X.T @ C.T @ X + C @ X @ B @ B.T @ X.T @ C @ X
        + C.T @ X @ X.T @ C.T @ X @ B @ B.T
2.5.4 | sg.trace(A @ V @ B); V = sg.inv(X) | X | -inv(X).T @ A.T @ B.T @ inv(X).T
2.5.4 | sg.trace(V @ F); M = Y.T @ T @ Y; V = sg.inv(M) | Y | -T @ Y @ inv(Y.T @ T @ Y) @ (F + F.T) @ inv(Y.T @ T @ Y)
2.5.4 | sg.trace(V @ N); M = Y.T @ T @ Y; V = sg.inv(M); N = Y.T @ Q @ Y | Y |
        -2 * T @ Y @ inv(Y.T @ T @ Y) @ Y.T @ Q @ Y @ inv(Y.T @ T @ Y) + 2 * Q @ Y @ inv(Y.T @ T @ Y)
2.5.4 | sg.trace(V @ N); M = F + Y.T @ T @ Y; V = sg.inv(M); N = Y.T @ Q @ Y | Y |
        -T @ Y @ inv(F + Y.T @ T @ Y) @ Y.T @ Q @ Y @ inv(F + Y.T @ T @ Y) - T @ Y @ inv(F
        + Y.T @ T @ Y).T @ Y.T @ Q @ Y @ inv(F + Y.T @ T @ Y).T + Q @ Y @ inv(F + Y.T @ T @ Y)
        + Q @ Y @ inv(F + Y.T @ T @ Y).T
2.6   | sg.norm(x - a) | x | (x - a) / norm(x - a)
2.6   | sg.sum(x ** 2) | x | 2 * x
2.7   | sg.norm(Y) ** 2 | Y | 2 * Y
"""

LINES = ROWS.strip().replace("\n        ", " ").splitlines()
IDENTITIES = [tuple(part.strip() for part in line.split("|")) for line in LINES]


def compiled(function, variable, folder):
    """The row's function as a model; later parts of its text are the equations that come before the result."""
    result, *named = (part.strip() for part in function.split(";"))
    used = [name for name in SHAPES if name in function.translate(str.maketrans("()@.+-*;,=", " " * 10)).split()]
    signature = ", ".join(f'{name}: "{SHAPES[name]}"' for name in used)
    lines = ["import symgrad as sg", "@sg.model", f"def f({signature}):", *(f"    {one}" for one in named)]
    source = folder / "identity.py"
    source.write_text("\n".join([*lines, f"    L = {result}", "    return L", ""]), encoding="utf-8")
    return runpy.run_path(str(source))["f"].compile([variable])


@pytest.mark.parametrize(
    ("section", "function", "variable", "gradient"), IDENTITIES, ids=[row[1] for row in IDENTITIES]
)
def test_an_identity_of_the_matrix_cookbook_holds(section, function, variable, gradient, tmp_path):
    step = compiled(function, variable, tmp_path)
    rng = np.random.default_rng(IDENTITIES.index((section, function, variable, gradient)))
    for _ in range(3):
        values = {name: rng.normal(size=[SIZES[axis] for axis in shape.split()]) for name, shape in SHAPES.items()}
        for name in SYMMETRIC:
            values[name] = values[name] + values[name].T
        _, gradients = step(**{name: values[name] for name in step.inputs})
        stated = eval(gradient, vars(np) | vars(np.linalg) | {"n": SIZES["n"]} | values)
        np.testing.assert_allclose(gradients[variable], stated, rtol=1e-8, atol=1e-8 * np.abs(stated).max())


def test_the_table_has_63_identities():
    assert len(set(IDENTITIES)) == 63
