"""A C file from its parts: the number type, the functions that are called, the kernels."""

from __future__ import annotations

from collections.abc import Iterable

from symgrad.codegen.native.elementary import elementary
from symgrad.codegen.native.operations import HELPERS

_VECTORISED = "exp log sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh erf erfc pow log1p"
#: Functions of the C library that glibc has for several numbers at once.
VECTORISED = frozenset(_VECTORISED.split())
_LIBRARY = VECTORISED | {"sqrt", "fabs", "floor", "ceil", "tgamma", "lgamma"}
#: What the small functions call in their turn.
_CALLS = {"sigmoid": ("exp",), "softplus": ("exp", "log1p", "fabs"), "abs": ("fabs",)}

PRODUCT = """\
typedef {integer} blas_int;
typedef void (*gemm_function)(int, int, int, blas_int, blas_int, blas_int, real, const real *, blas_int,
                              const real *, blas_int, real, real *, blas_int);
static gemm_function gemm;

__attribute__((visibility("default"))) void use_blas(void *function) {{ gemm = (gemm_function)function; }}

/* c = alpha a b + beta c, all by rows; a and b are m x k and k x n, or the transposes of such */
static inline void product(int turned_a, int turned_b, long m, long n, long k, real alpha, const real *a, long lda,
                           const real *b, long ldb, int beta, real *c, long ldc)
{{
    gemm(101, turned_a ? 112 : 111, turned_b ? 112 : 111, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}}
"""

OWN_PRODUCT = """\
/* c = alpha a b + beta c, all by rows; a and b are m x k and k x n, or the transposes of such */
static void product(int turned_a, int turned_b, long m, long n, long k, real alpha, const real *restrict a, long lda,
                    const real *restrict b, long ldb, int beta, real *restrict c, long ldc)
{
    for (long i = 0; i < m; i++) {
        real *restrict row = c + i*ldc;
        if (!beta)
            for (long j = 0; j < n; j++)
                row[j] = 0;
        for (long l = 0; l < k; l++) {
            const real factor = alpha*(turned_a ? a[l*lda + i] : a[i*lda + l]);
            if (turned_b)
                for (long j = 0; j < n; j++)
                    row[j] += factor*b[j*ldb + l];
            else
                for (long j = 0; j < n; j++)
                    row[j] += factor*b[l*ldb + j];
        }
    }
}
"""

HEAD = """\
#include <string.h>

typedef {real} real;

#define ALIGNED(count) (((count) + 7)/8*8) /* arrays begin at multiples of 64 bytes */
#define EXPORTED __attribute__((visibility("default")))
"""
VECTOR = """\
#ifdef VECTOR_MATH
#define VECTOR __attribute__((simd("notinbranch")))
#else
#define VECTOR
#endif
"""


def source(title: str, called: Iterable[str], parts: Iterable[str], single: bool, bits: int | None) -> str:
    """The C file of some functions that call the given operations; `bits` are those of a BLAS's whole numbers."""
    called = set(called)
    parts = list(parts)
    text = "\n".join(parts)
    called |= {name for name in HELPERS if f"{name}(" in text}
    for name in sorted(called):
        called |= set(_CALLS.get(name, ()))
    ending = "f" if single else ""
    lines = [f"/* {title.replace('*/', '')} */"]
    lines += [HEAD.format(real="float" if single else "double")]
    library = sorted(called & _LIBRARY)
    if library:
        lines.append(VECTOR)
        for name in library:
            arguments = "real, real" if name == "pow" else "real"
            lines.append(f"{'VECTOR ' if name in VECTORISED else ''}real {name}{ending}({arguments});")
        lines.append("")
    lines += [elementary({name.removeprefix("vector_") for name in called if name.startswith("vector_")}, single)]
    helpers = [HELPERS[name].replace("{f}", ending) for name in HELPERS if name in called]
    lines += [*helpers, ""] if helpers else []
    if "product" in called:
        lines.append(OWN_PRODUCT if bits is None else PRODUCT.format(integer="long" if bits == 64 else "int"))
    return "\n".join([*lines, *parts])
