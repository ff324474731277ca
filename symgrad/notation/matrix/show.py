r"""Matrix forms as LaTeX, and their shapes in words: n×h = n×k · k×h."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sympy import Abs, Expr, IndexedBase, S, exp

from symgrad.expressions import Written
from symgrad.names import split_partial
from symgrad.notation.latex import RELATIONS, Partials, Printer, braced, delimited, function_latex, parenthesised
from symgrad.notation.matrix.tree import (
    Apply,
    Det,
    Diag,
    Diagonal,
    Each,
    Hadamard,
    Identity,
    Indicator,
    Inverse,
    Name,
    Node,
    Ones,
    Plus,
    Power,
    Product,
    Scalar,
    Scale,
    SquaredNorm,
    SumNorm,
    Trace,
    Transpose,
    Unit,
)
from symgrad.notation.names import latex_name, partial_latex, subscript

SUM, ENTRYWISE, PRODUCT, FACTOR, ATOM = 1, 2, 3, 4, 5  # how tightly a piece binds; only an atom takes a superscript
ONES = r"\mathbf{1}"


@dataclass(frozen=True)
class Piece:
    """LaTeX and how tightly it binds."""

    text: str
    level: int


@dataclass(frozen=True)
class MatrixPrinter:
    """Prints matrix forms; `partials` are a model's partial derivatives by name."""

    written: Written = field(default_factory=dict)
    partials: Partials = field(default_factory=dict)

    def latex(self, node: Node) -> str:
        r"""The form as LaTeX.

        >>> from symgrad.equations import Size
        >>> from symgrad.notation.matrix.build import matmul, transposed
        >>> X, D = (Name(name, Size("n"), Size("d")) for name in ("X", "dL_dZ1"))
        >>> print(MatrixPrinter().latex(matmul(transposed(X), D)))
        X^\top \frac{\partial \mathscr{L}}{\partial Z_1}
        """
        return self.piece(node).text

    def piece(self, node: Node) -> Piece:
        """The form as LaTeX, with how tightly it binds."""
        return _METHODS[type(node)](self, node)

    def within(self, node: Node, level: int) -> str:
        """The form as LaTeX, in parentheses if it binds less tightly than the level."""
        piece = self.piece(node)
        return piece.text if piece.level >= level else parenthesised(piece.text)

    def scalar(self, node: Scalar) -> Piece:
        text = self._printer.latex(node.value)
        return Piece(text, SUM if node.value.is_Add or text.startswith("-") else PRODUCT if " " in text else ATOM)

    def name(self, node: Name) -> Piece:
        pair = self.partials.get(node.name) or split_partial(node.name)
        if node.at:
            return Piece(self._printer.latex(IndexedBase(node.name)[node.at]), FACTOR if pair else ATOM)
        script = S.One in node.shape  # a loss may be a script letter, a matrix may not
        if pair:
            return Piece(partial_latex(latex_name(pair[0]), latex_name(pair[1], script)), FACTOR)
        return Piece(latex_name(node.name, script), ATOM)

    def ones(self, node: Ones) -> Piece:
        return Piece(ONES, ATOM)

    def unit(self, node: Unit) -> Piece:
        return Piece(r"\mathbf{e}" + subscript(self._printer.latex(node.place + 1)), ATOM)

    def identity(self, node: Identity) -> Piece:
        return Piece("I", ATOM)

    def transpose(self, node: Transpose) -> Piece:
        if isinstance(node.body, Inverse):
            return Piece(self.within(node.body.body, ATOM) + r"^{-\top}", FACTOR)
        return Piece(self.within(node.body, ATOM) + r"^\top", FACTOR)

    def inverse(self, node: Inverse) -> Piece:
        return Piece(self.within(node.body, ATOM) + "^{-1}", FACTOR)

    def product(self, node: Product) -> Piece:
        texts, place = [], 0
        while place < len(node.factors):
            factor = node.factors[place]
            if isinstance(factor, Hadamard | Power) and _is_broadcast(node.factors[place + 1 : place + 3]):
                texts.append(rf"\operatorname{{rowsum}}{parenthesised(self.latex(factor))}")
                place += 2
            else:
                texts.append(self.within(factor, PRODUCT))
                place += 1
        return Piece(" ".join(texts), PRODUCT)

    def scale(self, node: Scale) -> Piece:
        under = [scalar for scalar in node.scalars if _divides(scalar)]
        over = [self.within(scalar, FACTOR) for scalar in node.scalars if scalar not in under]
        body: Node | None = node.body
        if node.body.is_scalar and _divides(node.body):
            under, body = [*under, node.body], None
        sign = "-" if node.coefficient.could_extract_minus_sign() and not node.coefficient.is_Add else ""
        number = -node.coefficient if sign else node.coefficient
        if under:
            bottom = " ".join(self._denominator(scalar, alone=len(under) == 1) for scalar in under)
            over.insert(0, rf"\frac{{{self._printer.latex(number)}}}{{{bottom}}}")
        elif number is not S.One:
            over.insert(0, self._number(number))
        if body is not None and over and _divides(body):
            return Piece(sign + self._quotient(" ".join(over), [body]), SUM if sign else ENTRYWISE)
        if body is not None:
            over.append(self.within(body, FACTOR if node.scalars and body.is_scalar else ENTRYWISE))
        level = ENTRYWISE if body is not None and self.piece(body).level == ENTRYWISE else PRODUCT
        return Piece(sign + " ".join(over), SUM if sign else level)

    @property
    def _printer(self) -> Printer:
        return Printer(self.written, partials=self.partials)

    def _number(self, number: Expr) -> str:
        """A coefficient, as one fraction where it has a denominator: λ/2 in front of a norm."""
        top, bottom = number.as_numer_denom()
        if number.is_Mul and bottom is not S.One and not any(part in self.written for part in number.args):
            return rf"\frac{{{self._printer.latex(top)}}}{{{self._printer.latex(bottom)}}}"
        return self._printer.factor(number)

    def _denominator(self, node: Node, alone: bool) -> str:
        assert isinstance(node, Power)
        positive = node.base if node.exponent == -1 else Power(node.base, -node.exponent)
        return self.within(positive, 0 if alone else FACTOR)

    def plus(self, node: Plus) -> Piece:
        text = ""
        for term in sorted(node.terms, key=self._is_negative) if self._is_negative(node.terms[0]) else node.terms:
            piece = self.within(term, SUM)
            text += (f" - {piece[1:].lstrip()}" if piece.startswith("-") else f" + {piece}") if text else piece
        return Piece(text, SUM)

    def _is_negative(self, term: Node) -> bool:
        return self.latex(term).startswith("-")

    def hadamard(self, node: Hadamard) -> Piece:
        over = sorted((factor for factor in node.factors if not _divides(factor)), key=_is_sum)
        under = [factor for factor in node.factors if _divides(factor)]
        text = r" \odot ".join(
            self.latex(factor) if _is_square(factor) else self.within(factor, FACTOR) for factor in over
        )
        if not under:
            return Piece(text, ENTRYWISE)
        return Piece(self._quotient(text if len(over) < 2 else parenthesised(text), under), ENTRYWISE)

    def _quotient(self, top: str, under: Sequence[Node]) -> str:
        texts = [self._denominator(factor, alone=False) for factor in under]
        bottom = texts[0] if len(texts) == 1 else parenthesised(r" \odot ".join(texts))
        return rf"{top or '1'} \oslash {bottom}"

    def power(self, node: Power) -> Piece:
        if node.exponent is S.Half and isinstance(node.base, SquaredNorm):
            return Piece(self._norm(node.base), ATOM)
        if node.exponent is S.Half:
            return Piece(rf"\sqrt{{{self.latex(node.base)}}}", ATOM)
        if _divides(node):
            if node.is_scalar:
                return Piece(rf"\frac{{1}}{{{self._denominator(node, alone=True)}}}", FACTOR)
            return Piece(self._quotient("", [node]), ENTRYWISE)
        if _is_square(node):
            text = self.latex(node.base)
            return Piece(rf"{text} \odot {text}", ENTRYWISE)
        exponent = self._printer.latex(node.exponent)
        mark = braced(exponent) if node.is_scalar else rf"{{\odot {exponent}}}"
        return Piece(f"{self.within(node.base, ATOM)}^{mark}", FACTOR)

    def apply(self, node: Apply) -> Piece:
        texts = [self.latex(part) for part in node.arguments]
        if issubclass(node.function, exp) and not node.is_scalar:
            return Piece(r"\exp" + parenthesised(texts[0]), ATOM)  # e to a matrix means another thing
        if issubclass(node.function, exp):
            return Piece("e^" + braced(texts[0]), FACTOR)
        if issubclass(node.function, Abs):
            return Piece(delimited("|", texts[0], "|"), ATOM)
        return Piece(function_latex(node.function, texts), ATOM)

    def indicator(self, node: Indicator) -> Piece:
        return Piece(rf"{ONES}[{self.latex(node.left)} {RELATIONS[node.relation]} {self.latex(node.right)}]", ATOM)

    def diag(self, node: Diag) -> Piece:
        vector = node.vector
        if isinstance(vector, Power) and vector.exponent.is_Rational:
            exponent = str(vector.exponent)
            return Piece(rf"\operatorname{{diag}}{parenthesised(self.latex(vector.base))}^{braced(exponent)}", FACTOR)
        return Piece(r"\operatorname{diag}" + parenthesised(self.latex(vector)), ATOM)

    def diagonal(self, node: Diagonal) -> Piece:
        return Piece(r"\operatorname{diag}" + parenthesised(self.latex(node.body)), ATOM)

    def trace(self, node: Trace) -> Piece:
        return Piece(r"\operatorname{tr}" + parenthesised(self.latex(node.body)), ATOM)

    def squared_norm(self, node: SquaredNorm) -> Piece:
        return Piece(self._norm(node) + "^2", FACTOR)

    def _norm(self, node: SquaredNorm) -> str:
        return delimited(r"\|", self.latex(node.body), r"\|") + ("_2" if S.One in node.body.shape else "_F")

    def sum_norm(self, node: SumNorm) -> Piece:
        return Piece(delimited(r"\|", self.latex(node.body), r"\|") + "_1", ATOM)

    def det(self, node: Det) -> Piece:
        return Piece(rf"\det {self.within(node.body, FACTOR)}", PRODUCT)

    def each(self, node: Each) -> Piece:
        last = braced(self._printer.latex(node.index.size))
        return Piece(rf"\sum_{{{node.index.name}=1}}^{last} {self.within(node.body, PRODUCT)}", PRODUCT)


