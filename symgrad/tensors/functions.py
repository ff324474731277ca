"""Scalar functions that SymPy lacks or expands: opaque, with their derivative and their textbook definition."""

from __future__ import annotations

from typing import Any

from sympy import Expr, Function, IndexedBase, Integer, Mul, Piecewise, S, exp, log
from sympy.core.function import ArgumentIndexError


class Elementary(Function):  # type: ignore[misc]  # SymPy has no type stubs
    """A function of one real argument that is given by a definition and a derivative."""

    nargs = 1

    @staticmethod
    def definition(z: Expr) -> Expr:
        raise NotImplementedError  # each subclass states its own

    @staticmethod
    def derivative(z: Expr) -> tuple[Expr, ...]:
        """The derivative's factors, in the order in which a textbook writes them."""
        raise NotImplementedError  # each subclass states its own

    def fdiff(self, argindex: int = 1) -> Expr:
        if argindex != 1:
            raise ArgumentIndexError(self, argindex)
        return Mul(*self.derivative(self.args[0]))

    def _eval_evalf(self, prec: int) -> Any:
        return self.definition(self.args[0])._eval_evalf(prec)


class sigmoid(Elementary):
    """1/(1 + exp(-z)), the logistic function.

    >>> from sympy import Symbol
    >>> sigmoid(Symbol("z")).diff(Symbol("z"))
    (1 - sigmoid(z))*sigmoid(z)
    """

    @classmethod
    def eval(cls, z: Expr) -> Expr | None:
        return S.Half if z.is_zero else None

    @staticmethod
    def definition(z: Expr) -> Expr:
        return 1 / (1 + exp(-z))

    @staticmethod
    def derivative(z: Expr) -> tuple[Expr, ...]:
        return sigmoid(z), 1 - sigmoid(z)


class softplus(Elementary):
    """log(1 + exp(z)), whose derivative is the sigmoid.

    >>> from sympy import Symbol
    >>> softplus(Symbol("z")).diff(Symbol("z"))
    sigmoid(z)
    """

    @staticmethod
    def definition(z: Expr) -> Expr:
        return log(1 + exp(z))

    @staticmethod
    def derivative(z: Expr) -> tuple[Expr, ...]:
        return (sigmoid(z),)


class MatrixInverse(Expr):  # type: ignore[misc]  # SymPy has no type stubs
    """The entry (i, j) of the inverse of a named square matrix of the given size.

    >>> from sympy import IndexedBase
    >>> MatrixInverse(IndexedBase("A"), Integer(0), Integer(1), Integer(2))
    MatrixInverse(A, 0, 1, 2)
    """

    is_commutative = True

    def __new__(cls, matrix: IndexedBase, row: Expr, column: Expr, size: Expr) -> MatrixInverse:
        self: MatrixInverse = Expr.__new__(cls, matrix, row, column, size)
        return self


class Determinant(Expr):  # type: ignore[misc]  # SymPy has no type stubs
    """The determinant of a named square matrix of the given size.

    >>> from sympy import IndexedBase, Symbol
    >>> Determinant(IndexedBase("A"), Symbol("n"))
    Determinant(A, n)
    """

    is_commutative = True

    def __new__(cls, matrix: IndexedBase, size: Expr) -> Determinant:
        self: Determinant = Expr.__new__(cls, matrix, size)
        return self


class relu(Elementary):
    """max(0, z); its derivative at the kink z = 0 is taken to be 0.

    >>> from sympy import Symbol
    >>> relu(Symbol("z")).diff(Symbol("z"))
    Piecewise((1, z > 0), (0, True))
    """

    @classmethod
    def eval(cls, z: Expr) -> Expr | None:
        if z.is_number and z.is_extended_real:
            return z if z.is_positive else S.Zero
        return None

    @staticmethod
    def definition(z: Expr) -> Expr:
        return Piecewise((z, z > 0), (Integer(0), True))

    @staticmethod
    def derivative(z: Expr) -> tuple[Expr, ...]:
        return (Piecewise((Integer(1), z > 0), (Integer(0), True)),)
