"""The operations in C: one row each, and the small functions that some of them call."""

from __future__ import annotations

from symgrad.codegen.native.unsupported import NativeError

_PLAIN = "exp log sqrt sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh erf erfc tgamma lgamma floor ceil"
#: An operation's C; {0} and {1} are its arguments, {f} is the ending of a function's name for the precision.
CALLS: dict[str, str] = {
    **{name: f"{name}{{f}}({{0}})" for name in _PLAIN.split()},
    "pow": "pow{f}({0}, {1})",
    "abs": "fabs{f}({0})",
    "square": "square({0})",
    "sign": "sign({0})",
    "relu": "relu({0})",
    "sigmoid": "sigmoid({0})",
    "softplus": "softplus({0})",
    "maximum": "maximum({0}, {1})",
    "minimum": "minimum({0}, {1})",
    "larger": "larger({0}, {1})",
    "pi": "3.141592653589793{c}",
    "e": "2.718281828459045{c}",
    "infinity": "(real)__builtin_inf()",
    "-infinity": "(-(real)__builtin_inf())",
    "nan": '(real)__builtin_nan("")',
}

#: C functions that a kernel brings along where it calls them.
HELPERS: dict[str, str] = {
    "square": "static inline real square(real z) { return z*z; }",
    "sign": "static inline real sign(real z) { return z > 0 ? 1 : z < 0 ? -1 : z; }",
    "relu": "static inline real relu(real z) { return z < 0 ? 0 : z; } /* NaN stays */",
    "sigmoid": "static inline real sigmoid(real z) { return 1/(1 + exp{f}(-z)); }",
    "softplus": "static inline real softplus(real z) { return (z > 0 ? z : 0) + log1p{f}(exp{f}(-fabs{f}(z))); }",
    "maximum": "static inline real maximum(real a, real b) { return a < b || b != b ? b : a; } /* NaN wins */",
    "minimum": "static inline real minimum(real a, real b) { return a > b || b != b ? b : a; } /* NaN wins */",
    "larger": "static inline real larger(real a, real b) { return a < b ? b : a; }",
    "floor_divide": "static inline long floor_divide(long a, long b) { return a/b - (a%b < 0); }",
    "floor_modulo": "static inline long floor_modulo(long a, long b) { return a%b + (a%b < 0 ? b : 0); }",
}

#: Operations written between their arguments, and how tightly they bind.
INFIX: dict[str, tuple[str, int]] = {
    "or": (" || ", 1),
    "and": (" && ", 2),
    "==": (" == ", 3),
    "!=": (" != ", 3),
    "<": (" < ", 4),
    "<=": (" <= ", 4),
    ">": (" > ", 4),
    ">=": (" >= ", 4),
    "+": (" + ", 5),
    "-": (" - ", 5),
    "*": ("*", 6),
    "/": ("/", 6),
    "//": ("/", 6),
    "%": ("%", 6),
}
UNARY, ATOM = 7, 8

_TAKEN = (
    "auto break case char const continue default do double else enum extern float for goto if inline int long "
    "register restrict return short signed sizeof static struct switch typedef union unsigned void volatile while "
    "real main theta gradient slots work rate step gemm memcpy memset columns orders rates losses points samples "
    "batch epochs all_theta all_slots all_steps all_gradient start order sample into count record norms gathered "
    "sizes epoch total moves gradients cost one_sample update update_rest run move whole workspace length product "
    "use_blas blas_int gemm_function call vector_exp vector_tanh vector_sigmoid vector_softplus reduced_expm1 half "
    "FMA VECTOR VECTOR_MATH ALIGNED EXPORTED unix linux log1p"
)
#: Names that a C file of ours has already.
RESERVED = (
    frozenset(_TAKEN.split())
    | HELPERS.keys()
    | {call.partition("{")[0].partition("(")[0] for call in CALLS.values()} - {""}
)


def safe(name: str) -> str:
    """A name of the model in C; raises NativeError for one that can't be a C name.

    >>> safe("W1"), safe("register")
    ('W1', 'register_')
    """
    if not name.isidentifier():
        raise NativeError(f"{name!r} can't be a name in C")
    return f"{name}_" if name in RESERVED or name.startswith("batch_") else name
