"""A program's text for PyTorch: NumPy's, each call under the name and with the arguments that PyTorch has for it."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from symgrad.codegen.dialect import Dialect
from symgrad.codegen.helpers import HELPERS
from symgrad.codegen.numpy import NumpySource
from symgrad.errors import SymgradError

#: NumPy's functions that PyTorch has under a name of its own.
_NAMES = {
    "np.abs": "torch.abs",
    "np.arccos": "torch.acos",
    "np.arccosh": "torch.acosh",
    "np.arcsin": "torch.asin",
    "np.arcsinh": "torch.asinh",
    "np.arctan": "torch.atan",
    "np.arctanh": "torch.atanh",
    "np.broadcast_to": "torch.broadcast_to",
    "np.max": "torch.amax",
    "np.min": "torch.amin",
    "np.full_like": "torch.full_like",
    "np.zeros_like": "torch.zeros_like",
    "scipy.special.erf": "torch.special.erf",
    "scipy.special.erfc": "torch.special.erfc",
    "scipy.special.erfinv": "torch.special.erfinv",
    "scipy.special.gammaln": "torch.special.gammaln",
    "scipy.special.loggamma": "torch.special.gammaln",
    "scipy.special.psi": "torch.special.digamma",
    "scipy.special.j0": "torch.special.bessel_j0",
    "scipy.special.j1": "torch.special.bessel_j1",
}
_ARRAYS = ("where", "stack", "diagonal", "maximum", "minimum", "sum", "mean")
_NUMBERS = ("exp", "log", "sin", "cos", "tan", "sinh", "cosh", "tanh", "sqrt", "sign", "floor", "ceil")
_OTHERS = ("logical_and", "logical_or", "logical_not", "linalg.inv", "linalg.det", "linalg.slogdet")
_SAME = {*_ARRAYS, *_NUMBERS, *_OTHERS}  # in PyTorch under the same name
_CONSTANTS = {"np.pi": "math.pi", "np.e": "math.e", "np.inf": "math.inf", "np.nan": "math.nan"}
_METHODS = {"max": "amax", "min": "amin", "copy": "clone", "transpose": "permute"}
_KEYWORDS = {"axis": "dim", "keepdims": "keepdim"}

HELPERS_IN_TORCH: Mapping[str, str] = {
    "sigmoid": "",
    "softmax": "",
    "logsumexp": "",
    "log_softmax": "",
    "softplus": """\
def softplus(z):
    return torch.logaddexp(z, torch.zeros_like(z))
""",
    "scatter_add": """\
def scatter_add(index, values, size):
    total = values.new_zeros((size, *values.shape[index.ndim:]))
    return total.index_put((index,), values, accumulate=True)
