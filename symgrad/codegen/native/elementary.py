"""exp and tanh in C that compilers turn into vector code on any machine, for use in loops.

z = k ln 2 + r with a whole k and |r| <= ln(2)/2, so that exp(z) - 1 = 2^k (exp(r) - 1) + (2^k - 1), as in Tang,
Table-driven implementation of the Expm1 function (1992), but with a polynomial alone: the one that comes closest to
(exp(r) - 1 - r)/r^2 in the largest error.  Errors stay below 2.5 units in the last place.  exp below the normal
numbers is 0.
"""

from __future__ import annotations

_DOUBLE = (
    "2.5100375832561234e-08 2.7620075879983367e-07 2.7557268480310024e-06 2.4801521322368692e-05 "
    "0.00019841269863040545 0.0013888888917196719 0.008333333333330065 0.041666666666624164 0.16666666666666669 0.5"
)
_SINGLE = "0.001392617611993558 0.008363173074513711 0.041666554662050534 0.1666657702559799 0.5"

_TEXT = """\
#if defined __FMA__ || defined __aarch64__
#define FMA __builtin_fma{f}
#else
#define FMA(a, b, c) ((a)*(b) + (c))
#endif

/* exp(r) - 1 for z = k ln(2) + r, and 2^(k - less), whose exponent is made of the last bits of k + 1.5 2^{shift} */
static inline real reduced_expm1(real z, int less, real *power)
{{
    const real k = __builtin_rint{f}(z*1.4426950408889634{f});
    const real r = FMA(k, -{low}{f}, FMA(k, -{high}{f}, z));
    const real p = {polynomial};
    union {{ real number; {whole} bits; }} shifted = {{ k + ({last}{f} + {bias} - less) }};
    shifted.bits <<= {shift};
    *power = shifted.number;
    return r + (r*r)*p;
}}
"""
_EXP = """\
#ifdef VECTOR_MATH
#define vector_exp exp{f} /* glibc has one for several numbers at once */
#else
static inline real vector_exp(real z)
{{
    real half;
    const real q = reduced_expm1(z > {top} ? {top} : z < {bottom} ? {bottom} : z, 1, &half);
    return z > {largest}{f} ? __builtin_inf{f}() : z < {bottom} ? 0 : 2*FMA(q, half, half);
}}
#endif
"""
_TANH = """\
static inline real vector_tanh(real z)
{{
    real power;
    const real size = __builtin_fabs{f}(z);
    const real q = reduced_expm1(size > 20 ? 40 : 2*size, 0, &power);
    const real t = FMA(q, power, power - 1); /* exp(2 |z|) - 1 */
    return __builtin_copysign{f}(t/(t + 2), z);
}}
"""
_SIGMOID = "static inline real vector_sigmoid(real z) { return 1/(1 + vector_exp(-z)); }\n"
_SOFTPLUS = (
    "static inline real vector_softplus(real z) {{ return (z > 0 ? z : 0) + log1p{f}(vector_exp(-fabs{f}(z))); }}\n"
)

#: The operations that have a form for loops, and the C functions that this form calls.
VECTOR: dict[str, tuple[str, ...]] = {
    "exp": ("exp",),
    "tanh": (),
    "sigmoid": ("exp",),
    "softplus": ("exp", "log1p", "fabs"),
}


def elementary(called: set[str], single: bool) -> str:
    """The C of the operations of VECTOR that are called in loops."""
    if not called:
        return ""
    f = "f" if single else ""
    coefficients = (_SINGLE if single else _DOUBLE).split()[::-1]
    values = {
        "f": f,
        "polynomial": _in_pairs([f"{number}{f}" for number in coefficients], "r"),
        "high": "0.693359375" if single else "0.6931471803691238",
        "low": "-0.00021219444005469057" if single else "1.9082149292705877e-10",
        "whole": "int" if single else "long long",
        "bias": 127 if single else 1023,
        "last": "0x1.8p23" if single else "0x1.8p52",
        "shift": 23 if single else 52,
        "top": 89 if single else 710,
        "bottom": -87 if single else -708,
        "largest": "88.72283" if single else "709.782712893384",
    }
    parts = [_TEXT]
    parts += [_EXP] if called & {"exp", "sigmoid", "softplus"} else []
    parts += [_TANH] if "tanh" in called else []
    text = "\n".join(part.format(**values) for part in parts)
    text += _SIGMOID if "sigmoid" in called else ""
    text += _SOFTPLUS.format(f=f) if "softplus" in called else ""
    return text.replace("--", "")


def _in_pairs(coefficients: list[str], power: str) -> str:
    """A polynomial, from the lowest coefficient on, by Estrin's scheme: in pairs, and these in pairs again.

    >>> _in_pairs(["a", "b", "c", "d", "e"], "r")
    '(((a + r*b) + (r*r)*(c + r*d)) + ((r*r)*(r*r))*e)'
    """
    if len(coefficients) == 1:
        return coefficients[0]
    pairs = [coefficients[start : start + 2] for start in range(0, len(coefficients), 2)]
    joined = [f"({pair[0]} + {power}*{pair[1]})" if len(pair) == 2 else pair[0] for pair in pairs]
    return _in_pairs(joined, f"({power}*{power})")