def _is_broadcast(factors: Sequence[Node]) -> bool:
    return len(factors) == 2 and isinstance(factors[0], Ones) and isinstance(factors[1], Transpose)


def _is_sum(node: Node) -> bool:
    return isinstance(node, Plus)


def _is_square(node: Node) -> bool:
    return isinstance(node, Power) and node.exponent == 2 and isinstance(node.base, Name) and not node.is_scalar


def _divides(node: Node) -> bool:
    return isinstance(node, Power) and bool(node.exponent.is_Rational and node.exponent.is_negative)


_METHODS: dict[type[Node], Callable[..., Piece]] = {
    Scalar: MatrixPrinter.scalar,
    Name: MatrixPrinter.name,
    Ones: MatrixPrinter.ones,
    Unit: MatrixPrinter.unit,
    Identity: MatrixPrinter.identity,
    Transpose: MatrixPrinter.transpose,
    Inverse: MatrixPrinter.inverse,
    Product: MatrixPrinter.product,
    Scale: MatrixPrinter.scale,
    Plus: MatrixPrinter.plus,
    Hadamard: MatrixPrinter.hadamard,
    Power: MatrixPrinter.power,
    Apply: MatrixPrinter.apply,
    Indicator: MatrixPrinter.indicator,
    Diag: MatrixPrinter.diag,
    Diagonal: MatrixPrinter.diagonal,
    Trace: MatrixPrinter.trace,
    SquaredNorm: MatrixPrinter.squared_norm,
    SumNorm: MatrixPrinter.sum_norm,
    Det: MatrixPrinter.det,
    Each: MatrixPrinter.each,
}


