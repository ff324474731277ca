"""Scalar functions that SymPy lacks or expands: opaque, with their derivative and their textbook definition."""

from __future__ import annotations

from typing import Any, ClassVar

from sympy import Basic, Expr, Function, IndexedBase, Integer, Mul, Piecewise, S, Tuple, exp, log, sympify
from sympy.core.function import ArgumentIndexError
from sympy.functions.elementary.piecewise import ExprCondPair


class Branch(ExprCondPair):  # type: ignore[misc]  # SymPy has no type stubs
    """A value and the condition under which it is chosen, kept as it is written."""

    def __new__(cls, value: Expr, condition: Any) -> Branch:
        self: Branch = Tuple.__new__(cls, sympify(value), sympify(condition))
        return self


class Choice(Piecewise):  # type: ignore[misc]  # SymPy has no type stubs
    """The value of the first branch whose condition holds, kept as it is written.

    SymPy's own Piecewise moves a Piecewise inside a condition outwards, even out of a sum whose index it uses.

    >>> from sympy import Symbol
    >>> z = Symbol("z")
    >>> Choice((z, z > 0), (0, True))
    Piecewise((z, z > 0), (0, True))
    """

    def __new__(cls, *branches: Any) -> Expr:
        kept: list[Branch] = []
        for branch in branches:
            pair = Branch(*getattr(branch, "args", branch))
            if pair.args[1] == S.false:
                continue
            kept.append(pair)
            if pair.args[1] == S.true:
                break
        always = kept[-1].args[1] == S.true and len({pair.args[0] for pair in kept}) == 1
        if always:
            found: Expr = kept[0].args[0]
            return found
        self: Expr = Basic.__new__(cls, *kept)
        return self

    def _sympystr(self, printer: Any) -> str:
        branches = (f"({printer.doprint(value)}, {printer.doprint(condition)})" for value, condition in self.args)
        return f"Piecewise({', '.join(branches)})"


def as_choices(expr: Expr) -> Expr:
    """The expression with each SymPy Piecewise as a choice that stays where it is."""
    return expr.replace(Piecewise, Choice) if expr.has(Piecewise) else expr


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


class OfMatrix(Expr):  # type: ignore[misc]  # SymPy has no type stubs
    """A number that a whole named square matrix determines; its arguments: the matrix, …, its size, `places`."""

    is_commutative = True
    _size: ClassVar[int]  # the place of the size among the arguments

    @property
    def size(self) -> Expr:
        """The number of rows."""
        return self.args[self._size]

    @property
    def places(self) -> tuple[Expr, ...]:
        """Which matrix of a family it is of: the i of A[i, :, :]; none for a matrix by itself."""
        return tuple(self.args[self._size + 1 :])


class MatrixInverse(OfMatrix):
    """The entry (i, j) of the inverse of a named square matrix of the given size; `places` say which of a family.

    >>> from sympy import IndexedBase
    >>> MatrixInverse(IndexedBase("A"), Integer(0), Integer(1), Integer(2))
    MatrixInverse(A, 0, 1, 2)
    """

    _size = 3

    def __new__(cls, matrix: IndexedBase, row: Expr, column: Expr, size: Expr, *places: Expr) -> MatrixInverse:
        self: MatrixInverse = Expr.__new__(cls, matrix, row, column, size, *places)
        return self


class Determinant(OfMatrix):
    """The determinant of a named square matrix of the given size; `places` say which of a family.

    >>> from sympy import IndexedBase, Symbol
    >>> Determinant(IndexedBase("A"), Symbol("n"))
    Determinant(A, n)
    """

    _size = 1

    def __new__(cls, matrix: IndexedBase, size: Expr, *places: Expr) -> Determinant:
        self: Determinant = Expr.__new__(cls, matrix, size, *places)
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
        return Choice((z, z > 0), (Integer(0), True))

    @staticmethod
    def derivative(z: Expr) -> tuple[Expr, ...]:
        return (Choice((Integer(1), z > 0), (Integer(0), True)),)