""",
}
_BUILT_IN = {name for name, text in HELPERS_IN_TORCH.items() if not text}


@dataclass(frozen=True)
class Names:
    """Which names in a text are plain numbers of Python, such as sizes, and a tensor that new ones are to be like."""

    numbers: frozenset[str]
    like: str


def spelled(text: str, names: Names) -> str:
    """A line of NumPy as PyTorch writes it; raises SymgradError for a call that PyTorch lacks.

    >>> spelled("Z = np.maximum(X @ W, 0).sum(axis=0)/np.sqrt(n)", Names(frozenset({"n"}), "X"))
    'Z = torch.clamp(X @ W, min=0).sum(dim=0) / math.sqrt(n)'
    """
    tree = ast.parse(text)
    return ast.unparse(ast.fix_missing_locations(_Spelling(names).visit(tree)))


class _Spelling(ast.NodeTransformer):
    """Rewrites NumPy's calls, from the inside out."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self.places = 0  # how many subscripts and comparisons are around: there positions stay whole numbers

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        text = ast.unparse(node)
        if text in _CONSTANTS:
            return _expr(_CONSTANTS[text])
        self.generic_visit(node)
        return node

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        node.value = self.visit(node.value)
        self.places += 1
        node.slice = self.visit(node.slice)
        self.places -= 1
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        self.places += 1
        self.generic_visit(node)
        self.places -= 1
        return node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        name = ast.unparse(node.func)
        name = name if re.fullmatch(r"[\w.]+", name) else ""  # else a method of an expression
        number = self._is_number(node)
        if name == "np.where" and not number:  # its condition compares positions, its values may be plain
            return self._where(node)
        if not name.startswith(("np.", "scipy.")) and isinstance(node.func, ast.Attribute):
            node.func.value = self.visit(node.func.value)
        node.args = [self.visit(argument) for argument in node.args]
        node.keywords = [self.visit(keyword) for keyword in node.keywords]
        args = [ast.unparse(argument) for argument in node.args]
        if number and name.startswith("np."):
            return _expr(f"math.{name[3:]}({', '.join(args)})")
        special: Callable[[list[str]], str] | None = getattr(self, f"_{name.replace('.', '_')}", None)
        if special is not None:
            return _expr(special(args))
        keywords = [ast.keyword(_KEYWORDS.get(word.arg or "", word.arg), word.value) for word in node.keywords]
        if name in _BUILT_IN:
            return ast.Call(_expr(f"torch.{name}"), node.args, keywords)
        if name.startswith("np.") or name.startswith("scipy."):
            own = _NAMES.get(name) or (f"torch.{name[3:]}" if name[3:] in _SAME else None)
            if own is None:
                raise SymgradError(f"{name}, which {ast.unparse(node)} calls, has no PyTorch form")
            return ast.Call(_expr(own), node.args, keywords)
        if isinstance(node.func, ast.Attribute):
            node.func.attr = _METHODS.get(node.func.attr, node.func.attr)
        return ast.Call(node.func, node.args, keywords)

    def _is_number(self, node: ast.expr) -> bool:
        """Whether an expression is made of constants and sizes alone, so that it is a number of Python's."""
        for part in ast.walk(node):
            if isinstance(part, ast.Name) and part.id not in {"np", "math", "max", "min", *self.names.numbers}:
                return False
            if isinstance(part, ast.Call) and ast.unparse(part.func) in ("np.arange", "np.eye"):
                return False
        return True

    def _where(self, node: ast.Call) -> ast.expr:
        test, *values = node.args
        self.places += 1
        test = self.visit(test)
        self.places -= 1
        plain = all(map(self._is_number, values))
        texts = [ast.unparse(self.visit(value)) for value in values]
        if plain:  # of two plain numbers PyTorch would make its default precision
            texts[0] = f"{self.names.like}.new_tensor({texts[0]})"
        return _expr(f"torch.where({ast.unparse(test)}, {', '.join(texts)})")

    def _np_arange(self, args: list[str]) -> str:
        like = self.names.like
        kind = "" if self.places else f"dtype={like}.dtype, "
        return f"torch.arange({args[0]}, {kind}device={like}.device)"

    def _np_maximum(self, args: list[str]) -> str:
        return self._bounded(args, "max", "min")

    def _np_minimum(self, args: list[str]) -> str:
        return self._bounded(args, "min", "max")

    def _bounded(self, args: list[str], kind: str, side: str) -> str:
        for number, other in (args, args[::-1]):
            if self._is_number(_expr(number)):
                return f"torch.clamp({other}, {side}={number})"
        return f"torch.{kind}imum({args[0]}, {args[1]})"

    def _np_logaddexp(self, args: list[str]) -> str:
        return f"softplus({args[1]})"  # the printer's first argument is 0

    def _np_einsum(self, args: list[str]) -> str:
        return f"torch.einsum({', '.join(args)})"  # which chooses an order itself

    def _np_tensordot(self, args: list[str]) -> str:
        return f"torch.tensordot({args[0]}, {args[1]}, dims={args[2]})"

    def _np_pad(self, args: list[str]) -> str:
        widths = _expr(args[1])
        assert isinstance(widths, ast.Tuple)
        pairs = list(widths.elts) if isinstance(widths.elts[0], ast.Tuple) else [widths]
        flat = [ast.unparse(entry) for pair in reversed(pairs) if isinstance(pair, ast.Tuple) for entry in pair.elts]
        return f"torch.nn.functional.pad({args[0]}, ({', '.join(flat)}))"

    def _np_broadcast_to(self, args: list[str]) -> str:
        like = self.names.like
        if self._is_number(_expr(args[0])):
            return f"torch.full({args[1]}, {args[0]}, dtype={like}.dtype, device={like}.device)"
        return f"torch.broadcast_to({args[0]}, {args[1]})"


def _expr(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def torch_dialect(names: Names) -> Dialect:
    """How a program is spelled for PyTorch, where its sizes and one of its tensors have these names."""
    return Dialect(
        name="PyTorch",
        printer=NumpySource,
        helpers={name: HELPERS_IN_TORCH.get(name, text) for name, text in {**HELPERS, **HELPERS_IN_TORCH}.items()},
        reserved=frozenset({"np", "torch", "math", "ctx", "max", "min"}),
        spelled=lambda text: spelled(text, names),
        namespace=lambda imports: {},
        callable=lambda function, _: function,
    )