def shapes(node: Node) -> str:
    """The shapes of a form's factors, n×k · k×h; a sum's or a function's is that of the whole.

    >>> from symgrad.equations import Size
    >>> from symgrad.notation.matrix.build import matmul, transposed
    >>> X, D = (Name(name, Size("n"), Size(columns)) for name, columns in ("Xd", "Dh"))
    >>> shapes(matmul(transposed(X), D))
    'd×n · n×h'
    """
    if isinstance(node, Scale):
        return shapes(node.body)
    if isinstance(node, Product):
        return " · ".join(size_text(factor) for factor in node.factors)
    if isinstance(node, Hadamard):
        parts = [f"({shapes(factor)})" if isinstance(factor, Product) else shapes(factor) for factor in node.factors]
        return " ⊙ ".join(parts)
    if _is_square(node):
        return f"{size_text(node)} ⊙ {size_text(node)}"
    return size_text(node)


def size_text(node: Node) -> str:
    """A node's rows and columns: n×h."""
    return "×".join(f"({size})" if isinstance(size, Expr) and size.args else str(size) for size in node.shape)


def is_readable(node: Node, batches: int) -> bool:
    """Whether a form is worth its batch indices: two or more of them only around a product of two matrices."""
    return batches + _sums(node) < 2 or _multiplies(node)


def _sums(node: Node) -> int:
    return isinstance(node, Each) + max(map(_sums, node.parts), default=0)


def _multiplies(node: Node) -> bool:
    matrices = [part for part in node.parts if S.One not in part.shape]
    return (isinstance(node, Product) and len(matrices) > 1) or any(map(_multiplies, node.parts))
